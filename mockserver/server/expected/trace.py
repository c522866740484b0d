"""Which exchanges carried a row: whoever lost one wants to know the page it was on."""

from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from msgspec import json

from mockserver.contract.endpoint import Endpoint
from mockserver.contract.errors import ApiError
from mockserver.reconcile import namer
from mockserver.server.http.pagination import at
from mockserver.server.http.router import RouteMatch, Router
from mockserver.server.journal.journal import Exchange
from mockserver.server.requests.parser import RequestParser
from mockserver.server.tenancy.tenant import Tenant, Tenants
from mockserver.vendors import load
from mockserver.vendors.base import Vendor


def exchanges_by_row(
    tenants: Tenants, tenant: Tenant, pair: tuple[Vendor, Endpoint], rows: Sequence[Mapping[str, Any]]
) -> list[list[int]]:
    """Say for each row the numbers of the exchanges whose answer had it, or would have had it without the fault that triggered it.

    The pages are worked out again, in the tenant's world as it is: a row that was deleted meanwhile was on none.
    """
    vendor, endpoint = pair
    name = namer(endpoint.row_key)
    found: list[list[int]] = [[] for _ in rows]
    places: dict[bytes, list[list[int]]] = {}
    for row, numbers in zip(rows, found, strict=True):
        places.setdefault(name(row), []).append(numbers)
    router, reader = Router(load()), RequestParser(tenants)
    for exchange in tenant.journal:
        if (exchange.vendor, exchange.endpoint) == (vendor.name, endpoint.name):
            for carried in _rows(router, reader, tenant, exchange):
                for numbers in places.get(name(carried), ()):
                    numbers.append(exchange.number)
    return found


def _rows(
    router: Router, reader: RequestParser, tenant: Tenant, exchange: Exchange
) -> Iterator[Mapping[str, Any]]:
    """The rows of an exchange that was answered with some."""
    raw, answered = exchange.raw, exchange.response is not None and exchange.response.status == HTTPStatus.OK
    match = router.find(raw.method, raw.path.partition("?")[0], raw.host)
    if not isinstance(match, RouteMatch) or raw.method == "HEAD" or not (answered or exchange.faults):
        return
    reading = reader.read(match, raw)
    if reading.principal is None or reading.principal.tenant is not tenant or reading.error is not None:
        return
    try:
        answer = reading.vendor.respond(reading.endpoint, reading.view_request(tenant, exchange.received_at))
        yield from at(json.decode(answer.body), reading.endpoint.rows_path) or ()
    except ApiError:
        return
