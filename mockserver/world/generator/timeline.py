"""Start times in closed form: session index to instant, and instant to the number of sessions before it.

Time is divided into buckets of at most an hour. Integer weights (a daily and a weekly rhythm) determine the
number of sessions per bucket. Within a bucket, sessions have equal slots, and each is shifted inside its slot
by a hash. All arithmetic is on integers (Unix milliseconds), so it is exact at 10¹² sessions.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterable
from functools import cached_property, lru_cache
from itertools import accumulate, pairwise
from typing import Final

import numpy as np

from mockserver.world.model.hashing import I64, below, draw, draw_one, i64

HOUR: Final = 3_600_000
DAY: Final = 24 * HOUR
WEEK: Final = 7 * DAY
_MONDAY: Final = -3 * DAY  # 1970-01-01 was a Thursday: weeks are counted from the Monday before it.
_OF_DAY = (2, 1, 1, 1, 1, 2, 3, 5, 7, 9, 10, 10, 10, 10, 10, 9, 9, 8, 8, 8, 7, 6, 4, 3)
_OF_WEEK = (10, 11, 11, 11, 10, 6, 5)


class Timeline:
    """The start times of the sessions of a population.

    An exact timeline has ``total`` sessions between its first and last edge. A flowing timeline repeats its
    edges (one week) forever, and its ``total`` is None.
    """

    def __init__(self, key: int, layout: "_Layout", *, grain: int, skipped: int | None = None) -> None:
        self._key = key
        self._grain = grain
        self._layout = layout
        self._edges = edges = layout.edges
        self._counts = counts = layout.counts
        self._period = edges[-1] - edges[0]
        self._flowing = skipped is not None
        self._skipped = skipped or 0
        self.total: int | None = None if self._flowing else counts[-1]
        self.expected_total = counts[-1]
        """Number of sessions by which visitor slots are chosen: all, or those of a week of a flowing
        timeline."""

    def starts(self, index: I64) -> I64:
        """Return the start of each session in Unix milliseconds; ascends with the index."""
        _, counts = self._layout.arrays
        index = index + i64(self._skipped)
        cycle, place = np.divmod(index, counts[-1]) if self._flowing else (0, index)
        first, size, edge, length = self._layout.buckets(counts.searchsorted(place, side="right") - 1)
        noise = below(HOUR, draw(self._key, index.view(np.uint64)))
        start = edge + ((place - first) * length + noise * length // i64(HOUR)) // size
        if self._grain > 1:  # Never before its own bucket, so that starts still ascend.
            start = np.maximum(start // self._grain * self._grain, edge)
        return np.asarray(start + cycle * self._period if self._flowing else start, dtype=np.int64)

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
        rank = min(max(0, (local - edge) * size // length - 1), size)
        while rank < size:
            noise = ((draw_one(self._key, base + rank) >> 32) * HOUR) >> 32
            if edge + (rank * length + noise * length // HOUR) // size >= local:
                break
            rank += 1
        return max(base + rank - self._skipped, 0)

    def count_before_each(self, instants: I64) -> I64:
        """Return :meth:`count_before` of many instants."""
        edges, counts = self._layout.arrays
        offset = instants - self._edges[0]
        cycle, inside = (
            np.divmod(offset, self._period) if self._flowing else (0, np.clip(offset, 0, self._period - 1))
        )
        first, size, edge, length = self._layout.buckets(
            edges.searchsorted(inside + self._edges[0], side="right") - 1
        )
        local = inside + self._edges[0]
        since = np.where(local > edge, -(-local // self._grain) * self._grain, local) - edge
        # Sessions in slots that end by the instant start before it; the session in the slot around it may.
        rank = np.minimum(since * size // length, size)
        base = first + cycle * counts[-1]
        noise = below(HOUR, draw(self._key, (base + rank).astype(np.uint64))) * length // HOUR
        rank += (rank < size) & ((rank * length + noise) // np.maximum(size, 1) < since)
        before = np.maximum(base + rank - self._skipped, 0)
        if not self._flowing:
            before = np.where(offset < 0, 0, np.where(offset >= self._period, counts[-1], before))
        return np.asarray(before, dtype=np.int64)

    def most_within(self, span: int) -> int:
        """Return an upper bound of the number of sessions that start within any *span* milliseconds."""
        hours = span // HOUR + 2  # An interval touches at most this many whole-hour buckets.
        _, counts = self._layout.arrays
        if self._flowing:
            counts = np.concatenate([counts, counts[-1] + counts[1:]])
        after = np.minimum(np.arange(len(counts)) + hours, len(counts) - 1)
        return int((counts[after] - counts).max())


class _Layout:
    """The buckets of timelines: their edges, and the number of sessions before each edge."""

    def __init__(self, edges: Iterable[int], counts: Iterable[int]) -> None:
        self.edges = array("q", edges)
        self.counts = array("q", counts)

    @cached_property
    def arrays(self) -> tuple[I64, I64]:
        """Edges and counts as numpy arrays that share the memory."""
        return np.frombuffer(self.edges, dtype=np.int64), np.frombuffer(self.counts, dtype=np.int64)

    def buckets(self, at: I64) -> tuple[I64, I64, I64, I64]:
        """Return the first session, the size, the first instant and the length of each bucket."""
        edges, counts = self.arrays
        return counts[at], counts[at + 1] - counts[at], edges[at], edges[at + 1] - edges[at]


def exact_timeline(
    key: int, total: int, span: tuple[int, int], *, quiet_days: tuple[int, ...] = (), grain: int = 1
) -> Timeline:
    """Return a timeline of *total* sessions between two instants (Unix milliseconds, end exclusive)."""
    return Timeline(key, _lay_out_hours(total, *span, quiet_days), grain=grain)


@lru_cache(maxsize=16)
def _lay_out_hours(total: int, start: int, end: int, quiet_days: tuple[int, ...]) -> _Layout:
    """Return the hourly buckets between two instants; they do not depend on the seed."""
    edges = [start, *range((start // HOUR + 1) * HOUR, end, HOUR), end]
    return _Layout(
        edges,
        _distribute(total, [_weight(edge, quiet_days) * (after - edge) for edge, after in pairwise(edges)]),
    )


def flowing_timeline(
    key: int, per_day: int, start: int, *, quiet_days: tuple[int, ...] = (), grain: int = 1
) -> Timeline:
    """Return an endless timeline of *per_day* sessions a day on average from *start* on."""
    monday = (start - _MONDAY) // WEEK * WEEK + _MONDAY
    edges = [monday + hour * HOUR for hour in range(WEEK // HOUR + 1)]
    layout = _Layout(edges, _distribute(7 * per_day, [_weight(edge, quiet_days) for edge in edges[:-1]]))
    return Timeline(
        key, layout, skipped=Timeline(key, layout, skipped=0, grain=grain).count_before(start), grain=grain
    )


def _weight(instant: int, quiet_days: tuple[int, ...]) -> int:
    day, moment = divmod((instant - _MONDAY) % WEEK, DAY)
    return 0 if day in quiet_days else _OF_DAY[moment // HOUR] * _OF_WEEK[day]


def _distribute(total: int, weights: list[int]) -> list[int]:
    """Return cumulated shares of a total by weight; if all weights are 0, the shares are equal."""
    if not any(weights):
        weights = [1] * len(weights)
    whole = sum(weights)
    return [seen * total // whole for seen in accumulate(weights, initial=0)]
