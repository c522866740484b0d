"""The aiohttp application."""

from collections.abc import Sequence

from aiohttp import web

from mockserver.server.handler import BODY_LIMIT, Handler
from mockserver.server.router import Router
from mockserver.server.tenants import Tenant, Tenants
from mockserver.vendor import Vendor
from mockserver.vendors import load


def create_app(tenants: Sequence[Tenant], *, only: str | None = None) -> web.Application:
    """Make the application that serves some tenants' worlds; with ``only``, as one vendor's own host does.

    Raises :class:`~mockserver.server.tenants.TenantError` where two tenants share a credential.
    """
    app = web.Application(client_max_size=BODY_LIMIT)
    vendor: Vendor | None = {vendor.name: vendor for vendor in load()}[only] if only else None
    app.router.add_route("*", "/{path:.*}", Handler(Tenants(tenants), Router(load()), vendor).handle)
    return app
