"""The only handler of vendors' requests: route, read, whose, limits, view, write."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web
from msgspec import Struct

from mockserver.contract.errors import Refused
from mockserver.contract.limits import OneAtATime, Window
from mockserver.contract.request import ContractViolation, read, read_json
from mockserver.server.answers import answered, lost, refused
from mockserver.server.credentials import Sent, held
from mockserver.server.router import Match, Miss, Router
from mockserver.server.tenants import Held, Tenant, Tenants
from mockserver.vendor import Answer, Asked, Vendor
from mockserver.world.overlay import Identity, TrackedEvent
from mockserver.world.world import World, with_events, with_identity

BODY_LIMIT = 1 << 20
"""Bytes of a request body; more is refused with 413."""
_KEPT_BYTES = 8 << 20
_log = logging.getLogger("mockserver")


class _Kept(Struct, frozen=True):
    """An answer and the world it was true of."""

    world: World
    now: int
    answer: Answer


class Handler:
    """Answers requests for the vendors of a router out of the worlds of some tenants."""

    def __init__(self, tenants: Tenants, router: Router, only: Vendor | None = None) -> None:
        self._tenants, self._router, self._only = tenants, router, only
        self._kept: OrderedDict[Any, _Kept] = OrderedDict()
        self._kept_bytes = 0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request; whatever goes wrong in here is a logged 500 in the vendor's shape."""
        path = request.raw_path if request.raw_path.startswith("/") else request.rel_url.raw_path_qs  # A proxy's client sends a whole URL.
        target, _, query = path.partition("?")
        found = self._router.find(request.method, target, request.headers.get("Host", ""), self._only)
        if isinstance(found, Miss):
            return self._missed(found, request)
        exchange = _Exchange(self._tenants, found, request, query)
        try:
            return await self._respond(exchange)
        except Refused as refusal:
            return exchange.refuse(refusal)
        except web.HTTPRequestEntityTooLarge:
            return exchange.refuse(Refused("too_large", message=f"the request body is over {BODY_LIMIT} bytes"))
        except (ConnectionError, asyncio.CancelledError):  # The client is gone: nobody is left to answer.
            raise
        except Exception:  # noqa: BLE001 -- nothing a client sends may take the server down
            _log.exception("unexpected error in %s.%s", found.vendor.name, found.endpoint.name)
            return exchange.refuse(Refused("internal", message="the mock failed unexpectedly; its log says why"))

    def _missed(self, miss: Miss, request: web.Request) -> web.Response:
        if miss.vendor is None:
            return lost(miss, request.method, self._router.near(request.method, miss.path))
        query = f"?{request.raw_path.partition('?')[2]}" if "?" in request.raw_path else ""
        message = f"{request.method} is not supported; use {' or '.join(miss.allowed)}" if miss.allowed else f"there is no {miss.path}"
        return refused(miss.vendor, Refused(miss.error, message=message), request, _defaults(miss.vendor), miss.path + query)

    async def _respond(self, exchange: "_Exchange") -> web.StreamResponse:
        await exchange.read()
        exchange.admit()
        kept = self._kept.get(exchange.key)
        known = kept is not None and kept.world is exchange.tenant.world and kept.now == exchange.now
        asked = None if known else exchange.asked()
        for limit in exchange.endpoint.limits:
            if isinstance(limit, OneAtATime):
                return await self._one_at_a_time(exchange, limit, kept, asked)
        return answered(self._body(exchange, kept, asked), exchange.headers)

    async def _one_at_a_time(self, exchange: "_Exchange", limit: OneAtATime, kept: _Kept | None, asked: Asked | None) -> web.StreamResponse:
        """Hold the site's slot until the last byte is sent, and at least as long as the tenant's choice says."""
        choices, loop = exchange.choices, asyncio.get_running_loop()
        slot = await exchange.tenant.slots.take((exchange.vendor.name, exchange.held.site), str(choices[_short(limit.busy)]))
        try:
            free_at = loop.time() + int(choices[_short(limit.hold)]) / 1000
            response = answered(self._body(exchange, kept, asked), exchange.headers)
            if (left := free_at - loop.time()) > 0:
                await asyncio.sleep(left)
            await response.prepare(exchange.request)
            await response.write_eof()
            return response
        finally:
            slot.release()

    def _body(self, exchange: "_Exchange", kept: _Kept | None, asked: Asked | None) -> bytes:
        """Ask the view, unless what was kept still holds: the same world at the same instant."""
        if asked is None and kept is not None:
            return kept.answer.body
        tenant = exchange.tenant
        answer = exchange.vendor.answer(exchange.endpoint, asked or exchange.asked())
        match answer.recorded:
            case TrackedEvent() as event:
                tenant.world = with_events(tenant.world, exchange.site, [event])
            case Identity() as identity:
                tenant.world = with_identity(tenant.world, exchange.site, identity)
            case None if tenant.clock.frozen:
                self._keep(exchange.key, _Kept(tenant.world, exchange.now, answer))
        return answer.body

    def _keep(self, key: Any, kept: _Kept) -> None:
        if (old := self._kept.pop(key, None)) is not None:
            self._kept_bytes -= len(old.answer.body)
        self._kept[key] = kept
        self._kept_bytes += len(kept.answer.body)
        while self._kept_bytes > _KEPT_BYTES:
            self._kept_bytes -= len(self._kept.popitem(last=False)[1].answer.body)


