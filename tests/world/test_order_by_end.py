"""Pages of a result ordered by end equal slices of all sessions sorted by end."""

from dataclasses import replace
from typing import Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from mockserver.world.generator.archetypes.events import MAX_DURATION
from mockserver.world.generator.archetypes.sizes import ARCHETYPES
from mockserver.world.generator.columns import GeneratedSessions
from mockserver.world.generator.order_by_end import SCAN_LIMIT, EndOrder, EndOrderedResult, EndSortKey
from mockserver.world.generator.query_result import GeneratedSource, Page, SortKey
from mockserver.world.generator.schedule import SessionSchedule
from mockserver.world.generator.tracked import TrackedEvent
from mockserver.world.model.hashing import I64
from mockserver.world.model.query import Query
from mockserver.world.model.session_batch import SessionBatch
from mockserver.world.model.spec import spec
from mockserver.world.world import Site, build, with_events, without_sessions
from tests.world.digest import LATER
from tests.world.worlds import (
    DAY,
    HOUR,
    MINUTE,
    Case,
    QueryCase,
    cases,
    conditions,
    exact,
    few,
    flowing,
    instants,
    query_cases,
    vast,
)

Row = tuple[int, int, int, int]
"""End, start, number and kind of a session."""
SECONDS: Final = EndOrder(unit=1000, by_start=True)
orders = st.sampled_from([EndOrder(), SECONDS, EndOrder(unit=MINUTE), EndOrder(unit=MINUTE, by_start=True)])
scan_limits = st.sampled_from([0, 20, SCAN_LIMIT])
"""At 0 and 20, small worlds exercise what dense worlds need: counting per archetype."""
crowds = exact(st.integers(0, 200), st.integers(1, 3 * HOUR)) | flowing(st.integers(100, 2000))
"""Worlds in which many sessions overlap."""

dense = (
    exact(st.integers(10**8, 10**9), st.integers(31 * DAY, 400 * DAY)) | flowing(st.integers(10**6, 10**9))
).filter(lambda spec: spec.grain <= 1000)
"""Vast worlds in which at most about ten thousand sessions end within the same second."""


@st.composite
def running(draw: st.DrawFn) -> Case:
    """Draw a site with running sessions, one of them tracked and longer than any seeded session can be."""
    case = draw(cases(crowds))
    now = case.spec.start + draw(st.integers(-MINUTE, 4 * HOUR))
    sent = (
        TrackedEvent(now - step * 29 * MINUTE, "click", anonymous_id="long")
        for step in range(draw(st.integers(0, 9)))
    )
    return replace(case, now=now, events=(*case.events, *sent))


some = cases() | running()


def without_some(case: Case, data: st.DataObject) -> Site:
    """Return the site of a case with a few sessions deleted."""
    numbers = case.site.find(Query(bots=True), case.now).page(0, 10**6).map_rows(lambda batch: batch.ids)
    gone = data.draw(st.lists(st.sampled_from(numbers), max_size=4)) if numbers else []
    return without_sessions(case.world, case.number, gone).sites[case.number] if gone else case.site


def draw_query(case: Case, data: st.DataObject) -> Query:
    """Draw a query on a case; some select visitors that occur in it."""
    digits = (
        case.site.find(Query(bots=True), case.now).page(0, 20).map_rows(lambda batch: batch.visitor_digits)
    )
    return data.draw(
        query_cases(case, data.draw(st.sampled_from([(), (*digits, "ann", "c", "nobody")])))
    ).query


def batch_rows(sessions: SessionBatch) -> list[Row]:
    """Return the rows of a batch."""
    return list(zip(sessions.end, sessions.start, sessions.ids, [sessions.kind] * len(sessions), strict=True))


def rows(page: Page) -> list[Row]:
    """Return the rows of a page, in its order."""
    return list(page.map_rows(batch_rows))


def sort_key(row: Row | tuple[int, int, int], order: EndOrder) -> tuple[int, int, int]:
    """Return the key by which rows sort, greatest first."""
    return row[0] // order.unit, row[1] // order.unit if order.by_start else 0, row[2]


def sort_all(site: Site, query: Query, now: int, order: EndOrder) -> list[Row]:
    """Return all sessions of a query result, sorted by end."""
    everyone = rows(site.find(query, now).page(0, 10**6))
    return sorted(everyone, key=lambda row: sort_key(row, order), reverse=True)


def walk(result: EndOrderedResult, size: int, total: int) -> list[Row]:
    """Return the rows of consecutive keyset pages; stops if there are more rows than *total*."""
    page = rows(result.older(None, size))
    delivered = list(page)
    while page and len(delivered) <= total:
        page = rows(result.older(EndSortKey(*page[-1][:3]), size))
        delivered += page
    return delivered


