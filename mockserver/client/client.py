"""A client of the admin API, with a method for each route."""

from collections.abc import Generator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final, Literal, Self, SupportsFloat
from urllib.parse import quote, urlencode

from mockserver.admin_schemas.base import Instant
from mockserver.admin_schemas.clocks import (
    AdvanceClock,
    ClockChange,
    ClockState,
    FreezeClock,
    ResetClock,
    SetClock,
    SetClockRate,
    UseSystemTime,
)
from mockserver.admin_schemas.expected import BegunList, Coverage, ExpectedRowsQuery, TraceQuery
from mockserver.admin_schemas.faults import FaultKinds
from mockserver.admin_schemas.journals import Count, FindingSummary, JournalPage, Verification
from mockserver.admin_schemas.limits import LimitChange, LimitState
from mockserver.admin_schemas.server import Health, Version
from mockserver.admin_schemas.tenants import Dialect, TenantAccess
from mockserver.admin_schemas.worlds import AddedSession, WorldTotals
from mockserver.client.fault_files import inline_file
from mockserver.client.http_transport import LINES, PEM, Connection, NotPicklable, Transport, is_admin_error
from mockserver.client.plain_values import to_plain

__tracebackhide__ = is_admin_error
DEFAULT_URL: Final = "http://127.0.0.1:8080"
DEFAULT_TENANT: Final = "default"
_MEDIA: Final = {"har": "application/json", "ndjson": LINES}
InstantLike = Instant | datetime
"""ISO 8601 text (UTC unless it has an offset), Unix milliseconds, or a datetime with a time zone."""
Filter = str | int | bool | None
Fault = dict[str, Any]


