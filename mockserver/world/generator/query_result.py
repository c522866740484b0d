"""The result of a query: total, pages and groups.

Each source (people, bots, tracked or imported sessions) is ordered by start and counts its sessions before an
instant, generated ones in closed form. A page of the merged order is found by bisection over these counts,
without iterating over sessions.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import numpy as np
from msgspec import Struct

from mockserver._util.caching import cached_property
from mockserver.world.generator.archetypes.dimensions import DIMENSIONS
from mockserver.world.generator.archetypes.sizes import ARCHETYPES
from mockserver.world.generator.columns import GeneratedSessions
from mockserver.world.generator.imported.source import ImportedSource
from mockserver.world.generator.index_sets import IndexSet
from mockserver.world.generator.population import Population
from mockserver.world.generator.session_arrays import Identities
from mockserver.world.generator.tracked import KIND, TrackedData, TrackedSession, TrackedSessions
from mockserver.world.model.hashing import I64
from mockserver.world.model.session_batch import SessionBatch
from mockserver.world.model.vocabulary import Vocabulary

FAR: Final = 1 << 48
"""Unix milliseconds, later than any start or tracked event."""


class GeneratedSource:
    """The sessions of a population within bounds and in an index set, ascending by start."""

    def __init__(
        self,
        population: Population,
        index_set: IndexSet,
        bounds: tuple[int, int],
        now: int,
        identities: Identities,
    ) -> None:
        self.kind = population.kind
        self.population = population
        self.index_set = index_set
        self.bounds = bounds
        self.now = now
        self._identities = identities
        self._low = index_set.rank(bounds[0])
        self._high = index_set.rank(bounds[1])
        self.total = self._high - self._low

    def _ordinal(self, rank: int) -> int:
        return min(max(rank, self._low), self._high) - self._low

    def count_before(self, instant: int) -> int:
        """Return the number of sessions that start before *instant*."""
        return self._ordinal(self.index_set.rank(self.population.timeline.count_before(instant)))

    def ordinal_of(self, index: int) -> int:
        """Return the number of sessions before the session of the same kind with *index*."""
        return self._ordinal(self.index_set.rank(index))

    def series(self, edges: Sequence[int]) -> list[int]:
        """Return :meth:`count_before` of many instants."""
        return [
            self._ordinal(rank)
            for rank in self.index_set.ranks([self.population.timeline.count_before(edge) for edge in edges])
        ]

    def take(self, low: int, high: int) -> GeneratedSessions:
        """Return the sessions with ordinals in [low, high)."""
        return self.pick(self.index_set.take(self._low + max(low, 0), min(self._low + high, self._high)))

    def starts(self, low: int, high: int) -> I64:
        """Return the start times of the sessions with ordinals in [low, high)."""
        return self.population.timeline.starts(self.index_set.take(self._low + low, self._low + high))

    def pick(self, index: I64) -> GeneratedSessions:
        """Return the sessions with ascending *index*, also if they are not in the source."""
        return GeneratedSessions(self.population, index, self.now, self._identities)

    def numbers(self, index: I64) -> I64:
        """Return the session numbers."""
        return self.population.session_numbers(index).view(np.int64)

    def groups(self, dimension: str) -> Iterable[tuple[Any, int]]:
        """Return the number of sessions per entry of a dimension."""
        entries, codes = DIMENSIONS[dimension](self.population.archetypes)
        counts = np.bincount(codes, weights=self._archetype_counts(), minlength=len(entries))
        return zip(entries, counts.astype(np.int64).tolist(), strict=True)

    def _archetype_counts(self) -> I64:
        """Return the number of sessions of each archetype.

        Full blocks are counted by multiplication, sessions in the partial blocks at both ends one by one.
        """
        archetypes = self.index_set.rows
        low, high = (self._block(self._low), self._block(self._high - 1)) if self.total else (0, 0)
        if archetypes is None or high - low < 2:  # noqa: PLR2004 -- no full block in between
            return self._tally(self._low, self._high)
        middle = self.index_set.ranks([(low + 1) * ARCHETYPES, high * ARCHETYPES])
        counts = self._tally(self._low, middle[0]) + self._tally(middle[1], self._high)
        counts[archetypes] += high - low - 1
        excluded = self.index_set.excluded
        missing = excluded[(excluded >= (low + 1) * ARCHETYPES) & (excluded < high * ARCHETYPES)]
        return counts - np.bincount(self.population.schedule.archetype_of(missing), minlength=ARCHETYPES)

    def _block(self, ordinal: int) -> int:
        return int(self.index_set.take(ordinal, ordinal + 1)[0]) // ARCHETYPES

    def _tally(self, low: int, high: int) -> I64:
        rows = self.population.schedule.archetype_of(self.index_set.take(low, high))
        return np.bincount(rows, minlength=ARCHETYPES).astype(np.int64)


class TrackedSource:
    """The found tracked sessions, ascending by start.

    The index of a session is its position among all tracked sessions of the site, so it is the same in the
    results of all queries.
    """

    kind = KIND

    def __init__(
        self,
        sessions: Mapping[int, TrackedSession],
        site_key: int,
        tracked_data: TrackedData,
        vocabulary: Vocabulary,
    ) -> None:
        self.sessions = list(sessions.values())
        self.total = len(sessions)
        self.indices = np.array(list(sessions), dtype=np.int64)
        self._site_key = site_key
        self._vocabulary = vocabulary
        self._tracked_data = tracked_data

    def count_before(self, instant: int) -> int:
        return sum(session.start < instant for session in self.sessions)

    def ordinal_of(self, index: int) -> int:
        return int(self.indices.searchsorted(index))

    def series(self, edges: Sequence[int]) -> list[int]:
        return [self.count_before(edge) for edge in edges]

    def take(self, low: int, high: int) -> TrackedSessions:
        return self.pick(self.indices[max(low, 0) : max(high, 0)])

    @cached_property
    def starts(self) -> I64:
        """The start times."""
        return np.array([session.start for session in self.sessions], dtype=np.int64)

    @cached_property
    def ends(self) -> I64:
        """The end times."""
        return np.array([session.events[-1].at for session in self.sessions], dtype=np.int64)

    @cached_property
    def sorted_ends(self) -> I64:
        """The end times, ascending."""
        return np.sort(self.ends)

    def pick(self, index: I64) -> TrackedSessions:
        sessions = self._sessions_at(index)
        return TrackedSessions(self._site_key, sessions, index.tolist(), self._tracked_data, self._vocabulary)

    def numbers(self, index: I64) -> I64:
        numbers = [session.number(self._site_key) for session in self._sessions_at(index)]
        return np.array(numbers, dtype=np.int64)

    def _sessions_at(self, index: I64) -> list[TrackedSession]:
        return [self.sessions[ordinal] for ordinal in self.indices.searchsorted(index).tolist()]

    def groups(self, dimension: str) -> Iterable[tuple[Any, int]]:
        return [(session.entries(dimension, self._vocabulary)[0], 1) for session in self.sessions]


Source: TypeAlias = GeneratedSource | TrackedSource | ImportedSource


class SortKey(Struct, frozen=True, order=True):
    """The position of a session in the order of all sessions: by start, then kind, then index."""

    start: int
    kind: int
    index: int


class Page(Struct, frozen=True):
    """Consecutive sessions of a result."""

    batches: Sequence[SessionBatch]
    order: Sequence[tuple[int, int]] | None
    """For each session its batch and its position there; None for one batch in its own or reversed order."""
    newest_first: bool

    def __len__(self) -> int:
        return len(self.batches[0]) if self.order is None else len(self.order)

    def map_rows(self, function: Callable[[SessionBatch], Sequence[Any]]) -> Sequence[Any]:
        """Return one value per session in the order of the page; *function* makes the values of a batch."""
        values = [function(batch) for batch in self.batches]
        if self.order is None:
            return values[0][::-1] if self.newest_first else values[0]
        return [values[batch][position] for batch, position in self.order]

    def sort_keys(self) -> list[SortKey]:
        """Return the sort key of each session."""
        return list(self.map_rows(_sort_keys))


def _sort_keys(batch: SessionBatch) -> list[SortKey]:
    return [SortKey(start, batch.kind, index) for start, index in zip(batch.start, batch.index, strict=True)]


class QueryResult:
    """The sessions found by a query, ordered by start."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self.sources = [source for source in sources if source.total] or list(sources[:1])
        self.total = sum(source.total for source in self.sources)

    def page(self, offset: int, limit: int, *, newest_first: bool = False) -> Page:
        """Return at most *limit* sessions from *offset* on; an empty page past the end."""
        offset = min(offset, self.total)
        low = offset
        high = min(offset + limit, self.total)
        if newest_first:
            low = max(self.total - offset - limit, 0)
            high = self.total - offset
        if len(self.sources) == 1:
            return Page([self.sources[0].take(low, max(low, high))], None, newest_first)
        return self._merge(self._lows(low), low, max(high, low), newest_first=newest_first)

    def older(self, position: SortKey | None, limit: int) -> Page:
        """Return the *limit* newest sessions before a position, or of all; newest first."""
        ends = [
            source.total if position is None else _count_before(source, position) for source in self.sources
        ]
        high = sum(ends)
        low = max(high - limit, 0)
        if len(self.sources) == 1:
            return Page([self.sources[0].take(low, high)], None, newest_first=True)
        return self._merge([max(end - limit, 0) for end in ends], low, high, newest_first=True)

    def series(self, edges: Sequence[int]) -> list[int]:
        """Return the number of sessions that start between each two neighbouring instants."""
        counts = np.zeros(len(edges), dtype=np.int64)
        for source in self.sources:
            counts += source.series(edges)
        return [int(count) for count in np.diff(counts)]

    def page_by_unit(self, offset: int, limit: int, unit: int) -> Page:
        """Return a page of the order by start in whole units, latest first, then by greater session number.

        Sorts the sessions that start in the same units as the first and the last one of the page.
        """
        limit = min(limit, self.total - offset)
        if limit <= 0:
            return Page([], [], newest_first=True)
        newest, oldest = (
            self.page(position, 1, newest_first=True).sort_keys()[0].start // unit
            for position in (offset, offset + limit - 1)
        )
        batches = [
            source.take(source.count_before(oldest * unit), source.count_before((newest + 1) * unit))
            for source in self.sources
        ]
        indices = [np.array(batch.index, dtype=np.int64) for batch in batches]
        numbers = [source.numbers(own) for source, own in zip(self.sources, indices, strict=True)]
        starts = np.concatenate([batch.starts for batch in batches]) // unit
        source = np.repeat(np.arange(len(batches)), [len(batch) for batch in batches])
        first = offset - (self.total - self._count_before((newest + 1) * unit))
        order = np.lexsort((np.concatenate(numbers), starts))[::-1][first : first + limit]
        return pick_page(self.sources, source[order], np.concatenate(indices)[order])

    def groups(self, dimension: str) -> list[tuple[Any, int]]:
        """Return the number of sessions per entry of a dimension with one entry per session.

        The entries are in the order of the vocabulary.
        """
        counts: dict[Any, int] = {}
        for source in self.sources:
            for entry, count in source.groups(dimension):
                counts[entry] = counts.get(entry, 0) + count
        return [group for group in counts.items() if group[1]]

    def _lows(self, ordinal: int) -> list[int]:
        """Return for each source the number of its sessions before *ordinal* of the merged order."""
        instants = range(-FAR, FAR)
        low = instants[bisect_right(instants, ordinal, key=self._count_before) - 1]
        lows = [source.count_before(low) for source in self.sources]
        for number, source in enumerate(self.sources):  # Among equal starts, the lower kind comes first.
            lows[number] += min(ordinal - sum(lows), source.count_before(low + 1) - lows[number])
        return lows

    def _count_before(self, instant: int) -> int:
        return sum(source.count_before(instant) for source in self.sources)

    def _merge(self, lows: list[int], low: int, high: int, *, newest_first: bool) -> Page:
        """Return the merged ordinals [low, high), given the number of sessions of each source to skip."""
        count = high - sum(lows)
        batches = [
            source.take(start, start + count) for source, start in zip(self.sources, lows, strict=True)
        ]
        keys: list[tuple[SortKey, int, int]] = []
        for number, batch in enumerate(batches):
            keys += [(key, number, position) for position, key in enumerate(_sort_keys(batch))]
        order = [(number, position) for _, number, position in sorted(keys)[low - sum(lows) : count]]
        return Page(batches, order[::-1] if newest_first else order, newest_first)


def pick_page(sources: Sequence[Source], source: I64, index: I64) -> Page:
    """Return sessions in a given order, each by the position of its source and its index there."""
    batches: list[SessionBatch] = []
    batch, position = np.empty((2, len(index)), dtype=np.int64)
    for number, each in enumerate(sources):
        [own] = np.nonzero(source == number)
        if len(own):
            ascending = np.sort(index[own])
            batch[own] = len(batches)
            position[own] = np.searchsorted(ascending, index[own])
            batches.append(each.pick(ascending))
    return Page(batches, list(zip(batch.tolist(), position.tolist(), strict=True)), newest_first=True)


def _count_before(source: Source, key: SortKey) -> int:
    if source.kind == key.kind:
        return source.ordinal_of(key.index)
    return source.count_before(key.start + (source.kind < key.kind))
