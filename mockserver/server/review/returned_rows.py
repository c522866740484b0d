"""Compute the rows that an exchange returned; the journal keeps only the beginning of bodies."""

from http import HTTPStatus
from typing import Any

from mockserver.server.http.router import RouteMatch, Router
from mockserver.server.journal.journal import Exchange
from mockserver.server.requests.parser import ParsedRequest, RequestParser
from mockserver.server.review.pages import compute_rows
from mockserver.server.tenancy.tenant import Tenant, Tenants
from mockserver.vendors import load


class ExchangeReader:
    """Parses the exchanges of a tenant again."""

    def __init__(self, tenants: Tenants, tenant: Tenant) -> None:
        self._tenant = tenant
        self._router = Router(load())
        self._parser = RequestParser(tenants)

    def parse(self, exchange: Exchange) -> ParsedRequest | None:
        """Return the valid request of an exchange; ``None`` if there is none for the tenant."""
        raw = exchange.raw
        match = self._router.match(raw.method, raw.path.partition("?")[0], raw.host)
        if not isinstance(match, RouteMatch) or raw.method == "HEAD":
            return None
        request = self._parser.parse(match, raw)
        if request.principal is None or request.principal.tenant is not self._tenant:
            return None
        return None if request.error is not None else request

    def parse_answered(self, exchange: Exchange) -> ParsedRequest | None:
        """Return the request of an exchange that returned rows, or would have without a fault."""
        is_ok = exchange.response is not None and exchange.response.status == HTTPStatus.OK
        return self.parse(exchange) if is_ok or exchange.faults else None

    def rows(self, exchange: Exchange) -> list[Any]:
        """Return the rows that an exchange returned, or would have without a fault.

        A fault that replaced the page returned the rows of the other page too.
        """
        request = self.parse_answered(exchange)
        if request is None:
            return []
        tenant = self._tenant
        world = tenant.world_history.world(exchange.world if exchange.world is not None else 0)
        rows = compute_rows(request, tenant, world or tenant.world, exchange.received_at)
        if exchange.has_other_page:
            other = request.with_page(exchange.answered_page)
            rows = rows + compute_rows(other, tenant, world or tenant.world, exchange.received_at)
        return rows
