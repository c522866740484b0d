"""Start times in closed form: session index to instant, and instant to the number of sessions before it.

Time is divided into buckets of at most an hour. Each bucket has an expected number of sessions (a daily and a
weekly rhythm, a slow trend, unusual days) and a number drawn around it, different for every site and seed.
Within a bucket, sessions have equal slots, and each is shifted inside its slot by a hash; a few are put on
the edges on which clients often fail. All results are integers (Unix milliseconds), computed with operations
that are exact or correctly rounded, so they are the same on every machine at 10¹² sessions.
"""

from bisect import bisect_right
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from mockserver.world.model.hashing import I64, U64, below, draw, draw_one, i64, key, normal, u64

HOUR: Final = 3_600_000
DAY: Final = 24 * HOUR
WEEK: Final = 7 * DAY
YEAR: Final = 52 * WEEK
"""Period after which the numbers of sessions of a flowing timeline repeat, on the same days of the week."""
_MONDAY: Final = -3 * DAY  # 1970-01-01 was a Thursday: weeks are counted from the Monday before it.
_OF_DAY: Final = np.array((2, 1, 1, 1, 1, 2, 3, 5, 7, 9, 10, 10, 10, 10, 10, 9, 9, 8, 8, 8, 7, 6, 4, 3))
_OF_WEEK: Final = np.array((10, 11, 11, 11, 10, 6, 5))
_ORDINARY: Final = 16
"""Factor of an ordinary day; those of others are relative to it."""
_DAY_FACTORS: Final = np.array((29, 24, 9, *[_ORDINARY] * 37))  # Two campaigns and a holiday in 40 days.
_TREND: Final = (28, 12, 9)  # Days between two levels of the trend; the lowest level; the number of levels.
_VARIANCE: Final = 1.5  # Of the number of sessions of a bucket, divided by its mean.
_SMALL: Final = 1.5  # Mean up to which the number has a geometric distribution, otherwise a normal one.
_LARGEST_DRAW: Final = 12
_LEAST_WITH_EDGES: Final = 100
"""Number of sessions from which some are put on edges."""
_FIRST, _LAST, _PAIR = 1, 2, 4
"""Flags of a bucket: its first session is at its first millisecond, its last one at its last, its first two
have the same start."""


class Rhythm(Struct, frozen=True, kw_only=True):
    """The pattern of the number of sessions over time, in addition to their total."""

    quiet_days: tuple[int, ...] = ()
    """Days of the week without sessions; Monday is 0."""
    even: bool = False
    """True for sessions that come at all hours, such as those of bots."""
    utc_offset: int = 0
    """Hours from UTC to the site's time zone, whose days have sessions on their edges, like those of UTC."""


