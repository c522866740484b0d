"""The yardstick: a bare aiohttp handler that answers every request with the bytes of a file."""

import sys
from pathlib import Path

from aiohttp import web

BODY = Path(sys.argv[1]).read_bytes()


async def handle(request: web.Request) -> web.Response:  # noqa: ARG001 -- aiohttp's signature
    """Answer with the bytes."""
    return web.Response(body=BODY, content_type="application/json")


def main() -> None:
    """Serve on a free port and print it."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)

    async def ready(_: web.Application) -> None:
        pass

    app.on_startup.append(ready)
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[2]), access_log=None, print=None)


if __name__ == "__main__":
    main()
