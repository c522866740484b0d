"""Timelines: starts ascend, and their number before an instant is known in closed form."""

from bisect import bisect_left
from collections import Counter
from operator import itemgetter

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mockserver.world.generator.layout import YEAR, Rhythm
from mockserver.world.generator.timeline import Timeline, exact_timeline, flowing_timeline
from tests.world.worlds import DAY, GRAINS, HOUR, MINUTE

QUIET = st.lists(st.integers(0, 6), unique=True, max_size=7).map(tuple)
STARTS = st.integers(0, 4_000_000_000_000)
MONDAY = 1_788_134_400_000  # 2026-08-31T00:00:00Z


@st.composite
def timelines(draw: st.DrawFn, sizes: st.SearchStrategy[int]) -> tuple[Timeline, int, int]:
    """Draw an exact timeline of a size, with its start and its end."""
    start, span = draw(STARTS), draw(st.sampled_from([1, HOUR, DAY, 40 * DAY]) | st.integers(1, 40 * DAY))
    grain = draw(st.sampled_from((*GRAINS, 7, 999_999)))
    made = exact_timeline(
        draw(st.integers(0, 2**64 - 1)),
        draw(sizes),
        (start, start + span),
        rhythm=Rhythm(quiet_days=draw(QUIET), even=draw(st.booleans()), utc_offset=draw(st.integers(-8, 9))),
        grain=grain,
    )
    return made, start, start + span


small = timelines(st.integers(0, 400))
vast = timelines(st.integers(10**6, 10**12))


@given(made=small, data=st.data())
def test_count_before_equals_number_of_earlier_starts(
    made: tuple[Timeline, int, int], data: st.DataObject
) -> None:
    timeline, start, end = made
    starts = timeline.starts(np.arange(timeline.total or 0)).tolist()
    instants = [data.draw(st.integers(start - DAY, end + DAY)) for _ in range(10)]
    around = [each + step for each in (*starts, start, end) for step in (-1, 0, 1)]

    assert starts == sorted(starts)
    assert all(start <= each < end for each in starts)
    assert [timeline.count_before(each) for each in (*instants, *around)] == [
        bisect_left(starts, each) for each in (*instants, *around)
    ]


@given(made=vast, share=st.floats(0, 1), ahead=st.integers(0, HOUR))
def test_count_before_is_inverse_of_starts_in_vast_timelines(
    made: tuple[Timeline, int, int], share: float, ahead: int
) -> None:
    timeline, start, end = made
    total = timeline.total or 0
    middle = min(int(total * share), total - 1)
    instant = int(timeline.starts(np.array([middle]))[0]) + ahead
    count = timeline.count_before(instant)
    around = [index for index in (0, count - 2, count - 1, count, count + 1, total - 1) if 0 <= index < total]

    assert [each < instant for each in timeline.starts(np.array(around)).tolist()] == [
        index < count for index in around
    ]
    assert timeline.count_before(int(timeline.starts(np.array([middle]))[0])) <= middle
    assert (timeline.count_before(start), timeline.count_before(end)) == (0, total)


@given(
    per_day=st.integers(1, 40),
    start=STARTS,
    quiet=QUIET,
    grain=st.sampled_from(GRAINS),
    one=st.integers(0, 2**64 - 1),
)
def test_flowing_timeline_begins_at_its_start(
    per_day: int, start: int, quiet: tuple[int, ...], grain: int, one: int
) -> None:
    timeline = flowing_timeline(one, per_day, start, rhythm=Rhythm(quiet_days=quiet), grain=grain)
    # More than are probed: later ones may be as early as the last one probed.
    starts = timeline.starts(np.arange(per_day * 21 + 500)).tolist()
    instants = [
        start - 10 * DAY,
        start - 1,
        start,
        *(each + step for each in starts[: per_day * 21 : per_day + 1] for step in (0, 1)),
    ]

    assert starts == sorted(starts)
    assert starts[0] >= start
    assert [timeline.count_before(each) for each in instants] == [
        bisect_left(starts, each) for each in instants
    ]
    assert (
        timeline.count_before(start + 10 * YEAR) == 10 * timeline.count_before(start + YEAR) == 3640 * per_day
        if start % HOUR == 0
        else True
    )
    assert timeline.total is None


