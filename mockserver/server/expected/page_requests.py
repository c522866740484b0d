"""Find the requests for the pages of one list in a tenant's journal."""

from http import HTTPStatus
from typing import Final

from mockserver.contract.endpoint import Endpoint
from mockserver.server.http.pagination import list_key_of
from mockserver.server.http.router import RouteMatch, Router
from mockserver.server.journal.journal import Exchange
from mockserver.server.requests.parser import ParsedRequest, RequestParser
from mockserver.server.tenancy.tenant import Tenant, Tenants
from mockserver.vendors import load
from mockserver.vendors.base import Vendor

_MAX_INSTANTS: Final = 16
"""Maximum number of instants of one list: its rows are computed for each of them."""


def page_instants(tenant: Tenant, vendor: Vendor, endpoint: Endpoint, list_key: str, begun: int) -> list[int]:
    """Return the instants from *begun* on at which pages of a list were requested, ascending.

    The first and the last are always among them; of many, some in between are left out.
    """
    router = Router(load())
    parser = RequestParser(Tenants([tenant]))
    instants: set[int] = set()
    for exchange in tenant.journal:
        if (exchange.vendor, exchange.endpoint) != (vendor.name, endpoint.name):
            continue
        if exchange.received_at < begun or exchange.received_at in instants:
            continue
        request = parse_answered(router, parser, exchange)
        if request is not None and _list_key(request) == list_key:
            instants.add(exchange.received_at)
    ordered = sorted(instants)
    if len(ordered) <= _MAX_INSTANTS:
        return ordered
    step = (len(ordered) - 1) / (_MAX_INSTANTS - 1)
    return [ordered[round(number * step)] for number in range(_MAX_INSTANTS)]


def parse_answered(router: Router, parser: RequestParser, exchange: Exchange) -> ParsedRequest | None:
    """Return the request of an exchange; None if it was not answered with rows, and would not have been."""
    raw = exchange.raw
    is_ok = exchange.response is not None and exchange.response.status == HTTPStatus.OK
    match = router.match(raw.method, raw.path.partition("?")[0], raw.host)
    if not isinstance(match, RouteMatch) or raw.method == "HEAD" or not (is_ok or exchange.faults):
        return None
    request = parser.parse(match, raw)
    return None if request.principal is None or request.error is not None else request


def _list_key(request: ParsedRequest) -> str:
    return list_key_of(request.vendor.name, request.endpoint, request.site, request.fields)
