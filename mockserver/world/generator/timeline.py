"""Start times in closed form: session index to instant, and instant to the number of sessions before it.

Time is divided into buckets, each with a number of sessions (``mockserver.world.generator.layout``). Within a
bucket, sessions have equal slots, and each is shifted inside its slot by a hash; a few are put on
the edges on which clients often fail. Some buckets have an *early return*: two sessions that start little
more than 30 minutes apart, which the schedule gives to one visitor. All results are integers (Unix
milliseconds), computed with operations that are exact or correctly rounded, so they are the same on every
machine at 10¹² sessions.
"""

from bisect import bisect_right
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mockserver.world.generator.layout import (
    DAY,
    FIRST,
    HOUR,
    LAST,
    MONDAY,
    PAIR,
    RETURN,
    WEEK,
    YEAR,
    Layout,
    Rhythm,
    divide,
    lay_out,
)
from mockserver.world.model.hashing import I64, below, draw, draw_one, i64

_PLAIN: Final = Rhythm()


class Timeline:
    """The start times of the sessions of a population.

    An exact timeline has ``total`` sessions between its first and last edge. A flowing timeline repeats its
    edges (52 weeks) forever, and its ``total`` is None.
    """

    def __init__(self, key: int, layout: Layout, *, grain: int, skipped: int | None = None) -> None:
        self._key = key
        self._grain = grain
        self._layout = layout
        self._edges = edges = layout.edge_list
        self._counts = counts = layout.count_list
        self._period = edges[-1] - edges[0]
        self._flowing = skipped is not None
        self._skipped = skipped or 0
        self._most_within: dict[int, int] = {}
        self.total: int | None = None if self._flowing else counts[-1]
        self.expected_total = counts[-1] * WEEK // self._period if self._flowing else counts[-1]
        """Number of sessions by which visitor slots are chosen: all, or those of a week of a flowing
        timeline."""

    def starts(self, index: I64) -> I64:
        """Return the start of each session in Unix milliseconds; ascends with the index."""
        counts = self._layout.counts
        index = index + i64(self._skipped)
        cycle, place = np.divmod(index, counts[-1]) if self._flowing else (0, index)
        at = counts.searchsorted(place, side="right") - 1
        first, size, edge, length = self._layout.buckets(at)
        rank = place - first
        noise = below(HOUR, draw(self._key, index.view(np.uint64)))
        flags = self._layout.flags[at]
        if flags.any():
            is_second = (flags & PAIR).astype(bool) & (rank == 1)
            if is_second.any():
                rank = rank - is_second
                noise[is_second] = below(HOUR, draw(self._key, (index[is_second] - 1).view(np.uint64)))
            noise[(flags & LAST).astype(bool) & (rank == size - 1)] = HOUR - 1
            noise[(flags & FIRST).astype(bool) & (rank == 0)] = 0
        offset = (rank * length + noise * length // i64(HOUR)) // size
        self._replace_offsets(offset, at, rank, flags)
        start = edge + offset
        if self._grain > 1:  # Never before its own bucket, so that starts still ascend.
            start = np.maximum(start // self._grain * self._grain, edge)
        return np.asarray(start + cycle * self._period if self._flowing else start, dtype=np.int64)

    def _replace_offsets(self, offset: I64, at: I64, rank: I64, flags: NDArray[np.uint8]) -> None:
        """Put the sessions of early returns where they belong in their buckets."""
        [some] = np.nonzero(flags & RETURN)
        if len(some):
            returns = self._layout.returns
            place = returns.buckets.searchsorted(at[some])
            for ranks, offsets in ((0, returns.first), (returns.ranks[place], returns.second)):
                is_own = rank[some] == ranks
                offset[some[is_own]] = offsets[place[is_own]]

    @property
    def early_returns(self) -> tuple[I64, I64]:
        """The first and the second session of each early return; of the first period, if flowing.

        The second one starts 30 to 33 minutes after the first one.
        """
        returns = self._layout.returns
        first = self._layout.counts[returns.buckets] - self._skipped
        is_in = first >= 0
        return first[is_in], (first + returns.ranks)[is_in]

    def count_before(self, instant: int) -> int:
        """Return the number of sessions that start before an instant (Unix milliseconds)."""
        offset = instant - self._edges[0]
        cycle = 0
        if self._flowing:
            cycle, offset = divmod(offset, self._period)
        if offset < 0:
            return 0
        if offset >= self._period:
            return self._counts[-1]
        local = self._edges[0] + offset
        bucket = bisect_right(self._edges, local) - 1
        edge = self._edges[bucket]
        length = self._edges[bucket + 1] - edge
        size = self._counts[bucket + 1] - self._counts[bucket]
        base = cycle * self._counts[-1] + self._counts[bucket]
        # Starts are rounded down to the grain: those before an instant are those before the next multiple.
        if local > edge:
            local = -(-local // self._grain) * self._grain
        flags = int(self._layout.flags[bucket])
        rank = min(max(0, (local - edge) * size // length - 1), size)
        returning = self._layout.returns.offsets_in(bucket) if flags & RETURN else {}
        while rank < size:
            slot = 0 if flags & PAIR and rank == 1 else rank
            noise = ((draw_one(self._key, base + slot) >> 32) * HOUR) >> 32
            if flags & LAST and slot == size - 1:
                noise = HOUR - 1
            if flags & FIRST and slot == 0:
                noise = 0
            if edge + returning.get(rank, (slot * length + noise * length // HOUR) // size) >= local:
                break
            rank += 1
        return max(base + rank - self._skipped, 0)

    def count_before_each(self, instants: I64) -> I64:
        """Return :meth:`count_before` of many instants."""
        edges, counts = self._layout.edges, self._layout.counts
        offset = instants - self._edges[0]
        cycle, inside = (
            np.divmod(offset, self._period) if self._flowing else (0, np.clip(offset, 0, self._period - 1))
        )
        at = edges.searchsorted(inside + self._edges[0], side="right") - 1
        first, size, edge, length = self._layout.buckets(at)
        flags = self._layout.flags[at]
        local = inside + self._edges[0]
        since = np.where(local > edge, -(-local // self._grain) * self._grain, local) - edge
        # Sessions in slots that end by the instant start before it; the session in the slot around it may.
        rank = np.minimum(since * size // length, size)
        base = first + cycle * counts[-1]
        noise = below(HOUR, draw(self._key, (base + rank).astype(np.uint64)))
        noise[(flags & LAST).astype(bool) & (rank == size - 1)] = HOUR - 1
        noise[(flags & FIRST).astype(bool) & (rank == 0)] = 0
        moment = (rank * length + noise * length // HOUR) // np.maximum(size, 1)
        self._replace_offsets(moment, at, rank, flags)
        rank += (rank < size) & (moment < since)
        rank += (flags & PAIR).astype(bool) & (rank == 1) & (size > 1)
        before = np.maximum(base + rank - self._skipped, 0)
        if not self._flowing:
            before = np.where(offset < 0, 0, np.where(offset >= self._period, counts[-1], before))
        return np.asarray(before, dtype=np.int64)

    def most_within(self, span: int) -> int:
        """Return an upper bound of the number of sessions that start within any *span* milliseconds."""
        if span not in self._most_within:
            self._most_within[span] = self._find_most_within(span)
        return self._most_within[span]

    def _find_most_within(self, span: int) -> int:
        hours = span // HOUR + 2  # An interval touches at most this many whole-hour buckets.
        counts = self._layout.counts
        if self._flowing:
            counts = np.concatenate([counts, counts[-1] + counts[1:]])
        after = np.minimum(np.arange(len(counts)) + hours, len(counts) - 1)
        return int((counts[after] - counts).max())


def exact_timeline(
    key: int, total: int, span: tuple[int, int], rhythm: Rhythm = _PLAIN, *, grain: int = 1
) -> Timeline:
    """Return a timeline of *total* sessions between two instants (Unix milliseconds, end exclusive)."""
    return Timeline(key, lay_out(key, total, divide(*span, rhythm), grain), grain=grain)


def flowing_timeline(
    key: int, per_day: int, start: int, rhythm: Rhythm = _PLAIN, *, grain: int = 1
) -> Timeline:
    """Return an endless timeline of *per_day* sessions a day on average from *start* on."""
    monday = (start - MONDAY) // WEEK * WEEK + MONDAY
    layout = lay_out(key, YEAR // DAY * per_day, divide(monday, monday + YEAR, rhythm), grain)
    skipped = Timeline(key, layout, skipped=0, grain=grain).count_before(start)
    return Timeline(key, layout, skipped=skipped, grain=grain)