@given(
    made=small.map(itemgetter(0))
    | vast.map(itemgetter(0))
    | st.builds(flowing_timeline, st.integers(0, 2**64 - 1), st.integers(1, 10**9), STARTS),
    shares=st.lists(st.floats(0, 1), max_size=20),
    instants=st.lists(st.integers(-DAY, 4_000_000_000_000 + 60 * DAY), max_size=20),
)
def test_count_before_each_equals_count_before(
    made: Timeline, shares: list[float], instants: list[int]
) -> None:
    total = 10**7 if made.total is None else made.total
    starts = made.starts(
        np.array([int(share * (total - 1)) for share in shares if total], dtype=np.int64)
    ).tolist()
    probes = [*instants, *(each + step for each in starts for step in (-1, 0, 1))]

    assert made.count_before_each(np.array(probes, dtype=np.int64)).tolist() == [
        made.count_before(each) for each in probes
    ]


@given(
    per_day=st.integers(1, 10**9),
    years=st.integers(0, 80),
    start=st.integers(0, 500_000).map(lambda hours: hours * HOUR),
)
def test_flowing_timeline_periods_have_equal_counts(per_day: int, years: int, start: int) -> None:
    timeline = flowing_timeline(3, per_day, start)

    assert (
        timeline.count_before(start + (years + 1) * YEAR) - timeline.count_before(start + years * YEAR)
        == 364 * per_day
    )


@example(one=348, total=1000, span=2 * DAY, grain=1, start=0)  # The hours that may have one are on edges.
@given(
    one=st.integers(0, 2**64 - 1),
    total=st.integers(1000, 10**12),
    span=st.integers(2, 3650).map(lambda days: days * DAY),
    grain=st.sampled_from([1, 7, 1000, MINUTE]),
    start=STARTS,
)
def test_early_returns_are_30_to_33_minutes_apart(
    one: int, total: int, span: int, grain: int, start: int
) -> None:
    timeline = exact_timeline(one, total, (start, start + span), grain=grain)
    first, second = timeline.early_returns
    apart = timeline.starts(second) - timeline.starts(first)

    assert len(first) > 0
    assert 30 * MINUTE < apart.min() <= apart.max() < 33 * MINUTE


