"""Totals, pages, series and groups of results agree with each other and with brute force."""

from collections import Counter
from dataclasses import replace
from itertools import chain, pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from mockserver.world.generator.columns import GeneratedSessions
from mockserver.world.generator.query_result import Page, SortKey
from mockserver.world.generator.tracked import TrackedEvent
from mockserver.world.model.query import Query
from mockserver.world.model.spec import spec
from mockserver.world.world import build, with_events
from tests.world import brute_force
from tests.world.digest import LATER
from tests.world.drawing import draw_edges, draw_query_case, walk_older
from tests.world.worlds import (
    DAY,
    DIMENSION_VALUES,
    HOUR,
    Case,
    ConditionCase,
    QueryCase,
    cases,
    conditions,
    exact,
    few,
    instants,
    tracked_events,
    vast,
)

AROUND = 1_788_134_400_000
several = tracked_events(AROUND).filter(bool)
STRETCH = 3000


@given(case=cases(), data=st.data())
def test_total_equals_brute_force_count(case: Case, data: st.DataObject) -> None:
    everyone = brute_force.all_sessions(case)

    for _ in range(8):
        query_case = draw_query_case(case, everyone, data)
        assert case.site.find(query_case.query, case.now).total == len(
            brute_force.select_sessions(everyone, query_case)
        )


@given(case=cases(), size=st.integers(1, 60), data=st.data())
def test_pages_equal_brute_force_sessions_in_order(case: Case, size: int, data: st.DataObject) -> None:
    everyone = brute_force.all_sessions(case)
    query_case = draw_query_case(case, everyone, data)
    found = case.site.find(query_case.query, case.now)
    offsets = range(0, found.total + size, size)
    expected = [session.row for session in brute_force.select_sessions(everyone, query_case)]

    assert [row for offset in offsets for row in brute_force.page_rows(found.page(offset, size))] == expected
    assert [
        row
        for offset in offsets
        for row in brute_force.page_rows(found.page(offset, size, newest_first=True))
    ] == expected[::-1]


