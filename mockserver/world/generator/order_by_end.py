"""The sessions of a query result ordered by end time, latest first.

End times have no closed form, unlike start times. But a session lasts at most as long as the longest
archetype, so a rank by start brackets any page of this order between two instants, and only the sessions that
end between them are sorted. In dense worlds such a bracket holds millions of sessions. There it is narrowed
by counting: an archetype has one duration and occurs once in every full block, so the number of its sessions
that end before an instant is a division.
"""

from bisect import bisect_right
from collections.abc import Sequence
from functools import cached_property
from typing import Final, NamedTuple, Protocol

import numpy as np
from msgspec import Struct

from mockserver.world.generator.archetypes import ARCHETYPES
from mockserver.world.generator.query_result import GeneratedSource, Page, QueryResult, Source, TrackedSource
from mockserver.world.model.hashing import I64
from mockserver.world.model.session_batch import SessionBatch

SCAN_LIMIT: Final = 32_768
"""Number of sessions up to which it is cheaper to look at each session than to count per archetype (`make
bench`: 4 ms)."""
_STEP_SESSIONS: Final = 1024
"""Number of sessions in a bracket at which narrowing it further saves nothing."""
_FAR: Final = 1 << 48  # Unix milliseconds; later than any start or tracked event.


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


class _Rows(Struct, frozen=True):
    """Sessions of several sources in columns."""

    source: I64
    index: I64
    ends: I64
    """In units of the order, as are the starts."""
    starts: I64

    def __len__(self) -> int:
        return len(self.ends)

    def take(self, positions: I64) -> "_Rows":
        """Return the rows at *positions*."""
        return _Rows(
            self.source[positions], self.index[positions], self.ends[positions], self.starts[positions]
        )


class _Slice(Struct, frozen=True):
    """The sessions of a source that end within an interval, unordered."""

    later: int
    """Number of sessions that end after the interval."""
    index: I64
    """Identifies each session to :meth:`EndTimeIndex.pick` and :meth:`EndTimeIndex.numbers`."""
    starts: I64
    ends: I64


class EndTimeIndex(Protocol):
    """The end times of the sessions of one source.

    Each session has a lower bound of its end that can be ranked cheaply; it ends at most ``longest``
    milliseconds later.
    """

    total: int
    longest: int
    latest: int
    """Upper bound of all end times."""

    def count_bounds_since(self, instant: int) -> int:
        """Return the number of lower bounds at or after *instant*."""

    def bound_at(self, rank: int) -> int:
        """Return the lower bound with *rank*, newest first; the oldest one for a rank past the end."""

    def candidates(self, low: int, high: int) -> int:
        """Return the number of sessions that :meth:`between` would have to look at.

        0 if it has a list of them.
        """

    def count_since(self, instant: int) -> int:
        """Return the number of sessions that end at or after *instant*."""

    def between(self, low: int, high: int) -> _Slice:
        """Return the sessions that end in [low, high)."""

    def numbers(self, index: I64) -> I64:
        """Return session numbers."""

    def pick(self, index: I64) -> SessionBatch:
        """Return the sessions with ascending *index* as a batch."""


