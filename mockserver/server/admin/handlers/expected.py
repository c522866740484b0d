"""Expected rows: the rows that a correct client collects."""

from collections.abc import Iterator
from itertools import chain, islice
from typing import Annotated, Any

from msgspec import convert, json

from mockserver._util.suggest import suggest
from mockserver.admin_schemas.expected import (
    BegunList,
    BegunListsQuery,
    Coverage,
    CoverageQuery,
    ExpectedRowsQuery,
)
from mockserver.contract.endpoint import Endpoint
from mockserver.contract.errors import ApiError
from mockserver.server.admin.problem_details import invalid_request
from mockserver.server.admin.routing import NDJSON, HandlerContext, StreamingBody
from mockserver.server.expected.coverage import UnknownListError, compute_coverage
from mockserver.server.expected.rows import (
    UnknownParameterError,
    check_parameters,
    expected_rows,
    list_params,
)
from mockserver.server.journal.redacted_exchange import format_instant
from mockserver.server.tenancy.tenant import Tenant
from mockserver.vendors.base import Vendor

_PIECE_SIZE = 1 << 16
"""Approximate maximum number of bytes in a piece."""
_PIECE_ROWS = 100
"""Maximum number of rows in a piece: other requests wait while rows are generated."""
_FIELDS = ("vendor", "endpoint", "site", "labels")


def get_expected_rows(context: HandlerContext, query: dict[str, str]) -> Annotated[StreamingBody, NDJSON]:
    """List the rows that a correct client of an endpoint collects, one per line."""
    for name in ("vendor", "endpoint"):
        if name not in query:
            raise invalid_request(f"query: {name!r} is missing; add it, as in ?vendor=…&endpoint=…")
    labels = query.get("labels", "false")
    if labels not in ("true", "false"):
        raise invalid_request(f"query: invalid value {labels!r} of 'labels'; use true or false")
    fields: dict[str, Any] = {name: query[name] for name in _FIELDS if name in query}
    fields["labels"] = labels == "true"
    fields["parameters"] = {name: value for name, value in query.items() if name not in _FIELDS} or None
    return query_expected_rows(context, convert(fields, ExpectedRowsQuery))


def query_expected_rows(context: HandlerContext, body: ExpectedRowsQuery) -> Annotated[StreamingBody, NDJSON]:
    """List expected rows for parameters that a query string cannot express; paging parameters are ignored."""
    tenant = context.tenant
    vendor, endpoint = find_endpoint(tenant, body.vendor, body.endpoint)
    try:
        check_parameters(vendor, endpoint, body.parameters or ())
    except UnknownParameterError as error:
        raise invalid_request(str(error)) from None
    params = list_params(tenant, endpoint, body.parameters, any_time=body.any_time)
    site = _find_site(tenant, vendor, params.get(endpoint.site or "", body.site))
    lines = (
        {"label": label, "row": row} if body.labels else row
        for label, row in expected_rows(tenant, vendor, endpoint, params, site)
        if body.labels or label != "forbidden"
    )
    try:
        first = list(islice(lines, 1))
    except ApiError as error:
        reason = error.details.get("message") or error.error
        raise invalid_request(f"{vendor.name} {endpoint.name}: {reason}") from None
    return StreamingBody(NDJSON, _join_lines(chain(first, lines)))


def list_begun_lists(context: HandlerContext, query: BegunListsQuery) -> list[BegunList]:
    """List the lists that clients began since the journal was cleared, oldest first."""
    tenant = context.tenant
    if query.vendor is None and (query.endpoint, query.site) != (None, None):
        raise invalid_request("query: 'vendor' is missing; add it, as in ?vendor=…&endpoint=…")
    if query.vendor is not None and query.endpoint is not None:
        find_endpoint(tenant, query.vendor, query.endpoint)
    vendor = _find_vendor(tenant, query.vendor) if query.vendor is not None else None
    site = None if vendor is None or query.site is None else _find_site(tenant, vendor, query.site)
    return [
        BegunList(
            vendor=begun.vendor,
            endpoint=begun.endpoint,
            site=begun.site,
            parameters=begun.parameters,
            at=format_instant(begun.at),
        )
        for begun in tenant.world_history.begun_lists()
        if query.vendor in (None, begun.vendor)
        and query.endpoint in (None, begun.endpoint)
        and site in (None, begun.site)
    ]


def get_coverage(context: HandlerContext, query: CoverageQuery) -> Coverage:
    """List which rows of a list the client began were on whole responses, and which were not."""
    pair = find_endpoint(context.tenant, query.vendor, query.endpoint)
    try:
        return compute_coverage(context.tenants, context.tenant, pair, query.begun)
    except UnknownListError as error:
        raise invalid_request(str(error)) from None


def _find_vendor(tenant: Tenant, name: str) -> Vendor:
    if name not in tenant.vendors:
        raise invalid_request(f"unknown vendor {name!r}; {suggest(name, tenant.vendors)}")
    return tenant.vendors[name]


def find_endpoint(tenant: Tenant, vendor_name: str, name: str) -> tuple[Vendor, Endpoint]:
    """Return a vendor and one of its endpoints that return rows; raises a problem for an unknown one."""
    vendor = _find_vendor(tenant, vendor_name)
    known = [endpoint.name for endpoint in vendor.contract.endpoints if endpoint.rows_path is not None]
    if name not in known:
        raise invalid_request(
            f"{vendor.name}: no endpoint {name!r} that returns rows; {suggest(name, known)}"
        )
    return vendor, vendor.endpoint(name)


def _find_site(tenant: Tenant, vendor: Vendor, key: int | str) -> int:
    """Return the index of a site, given by one of the vendor's ids of it, its domain or its index."""
    site_ids = tenant.identifiers[vendor.name].sites
    domains = [site.domain for site in tenant.world.sites]
    for index, (ids, domain) in enumerate(zip(site_ids, domains, strict=True)):
        if str(key) in (*ids, domain):
            return index
    if str(key).isdecimal() and int(key) < len(domains):
        return int(key)
    known = [*(ids[0] for ids in site_ids), *domains]
    raise invalid_request(f"unknown site {key!r}; {suggest(key, known)}, or 0 to {len(domains) - 1}")


def _join_lines(rows: Iterator[Any]) -> Iterator[bytes]:
    """Yield the rows as lines of JSON, several lines at a time."""
    piece = bytearray()
    for number, row in enumerate(rows, 1):
        piece += json.encode(row) + b"\n"
        if len(piece) >= _PIECE_SIZE or number % _PIECE_ROWS == 0:
            yield bytes(piece)
            piece.clear()
    if piece:
        yield bytes(piece)
