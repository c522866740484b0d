"""The yardstick: a bare aiohttp handler that sends the bytes of a file in response to every request."""

import sys
from pathlib import Path

from aiohttp import web

BODY = Path(sys.argv[1]).read_bytes()


async def handle(request: web.Request) -> web.Response:  # noqa: ARG001 -- aiohttp's signature
    """Respond with the bytes."""
    return web.Response(body=BODY, content_type="application/json")


def main() -> None:
    """Serve on the port of the second argument."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[2]), access_log=None, print=None)


if __name__ == "__main__":
    main()
