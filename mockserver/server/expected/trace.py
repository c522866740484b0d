"""Trace rows: find the exchanges that returned a row."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import json

from mockserver._util.json_paths import get_at
from mockserver.contract.endpoint import Endpoint
from mockserver.contract.errors import ApiError
from mockserver.reconcile import row_key_function
from mockserver.server.expected.page_requests import parse_answered
from mockserver.server.http.router import Router
from mockserver.server.journal.journal import Exchange
from mockserver.server.requests.parser import ParsedRequest, RequestParser
from mockserver.server.tenancy.tenant import Tenant, Tenants
from mockserver.vendors import load
from mockserver.vendors.base import Vendor


def exchanges_by_row(
    tenants: Tenants, tenant: Tenant, pair: tuple[Vendor, Endpoint], rows: Sequence[Mapping[str, Any]]
) -> list[list[int]]:
    """Return for each row the numbers of the exchanges that returned it, or would have without a fault.

    The pages are computed again from the tenant's current world, so a row that was deleted since is on none.
    """
    vendor, endpoint = pair
    name = row_key_function(endpoint.row_key)
    found: list[list[int]] = [[] for _ in rows]
    places: dict[bytes, list[list[int]]] = {}
    for row, numbers in zip(rows, found, strict=True):
        places.setdefault(name(row), []).append(numbers)
    router, reader = Router(load()), RequestParser(tenants)
    for exchange in tenant.journal:
        if (exchange.vendor, exchange.endpoint) == (vendor.name, endpoint.name):
            for returned in _rows(router, reader, tenant, exchange):
                for numbers in places.get(name(returned), ()):
                    numbers.append(exchange.number)
    return found


def _rows(
    router: Router, reader: RequestParser, tenant: Tenant, exchange: Exchange
) -> Iterator[Mapping[str, Any]]:
    """Yield the rows of an exchange; none if its request was not answered with rows."""
    reading = parse_answered(router, reader, exchange)
    if reading is None or reading.principal is None or reading.principal.tenant is not tenant:
        return
    yield from _page_rows(reading, tenant, exchange)
    if exchange.has_other_page:
        yield from _page_rows(reading.with_page(exchange.answered_page), tenant, exchange)


def _page_rows(reading: ParsedRequest, tenant: Tenant, exchange: Exchange) -> Iterator[Mapping[str, Any]]:
    try:
        result = reading.vendor.respond(reading.endpoint, reading.view_request(tenant, exchange.received_at))
        yield from get_at(json.decode(result.body), reading.endpoint.rows_path) or ()
    except ApiError:
        return