class AdminClient(NotPicklable):
    """Controls and inspects a running server; threads may share a client.

    Every method raises :class:`~mockserver.client.AdminError` if the server rejects the request or does not
    respond. *tenant* is a tenant's id. *filters* select exchanges: ``vendor``, ``endpoint``, ``status``,
    ``error``, ``finding``, ``triggered`` (kind or id of a fault), ``no_endpoint``, ``after``, ``limit`` and
    ``offset``. Journals also take ``results=True``, which adds the rows, the total and the next page of
    lists, and ``bodies=True`` for whole bodies of responses.
    """

    def __init__(
        self,
        url: str = DEFAULT_URL,
        token: str | None = None,
        *,
        timeout: float = 60,
        transport: Transport | None = None,
    ) -> None:
        """Connect to the server at *url*, or send requests through *transport*; *timeout* is in seconds."""
        self._transport: Transport = transport or Connection(url, token, timeout)

    @property
    def url(self) -> str:
        """The URL of the server."""
        return self._transport.url

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close idle connections; the next request opens a new one."""
        self._transport.close()

    def health(self) -> Health:
        """Check that the server responds."""
        return self._transport.request("GET", "/health", Health)

    def version(self) -> Version:
        """Return the version of the server."""
        return self._transport.request("GET", "/version", Version)

    def ca_pem(self) -> bytes:
        """Return the certificate of the authority that a server with https or a proxy has created."""
        return self._transport.get_bytes("/ca.pem", PEM)

    def start_tls(self) -> None:
        """Let a server of this process accept https, unless it does so; other servers must do so already."""
        self._transport.start_tls()

    def openapi(self) -> dict[str, Any]:
        """Return the admin API as OpenAPI 3.1."""
        return self._transport.request("GET", "/openapi.json", dict[str, Any])

    def tenants(self) -> list[TenantAccess]:
        """List all tenants."""
        return self._transport.request("GET", "/tenants", list[TenantAccess])

    def create_tenant(
        self,
        name: str | None = None,
        *,
        profile: str = "default",
        world: Mapping[str, Any] | None = None,
        now: Instant | None = None,
        clock: ClockChange | None = None,
        dialect: Dialect | None = None,
        behaviors: Mapping[str, str | int] | None = None,
        credentials: Mapping[str, str] | None = None,
        faults: Sequence[Fault] = (),
        limits: Mapping[str, LimitChange | Mapping[str, Any]] | None = None,
        stall_timeout: float | None = None,
        loop_limit: int | None = None,
        one_client: bool | None = None,
    ) -> TenantAccess:
        """Create a tenant; without arguments it has the default world and a generated name."""
        settings = {
            "name": name,
            "profile": profile,
            "world": world,
            "now": now,
            "clock": clock,
            "dialect": dialect,
            "behaviors": behaviors,
            "credentials": credentials,
            "limits": limits,
            "stall_timeout": stall_timeout,
            "loop_limit": loop_limit,
            "one_client": one_client,
        }
        body: dict[str, Any] = {field: value for field, value in settings.items() if value is not None}
        body["faults"] = [*map(inline_file, faults)]
        return self._transport.request("POST", "/tenants", TenantAccess, body)

    def tenant(self, tenant: str = DEFAULT_TENANT) -> TenantAccess:
        """Return URLs, credentials, sites and segments of a tenant."""
        return self._transport.request("GET", _tenant_path(tenant), TenantAccess)

    def delete_tenant(self, tenant: str) -> None:
        """Delete a tenant; the default tenant cannot be deleted."""
        self._transport.request("DELETE", _tenant_path(tenant), type(None))

    def snapshot(self, tenant: str = DEFAULT_TENANT) -> dict[str, Any]:
        """Return the complete state of a tenant: ``SessionMock(restore=…)`` continues with the same bytes."""
        return self._transport.request("GET", _tenant_path(tenant) + "/snapshot", dict[str, Any])

    def reset_tenant(self, tenant: str = DEFAULT_TENANT) -> None:
        """Reset a tenant to its initial state, without faults and with an empty journal."""
        self._transport.request("POST", _tenant_path(tenant) + "/reset", type(None))

    def world(self, tenant: str = DEFAULT_TENANT) -> WorldTotals:
        """Return the spec of a tenant's world and the number of sessions that have started."""
        return self._transport.request("GET", _tenant_path(tenant) + "/world", WorldTotals)

    def replace_world(
        self, tenant: str = DEFAULT_TENANT, *, profile: str = "default", **fields: Any
    ) -> WorldTotals:
        """Replace a tenant's world by a profile with some fields overridden; the seed stays unless given."""
        body = {"profile": profile, **fields}
        return self._transport.request("PUT", _tenant_path(tenant) + "/world", WorldTotals, body)

    def add_session(self, *, start: InstantLike, tenant: str = DEFAULT_TENANT, **fields: Any) -> AddedSession:
        """Add a session to a tenant's world; *fields* are those of ``POST …/world/sessions``."""
        body = to_plain({"start": start, **fields})
        path = _tenant_path(tenant) + "/world/sessions"
        return self._transport.request("POST", path, AddedSession, body)

    def clock(self, tenant: str = DEFAULT_TENANT) -> ClockState:
        """Return the time and the mode of a tenant's clock."""
        return self._transport.request("GET", _tenant_path(tenant) + "/clock", ClockState)

    def update_clock(self, change: ClockChange, tenant: str = DEFAULT_TENANT) -> ClockState:
        """Apply a change to a tenant's clock; the methods below do it for each kind of change."""
        return self._transport.request("PUT", _tenant_path(tenant) + "/clock", ClockState, change)

    def freeze_clock(self, now: InstantLike | None = None, tenant: str = DEFAULT_TENANT) -> ClockState:
        """Freeze a clock at an instant, by default at its current time."""
        return self.update_clock(FreezeClock(now=to_plain(now, "now")), tenant)

    def set_clock(self, now: InstantLike, tenant: str = DEFAULT_TENANT) -> ClockState:
        """Set a clock to an instant; it stays frozen or keeps running."""
        return self.update_clock(SetClock(now=to_plain(now, "now")), tenant)

    def advance_clock(
        self, seconds: SupportsFloat | str | timedelta, tenant: str = DEFAULT_TENANT
    ) -> ClockState:
        """Move a clock forward by a number of seconds, a ``timedelta`` or a text such as ``1h``."""
        return self.update_clock(AdvanceClock(seconds=to_plain(seconds, "seconds")), tenant)

    def set_clock_rate(self, rate: SupportsFloat, tenant: str = DEFAULT_TENANT) -> ClockState:
        """Let a clock run *rate* times as fast as real time: 60 is one hour per minute."""
        return self.update_clock(SetClockRate(rate=to_plain(rate, "rate")), tenant)

    def use_system_time(self, tenant: str = DEFAULT_TENANT) -> ClockState:
        """Let a clock follow the time of the server's computer."""
        return self.update_clock(UseSystemTime(), tenant)

    def reset_clock(self, tenant: str = DEFAULT_TENANT) -> ClockState:
        """Reset a clock to its initial state."""
        return self.update_clock(ResetClock(), tenant)

    def fault_kinds(self) -> FaultKinds:
        """List the kinds of faults with their arguments."""
        return self._transport.request("GET", "/faults", FaultKinds)

    def faults(self, tenant: str = DEFAULT_TENANT) -> list[Fault]:
        """List a tenant's faults with their counters."""
        return self._transport.request("GET", _tenant_path(tenant) + "/faults", list[Fault])

    def fault(self, number: int | str, tenant: str = DEFAULT_TENANT) -> Fault:
        """Return one fault with its counters."""
        return self._transport.request("GET", f"{_tenant_path(tenant)}/faults/{_quote(number)}", Fault)

    def add_faults(self, *faults: Mapping[str, Any], tenant: str = DEFAULT_TENANT) -> list[Fault]:
        """Add faults; if one is invalid, none is added. Files that they name are read here."""
        body = [*map(inline_file, faults)]
        return self._transport.request("POST", _tenant_path(tenant) + "/faults", list[Fault], body)

    def remove_faults(self, number: int | str | None = None, tenant: str = DEFAULT_TENANT) -> None:
        """Remove one fault, or all if *number* is None."""
        path = f"{_tenant_path(tenant)}/faults" + ("" if number is None else f"/{_quote(number)}")
        self._transport.request("DELETE", path, type(None))

    def limits(self, tenant: str = DEFAULT_TENANT) -> list[LimitState]:
        """List a tenant's limits and how much of each is used."""
        return self._transport.request("GET", _tenant_path(tenant) + "/limits", list[LimitState])

    def update_limits(
        self, changes: Mapping[str, LimitChange | Mapping[str, Any]], tenant: str = DEFAULT_TENANT
    ) -> list[LimitState]:
        """Change limits by name; if one change is invalid, none is made."""
        return self._transport.request("PATCH", _tenant_path(tenant) + "/limits", list[LimitState], changes)

    def behaviors(self, tenant: str = DEFAULT_TENANT) -> dict[str, str | int]:
        """Return the value of each behavior."""
        return self._transport.request("GET", _tenant_path(tenant) + "/behaviors", dict[str, str | int])

    def set_behaviors(
        self, behaviors: Mapping[str, str | int], tenant: str = DEFAULT_TENANT
    ) -> dict[str, str | int]:
        """Set behaviors by name and return all; if one is invalid, none is set."""
        path = _tenant_path(tenant) + "/behaviors"
        return self._transport.request("PATCH", path, dict[str, str | int], behaviors)

    def journal(self, tenant: str | None = DEFAULT_TENANT, **filters: Filter) -> JournalPage:
        """Return a page of a tenant's journal, or of the unmatched exchanges of no tenant if it is None."""
        return self._transport.request("GET", _journal_path(tenant) + _query(filters), JournalPage)

    def export_journal(
        self, form: Literal["har", "ndjson"], tenant: str | None = DEFAULT_TENANT, **filters: Filter
    ) -> bytes:
        """Return a journal as an HTTP Archive or as lines of JSON; without *filters*, all exchanges."""
        path = _journal_path(tenant) + _query({**filters, "format": form})
        return self._transport.get_bytes(path, _MEDIA[form])

    def exchange(self, number: int, tenant: str = DEFAULT_TENANT) -> dict[str, Any]:
        """Return one exchange."""
        return self._transport.request("GET", f"{_journal_path(tenant)}/{number}", dict[str, Any])

    def count_exchanges(self, tenant: str = DEFAULT_TENANT, **filters: Filter) -> int:
        """Count the exchanges that pass the filters."""
        return self._transport.request("GET", f"{_journal_path(tenant)}/count{_query(filters)}", Count).count

    def findings(self, tenant: str = DEFAULT_TENANT, **filters: Filter) -> list[FindingSummary]:
        """List the findings in a tenant's exchanges."""
        path = f"{_journal_path(tenant)}/findings{_query(filters)}"
        return self._transport.request("GET", path, list[FindingSummary])

    def verify(self, tenant: str = DEFAULT_TENANT) -> Verification:
        """Return everything that is wrong with a tenant's exchanges."""
        return self._transport.request("GET", _tenant_path(tenant) + "/verification", Verification)

    def trace(
        self, vendor: str, endpoint: str, rows: Sequence[Mapping[str, Any]], tenant: str = DEFAULT_TENANT
    ) -> list[list[int]]:
        """Return for each row of an endpoint the numbers of the exchanges that returned it."""
        query = TraceQuery(vendor=vendor, endpoint=endpoint, rows=[dict(row) for row in rows])
        return self._transport.request("POST", _journal_path(tenant) + "/trace", list[list[int]], query)

    def coverage(
        self, vendor: str, endpoint: str, *, begun: int | None = None, tenant: str = DEFAULT_TENANT
    ) -> Coverage:
        """Return which rows of a list were on whole responses, by default of the list that was begun last.

        *begun* is the number of the exchange with the first page of another list.
        """
        query = _query({"vendor": vendor, "endpoint": endpoint, "begun": begun})
        return self._transport.request("GET", f"{_tenant_path(tenant)}/coverage{query}", Coverage)

    def session(
        self,
        index: int | None = None,
        *,
        number: int | None = None,
        site: int = 0,
        tenant: str = DEFAULT_TENANT,
    ) -> dict[str, Any]:
        """Return the raw data of a session, by index (0 is the oldest, -1 the newest) or by number."""
        query = _query({"index": index, "number": number, "site": site})
        return self._transport.request("GET", f"{_tenant_path(tenant)}/world/session{query}", dict[str, Any])

    def clear_journal(self, tenant: str | None = DEFAULT_TENANT) -> None:
        """Delete all exchanges of a tenant's journal, or the unmatched ones of no tenant if it is None."""
        self._transport.request("DELETE", _journal_path(tenant), type(None))

    def expected_rows(
        self,
        vendor: str,
        endpoint: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        site: int | str = 0,
        labels: bool = False,
        any_time: bool = False,
        tenant: str = DEFAULT_TENANT,
    ) -> Generator[Any]:
        """Yield the rows that a correct client of an endpoint collects; without *parameters*, all of a site.

        Missing parameters have the vendor's defaults, at the moment at which the client began the list. With
        *any_time* the rows are those of every time.
        With *labels* each item is a dict with ``row`` and its ``label``: required, optional or forbidden.
        """
        query = ExpectedRowsQuery(
            vendor=vendor,
            endpoint=endpoint,
            site=site,
            labels=labels,
            parameters=None if parameters is None else dict(parameters),
            any_time=any_time,
        )
        return self._transport.stream_lines(_tenant_path(tenant) + "/expected", query)

    def begun_lists(
        self, vendor: str, endpoint: str, *, site: int | str = 0, tenant: str = DEFAULT_TENANT
    ) -> list[BegunList]:
        """List the lists of an endpoint that clients began since the journal was cleared, oldest first."""
        query = _query({"vendor": vendor, "endpoint": endpoint, "site": site})
        return self._transport.request("GET", f"{_tenant_path(tenant)}/lists{query}", list[BegunList])


@lru_cache(maxsize=64)
def _tenant_path(tenant: str) -> str:
    return f"/tenants/{_quote(tenant)}"


def _journal_path(tenant: str | None) -> str:
    return "/journal" if tenant is None else _tenant_path(tenant) + "/journal"


def _quote(segment: object) -> str:
    return quote(str(to_plain(segment)), safe="")


def _query(fields: Mapping[str, Filter]) -> str:
    given = {name: to_plain(value, name) for name, value in fields.items() if value is not None}
    texts = {name: str(value).lower() if isinstance(value, bool) else value for name, value in given.items()}
    return "?" + urlencode(texts) if texts else ""
