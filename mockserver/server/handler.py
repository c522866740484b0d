"""The only handler of vendors' requests: read, limits, view, write."""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress

from aiohttp import web

from mockserver.contract.choices import short_name
from mockserver.contract.errors import Refused
from mockserver.server.answers import answered, lost, refused
from mockserver.server.kept import Known, Memory
from mockserver.server.reading import Raw, Reader, Reading
from mockserver.server.router import Match, Miss, Router
from mockserver.server.tenants import Held, Tenants
from mockserver.vendor import Asked, Vendor
from mockserver.world.overlay import Identity, TrackedEvent
from mockserver.world.world import with_events, with_identity

BODY_LIMIT = 1 << 20
"""Bytes of a request body; more is refused with 413."""
_log = logging.getLogger("mockserver")


class Handler:
    """Answers requests for the vendors of a router out of the worlds of some tenants."""

    def __init__(self, tenants: Tenants, router: Router, only: Vendor | None = None) -> None:
        self._reader, self._router, self._only = Reader(tenants), router, only
        self._memory = Memory()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request; whatever goes wrong in here is a logged 500, in the vendor's shape where one is meant."""
        raw = Raw(request.method, _path(request), request.headers.get("Host", ""), request.headers.get("Authorization", ""), b"")
        try:
            if request.can_read_body and request.method not in ("GET", "HEAD"):
                raw = raw._replace(body=await _body(request))
            known = self._memory.get(raw)
            if known is None:
                found = self._find(raw)
                if isinstance(found, Miss):
                    return self._missed(found, raw)
                known = self._memory.add(raw, self._reader.read(found, raw))
            return await self._respond(request, known, raw)
        except web.HTTPRequestEntityTooLarge:
            return self._failed(raw, Refused("too_large", message=f"the request body is over {BODY_LIMIT} bytes"))
        except Exception:  # noqa: BLE001 -- nothing a client sends may take the server down
            _log.exception("unexpected error at %s %s", raw.method, raw.path)
            return self._failed(raw, Refused("internal", message="the mock failed unexpectedly; its log says why"))

    def _find(self, raw: Raw) -> Match | Miss:
        return self._router.find(raw.method, raw.path.partition("?")[0], raw.host, self._only)

    def _missed(self, miss: Miss, raw: Raw) -> web.Response:
        if miss.vendor is None:
            return lost(miss, raw.method, self._router.near(raw.method, miss.path))
        query = "?" + raw.path.partition("?")[2] if "?" in raw.path else ""
        message = f"{raw.method} is not supported; use {' or '.join(miss.allowed)}" if miss.allowed else f"there is no {miss.path}"
        return refused(miss.vendor, Refused(miss.error, message=message), raw._replace(path=miss.path + query), {})

    def _failed(self, raw: Raw, refusal: Refused) -> web.Response:
        found = self._find(raw)
        if found.vendor is None:
            return web.Response(status=500, text=refusal.details["message"])
        return refused(found.vendor, refusal, raw, {})

    async def _respond(self, request: web.Request, known: Known, raw: Raw) -> web.StreamResponse:
        reading, whose = known.reading, known.reading.held
        headers: Mapping[str, str] = {}
        try:
            headers = _blank(reading) if whose is None else _charged(reading, whose)
            if whose is None or reading.refusal is not None:
                return refused(reading.vendor, reading.refusal or Refused("internal"), raw, reading.choices, headers)
            if reading.one_at_a_time:
                return await self._one_at_a_time(request, known, whose, headers)
            return answered(self._answer(known, whose), headers)
        except Refused as refusal:
            return refused(reading.vendor, refusal, raw, reading.choices, headers)

    async def _one_at_a_time(self, request: web.Request, known: Known, whose: Held, headers: Mapping[str, str]) -> web.StreamResponse:
        """Hold the site's slot until the last byte is sent, and at least as long as the tenant's choice says."""
        reading, loop = known.reading, asyncio.get_running_loop()
        slot = await whose.tenant.slots.take((reading.vendor.name, whose.site), reading.busy)
        try:
            free_at = loop.time() + reading.hold
            response = answered(self._answer(known, whose), headers)
            if (left := free_at - loop.time()) > 0:
                await asyncio.sleep(left)
            with suppress(ConnectionError):  # The client may be gone: then nobody reads the answer.
                await response.prepare(request)
                await response.write_eof()
            return response
        finally:
            slot.release()

    def _answer(self, known: Known, whose: Held) -> bytes:
        """Ask the view, unless the same world was asked the same at the same instant."""
        tenant, reading = whose.tenant, known.reading
        world, now = tenant.world, tenant.clock.now()
        kept = known.answer(world, now)
        if kept is not None:
            return kept
        asked = Asked(
            query=reading.query,
            body=reading.body,
            path=reading.path,
            world=world,
            site=world.sites[reading.site],
            now=now,
            choices=reading.choices,
            names=tenant.names[reading.vendor.name],
        )
        answer = reading.vendor.answer(reading.endpoint, asked)
        match answer.recorded:
            case TrackedEvent() as event:
                tenant.world = with_events(world, reading.site, [event])
            case Identity() as identity:
                tenant.world = with_identity(world, reading.site, identity)
            case None if tenant.clock.frozen and known.repeated:
                self._memory.keep(known, world, now, answer.body)
        return answer.body


def _path(request: web.Request) -> str:
    """The path and query as they were sent; a client behind a proxy sends a whole URL."""
    path = request.raw_path
    return path if path.startswith("/") else request.rel_url.raw_path_qs


async def _body(request: web.Request) -> bytes:
    """The body; most come together with their head, and then there is nothing to wait for."""
    if not request.content.is_eof():
        return await request.read()
    body = request.content.read_nowait()
    if len(body) > BODY_LIMIT:
        raise web.HTTPRequestEntityTooLarge(max_size=BODY_LIMIT, actual_size=len(body))
    return body


def _blank(reading: Reading) -> dict[str, str]:
    """Until a key is known there is nothing to report: the headers are there, empty."""
    return {**reading.endpoint.headers, **{name: "" for window in reading.windows for name in window.headers or ()}}


def _charged(reading: Reading, whose: Held) -> Mapping[str, str]:
    """Count a request against the windows of its key; the headers that report it, or ``Refused`` beyond a limit."""
    headers = reading.endpoint.headers
    for window in reading.windows:
        allowed, now = int(reading.choices[short_name(window.allowed)]), whose.tenant.clock.now()
        headers = {**headers, **whose.tenant.windows.charge(window, allowed, f"{reading.vendor.name} {whose.site}", now)}
    return headers
