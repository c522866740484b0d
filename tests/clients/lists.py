"""The lists of all vendors and dialects, and strict tenants that serve them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

from mockserver import SessionMock
from mockserver._util.levels import Level
from mockserver.contract.endpoint import Endpoint
from mockserver.contract.limits import RateLimit
from mockserver.contract.lint_rules import MissingCompanion
from mockserver.pytest_plugin.checked_tenant import CheckedTenant
from mockserver.server.requests.responses import status_of
from mockserver.vendors import load_dialects
from mockserver.vendors.base import Vendor
from tests.clients.careful import CarefulClient
from tests.embedded.crawling import all_rows_params
from tests.support.pages import Params, with_page_size
from tests.support.windows import format_edge

Pair = tuple[Vendor, Endpoint]
LISTS: Final[list[Pair]] = [
    (vendor, endpoint)
    for vendor in load_dialects()
    for endpoint in vendor.contract.endpoints
    if endpoint.rows_path is not None
]
PAGED: Final = [pair for pair in LISTS if pair[1].start_field and pair[1].pagination.key_field]
SIZE: Final = 4
SESSIONS: Final = 10
"""Number of sessions of a site: three pages, the last one not full."""
QUICK: Final = {
    behavior.name: 0
    for vendor in load_dialects()
    for behavior in vendor.contract.behaviors
    if behavior.unit == "milliseconds"
}


def name(value: Any) -> str | None:
    """Return a readable test id of a list."""
    return (
        f"{value[0].label}.{value[1].name}"
        if isinstance(value, tuple) and isinstance(value[0], Vendor)
        else None
    )


def list_params(endpoint: Endpoint) -> Params:
    """Return the parameters that request all rows in pages of :data:`SIZE` rows, if that can be chosen."""
    return with_page_size(endpoint, all_rows_params(endpoint), SIZE)


def window_params(endpoint: Endpoint, start: datetime, end: datetime) -> Params:
    """Return the parameters of a time window with explicit ends, and its zone if the endpoint has one."""
    window = endpoint.time_windows[0]
    zones = {rule.when.zone: "UTC" for rule in endpoint.lint_rules if isinstance(rule.when, MissingCompanion)}

    first, last = (format_edge(endpoint, int(edge.timestamp()) * 1000) for edge in (start, end))
    return {**zones, str(window.start): first, str(window.end): last}


def strict_limits(vendor: Vendor, endpoint: Endpoint) -> dict[str, int | str]:
    """Return behaviors that refuse the third request with a 429 with the time of a retry."""
    behaviors: dict[str, int | str] = {}
    for limit in endpoint.limits:
        if isinstance(limit, RateLimit) and status_of(vendor, vendor.contract.errors[limit.error], {}) == 429:
            behaviors[limit.allowed] = 2
            if limit.retry_after is not None:
                behaviors[limit.retry_after] = "seconds"
    return behaviors


@contextmanager
def strict_tenant(
    mock: SessionMock, vendor: Vendor, faults: Sequence[Mapping[str, Any]] = (), **settings: Any
) -> Iterator[CheckedTenant]:
    """Create a tenant for a vendor in its dialect, whose clock moves instead of the client's waits."""
    arguments: dict[str, Any] = {
        "sessions": SESSIONS,
        "seed": 11,
        "dialect": {vendor.name: vendor.dialect},
        "behaviors": {**QUICK, **settings.pop("behaviors", {})},
        "loop_limit": 50,
        "faults": list(faults),
        **settings,
    }
    with mock.create_tenant(**arguments) as created:
        tenant = CheckedTenant(mock.admin, mock.admin.tenant(created.id), {})
        with tenant.clock.patch():
            yield tenant


def make_client(
    kind: type[CarefulClient], tenant: CheckedTenant, pair: Pair, params: Params | None = None
) -> CarefulClient:
    """Return a client of a list, by default of all its rows."""
    vendor, endpoint = pair
    return kind(tenant.vendor(vendor.name), endpoint, list_params(endpoint) if params is None else params)


def find_problems(tenant: CheckedTenant) -> dict[str, Level]:
    """Return the levels of everything that a strict test would report now, by name."""
    return {violation.name: violation.level for violation in tenant.report_violations(tenant.verify())}


def find_errors(tenant: CheckedTenant) -> list[str]:
    """Return the names of the reasons for which a strict test fails."""
    return [name for name, level in find_problems(tenant).items() if level == "error"]


def find_difference(tenant: CheckedTenant, pair: Pair, rows: list[Any], params: Params | None = None) -> str:
    """Return the difference between collected and expected rows; an empty text if there is none."""
    paging = pair[1].pagination.request_fields
    wanted = list_params(pair[1]) if params is None else params
    parameters = {key: value for key, value in wanted.items() if key not in paging}
    try:
        tenant.reconcile(rows, vendor=pair[0].name, endpoint=pair[1].name, **parameters)
    except AssertionError as error:
        return str(error)
    return ""
