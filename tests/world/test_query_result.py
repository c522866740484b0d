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
from tests.world.worlds import DAY, GROUPED, HOUR, Asked, Case, Wanted, cases, exact, few, instants, tracked_events, vast, wanted

AROUND = 1_788_134_400_000
several = tracked_events(AROUND).filter(bool)
STRETCH = 3000


@given(case=cases(), data=st.data())
def test_the_total_is_what_counting_finds(case: Case, data: st.DataObject) -> None:
    """A total in closed form is the number of sessions that meet the question one by one."""
    everyone = force.everything(case)

    for _ in range(8):
        asking = question(case, everyone, data)
        assert case.site.find(asking.query, case.now).total == len(force.answer(everyone, asking))


@given(case=cases(), size=st.integers(1, 60), data=st.data())
def test_paging_delivers_the_sessions_that_counting_finds_in_their_order(case: Case, size: int, data: st.DataObject) -> None:
    """Pages of any size, one after another, are all sessions by start, then kind, then index; newest first is the reverse."""
    everyone = force.everything(case)
    asking = question(case, everyone, data)
    found = case.site.find(asking.query, case.now)
    offsets = range(0, found.total + size, size)
    expected = [told.row for told in force.answer(everyone, asking)]

    assert [row for offset in offsets for row in force.rows(found.page(offset, size))] == expected
    assert [row for offset in offsets for row in force.rows(found.page(offset, size, newest_first=True))] == expected[::-1]


@given(case=cases(), size=st.integers(1, 60), data=st.data())
def test_walking_back_from_place_to_place_delivers_every_session_once(case: Case, size: int, data: st.DataObject) -> None:
    """Asking again and again for what is older than the last row gives all sessions, newest first."""
    everyone = force.everything(case)
    asking = question(case, everyone, data)
    expected = [told.row for told in force.answer(everyone, asking)][::-1]

    assert walked(case.site.find(asking.query, case.now), size, len(expected)) == expected


@given(case=cases(exact(st.integers(0, 20), st.integers(1, 2 * HOUR))), events=several, size=st.integers(1, 3))
def test_walking_back_passes_each_kind_of_session_once(case: Case, events: tuple[TrackedEvent, ...], size: int) -> None:
    """Where people, bots and what came over HTTP start close together, small steps back meet each session once."""
    moved = [structs.replace(event, at=event.at - AROUND + case.spec.start) for event in events]
    crowded = replace(case, events=tuple(moved), now=LATER)
    expected = [told.row for told in force.everything(crowded)][::-1]

    assert walked(crowded.site.find(Query(bots=True), LATER), size, len(expected)) == expected


@given(case=cases(), limit=st.integers(1, 30), data=st.data())
def test_any_place_divides_the_sessions_into_older_and_newer(case: Case, limit: int, data: st.DataObject) -> None:
    """What is older than a place of the seeded world, whether the question finds that session or not, stands before it."""
    everyone = force.everything(case)
    asking = question(case, everyone, data)
    places = [SortKey(told.row[0], told.row[1], told.order[2]) for told in everyone if told.row[1] < 2]
    place = data.draw(st.sampled_from(places or [SortKey(data.draw(instants(case.spec)), 3, 0)]))
    older = [told.row for told in force.answer(everyone, asking) if SortKey(told.row[0], told.row[1], told.order[2]) < place]

    assert force.rows(case.site.find(asking.query, case.now).older(place, limit)) == older[::-1][:limit]


@given(case=cases(), data=st.data())
def test_a_series_counts_the_starts_in_each_interval(case: Case, data: st.DataObject) -> None:
    """Each number of a series is what counting finds between its two edges, and together they are the total."""
    everyone = force.everything(case)
    asking, cuts = question(case, everyone, data), edges(case, data)
    found = case.site.find(asking.query, case.now)
    starts = [told.row[0] for told in force.answer(everyone, asking)]

    assert found.series(cuts) == [sum(low <= start < high for start in starts) for low, high in pairwise(cuts)]
    assert sum(found.series(cuts)) == found.total


