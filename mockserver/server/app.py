"""The aiohttp application."""

from collections.abc import Sequence

from aiohttp import web

from mockserver.server.handler import BODY_LIMIT, Handler
from mockserver.server.router import Router
from mockserver.server.tenants import Tenant, Tenants
from mockserver.vendor import Vendor
from mockserver.vendors import load


def create_app(tenants: Tenants | Sequence[Tenant], *, only: str | None = None) -> web.Application:
    """Make the application that serves some tenants' worlds; with ``only``, as one vendor's own host does.

    Applications that are given the same :class:`Tenants` serve the same tenants, whoever mints or drops one.

    Raises :class:`~mockserver.server.tenants.TenantError` where two tenants share a credential.
    """
    app = web.Application(client_max_size=BODY_LIMIT)
    vendor: Vendor | None = {vendor.name: vendor for vendor in load()}[only] if only else None
    served = tenants if isinstance(tenants, Tenants) else Tenants(tenants)
    app.router.add_route("*", "/{path:.*}", Handler(served, Router(load()), vendor).handle)
    return app