@given(case=some, order=orders, scan_limit=scan_limits, size=st.integers(1, 60), data=st.data())
def test_pages_by_end_of_any_size_equal_all_sessions_sorted(
    case: Case, order: EndOrder, scan_limit: int, size: int, data: st.DataObject
) -> None:
    site, query = without_some(case, data), draw_query(case, data)
    expected = sort_all(site, query, case.now, order)
    result = EndOrderedResult(site.find(query, case.now), order, scan_limit=scan_limit)

    assert [
        row for offset in range(0, result.total + size, size) for row in rows(result.page(offset, size))
    ] == expected
    assert walk(result, size, len(expected)) == expected


@given(case=some, order=orders, scan_limit=scan_limits, size=st.integers(1, 60), data=st.data())
def test_older_than_any_key_equals_sorted_rows_after_it(
    case: Case, order: EndOrder, scan_limit: int, size: int, data: st.DataObject
) -> None:
    """The key may be that of a found session, of a deleted or filtered one, or of none."""
    site, query = without_some(case, data), draw_query(case, data)
    expected = sort_all(site, query, case.now, order)
    whole = [EndSortKey(*row[:3]) for row in sort_all(case.site, Query(bots=True), case.now, order)]
    invented = st.builds(
        EndSortKey,
        instants(case.spec) | st.integers(-(2**70), 2**70),
        instants(case.spec),
        st.integers(0, 2**64),
    )
    near = st.sampled_from([0, 0, -1, 1])
    real = st.builds(
        lambda at, more: structs.replace(at, end=at.end + more),
        st.sampled_from(whole or [EndSortKey(0, 0, 0)]),
        near,
    )
    place = data.draw(real | invented)
    after = [
        row
        for row in expected
        if sort_key(row, order) < sort_key((place.end, place.start, place.number), order)
    ]

    assert (
        rows(EndOrderedResult(site.find(query, case.now), order, scan_limit=scan_limit).older(place, size))
        == after[:size]
    )


def rows_with_keys(page: Page) -> set[tuple[Row, SortKey]]:
    """Return each row of a page with its sort key by start."""
    return set(zip(rows(page), page.sort_keys(), strict=True))


@given(case=some, order=orders, data=st.data())
def test_page_batches_hold_exactly_its_sessions(case: Case, order: EndOrder, data: st.DataObject) -> None:
    """Each batch ascends by start, and a session has the same sort key as in a page by start."""
    found = case.site.find(Query(bots=True), case.now)
    page = EndOrderedResult(found, order).page(data.draw(st.integers(0, found.total)), 20)

    assert sum(len(batch) for batch in page.batches) == len(page)
    assert all(batch.start == sorted(batch.start) for batch in page.batches)
    assert rows_with_keys(page) <= rows_with_keys(found.page(0, found.total))


@few
@given(
    case=cases(dense),
    order=st.sampled_from([EndOrder(), SECONDS]),
    share=st.floats(0, 1),
    size=st.integers(1, 50),
    data=st.data(),
)
def test_neighbouring_pages_of_vast_world_equal_one_long_page(
    case: Case, order: EndOrder, share: float, size: int, data: st.DataObject
) -> None:
    query_case = QueryCase(
        None,
        None,
        tuple(data.draw(st.lists(conditions(case), max_size=2))),
        (),
        bots=data.draw(st.booleans()),
    )
    result = EndOrderedResult(case.site.find(query_case.query, case.now), order)
    offset, sizes = int(result.total * share), (size, data.draw(st.integers(1, 50)))
    long = rows(result.page(offset, sum(sizes)))

    assert rows(result.page(offset, sizes[0])) + rows(result.page(offset + sizes[0], sizes[1])) == long
    assert len(long) == min(sum(sizes), result.total - offset)
    assert long == sorted(set(long), key=lambda row: sort_key(row, order), reverse=True)
    if long:
        assert rows(result.older(EndSortKey(*long[0][:3]), sum(sizes)))[: len(long) - 1] == long[1:]