@given(case=cases(), data=st.data())
def test_groups_count_what_each_session_has(case: Case, data: st.DataObject) -> None:
    """Groups by a dimension are what counting the sessions' own values finds, each value once."""
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
def test_what_came_over_http_is_grouped_as_unknown(case: Case, data: st.DataObject) -> None:
    """Sessions that came over HTTP add to the unknown entry of what nobody sent, and to the flags of what is known of them."""
    query = Query(bots=data.draw(st.booleans()))
    bare = replace(case, events=()).site.find(query, case.now)
    found, runs = case.site.find(query, case.now), force.split(case.events, case.now)
    grouped = {dimension: Counter(dict(found.groups(dimension))) - Counter(dict(bare.groups(dimension))) for dimension in GROUPED}
    named = Counter(run[0].user_id is not None for run in runs)

    assert found.total == bare.total + len(runs)
    assert [getattr(place, "city", None) for place in grouped["place"]] == [""] * bool(runs)
    assert [getattr(page, "path", None) for page in grouped["exit"]] == [""] * bool(runs)
    assert grouped["identified"] == named
    assert grouped["bounce"] == Counter({False: len(runs)} if runs else {})


@few
@given(case=cases(vast), data=st.data())
def test_windows_conditions_and_groups_of_a_vast_world_add_up(case: Case, data: st.DataObject) -> None:
    """The total is the sum over any cut of time, over a condition and its opposite, over bots and people, and over groups."""
    where = (data.draw(wanted(case)),)
    asking, word = Asked(None, None, where, (), (), bots=True), data.draw(wanted(case))
    total, cuts = case.site.find(asking.query, case.now).total, edges(case, data)
    windows = [case.site.find(asking._replace(start=low, stop=high).query, case.now) for low, high in pairwise(cuts)]
    halves = [Wanted(word.word, word.operator, word.values, negate) for negate in (False, True)]

    assert [window.total for window in windows] == case.site.find(asking.query, case.now).series(cuts)
    assert sum(window.total for window in windows) == total
    assert sum(case.site.find(asking._replace(where=(*where, half)).query, case.now).total for half in halves) == total
    assert {sum(count for _, count in case.site.find(asking.query, case.now).groups(name)) for name in ("place", "agent", "entry")} == {
        total
    }
    assert sum(sum(count for _, count in window.groups("language")) for window in windows) == total


@given(case=cases(vast, tracked=False), share=st.floats(0, 1), data=st.data())
def test_a_stretch_of_a_vast_world_holds_what_counting_finds(case: Case, share: float, data: st.DataObject) -> None:
    """Anywhere in a vast world, the sessions of a window are those that meet the question one by one."""
    visible = case.site.people.count_started(case.now)
    first = int(visible * share)
    batch = GeneratedSessions(case.site.people, np.arange(first, min(first + STRETCH, visible)), LATER, {})
    low, high = (batch.start[0] + 1, batch.start[-1]) if len(batch) else (0, 0)
    asking = Asked(low, high, tuple(data.draw(st.lists(wanted(case), max_size=2))), (), (), bots=False)
    stretch = [force.Told((batch.start[n], 0, batch.ids[n]), (0, 0, 0, ""), frozenset(), batch, n) for n in range(len(batch))]
    found = case.site.find(asking.query, case.now)

    assert force.rows(found.page(0, STRETCH)) == [told.row for told in force.answer(stretch, asking)]
    assert found.total == len(force.answer(stretch, asking))


