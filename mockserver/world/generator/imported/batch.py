"""Imported sessions in columns."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, Final, TypeVar

import numpy as np

from mockserver._util.caching import cached_property
from mockserver.world.generator.archetypes.events import IDLE_AFTER
from mockserver.world.generator.imported.data import ImportedData
from mockserver.world.generator.imported.session import ImportedSession
from mockserver.world.generator.population import ip_addresses
from mockserver.world.generator.session_arrays import Identities
from mockserver.world.model.hashing import I64, key
from mockserver.world.model.session_batch import Event, SessionBatch, parse_tags_trait, parse_text_trait

KIND: Final = 3
_BLOCK: Final = 512
T = TypeVar("T")


class ImportedSessions(SessionBatch):
    kind = KIND

    def __init__(self, data: ImportedData, index: I64, identities: Identities) -> None:
        self._data = data
        self._identities = identities
        self._index = index
        self.index = index.tolist()
        self._sessions = [data.sessions[position] for position in self.index]

    def __len__(self) -> int:
        return len(self.index)

    def __getattr__(self, name: str) -> Any:
        """Compute a column when it is first used."""
        if name not in _COLUMNS:
            raise AttributeError(name)
        column = _COLUMNS[name](self)
        setattr(self, name, column)
        return column

    @property
    def sessions(self) -> list[ImportedSession]:
        return self._sessions

    @cached_property
    def starts(self) -> I64:
        """Start times as an array."""
        return self._data.starts[self._index]

    @cached_property
    def ends(self) -> I64:
        """End times as an array."""
        return self._data.ends[self._index]

    def dictionary_encoded(self, column: str) -> tuple[Sequence[Any], I64]:
        """Return the distinct entries of a column such as ``places``, and each session's position in them."""
        entries = self._data.entries(_DIMENSIONS[column])
        return entries.distinct, entries.codes[self._index]

    def cached_values(self, owner: object, compute: Callable[["ImportedSessions"], list[T]]) -> list[T]:
        """Return the values that a function of *owner* computes; each is computed once.

        Values of sessions next to each other are computed together, because a client that crawls reads them
        next (`make bench`).
        """
        if self._identities or not self.index:
            return compute(self)
        cached = self._data.cached_values(owner)
        first, last = self.index[0], self.index[-1]
        if None in map(cached.__getitem__, self.index):
            if last - first == len(self) - 1:
                low = first // _BLOCK * _BLOCK
                high = min((last // _BLOCK + 1) * _BLOCK, len(cached))
                cached[low:high] = compute(ImportedSessions(self._data, np.arange(low, high), {}))
            else:
                for position, value in zip(self.index, compute(self), strict=True):
                    cached[position] = value
        return [cached[position] for position in self.index]

    def map_data(self, function: Callable[[ImportedData, int], Any]) -> list[Any]:
        """Return the value of a function for each position in the data."""
        return [function(self._data, position) for position in self.index]

    def with_traits(self, trait: str, values: list[Any], parse: Callable[[Any], Any]) -> list[Any]:
        """Replace values of a trait by those sent in identify calls."""
        if not self._identities:
            return values
        sent = [self._identities.get(session.user_id or "", {}) for session in self._sessions]
        return [parse(own[trait]) if trait in own else value for own, value in zip(sent, values, strict=True)]

    def merge_traits(self) -> list[dict[str, Any] | None]:
        """Return the traits of the file with those sent in identify calls."""
        merged = [
            {**(session.traits or {}), **self._identities.get(session.user_id or "", {})}
            for session in self._sessions
        ]
        return [traits or None for traits in merged]

    @cached_property
    def inactive(self) -> list[int]:  # type: ignore[override]  # computed when it is first used
        """Milliseconds without an event, not counting the first minute after each event."""
        return [
            sum(max(after - at - IDLE_AFTER, 0) for at, after in pairwise(session.times()))
            if session.inactive is None
            else session.inactive
            for session in self._sessions
        ]

    @cached_property
    def ips(self) -> list[str]:  # type: ignore[override]  # computed when it is first used
        """Those of the file, or else one that follows from visitor and place."""
        places = self._data.vocabulary.places
        numbers = [
            places.index(place) if place in places else key(place.country, place.city) % len(places)
            for place in self.places
        ]
        derived = ip_addresses(
            np.array(self.visitors, dtype=np.uint64), np.array(numbers, dtype=np.int64), len(places)
        )
        return [
            session.ip if session.ip is not None else address if session.place.country else ""
            for session, address in zip(self._sessions, derived, strict=True)
        ]

    def list_events(self, position: int) -> list[Event]:
        """Return all events of the session at *position*, oldest first."""
        tracked = self._data.to_tracked(self.index[position])
        referrer = self.acquisitions[position].referrer
        events = []
        for event, page in zip(tracked.events, tracked.list_pages(self._data.vocabulary), strict=True):
            events.append(Event(event.at, event.kind, page, event.name, event.properties, referrer))
            if page.path:
                referrer = f"https://{self.hostnames[position]}{page.path}{page.querystring}"
        return events


def _attributes(name: str) -> Callable[[ImportedSessions], list[Any]]:
    return lambda batch: [getattr(session, name) for session in batch.sessions]


_COLUMNS: Final[dict[str, Callable[[ImportedSessions], list[Any]]]] = {
    "start": lambda batch: batch.starts.tolist(),
    "duration": lambda batch: (batch.ends - batch.starts).tolist(),
    "custom_events": _attributes("custom_events"),
    "outbounds": _attributes("outbounds"),
    "errors": _attributes("errors"),
    "ids": lambda batch: batch.map_data(lambda data, position: data.numbers[position]),
    "visitors": lambda batch: batch.map_data(lambda data, position: data.visitors[position]),
    "user_ids": _attributes("user_id"),
    "names": lambda batch: batch.with_traits("name", _attributes("name")(batch), parse_text_trait),
    "emails": lambda batch: batch.with_traits("email", _attributes("email")(batch), parse_text_trait),
    "tags": lambda batch: batch.with_traits(
        "$tags", [list(session.tags) for session in batch.sessions], parse_tags_trait
    ),
    "traits": ImportedSessions.merge_traits,
    "places": _attributes("place"),
    "agents": _attributes("agent"),
    "acquisitions": _attributes("acquisition"),
    "languages": _attributes("language"),
    "hostnames": _attributes("hostname"),
    "paths": lambda batch: [list(session.pages) for session in batch.sessions],
    "pageviews": lambda batch: [len(session.pages) for session in batch.sessions],
    "entries": _attributes("entry"),
    "exits": _attributes("exit"),
}
"""The columns that are computed when they are first used."""
_DIMENSIONS: Final = {
    "places": "place",
    "agents": "agent",
    "acquisitions": "acquisition",
    "languages": "language",
    "hostnames": "hostname",
}
"""The dimension of each column whose JSON is cached by entry."""
