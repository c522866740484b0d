"""Compute the rows that an exchange returned; the journal keeps only the beginning of bodies."""

from http import HTTPStatus
from typing import Any

from msgspec import DecodeError, json
from msgspec.structs import replace

from mockserver._util.json_paths import get_at
from mockserver.contract.errors import ApiError
from mockserver.server.faults.base import Fault, WireFault
from mockserver.server.faults.registry import kinds
from mockserver.server.http.pagination import compute_page_info
from mockserver.server.http.router import RouteMatch, Router
from mockserver.server.journal.journal import Exchange
from mockserver.server.requests.parser import ParsedRequest, RequestParser
from mockserver.server.review.pages import compute_rows
from mockserver.server.tenancy.tenant import Tenant, Tenants
from mockserver.vendors import load


def _edits_body(label: str) -> bool:
    """Return whether a fault such as ``1:empty_page`` changes the body that the vendor returns.

    A wire fault does not, or the change shows in the beginning or in the length of the body.
    """
    model = kinds()[label.partition(":")[2]]
    return not issubclass(model, WireFault) and model.after_response is not Fault.after_response


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

    def read_whole(self, exchange: Exchange) -> Exchange:
        """Return an exchange with the whole body of its response, of which the journal keeps the beginning.

        The body is computed again. If it cannot be the same, because data, settings or a fault changed it,
        the exchange is returned as it is.
        """
        response = exchange.response
        if response is None or exchange.response_size == len(response.body):
            return exchange
        request = self.parse(exchange)
        if request is None or any(map(_edits_body, exchange.effective_faults)):
            return exchange
        if exchange.has_other_page:
            request = _answered(request, exchange)
        world = self._tenant.world_history.world(exchange.world or 0)
        view_request = request.view_request(self._tenant, exchange.received_at, world)
        try:
            body = request.vendor.respond(request.endpoint, view_request).body
        except ApiError:
            return exchange
        if len(body) != exchange.response_size or not body.startswith(response.body):
            return exchange
        return replace(exchange, response=replace(response, body=body))

    def result(self, exchange: Exchange) -> dict[str, Any] | None:
        """Return the number of rows that the client got, the total and the key of the next page.

        Return ``None`` if it did not get a whole list, or if that is no longer known.
        """
        whole = self.read_whole(exchange)
        response = whole.response
        request = self.parse(exchange)
        if response is None or request is None or request.vendor.dialect != exchange.dialect:
            return None
        endpoint = request.endpoint
        if response.status != HTTPStatus.OK or not response.is_complete(exchange.raw.method):
            return None
        if "Content-Encoding" in response.headers and response.delivery.sent is not None:
            return None  # The rest of an encoded body cannot be read.
        try:
            body = json.decode(response.body)
            info = compute_page_info(endpoint, request.fields, body, {})
        except (DecodeError, UnicodeDecodeError, TypeError):
            return None
        if info is None or not isinstance(get_at(body, endpoint.rows_path), list):
            return None
        total = endpoint.pagination.total
        return {
            "rows": info.rows,
            "total": get_at(body, total) if total else None,
            "next": None if info.last else info.next,
        }

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
            other = _answered(request, exchange)
            rows = rows + compute_rows(other, tenant, world or tenant.world, exchange.received_at)
        return rows


def _answered(request: ParsedRequest, exchange: Exchange) -> ParsedRequest:
    """Return the request that was answered instead of the one that was sent."""
    return request.with_page(exchange.answered_page).with_page_size(exchange.answered_size)