@given(case=cases(), size=st.integers(1, 60), unit=st.sampled_from([1, 1000, HOUR]), data=st.data())
def test_pages_by_unit_are_sorted_by_start_in_units_and_number(
    case: Case, size: int, unit: int, data: st.DataObject
) -> None:
    found = case.site.find(draw_query_case(case, brute_force.all_sessions(case), data).query, case.now)

    def read(page: Page) -> list[tuple[int, int]]:
        return [
            *page.map_rows(
                lambda batch: [(s // unit, n) for s, n in zip(batch.start, batch.ids, strict=True)]
            )
        ]

    everything = read(found.page(0, found.total))
    pages = [read(found.page_by_unit(offset, size, unit)) for offset in range(0, found.total + size, size)]

    assert [*chain.from_iterable(pages)] == sorted(everything, reverse=True)


@given(case=cases(), size=st.integers(1, 60), data=st.data())
def test_older_pages_return_every_session_once(case: Case, size: int, data: st.DataObject) -> None:
    everyone = brute_force.all_sessions(case)
    query_case = draw_query_case(case, everyone, data)
    expected = [session.row for session in brute_force.select_sessions(everyone, query_case)][::-1]

    assert walk_older(case.site.find(query_case.query, case.now), size, len(expected)) == expected


@given(
    case=cases(exact(st.integers(0, 20), st.integers(1, 2 * HOUR))), events=several, size=st.integers(1, 3)
)
def test_older_pages_across_kinds_return_every_session_once(
    case: Case, events: tuple[TrackedEvent, ...], size: int
) -> None:
    moved = [structs.replace(event, at=event.at - AROUND + case.spec.start) for event in events]
    crowded = replace(case, events=tuple(moved), now=LATER)
    expected = [session.row for session in brute_force.all_sessions(crowded)][::-1]

    assert walk_older(crowded.site.find(Query(bots=True), LATER), size, len(expected)) == expected


@given(case=cases(), limit=st.integers(1, 30), data=st.data())
def test_older_than_any_sort_key_equals_sessions_before_it(
    case: Case, limit: int, data: st.DataObject
) -> None:
    everyone = brute_force.all_sessions(case)
    query_case = draw_query_case(case, everyone, data)
    places = [
        SortKey(session.row[0], session.row[1], session.order[2])
        for session in everyone
        if session.row[1] < 2
    ]
    place = data.draw(st.sampled_from(places or [SortKey(data.draw(instants(case.spec)), 3, 0)]))
    older = [
        session.row
        for session in brute_force.select_sessions(everyone, query_case)
        if SortKey(session.row[0], session.row[1], session.order[2]) < place
    ]

    assert (
        brute_force.page_rows(case.site.find(query_case.query, case.now).older(place, limit))
        == older[::-1][:limit]
    )


@given(case=cases(), data=st.data())
def test_series_equals_brute_force_counts_per_interval(case: Case, data: st.DataObject) -> None:
    everyone = brute_force.all_sessions(case)
    query_case, cuts = draw_query_case(case, everyone, data), draw_edges(case, data)
    found = case.site.find(query_case.query, case.now)
    starts = [session.row[0] for session in brute_force.select_sessions(everyone, query_case)]

    assert found.series(cuts) == [
        sum(low <= start < high for start in starts) for low, high in pairwise(cuts)
    ]
    assert sum(found.series(cuts)) == found.total


@given(case=cases(), data=st.data())
def test_groups_equal_brute_force_counts_per_entry(case: Case, data: st.DataObject) -> None:
    everyone = brute_force.all_sessions(case)
    query_case = draw_query_case(case, everyone, data)
    found = case.site.find(query_case.query, case.now)
    answers = brute_force.select_sessions(everyone, query_case)

    for dimension in DIMENSION_VALUES:
        groups = found.groups(dimension)
        assert len({entry for entry, _ in groups}) == len(groups)
        assert sum(count for _, count in groups) == found.total
        if not any(session.row[1] == 2 for session in answers):
            assert dict(groups) == Counter(session.entry(dimension) for session in answers)


@few
@given(case=cases(), data=st.data())
def test_groups_tracked_sessions_count_as_unknown_entry(case: Case, data: st.DataObject) -> None:
    query = Query(bots=data.draw(st.booleans()))
    bare = replace(case, events=()).site.find(query, case.now)
    found, runs = case.site.find(query, case.now), brute_force.split_sessions(case.events, case.now)
    grouped = {
        dimension: Counter(dict(found.groups(dimension))) - Counter(dict(bare.groups(dimension)))
        for dimension in DIMENSION_VALUES
    }
    named = Counter(run[0].user_id is not None for run in runs)

    assert found.total == bare.total + len(runs)
    assert [getattr(place, "city", None) for place in grouped["place"]] == [""] * bool(runs)
    assert [getattr(page, "path", None) for page in grouped["exit"]] == [""] * bool(runs)
    assert grouped["identified"] == named
    assert grouped["bounce"] == Counter({False: len(runs)} if runs else {})


@few
@given(case=cases(vast), data=st.data())
def test_vast_world_totals_of_windows_conditions_and_groups_add_up(case: Case, data: st.DataObject) -> None:
    where = (data.draw(conditions(case)),)
    query_case, field = QueryCase(None, None, where, (), (), bots=True), data.draw(conditions(case))
    total, cuts = case.site.find(query_case.query, case.now).total, draw_edges(case, data)
    windows = [
        case.site.find(query_case._replace(start=low, stop=high).query, case.now)
        for low, high in pairwise(cuts)
    ]
    halves = [ConditionCase(field.field, field.operator, field.values, negate) for negate in (False, True)]

    assert [window.total for window in windows] == case.site.find(query_case.query, case.now).series(cuts)
    assert sum(window.total for window in windows) == total
    assert (
        sum(
            case.site.find(query_case._replace(where=(*where, half)).query, case.now).total for half in halves
        )
        == total
    )
    assert {
        sum(count for _, count in case.site.find(query_case.query, case.now).groups(name))
        for name in ("place", "agent", "entry")
    } == {total}
    assert sum(sum(count for _, count in window.groups("language")) for window in windows) == total


@given(case=cases(vast, tracked=False), share=st.floats(0, 1), data=st.data())
def test_vast_world_short_window_equals_brute_force(case: Case, share: float, data: st.DataObject) -> None:
    visible = case.site.people.count_started(case.now)
    first = int(visible * share)
    batch = GeneratedSessions(case.site.people, np.arange(first, min(first + STRETCH, visible)), LATER, {})
    low, high = (batch.start[0] + 1, batch.start[-1]) if len(batch) else (0, 0)
    query_case = QueryCase(
        low, high, tuple(data.draw(st.lists(conditions(case), max_size=2))), (), (), bots=False
    )
    stretch = [
        brute_force.ExpectedSession((batch.start[n], 0, batch.ids[n]), (0, 0, 0, ""), frozenset(), batch, n)
        for n in range(len(batch))
    ]
    found = case.site.find(query_case.query, case.now)

    assert brute_force.page_rows(found.page(0, STRETCH)) == [
        session.row for session in brute_force.select_sessions(stretch, query_case)
    ]
    assert found.total == len(brute_force.select_sessions(stretch, query_case))


@given(
    case=cases(vast),
    share=st.floats(0, 1),
    sizes=st.tuples(st.integers(1, 50), st.integers(1, 50)),
    data=st.data(),
)
def test_vast_world_neighbouring_pages_equal_one_long_page(
    case: Case, share: float, sizes: tuple[int, int], data: st.DataObject
) -> None:
    query_case = QueryCase(
        None,
        None,
        tuple(data.draw(st.lists(conditions(case), max_size=2))),
        (),
        bots=data.draw(st.booleans()),
    )
    found = case.site.find(query_case.query, case.now)
    offset = int(found.total * share)
    long = found.page(offset, sum(sizes))
    backwards = found.page(
        found.total - offset - len(brute_force.page_rows(long)), sum(sizes), newest_first=True
    )

    assert brute_force.page_rows(found.page(offset, sizes[0])) + brute_force.page_rows(
        found.page(offset + sizes[0], sizes[1])
    ) == brute_force.page_rows(long)
    assert len(brute_force.page_rows(long)) == min(sum(sizes), found.total - offset)
    assert long.sort_keys() == sorted(set(long.sort_keys()))
    assert (
        brute_force.page_rows(backwards)[: len(brute_force.page_rows(long))]
        == brute_force.page_rows(long)[::-1]
    )
    if long.sort_keys():
        assert (
            brute_force.page_rows(found.older(long.sort_keys()[-1], sum(sizes)))[
                : len(brute_force.page_rows(long)) - 1
            ]
            == brute_force.page_rows(long)[-2::-1]
        )


@given(case=cases(vast, tracked=False), share=st.floats(0, 1), data=st.data())
def test_vast_world_found_sessions_meet_conditions(case: Case, share: float, data: st.DataObject) -> None:
    where = tuple(data.draw(st.lists(conditions(case), min_size=1, max_size=2)))
    found = case.site.find(QueryCase(None, case.now - 3 * HOUR, where, (), (), bots=False).query, case.now)
    batch = found.page(int(found.total * share), 20).batches[0]
    sessions = [
        brute_force.ExpectedSession((0, 0, 0), (0, 0, 0, ""), frozenset(), batch, n)
        for n in range(len(batch))
    ]

    assert [
        one.position for one in sessions if not all(brute_force.matches(one, each) for each in where)
    ] == []


@few
@given(case=cases(vast, tracked=False), share=st.floats(0, 1))
def test_vast_world_visitor_query_returns_all_visits(case: Case, share: float) -> None:
    found = case.site.find(Query(bots=True), case.now)
    page = found.page(int(found.total * share), 5)

    for visitor, number in page.map_rows(lambda batch: list(zip(batch.visitors, batch.ids, strict=True))):
        theirs = case.site.find(Query(actors=((f"{visitor:012x}",),), bots=True), case.now).page(0, 50)
        assert number in theirs.map_rows(lambda batch: batch.ids)
        assert set(theirs.map_rows(lambda batch: batch.visitors)) == {visitor}


@few
@given(case=cases(vast), share=st.floats(0, 1), where=st.booleans(), data=st.data())
def test_vast_world_excluded_visitors_never_appear(
    case: Case, share: float, *, where: bool, data: st.DataObject
) -> None:
    everyone = QueryCase(None, None, (data.draw(conditions(case)),) if where else (), (), bots=True)
    whole = case.site.find(everyone.query, case.now)
    offset = int(whole.total * share)
    page = whole.page(offset, 40)
    digits = page.map_rows(lambda batch: batch.visitor_digits)[:6:2]
    theirs = case.site.find(everyone._replace(actors=(tuple(digits),)).query, case.now)
    rest = case.site.find(everyone._replace(others=tuple(digits)).query, case.now)
    cuts, left_out = draw_edges(case, data), set(brute_force.page_rows(theirs.page(0, 1000)))
    kept = [(nth, row) for nth, row in enumerate(brute_force.page_rows(page)) if row not in left_out]

    assert rest.total == whole.total - theirs.total
    assert rest.series(cuts) == [
        all_of - some for all_of, some in zip(whole.series(cuts), theirs.series(cuts), strict=True)
    ]
    for dimension in ("place", "entry", "identified"):
        assert Counter(dict(rest.groups(dimension))) + Counter(dict(theirs.groups(dimension))) == Counter(
            dict(whole.groups(dimension))
        )
    for nth, _ in kept[:1]:
        earlier = len(theirs.older(page.sort_keys()[nth], 1000))
        assert brute_force.page_rows(rest.page(offset + nth - earlier, len(kept))) == [row for _, row in kept]


@few
@given(case=cases())
def test_page_past_the_end_is_empty(case: Case) -> None:
    found = case.site.find(Query(bots=True), case.now)
    pages = [
        found.page(found.total, 10),
        found.page(found.total + 10**9, 10),
        found.page(0, 0),
        found.older(SortKey(-(10**12), 0, 0), 10),
    ]

    assert [page.sort_keys() for page in pages] == [[], [], [], []]


def test_sort_key_has_same_position_in_results_of_other_queries() -> None:
    events = [TrackedEvent(DAY, "signed_up", user_id=f"user-{name}") for name in "abcde"]
    world = with_events(build(spec(sessions=50, start=0, end=2 * DAY)), 0, events)
    whole = world.sites[0].find(Query(bots=True), 2 * DAY)
    rest = world.sites[0].find(Query(bots=True, others=("user-a", "user-c")), 2 * DAY)
    keys = whole.page(0, 100).sort_keys()
    numbers, kept = (each.page(0, 100).map_rows(lambda batch: batch.ids) for each in (whole, rest))

    assert len(kept) == len(numbers) - 2
    for position, key in enumerate(keys):
        older = rest.older(key, 100).map_rows(lambda batch: batch.ids)
        assert older[::-1] == [number for number in numbers[:position] if number in kept]


def test_page_among_millions_of_equal_starts_takes_few_sessions() -> None:
    site = build(spec(sessions=10**9, grain=HOUR, start=0, end=31 * DAY, bots_percent=50)).sites[0]
    found = site.find(Query(bots=True), 31 * DAY)
    page = found.page(found.total // 2, 10)

    assert sum(len(batch) for batch in page.batches) <= 20
