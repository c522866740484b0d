"""The sessions of a query result ordered by end time, latest first.

End times have no closed form, unlike start times. But a session lasts at most as long as the longest
archetype, so a rank by start brackets any page of this order between two instants, and only the sessions that
end between them are sorted. In dense worlds such a bracket holds millions of sessions. There it is narrowed
by counting: an archetype has one duration and occurs once in every full block, so the number of its sessions
that end before an instant is a division.
"""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from msgspec import Struct

from mockserver._util.caching import cached_property
from mockserver.world.generator.archetypes.sizes import ARCHETYPES
from mockserver.world.generator.imported.source import ImportedSource
from mockserver.world.generator.query_result import (
    FAR,
    GeneratedSource,
    Page,
    QueryResult,
    TrackedSource,
    pick_page,
)
from mockserver.world.model.hashing import I64

SCAN_LIMIT: Final = 32_768
"""Number of sessions up to which it is cheaper to look at each session than to count per archetype (`make
bench`: 4 ms)."""
_STEP_SESSIONS: Final = 1024
"""Number of sessions in a bracket at which narrowing it further saves nothing."""


class EndOrder(Struct, frozen=True):
    """Sort order: later end first, then optionally later start, then greater session number."""

    unit: int = 1
    """Milliseconds; instants within the same unit compare equal."""
    by_start: bool = False
    """Among equal ends, sort later starts first."""


class EndSortKey(Struct, frozen=True):
    """A position in an order by end; a session with this key need not exist."""

    end: int
    """Unix milliseconds."""
    start: int
    """Unix milliseconds; ignored by orders without ``by_start``."""
    number: int


class _Slice(NamedTuple):
    """The sessions of a source that end within an interval, unordered."""

    later: int
    """Number of sessions that end after the interval."""
    indices: I64
    starts: I64
    ends: I64

    def within(self, low: int, high: int) -> "_Slice":
        """Return the part that ends in [low, high)."""
        inside = (self.ends >= low) & (self.ends < high)
        later = self.later + int((self.ends >= high).sum())
        return _Slice(later, self.indices[inside], self.starts[inside], self.ends[inside])


class _Rows(NamedTuple):
    """Sessions of several sources in columns; instants are in units of the order."""

    source: I64
    indices: I64
    starts: I64
    ends: I64
    numbers: I64


