"""The tenant of a case, and the values that its client is given."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from msgspec import Struct
from msgspec.structs import replace

from mockserver._util.clock import wall
from mockserver.admin_schemas.tenants import TenantAccess, VendorAccess
from mockserver.admin_schemas.worlds import AddedSession
from mockserver.conformance.case import ELSEWHERE, Case, Size
from mockserver.conformance.target import Target
from mockserver.contract.limits import ConcurrencyLimit, RateLimit
from mockserver.embedded import SessionMock, TenantHandle, VendorHandle
from mockserver.embedded.vendor_access import make_vendor_handle
from mockserver.harness.environment import Addresses
from mockserver.world.model.spec import format_instant, parse_instant

CASE: Final = "case"
"""The group of placeholders for the values that a case gives its client, such as ``{case.start}``."""
_HOUR: Final = 3_600_000
_DAY: Final = 24 * _HOUR
_LOOP_LIMIT: Final = 40
_LOCALHOST: Final = "localhost"
_WRONG: Final = "0123456789abcdef0123456789abcdef"


class Settings(Struct, frozen=True, kw_only=True):
    """Settings that all cases of a check have in common."""

    seed: int = 7
    follows_system: bool = False
    """If True, worlds end now and clocks follow the system, for clients that use their own clock."""
    timeout: float = 30
    """Seconds of real time in which a client must end, unless it still sends requests."""
    page_size: int = 10
    """Rows of a full page of the client."""
    behaviors: Mapping[str, str | int] = {}


class Situation(Struct, frozen=True, kw_only=True):
    """The facts that a client is given in a case; a client that is a function gets them as its argument."""

    case: str
    """The id of the case."""
    vendor: VendorHandle
    """URL, credentials and sites."""
    tenant: TenantHandle
    start: datetime
    """Start of the window that the client collects."""
    end: datetime
    """End of the window, which does not belong to it; it is before the start if the case is about that."""
    folder: Path
    """A folder of its own for the client's files."""
    environment: Mapping[str, str]
    """The variables that a command gets."""
    addresses: Addresses
    secrets: tuple[str, ...]
    """Credentials that the client must not print."""
    is_frozen: bool
    """True if the tenant's clock is frozen."""
    neighbors: tuple[AddedSession, ...] = ()
    """The sessions that start just outside of the window."""

    def fill(self, text: str) -> str:
        """Replace placeholders such as ``{vendor.url}`` and ``{case.start}``."""
        return self.addresses.fill(text)


def create_situation(
    mock: SessionMock, case: Case, target: Target, settings: Settings, folder: Path
) -> Situation:
    """Create the tenant of a case, which has the name of the case."""
    start, end, now = _place_in_time(case, settings)
    is_frozen = case.clock == "frozen" and not settings.follows_system
    tenant = mock.create_tenant(
        case.id,
        sites=1,
        seed=settings.seed,
        sessions=_count_sessions(case, settings),
        start=start,
        end=end,
        now=now if is_frozen else "system",
        dialect={target.vendor.name: target.vendor.dialect},
        behaviors={**settings.behaviors, **_limit_behaviors(case, target)},
        faults=[*_faults(case, target, mock.url)],
        stall_timeout=settings.timeout / 2,
        loop_limit=_LOOP_LIMIT,
        one_client=True,
        **case.world,
    )
    for limit in target.limits(RateLimit) if case.rate else []:
        known = {key: value for key, value in case.rate.items() if key != "seconds" or hasattr(limit, key)}
        tenant.limits.set(limit.name(target.vendor.name, target.endpoint.name), enabled=True, **known)
    for limit in target.limits(ConcurrencyLimit) if case.open else []:
        tenant.limits.set(limit.name(target.vendor.name, target.endpoint.name), **case.open)
    for session in case.added:
        fields = dict(session)
        tenant.world.add(start=start + int(fields.pop("after") * 1000), **fields)
    window = _find_window(case, start, end)
    neighbors = _add_neighbors(tenant, case, target, window) if case.neighbors else ()
    name = target.vendor.name
    access = mock.admin.tenant(tenant.id)
    if case.names_elsewhere:
        access = _with_other_host(access)
    vendor = _with_credential(access.vendors[name], case.credential)
    given = replace(access, vendors={**access.vendors, name: vendor})
    values = {"id": case.id, "folder": str(folder), **_describe_window(*window)}
    secrets = [*access.vendors[name].credentials.values(), *vendor.credentials.values()]
    return Situation(
        case=case.id,
        vendor=make_vendor_handle(name, vendor),
        tenant=tenant,
        start=datetime.fromtimestamp(window[0] / 1000, UTC),
        end=datetime.fromtimestamp(window[1] / 1000, UTC),
        folder=folder,
        environment={**Addresses(given).variables(), **_name_variables(values), **case.environment},
        addresses=_add_placeholders(given, values),
        secrets=tuple(value for value in secrets if value and value not in vendor.sites),
        is_frozen=is_frozen,
        neighbors=neighbors,
    )


