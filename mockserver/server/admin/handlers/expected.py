"""The admin API's expected: every row that a correct client must end up with."""

from collections.abc import Iterator
from itertools import chain, islice
from typing import Annotated, Any

from msgspec import convert, json

from mockserver.admin_schemas import ExpectedRowsQuery
from mockserver.contract.endpoint import Endpoint
from mockserver.contract.errors import ApiError
from mockserver.server.admin.problem_details import invalid, suggest
from mockserver.server.admin.routing import NDJSON, HandlerContext, StreamingBody
from mockserver.server.expected.rows import (
    UnknownParameterError,
    all_rows_params,
    check_parameters,
    expected_rows,
)
from mockserver.server.http.pagination import page_field
from mockserver.server.tenancy.tenant import Tenant
from mockserver.vendors.base import Vendor

_PIECE = 1 << 16
"""Bytes that are sent at once, about."""
_ROWS = 100
"""Rows that are sent at once, at most: working them out must not keep others waiting."""
_OWN = ("vendor", "endpoint", "site", "labels")


def get_expected_rows(call: HandlerContext, query: dict[str, str]) -> Annotated[StreamingBody, NDJSON]:
    """Give every row that a correct client of an endpoint must end up with, one a line; the endpoint's own parameters may follow."""
    for name in ("vendor", "endpoint"):
        if name not in query:
            raise invalid(f"the query needs {name!r}, such as ?vendor=…&endpoint=…")
    if query.get("labels", "true") not in ("true", "false"):
        raise invalid("the query: `labels` must be true or false")
    own: dict[str, Any] = {name: query[name] for name in _OWN if name in query}
    own["parameters"] = {name: value for name, value in query.items() if name not in _OWN}
    return query_expected_rows(
        call, convert(own | {"labels": query.get("labels") == "true"}, ExpectedRowsQuery)
    )


def query_expected_rows(call: HandlerContext, body: ExpectedRowsQuery) -> Annotated[StreamingBody, NDJSON]:
    """Give every row that a correct client must end up with, for parameters that a query cannot say; those that cut pages say nothing."""
    tenant = call.tenant
    vendor, endpoint = endpoint_of(tenant, body.vendor, body.endpoint)
    try:
        check_parameters(vendor, endpoint, body.parameters)
    except UnknownParameterError as error:
        raise invalid(str(error)) from None
    paging = (page_field(endpoint.pagination), getattr(endpoint.pagination, "limit", None))
    asked = {
        name: value
        for name, value in {**all_rows_params(tenant, endpoint), **body.parameters}.items()
        if name not in paging
    }
    site = _site(tenant, vendor, asked.get(endpoint.site or "", body.site))
    found = expected_rows(tenant, vendor, endpoint, asked, site)
    told = (
        {"label": verification, "row": row} if body.labels else row
        for verification, row in found
        if body.labels or verification != "forbidden"
    )
    try:
        first = list(islice(told, 1))
    except ApiError as refusal:
        raise invalid(
            f"{vendor.name} {endpoint.name}: {refusal.details.get('message') or refusal.error}"
        ) from None
    return StreamingBody(NDJSON, _pieces(chain(first, told)))


def endpoint_of(tenant: Tenant, vendor_name: str, name: str) -> tuple[Vendor, Endpoint]:
    """A vendor and its endpoint that gives rows, by their names; raises a problem."""
    if vendor_name not in tenant.vendors:
        raise invalid(f"there is no vendor {vendor_name!r}; {suggest(vendor_name, tenant.vendors)}")
    vendor = tenant.vendors[vendor_name]
    endpoints = {
        endpoint.name: endpoint for endpoint in vendor.contract.endpoints if endpoint.rows_path is not None
    }
    if name not in endpoints:
        raise invalid(f"{vendor.name} has no endpoint {name!r} that gives rows; {suggest(name, endpoints)}")
    return vendor, endpoints[name]


def _site(tenant: Tenant, vendor: Vendor, wanted: int | str) -> int:
    """The place of a site: by an id that the vendor has for it, by its domain, or by the place itself."""
    names = [
        [*ids, site.domain]
        for ids, site in zip(tenant.identifiers[vendor.name].sites, tenant.world.sites, strict=True)
    ]
    for number, known in enumerate(names):
        if str(wanted) in known:
            return number
    if str(wanted).isdecimal() and int(wanted) < len(names):
        return int(wanted)
    usual = [known[0] for known in names]
    raise invalid(
        f"there is no site {wanted!r}; {suggest(wanted, [*usual, *(known[-1] for known in names)])}, or 0 to {len(names) - 1}"
    )


def _pieces(rows: Iterator[Any]) -> Iterator[bytes]:
    """Rows as lines, a few of them at a time."""
    piece = bytearray()
    for number, row in enumerate(rows, 1):
        piece += json.encode(row) + b"\n"
        if len(piece) >= _PIECE or number % _ROWS == 0:
            yield bytes(piece)
            piece.clear()
    if piece:
        yield bytes(piece)
