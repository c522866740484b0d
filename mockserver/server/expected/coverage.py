"""Coverage: which expected rows of a list were on whole responses since the list was begun."""

from collections.abc import Iterator, Mapping
from typing import Any

from mockserver.admin_schemas.expected import Coverage
from mockserver.contract.endpoint import Endpoint
from mockserver.reconcile import row_key_function
from mockserver.server.expected.rows import all_rows_params, expected_rows, rows_at
from mockserver.server.journal.journal import Exchange
from mockserver.server.review.returned_rows import ExchangeReader
from mockserver.server.tenancy.tenant import Tenant, Tenants
from mockserver.vendors.base import Vendor


class UnknownListError(ValueError):
    """An exchange that did not begin a list of the endpoint."""


def compute_coverage(
    tenants: Tenants, tenant: Tenant, pair: tuple[Vendor, Endpoint], begun: int | None = None
) -> Coverage:
    """Return the coverage of the list that exchange *begun* began, by default of the last one.

    Without any list, all rows of the endpoint are missing. Rows that changed since are not expected.
    """
    vendor, endpoint = pair
    reader = ExchangeReader(tenants, tenant)
    requests = [
        (exchange, request)
        for exchange in tenant.journal
        if (exchange.vendor, exchange.endpoint) == (vendor.name, endpoint.name)
        for request in [reader.parse(exchange)]
        if request is not None
    ]
    lists = {exchange.number: exchange for exchange, request in requests if request.started_list is not None}
    if begun is not None and begun not in lists:
        known = ", ".join(map(str, lists)) or "none"
        raise UnknownListError(
            f"{vendor.name} {endpoint.name}: request {begun} did not begin a list; those that did: {known}"
        )
    if not lists:
        parameters = all_rows_params(tenant, endpoint)
        return _compare(endpoint, None, parameters, _expect(tenant, pair, parameters, 0, None), set())
    first = lists[max(lists) if begun is None else begun]
    request = next(request for exchange, request in requests if exchange is first)
    ignored = (*endpoint.pagination.request_fields, endpoint.site)
    parameters = {name: value for name, value in request.fields.items() if name not in ignored}
    key = row_key_function(endpoint.row_key)
    returned = {
        key(row)
        for exchange, other in requests
        if exchange.whole and _is_since(exchange, first) and other.list_key == request.list_key
        for row in reader.rows(exchange)
    }
    expected = _expect(tenant, pair, parameters, request.site, first)
    return _compare(endpoint, first.number, parameters, expected, returned)


def _is_since(exchange: Exchange, first: Exchange) -> bool:
    """Return whether an exchange began after the first page was requested, or while it was open."""
    return exchange.number >= first.number or exchange.number in first.open_before


def _expect(
    tenant: Tenant,
    pair: tuple[Vendor, Endpoint],
    parameters: Mapping[str, Any],
    site: int,
    first: Exchange | None,
) -> Iterator[Any]:
    """Yield the rows that the list had when it was begun, and still has."""
    if first is None or tenant.world_history.changed:
        labelled = expected_rows(tenant, *pair, parameters, site)
        return (row for label, row in labelled if label == "required")
    return (row for _, row in rows_at(tenant, pair, parameters, site, first.received_at))


def _compare(
    endpoint: Endpoint,
    begun: int | None,
    parameters: Mapping[str, Any],
    expected: Iterator[Any],
    returned_keys: set[bytes],
) -> Coverage:
    key = row_key_function(endpoint.row_key)
    coverage = Coverage(begun=begun, parameters=dict(parameters), returned=[], missing=[])
    for row in expected:
        shown = {field: row[field] for field in endpoint.row_key if field in row} or row
        (coverage.returned if key(row) in returned_keys else coverage.missing).append(shown)
    return coverage
