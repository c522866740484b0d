"""The imported sessions of a site.

There may be hundreds of thousands of them, so a query selects positions in arrays, and only the sessions of a
page become a batch.
"""

from collections.abc import Callable, Iterable
from functools import cached_property, lru_cache
from itertools import chain
from operator import attrgetter
from typing import Any, Final, NamedTuple

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from mockserver.world.generator.imported.session import ImportedSession
from mockserver.world.generator.tracked import TrackedSession
from mockserver.world.model.hashing import I64, key
from mockserver.world.model.query import WHILE_ANONYMOUS, Condition, Query
from mockserver.world.model.vocabulary import Vocabulary

_CACHED_ENCODERS: Final = 4
"""Number of kinds of rows that are kept: for 100,000 sessions, up to 80 MB for each."""
_ENTRIES: Final[dict[str, Callable[[ImportedSession], Any]]] = {
    **{
        name: attrgetter(name)
        for name in (
            "place",
            "agent",
            "acquisition",
            "language",
            "hostname",
            "entry",
            "exit",
            "custom_events",
            "errors",
        )
    },
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

    def select(self, query: Query, stop: int, now: int, hidden: frozenset[int]) -> "Selection":
        """Return the sessions that match a query, start before *stop* and have ended by *now*."""
        earliest, last = int(self.starts[0]), int(self.starts[-1])
        start = earliest if query.start is None else min(max(query.start, earliest), last + 1)
        bounded = replace(query, start=start, stop=min(stop, last + 1), bots=False)
        return self._select(bounded, None if now >= self.latest else now, hidden)

    def _selected(self, query: Query, now: int | None, hidden: frozenset[int]) -> "Selection":
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
        return Selection(self, np.flatnonzero(selected))

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


class Selection:
    """Some of the sessions; what follows from them is computed once."""

    def __init__(self, data: ImportedData, positions: I64) -> None:
        self.positions = positions
        self.starts = data.starts[positions]
        self.ends = data.ends[positions]

    @cached_property
    def sorted_ends(self) -> I64:
        return np.sort(self.ends)