def _add_neighbors(
    tenant: TenantHandle, case: Case, target: Target, window: tuple[int, int]
) -> tuple[AddedSession, ...]:
    """Add the sessions outside of the window.

    Rows that count sessions do not name them. So there are more of them at each time than sessions in the
    window: a client that counts some of them never gets the right sum because it misses others.
    """
    times = 1 if target.endpoint.count_field is None else tenant.world.counts[0] + 1
    added = []
    for seconds in case.neighbors:
        start = window[seconds >= 0] + round(seconds * 1000)
        added += [tenant.world.add(start=start) for _ in range(times)]
    return tuple(added)


def _name_variables(values: Mapping[str, str]) -> dict[str, str]:
    """Return the variables with the values of a case; its id is ``SESSION_MOCK_CASE``."""
    return {
        f"SESSION_MOCK_{('case' if name == 'id' else name).upper()}": text for name, text in values.items()
    }


def _add_placeholders(access: TenantAccess, values: Mapping[str, str]) -> Addresses:
    addresses = Addresses(access)
    addresses.values = {**addresses.values, CASE: values}
    return addresses


def _place_in_time(case: Case, settings: Settings) -> tuple[int, int, int]:
    """Return the start and the end of the world, and the time of a frozen clock."""
    start = parse_instant(case.start, "start")
    end = parse_instant(case.end, "end")
    now = end if case.now is None else parse_instant(case.now, "now")
    if not settings.follows_system:
        return start, end, now
    shift = wall() // _HOUR * _HOUR - end
    return start + shift + 4 * _HOUR, end + shift, now + shift


def _find_window(case: Case, start: int, end: int) -> tuple[int, int]:
    """Return the start and the end of the whole days that a client is given."""
    first, last = start // _DAY * _DAY, -(-end // _DAY) * _DAY
    return (last, first) if case.backwards else (first, last)


def _with_other_host(access: TenantAccess) -> TenantAccess:
    """Return the access with ``localhost`` in all URLs.

    The other host, to which a response leads, is then the address that the client reaches in all other cases.
    The reverse would show nothing about a client for which ``localhost`` is an address on which the server
    does not listen: it would fail, as if it had refused to follow.
    """

    def rename(url: str) -> str:
        parts = urlsplit(url)
        return urlunsplit(parts._replace(netloc=f"{_LOCALHOST}:{parts.port}"))

    vendors = {name: replace(vendor, url=rename(vendor.url)) for name, vendor in access.vendors.items()}
    return replace(access, url=rename(access.url), vendors=vendors)


def _count_sessions(case: Case, settings: Settings) -> int:
    return case.sessions.count(settings.page_size) if isinstance(case.sessions, Size) else case.sessions


def _faults(case: Case, target: Target, elsewhere: str) -> list[dict[str, Any]]:
    """Return the faults of a case; without pages, conditions on later pages are left out."""
    scope = {"vendor": target.vendor.name, "endpoint": target.endpoint.name}
    faults = [{**fault, **scope} for fault in case.faults]
    if not target.has_pages:
        faults = [{name: value for name, value in fault.items() if name != "page"} for fault in faults]
    for fault in faults:
        if "headers" in fault:
            headers = fault["headers"].items()
            fault["headers"] = {name: text.replace(ELSEWHERE, elsewhere) for name, text in headers}
    if case.ended_after is not None:
        faults.append({"kind": "stall", "page": case.ended_after + 1, "times": 1, **scope})
    return faults


def _limit_behaviors(case: Case, target: Target) -> dict[str, str | int]:
    """Return behaviors that let a limit name the time of a retry."""
    limits = target.limits(RateLimit) if case.rate else []
    return {limit.retry_after: "seconds" for limit in limits if limit.retry_after is not None}


def _describe_window(start: int, end: int) -> dict[str, str]:
    """Return the ends of a window as instants, as Unix seconds and as its first and last day."""
    first = datetime.fromtimestamp(start / 1000, UTC)
    last = datetime.fromtimestamp(end / 1000, UTC) - timedelta(milliseconds=1)
    return {
        "start": format_instant(start),
        "end": format_instant(end),
        "start_unix": str(start // 1000),
        "end_unix": str(end // 1000),
        "start_date": first.date().isoformat(),
        "end_date": last.date().isoformat(),
        "days": str((last.date() - first.date()).days + 1),
    }


def _with_credential(access: VendorAccess, credential: str) -> VendorAccess:
    """Return the access with another credential: ``wrong``, ``missing``, or the same if it is ``valid``."""
    if credential == "valid":
        return access
    other = "" if credential == "missing" else _WRONG
    secrets = [value for value in access.credentials.values() if value not in access.sites]

    def change(fields: Mapping[str, str]) -> dict[str, str]:
        changed = dict(fields)
        for name in fields:
            for secret in secrets:
                changed[name] = changed[name].replace(secret, other)
        return changed

    return replace(
        access,
        credentials=change(access.credentials),
        headers=change(access.headers),
        body=change(access.body),
    )
