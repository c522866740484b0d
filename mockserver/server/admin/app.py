"""The admin API, ``/__admin``: how a running server is steered and watched. No vendor has it, no fault meets it, no journal keeps it.

This file is the door; all routes stand in ``routes``. What is behind the door is imported when somebody knocks, because
start-up is felt.
"""

from collections.abc import Mapping
from typing import Final

from aiohttp import web

from mockserver.server.http.request_body import BODY_LIMIT
from mockserver.server.tenancy.tenant import Tenants

PREFIX: Final = "/__admin"
PRIVATE: Final = {"X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin"}
"""Headers that keep browsers from showing an answer to the pages of other sites."""


class Admin:
    """The admin API of a server's tenants."""

    def __init__(self, tenants: Tenants, *, token: str | None = None) -> None:
        """Ask for a token, or, without one, let in whoever comes from this computer."""
        self.tenants, self.token = tenants, token
        tenants.known.add([] if token is None else [token])
        self.port: int | None = None
        """Where the vendors are served, if not on the same port."""
        self.vendor_ports: Mapping[str, int] = {}

    def join(self, app: web.Application) -> None:
        """Be part of an application."""
        app.router.add_route("*", PREFIX, self.handle)
        app.router.add_route("*", PREFIX + "/{path:.*}", self.handle)

    def alone(self) -> web.Application:
        """Make an application of its own."""
        app = web.Application(client_max_size=BODY_LIMIT)
        app.router.add_route("*", "/{path:.*}", self.handle)
        return app

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        from mockserver.server.admin.dispatch import answer  # noqa: PLC0415 -- start-up is felt

        return await answer(self, request)
