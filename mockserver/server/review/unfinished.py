"""Find what a client did not do: failed pages that it never retried, and lists that it did not finish."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from mockserver.reconcile import row_key_function
from mockserver.server.http.pagination import compute_page_info
from mockserver.server.journal.client_history import Attempt, ListProgress
from mockserver.server.journal.journal import Finding
from mockserver.server.requests.parser import ParsedRequest
from mockserver.server.review.pages import compute_body, compute_rows
from mockserver.server.review.returned_rows import ExchangeReader
from mockserver.server.tenancy.tenant import Tenant, Tenants

_MANY_PAGES: Final = 2
"""A client that reads only one page of a list may want no more."""


def find_unfinished(tenants: Tenants, tenant: Tenant) -> list[tuple[Finding, int]]:
    """Return the findings about lists that clients left unfinished, each with the number of an exchange.

    The client still can finish them. Rows that it received in any other way are not missing.
    """
    tenant.journal.history.use_world(tenant.world.spec)
    suspected = [
        (name, attempt, rows)
        for progress in tenant.journal.history.lists.values()
        for name, attempt, rows in _find_gaps(tenant, progress)
        if rows
    ]
    if not suspected:
        return []
    endpoints = {_endpoint_of(attempt.request) for _, attempt, _ in suspected}
    received = _find_received(tenants, tenant, endpoints)
    found = [
        (Finding.of_kind(name), attempt.number)
        for name, attempt, rows in suspected
        if not received[_endpoint_of(attempt.request)].issuperset(_keys(attempt.request, rows))
    ]
    return sorted(found, key=lambda pair: pair[1])


def _find_gaps(tenant: Tenant, progress: ListProgress) -> Iterator[tuple[str, Attempt, list[Any]]]:
    """Yield the pages of a list that the client did not get, with their rows."""
    for attempt in progress.failed.values():
        rows = compute_rows(attempt.request, tenant, attempt.world, attempt.now)
        yield "failed-page-never-retried", attempt, rows
    latest = progress.latest
    if latest is None or latest.faulted or progress.failed or progress.extent < _MANY_PAGES:
        return  # A fault may have hidden the next page.
    next_page = _find_next_page(tenant, latest)
    if next_page is not None:
        yield "list-abandoned", latest, compute_rows(next_page, tenant, latest.world, latest.now)


def _find_next_page(tenant: Tenant, latest: Attempt) -> ParsedRequest | None:
    """Return the request for the page that follows, if its previous page showed that there is one."""
    request: ParsedRequest = latest.request
    body = compute_body(request, tenant, latest.world, latest.now)
    info = None if body is None else compute_page_info(request.endpoint, request.fields, body, {})
    if info is None or info.last or info.next is None:
        return None
    return request.with_page(info.next)


def _find_received(
    tenants: Tenants, tenant: Tenant, endpoints: Iterable[tuple[str, str, int]]
) -> dict[tuple[str, str, int], set[bytes]]:
    """Return the keys of all rows that clients received from each endpoint and site."""
    received: dict[tuple[str, str, int], set[bytes]] = {endpoint: set() for endpoint in endpoints}
    names = {(vendor, endpoint) for vendor, endpoint, _ in received}
    reader = ExchangeReader(tenants, tenant)
    for exchange in tenant.journal:
        if not exchange.whole or (exchange.vendor, exchange.endpoint) not in names:
            continue
        request = reader.parse(exchange)
        if request is not None and _endpoint_of(request) in received:
            received[_endpoint_of(request)].update(_keys(request, reader.rows(exchange)))
    return received


def _endpoint_of(request: ParsedRequest) -> tuple[str, str, int]:
    return request.vendor.name, request.endpoint.name, request.site


def _keys(request: ParsedRequest, rows: list[Any]) -> Iterator[bytes]:
    return map(row_key_function(request.endpoint.row_key), rows)
