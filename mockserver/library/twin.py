"""The handle of a tenant for coroutines: each call waits in a thread, so that the caller's event loop need not."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self

from mockserver.client.connection import is_refusal
from mockserver.client.sync import Filter
from mockserver.client.twin import in_thread
from mockserver.library.parts import Clock, Faults, Journal, Limits, Moment, World
from mockserver.library.tenant import TenantHandle
from mockserver.library.vendor import VendorHandle
from mockserver.steering import FoundIn, LimitState, Verdict, WorldTotals

__tracebackhide__ = is_refusal


class AsyncClock:
    """The twin of a tenant's clock."""

    def __init__(self, clock: Clock) -> None:
        self._sync = clock

    async def now(self) -> datetime:
        """What time it is for the tenant, in UTC."""
        return await in_thread(lambda: self._sync.now)

    async def freeze(self, now: Moment | None = None) -> datetime:
        """Stand still, at an instant or where it is."""
        return await in_thread(self._sync.freeze, now)

    async def set(self, now: Moment) -> datetime:
        """Be at an instant, and stand or run as before."""
        return await in_thread(self._sync.set, now)

    async def advance(self, by: float | str | timedelta) -> datetime:
        """Be so many seconds later, or a text such as ``1h``."""
        return await in_thread(self._sync.advance, by)

    async def scale(self, rate: float) -> datetime:
        """Run from here on at a rate."""
        return await in_thread(self._sync.scale, rate)

    async def follow(self) -> datetime:
        """Be the system's clock."""
        return await in_thread(self._sync.follow)

    async def reset(self) -> datetime:
        """Be again as at first."""
        return await in_thread(self._sync.reset)


class AsyncFaults:
    """The twin of a tenant's faults."""

    def __init__(self, faults: Faults) -> None:
        self._sync = faults

    async def arm(self, kind: str, **arguments: Any) -> dict[str, Any]:
        """Arm one fault."""
        return await in_thread(lambda: self._sync.arm(kind, **arguments))

    async def disarm(self, number: int | str | None = None) -> None:
        """Disarm a fault by its ``id``, or all."""
        await in_thread(self._sync.disarm, number)

    async def all(self) -> list[dict[str, Any]]:
        """All of them, in the order in which they were armed."""
        return await in_thread(lambda: list(self._sync))


class AsyncLimits:
    """The twin of a tenant's limits."""

    def __init__(self, limits: Limits) -> None:
        self._sync = limits

    async def get(self, name: str) -> LimitState:
        """One of them."""
        return await in_thread(self._sync.__getitem__, name)

    async def all(self) -> list[LimitState]:
        """All of them."""
        return await in_thread(lambda: list(self._sync))

    async def set(self, name: str, **change: Any) -> LimitState:
        """Change a limit."""
        return await in_thread(lambda: self._sync.set(name, **change))


class AsyncJournal:
    """The twin of a tenant's journal."""

    def __init__(self, journal: Journal) -> None:
        self._sync = journal

    async def exchanges(self, **filters: Filter) -> list[dict[str, Any]]:
        """The exchanges for which all filters hold."""
        return await in_thread(lambda: self._sync.exchanges(**filters))

    async def count(self, **filters: Filter) -> int:
        """How many exchanges the filters let through."""
        return await in_thread(lambda: self._sync.count(**filters))

    async def findings(self, **filters: Filter) -> list[FoundIn]:
        """What a careful reviewer would say of them."""
        return await in_thread(lambda: self._sync.findings(**filters))

    async def har(self, **filters: Filter) -> dict[str, Any]:
        """The exchanges as an HTTP Archive."""
        return await in_thread(lambda: self._sync.har(**filters))

    async def clear(self) -> None:
        """Forget all, and count from the beginning."""
        await in_thread(self._sync.clear)


class AsyncWorld:
    """The twin of a tenant's world."""

    def __init__(self, world: World) -> None:
        self._sync = world

    async def totals(self) -> WorldTotals:
        """The spec, and how many sessions of each site have started by now."""
        return await in_thread(lambda: self._sync.totals)

    async def spec(self) -> Mapping[str, Any]:
        """What determines the world, byte for byte."""
        return await in_thread(lambda: self._sync.spec)

    async def counts(self) -> list[int]:
        """How many sessions of people each site has by now."""
        return await in_thread(lambda: self._sync.counts)

    async def session(self, index: int | None = None, *, number: int | None = None, site: int = 0) -> dict[str, Any]:
        """A session in no vendor's words."""
        return await in_thread(lambda: self._sync.session(index, number=number, site=site))


class AsyncTenantHandle:
    """The twin of a tenant's handle."""

    def __init__(self, tenant: TenantHandle) -> None:
        self._sync, self.id, self.url, self.vendors = tenant, tenant.id, tenant.url, tenant.vendors
        self.clock, self.faults, self.limits = AsyncClock(tenant.clock), AsyncFaults(tenant.faults), AsyncLimits(tenant.limits)
        self.journal, self.world = AsyncJournal(tenant.journal), AsyncWorld(tenant.world)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.drop()

    def vendor(self, name: str) -> VendorHandle:
        """What a client of a vendor needs; nothing is asked of the server for it."""
        return self._sync.vendor(name)

    async def choices(self) -> dict[str, str | int]:
        """The setting of every choice."""
        return await in_thread(lambda: dict(self._sync.choices))

    async def choose(self, name: str, value: str | int) -> None:
        """Change a choice."""
        await in_thread(self._sync.choices.__setitem__, name, value)

    async def truth(self, vendor: str, endpoint: str, *, site: int | str = 0, **parameters: Any) -> list[Any]:
        """Every row that a correct client of an endpoint must end up with."""
        return await in_thread(lambda: self._sync.truth(vendor, endpoint, site=site, **parameters))

    async def put_world(self, *, profile: str = "default", **fields: Any) -> None:
        """Live in another world from now on."""
        await in_thread(lambda: self._sync.put_world(profile=profile, **fields))

    async def reset(self) -> None:
        """Be as at first."""
        await in_thread(self._sync.reset)

    async def verdict(self) -> Verdict:
        """What is to be said of all that the tenant's clients did."""
        return await in_thread(self._sync.verdict)

    async def reconcile(
        self,
        rows: Iterable[Any],
        *,
        vendor: str,
        endpoint: str,
        site: int | str = 0,
        fields: Iterable[str] | None = None,
        **parameters: Any,
    ) -> None:
        """Raise ``AssertionError`` where collected rows are not those that the client had to collect."""
        __tracebackhide__ = True
        await in_thread(lambda: self._sync.reconcile(rows, vendor=vendor, endpoint=endpoint, site=site, fields=fields, **parameters))

    async def drop(self) -> None:
        """Be served no longer."""
        await in_thread(self._sync.drop)