@given(case=cases(vast), share=st.floats(0, 1), sizes=st.tuples(st.integers(1, 50), st.integers(1, 50)), data=st.data())
def test_pages_of_a_vast_world_join(case: Case, share: float, sizes: tuple[int, int], data: st.DataObject) -> None:
    """Anywhere in a vast world two neighbouring pages are one long page, both ways round, and in order."""
    asking = Asked(None, None, tuple(data.draw(st.lists(wanted(case), max_size=2))), (), bots=data.draw(st.booleans()))
    found = case.site.find(asking.query, case.now)
    offset = int(found.total * share)
    long = found.page(offset, sum(sizes))
    backwards = found.page(found.total - offset - len(force.rows(long)), sum(sizes), newest_first=True)

    assert force.rows(found.page(offset, sizes[0])) + force.rows(found.page(offset + sizes[0], sizes[1])) == force.rows(long)
    assert len(force.rows(long)) == min(sum(sizes), found.total - offset)
    assert long.sort_keys() == sorted(set(long.sort_keys()))
    assert force.rows(backwards)[: len(force.rows(long))] == force.rows(long)[::-1]
    if long.sort_keys():
        assert force.rows(found.older(long.sort_keys()[-1], sum(sizes)))[: len(force.rows(long)) - 1] == force.rows(long)[-2::-1]


@given(case=cases(vast, tracked=False), share=st.floats(0, 1), data=st.data())
def test_rows_of_a_vast_world_meet_what_was_asked(case: Case, share: float, data: st.DataObject) -> None:
    """A session found in a vast world that is over meets each condition by its own columns."""
    where = tuple(data.draw(st.lists(wanted(case), min_size=1, max_size=2)))
    found = case.site.find(Asked(None, case.now - 3 * HOUR, where, (), (), bots=False).query, case.now)
    batch = found.page(int(found.total * share), 20).batches[0]
    told = [force.Told((0, 0, 0), (0, 0, 0, ""), frozenset(), batch, n) for n in range(len(batch))]

    assert [one.position for one in told if not all(force.meets(one, each) for each in where)] == []


@few
@given(case=cases(vast, tracked=False), share=st.floats(0, 1))
def test_a_visitor_of_a_vast_world_is_found_without_a_search(case: Case, share: float) -> None:
    """Asking for the visitor of any session finds that session among theirs, and nobody else's."""
    found = case.site.find(Query(bots=True), case.now)
    page = found.page(int(found.total * share), 5)

    for visitor, number in page.map_rows(lambda batch: list(zip(batch.visitors, batch.ids, strict=True))):
        theirs = case.site.find(Query(actors=((f"{visitor:012x}",),), bots=True), case.now).page(0, 50)
        assert number in theirs.map_rows(lambda batch: batch.ids)
        assert set(theirs.map_rows(lambda batch: batch.visitors)) == {visitor}


@few
@given(case=cases(vast), share=st.floats(0, 1), where=st.booleans(), data=st.data())
def test_whoever_is_left_out_of_a_vast_world_is_missing_everywhere(case: Case, share: float, *, where: bool, data: st.DataObject) -> None:
    """Without some visitors, totals, groups and series lack just their sessions, and pages skip them."""
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
    assert rest.series(cuts) == [all_of - some for all_of, some in zip(whole.series(cuts), theirs.series(cuts), strict=True)]
    for dimension in ("place", "entry", "identified"):
        assert Counter(dict(rest.groups(dimension))) + Counter(dict(theirs.groups(dimension))) == Counter(dict(whole.groups(dimension)))
    for nth, _ in kept[:1]:
        earlier = len(theirs.older(page.sort_keys()[nth], 1000))
        assert force.rows(rest.page(offset + nth - earlier, len(kept))) == [row for _, row in kept]


@few
@given(case=cases())
def test_past_the_end_there_is_nothing(case: Case) -> None:
    """A page past the end, or of no rows, is empty, and its places are none."""
    found = case.site.find(Query(bots=True), case.now)
    pages = [found.page(found.total, 10), found.page(found.total + 10**9, 10), found.page(0, 0), found.older(SortKey(-(10**12), 0, 0), 10)]

    assert [page.sort_keys() for page in pages] == [[], [], [], []]


def test_a_page_where_millions_start_together_costs_no_more() -> None:
    """With an hour's million sessions all at one instant, a merged page still takes only what it shows."""
    site = build(spec(sessions=10**9, grain=HOUR, start=0, end=31 * DAY, bots_percent=50)).sites[0]
    found = site.find(Query(bots=True), 31 * DAY)
    page = found.page(found.total // 2, 10)

    assert sum(len(batch) for batch in page.batches) <= 20
