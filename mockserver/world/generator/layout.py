"""The layout of a timeline: how many sessions start in each bucket of time, and which are on its edges.

A bucket is at most an hour. It has an expected number of sessions (a daily and a weekly rhythm, a slow trend,
unusual days) and a number drawn around it, different for every site and seed.
"""

from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from mockserver.world.model.hashing import I64, U64, below, draw, key, normal, u64

MINUTE: Final = 60_000
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
WEEK: Final = 7 * DAY
YEAR: Final = 52 * WEEK
"""Period after which the numbers of sessions of a flowing timeline repeat, on the same days of the week."""
MONDAY: Final = -3 * DAY  # 1970-01-01 was a Thursday: weeks are counted from the Monday before it.
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
FIRST, LAST, PAIR, RETURN = 1, 2, 4, 8
"""Flags of a bucket: its first session is at its first millisecond, its last one at its last, its first two
have the same start, it has an early return."""
_RETURN_AFTER: Final = (30 * MINUTE, 33 * MINUTE)
"""Milliseconds between the starts of the two sessions of an early return; both ends are exclusive."""
_RETURN_EVERY: Final = 25
"""Number of hours of which one may have an early return: another hour on each day."""
_LEAST_WITH_RETURNS: Final = 512
"""Number of sessions from which a timeline has early returns, and at least one pair."""
_MOST_RETURNS: Final = 512
_COARSEST_GRAIN: Final = MINUTE
"""Grain up to which two starts can be between 30 and 33 minutes apart."""


class Rhythm(Struct, frozen=True, kw_only=True):
    """The pattern of the number of sessions over time, in addition to their total."""

    quiet_days: tuple[int, ...] = ()
    """Days of the week without sessions; Monday is 0."""
    even: bool = False
    """True for sessions that come at all hours, such as those of bots."""
    utc_offset: int = 0
    """Hours from UTC to the site's time zone, whose days have sessions on their edges, like those of UTC."""


class Returns(NamedTuple):
    """The early returns of a layout; one item each."""

    buckets: I64
    ranks: I64
    """Rank of the second session in its bucket; that of the first one is 0."""
    first: I64
    """Milliseconds from the edge of the bucket to the first session."""
    second: I64

    def offsets_in(self, bucket: int) -> dict[int, int]:
        """Return the offsets of both sessions in a bucket, by rank."""
        place = int(self.buckets.searchsorted(bucket))
        return {0: int(self.first[place]), int(self.ranks[place]): int(self.second[place])}


_NO_RETURNS: Final = Returns(*[np.zeros(0, dtype=np.int64)] * 4)


class Layout:
    """The buckets of a timeline: their edges, the number of sessions before each edge, and their flags."""

    def __init__(self, edges: I64, counts: I64, flags: NDArray[np.uint8], returns: Returns) -> None:
        self.edges = edges
        self.counts = counts
        self.flags = flags
        self.returns = returns
        # Reading single items is faster with these.
        self.edge_list = edges.data
        self.count_list = counts.data

    def buckets(self, at: I64) -> tuple[I64, I64, I64, I64]:
        """Return the first session, the size, the first instant and the length of each bucket."""
        edges, counts = self.edges, self.counts
        return counts[at], counts[at + 1] - counts[at], edges[at], edges[at + 1] - edges[at]


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
def divide(start: int, end: int, rhythm: Rhythm) -> _Buckets:
    """Divide the time between two instants into hours of UTC."""
    edges = np.array([start, *range((start // HOUR + 1) * HOUR, end, HOUR), end])
    day, moment = np.divmod(edges[:-1] - MONDAY, DAY)
    of_week = np.ones(7, dtype=np.int64) if rhythm.even else _OF_WEEK.copy()
    of_week[list(rhythm.quiet_days)] = 0
    seconds = (np.diff(edges) + 999) // 1000
    weights = of_week[day % 7] * seconds
    if not rhythm.even:
        weights *= _OF_DAY[moment // HOUR]
    is_midnight = (edges % DAY == 0) | ((edges + rhythm.utc_offset * HOUR) % DAY == 0)
    flags = np.where(is_midnight[:-1], FIRST, 0) | np.where(is_midnight[1:], LAST, 0)
    days = range(int(day[0]), int(day[-1]) + 1)
    return _Buckets(edges, weights if weights.any() else seconds, day - day[0], days, flags.astype(np.uint8))


def lay_out(seed_key: int, total: int, buckets: _Buckets, grain: int) -> Layout:
    """Return buckets with drawn numbers of sessions that add up to *total*.

    All values are exact or correctly rounded, so they are the same on every machine.
    """
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
        flags[0] |= FIRST
        flags[-1] |= LAST
        if total >= _LEAST_WITH_RETURNS and grain <= _COARSEST_GRAIN:
            regular = slice(seed_key % _RETURN_EVERY, None, _RETURN_EVERY)
            flags[regular][flags[regular] == 0] = RETURN
        flags[(flags == 0) & (hashed & u64(31) == 0)] = PAIR
        # Nights are quiet: without this, few days would have sessions on their edges.
        edges = (flags & FIRST > 0) + (flags & LAST > 0).astype(np.int64)
        drawn = np.maximum(drawn, np.where(expected > 0, edges, 0))
    if not drawn.any():
        drawn = expected
    counts = np.zeros(len(drawn) + 1, dtype=np.int64)
    np.cumsum(drawn, out=counts[1:])
    counts = _scale(counts, total)
    returns = _NO_RETURNS
    if total >= _LEAST_WITH_RETURNS:
        if grain <= _COARSEST_GRAIN:
            returns = _place_returns(seed_key, counts, flags, grain)
        _keep_pair(counts, flags)
    return Layout(buckets.edges, counts, flags, returns)


def _place_returns(seed_key: int, counts: I64, flags: NDArray[np.uint8], grain: int) -> Returns:
    """Return the early returns in the buckets with this flag, which those with one session lose.

    If none remains, the first session of a bucket is moved ahead to one before, which gets an early return.
    """
    [flagged] = np.nonzero(flags & RETURN)
    sizes = np.diff(counts)
    chosen = flagged[sizes[flagged] > 1]
    if not len(chosen):
        [movable] = np.nonzero((sizes > 0) & (flags & (FIRST | LAST) == 0))
        if len(movable) > 1:
            counts[movable[0] + 1 : movable[1] + 1] += 1
            chosen = movable[:1]
    chosen = chosen[:: len(chosen) // _MOST_RETURNS + 1]
    flags[flagged] = 0
    flags[chosen] = RETURN
    hashed = draw(key(seed_key, "returns"), chosen.view(np.uint64))
    size = np.diff(counts)[chosen]
    # The first session is in the first half of its slot, which is half an hour if there are two sessions.
    first = below(HOUR // 2, hashed) // size
    shortest, longest = _RETURN_AFTER
    apart = below(longest - shortest - 2 * grain, draw(1, hashed)) + shortest + grain
    return Returns(chosen, (first + apart) * size // HOUR, first, first + apart)


def _keep_pair(counts: I64, flags: NDArray[np.uint8]) -> None:
    """Give a bucket with several sessions a pair if none has one."""
    has_several = np.diff(counts) > 1
    if not (has_several & (flags & PAIR > 0)).any():
        [possible] = np.nonzero(has_several & (flags == 0))
        flags[possible[len(possible) // 2 :][:1]] = PAIR


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
