"""The sessions that a query finds: their total, any page of them, and what they add up to.

Several sources (people, bots, what was sent over HTTP) are each ordered by start and can each say in closed form how
many of theirs come before an instant; a page of the merged order is found from these numbers, never by walking.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
from msgspec import Struct

from mockserver.world.generator.archetypes import ARCHETYPES
from mockserver.world.generator.columns import GeneratedSessions, Identities
from mockserver.world.generator.dimensions import DIMENSIONS
from mockserver.world.generator.index_sets import IndexSet
from mockserver.world.generator.population import Population
from mockserver.world.generator.tracked import KIND, TrackedData, TrackedSession, TrackedSessions
from mockserver.world.model.hashing import I64
from mockserver.world.model.session_batch import SessionBatch
from mockserver.world.model.vocabulary import Vocabulary


class Source(Protocol):
    """One kind's sessions within a window, ascending; the first has ordinal 0."""

    kind: int
    total: int

    def count_before(self, instant: int) -> int:
        """How many of them start before an instant."""

    def ordinal_of(self, index: int) -> int:
        """How many of them precede the session of their own kind with an index."""

    def take(self, low: int, high: int) -> SessionBatch:
        """Those with ordinals in [low, high)."""


class GeneratedSource:
    """Sessions of a population whose index lies in [first, stop) and that a selection holds."""

    def __init__(self, population: Population, selection: IndexSet, bounds: tuple[int, int], now: int, identities: Identities) -> None:
        self.kind, self.population, self.selection, self.bounds = population.kind, population, selection, bounds
        self.archetypes, self.now, self._identities = population.archetypes, now, identities
        self._low, self._high = selection.rank(bounds[0]), selection.rank(bounds[1])
        self.total = self._high - self._low

    def _ordinal(self, rank: int) -> int:
        return min(max(rank, self._low), self._high) - self._low

    def count_before(self, instant: int) -> int:
        return self._ordinal(self.selection.rank(self.population.timeline.count_before(instant)))

    def ordinal_of(self, index: int) -> int:
        return self._ordinal(self.selection.rank(index))

    def series(self, edges: Sequence[int]) -> list[int]:
        """:meth:`before` of many instants at once."""
        return [self._ordinal(rank) for rank in self.selection.ranks([self.population.timeline.count_before(edge) for edge in edges])]

    def take(self, low: int, high: int) -> GeneratedSessions:
        return self.pick(self.selection.take(self._low + max(low, 0), min(self._low + high, self._high)))

    def starts(self, low: int, high: int) -> I64:
        """When those with ordinals in [low, high) start."""
        return self.population.timeline.starts(self.selection.take(self._low + low, self._low + high))

    def pick(self, index: I64) -> GeneratedSessions:
        """The sessions with some indices, ascending, whether or not they are among them."""
        return GeneratedSessions(self.population, index, self.now, self._identities)

    def archetype_counts(self) -> I64:
        """How often each row of the deck is among them: full blocks by multiplication, the two cut ones by looking."""
        each = self.selection.rows
        low, high = (self._block(self._low), self._block(self._high - 1)) if self.total else (0, 0)
        if each is None or high - low < 2:  # noqa: PLR2004 -- no full block between the two
            return self._tally(self._low, self._high)
        middle = self.selection.ranks([(low + 1) * ARCHETYPES, high * ARCHETYPES])
        counts = self._tally(self._low, middle[0]) + self._tally(middle[1], self._high)
        counts[each] += high - low - 1
        excluded = self.selection.excluded
        missing = excluded[(excluded >= (low + 1) * ARCHETYPES) & (excluded < high * ARCHETYPES)]
        return counts - np.bincount(self.population.schedule.archetype_of(missing), minlength=ARCHETYPES)

    def _block(self, ordinal: int) -> int:
        return int(self.selection.take(ordinal, ordinal + 1)[0]) // ARCHETYPES

    def _tally(self, low: int, high: int) -> I64:
        rows = self.population.schedule.archetype_of(self.selection.take(low, high))
        return np.bincount(rows, minlength=ARCHETYPES).astype(np.int64)


class TrackedSource:
    """Sessions of the overlay within a window."""

    kind = KIND

    def __init__(self, sessions: list[TrackedSession], site_key: int, overlay: TrackedData, vocabulary: Vocabulary) -> None:
        self.sessions, self.total = sessions, len(sessions)
        self.site_key, self._overlay, self.vocabulary = site_key, overlay, vocabulary

    def count_before(self, instant: int) -> int:
        return sum(session.start < instant for session in self.sessions)

    def ordinal_of(self, index: int) -> int:
        return min(index, self.total)

    def take(self, low: int, high: int) -> TrackedSessions:
        first = max(low, 0)
        return TrackedSessions(self.site_key, self.sessions[first : max(high, 0)], first, self._overlay, self.vocabulary)

    def pick(self, ordinals: list[int]) -> TrackedSessions:
        """Those with some ordinals, ascending."""
        batch = TrackedSessions(self.site_key, [self.sessions[ordinal] for ordinal in ordinals], 0, self._overlay, self.vocabulary)
        batch.index = ordinals
        return batch


