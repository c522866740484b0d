"""Schedules: each block contains every archetype once, and visits are found in closed form."""

from collections import Counter, defaultdict

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mockserver.world.generator.archetypes.sizes import ARCHETYPES, VISITS
from mockserver.world.generator.archetypes.table import ArchetypeTable, SiteInputs
from mockserver.world.generator.schedule import (
    SESSION_TIMEOUT,
    SessionSchedule,
    choose_slot_count,
    visit_stride,
)
from mockserver.world.generator.timeline import Timeline, exact_timeline, flowing_timeline
from mockserver.world.model.hashing import draw
from mockserver.world.model.vocabulary import load
from tests.world.worlds import DAY, HOUR, few, seeds

HOSTS = ("www.site.example", "app.site.example")


def build_schedule(timeline: Timeline, seed: int, lanes: int | None = None) -> SessionSchedule:
    """Return a schedule along a timeline."""
    slots = choose_slot_count(timeline.total or 1000) if lanes is None else lanes
    deck = ArchetypeTable(
        seed,
        SiteInputs(load("default"), HOSTS),
        slots,
        bots=False,
        regulars=visit_stride(timeline, slots) == 1,
    )
    return SessionSchedule(seed, deck, timeline)


timelines = st.builds(
    lambda size, span, seed: exact_timeline(seed, size, (0, span)),
    st.integers(1, 3000) | st.integers(10**6, 10**12),
    st.sampled_from([1, HOUR, DAY, 31 * DAY, 3650 * DAY]),
    seeds,
)
deals = st.builds(
    build_schedule, timelines, seeds, st.none() | st.sampled_from([1 << bits for bits in range(10)])
)


@given(deal=deals, block=st.integers(0, 3) | st.integers(0, 10**8))
def test_block_contains_each_archetype_once(deal: SessionSchedule, block: int) -> None:
    index = np.arange(block * ARCHETYPES, (block + 1) * ARCHETYPES)
    rows = deal.archetype_of(index)

    assert sorted(rows.tolist()) == list(range(ARCHETYPES))
    assert deal.session_at(np.asarray(block), rows).tolist() == index.tolist()


@given(deal=deals, index=st.lists(st.integers(0, 10**12), min_size=1, max_size=30))
def test_archetype_of_subset_equals_subset_of_archetypes(deal: SessionSchedule, index: list[int]) -> None:
    alone = [deal.archetype_of(np.array([each])).tolist()[0] for each in reversed(index)]

    assert deal.archetype_of(np.array(index)).tolist() == alone[::-1]


@given(deal=deals, total=st.integers(1, 9000))
def test_sessions_of_equals_brute_force_search(deal: SessionSchedule, total: int) -> None:
    index = np.arange(total)
    found = defaultdict(list)
    for each, visitor in enumerate(deal.visitor_of(index, deal.archetype_of(index)).tolist()):
        found[visitor].append(each)
    some = sorted(found)[:: max(len(found) // 50, 1)]

    assert {visitor: deal.sessions_of(visitor, total).tolist() for visitor in some} == {
        visitor: found[visitor] for visitor in some
    }
    if not deal.archetypes.has_regulars:
        assert max(len(visits) for visits in found.values()) <= VISITS


@given(deal=deals, total=st.integers(0, 9000), later=st.integers(0, 3000))
def test_sessions_of_future_visitor_is_empty(deal: SessionSchedule, total: int, later: int) -> None:
    index = np.arange(total + later + 1)
    visitors = deal.visitor_of(index, deal.archetype_of(index)).tolist()
    earlier = [each for each in range(total) if visitors[each] == visitors[-1]]

    assert deal.sessions_of(visitors[-1], total).tolist() == earlier


@given(seed=seeds)
def test_sessions_of_any_number_have_that_visitor(seed: int) -> None:
    deal = build_schedule(exact_timeline(seed, 10**12, (0, 31 * DAY)), seed)
    for visitor in (draw(seed, np.arange(100, dtype=np.uint64)) >> np.uint64(16)).tolist():
        visits = deal.sessions_of(visitor, 10**12)

        assert set(deal.visitor_of(visits, deal.archetype_of(visits)).tolist()) <= {visitor}


@given(per_day=st.integers(1, 10**9), years=st.integers(0, 90), step=st.integers(0, 10**6), seed=seeds)
def test_sessions_of_flowing_world_after_decades_are_found(
    per_day: int, years: int, step: int, seed: int
) -> None:
    timeline = flowing_timeline(seed, per_day, 0)
    deal, index = build_schedule(timeline, seed), np.array([timeline.count_before(years * 365 * DAY) + step])
    visitor = int(deal.visitor_of(index, deal.archetype_of(index))[0])

    assert visitor < 1 << 48
    assert int(index[0]) in deal.sessions_of(visitor, int(index[0]) + 1)


@few
@given(deal=deals, share=st.floats(0, 1))
def test_visits_of_one_visitor_are_half_an_hour_apart(deal: SessionSchedule, share: float) -> None:
    total = deal.timeline.total or 0
    first = int(max(total - 200, 0) * share)
    index = np.arange(first, min(first + 200, total))
    visitors = set(deal.visitor_of(index, deal.archetype_of(index)).tolist())
    visits = [deal.sessions_of(visitor, total) for visitor in visitors]
    gaps = [
        gap
        for each in visits
        for gap in (
            deal.timeline.starts(each)[1:]
            - (deal.timeline.starts(each) + deal.archetypes.duration[deal.archetype_of(each)])[:-1]
        ).tolist()
    ]

    assert [gap for gap in gaps if gap <= SESSION_TIMEOUT] == []


@given(deal=deals)
def test_returning_is_true_from_second_visit_on(deal: SessionSchedule) -> None:
    total = min(deal.timeline.total or 0, 6000)
    index = np.arange(total)
    rows, seen = deal.archetype_of(index), set()
    wrong = []
    for visitor, returning in zip(
        deal.visitor_of(index, rows).tolist(), deal.archetypes.returning[rows].tolist(), strict=True
    ):
        if visitor in seen and not returning:
            wrong.append(visitor)
        seen.add(visitor)

    assert wrong == []


@given(sessions=st.integers(0, 10**12))
def test_choose_slot_count_small_world_returns_few(sessions: int) -> None:
    lanes = choose_slot_count(sessions)

    assert lanes.bit_count() == 1
    assert lanes <= ARCHETYPES // VISITS
    assert lanes * 4 <= max(sessions, 4)


def test_regular_visitors_return_on_the_same_day_and_after_weeks() -> None:
    """A week of the default world is about two rounds."""
    for seed in range(20):
        timeline = exact_timeline(seed, 1000, (0, 30 * DAY))
        deal = build_schedule(timeline, seed)
        index = np.arange(1000)
        visits = defaultdict(list)
        for visitor, start in zip(
            deal.visitor_of(index, deal.archetype_of(index)).tolist(),
            timeline.starts(index).tolist(),
            strict=True,
        ):
            visits[visitor].append(start)
        days = [Counter(start // DAY for start in starts) for starts in visits.values()]
        gaps = [gap for starts in visits.values() for gap in np.diff(starts).tolist()]

        assert sum(count > 1 for each in days for count in each.values()) >= 0.05 * sum(map(len, days))
        assert max(map(len, visits.values())) > 2 * VISITS
        assert min(gaps) < 3 * HOUR
        assert max(gaps) > 7 * DAY
