"""The only handler of vendors' requests: read, limits, faults, view, write, journal."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from aiohttp import HttpVersion11, web
from aiohttp.hdrs import AUTHORIZATION, EXPECT, HOST, METH_CONNECT
from msgspec import Struct

from mockserver._util.clock import stopwatch, wall
from mockserver._util.printable import encodable
from mockserver.contract.errors import ApiError, VendorError
from mockserver.server.faults.base import FaultContext
from mockserver.server.http.access_log import clean_logs
from mockserver.server.http.raw_request import RawRequest, encodable_headers
from mockserver.server.http.request_body import media_type, read_body
from mockserver.server.http.response import Response, send
from mockserver.server.http.router import NoRoute, RouteMatch, Router
from mockserver.server.journal.journal import Exchange, Journal
from mockserver.server.requests.cache import CachedRequest, RequestCache
from mockserver.server.requests.errors import ErrorResponder, log_unexpected_error
from mockserver.server.requests.parser import ParsedRequest, RequestParser
from mockserver.server.requests.rate_limiting import empty_limit_headers, enforce_limits
from mockserver.server.requests.responses import internal_error, success_response
from mockserver.server.review.findings import review
from mockserver.server.tenancy.limits import ConcurrencyLimiter
from mockserver.server.tenancy.tenant import Principal, Tenant, Tenants
from mockserver.server.tenancy.watchdog import Watchdog
from mockserver.server.tenancy.world_history import WorldSnapshot
from mockserver.vendors.base import Vendor
from mockserver.world.generator.tracked import Identity, TrackedEvent
from mockserver.world.world import with_events, with_identity


class _Slot(Struct, frozen=True):
    """The slot of a one-at-a-time endpoint, held by one exchange."""

    slots: ConcurrencyLimiter
    key: Any
    hold: float
    """Seconds for which it is held at least while others can be heard."""


_UNBOUNDED: Final = Watchdog()
"""For requests that are no tenant's."""