class SortKey(Struct, frozen=True, order=True):
    """Where a session stands in the order of all sessions: by start, then kind, then index."""

    start: int
    kind: int
    index: int


class Page(Struct, frozen=True):
    """Consecutive sessions of the merged order."""

    batches: Sequence[SessionBatch]
    order: Sequence[tuple[int, int]] | None
    """For each session, its batch and its position there; ``None`` for one batch in its own or reversed order."""
    newest_first: bool

    def __len__(self) -> int:
        return len(self.batches[0]) if self.order is None else len(self.order)

    def map_rows(self, lines: Callable[[SessionBatch], Sequence[Any]]) -> Sequence[Any]:
        """Make one value a session, batch by batch, and put the values in the order of the page."""
        made = [lines(batch) for batch in self.batches]
        if self.order is None:
            return made[0][::-1] if self.newest_first else made[0]
        return [made[batch][position] for batch, position in self.order]

    def sort_keys(self) -> list[SortKey]:
        """Where each session stands in the order of all."""
        return [
            *self.map_rows(lambda batch: [SortKey(start, batch.kind, index) for start, index in zip(batch.start, batch.index, strict=True)])
        ]


class QueryResult:
    """The answer to a query."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self.sources = [source for source in sources if source.total] or list(sources[:1])
        self.total = sum(source.total for source in self.sources)

    def page(self, offset: int, limit: int, *, newest_first: bool = False) -> Page:
        """The sessions from an offset on, at most ``limit``; none past the end."""
        offset = min(offset, self.total)
        low, high = offset, min(offset + limit, self.total)
        if newest_first:
            low, high = max(self.total - offset - limit, 0), self.total - offset
        if len(self.sources) == 1:
            return Page([self.sources[0].take(low, max(low, high))], None, newest_first)
        return self._merge(self._lows(low), low, max(high, low), newest_first=newest_first)

    def older(self, than: SortKey | None, limit: int) -> Page:
        """The ``limit`` newest sessions that stand before a place, newest first; of all sessions where there is no place."""
        ends = [source.total if than is None else _preceding(source, than) for source in self.sources]
        high = sum(ends)
        low = max(high - limit, 0)
        if len(self.sources) == 1:
            return Page([self.sources[0].take(low, high)], None, newest_first=True)
        return self._merge([max(end - limit, 0) for end in ends], low, high, newest_first=True)

    def series(self, edges: Sequence[int]) -> list[int]:
        """How many sessions start in each interval between neighbouring instants."""
        counts = np.zeros(len(edges), dtype=np.int64)
        for source in self.sources:
            counts += source.series(edges) if isinstance(source, GeneratedSource) else [source.count_before(edge) for edge in edges]
        return [int(count) for count in np.diff(counts)]

    def groups(self, dimension: str) -> list[tuple[Any, int]]:
        """How many sessions have each entry of a dimension (one entry a session), in the order of the vocabulary."""
        counts: dict[Any, int] = {}
        for source in self.sources:
            for entry, count in _grouped(source, dimension):
                counts[entry] = counts.get(entry, 0) + count
        return [group for group in counts.items() if group[1]]

    def _lows(self, ordinal: int) -> list[int]:
        """For each source, how many of its sessions precede the one at an ordinal of the merged order."""
        low, high = -(1 << 48), 1 << 48  # Unix milliseconds of any spec and any tracked event fit.
        while low < high:
            middle = (low + high + 1) // 2
            if sum(source.count_before(middle) for source in self.sources) <= ordinal:
                low = middle
            else:
                high = middle - 1
        lows = [source.count_before(low) for source in self.sources]
        for number, source in enumerate(self.sources):  # At one instant the lower kind comes first.
            lows[number] += min(ordinal - sum(lows), source.count_before(low + 1) - lows[number])
        return lows

    def _merge(self, lows: list[int], low: int, high: int, *, newest_first: bool) -> Page:
        """Take from every source enough to hold the merged ordinals [low, high), and keep just those."""
        wanted = high - sum(lows)
        batches = [source.take(start, start + wanted) for source, start in zip(self.sources, lows, strict=True)]
        places = sorted(
            (SortKey(start, batch.kind, index), number, position)
            for number, batch in enumerate(batches)
            for position, (start, index) in enumerate(zip(batch.start, batch.index, strict=True))
        )
        order = [(number, position) for _, number, position in places[low - sum(lows) : high - sum(lows)]]
        return Page(batches, order[::-1] if newest_first else order, newest_first)


def _preceding(source: Source, place: SortKey) -> int:
    if source.kind == place.kind:
        return source.ordinal_of(place.index)
    return source.count_before(place.start + (source.kind < place.kind))


def _grouped(source: Source, dimension: str) -> list[tuple[Any, int]]:
    if isinstance(source, GeneratedSource):
        entries, codes = DIMENSIONS[dimension](source.archetypes)
        counts = np.bincount(codes, weights=source.archetype_counts(), minlength=len(entries))
        return [(entry, int(count)) for entry, count in zip(entries, counts, strict=True)]
    if isinstance(source, TrackedSource):
        return [(session.entries(dimension, source.vocabulary)[0], 1) for session in source.sessions]
    raise TypeError(f"no groups of {type(source).__name__}")
