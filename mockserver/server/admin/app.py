"""The admin API below ``/__admin``, which controls a running server.

It is not part of any vendor's API: faults do not affect it, and journals do not record it. Start-up imports
only this module; routes and handlers are imported with the first request.
"""

from typing import Final

from aiohttp import web

from mockserver.server.http.request_body import BODY_LIMIT
from mockserver.server.tenancy.tenant import Tenants
from mockserver.server.tenancy.urls import Ports

PREFIX: Final = "/__admin"
PRIVATE_HEADERS: Final = {"X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin"}
"""Headers that keep browsers from giving a response to the pages of other sites."""


class Admin:
    """The admin API of a server's tenants."""

    def __init__(self, tenants: Tenants, *, token: str | None = None) -> None:
        """Require *token*; without one, only clients on this computer are allowed."""
        self.tenants = tenants
        self.token = token
        tenants.known.add([] if token is None else [token])
        self.ports: Ports | None = None
        """The ports of the server; ``None`` in an application that is served by others."""

    def add_routes(self, app: web.Application) -> None:
        """Add the routes of the admin API to an application."""
        app.router.add_route("*", PREFIX, self.handle)
        app.router.add_route("*", PREFIX + "/{path:.*}", self.handle)

    def create_app(self) -> web.Application:
        """Return an application that serves only the admin API."""
        app = web.Application(client_max_size=BODY_LIMIT)
        app.router.add_route("*", "/{path:.*}", self.handle)
        return app

    async def handle(self, request: web.Request) -> web.StreamResponse:
        from mockserver.server.admin.dispatch import handle_request  # noqa: PLC0415 -- keeps start-up fast

        return await handle_request(self, request)
