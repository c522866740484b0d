"""Imported sessions: given in full, such as the rows of an export, instead of being generated.

There may be hundreds of thousands of them, so a query selects positions in arrays and only the sessions of a
page become a batch.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from itertools import chain, pairwise
from operator import attrgetter
from typing import Any, Final, NamedTuple, TypeVar

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from mockserver.world.generator.archetypes import IDLE_AFTER
from mockserver.world.generator.columns import Identities, ip_addresses
from mockserver.world.generator.tracked import Attributes, TrackedEvent, TrackedSession
from mockserver.world.model.hashing import I64, key
from mockserver.world.model.query import WHILE_ANONYMOUS, Condition, Query
from mockserver.world.model.session_batch import Event, SessionBatch, parse_tags_trait, parse_text_trait
from mockserver.world.model.vocabulary import Acquisition, Agent, Page, Place, Vocabulary

KIND: Final = 3
_CACHED_ENCODERS: Final = 4
"""Number of kinds of rows that are kept: for 100,000 sessions, up to 80 MB for each."""
_BLOCK: Final = 512
T = TypeVar("T")
_UNKNOWN: Final = Page("", "", "", 0, (), ())
"""The page of a session without pageviews."""
_EVENT_NAMES: Final = {"custom_event": "event", "outbound": "", "error": "Error"}
"""Names of the events of which a row has only the number."""


class ImportedSession(Struct, frozen=True, kw_only=True):
    """A session of a file. Instants are Unix milliseconds."""

    start: int
    end: int
    number: int | None = None
    """56 bits; None if the file has none."""
    visitor: int | None = None
    """48 bits; None if the file has none."""
    user_id: str | None = None
    anonymous_id: str | None = None
    name: str | None = None
    email: str | None = None
    tags: Sequence[str] = ()
    traits: Mapping[str, Any] | None = None
    ip: str | None = None
    """``""`` if unknown; None if the file does not say, so that it follows from visitor and place."""
    place: Place
    agent: Agent
    acquisition: Acquisition
    language: str
    hostname: str
    pages: tuple[Page, ...]
    """Pages of all pageviews, in order."""
    custom_events: int = 0
    outbounds: int = 0
    errors: int = 0
    inactive: int | None = None
    """Milliseconds of inactivity; None if it follows from the events."""
    events: tuple[TrackedEvent, ...] = ()
    """All events, oldest first; empty if only their numbers are known."""

    @property
    def others(self) -> int:
        """Number of events other than pageviews."""
        return self.custom_events + self.outbounds + self.errors

    def times(self) -> list[int]:
        """Return the time of each event; they are evenly spaced if only their number is known."""
        if self.events:
            return [event.at for event in self.events]
        last = len(self.pages) + self.others - 1
        if not last:
            return [self.start]
        return [self.start + (self.end - self.start) * number // last for number in range(last + 1)]

    def to_tracked(self, *, is_first: bool) -> TrackedSession:
        """Return the session with all its events."""
        actor = self.user_id or self.anonymous_id or ""
        return TrackedSession(actor, self.user_id is not None, is_first, self.events or self._make_events())

    def _make_events(self) -> tuple[TrackedEvent, ...]:
        kinds = [
            *["pageview"] * len(self.pages),
            *["custom_event"] * self.custom_events,
            *["outbound"] * self.outbounds,
            *["error"] * self.errors,
        ]
        exit_page = self.pages[-1] if self.pages else None
        attributes = Attributes(self.place, self.agent, self.acquisition, self.language, self.hostname)
        properties = {"outbound": {"url": "https://elsewhere.example/", "text": ""}}
        return tuple(
            TrackedEvent(
                at,
                _EVENT_NAMES.get(kind, ""),
                properties.get(kind, {}),
                self.user_id,
                self.anonymous_id,
                page=self.pages[number] if number < len(self.pages) else exit_page,
                attributes=attributes,
                kind=kind,
            )
            for number, (at, kind) in enumerate(zip(self.times(), kinds, strict=True))
        )


def walk_pages(vocabulary: Vocabulary, count: int, entry: Page | None, last: Page | None) -> tuple[Page, ...]:
    """Return the pages of *count* pageviews from one page to another along links; by default from ``/``."""
    if not count:
        return ()
    pages = [entry or vocabulary.pages[1]]
    while len(pages) < count - (last is not None):
        links = pages[-1].links
        pages.append(vocabulary.pages[links[len(pages) % len(links)]] if links else pages[-1])
    return tuple(pages if last is None or count == 1 else [*pages, last])


_ENTRIES: Final[dict[str, Callable[[ImportedSession], Any]]] = {
    **{
        name: attrgetter(name)
        for name in ("place", "agent", "acquisition", "language", "hostname", "custom_events", "errors")
    },
    "entry": lambda session: session.pages[0] if session.pages else _UNKNOWN,
    "exit": lambda session: session.pages[-1] if session.pages else _UNKNOWN,
    "identified": lambda session: session.user_id is not None,
    "bounce": lambda session: len(session.pages) == 1 and not session.others,
    "pageviews": lambda session: len(session.pages),
    "duration": lambda session: session.end - session.start,
}
"""The entry of a session in each dimension with one entry per session."""


class _Entries(NamedTuple):
    """The entries of a dimension in columns."""

    distinct: list[Any]
    codes: I64
    """Positions in *distinct*."""
    owners: I64
    """The session that has each of the codes."""


class ImportedData:
    """The imported sessions of a site, ascending by start; equal starts keep their order."""

    def __init__(self, site_key: int, vocabulary: Vocabulary, sessions: Iterable[ImportedSession]) -> None:
        self.vocabulary = vocabulary
        self.sessions = sorted(sessions, key=lambda session: session.start)
        self.starts = np.array([session.start for session in self.sessions], dtype=np.int64)
        self.ends = np.array([session.end for session in self.sessions], dtype=np.int64)
        self.latest = int(self.ends.max(initial=0))
        self.numbers: list[int] = []
        self.visitors: list[int] = []
        for position, session in enumerate(self.sessions):
            number = session.number
            self.numbers.append(key(site_key, "imported", position) >> 8 if number is None else number)
            visitor = session.visitor
            if visitor is None:
                actor = session.user_id or session.anonymous_id
                parts = ("actor", actor) if actor else ("imported visitor", position)
                visitor = key(site_key, *parts) >> 16
            self.visitors.append(visitor)
        self.position_of = {number: position for position, number in enumerate(self.numbers)}
        self.entries = lru_cache(maxsize=32)(self._collect_entries)
        self._select = lru_cache(maxsize=64)(self._selected)
        self.texts = lru_cache(maxsize=64)(self._texts)
        self.cached_values = lru_cache(maxsize=_CACHED_ENCODERS)(self._empty_cache)

    def batch(self, index: I64, identities: Identities) -> "ImportedSessions":
        """Return the sessions at ascending positions."""
        return ImportedSessions(self, index, identities)

    def find(
        self, query: Query, stop: int, now: int, hidden: frozenset[int], identities: Identities
    ) -> "ImportedSource":
        """Return the sessions that match a query, start before *stop* and have ended by *now*."""
        earliest, last = int(self.starts[0]), int(self.starts[-1])
        start = earliest if query.start is None else min(max(query.start, earliest), last + 1)
        bounded = replace(query, start=start, stop=min(stop, last + 1), bots=False)
        selection = self._select(bounded, None if now >= self.latest else now, hidden)
        return ImportedSource(self, selection, identities)

    def _selected(self, query: Query, now: int | None, hidden: frozenset[int]) -> "_Selection":
        selected = self._match(query.where)
        first, last = np.searchsorted(self.starts, [query.start or 0, query.stop or 0])
        selected[:first] = False
        selected[last:] = False
        if now is not None:
            selected &= self.ends <= now
        for group in query.actors:
            selected &= self._sessions_of(group)
        if query.others:
            selected &= ~self._sessions_of(query.others)
        if query.session is not None:
            position = self.position_of.get(query.session, -1)
            selected &= np.arange(len(selected)) == position
        for number in hidden & self.position_of.keys():
            selected[self.position_of[number]] = False
        return _Selection(self, np.flatnonzero(selected))

    def _match(self, where: Iterable[Condition]) -> NDArray[np.bool_]:
        """Return which sessions meet all conditions."""
        matching = np.ones(len(self.sessions), dtype=bool)
        same_event: NDArray[np.bool_] | None = None
        owners = np.empty(0, dtype=np.int64)
        for condition in where:
            entries = self.entries(condition.dimension)
            passes = np.array([condition.passes(entry) for entry in entries.distinct], dtype=bool)
            passing = passes[entries.codes]
            if condition.same_event:
                same_event = passing if same_event is None else same_event & passing
                owners = entries.owners
            else:
                matching &= self._any(entries.owners[passing]) != condition.negate
        return matching if same_event is None else matching & self._any(owners[same_event])

    def _any(self, owners: I64) -> NDArray[np.bool_]:
        return np.bincount(owners, minlength=len(self.sessions)) > 0

    def _sessions_of(self, actors: Iterable[str]) -> NDArray[np.bool_]:
        """Return which sessions belong to visitors, as in :class:`~mockserver.world.model.query.Query`."""
        positions = list(chain.from_iterable(self._positions_by_actor.get(actor, ()) for actor in actors))
        return self._any(np.array(positions, dtype=np.int64))

    @cached_property
    def _positions_by_actor(self) -> dict[str, list[int]]:
        positions: dict[str, list[int]] = {}
        for position, (session, visitor) in enumerate(zip(self.sessions, self.visitors, strict=True)):
            digits = f"{visitor:012x}"
            user = WHILE_ANONYMOUS + digits if session.user_id is None else session.user_id
            for actor in {digits, user}:
                positions.setdefault(actor, []).append(position)
        return positions

    def is_first(self, position: int) -> bool:
        """Return True for the first session of a visitor."""
        return self._first_of[self.visitors[position]] == position

    @cached_property
    def _first_of(self) -> dict[int, int]:
        last = len(self.visitors) - 1
        return {visitor: last - number for number, visitor in enumerate(reversed(self.visitors))}

    def _collect_entries(self, dimension: str) -> _Entries:
        of = _ENTRIES.get(dimension)
        lists: Iterable[list[Any]]
        if dimension == "returning":
            lists = ([not self.is_first(position)] for position in range(len(self.sessions)))
        elif of is None:
            lists = (
                self.to_tracked(position).entries(dimension, self.vocabulary)
                for position in range(len(self.sessions))
            )
        else:
            lists = ([of(session)] for session in self.sessions)
        distinct: dict[Any, tuple[int, Any]] = {}
        codes: list[int] = []
        owners: list[int] = []
        for position, entries in enumerate(lists):
            for entry in entries:
                codes.append(distinct.setdefault(_hashable(entry), (len(distinct), entry))[0])
                owners.append(position)
        return _Entries(
            [entry for _, entry in distinct.values()],
            np.array(codes, dtype=np.int64),
            np.array(owners, dtype=np.int64),
        )

    def to_tracked(self, position: int) -> TrackedSession:
        """Return the session at a position with all its events."""
        return self.sessions[position].to_tracked(is_first=self.is_first(position))

    def _empty_cache(self, _: object) -> list[Any]:
        """Return a value for each session, before any is known."""
        return [None] * len(self.sessions)

    def groups(self, dimension: str, positions: I64) -> list[tuple[Any, int]]:
        """Return the number of sessions per entry of a dimension with one entry per session."""
        entries = self.entries(dimension)
        counts = np.bincount(entries.codes[positions], minlength=len(entries.distinct))
        return list(zip(entries.distinct, counts.tolist(), strict=True))

    def _texts(self, dimension: str, text_of: Callable[[Any], str]) -> frozenset[str]:
        """Return *text_of* of all entries of a dimension."""
        return frozenset(map(text_of, self.entries(dimension).distinct))


def _hashable(entry: Any) -> Any:
    try:
        hash(entry)
    except TypeError:  # Properties of an action.
        return repr(entry)
    return entry


class _Selection:
    """Some of the sessions; what follows from them is computed once."""

    def __init__(self, data: ImportedData, positions: I64) -> None:
        self.positions = positions
        self.starts = data.starts[positions]
        self.ends = data.ends[positions]

    @cached_property
    def sorted_ends(self) -> I64:
        return np.sort(self.ends)


class ImportedSource:
    """The found imported sessions, ascending by start."""

    kind = KIND

    def __init__(self, data: ImportedData, selection: _Selection, identities: Identities) -> None:
        self._data = data
        self._selection = selection
        self._identities = identities
        self.total = len(selection.positions)
        self.indices = selection.positions
        self.starts = selection.starts
        self.ends = selection.ends

    @property
    def sorted_ends(self) -> I64:
        """The end times, ascending."""
        return self._selection.sorted_ends

    def count_before(self, instant: int) -> int:
        return int(np.searchsorted(self.starts, instant))

    def ordinal_of(self, index: int) -> int:
        return int(np.searchsorted(self.indices, index))

    def series(self, edges: Sequence[int]) -> list[int]:
        return [int(count) for count in np.searchsorted(self.starts, edges)]

    def take(self, low: int, high: int) -> "ImportedSessions":
        return self.pick(self.indices[max(low, 0) : max(high, 0)])

    def pick(self, index: I64) -> "ImportedSessions":
        return self._data.batch(index, self._identities)

    def numbers(self, index: I64) -> I64:
        return np.array([self._data.numbers[position] for position in index.tolist()], dtype=np.int64)

    def groups(self, dimension: str) -> Iterable[tuple[Any, int]]:
        return self._data.groups(dimension, self.indices)


class ImportedSessions(SessionBatch):
    """Imported sessions in columns."""

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
        """The sessions of the batch."""
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
    "entries": lambda batch: [session.pages[0] if session.pages else _UNKNOWN for session in batch.sessions],
    "exits": lambda batch: [session.pages[-1] if session.pages else _UNKNOWN for session in batch.sessions],
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