class Handler:
    """Answers requests for the vendors of a router out of the worlds of some tenants."""

    def __init__(
        self, tenants: Tenants, router: Router, only: Vendor | None = None, *, decompress: bool = False
    ) -> None:
        """Answer for all vendors, or only for one; with ``decompress``, the runner leaves request bodies compressed."""
        self._tenants, self._router, self._only, self._decompress = tenants, router, only, decompress
        self._reader, self._memory, self._generation = (
            RequestParser(tenants),
            RequestCache(),
            tenants.generation,
        )
        self._refusals = ErrorResponder(tenants, router)
        clean_logs(tenants.known)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request; whatever goes wrong in here is a logged 500, in the vendor's shape where one is meant."""
        began = stopwatch()
        raw, found = await self._read(request)
        journal, exchange = self._opened(request, raw, found, began)
        reply: Response | None = None
        slot: _Slot | None = None
        principal = found.reading.principal if isinstance(found, CachedRequest) else None
        watchdog = _UNBOUNDED if principal is None else principal.tenant.watchdog
        try:
            reply = watchdog.refusal()
            if isinstance(found, CachedRequest) and reply is None:
                slot, reply = await self._admitted(found, raw, exchange)
            if reply is None:
                reply = self._made(found, raw, exchange)
            reply = watchdog.bound(reply, slot.hold if slot else 0)
            if slot is None or reply.patience is not None:
                return await send(reply, request)
            return await _sent_whole(reply, request, slot)
        except asyncio.CancelledError:
            exchange.client_disconnected = True
            raise
        finally:
            if slot is not None:
                slot.slots.release(slot.key)
            if isinstance(found, CachedRequest):
                review(journal, found, exchange, reply)
                watchdog.judge(found, exchange, reply)
            journal.close(exchange, reply, stopwatch() - began)

    async def expect(self, request: web.Request) -> web.StreamResponse | None:
        """Tell a client that waits for leave to send its body to go on; refuse any other expectation, which no server meets."""
        if request.version != HttpVersion11:
            return None
        if request.headers[EXPECT].lower() == "100-continue":
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            request.writer.output_size = 0  # Else aiohttp takes it for the beginning of the answer.
            return None
        began = stopwatch()
        raw = RawRequest(
            request.method,
            _path(request),
            request.headers.get(HOST, ""),
            request.headers.get(AUTHORIZATION, ""),
            b"",
        )
        journal, exchange = self._opened(request, raw, VendorError("unknown_expectation"), began)
        exchange.error = "unknown_expectation"
        reply = internal_error(
            "the header Expect is not supported; send Expect: 100-continue, or none", status=417
        )
        try:
            return await send(reply, request)
        finally:
            journal.close(exchange, reply, stopwatch() - began)

    async def _read(self, request: web.Request) -> tuple[RawRequest, CachedRequest | NoRoute | VendorError]:
        """All of the request, and what it means."""
        host, authorization = request.headers.get(HOST, ""), request.headers.get(AUTHORIZATION, "")
        # A byte that is not UTF-8 would fail wherever the text is encoded again.
        head = encodable(request.method), encodable(_path(request)), encodable(host), encodable(authorization)
        raw = RawRequest(*head, b"")
        try:
            if request.can_read_body and request.method not in ("GET", "HEAD"):
                body = await read_body(request, decompress=self._decompress)
                raw = RawRequest(*head, body, media_type(request, body))
            found = self._known(raw)
            return found.raw if isinstance(
                found, CachedRequest
            ) else raw, found  # The same one for all that are alike.
        except ApiError as error:
            meant = self._find(raw)
            return raw, meant if isinstance(meant, NoRoute) and meant.vendor is None else error.refusal
        except Exception:  # noqa: BLE001 -- nothing a client sends may take the server down
            return raw, log_unexpected_error(raw, self._tenants.known)

    def _known(self, raw: RawRequest) -> CachedRequest | NoRoute:
        """How a request was read before, or is now."""
        if self._generation != self._tenants.generation:
            self._reader, self._memory, self._generation = (
                RequestParser(self._tenants),
                RequestCache(),
                self._tenants.generation,
            )
        known = self._memory.get(raw)
        if known is not None:
            return known
        found = self._find(raw)
        return found if isinstance(found, NoRoute) else self._memory.add(raw, self._reader.read(found, raw))

    def _find(self, raw: RawRequest) -> RouteMatch | NoRoute:
        return self._router.find(raw.method, raw.path.partition("?")[0], raw.host, self._only)

    def _opened(
        self, request: web.Request, raw: RawRequest, found: CachedRequest | NoRoute | VendorError, began: int
    ) -> tuple[Journal, Exchange]:
        """Begin the journal's entry, with the tenant whose exchange it is, or where nobody's are."""
        headers, known = encodable_headers(request.headers), self._tenants.known
        if not isinstance(found, CachedRequest):
            exchange = Exchange(received_at=wall(), started_ns=began, raw=raw, headers=headers, known=known)
            return self._tenants.unmatched, self._tenants.unmatched.open(exchange)
        reading = found.reading
        tenant = reading.principal.tenant if reading.principal else None
        exchange = Exchange(
            received_at=tenant.clock.now() if tenant else wall(),
            started_ns=began,
            raw=raw,
            headers=headers,
            known=known,
            tenant=tenant.name if tenant else None,
            vendor=reading.vendor.name,
            dialect=reading.vendor.dialect,
            endpoint=reading.endpoint.name,
            near_misses=reading.near_misses,
            deleted_tenant=reading.deleted_tenant,
        )
        journal = tenant.journal if tenant else self._tenants.unmatched
        return journal, journal.open(exchange)

    async def _admitted(
        self, known: CachedRequest, raw: RawRequest, exchange: Exchange
    ) -> tuple[_Slot | None, Response | None]:
        """Count the request against its limits and take its slot, or say how it is refused."""
        reading, whose = known.reading, known.reading.principal
        if whose is None:
            exchange.headers_sent = empty_limit_headers(reading)
            return None, None
        try:
            exchange.headers_sent, beyond = enforce_limits(reading, whose)
            if beyond is not None:
                return None, self._refusals.read(beyond, reading, raw, exchange)
            if not reading.one_at_a_time or reading.error is not None:
                return None, None
            slots, key = whose.tenant.slots, (reading.vendor.name, whose.site)
            exchange.blocked = slots.is_held(key)
            if not await whose.tenant.watchdog.waits(slots.acquire(key, reading.busy)):
                return None, whose.tenant.watchdog.silent
            return _Slot(slots, key, reading.hold), None
        except ApiError as refused:
            return None, self._refusals.read(refused.refusal, reading, raw, exchange)

    def _made(
        self, found: CachedRequest | NoRoute | VendorError, raw: RawRequest, exchange: Exchange
    ) -> Response:
        """The reply to a request that its limits let through."""
        try:
            if isinstance(found, NoRoute):
                return self._refusals.missed(found, raw, exchange)
            if isinstance(found, VendorError):
                return self._refusals.unread(found, self._find(raw), raw, exchange)
            tenant = found.reading.principal.tenant if found.reading.principal else None
            if tenant is not None and (tenant.faults.active or tenant.world_history.changed):
                return self._faulty(found, tenant, raw, exchange)
            return self._told(found.reading, raw, exchange)
        except Exception:  # noqa: BLE001 -- nothing a client sends may take the server down
            return self._refusals.unread(
                log_unexpected_error(raw, self._tenants.known), self._find(raw), raw, exchange
            )

    def _told(self, reading: ParsedRequest, raw: RawRequest, exchange: Exchange) -> Response:
        """What the vendor answers."""
        refusal = reading.error
        if reading.principal is None:
            refusal = refusal or VendorError("internal", {"message": "a request without a holder"})
        elif refusal is None:
            try:
                return self._answer(reading, reading.principal, exchange.headers_sent)
            except ApiError as refused:
                refusal = refused.refusal
        return self._refusals.read(refusal, reading, raw, exchange)

    def _faulty(self, known: CachedRequest, tenant: Tenant, raw: RawRequest, exchange: Exchange) -> Response:
        """What the vendor answers when the tenant's faults have done what they do."""
        now = tenant.clock.now()
        waiting = [active for active in known.meant(tenant.faults) if active.is_active(now)]
        if not waiting:
            tenant.world_history.start_list(known.reading.started_list, WorldSnapshot(tenant.world, now))
            return self._told(known.reading, raw, exchange)

        def told(reading: ParsedRequest) -> Response:
            return self._told(reading, raw, exchange)

        reply, triggered = tenant.faults.trigger(FaultContext(tenant, known.reading, raw, told), waiting)
        if triggered:
            exchange.faults = tuple(f"{active.number}:{active.kind}" for active in triggered)
        return reply

    def _answer(self, reading: ParsedRequest, whose: Principal, headers: Mapping[str, str]) -> Response:
        """Return the view's response, and add what the request recorded to the tenant's world."""
        tenant = whose.tenant
        answer = reading.vendor.respond(reading.endpoint, reading.view_request(tenant, tenant.clock.now()))
        match answer.side_effect:
            case TrackedEvent() as event:
                tenant.world = with_events(tenant.world, reading.site, [event])
            case Identity() as identity:
                tenant.world = with_identity(tenant.world, reading.site, identity)
        return success_response(answer.body, headers)


async def _sent_whole(reply: Response, request: web.Request, slot: _Slot) -> web.StreamResponse:
    """Send the last byte before the slot is given back, and not before it has been held for as long as the tenant's behavior says.

    What the answer took to make does not count: nobody was heard meanwhile.
    """
    if slot.hold:
        await asyncio.sleep(slot.hold)
    response = await send(reply, request)
    with suppress(ConnectionError):  # The client may be gone: then nobody reads the answer.
        await response.prepare(request)
        await response.write_eof()
    return response


def has_path(request: web.BaseRequest) -> bool:
    """Return whether the target of a request has a path; ``OPTIONS *``, ``CONNECT host:port`` and ``GET http://host`` have none."""
    return request.rel_url.raw_path.startswith("/")


def _path(request: web.Request) -> str:
    """Return the path and query as they were sent; a client behind a proxy sends a whole URL."""
    path = request.raw_path
    if path.startswith("/") or path == "*" or request.method == METH_CONNECT:
        return path
    path = request.rel_url.raw_path_qs
    return path if path.startswith("/") else f"/{path}"
