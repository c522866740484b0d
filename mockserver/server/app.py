"""The aiohttp application."""

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from aiohttp import web
from aiohttp.hdrs import EXPECT
from msgspec import json

from mockserver.contract.choices import ChoiceError
from mockserver.server.admin import PREFIX, PRIVATE, Admin
from mockserver.server.body import BODY_LIMIT
from mockserver.server.handler import Handler, has_path
from mockserver.server.router import Router
from mockserver.server.tenants import Tenant, Tenants, spoken
from mockserver.vendor import Vendor
from mockserver.vendors import load

_HANDLER: Final = web.AppKey("handler", Handler)
_ROUTED: Final = re.compile(rf"[^/]|{PREFIX}|[^?]*(%|/openapi\.json|/docs)")
"""How a path and query begin that may be another route's than the handler's."""


def _described(request: web.Request, family: Vendor, served: Tenants) -> Vendor:
    """The dialect that a request names, or the one in which the vendor answers whoever is nobody's; raises ``HTTPNotFound``."""
    usual, _ = spoken(family, served.presumed(family.name, None))
    try:
        return family.speaks(request.query.get("dialect", usual.dialect))
    except ChoiceError as error:
        raise web.HTTPNotFound(text=str(error)) from None


def _openapi(family: Vendor, served: Tenants) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Serve a vendor's description; it is no part of the vendor's API, so no journal keeps who asked for it."""

    async def handle(request: web.Request) -> web.Response:
        from mockserver.server.examples import openapi  # noqa: PLC0415 -- few ask for it

        vendor = _described(request, family, served)
        document = json.encode(openapi(vendor.name, vendor.dialect))
        return web.Response(body=document, content_type="application/json", headers=PRIVATE)

    return handle


def _docs(family: Vendor, served: Tenants, desk: Admin | None) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Serve the page that shows a vendor's description, and what belongs to the page."""

    async def handle(request: web.Request) -> web.Response:
        from mockserver.server import viewer  # noqa: PLC0415 -- few ask for it

        name = request.match_info.get("asset")
        return viewer.page(request, _described(request, family, served), desk) if name is None else viewer.asset(request, name)

    return handle


def create_app(
    tenants: Tenants | Sequence[Tenant], *, only: str | None = None, admin: Admin | bool = True, decompress: bool = False
) -> web.Application:
    """Make the application that serves some tenants' worlds, and the admin API beside them; with ``only``, as one vendor's own host does.

    Applications that are given the same :class:`Tenants` serve the same tenants, whoever mints or drops one.

    With ``decompress``, compressed request bodies are decompressed here: for a runner with ``auto_decompress=False``, without which
    aiohttp answers and logs a corrupt one by itself.

    Raises :class:`~mockserver.server.tenants.TenantError` where two tenants share a credential.
    """
    app = web.Application(client_max_size=BODY_LIMIT)
    vendor: Vendor | None = {vendor.name: vendor for vendor in load()}[only] if only else None
    served = tenants if isinstance(tenants, Tenants) else Tenants(tenants)
    desk = Admin(served) if admin is True else admin or None
    if desk is not None and vendor is None:
        desk.join(app)
    for each in load() if vendor is None else [vendor]:
        app.router.add_get(f"/{each.name}/openapi.json", _openapi(each, served))
        app.router.add_get(f"/{each.name}/docs", _docs(each, served, desk))
        app.router.add_get(f"/{each.name}/docs/{{asset}}", _docs(each, served, desk))
    handler = app[_HANDLER] = Handler(served, Router(load()), vendor, decompress=decompress)
    app.router.add_route("*", "/{path:(?s:.*)}", handler.handle, expect_handler=handler.expect)
    return app


def shorten(runner: web.AppRunner) -> None:
    """Spare requests to vendors the way through aiohttp's routing, which takes a tenth of the time of a repeated one.

    Only what can have no other route, and no middleware, goes straight to the handler. To be called before anybody is connected.
    """
    handler, server = runner.app.get(_HANDLER), runner.server
    if handler is None or server is None or runner.app.middlewares:
        return
    routed: Callable[[Any], Awaitable[web.StreamResponse]] = server.request_handler

    def handle(request: Any) -> Awaitable[web.StreamResponse]:
        direct = (EXPECT not in request.headers and not _ROUTED.match(request.raw_path)) or not has_path(request)
        return handler.handle(request) if direct else routed(request)

    server.request_handler = handle
