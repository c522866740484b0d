"""Build the aiohttp application."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from aiohttp import web
from aiohttp.typedefs import Handler as RequestHandler
from aiohttp.typedefs import Middleware
from msgspec import json

from mockserver.contract.behaviors import BehaviorError
from mockserver.server.admin.app import PRIVATE_HEADERS, Admin
from mockserver.server.handler import Handler
from mockserver.server.http.raw_request import has_path
from mockserver.server.http.request_body import BODY_LIMIT
from mockserver.server.http.router import Router
from mockserver.server.tenancy.tenant import Tenant, Tenants, vendor_for
from mockserver.vendors import load
from mockserver.vendors.base import Vendor


def _requested_dialect(request: web.Request, vendor: Vendor, tenants: Tenants) -> Vendor:
    """Return the vendor in the dialect that the query names, by default the default tenant's.

    Raise ``HTTPNotFound`` for an unknown dialect.
    """
    default, _ = vendor_for(vendor, tenants.default_tenant_for(vendor.name, None))
    try:
        return vendor.in_dialect(request.query.get("dialect", default.dialect))
    except BehaviorError as error:
        raise web.HTTPNotFound(text=str(error)) from None


def _openapi_handler(vendor: Vendor, tenants: Tenants) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Return a handler for a vendor's OpenAPI document; its requests are not journalled."""

    async def handle(request: web.Request) -> web.Response:
        from mockserver.server.expected.examples import openapi  # noqa: PLC0415 -- rarely requested

        dialect = _requested_dialect(request, vendor, tenants)
        document = json.encode(openapi(dialect.name, dialect.dialect))
        return web.Response(body=document, content_type="application/json", headers=PRIVATE_HEADERS)

    return handle


def _docs_handler(
    vendor: Vendor, tenants: Tenants, admin_api: Admin | None
) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Return a handler for the page that shows a vendor's OpenAPI document, and for its assets."""

    async def handle(request: web.Request) -> web.Response:
        from mockserver.server import docs_ui  # noqa: PLC0415 -- rarely requested

        asset = request.match_info.get("asset")
        if asset is not None:
            return docs_ui.asset(request, asset)
        return docs_ui.page(request, _requested_dialect(request, vendor, tenants), admin_api)

    return handle


class ProxyMiddleware(Protocol):
    """Handles the requests that clients send to the server as their proxy."""

    def create_middleware(self, vendor_handler: Handler) -> Middleware:
        """Return a middleware; *vendor_handler* journals what is refused."""


def create_app(
    tenants: Tenants | Sequence[Tenant],
    *,
    only: str | None = None,
    admin: Admin | bool = True,
    proxy: ProxyMiddleware | None = None,
    decompress: bool = False,
) -> web.Application:
    """Create an application that serves the given tenants, and the admin API unless *admin* is False.

    Applications with the same :class:`Tenants` share them, including later changes. With *only*, the
    application serves the paths of one vendor at its root, and no admin API. *proxy* handles what clients
    send to the server as their proxy.

    Set *decompress* for a runner with ``auto_decompress=False``. Otherwise aiohttp itself rejects and logs
    corrupt bodies.

    Raise :class:`~mockserver.server.tenancy.settings.TenantError` if two tenants share a credential.
    """
    app = web.Application(client_max_size=BODY_LIMIT)
    only_vendor = {vendor.name: vendor for vendor in load()}[only] if only else None
    shared_tenants = tenants if isinstance(tenants, Tenants) else Tenants(tenants)
    admin_api = Admin(shared_tenants) if admin is True else admin or None
    if admin_api is not None and only_vendor is None:
        admin_api.add_routes(app)
    for vendor in load() if only_vendor is None else [only_vendor]:
        docs_handler = _docs_handler(vendor, shared_tenants, admin_api)
        app.router.add_get(f"/{vendor.name}/openapi.json", _openapi_handler(vendor, shared_tenants))
        app.router.add_get(f"/{vendor.name}/docs", docs_handler)
        app.router.add_get(f"/{vendor.name}/docs/{{asset}}", docs_handler)
    handler = Handler(shared_tenants, Router(load()), only_vendor, decompress=decompress)
    app.router.add_route("*", "/{path:(?s:.*)}", handler.handle, expect_handler=handler.expect)
    if proxy is not None:
        app.middlewares.append(proxy.create_middleware(handler))
    app.middlewares.append(_handle_pathless(handler))
    return app


def _handle_pathless(vendor_handler: Handler) -> Middleware:
    """Return a middleware for requests without a path, for which aiohttp has no route."""

    @web.middleware
    async def middleware(request: web.Request, handler: RequestHandler) -> web.StreamResponse:
        return await (handler if has_path(request) else vendor_handler.handle)(request)

    return middleware
