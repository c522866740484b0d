"""The parts of a tenant that can be controlled and inspected; every call asks the server."""

from collections.abc import Iterator, Mapping, MutableMapping
from datetime import datetime, timedelta
from typing import Any, SupportsFloat

from msgspec import json

from mockserver._util.suggest import suggest
from mockserver.admin_schemas.clocks import ClockState
from mockserver.admin_schemas.journals import FindingSummary
from mockserver.admin_schemas.limits import LimitState
from mockserver.admin_schemas.worlds import AddedSession, WorldTotals
from mockserver.client import AdminClient
from mockserver.client.client import Filter, InstantLike
from mockserver.client.http_transport import NotPicklable, is_admin_error
from mockserver.embedded.clock_patch import ClockPatch, follow_clock

__tracebackhide__ = is_admin_error


class Part(NotPicklable):
    """Base class of the parts of a tenant."""

    def __init__(self, client: AdminClient, tenant: str) -> None:
        self._client = client
        self._tenant = tenant


class Clock(Part):
    """A tenant's clock. Every change returns the new time."""

    def patch(self) -> ClockPatch:
        """Return a context manager in which this process's sleeps move the clock instead of waiting.

        They are ``time.sleep``, ``asyncio.sleep`` and ``trio.sleep``. If time-machine is installed,
        ``time.time()`` and ``datetime.now()`` show the tenant's time as well. Only sleeps and
        changes move the clock; afterwards it runs as before. Threads that were already running still wait.
        """
        return ClockPatch(self._client, self._tenant)

    @property
    def now(self) -> datetime:
        """The tenant's current time, in UTC."""
        return _parse_now(self._client.clock(self._tenant))

    def freeze(self, now: InstantLike | None = None) -> datetime:
        """Freeze the clock, at *now* or at its current time."""
        return self._follow(self._client.freeze_clock(now, self._tenant))

    def set(self, now: InstantLike) -> datetime:
        """Set the clock to *now*; it stays frozen or running."""
        return self._follow(self._client.set_clock(now, self._tenant))

    def advance(self, by: SupportsFloat | str | timedelta) -> datetime:
        """Advance by seconds, a ``timedelta`` or a text such as ``1h``; a frozen clock stays frozen."""
        return self._follow(self._client.advance_clock(by, self._tenant))

    def set_rate(self, rate: SupportsFloat) -> datetime:
        """Run at *rate* times real time from now on: at 60, an hour passes in a minute."""
        return self._follow(self._client.set_clock_rate(rate, self._tenant))

    def use_system_time(self) -> datetime:
        """Follow the system's clock."""
        return self._follow(self._client.use_system_time(self._tenant))

    def reset(self) -> datetime:
        """Reset the clock to its initial state."""
        return self._follow(self._client.reset_clock(self._tenant))

    def _follow(self, state: ClockState) -> datetime:
        """Let the patches of this clock follow a change, and return the new time."""
        follow_clock(self._client, self._tenant, state)
        return _parse_now(state)


class Faults(Part):
    """A tenant's faults, each a dict with its ``id``, its arguments and its counters.

    The counters are ``matched``, ``triggered``, ``effective`` and ``remaining``.
    """

    def add(self, kind: str, **arguments: Any) -> dict[str, Any]:
        """Add one fault: ``add("status", status=503, page=3, times=2)``."""
        return self._client.add_faults({"kind": kind, **arguments}, tenant=self._tenant)[0]

    def remove(self, number: int | str | None = None) -> None:
        """Remove the fault with the ``id`` *number*, or all faults."""
        self._client.remove_faults(number, self._tenant)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self._client.faults(self._tenant))


class Limits(Part):
    """A tenant's limits by name."""

    def __getitem__(self, name: str) -> LimitState:
        limits = {limit.name: limit for limit in self}
        if name not in limits:
            raise KeyError(f"unknown limit {name!r}; {suggest(name, limits)}")
        return limits[name]

    def __iter__(self) -> Iterator[LimitState]:
        return iter(self._client.limits(self._tenant))

    def set(self, name: str, **change: Any) -> LimitState:
        """Change ``allowed``, ``enabled``, ``seconds``, ``refill``, ``busy`` or ``hold`` of a limit."""
        limits = self._client.update_limits({name: change}, self._tenant)
        return {limit.name: limit for limit in limits}[name]


