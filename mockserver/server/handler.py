"""Handle a vendor's request: parse, limits, faults, view, send, journal, review."""

from asyncio import CancelledError, sleep
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final, NamedTuple
from weakref import ref

from aiohttp import HttpVersion11, web
from aiohttp.hdrs import EXPECT
from msgspec import Struct

from mockserver._util.clock import real_time, stopwatch, wall
from mockserver.contract.errors import ApiError, VendorError
from mockserver.server.faults.base import FaultContext
from mockserver.server.faults.engine import run_faults
from mockserver.server.http.access_log import clean_logs
from mockserver.server.http.raw_request import RawRequest, encodable_headers, read_head
from mockserver.server.http.request_body import media_type, read_body
from mockserver.server.http.response import Response
from mockserver.server.http.router import NoRoute, RouteMatch, Router
from mockserver.server.http.transport import send, send_completely
from mockserver.server.journal.journal import Exchange, Journal
from mockserver.server.requests.cache import CachedRequest, RequestCache
from mockserver.server.requests.errors import ErrorResponder, log_unexpected_error
from mockserver.server.requests.near_misses import find_owner
from mockserver.server.requests.negotiation import encode, negotiated_headers
from mockserver.server.requests.parser import ParsedRequest
from mockserver.server.requests.rate_limiting import empty_limit_headers, enforce_limits
from mockserver.server.requests.responses import internal_error, success_response
from mockserver.server.tenancy.limits import ConcurrencyLimiter
from mockserver.server.tenancy.tenant import Principal, Tenant, Tenants
from mockserver.server.tenancy.watchdog import SILENT, Watchdog
from mockserver.server.tenancy.world_history import WorldSnapshot
from mockserver.vendors.base import Vendor
from mockserver.world.generator.tracked import Identity, TrackedEvent
from mockserver.world.world import with_events, with_identity

_UNBOUNDED: Final = Watchdog()
"""For requests without a tenant."""


class _Slot(Struct, frozen=True):
    """The slot of an endpoint with a concurrency limit, held by an exchange."""

    limiter: ConcurrencyLimiter
    key: Any
    hold: float
    """Minimum time in seconds for which other requests find the slot taken."""

    def release(self) -> None:
        self.limiter.release(self.key)


class _Rejection(NamedTuple):
    """An error of the mock itself, with the status of its response."""

    error: VendorError
    status: int


