"""A total is the number of rows that paging delivers, the sum over every partition, and what counting one by one finds."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from mockserver.world.generator.columns import GeneratedSessions
from mockserver.world.generator.query_result import SortKey
from mockserver.world.generator.tracked import TrackedEvent
from mockserver.world.model.query import Query
from mockserver.world.model.spec import spec
from mockserver.world.world import build
from tests.world import force
from tests.world.asking import edges, question, walked
from tests.world.digest import LATER
from tests.world.worlds import (
    DAY,
    GROUPED,
    HOUR,
    Asked,
    Case,
    FilterConditions,
    cases,
    exact,
    few,
    instants,
    tracked_events,
    vast,
    wanted,
)

AROUND = 1_788_134_400_000
several = tracked_events(AROUND).filter(bool)
STRETCH = 3000


@given(case=cases(), data=st.data())
def test_total_equals_brute_force_count(case: Case, data: st.DataObject) -> None:
    everyone = force.everything(case)

    for _ in range(8):
        asking = question(case, everyone, data)
        assert case.site.find(asking.query, case.now).total == len(force.answer(everyone, asking))


@given(case=cases(), size=st.integers(1, 60), data=st.data())
def test_pages_equal_brute_force_sessions_in_order(case: Case, size: int, data: st.DataObject) -> None:
    everyone = force.everything(case)
    asking = question(case, everyone, data)
    found = case.site.find(asking.query, case.now)
    offsets = range(0, found.total + size, size)
    expected = [told.row for told in force.answer(everyone, asking)]

    assert [row for offset in offsets for row in force.rows(found.page(offset, size))] == expected
    assert [
        row for offset in offsets for row in force.rows(found.page(offset, size, newest_first=True))
    ] == expected[::-1]


@given(case=cases(), size=st.integers(1, 60), data=st.data())
def test_older_pages_return_every_session_once(case: Case, size: int, data: st.DataObject) -> None:
    everyone = force.everything(case)
    asking = question(case, everyone, data)
    expected = [told.row for told in force.answer(everyone, asking)][::-1]

    assert walked(case.site.find(asking.query, case.now), size, len(expected)) == expected


@given(
    case=cases(exact(st.integers(0, 20), st.integers(1, 2 * HOUR))), events=several, size=st.integers(1, 3)
)
def test_older_pages_across_kinds_return_every_session_once(
    case: Case, events: tuple[TrackedEvent, ...], size: int
) -> None:
    moved = [structs.replace(event, at=event.at - AROUND + case.spec.start) for event in events]
    crowded = replace(case, events=tuple(moved), now=LATER)
    expected = [told.row for told in force.everything(crowded)][::-1]

    assert walked(crowded.site.find(Query(bots=True), LATER), size, len(expected)) == expected


@given(case=cases(), limit=st.integers(1, 30), data=st.data())
def test_older_than_any_sort_key_equals_sessions_before_it(
    case: Case, limit: int, data: st.DataObject
) -> None:
    everyone = force.everything(case)
    asking = question(case, everyone, data)
    places = [SortKey(told.row[0], told.row[1], told.order[2]) for told in everyone if told.row[1] < 2]
    place = data.draw(st.sampled_from(places or [SortKey(data.draw(instants(case.spec)), 3, 0)]))
    older = [
        told.row
        for told in force.answer(everyone, asking)
        if SortKey(told.row[0], told.row[1], told.order[2]) < place
    ]

    assert force.rows(case.site.find(asking.query, case.now).older(place, limit)) == older[::-1][:limit]


@given(case=cases(), data=st.data())
def test_series_equals_brute_force_counts_per_interval(case: Case, data: st.DataObject) -> None:
    everyone = force.everything(case)
    asking, cuts = question(case, everyone, data), edges(case, data)
    found = case.site.find(asking.query, case.now)
    starts = [told.row[0] for told in force.answer(everyone, asking)]

    assert found.series(cuts) == [
        sum(low <= start < high for start in starts) for low, high in pairwise(cuts)
    ]
    assert sum(found.series(cuts)) == found.total


@given(case=cases(), data=st.data())
def test_groups_equal_brute_force_counts_per_entry(case: Case, data: st.DataObject) -> None:
    everyone = force.everything(case)
    asking = question(case, everyone, data)
    found = case.site.find(asking.query, case.now)
    answers = force.answer(everyone, asking)

    for dimension in GROUPED:
        groups = found.groups(dimension)
        assert len({entry for entry, _ in groups}) == len(groups)
        assert sum(count for _, count in groups) == found.total
        if not any(told.row[1] == 2 for told in answers):
            assert dict(groups) == Counter(told.entry(dimension) for told in answers)


@few
@given(case=cases(), data=st.data())
def test_groups_tracked_sessions_count_as_unknown_entry(case: Case, data: st.DataObject) -> None:
    query = Query(bots=data.draw(st.booleans()))
    bare = replace(case, events=()).site.find(query, case.now)
    found, runs = case.site.find(query, case.now), force.split(case.events, case.now)
    grouped = {
        dimension: Counter(dict(found.groups(dimension))) - Counter(dict(bare.groups(dimension)))
        for dimension in GROUPED
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
    where = (data.draw(wanted(case)),)
    asking, word = Asked(None, None, where, (), (), bots=True), data.draw(wanted(case))
    total, cuts = case.site.find(asking.query, case.now).total, edges(case, data)
    windows = [
        case.site.find(asking._replace(start=low, stop=high).query, case.now) for low, high in pairwise(cuts)
    ]
    halves = [FilterConditions(word.word, word.operator, word.values, negate) for negate in (False, True)]

    assert [window.total for window in windows] == case.site.find(asking.query, case.now).series(cuts)
    assert sum(window.total for window in windows) == total
    assert (
        sum(case.site.find(asking._replace(where=(*where, half)).query, case.now).total for half in halves)
        == total
    )
    assert {
        sum(count for _, count in case.site.find(asking.query, case.now).groups(name))
        for name in ("place", "agent", "entry")
    } == {total}
    assert sum(sum(count for _, count in window.groups("language")) for window in windows) == total


@given(case=cases(vast, tracked=False), share=st.floats(0, 1), data=st.data())
def test_vast_world_short_window_equals_brute_force(case: Case, share: float, data: st.DataObject) -> None:
    visible = case.site.people.count_started(case.now)
    first = int(visible * share)
    batch = GeneratedSessions(case.site.people, np.arange(first, min(first + STRETCH, visible)), LATER, {})
    low, high = (batch.start[0] + 1, batch.start[-1]) if len(batch) else (0, 0)
    asking = Asked(low, high, tuple(data.draw(st.lists(wanted(case), max_size=2))), (), (), bots=False)
    stretch = [
        force.Told((batch.start[n], 0, batch.ids[n]), (0, 0, 0, ""), frozenset(), batch, n)
        for n in range(len(batch))
    ]
    found = case.site.find(asking.query, case.now)

    assert force.rows(found.page(0, STRETCH)) == [told.row for told in force.answer(stretch, asking)]
    assert found.total == len(force.answer(stretch, asking))


@given(
    case=cases(vast),
    share=st.floats(0, 1),
    sizes=st.tuples(st.integers(1, 50), st.integers(1, 50)),
    data=st.data(),
)
def test_vast_world_neighbouring_pages_equal_one_long_page(
    case: Case, share: float, sizes: tuple[int, int], data: st.DataObject
) -> None:
    asking = Asked(
        None, None, tuple(data.draw(st.lists(wanted(case), max_size=2))), (), bots=data.draw(st.booleans())
    )
    found = case.site.find(asking.query, case.now)
    offset = int(found.total * share)
    long = found.page(offset, sum(sizes))
    backwards = found.page(found.total - offset - len(force.rows(long)), sum(sizes), newest_first=True)

    assert force.rows(found.page(offset, sizes[0])) + force.rows(
        found.page(offset + sizes[0], sizes[1])
    ) == force.rows(long)
    assert len(force.rows(long)) == min(sum(sizes), found.total - offset)
    assert long.sort_keys() == sorted(set(long.sort_keys()))
    assert force.rows(backwards)[: len(force.rows(long))] == force.rows(long)[::-1]
    if long.sort_keys():
        assert (
            force.rows(found.older(long.sort_keys()[-1], sum(sizes)))[: len(force.rows(long)) - 1]
            == force.rows(long)[-2::-1]
        )


@given(case=cases(vast, tracked=False), share=st.floats(0, 1), data=st.data())
def test_vast_world_found_sessions_meet_conditions(case: Case, share: float, data: st.DataObject) -> None:
    where = tuple(data.draw(st.lists(wanted(case), min_size=1, max_size=2)))
    found = case.site.find(Asked(None, case.now - 3 * HOUR, where, (), (), bots=False).query, case.now)
    batch = found.page(int(found.total * share), 20).batches[0]
    told = [force.Told((0, 0, 0), (0, 0, 0, ""), frozenset(), batch, n) for n in range(len(batch))]

    assert [one.position for one in told if not all(force.meets(one, each) for each in where)] == []


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
    everyone = Asked(None, None, (data.draw(wanted(case)),) if where else (), (), bots=True)
    whole = case.site.find(everyone.query, case.now)
    offset = int(whole.total * share)
    page = whole.page(offset, 40)
    digits = page.map_rows(lambda batch: batch.visitor_digits)[:6:2]
    theirs = case.site.find(everyone._replace(actors=(tuple(digits),)).query, case.now)
    rest = case.site.find(everyone._replace(others=tuple(digits)).query, case.now)
    cuts, left_out = edges(case, data), set(force.rows(theirs.page(0, 1000)))
    kept = [(nth, row) for nth, row in enumerate(force.rows(page)) if row not in left_out]

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
        assert force.rows(rest.page(offset + nth - earlier, len(kept))) == [row for _, row in kept]


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


def test_page_among_millions_of_equal_starts_takes_few_sessions() -> None:
    site = build(spec(sessions=10**9, grain=HOUR, start=0, end=31 * DAY, bots_percent=50)).sites[0]
    found = site.find(Query(bots=True), 31 * DAY)
    page = found.page(found.total // 2, 10)

    assert sum(len(batch) for batch in page.batches) <= 20
