"""The aiohttp application."""

from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web
from aiohttp.typedefs import Handler as RequestHandler
from aiohttp.typedefs import Middleware
from msgspec import json

from mockserver.contract.behaviors import BehaviorError
from mockserver.server.admin.app import PRIVATE, Admin
from mockserver.server.handler import Handler, has_path
from mockserver.server.http.request_body import BODY_LIMIT
from mockserver.server.http.router import Router
from mockserver.server.tenancy.tenant import Tenant, Tenants, vendor_for
from mockserver.vendors import load
from mockserver.vendors.base import Vendor


def _described(request: web.Request, family: Vendor, served: Tenants) -> Vendor:
    """The dialect that a request names, or the one in which the vendor answers whoever is nobody's; raises ``HTTPNotFound``."""
    usual, _ = vendor_for(family, served.default_tenant_for(family.name, None))
    try:
        return family.in_dialect(request.query.get("dialect", usual.dialect))
    except BehaviorError as error:
        raise web.HTTPNotFound(text=str(error)) from None


def _openapi(family: Vendor, served: Tenants) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Serve a vendor's description; it is no part of the vendor's API, so no journal keeps who asked for it."""

    async def handle(request: web.Request) -> web.Response:
        from mockserver.server.expected.examples import openapi  # noqa: PLC0415 -- few ask for it

        vendor = _described(request, family, served)
        document = json.encode(openapi(vendor.name, vendor.dialect))
        return web.Response(body=document, content_type="application/json", headers=PRIVATE)

    return handle


def _docs(
    family: Vendor, served: Tenants, admin_api: Admin | None
) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Serve the page that shows a vendor's description, and what belongs to the page."""

    async def handle(request: web.Request) -> web.Response:
        from mockserver.server import docs_ui as viewer  # noqa: PLC0415 -- few ask for it

        name = request.match_info.get("asset")
        return (
            viewer.page(request, _described(request, family, served), admin_api)
            if name is None
            else viewer.asset(request, name)
        )

    return handle


def create_app(
    tenants: Tenants | Sequence[Tenant],
    *,
    only: str | None = None,
    admin: Admin | bool = True,
    decompress: bool = False,
) -> web.Application:
    """Make the application that serves some tenants' worlds, and the admin API beside them; with ``only``, as one vendor's own host does.

    Applications that are given the same :class:`Tenants` serve the same tenants, whoever creates or deletes one.

    With ``decompress``, compressed request bodies are decompressed here: for a runner with ``auto_decompress=False``, without which
    aiohttp answers and logs a corrupt one by itself.

    Raises :class:`~mockserver.server.tenancy.tenant.TenantError` where two tenants share a credential.
    """
    app = web.Application(client_max_size=BODY_LIMIT)
    vendor: Vendor | None = {vendor.name: vendor for vendor in load()}[only] if only else None
    served = tenants if isinstance(tenants, Tenants) else Tenants(tenants)
    admin_api = Admin(served) if admin is True else admin or None
    if admin_api is not None and vendor is None:
        admin_api.join(app)
    for each in load() if vendor is None else [vendor]:
        app.router.add_get(f"/{each.name}/openapi.json", _openapi(each, served))
        app.router.add_get(f"/{each.name}/docs", _docs(each, served, admin_api))
        app.router.add_get(f"/{each.name}/docs/{{asset}}", _docs(each, served, admin_api))
    handler = Handler(served, Router(load()), vendor, decompress=decompress)
    app.router.add_route("*", "/{path:(?s:.*)}", handler.handle, expect_handler=handler.expect)
    app.middlewares.append(_journal_pathless(handler))
    return app


def _journal_pathless(vendors: Handler) -> Middleware:
    """Return a middleware that passes requests without a path to the handler; aiohttp has no route for them."""

    @web.middleware
    async def middleware(request: web.Request, handler: RequestHandler) -> web.StreamResponse:
        return await (handler if has_path(request) else vendors.handle)(request)

    return middleware