class Handler:
    """Handles requests to the vendors of a router with the worlds of the given tenants.

    A request is routed and parsed to a :class:`CachedRequest`, or to the :class:`NoRoute` or
    :class:`VendorError` that says why it could not be. Both get a response and an exchange in a journal.
    """

    def __init__(
        self, tenants: Tenants, router: Router, only: Vendor | None = None, *, decompress: bool = False
    ) -> None:
        """Handle requests for all vendors, or for one.

        With *decompress*, the runner leaves request bodies compressed.
        """
        self._tenants = tenants
        self._router = router
        self._only = only
        self._decompress = decompress
        self._cache = RequestCache(tenants)
        self._errors = ErrorResponder(tenants, router)
        clean_logs(tenants.known)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Respond to a request.

        An unexpected exception is logged and becomes a 500, in the vendor's shape if the path is a vendor's.
        """
        started_ns = stopwatch()
        raw, outcome = await self._receive(request)
        if isinstance(outcome, CachedRequest):
            return await self._handle_parsed(request, outcome, started_ns)
        return await self._handle_unmatched(request, outcome, raw, started_ns)

    async def expect(self, request: web.Request) -> web.StreamResponse | None:
        """Send ``100 Continue`` if the client expects it, and 417 for any other expectation."""
        if request.version != HttpVersion11:
            return None
        if request.headers[EXPECT].lower() == "100-continue":
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            request.writer.output_size = 0  # Otherwise aiohttp assumes that the response was started.
            return None
        message = "the Expect header is not supported; send 100-continue or no Expect header"
        return await self.reject(request, VendorError("unknown_expectation", {"message": message}), 417)

    async def reject(self, request: web.Request, error: VendorError, status: int) -> web.StreamResponse:
        """Respond with the mock's own error to a request, and record it as unmatched."""
        raw = read_head(request)
        return await self._handle_unmatched(request, _Rejection(error, status), raw, stopwatch())

    async def _receive(
        self, request: web.Request
    ) -> tuple[RawRequest, CachedRequest | NoRoute | VendorError]:
        """Read a request and parse it."""
        raw = read_head(request)
        try:
            if request.can_read_body and request.method not in ("GET", "HEAD"):
                body = await read_body(request, decompress=self._decompress)
                raw = raw._replace(body=body, media_type=media_type(request, body))
            return raw, self._parse(raw)
        except ApiError as error:
            route = self._route(raw)
            return raw, route if route.vendor is None else error.refusal
        except Exception:  # noqa: BLE001 -- nothing a client sends may take the server down
            return raw, log_unexpected_error(raw, self._tenants.known)

    def _parse(self, raw: RawRequest) -> CachedRequest | NoRoute:
        """Parse a request, unless an identical one is cached."""
        cached = self._cache.get(raw)
        if cached is not None:
            return cached
        route = self._route(raw)
        if isinstance(route, NoRoute):
            return route
        return self._cache.parse(route, raw)

    def _route(self, raw: RawRequest) -> RouteMatch | NoRoute:
        return self._router.match(raw.method, raw.path.partition("?")[0], raw.host, self._only)

    async def _handle_parsed(
        self, request: web.Request, cached: CachedRequest, started_ns: int
    ) -> web.StreamResponse:
        """Respond to a request to an endpoint, record it in its tenant's journal and review it."""
        principal = cached.parsed.principal
        if principal is None:
            tenant = self._find_owner(request, cached.raw, cached.parsed.vendor)
        else:
            tenant = principal.tenant
        clock = None if tenant is None else tenant.clock
        watchdog = _UNBOUNDED if tenant is None else tenant.watchdog
        parsed = cached.parsed
        journal, exchange = self._open_exchange(
            tenant,
            cached.raw,  # Identical requests share it.
            request,
            started_ns,
            vendor=parsed.vendor.name,
            dialect=parsed.vendor.dialect,
            endpoint=parsed.endpoint.name,
            near_misses=parsed.near_misses,
            deleted_tenant=parsed.deleted_tenant,
            connection=ref(request.transport) if request.keep_alive and request.transport else None,
        )
        response: Response | None = None
        slot: _Slot | None = None
        try:
            response = watchdog.reject()
            if response is None:
                slot, response = await self._admit(cached, exchange, request)
            if response is None:
                response = self._respond(cached, exchange, request)
            response = encode(response, cached.parsed.behaviors, request.headers)
            response = watchdog.bound(response, slot.hold if slot else 0)
            if slot is None or response.delivery.patience is not None:
                return await send(response, request, clock)
            if slot.hold:  # From here on: no other request was served while the response was computed.
                await sleep(slot.hold)
            return await send_completely(response, request, clock)
        except CancelledError:
            exchange.client_disconnected = True
            raise
        finally:
            if slot is not None:
                slot.release()
            _load_review()(journal, cached, exchange, response)
            watchdog.judge(cached, exchange, response)
            journal.close(exchange, response, stopwatch() - started_ns)

    def _find_owner(self, request: web.Request, raw: RawRequest, vendor: Vendor | None) -> Tenant | None:
        """Return the tenant of an unmatched request, if it carries the credential of one."""
        headers = encodable_headers(request.headers)
        return find_owner(self._tenants, raw, headers, vendor.name if vendor else None)

    def _open_exchange(
        self, tenant: Tenant | None, raw: RawRequest, request: web.Request, started_ns: int, **details: Any
    ) -> tuple[Journal, Exchange]:
        """Record an exchange in the journal of its tenant, if it has one."""
        journal = self._tenants.unmatched if tenant is None else tenant.journal
        exchange = Exchange(
            received_at=tenant.clock.now() if tenant else wall(),
            real_time=real_time(started_ns),
            started_ns=started_ns,
            scheme=request.scheme,
            raw=raw,
            headers=encodable_headers(request.headers),
            known=self._tenants.known,
            tenant=tenant.name if tenant else None,
            **details,
        )
        return journal, journal.open(exchange)

    async def _admit(
        self, cached: CachedRequest, exchange: Exchange, request: web.Request
    ) -> tuple[_Slot | None, Response | None]:
        """Apply the limits: return the slot that the request now holds, if any, or an error response."""
        parsed = cached.parsed
        principal = parsed.principal

        def negotiate(headers: Mapping[str, str]) -> Mapping[str, str]:
            return negotiated_headers(
                headers, parsed.vendor, parsed.endpoint.name, parsed.behaviors, request.headers
            )

        if principal is None:
            exchange.headers_sent = negotiate(empty_limit_headers(parsed))
            return None, None
        try:
            sent, exceeded = enforce_limits(parsed, principal)
            exchange.headers_sent = negotiate(sent)
            if exceeded is not None:
                return None, self._errors.reject_parsed(exceeded, parsed, cached.raw, exchange)
            if parsed.slot is None or parsed.error is not None:
                return None, None
            limiter = principal.tenant.slots
            watchdog = principal.tenant.watchdog
            key = (parsed.vendor.name, principal.site)
            exchange.blocked = limiter.is_held(key)
            turn = limiter.acquire(key, parsed.slot.when_busy, parsed.slot.refusal_headers)
            if not await watchdog.wait_for(turn):
                return None, SILENT
            return _Slot(limiter, key, parsed.slot.hold), None
        except ApiError as error:
            return None, self._errors.reject_parsed(error.refusal, parsed, cached.raw, exchange)

    def _respond(self, cached: CachedRequest, exchange: Exchange, request: web.Request) -> Response:
        parsed = cached.parsed
        tenant = parsed.principal.tenant if parsed.principal else None
        try:
            if tenant is not None:
                if tenant.faults.active:
                    return self._respond_with_faults(parsed, tenant, cached.raw, exchange, request)
                if parsed.error is None and parsed.endpoint.rows_path is not None:
                    snapshot = WorldSnapshot(tenant.world, tenant.clock.now())
                    tenant.world_history.start_list(parsed.started_list, snapshot)
            return self._respond_without_faults(parsed, cached.raw, exchange)
        except Exception:  # noqa: BLE001 -- nothing a client sends may take the server down
            error = log_unexpected_error(cached.raw, self._tenants.known)
            return self._errors.reject_unparsed(error, self._route(cached.raw), cached.raw, exchange)

    def _respond_with_faults(
        self,
        parsed: ParsedRequest,
        tenant: Tenant,
        raw: RawRequest,
        exchange: Exchange,
        request: web.Request,
    ) -> Response:
        """Return the response with the effects of the tenant's faults; record the start of a list."""

        def call_next(changed: ParsedRequest) -> Response:
            return self._respond_without_faults(changed, raw, exchange)

        def encode_response(response: Response) -> Response:
            return encode(response, parsed.behaviors, request.headers)

        context = FaultContext(tenant, parsed, raw, call_next, exchange.headers_sent, encode=encode_response)
        response, triggered = run_faults(context)
        exchange.world = tenant.world_history.last
        if triggered:
            exchange.has_other_page = context.request is not parsed
            exchange.answered_page = context.request.page
            exchange.answered_size = context.request.page_size
            exchange.faults = tuple(active.label for active in triggered)
            exchange.effective_faults = context.effective
            exchange.row_edits = context.row_edits
        return response

    def _respond_without_faults(self, parsed: ParsedRequest, raw: RawRequest, exchange: Exchange) -> Response:
        """Return the view's response, or an error in the vendor's shape."""
        error = parsed.error
        if parsed.principal is None:
            error = error or VendorError("internal", {"message": "the request has no principal"})
        elif error is None:
            try:
                return _call_view(parsed, parsed.principal, exchange)
            except ApiError as raised:
                error = raised.refusal
        return self._errors.reject_parsed(error, parsed, raw, exchange)

    async def _handle_unmatched(
        self,
        request: web.Request,
        outcome: NoRoute | VendorError | _Rejection,
        raw: RawRequest,
        started_ns: int,
    ) -> web.StreamResponse:
        """Respond to a request without an endpoint or one that could not be read; record it as unmatched."""
        tenant = self._find_owner(request, raw, outcome.vendor if isinstance(outcome, NoRoute) else None)
        clock = None if tenant is None else tenant.clock
        journal, exchange = self._open_exchange(tenant, raw, request, started_ns)
        response: Response | None = None
        try:
            response = self._reject(outcome, raw, exchange)
            return await send(response, request, clock)
        except CancelledError:
            exchange.client_disconnected = True
            raise
        finally:
            journal.close(exchange, response, stopwatch() - started_ns)

    def _reject(
        self, outcome: NoRoute | VendorError | _Rejection, raw: RawRequest, exchange: Exchange
    ) -> Response:
        try:
            if isinstance(outcome, NoRoute):
                return self._errors.reject_unmatched(outcome, raw, exchange)
            if isinstance(outcome, _Rejection):
                exchange.error = outcome.error.error
                return internal_error(outcome.error.details["message"], outcome.status)
            return self._errors.reject_unparsed(outcome, self._route(raw), raw, exchange)
        except Exception:  # noqa: BLE001 -- nothing a client sends may take the server down
            error = log_unexpected_error(raw, self._tenants.known)
            return self._errors.reject_unparsed(error, self._route(raw), raw, exchange)


@cache
def _load_review() -> Callable[[Journal, CachedRequest, Exchange, Response | None], None]:
    """Return the review of exchanges; importing it takes a fortieth of the start-up."""
    from mockserver.server.review.findings import review  # noqa: PLC0415 -- keeps start-up fast

    return review


def _call_view(parsed: ParsedRequest, principal: Principal, exchange: Exchange) -> Response:
    """Return the view's response, and add what the request tracked to the tenant's world."""
    tenant = principal.tenant
    view_request = parsed.view_request(tenant, tenant.clock.now())
    result = parsed.vendor.respond(parsed.endpoint, view_request)
    match result.side_effect:
        case TrackedEvent() as event:
            tenant.world = with_events(tenant.world, parsed.site, [event])
            exchange.recorded = True
        case Identity() as identity:
            tenant.world = with_identity(tenant.world, parsed.site, identity)
            exchange.recorded = True
    return success_response(result.body, exchange.headers_sent)
