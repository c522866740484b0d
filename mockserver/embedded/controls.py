"""What of a tenant can be steered and watched, part by part. Everything is asked of the server at the moment of the call."""

from collections.abc import Iterator, Mapping, MutableMapping
from datetime import datetime, timedelta
from typing import Any, SupportsFloat

from msgspec import json

from mockserver._util.suggest import suggest
from mockserver.admin_schemas import ClockState, FindingSummary, LimitState, WorldTotals
from mockserver.client import AdminClient
from mockserver.client.client import Filter
from mockserver.client.http_transport import NotPicklable, is_refusal
from mockserver.client.plain_values import plain

__tracebackhide__ = is_refusal
Moment = str | int | datetime
"""ISO 8601 text (UTC where it names no offset), Unix milliseconds, or a datetime with a zone."""


class Part(NotPicklable):
    """A part of a tenant."""

    def __init__(self, client: AdminClient, tenant: str) -> None:
        self._client, self._tenant = client, tenant


class Clock(Part):
    """A tenant's clock; every change answers the instant it shows then."""

    @property
    def now(self) -> datetime:
        """What time it is for the tenant, in UTC."""
        return _read(self._client.clock(self._tenant))

    def freeze(self, now: Moment | None = None) -> datetime:
        """Stand still, at an instant or where it is."""
        return _read(self._client.freeze(None if now is None else written(now), self._tenant))

    def set(self, now: Moment) -> datetime:
        """Be at an instant, and stand or run as before."""
        return _read(self._client.set_clock(written(now), self._tenant))

    def advance(self, by: SupportsFloat | str | timedelta) -> datetime:
        """Advance by a number of seconds, a ``timedelta``, or a text such as ``1h``; the clock stays frozen or running."""
        return _read(self._client.advance(by, self._tenant))

    def scale(self, rate: SupportsFloat) -> datetime:
        """Run from here on at a rate: 60 is an hour a minute."""
        return _read(self._client.scale(rate, self._tenant))

    def follow(self) -> datetime:
        """Be the system's clock."""
        return _read(self._client.follow(self._tenant))

    def reset(self) -> datetime:
        """Be again as at first."""
        return _read(self._client.reset_clock(self._tenant))


class Faults(Part):
    """A tenant's faults, each as a dict with its ``id``, ``matched``, ``triggered`` and ``remaining``."""

    def add(self, kind: str, **arguments: Any) -> dict[str, Any]:
        """Add one fault: ``add("status", status=503, page=3, times=2)``."""
        return self._client.add_faults({"kind": kind, **arguments}, tenant=self._tenant)[0]

    def remove(self, number: int | str | None = None) -> None:
        """Remove a fault by its ``id``, or all."""
        self._client.remove_faults(number, self._tenant)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self._client.faults(self._tenant))


class Limits(Part):
    """A tenant's limits by name."""

    def __getitem__(self, name: str) -> LimitState:
        known = {limit.name: limit for limit in self}
        if name not in known:
            raise KeyError(f"there is no limit {name!r}; {suggest(name, known)}")
        return known[name]

    def __iter__(self) -> Iterator[LimitState]:
        return iter(self._client.limits(self._tenant))

    def set(self, name: str, **change: Any) -> LimitState:
        """Change a limit: ``allowed``, ``enabled``, ``seconds`` or ``refill``, or for one at a time ``busy`` and ``hold``."""
        return {limit.name: limit for limit in self._client.change_limits({name: change}, self._tenant)}[name]


class Behaviors(Part, MutableMapping[str, str | int]):
    """A tenant's setting of every behavior, by its full name; none can be taken away."""

    def __getitem__(self, name: str) -> str | int:
        known = self._client.behaviors(self._tenant)
        if name not in known:
            raise KeyError(f"there is no behavior {name!r}; {suggest(name, known)}")
        return known[name]

    def __setitem__(self, name: str, value: str | int) -> None:
        self._client.set_behaviors({name: value}, self._tenant)

    def __delitem__(self, name: str) -> None:
        raise TypeError(f"a behavior always has a setting: set {name!r} to another one")

    def __iter__(self) -> Iterator[str]:
        return iter(self._client.behaviors(self._tenant))

    def __len__(self) -> int:
        return len(self._client.behaviors(self._tenant))


class Journal(Part):
    """A tenant's exchanges, oldest first, each as a dict without credentials; filters are those of the admin API."""

    def exchanges(self, **filters: Filter) -> list[dict[str, Any]]:
        """The exchanges for which all filters hold: vendor, endpoint, status, error, finding, fault, after, limit."""
        return [
            json.decode(line) for line in self._client.export("ndjson", self._tenant, **filters).splitlines()
        ]

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.exchanges())

    def __len__(self) -> int:
        return self.count()

    def count(self, **filters: Filter) -> int:
        """How many exchanges the filters let through."""
        return self._client.count(self._tenant, **filters)

    def findings(self, **filters: Filter) -> list[FindingSummary]:
        """What a careful reviewer would say of them."""
        return self._client.findings(self._tenant, **filters)

    def har(self, **filters: Filter) -> dict[str, Any]:
        """The exchanges as an HTTP Archive."""
        archive: dict[str, Any] = json.decode(self._client.export("har", self._tenant, **filters))
        return archive

    def clear(self) -> None:
        """Forget all, and count from the beginning."""
        self._client.clear_journal(self._tenant)


class World(Part):
    """A tenant's world."""

    @property
    def totals(self) -> WorldTotals:
        """The spec, and how many sessions of each site have started by now."""
        return self._client.world(self._tenant)

    @property
    def spec(self) -> Mapping[str, Any]:
        """What determines the world, byte for byte."""
        return self.totals.spec

    @property
    def counts(self) -> list[int]:
        """How many sessions of people each site has by now."""
        return [site.sessions for site in self.totals.sites]

    def session(
        self, index: int | None = None, *, number: int | None = None, site: int = 0
    ) -> dict[str, Any]:
        """A session in no vendor's words: by its place, 0 for the oldest and -1 for the newest, or by its number in the world."""
        return self._client.session(index, number=number, site=site, tenant=self._tenant)


def written(now: Moment) -> str | int:
    """Return an instant as the admin API reads it; raises ``ValueError`` for a datetime without a time zone."""
    instant: str | int = plain(now, "now")
    return instant


def settled(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return fields as the admin API reads them; datetimes, and numbers of other libraries, are converted."""
    return {name: plain(value, name) for name, value in fields.items()}


def _read(state: ClockState) -> datetime:
    return datetime.fromisoformat(state.now)