class EndOrderedResult:
    """A query result in an order by end.

    The cost of a page depends on its size and on the number of sessions that end in the same unit, not on the
    world's size.
    """

    def __init__(self, result: QueryResult, order: EndOrder, *, scan_limit: int = SCAN_LIMIT) -> None:
        self.total = result.total
        self._order = order
        self._scan_limit = scan_limit
        self._sources: list[_EndTimes] = [
            _GeneratedEndTimes(source, scan_limit)
            if isinstance(source, GeneratedSource)
            else _ListedEndTimes(source)
            for source in result.sources
            if source.total
        ]
        self._longest = max((source.longest for source in self._sources), default=0)

    def page(self, offset: int, limit: int) -> Page:
        """Return at most *limit* sessions from *offset* on; an empty page past the end."""
        limit = min(limit, self.total - offset)
        if limit <= 0:
            return Page([], [], newest_first=True)
        unit = self._order.unit
        slices = self._slices(*self._bracket(offset, limit))
        first = offset - sum(part.later for part in slices)
        ends = np.sort(np.concatenate([part.ends for part in slices]))[::-1] // unit
        low = int(ends[first + limit - 1]) * unit
        high = (int(ends[first]) + 1) * unit
        slices = [part.within(low, high) for part in slices]
        first = offset - sum(part.later for part in slices)
        rows = self._rows(slices)
        keys = (rows.numbers, rows.starts, rows.ends) if self._order.by_start else (rows.numbers, rows.ends)
        order = np.lexsort(keys)[::-1][first : first + limit]
        return pick_page([each.source for each in self._sources], rows.source[order], rows.indices[order])

    def older(self, position: EndSortKey | None, limit: int) -> Page:
        """Return the *limit* sessions after a position, or from the start of the order."""
        return self.page(self._rank_after(position) if position and self.total else 0, limit)

    def _rank_after(self, position: EndSortKey) -> int:
        """Return the number of sessions at or before a position in the order."""
        unit = self._order.unit
        end = min(max(position.end, -FAR), FAR) // unit
        slices = self._slices(end * unit, (end + 1) * unit)
        rows = self._rows(slices)
        not_after = rows.numbers >= position.number
        if self._order.by_start:
            start = position.start // unit
            not_after = (rows.starts > start) | ((rows.starts == start) & not_after)
        return sum(part.later for part in slices) + int(not_after.sum())

    def _bracket(self, offset: int, limit: int) -> tuple[int, int]:
        """Return an interval of whole units with the sessions of a page and few others."""
        unit = self._order.unit
        # A session ends at or after its lower bound, and at most `longest` after it.
        low = self._last_bound(offset + limit)[0] // unit * unit
        latest = max(source.latest for source in self._sources)
        high = min(self._last_bound(offset + 1)[1] + self._longest, latest + 1)
        high = -(-high // unit) * unit
        candidates = sum(source.candidates(low, high) for source in self._sources)
        if candidates <= self._scan_limit:
            return low, high
        step = (high - low + self._longest) * _STEP_SESSIONS // candidates
        instants = range(low, high, max(step // unit, 1) * unit)
        at = bisect_right(instants, -offset - 1, key=lambda instant: -self._count_since(instant)) - 1
        high = instants[at + 1] if at + 1 < len(instants) else high
        stride = limit // _STEP_SESSIONS + 1
        while at and self._count_since(instants[at]) < offset + limit:
            at = max(at - stride, 0)
            stride *= 2
        return instants[at], high

    def _last_bound(self, count: int) -> tuple[int, int]:
        """Return an instant since which there are *count* lower bounds, and a later one with fewer."""
        if len(self._sources) == 1:
            bound = self._sources[0].bound_at(count - 1)
            return bound, bound + 1
        oldest = min(source.bound_at(self.total) for source in self._sources)
        newest = max(source.bound_at(0) for source in self._sources)
        step = max(self._longest >> 6, 1)  # A smaller one would hardly narrow the bracket of a page.
        instants = range(oldest, newest + 1, step)
        low = instants[bisect_right(instants, -count, key=lambda instant: -self._count_bounds(instant)) - 1]
        return low, low + step

    def _count_bounds(self, instant: int) -> int:
        return sum(source.count_bounds_since(instant) for source in self._sources)

    def _count_since(self, instant: int) -> int:
        return sum(source.count_since(instant) for source in self._sources)

    def _slices(self, low: int, high: int) -> list[_Slice]:
        return [source.between(low, high) for source in self._sources]

    def _rows(self, slices: Sequence[_Slice]) -> _Rows:
        unit = self._order.unit
        return _Rows(
            np.repeat(np.arange(len(slices)), [len(part.indices) for part in slices]),
            np.concatenate([part.indices for part in slices]),
            np.concatenate([part.starts for part in slices]) // unit,
            np.concatenate([part.ends for part in slices]) // unit,
            np.concatenate(
                [ends.source.numbers(part.indices) for ends, part in zip(self._sources, slices, strict=True)]
            ),
        )


class _Pieces(NamedTuple):
    """Runs of sessions of one archetype that have ended the same time after their start, as of now."""

    row: I64
    duration: I64
    first: I64
    stop: I64
    """The sessions of the archetype with an index in [first, stop)."""


class _GeneratedEndTimes:
    """The end times of a population's sessions.

    Each session has a lower bound of its end that can be ranked cheaply: its start. It ends at most
    ``longest`` milliseconds later, and no session ends after ``latest``.
    """

    def __init__(self, source: GeneratedSource, scan_limit: int) -> None:
        self.source = source
        self.total = source.total
        self._scan_limit = scan_limit
        self._rows = source.index_set.rows
        duration = source.population.archetypes.duration
        self.longest = int((duration if self._rows is None else duration[self._rows]).max(initial=0))
        self.latest = min(self.bound_at(0) + self.longest, source.now)

    def count_bounds_since(self, instant: int) -> int:
        """Return the number of lower bounds at or after *instant*."""
        return self.total - self.source.count_before(instant)

    def bound_at(self, rank: int) -> int:
        """Return the lower bound with *rank*, newest first; the oldest one for a rank past the end."""
        ordinal = max(self.total - 1 - rank, 0)
        return int(self.source.starts(ordinal, ordinal + 1)[0])

    def candidates(self, low: int, high: int) -> int:
        """Return the number of sessions that :meth:`between` would have to look at.

        0 if they are listed one by one, which happens only for a few visitors.
        """
        if self._rows is None:
            return 0
        return self.source.count_before(high) - self.source.count_before(low - self.longest)

    def count_since(self, instant: int) -> int:
        """Return the number of sessions that end at or after *instant*, in a dense world."""
        ended = self._count_below(self._cut(instant)) - self._count_below_first
        _, excluded_ends = self._excluded
        return self.total - ended + int((excluded_ends < instant).sum())

    def between(self, low: int, high: int) -> _Slice:
        """Return the sessions that end in [low, high)."""
        if self.candidates(low, high) > self._scan_limit:
            return self._search(low, high)
        stop = self.source.count_before(high)
        batch = self.source.take(self.source.count_before(low - self.longest), stop)
        return _Slice(self.total - stop, batch.indices, batch.starts, batch.ends).within(low, high)

    def _search(self, low: int, high: int) -> _Slice:
        """Return :meth:`between` by looking up, for each piece, the few sessions that end in the interval."""
        population = self.source.population
        pieces = self._pieces
        first = self._cut(low)
        stop = self._cut(high)
        [some] = np.nonzero(first < stop)
        blocks = (stop[some] - 1) // ARCHETYPES - first[some] // ARCHETYPES + 1
        piece = np.repeat(some, blocks)
        block = (
            first[piece] // ARCHETYPES + np.arange(len(piece)) - np.repeat(np.cumsum(blocks) - blocks, blocks)
        )
        index = population.schedule.session_at(block, pieces.row[piece])
        excluded, _ = self._excluded
        inside = (index >= first[piece]) & (index < stop[piece]) & ~np.isin(index, excluded)
        index = index[inside]
        starts = population.timeline.starts(index)
        return _Slice(self.count_since(high), index, starts, starts + pieces.duration[piece[inside]])

    @cached_property
    def _pieces(self) -> _Pieces:
        """One piece per event of an archetype: the sessions in which it is the last event so far.

        Pieces without sessions are left out, so that one piece per archetype remains once all sessions are
        over.
        """
        source = self.source
        table = source.population.archetypes
        rows = np.arange(ARCHETYPES) if self._rows is None else self._rows
        length = table.length[rows]
        position, step = np.nonzero(np.arange(int(length.max(initial=0))) < length[:, None])
        row = rows[position]
        offset = table.offset[table.begin[row] + step].astype(np.int64)
        next_offset = np.append(offset[1:], 0)
        next_offset[step == length[position] - 1] = FAR
        count_before_each = source.population.timeline.count_before_each
        first = np.clip(count_before_each(source.now + 1 - next_offset), *source.bounds)
        stop = np.clip(count_before_each(source.now + 1 - offset), *source.bounds)
        [some] = np.nonzero(first < stop)
        return _Pieces(row[some], offset[some], first[some], stop[some])

    @cached_property
    def _excluded(self) -> tuple[I64, I64]:
        """Index and end of the sessions within the bounds that the index set excludes."""
        excluded = self.source.index_set.excluded
        first, stop = np.searchsorted(excluded, self.source.bounds)
        batch = self.source.pick(excluded[first:stop])
        return batch.indices, batch.ends

    def _cut(self, instant: int) -> I64:
        """Return for each piece the index below which its sessions end before *instant*."""
        pieces = self._pieces
        cut = self.source.population.timeline.count_before_each(instant - pieces.duration)
        return np.clip(cut, pieces.first, pieces.stop)

    @cached_property
    def _count_below_first(self) -> int:
        return self._count_below(self._pieces.first)

    def _count_below(self, index: I64) -> int:
        """Return the number of sessions of each piece's archetype below *index*, added up."""
        block = index // ARCHETYPES
        session = self.source.population.schedule.session_at(block, self._pieces.row)
        return int((block + (session < index)).sum())


class _ListedEndTimes:
    """The end times of tracked or imported sessions; the lower bounds are the end times themselves.

    Their duration has no limit.
    """

    longest = 0

    def __init__(self, source: TrackedSource | ImportedSource) -> None:
        self.source = source
        self.total = source.total
        self._sorted = source.sorted_ends
        self.latest = self.bound_at(0)

    def count_since(self, instant: int) -> int:
        return self.total - int(np.searchsorted(self._sorted, instant))

    count_bounds_since = count_since

    def bound_at(self, rank: int) -> int:
        return int(self._sorted[max(self.total - 1 - rank, 0)])

    def candidates(self, low: int, high: int) -> int:  # noqa: ARG002 -- as for generated sessions
        return 0

    def between(self, low: int, high: int) -> _Slice:
        return _Slice(0, self.source.indices, self.source.starts, self.source.ends).within(low, high)


_EndTimes: TypeAlias = _GeneratedEndTimes | _ListedEndTimes