@few
@given(case=cases(dense | vast), order=orders, scan_limit=scan_limits, share=st.floats(0, 1), data=st.data())
def test_window_of_vast_world_by_end_equals_its_sessions_sorted(
    case: Case, order: EndOrder, scan_limit: int, share: float, data: st.DataObject
) -> None:
    """Holds while sessions of the window run and after they are over."""
    people = case.site.people
    first = int(max(people.count_started(case.now) - 301, 0) * share)
    low, high = (int(people.timeline.starts(np.array([first + more]))[0]) for more in (0, 300))
    now = high + data.draw(st.integers(-MINUTE, 3 * HOUR))
    query_case = QueryCase(
        low, high, tuple(data.draw(st.lists(conditions(case), max_size=1))), (), bots=data.draw(st.booleans())
    )
    found = case.site.find(query_case.query, now)
    result = EndOrderedResult(found, order, scan_limit=scan_limit)

    if found.total < 2000:  # With a coarse grain, millions of sessions share a start.
        expected = sort_all(case.site, query_case.query, now, order)
        assert rows(result.page(0, found.total)) == expected
        assert rows(result.page(found.total // 2, 7)) == expected[found.total // 2 :][:7]
        assert walk(result, max(found.total // 3, 1), found.total) == expected


@pytest.mark.parametrize("now", [LATER, 40 * DAY + 12 * HOUR])
@pytest.mark.parametrize("order", [EndOrder(), SECONDS])
def test_page_deep_in_vast_world_equals_sorted_neighbourhood(order: EndOrder, now: int) -> None:
    """The expected rank and order come from the end times of all sessions near the page."""
    site = build(spec(sessions=10**9, start=0, end=365 * DAY, sites=1)).sites[0]
    instant = min(now, 40 * DAY + 12 * HOUR) - 3 * MINUTE
    first, stop = (
        site.people.timeline.count_before(each)
        for each in (instant - MAX_DURATION, min(instant + 5 * MINUTE, now + 1))
    )
    near = GeneratedSessions(site.people, np.arange(first, stop), now, {})
    ends, starts = near.ends // order.unit, near.starts // order.unit * order.by_start
    sort = np.lexsort((near.numbers, starts, ends))[::-1]
    total = site.find(Query(), now).total
    ahead = int((near.ends >= instant).sum())
    result = EndOrderedResult(site.find(Query(), now), order)

    page = result.page(total - stop + ahead, 50)
    assert page.map_rows(lambda batch: batch.ids) == near.numbers[sort[ahead : ahead + 50]].tolist()
    assert rows(result.older(EndSortKey(*rows(page)[9][:3]), 40)) == rows(page)[10:]


@pytest.mark.parametrize("now", [LATER, 20 * DAY + 12 * HOUR])
@pytest.mark.parametrize("bots", [False, True])
def test_page_of_vast_world_looks_at_few_sessions(
    now: int, monkeypatch: pytest.MonkeyPatch, *, bots: bool
) -> None:
    """With 10⁹ sessions a month, millions overlap.

    A page looks at some thousands and does some dozen counts.
    """
    taken, tried = [0], [0]
    pick, places = GeneratedSource.pick, SessionSchedule.session_at

    def picked(self: GeneratedSource, index: I64) -> GeneratedSessions:
        taken[0] += len(index)
        return pick(self, index)

    def placed(self: SessionSchedule, block: I64, row: I64) -> I64:
        found = places(self, block, row)
        tried[0] += found.size
        return found

    monkeypatch.setattr(GeneratedSource, "pick", picked)
    monkeypatch.setattr(SessionSchedule, "session_at", placed)
    site = build(spec(sessions=10**9, start=0, end=30 * DAY, sites=1)).sites[0]
    result = EndOrderedResult(site.find(Query(bots=bots), now), SECONDS)

    for offset in (0, result.total // 2, result.total - 100):
        taken[0] = tried[0] = 0
        page = rows(result.page(offset, 100))
        assert rows(result.older(EndSortKey(*page[49][:3]), 50)) == page[50:]
        assert taken[0] <= 2 * SCAN_LIMIT
        assert tried[0] <= 1000 * ARCHETYPES


def test_sessions_with_equal_ends_are_ordered_by_number() -> None:
    site = build(spec(sessions=500, start=0, end=HOUR, grain=HOUR, sites=1)).sites[0]
    page = rows(EndOrderedResult(site.find(Query(), LATER), EndOrder()).page(0, 500))
    bounced = [row for row in page if row[0] == row[1]]

    assert len(bounced) > 100
    assert bounced == sorted(bounced, reverse=True) == page[-len(bounced) :]


def test_tracked_session_of_several_days_is_ordered_by_its_end() -> None:
    world = build(spec(sessions=300, start=10 * DAY, end=12 * DAY, sites=1))
    sent = [TrackedEvent(9 * DAY + step * 29 * MINUTE, "click", anonymous_id="c") for step in range(200)]
    site = with_events(world, 0, sent).sites[0]
    page = rows(EndOrderedResult(site.find(Query(), LATER), EndOrder()).page(0, 301))

    assert page[0] == (sent[-1].at, 9 * DAY, page[0][2], 2)
    assert rows(EndOrderedResult(site.find(Query(), 11 * DAY), EndOrder()).page(0, 301))[:1][0][3] in {0, 2}
    assert [row[3] for row in page].count(2) == 1
