"""The admin API as methods."""

from collections.abc import Generator, Mapping, Sequence
from datetime import timedelta
from types import TracebackType
from typing import Any, Final, Literal, Self, SupportsFloat
from urllib.parse import quote, urlencode

from mockserver.admin_schemas import (
    Advance,
    ClockChange,
    ClockState,
    Count,
    Dialect,
    ExpectedRowsQuery,
    FaultKinds,
    FindingSummary,
    Follow,
    Freeze,
    Health,
    Instant,
    JournalPage,
    LimitChange,
    LimitState,
    Reset,
    Scale,
    SetTo,
    TenantAccess,
    TraceQuery,
    Verification,
    Version,
    WorldTotals,
)
from mockserver.client.http_transport import LINES, Connection, NotPicklable, Transport, is_refusal
from mockserver.client.plain_values import plain

__tracebackhide__ = is_refusal
DEFAULT_URL: Final = "http://127.0.0.1:8080"
DEFAULT_TENANT: Final = "default"
_MEDIA: Final = {"har": "application/json", "ndjson": LINES}
Filter = str | int | bool | None
Fault = dict[str, Any]


class AdminClient(NotPicklable):
    """Steers and watches a running server; threads may share one.

    Every method raises :class:`~mockserver.client.AdminError` where the server refuses, or does not answer.
    """

    def __init__(
        self,
        url: str = DEFAULT_URL,
        token: str | None = None,
        *,
        timeout: float = 60,
        transport: Transport | None = None,
    ) -> None:
        """Speak HTTP to a URL, or, with a transport, whatever that speaks."""
        self._at: Transport = transport or Connection(url, token, timeout)

    @property
    def url(self) -> str:
        """Where the server is."""
        return self._at.url

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the sockets that are kept; the next request opens one again."""
        self._at.close()

    def health(self) -> Health:
        """Whether the server answers."""
        return self._at.ask("GET", "/health", Health)

    def version(self) -> Version:
        """Which session-mock it is."""
        return self._at.ask("GET", "/version", Version)

    def openapi(self) -> dict[str, Any]:
        """The admin API as OpenAPI 3.1."""
        return self._at.ask("GET", "/openapi.json", dict[str, Any])

    def tenants(self) -> list[TenantAccess]:
        """All tenants."""
        return self._at.ask("GET", "/tenants", list[TenantAccess])

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
        stall_timeout: float | None = None,
        loop_limit: int | None = None,
    ) -> TenantAccess:
        """Create a tenant; without arguments, one with the default world and a name that is made up."""
        asked = {
            "name": name,
            "profile": profile,
            "world": world,
            "now": now,
            "clock": clock,
            "dialect": dialect,
            "behaviors": behaviors,
            "credentials": credentials,
            "stall_timeout": stall_timeout,
            "loop_limit": loop_limit,
        }
        given = {field: value for field, value in asked.items() if value is not None}
        return self._at.ask("POST", "/tenants", TenantAccess, {**given, "faults": list(faults)})

    def tenant(self, tenant: str = DEFAULT_TENANT) -> TenantAccess:
        """What clients need to know of a tenant."""
        return self._at.ask("GET", _of(tenant), TenantAccess)

    def delete_tenant(self, tenant: str) -> None:
        """Serve a tenant no longer; the default one is served as long as its server is."""
        self._at.ask("DELETE", _of(tenant), type(None))

    def reset(self, tenant: str = DEFAULT_TENANT) -> None:
        """Make a tenant be as at first."""
        self._at.ask("POST", _of(tenant) + "/reset", type(None))

    def world(self, tenant: str = DEFAULT_TENANT) -> WorldTotals:
        """A tenant's world, and what is visible of it now."""
        return self._at.ask("GET", _of(tenant) + "/world", WorldTotals)

    def replace_world(
        self, tenant: str = DEFAULT_TENANT, *, profile: str = "default", **fields: Any
    ) -> WorldTotals:
        """Put a tenant into another world: a profile, and fields of its spec that differ from it."""
        return self._at.ask("PUT", _of(tenant) + "/world", WorldTotals, {"profile": profile, **fields})

    def clock(self, tenant: str = DEFAULT_TENANT) -> ClockState:
        """What time it is for a tenant."""
        return self._at.ask("GET", _of(tenant) + "/clock", ClockState)

    def turn(self, change: ClockChange, tenant: str = DEFAULT_TENANT) -> ClockState:
        """Change a tenant's clock in any way."""
        return self._at.ask("PUT", _of(tenant) + "/clock", ClockState, change)

    def freeze(self, now: Instant | None = None, tenant: str = DEFAULT_TENANT) -> ClockState:
        """Let a clock stand still, at an instant or where it is."""
        return self.turn(Freeze(now=now), tenant)

    def set_clock(self, now: Instant, tenant: str = DEFAULT_TENANT) -> ClockState:
        """Set a clock to an instant; it stands or runs as before."""
        return self.turn(SetTo(now=now), tenant)

    def advance(self, seconds: SupportsFloat | str | timedelta, tenant: str = DEFAULT_TENANT) -> ClockState:
        """Advance a clock by a number of seconds, a ``timedelta``, or a text such as ``1h``; it stands or runs as before."""
        return self.turn(Advance(seconds=plain(seconds, "seconds")), tenant)

    def scale(self, rate: SupportsFloat, tenant: str = DEFAULT_TENANT) -> ClockState:
        """Let a clock run at a rate: 60 is an hour a minute."""
        return self.turn(Scale(rate=plain(rate, "rate")), tenant)

    def follow(self, tenant: str = DEFAULT_TENANT) -> ClockState:
        """Let a clock be the system's."""
        return self.turn(Follow(), tenant)

    def reset_clock(self, tenant: str = DEFAULT_TENANT) -> ClockState:
        """Let a clock be as at first."""
        return self.turn(Reset(), tenant)

    def fault_kinds(self) -> FaultKinds:
        """What faults there are."""
        return self._at.ask("GET", "/faults", FaultKinds)

    def faults(self, tenant: str = DEFAULT_TENANT) -> list[Fault]:
        """A tenant's faults, with what has come of each."""
        return self._at.ask("GET", _of(tenant) + "/faults", list[Fault])

    def fault(self, number: int | str, tenant: str = DEFAULT_TENANT) -> Fault:
        """One fault."""
        return self._at.ask("GET", f"{_of(tenant)}/faults/{_quoted(number)}", Fault)

    def add_faults(self, *faults: Mapping[str, Any], tenant: str = DEFAULT_TENANT) -> list[Fault]:
        """Add faults, all or none."""
        return self._at.ask("POST", _of(tenant) + "/faults", list[Fault], list(faults))

    def remove_faults(self, number: int | str | None = None, tenant: str = DEFAULT_TENANT) -> None:
        """Remove a fault, or all."""
        self._at.ask(
            "DELETE", f"{_of(tenant)}/faults" + ("" if number is None else f"/{_quoted(number)}"), type(None)
        )

    def limits(self, tenant: str = DEFAULT_TENANT) -> list[LimitState]:
        """A tenant's limits, and how much of each is used."""
        return self._at.ask("GET", _of(tenant) + "/limits", list[LimitState])

    def change_limits(
        self, changes: Mapping[str, LimitChange | Mapping[str, Any]], tenant: str = DEFAULT_TENANT
    ) -> list[LimitState]:
        """Change limits by name, all or none."""
        return self._at.ask("PATCH", _of(tenant) + "/limits", list[LimitState], changes)

    def behaviors(self, tenant: str = DEFAULT_TENANT) -> dict[str, str | int]:
        """The setting of every behavior."""
        return self._at.ask("GET", _of(tenant) + "/behaviors", dict[str, str | int])

    def set_behaviors(
        self, behaviors: Mapping[str, str | int], tenant: str = DEFAULT_TENANT
    ) -> dict[str, str | int]:
        """Change behaviors, all or none."""
        return self._at.ask("PATCH", _of(tenant) + "/behaviors", dict[str, str | int], behaviors)

    def journal(self, tenant: str | None = DEFAULT_TENANT, **filters: Filter) -> JournalPage:
        """A page of a tenant's journal, or, for no tenant, of the exchanges that are nobody's."""
        return self._at.ask("GET", _journal(tenant) + _query(filters), JournalPage)

    def export(
        self, form: Literal["har", "ndjson"], tenant: str | None = DEFAULT_TENANT, **filters: Filter
    ) -> bytes:
        """A journal as an HTTP Archive, or as lines of JSON."""
        return self._at.whole(_journal(tenant) + _query({**filters, "format": form}), _MEDIA[form])

    def exchange(self, number: int, tenant: str = DEFAULT_TENANT) -> dict[str, Any]:
        """One exchange."""
        return self._at.ask("GET", f"{_journal(tenant)}/{number}", dict[str, Any])

    def count(self, tenant: str = DEFAULT_TENANT, **filters: Filter) -> int:
        """How many exchanges the filters let through."""
        return self._at.ask("GET", f"{_journal(tenant)}/count{_query(filters)}", Count).count

    def findings(self, tenant: str = DEFAULT_TENANT, **filters: Filter) -> list[FindingSummary]:
        """What a careful reviewer would say of a tenant's exchanges."""
        return self._at.ask("GET", f"{_journal(tenant)}/findings{_query(filters)}", list[FindingSummary])

    def verify(self, tenant: str = DEFAULT_TENANT) -> Verification:
        """What is to be said of all that a tenant's clients did."""
        return self._at.ask("GET", _of(tenant) + "/verification", Verification)

    def trace(
        self, vendor: str, endpoint: str, rows: Sequence[Mapping[str, Any]], tenant: str = DEFAULT_TENANT
    ) -> list[list[int]]:
        """For each row of an endpoint the numbers of the exchanges that carried it."""
        wanted = TraceQuery(vendor=vendor, endpoint=endpoint, rows=[dict(row) for row in rows])
        return self._at.ask("POST", _journal(tenant) + "/trace", list[list[int]], wanted)

    def session(
        self,
        index: int | None = None,
        *,
        number: int | None = None,
        site: int = 0,
        tenant: str = DEFAULT_TENANT,
    ) -> dict[str, Any]:
        """A session in the world's own words: by its place, 0 for the oldest and -1 for the newest, or by its number."""
        given: dict[str, Filter] = {"index": index, "number": number, "site": site}
        return self._at.ask("GET", f"{_of(tenant)}/world/session{_query(given)}", dict[str, Any])

    def clear_journal(self, tenant: str = DEFAULT_TENANT) -> None:
        """Forget a tenant's exchanges."""
        self._at.ask("DELETE", _journal(tenant), type(None))

    def expected_rows(
        self,
        vendor: str,
        endpoint: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        site: int | str = 0,
        labels: bool = False,
        tenant: str = DEFAULT_TENANT,
    ) -> Generator[Any]:
        """Yield every row that a correct client of an endpoint must end up with, as it comes; by default, of all there is."""
        wanted = ExpectedRowsQuery(
            vendor=vendor, endpoint=endpoint, site=site, labels=labels, parameters=dict(parameters or {})
        )
        return self._at.lines(_of(tenant) + "/expected", wanted)


def _of(tenant: str) -> str:
    return f"/tenants/{_quoted(tenant)}"


def _journal(tenant: str | None) -> str:
    return "/journal" if tenant is None else _of(tenant) + "/journal"


def _quoted(word: object) -> str:
    return quote(str(plain(word)), safe="")


def _query(fields: Mapping[str, Filter]) -> str:
    given = {name: plain(value, name) for name, value in fields.items() if value is not None}
    told = {name: str(value).lower() if isinstance(value, bool) else value for name, value in given.items()}
    return "?" + urlencode(told) if told else ""
