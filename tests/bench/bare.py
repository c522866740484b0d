"""The yardstick: a bare aiohttp handler that answers every request with the bytes of a file."""

import sys
from pathlib import Path

from aiohttp import web

BODY = Path(sys.argv[1]).read_bytes()


async def handle(request: web.Request) -> web.Response:  # noqa: ARG001 -- aiohttp's signature
    """Answer with the bytes."""
    return web.Response(body=BODY, content_type="application/json")


def main() -> None:
    """Serve on the port that is asked for."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[2]), access_log=None, print=None)


if __name__ == "__main__":
    main()