@given(made=small, span=st.integers(0, 5 * HOUR))
def test_most_within_bounds_every_interval(made: tuple[Timeline, int, int], span: int) -> None:
    timeline, _, _ = made
    starts = timeline.starts(np.arange(timeline.total or 0)).tolist()
    most = max(
        (
            sum(each <= other <= each + span for other in starts)
            for each in starts[:: max(len(starts) // 40, 1)]
        ),
        default=0,
    )

    assert most <= timeline.most_within(span)


@given(
    per_day=st.integers(1, 200),
    quiet=st.just((1, 2, 3, 4, 5)) | QUIET.filter(lambda days: len(days) < 7),
    one=st.integers(0, 2**64 - 1),
    span=st.integers(0, 60 * HOUR),
)
def test_most_within_bounds_intervals_across_weeks_of_flowing_timeline(
    per_day: int, quiet: tuple[int, ...], one: int, span: int
) -> None:
    timeline = flowing_timeline(one, per_day, MONDAY, rhythm=Rhythm(quiet_days=quiet))
    draw_edges = [MONDAY + hour * HOUR for hour in range(-2, 2 * 7 * 24)]

    assert max(
        timeline.count_before(edge + span + 1) - timeline.count_before(edge) for edge in draw_edges
    ) <= timeline.most_within(span)


@given(made=timelines(st.integers(100, 400)))
def test_quiet_days_have_no_sessions(made: tuple[Timeline, int, int]) -> None:
    _, start, end = made
    quiet = (0, 2, 6)
    starts = (
        exact_timeline(5, 300, (start, end), rhythm=Rhythm(quiet_days=quiet)).starts(np.arange(300)).tolist()
    )
    days = {(each // DAY + 3) % 7 for each in starts}
    loud = {(each // DAY + 3) % 7 for each in range(start, end, HOUR)} | {((end - 1) // DAY + 3) % 7}

    assert not days & set(quiet) or loud <= set(quiet)
    assert (
        len(
            exact_timeline(5, 300, (start, end), rhythm=Rhythm(quiet_days=tuple(range(7)))).starts(
                np.arange(300)
            )
        )
        == 300
    )


@given(grain=st.sampled_from(GRAINS[1:]), start=STARTS, one=st.integers(0, 2**64 - 1))
def test_starts_are_multiples_of_grain(grain: int, start: int, one: int) -> None:
    starts = exact_timeline(one, 500, (start, start + DAY), grain=grain).starts(np.arange(500)).tolist()

    assert {each % grain for each in starts if each != start} <= {0}
    assert len(set(starts)) <= DAY // grain + 2


def test_counts_follow_daily_and_weekly_weights() -> None:
    starts = exact_timeline(1, 168_000, (MONDAY, MONDAY + 7 * DAY)).starts(np.arange(168_000))
    hours = Counter((starts // HOUR % 24).tolist())
    days = Counter((starts // DAY + 3).tolist())
    week = [days[day] for day in sorted(days)]

    assert hours[3] < hours[20] < hours[11]
    assert len(week) == 7
    assert max(week[5:]) < min(week[:5])


def test_empty_timeline_counts_zero() -> None:
    timeline = exact_timeline(1, 0, (0, DAY))

    assert [timeline.count_before(each) for each in (-1, 0, MINUTE, DAY, 10 * DAY)] == [0] * 5
    assert timeline.most_within(HOUR) == 0


@pytest.mark.parametrize("total", [1_000, 10_000, 100_000])
def test_hourly_counts_vary_like_real_traffic_around_their_expectation(total: int) -> None:
    """Compare hours of 40 seeds; only days that are usual in all of them have the same expectation."""
    span = (MONDAY, MONDAY + 28 * DAY)
    edges = np.arange(MONDAY, MONDAY + 28 * DAY + 1, HOUR)
    hours = np.diff([exact_timeline(seed, total, span).count_before_each(edges) for seed in range(40)])
    days = hours.reshape(40, 28, 24).sum(axis=2)
    expected = hours.mean(axis=0) / days.mean(axis=0).repeat(24) * days.repeat(24, axis=1)
    dispersion = ((hours - expected) ** 2).sum() / expected.sum()

    assert 1 <= dispersion <= 3
    assert (hours[0] != hours[1]).mean() > 0.5


def test_hourly_counts_differ_between_seeds_and_repeat_for_the_same_one() -> None:
    edges = np.arange(MONDAY, MONDAY + 28 * DAY + 1, HOUR)
    one, same, other = (
        flowing_timeline(seed, 500, MONDAY).count_before_each(edges).tolist() for seed in (1, 1, 2)
    )

    assert one == same != other


@given(
    one=st.integers(0, 2**64 - 1),
    total=st.integers(1000, 10**9),
    offset=st.integers(-8, 9),
    hours=st.integers(0, 23),
)
def test_days_of_both_zones_have_sessions_on_their_edges(
    one: int, total: int, offset: int, hours: int
) -> None:
    start = MONDAY + hours * HOUR
    end = start + 30 * DAY
    timeline = exact_timeline(one, total, (start, end), Rhythm(utc_offset=offset))

    for shift in (0, offset * HOUR):
        midnights = [each for each in range(start, end, HOUR) if (each + shift) % DAY == 0]
        begin, last = (
            [
                timeline.count_before(each + step + 1) - timeline.count_before(each + step)
                for each in midnights
            ]
            for step in (0, -1)
        )
        assert sum(count > 0 for count in begin) >= 3
        assert sum(count > 0 for count in last) >= 3
    assert timeline.starts(np.array([0, total - 1])).tolist() == [start, end - 1]