class EndOrderedResult:
    """A query result in an order by end.

    The cost of a page depends on its size and on the number of sessions that end in the same unit, not on the
    world's size.
    """

    def __init__(self, result: QueryResult, order: EndOrder, *, scan_limit: int = SCAN_LIMIT) -> None:
        self.total = result.total
        self._order = order
        self._scan_limit = scan_limit
        self._sources = [_end_times(source, scan_limit) for source in result.sources if source.total]
        self._longest = max((source.longest for source in self._sources), default=0)

    def page(self, offset: int, limit: int) -> Page:
        """Return at most *limit* sessions from *offset* on; an empty page past the end."""
        limit = min(limit, self.total - offset)
        if limit <= 0:
            return Page([], [], newest_first=True)
        oldest, newest = self._bounds_around(offset)
        # The session at the offset ends at or after its lower bound; sessions that end `longest` after it
        # precede it.
        high = min(newest + self._longest, max(source.latest for source in self._sources) + 1)
        low = self._instant_before([source.count_bounds_since(oldest) for source in self._sources], limit)
        low, high = self._align(low, high)
        instants = self._steps(low, high)
        if instants:
            low = instants[max(self._last_with(instants, offset + limit), 0)]
            above = self._last_with(instants, offset + 1) + 1
            high = instants[above] if above < len(instants) else high
        slices = [source.between(low, high) for source in self._sources]
        first = offset - sum(each.later for each in slices)
        return self._to_page(self._sort(self._rows(slices), first, first + limit)[0])

    def older(self, than: EndSortKey | None, limit: int) -> Page:
        """Return the *limit* sessions after a position, latest first.

        From the start of the order without a position.
        """
        if than is None or limit <= 0 or not self.total:
            return self.page(0, limit)
        unit = self._order.unit
        end = min(max(than.end, -_FAR), _FAR) // unit
        # A session whose lower bound is `longest` before the position follows it.
        passed = [source.count_bounds_since(end * unit - source.longest) for source in self._sources]
        low, high = self._align(self._instant_before(passed, limit), (end + 1) * unit)
        instants = self._steps(low, high)
        if instants:
            wanted = min(self._count_since(end * unit) + limit, self.total)
            low = instants[max(self._last_with(instants, wanted), 0)]
        rows = self._rows([source.between(low, high) for source in self._sources])
        equal = int((rows.ends == end).sum())
        rows, numbers = self._sort(rows, 0, equal + limit)
        not_after = numbers >= than.number
        if self._order.by_start:
            start = than.start // unit
            not_after = (rows.starts > start) | ((rows.starts == start) & not_after)
        [kept] = np.nonzero(~(not_after & (rows.ends == end)))
        return self._to_page(rows.take(kept[:limit]))

    def _align(self, low: int, high: int) -> tuple[int, int]:
        """Return the smallest interval of whole units that contains [low, high)."""
        unit = self._order.unit
        return low // unit * unit, -(-high // unit) * unit

    def _bounds_around(self, rank: int) -> tuple[int, int]:
        """Return two instants.

        More than *rank* lower bounds are at or after the first, at most *rank* at or after the second.
        """
        if len(self._sources) == 1:
            bound = self._sources[0].bound_at(rank)
            return bound, bound + 1
        low = min(source.bound_at(self.total) for source in self._sources)
        high = max(source.bound_at(0) for source in self._sources) + 1
        while high - low > max(
            self._longest >> 6, 1
        ):  # A smaller difference would hardly narrow the bracket of a page.
            middle = (low + high) // 2
            if sum(source.count_bounds_since(middle) for source in self._sources) > rank:
                low = middle
            else:
                high = middle
        return low, high

    def _instant_before(self, passed: Sequence[int], count: int) -> int:
        """Return an instant at or after which *count* sessions end.

        They are in addition to those *passed* in each source.
        """
        pairs = list(zip(self._sources, passed, strict=True))
        bounds = [source.bound_at(seen + count - 1) for source, seen in pairs if seen + count <= source.total]
        return max(bounds) if bounds else min(source.bound_at(self.total) for source in self._sources)

    def _count_since(self, instant: int) -> int:
        return sum(source.count_since(instant) for source in self._sources)

    def _steps(self, low: int, high: int) -> range:
        """Return the instants between which a dense bracket is narrowed.

        Empty if all its sessions can be looked at.
        """
        candidates = sum(source.candidates(low, high) for source in self._sources)
        if candidates <= self._scan_limit:
            return range(0)
        unit = self._order.unit
        step = (high - low + self._longest) * _STEP_SESSIONS // candidates
        return range(low, high, max(step // unit, 1) * unit)

    def _last_with(self, instants: range, count: int) -> int:
        """Return the position of the last instant at or after which *count* sessions end, or -1."""
        return bisect_right(instants, -count, key=lambda instant: -self._count_since(instant)) - 1

    def _rows(self, slices: Sequence[_Slice]) -> _Rows:
        unit = self._order.unit
        return _Rows(
            np.repeat(np.arange(len(slices)), [len(each.index) for each in slices]),
            np.concatenate([each.index for each in slices]),
            np.concatenate([each.ends for each in slices]) // unit,
            np.concatenate([each.starts for each in slices]) // unit,
        )

    def _sort(self, rows: _Rows, first: int, stop: int) -> tuple[_Rows, I64]:
        """Return the sorted rows from position *first* to *stop* and their session numbers.

        Numbers are only computed for rows whose end is near that range.
        """
        if not len(rows) or stop <= first:
            return rows.take(np.arange(0)), np.arange(0)
        ends = np.sort(rows.ends)[::-1]
        latest = ends[first]
        earliest = ends[min(stop, len(ends)) - 1]
        [near] = np.nonzero((rows.ends <= latest) & (rows.ends >= earliest))
        rows = rows.take(near)
        skipped = int((ends > latest).sum())
        numbers = np.empty(len(rows), dtype=np.int64)
        for position, source in enumerate(self._sources):
            own = rows.source == position
            numbers[own] = source.numbers(rows.index[own])
        keys = (numbers, rows.starts, rows.ends) if self._order.by_start else (numbers, rows.ends)
        order = np.lexsort(keys)[::-1][first - skipped : stop - skipped]
        return rows.take(order), numbers[order]

    def _to_page(self, rows: _Rows) -> Page:
        """Return the rows as one batch per source, each ascending by start, with the common order."""
        batches: list[SessionBatch] = []
        batch, position = np.empty((2, len(rows)), dtype=np.int64)
        for number, source in enumerate(self._sources):
            [own] = np.nonzero(rows.source == number)
            if len(own):
                index = np.sort(rows.index[own])
                batch[own] = len(batches)
                position[own] = np.searchsorted(index, rows.index[own])
                batches.append(source.pick(index))
        return Page(batches, list(zip(batch.tolist(), position.tolist(), strict=True)), newest_first=True)


class _Pieces(NamedTuple):
    """Runs of sessions of one archetype that have ended the same time after their start, as of now."""

    row: I64
    duration: I64
    first: I64
    stop: I64
    """The sessions of the archetype with an index in [first, stop)."""


class _GeneratedEndTimes:
    """The end times of a population's sessions; the lower bounds are their start times."""

    def __init__(self, source: GeneratedSource, scan_limit: int) -> None:
        self.total = source.total
        self._source = source
        self._scan_limit = scan_limit
        self._archetypes = source.index_set.rows
        duration = source.archetypes.duration
        self.longest = int(
            (duration if self._archetypes is None else duration[self._archetypes]).max(initial=0)
        )
        self.latest = min(self.bound_at(0) + self.longest, source.now)

    def count_bounds_since(self, instant: int) -> int:
        return self.total - self._source.count_before(instant)

    def bound_at(self, rank: int) -> int:
        ordinal = max(self.total - 1 - rank, 0)
        return int(self._source.starts(ordinal, ordinal + 1)[0])

    def candidates(self, low: int, high: int) -> int:
        if (
            self._archetypes is None
        ):  # The sessions are listed one by one, which happens only for a few visitors.
            return 0
        return self._source.count_before(high) - self._source.count_before(low - self.longest)

    def count_since(self, instant: int) -> int:
        if self.candidates(instant, instant) <= min(self._scan_limit, ARCHETYPES):
            return self._scan(instant, instant).later
        ended = self._count_below(self._cut(instant)) - self._count_below_first
        _, excluded_ends = self._excluded
        return self.total - ended + int((excluded_ends < instant).sum())

    def between(self, low: int, high: int) -> _Slice:
        return (
            self._scan(low, high)
            if self.candidates(low, high) <= self._scan_limit
            else self._search(low, high)
        )

    def numbers(self, index: I64) -> I64:
        return self._source.population.session_numbers(index).view(np.int64)

    def pick(self, index: I64) -> SessionBatch:
        return self._source.pick(index)

    def _scan(self, low: int, high: int) -> _Slice:
        """Return :meth:`between` by looking at each session that may end in the interval."""
        stop = self._source.count_before(high)
        batch = self._source.take(self._source.count_before(low - self.longest), stop)
        found = (batch.ends >= low) & (batch.ends < high)
        later = self.total - stop + int((batch.ends >= high).sum())
        return _Slice(later, batch.indices[found], batch.starts[found], batch.ends[found])

    def _search(self, low: int, high: int) -> _Slice:
        """Return :meth:`between` by looking up, for each piece, the few sessions that end in the interval."""
        pieces = self._pieces
        first = self._cut(low)
        stop = self._cut(high)
        [some] = np.nonzero(first < stop)
        blocks = (stop[some] - 1) // ARCHETYPES - first[some] // ARCHETYPES + 1
        piece = np.repeat(some, blocks)
        block = (
            first[piece] // ARCHETYPES + np.arange(len(piece)) - np.repeat(np.cumsum(blocks) - blocks, blocks)
        )
        index = self._source.population.schedule.session_at(block, pieces.row[piece])
        excluded, _ = self._excluded
        found = (index >= first[piece]) & (index < stop[piece]) & ~np.isin(index, excluded)
        index = index[found]
        starts = self._source.population.timeline.starts(index)
        return _Slice(self.count_since(high), index, starts, starts + pieces.duration[piece[found]])

    @cached_property
    def _pieces(self) -> _Pieces:
        """One piece per event of an archetype: the sessions in which it is the last event so far.

        Pieces without sessions are left out, so that one piece per archetype remains once all sessions are
        over.
        """
        source = self._source
        table = source.archetypes
        rows = np.arange(ARCHETYPES) if self._archetypes is None else self._archetypes
        length = table.length[rows]
        position, step = np.nonzero(np.arange(int(length.max(initial=0))) < length[:, None])
        row = rows[position]
        offset = table.offset[table.begin[row] + step].astype(np.int64)
        next_offset = np.append(offset[1:], 0)
        next_offset[step == length[position] - 1] = _FAR
        before_each = source.population.timeline.count_before_each
        first = np.clip(before_each(source.now + 1 - next_offset), *source.bounds)
        stop = np.clip(before_each(source.now + 1 - offset), *source.bounds)
        [some] = np.nonzero(first < stop)
        return _Pieces(row[some], offset[some], first[some], stop[some])

    @cached_property
    def _excluded(self) -> tuple[I64, I64]:
        """Index and end of the sessions within the bounds that the index set excludes."""
        excluded = self._source.index_set.excluded
        first, stop = np.searchsorted(excluded, self._source.bounds)
        batch = self._source.pick(excluded[first:stop])
        return batch.indices, batch.ends

    def _cut(self, instant: int) -> I64:
        """Return for each piece the index below which its sessions end before *instant*."""
        pieces = self._pieces
        return np.clip(
            self._source.population.timeline.count_before_each(instant - pieces.duration),
            pieces.first,
            pieces.stop,
        )

    @cached_property
    def _count_below_first(self) -> int:
        return self._count_below(self._pieces.first)

    def _count_below(self, index: I64) -> int:
        """Return the number of sessions of each piece's archetype below *index*, added up."""
        block = index // ARCHETYPES
        schedule = self._source.population.schedule
        return int((block + (schedule.session_at(block, self._pieces.row) < index)).sum())


class _TrackedEndTimes:
    """The end times of tracked sessions, whose duration has no limit; the lower bounds are the end times."""

    longest = 0

    def __init__(self, source: TrackedSource) -> None:
        self.total = source.total
        self._source = source
        self._ends = np.array([session.events[-1].at for session in source.sessions], dtype=np.int64)
        self._sorted = np.sort(self._ends)
        self.latest = self.bound_at(0)

    def count_bounds_since(self, instant: int) -> int:
        return self.total - int(np.searchsorted(self._sorted, instant))

    def bound_at(self, rank: int) -> int:
        return int(self._sorted[max(self.total - 1 - rank, 0)])

    def candidates(self, low: int, high: int) -> int:  # noqa: ARG002 -- part of the protocol
        return 0

    def count_since(self, instant: int) -> int:
        return self.count_bounds_since(instant)

    def between(self, low: int, high: int) -> _Slice:
        [index] = np.nonzero((self._ends >= low) & (self._ends < high))
        starts = np.array([self._source.sessions[ordinal].start for ordinal in index], dtype=np.int64)
        return _Slice(self.count_since(high), index, starts, self._ends[index])

    def numbers(self, index: I64) -> I64:
        site_key = self._source.site_key
        return np.array(
            [self._source.sessions[ordinal].number(site_key) for ordinal in index], dtype=np.int64
        )

    def pick(self, index: I64) -> SessionBatch:
        return self._source.pick(index.tolist())


def _end_times(source: Source, scan_limit: int) -> EndTimeIndex:
    if isinstance(source, GeneratedSource):
        return _GeneratedEndTimes(source, scan_limit)
    if isinstance(source, TrackedSource):
        return _TrackedEndTimes(source)
    raise TypeError(f"unsupported source: {type(source).__name__}")