class _Exchange:
    """One request on its way through the handler."""

    held: Held
    now: int
    raw: Mapping[str, Any]

    def __init__(self, tenants: Tenants, match: Match, request: web.Request, query: str) -> None:
        self._tenants, self._match, self.request = tenants, match, request
        self.vendor, self.endpoint = match.vendor, match.endpoint
        self._query_text, self._body_bytes = query, b""
        self.query: dict[str, str] = {}
        self.headers: dict[str, str] = dict(match.endpoint.headers)

    @property
    def tenant(self) -> Tenant:
        return self.held.tenant

    @property
    def choices(self) -> Mapping[str, Any]:
        return self.held.tenant.choices[self.vendor.name]

    @property
    def key(self) -> Any:
        """Requests with the same key ask the same of the same world."""
        return self.tenant.name, self.endpoint.name, self.vendor.name, self._query_text, self._body_bytes, *self._match.path.values()

    async def read(self) -> None:
        """Read the query and the body, which must be a JSON object where the endpoint has one."""
        pairs = parse_qsl(self._query_text, keep_blank_values=True, errors="replace") if self._query_text else ()
        self.query = {name: value for name, value in pairs if value or self.endpoint.empty == "value"}
        self.raw = {}
        if self.endpoint.body is not None:
            self._body_bytes = await self.request.read()
            raw = read_json(self._body_bytes)
            if isinstance(raw, ContractViolation):
                raise Refused("violation", message=raw.message, reason=raw.reason)
            self.raw = raw

    def admit(self) -> None:
        """Find whose request it is and which site it means, and count it against the windows of its key."""
        plain = self.headers
        for window in self._windows():  # Until a key is known there is nothing to report: the headers are there, empty.
            self.headers = self.headers | dict.fromkeys(window.headers or (), "")
        self.held = held(self._tenants, self.vendor, self.endpoint, Sent(self.request.headers, self.query, self.raw))
        self.now, self.headers = self.tenant.clock.now(), plain
        for window in self._windows():
            allowed = int(self.choices[_short(window.allowed)])
            self.headers = self.headers | self.tenant.windows.charge(window, allowed, f"{self.vendor.name} {self.held.site}", self.now)
        self.site = self._site()

    def _windows(self) -> list[Window]:
        return [limit for limit in self.endpoint.limits if isinstance(limit, Window)]

    def _site(self) -> int:
        if self.endpoint.site is None:
            return self.held.site or 0
        identifier = self._match.path[self.endpoint.site]
        site = self._tenants.site(self.vendor.name, identifier, self.tenant)
        if site is None:
            foreign = self._tenants.is_site(self.vendor.name, identifier)
            known = ", ".join(ids[0] for ids in self.tenant.names[self.vendor.name].sites)
            raise Refused("forbidden" if foreign else "unknown_site", message=f"{identifier!r} is not among the sites of this key: {known}")
        return site

    def asked(self) -> Asked:
        """The request as a view wants it, or raise what violates the contract."""
        numeric = self.choices.get("numeric_texts", "accept") == "accept"
        return Asked(
            query=self._typed(self.endpoint.query, self.query, "query", numeric_texts=True),
            body=self._typed(self.endpoint.body, self.raw, "body", numeric_texts=numeric),
            path=self._match.path,
            world=self.tenant.world,
            site=self.tenant.world.sites[self.site],
            now=self.now,
            choices=self.choices,
            names=self.tenant.names[self.vendor.name],
        )

    @staticmethod
    def _typed(model: Any, raw: Mapping[str, Any], where: str, *, numeric_texts: bool) -> Any:
        if model is None:
            return None
        typed = read(model, raw, where, numeric_texts=numeric_texts)
        if isinstance(typed, list):
            message = "; ".join(violation.message for violation in typed)
            raise Refused("violation", message=message, field=typed[0].field, reason=typed[0].reason)
        return typed

    def refuse(self, refusal: Refused) -> web.Response:
        """Answer a refusal, with the headers that every answer of the endpoint carries."""
        choices = self.choices if hasattr(self, "held") else _defaults(self.vendor)
        refusal.headers = {**self.headers, **refusal.headers}
        return refused(self.vendor, refusal, self.request, choices, self.request.raw_path)


def _short(choice: str) -> str:
    return choice.partition(".")[2]


def _defaults(vendor: Vendor) -> Mapping[str, Any]:
    """The choices where no tenant is known."""
    return {_short(choice.name): choice.default for choice in vendor.contract.choices}