class Behaviors(Part, MutableMapping[str, str | int]):
    """A tenant's behaviors by full name: ``behaviors["<vendor>.<behavior>"] = "queue"``."""

    def __getitem__(self, name: str) -> str | int:
        behaviors = self._client.behaviors(self._tenant)
        if name not in behaviors:
            raise KeyError(f"unknown behavior {name!r}; {suggest(name, behaviors)}")
        return behaviors[name]

    def __setitem__(self, name: str, value: str | int) -> None:
        self._client.set_behaviors({name: value}, self._tenant)

    def __delitem__(self, name: str) -> None:
        raise TypeError(f"behavior {name!r} cannot be deleted; set it to another value")

    def __iter__(self) -> Iterator[str]:
        return iter(self._client.behaviors(self._tenant))

    def __len__(self) -> int:
        return len(self._client.behaviors(self._tenant))


class Journal(Part):
    """A tenant's exchanges, oldest first, as dicts without credentials."""

    def exchanges(self, **filters: Filter) -> list[dict[str, Any]]:
        """Return the exchanges that match all filters, which are those of the admin API."""
        exported = self._client.export_journal("ndjson", self._tenant, **filters)
        return [json.decode(line) for line in exported.splitlines()]

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.exchanges())

    def __len__(self) -> int:
        return self.count()

    def count(self, **filters: Filter) -> int:
        """Return the number of exchanges that match the filters."""
        return self._client.count_exchanges(self._tenant, **filters)

    def findings(self, **filters: Filter) -> list[FindingSummary]:
        """Return the findings: defects in how the client used the API."""
        return self._client.findings(self._tenant, **filters)

    def har(self, **filters: Filter) -> dict[str, Any]:
        """Return the exchanges as an HTTP Archive."""
        archive: dict[str, Any] = json.decode(self._client.export_journal("har", self._tenant, **filters))
        return archive

    def clear(self) -> None:
        """Delete all exchanges and restart their numbers at 1."""
        self._client.clear_journal(self._tenant)


class World(Part):
    """A tenant's world: the data that vendors serve."""

    @property
    def totals(self) -> WorldTotals:
        """The spec, and the number of sessions of each site that have started by now."""
        return self._client.world(self._tenant)

    @property
    def spec(self) -> Mapping[str, Any]:
        """The values that determine the world byte for byte."""
        return self.totals.spec

    @property
    def counts(self) -> list[int]:
        """The number of sessions of each site by now, without bots."""
        return [site.sessions for site in self.totals.sites]

    def add(self, *, start: InstantLike, **fields: Any) -> AddedSession:
        """Add a session, and return its ids and rows at each vendor.

        Fields are ``site``, ``end``, ``pages`` (paths), ``events`` (names, or pairs of name and properties),
        ``user_id``, ``anonymous_id``, ``name``, ``email``, ``tags``, ``traits``, ``country``, ``region``,
        ``city``, ``time_zone``, ``language``, ``device``, ``os``, ``os_version``, ``browser``,
        ``browser_version``, ``channel``, ``referrer``, ``utm_source``, ``utm_medium``, ``utm_campaign``,
        ``utm_term``, ``utm_content`` and ``hostname``.
        """
        return self._client.add_session(start=start, tenant=self._tenant, **fields)

    def session(
        self, index: int | None = None, *, number: int | None = None, site: int = 0
    ) -> dict[str, Any]:
        """Return a session's raw data by *index* (0: oldest, -1: newest) or by *number* in the world."""
        return self._client.session(index, number=number, site=site, tenant=self._tenant)


def _parse_now(state: ClockState) -> datetime:
    return datetime.fromisoformat(state.now)
