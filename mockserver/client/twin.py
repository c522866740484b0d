"""The admin API as coroutines: each waits in a thread, so that the event loop need not."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from types import TracebackType
from typing import Any, Final, Literal, ParamSpec, Self, TypeVar

from mockserver.client.connection import AdminError, is_refusal
from mockserver.client.sync import DEFAULT_TENANT, DEFAULT_URL, AdminClient, Fault, Filter
from mockserver.steering import (
    ClockChange,
    ClockState,
    Dialect,
    FaultKinds,
    FoundIn,
    Health,
    Instant,
    JournalPage,
    LimitChange,
    LimitState,
    TenantAccess,
    Verdict,
    Version,
    WorldTotals,
)

__tracebackhide__ = is_refusal
P = ParamSpec("P")
T = TypeVar("T")
_ROWS: Final = 500


async def in_thread(call: Callable[P, T], *args: P.args, **named: P.kwargs) -> T:
    """Call a function in a thread; what the server refuses, and what is asserted, is told without the way through the thread."""
    __tracebackhide__ = True
    from asyncio import to_thread  # noqa: PLC0415 -- start-up is felt by those who do not wait

    try:
        return await to_thread(call, *args, **named)
    except (AdminError, AssertionError) as error:
        raise error.with_traceback(None) from None


class AsyncAdminClient:
    """Steers and watches a running server from coroutines; the twin of :class:`~mockserver.client.AdminClient`."""

    def __init__(self, url: str = DEFAULT_URL, token: str | None = None, *, timeout: float = 60) -> None:
        self._sync = AdminClient(url, token, timeout=timeout)

    @property
    def url(self) -> str:
        """Where the server is."""
        return self._sync.url

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the sockets that are kept; the next request opens one again."""
        self._sync.close()

    async def health(self) -> Health:
        """Whether the server answers."""
        return await in_thread(self._sync.health)

    async def version(self) -> Version:
        """Which session-mock it is."""
        return await in_thread(self._sync.version)

    async def openapi(self) -> dict[str, Any]:
        """The admin API as OpenAPI 3.1."""
        return await in_thread(self._sync.openapi)

    async def tenants(self) -> list[TenantAccess]:
        """All tenants."""
        return await in_thread(self._sync.tenants)

    async def mint(
        self,
        name: str | None = None,
        *,
        profile: str = "default",
        world: Mapping[str, Any] | None = None,
        now: Instant | None = None,
        clock: ClockChange | None = None,
        dialect: Dialect | None = None,
        choices: Mapping[str, str | int] | None = None,
        credentials: Mapping[str, str] | None = None,
        faults: Sequence[Fault] = (),
        stall_timeout: float | None = None,
        loop_limit: int | None = None,
    ) -> TenantAccess:
        """Mint a tenant; without arguments, one with the default world and a name that is made up."""
        return await in_thread(
            self._sync.mint,
            name,
            profile=profile,
            world=world,
            now=now,
            clock=clock,
            dialect=dialect,
            choices=choices,
            credentials=credentials,
            faults=faults,
            stall_timeout=stall_timeout,
            loop_limit=loop_limit,
        )

    async def tenant(self, tenant: str = DEFAULT_TENANT) -> TenantAccess:
        """What clients need to know of a tenant."""
        return await in_thread(self._sync.tenant, tenant)

    async def drop(self, tenant: str) -> None:
        """Serve a tenant no longer; the default one is served as long as its server is."""
        await in_thread(self._sync.drop, tenant)

    async def reset(self, tenant: str = DEFAULT_TENANT) -> None:
        """Make a tenant be as at first."""
        await in_thread(self._sync.reset, tenant)

    async def world(self, tenant: str = DEFAULT_TENANT) -> WorldTotals:
        """A tenant's world, and what is visible of it now."""
        return await in_thread(self._sync.world, tenant)

    async def put_world(self, tenant: str = DEFAULT_TENANT, *, profile: str = "default", **fields: Any) -> WorldTotals:
        """Put a tenant into another world: a profile, and fields of its spec that differ from it."""
        return await in_thread(self._sync.put_world, tenant, profile=profile, **fields)

    async def clock(self, tenant: str = DEFAULT_TENANT) -> ClockState:
        """What time it is for a tenant."""
        return await in_thread(self._sync.clock, tenant)

    async def turn(self, change: ClockChange, tenant: str = DEFAULT_TENANT) -> ClockState:
        """Change a tenant's clock in any way."""
        return await in_thread(self._sync.turn, change, tenant)

    async def freeze(self, now: Instant | None = None, tenant: str = DEFAULT_TENANT) -> ClockState:
        """Let a clock stand still, at an instant or where it is."""
        return await in_thread(self._sync.freeze, now, tenant)

    async def set_clock(self, now: Instant, tenant: str = DEFAULT_TENANT) -> ClockState:
        """Set a clock to an instant; it stands or runs as before."""
        return await in_thread(self._sync.set_clock, now, tenant)

    async def advance(self, seconds: float | str, tenant: str = DEFAULT_TENANT) -> ClockState:
        """Advance a clock by seconds, or by a text such as ``1h``; it stands or runs as before."""
        return await in_thread(self._sync.advance, seconds, tenant)

    async def scale(self, rate: float, tenant: str = DEFAULT_TENANT) -> ClockState:
        """Let a clock run at a rate: 60 is an hour a minute."""
        return await in_thread(self._sync.scale, rate, tenant)

    async def follow(self, tenant: str = DEFAULT_TENANT) -> ClockState:
        """Let a clock be the system's."""
        return await in_thread(self._sync.follow, tenant)

    async def reset_clock(self, tenant: str = DEFAULT_TENANT) -> ClockState:
        """Let a clock be as at first."""
        return await in_thread(self._sync.reset_clock, tenant)

    async def fault_kinds(self) -> FaultKinds:
        """What faults there are."""
        return await in_thread(self._sync.fault_kinds)

    async def faults(self, tenant: str = DEFAULT_TENANT) -> list[Fault]:
        """A tenant's faults, with what has come of each."""
        return await in_thread(self._sync.faults, tenant)

    async def fault(self, number: int | str, tenant: str = DEFAULT_TENANT) -> Fault:
        """One fault."""
        return await in_thread(self._sync.fault, number, tenant)

    async def arm(self, *faults: Mapping[str, Any], tenant: str = DEFAULT_TENANT) -> list[Fault]:
        """Arm faults, all or none."""
        return await in_thread(self._sync.arm, *faults, tenant=tenant)

    async def disarm(self, number: int | str | None = None, tenant: str = DEFAULT_TENANT) -> None:
        """Disarm a fault, or all."""
        await in_thread(self._sync.disarm, number, tenant)

    async def limits(self, tenant: str = DEFAULT_TENANT) -> list[LimitState]:
        """A tenant's limits, and how much of each is used."""
        return await in_thread(self._sync.limits, tenant)

    async def change_limits(self, changes: Mapping[str, LimitChange | Mapping[str, Any]], tenant: str = DEFAULT_TENANT) -> list[LimitState]:
        """Change limits by name, all or none."""
        return await in_thread(self._sync.change_limits, changes, tenant)

    async def choices(self, tenant: str = DEFAULT_TENANT) -> dict[str, str | int]:
        """The setting of every choice."""
        return await in_thread(self._sync.choices, tenant)

    async def choose(self, choices: Mapping[str, str | int], tenant: str = DEFAULT_TENANT) -> dict[str, str | int]:
        """Change choices, all or none."""
        return await in_thread(self._sync.choose, choices, tenant)

    async def journal(self, tenant: str | None = DEFAULT_TENANT, **filters: Filter) -> JournalPage:
        """A page of a tenant's journal, or, for no tenant, of the exchanges that are nobody's."""
        return await in_thread(self._sync.journal, tenant, **filters)

    async def export(self, form: Literal["har", "ndjson"], tenant: str | None = DEFAULT_TENANT, **filters: Filter) -> bytes:
        """A journal as an HTTP Archive, or as lines of JSON."""
        return await in_thread(self._sync.export, form, tenant, **filters)

    async def exchange(self, number: int, tenant: str = DEFAULT_TENANT) -> dict[str, Any]:
        """One exchange."""
        return await in_thread(self._sync.exchange, number, tenant)

    async def count(self, tenant: str = DEFAULT_TENANT, **filters: Filter) -> int:
        """How many exchanges the filters let through."""
        return await in_thread(self._sync.count, tenant, **filters)

    async def findings(self, tenant: str = DEFAULT_TENANT, **filters: Filter) -> list[FoundIn]:
        """What a careful reviewer would say of a tenant's exchanges."""
        return await in_thread(self._sync.findings, tenant, **filters)

    async def verdict(self, tenant: str = DEFAULT_TENANT) -> Verdict:
        """What is to be said of all that a tenant's clients did."""
        return await in_thread(self._sync.verdict, tenant)

    async def carriers(
        self, vendor: str, endpoint: str, rows: Sequence[Mapping[str, Any]], tenant: str = DEFAULT_TENANT
    ) -> list[list[int]]:
        """For each row of an endpoint the numbers of the exchanges that carried it."""
        return await in_thread(self._sync.carriers, vendor, endpoint, rows, tenant)

    async def session(
        self, index: int | None = None, *, number: int | None = None, site: int = 0, tenant: str = DEFAULT_TENANT
    ) -> dict[str, Any]:
        """A session in the world's own words: by its place, 0 for the oldest and -1 for the newest, or by its number."""
        return await in_thread(self._sync.session, index, number=number, site=site, tenant=tenant)

    async def clear_journal(self, tenant: str = DEFAULT_TENANT) -> None:
        """Forget a tenant's exchanges."""
        await in_thread(self._sync.clear_journal, tenant)

    async def truth(
        self,
        vendor: str,
        endpoint: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        site: int | str = 0,
        verdicts: bool = False,
        tenant: str = DEFAULT_TENANT,
    ) -> AsyncGenerator[Any]:
        """Yield every row that a correct client of an endpoint must end up with, as it comes; by default, of all there is."""
        found = self._sync.truth(vendor, endpoint, parameters, site=site, verdicts=verdicts, tenant=tenant)
        try:
            while rows := await in_thread(lambda: list(islice(found, _ROWS))):
                for row in rows:
                    yield row
        finally:
            with suppress(ValueError):  # A thread waits for a row still: the last to hold the rows closes them.
                found.close()