class Timeline:
    """The start times of the sessions of a population.

    An exact timeline has ``total`` sessions between its first and last edge. A flowing timeline repeats its
    edges (52 weeks) forever, and its ``total`` is None.
    """

    def __init__(self, key: int, layout: "_Layout", *, grain: int, skipped: int | None = None) -> None:
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
            is_second = (flags & _PAIR).astype(bool) & (rank == 1)
            if is_second.any():
                rank = rank - is_second
                noise[is_second] = below(HOUR, draw(self._key, (index[is_second] - 1).view(np.uint64)))
            noise[(flags & _LAST).astype(bool) & (rank == size - 1)] = HOUR - 1
            noise[(flags & _FIRST).astype(bool) & (rank == 0)] = 0
        start = edge + (rank * length + noise * length // i64(HOUR)) // size
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
        flags = int(self._layout.flags[bucket])
        rank = min(max(0, (local - edge) * size // length - 1), size)
        while rank < size:
            slot = 0 if flags & _PAIR and rank == 1 else rank
            noise = ((draw_one(self._key, base + slot) >> 32) * HOUR) >> 32
            if flags & _LAST and slot == size - 1:
                noise = HOUR - 1
            if flags & _FIRST and slot == 0:
                noise = 0
            if edge + (slot * length + noise * length // HOUR) // size >= local:
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
        noise[(flags & _LAST).astype(bool) & (rank == size - 1)] = HOUR - 1
        noise[(flags & _FIRST).astype(bool) & (rank == 0)] = 0
        rank += (rank < size) & ((rank * length + noise * length // HOUR) // np.maximum(size, 1) < since)
        rank += (flags & _PAIR).astype(bool) & (rank == 1) & (size > 1)
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


class _Layout:
    """The buckets of a timeline: their edges, the number of sessions before each edge, and their flags."""

    def __init__(self, edges: I64, counts: I64, flags: NDArray[np.uint8]) -> None:
        self.edges = edges
        self.counts = counts
        self.flags = flags
        # Reading single items is faster with these.
        self.edge_list = edges.data
        self.count_list = counts.data

    def buckets(self, at: I64) -> tuple[I64, I64, I64, I64]:
        """Return the first session, the size, the first instant and the length of each bucket."""
        edges, counts = self.edges, self.counts
        return counts[at], counts[at + 1] - counts[at], edges[at], edges[at + 1] - edges[at]


_PLAIN: Final = Rhythm()


def exact_timeline(
    key: int, total: int, span: tuple[int, int], rhythm: Rhythm = _PLAIN, *, grain: int = 1
) -> Timeline:
    """Return a timeline of *total* sessions between two instants (Unix milliseconds, end exclusive)."""
    return Timeline(key, _lay_out(key, total, _divide(*span, rhythm)), grain=grain)


def flowing_timeline(
    key: int, per_day: int, start: int, rhythm: Rhythm = _PLAIN, *, grain: int = 1
) -> Timeline:
    """Return an endless timeline of *per_day* sessions a day on average from *start* on."""
    monday = (start - _MONDAY) // WEEK * WEEK + _MONDAY
    layout = _lay_out(key, YEAR // DAY * per_day, _divide(monday, monday + YEAR, rhythm))
    skipped = Timeline(key, layout, skipped=0, grain=grain).count_before(start)
    return Timeline(key, layout, skipped=skipped, grain=grain)


class _Buckets(NamedTuple):
    """The part of a layout that does not depend on the seed; one item per bucket, except for the edges."""

    edges: I64
    weights: I64
    """Relative numbers of sessions of ordinary days."""
    day: I64
    """Days since the Monday from which weeks are counted, less that of the first bucket."""
    days: range
    flags: NDArray[np.uint8]
    """The flags that a bucket may have."""


@lru_cache(maxsize=64)
def _divide(start: int, end: int, rhythm: Rhythm) -> _Buckets:
    """Divide the time between two instants into hours of UTC."""
    edges = np.array([start, *range((start // HOUR + 1) * HOUR, end, HOUR), end])
    day, moment = np.divmod(edges[:-1] - _MONDAY, DAY)
    of_week = np.ones(7, dtype=np.int64) if rhythm.even else _OF_WEEK.copy()
    of_week[list(rhythm.quiet_days)] = 0
    seconds = (np.diff(edges) + 999) // 1000
    weights = of_week[day % 7] * seconds
    if not rhythm.even:
        weights *= _OF_DAY[moment // HOUR]
    is_midnight = (edges % DAY == 0) | ((edges + rhythm.utc_offset * HOUR) % DAY == 0)
    flags = np.where(is_midnight[:-1], _FIRST, 0) | np.where(is_midnight[1:], _LAST, 0)
    days = range(int(day[0]), int(day[-1]) + 1)
    return _Buckets(edges, weights if weights.any() else seconds, day - day[0], days, flags.astype(np.uint8))


def _lay_out(seed_key: int, total: int, buckets: _Buckets) -> _Layout:
    """Return buckets with drawn numbers of sessions that add up to *total*."""
    expected = buckets.weights * _draw_factors(seed_key, buckets.days)[buckets.day]
    hashed = draw(key(seed_key, "hours"), np.arange(len(expected), dtype=np.uint64))
    mean = expected.astype(np.float64) * (total / int(expected.sum()))
    drawn = _draw_around(mean, hashed)
    flags = np.zeros(len(expected), dtype=np.uint8)
    if total >= _LEAST_WITH_EDGES:
        # Every second day has sessions on its edges, and one in 32 other hours has a pair.
        is_chosen = buckets.day & 1 == seed_key & 1
        flags = buckets.flags * is_chosen
        flags[[0, -1]] = 0  # A single session cannot be at both ends of its bucket.
        flags[0] |= _FIRST
        flags[-1] |= _LAST
        flags[(flags == 0) & (hashed & u64(31) == 0)] = _PAIR
        # Nights are quiet: without this, few days would have sessions on their edges.
        edges = (flags & _FIRST > 0) + (flags & _LAST > 0).astype(np.int64)
        drawn = np.maximum(drawn, np.where(expected > 0, edges, 0))
    if not drawn.any():
        drawn = expected
    counts = np.zeros(len(drawn) + 1, dtype=np.int64)
    np.cumsum(drawn, out=counts[1:])
    return _Layout(buckets.edges, _scale(counts, total), flags)


def _draw_factors(seed_key: int, days: range) -> I64:
    """Return the factor of each day: a trend between drawn levels, and that of unusual days."""
    numbers = np.arange(days.start, days.stop)
    step, lowest, levels = _TREND
    knots = np.arange(days.start // step, days.stop // step + 2)
    level = lowest + below(levels, draw(key(seed_key, "trend"), knots.view(np.uint64)))
    unusual = _DAY_FACTORS[below(len(_DAY_FACTORS), draw(key(seed_key, "unusual"), numbers.view(np.uint64)))]
    since = numbers % step
    knot = numbers // step - knots[0]
    return np.asarray(unusual * (level[knot] * (step - since) + level[knot + 1] * since))


def _draw_around(mean: NDArray[np.float64], hashed: U64) -> I64:
    """Draw the number of sessions of each bucket around its mean.

    Sums, products, quotients and square roots are rounded correctly on every machine; logarithms and
    exponentials are not.
    """
    drawn = np.empty(len(mean), dtype=np.int64)
    is_small = mean <= _SMALL
    if is_small.any():
        small = mean[is_small]
        share = small / (1 + small)
        uniform = (hashed[is_small] >> u64(11)) * 2.0**-53
        power = share.copy()
        number = np.zeros(len(small), dtype=np.int64)
        for _ in range(_LARGEST_DRAW):
            number += uniform < power
            power *= share
        drawn[is_small] = number
    if not is_small.all():
        large = mean[~is_small]
        drawn[~is_small] = np.maximum(large + np.sqrt(_VARIANCE * large) * normal(hashed[~is_small]) + 0.5, 0)
    return drawn


def _scale(counts: I64, total: int) -> I64:
    """Return cumulated counts in proportion, so that the last one is *total*.

    The first and the last bucket with sessions keep one.
    """
    whole = int(counts[-1])
    if max(whole, total) < 1 << 31:
        scaled = -(-counts * total // whole)
    else:
        scaled = np.array([-(-count * total // whole) for count in counts.tolist()], dtype=np.int64)
    return np.where(counts < whole, np.minimum(scaled, max(total - 1, 0)), total)
