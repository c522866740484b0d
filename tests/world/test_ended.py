"""Sessions by end: pages and keysets in closed form are what sorting all sessions gives."""

from dataclasses import replace
from typing import Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from mockserver.world.deal import Deal
from mockserver.world.dealt import DealtSessions
from mockserver.world.deck import LONGEST, ROWS
from mockserver.world.ended import Ended, Ending, Order
from mockserver.world.ends import MANY
from mockserver.world.found import DealtSource, Page, Place
from mockserver.world.hashing import I64
from mockserver.world.overlay import TrackedEvent
from mockserver.world.query import Query
from mockserver.world.sessions import Sessions
from mockserver.world.spec import spec
from mockserver.world.world import Site, build, with_events, without_sessions
from tests.world.digest import LATER
from tests.world.worlds import DAY, HOUR, MINUTE, Asked, Case, asked, cases, exact, few, flowing, instants, vast, wanted

Row = tuple[int, int, int, int]
"""End, start, number and kind of a session."""
SECONDS: Final = Order(unit=1000, by_start=True)
orders = st.sampled_from([Order(), SECONDS, Order(unit=MINUTE), Order(unit=MINUTE, by_start=True)])
manies = st.sampled_from([0, 0.005, MANY])
"""How many sessions for each row of the deck are looked at one by one: none, twenty for all rows, or as many as always."""
crowds = exact(st.integers(0, 200), st.integers(1, 3 * HOUR)) | flowing(st.integers(100, 2000))
"""Worlds in which many sessions run at a time."""

dense = (exact(st.integers(10**8, 10**9), st.integers(31 * DAY, 400 * DAY)) | flowing(st.integers(10**6, 10**9))).filter(
    lambda spec: spec.grain <= 1000
)
"""Vast worlds in which no more than some ten thousand sessions end within the same second."""


@st.composite
def running(draw: st.DrawFn) -> Case:
    """A site while some of its sessions run, one of which came over HTTP and lasts longer than any seeded one may."""
    case = draw(cases(crowds))
    now = case.spec.start + draw(st.integers(-MINUTE, 4 * HOUR))
    sent = (TrackedEvent(now - step * 29 * MINUTE, "click", anonymous_id="long") for step in range(draw(st.integers(0, 9))))
    return replace(case, now=now, events=(*case.events, *sent))


some = cases() | running()


def lacking(case: Case, data: st.DataObject) -> Site:
    """The site of a case without a few of its sessions."""
    numbers = case.site.find(Query(bots=True), case.now).page(0, 10**6).arrange(lambda batch: batch.ids)
    gone = data.draw(st.lists(st.sampled_from(numbers), max_size=4)) if numbers else []
    return without_sessions(case.world, case.number, gone).sites[case.number] if gone else case.site


def question(case: Case, data: st.DataObject) -> Query:
    """A question to a case, now and then about somebody in it."""
    digits = case.site.find(Query(bots=True), case.now).page(0, 20).arrange(lambda batch: batch.visitor_digits)
    return data.draw(asked(case, data.draw(st.sampled_from([(), (*digits, "ann", "c", "nobody")])))).query


def told(sessions: Sessions) -> list[Row]:
    """The rows of a batch."""
    return list(zip(sessions.end, sessions.start, sessions.ids, [sessions.kind] * len(sessions), strict=True))


def rows(page: Page) -> list[Row]:
    """The rows of a page."""
    return list(page.arrange(told))


def key(row: Row | tuple[int, int, int], order: Order) -> tuple[int, int, int]:
    """What a row is ordered by, the greatest first."""
    return row[0] // order.unit, row[1] // order.unit if order.by_start else 0, row[2]


def naive(site: Site, query: Query, now: int, order: Order) -> list[Row]:
    """All sessions that are found, sorted."""
    everyone = rows(site.find(query, now).page(0, 10**6))
    return sorted(everyone, key=lambda row: key(row, order), reverse=True)


def walked(ended: Ended, size: int, total: int) -> list[Row]:
    """Page after page of what comes after the last row, to the end or to more than there can be."""
    page = rows(ended.older(None, size))
    delivered = list(page)
    while page and len(delivered) <= total:
        page = rows(ended.older(Ending(*page[-1][:3]), size))
        delivered += page
    return delivered


@given(case=some, order=orders, many=manies, size=st.integers(1, 60), data=st.data())
def test_pages_by_end_are_what_sorting_gives(case: Case, order: Order, many: float, size: int, data: st.DataObject) -> None:
    """Pages of any size, by offset or each after the last row of the one before, are all sessions found, the latest end first."""
    site, query = lacking(case, data), question(case, data)
    expected = naive(site, query, case.now, order)
    ended = Ended(site.find(query, case.now), order, many=many)

    assert [row for offset in range(0, ended.total + size, size) for row in rows(ended.page(offset, size))] == expected
    assert walked(ended, size, len(expected)) == expected


@given(case=some, order=orders, many=manies, size=st.integers(1, 60), data=st.data())
def test_any_place_divides_the_order(case: Case, order: Order, many: float, size: int, data: st.DataObject) -> None:
    """After a place stands what sorting puts there, be it that of a session found, of one deleted or not asked for, or of none."""
    site, query = lacking(case, data), question(case, data)
    expected = naive(site, query, case.now, order)
    whole = [Ending(*row[:3]) for row in naive(case.site, Query(bots=True), case.now, order)]
    invented = st.builds(Ending, instants(case.spec) | st.integers(-(2**70), 2**70), instants(case.spec), st.integers(0, 2**64))
    near = st.sampled_from([0, 0, -1, 1])
    real = st.builds(lambda at, more: structs.replace(at, end=at.end + more), st.sampled_from(whole or [Ending(0, 0, 0)]), near)
    place = data.draw(real | invented)
    after = [row for row in expected if key(row, order) < key((place.end, place.start, place.number), order)]

    assert rows(Ended(site.find(query, case.now), order, many=many).older(place, size)) == after[:size]


def named(page: Page) -> set[tuple[Row, Place]]:
    """Each row of a page with its place by start."""
    return set(zip(rows(page), page.places(), strict=True))


@given(case=some, order=orders, data=st.data())
def test_a_page_holds_no_more_than_its_rows(case: Case, order: Order, data: st.DataObject) -> None:
    """The batches of a page are its sessions and no others, each batch ascending by start, and their places by start are as ever."""
    found = case.site.find(Query(bots=True), case.now)
    page = Ended(found, order).page(data.draw(st.integers(0, found.total)), 20)

    assert sum(len(batch) for batch in page.batches) == len(page)
    assert all(batch.start == sorted(batch.start) for batch in page.batches)
    assert named(page) <= named(found.page(0, found.total))


@few
@given(case=cases(dense), order=st.sampled_from([Order(), SECONDS]), share=st.floats(0, 1), size=st.integers(1, 50), data=st.data())
def test_pages_by_end_of_a_vast_world_join(case: Case, order: Order, share: float, size: int, data: st.DataObject) -> None:
    """Anywhere in a vast world two neighbouring pages are one long page, in order, and what comes after a row follows it."""
    asking = Asked(None, None, tuple(data.draw(st.lists(wanted(case), max_size=2))), (), bots=data.draw(st.booleans()))
    ended = Ended(case.site.find(asking.query, case.now), order)
    offset, sizes = int(ended.total * share), (size, data.draw(st.integers(1, 50)))
    long = rows(ended.page(offset, sum(sizes)))

    assert rows(ended.page(offset, sizes[0])) + rows(ended.page(offset + sizes[0], sizes[1])) == long
    assert len(long) == min(sum(sizes), ended.total - offset)
    assert long == sorted(set(long), key=lambda row: key(row, order), reverse=True)
    if long:
        assert rows(ended.older(Ending(*long[0][:3]), sum(sizes)))[: len(long) - 1] == long[1:]


@few
@given(case=cases(dense | vast), order=orders, many=manies, share=st.floats(0, 1), data=st.data())
def test_a_stretch_of_a_vast_world_by_end_is_what_sorting_gives(
    case: Case, order: Order, many: float, share: float, data: st.DataObject
) -> None:
    """Anywhere in a vast world, while its sessions run or when they are over, a window of starts is ordered by end."""
    people = case.site.people
    first = int(max(people.visible(case.now) - 301, 0) * share)
    low, high = (int(people.timeline.starts(np.array([first + more]))[0]) for more in (0, 300))
    now = high + data.draw(st.integers(-MINUTE, 3 * HOUR))
    asking = Asked(low, high, tuple(data.draw(st.lists(wanted(case), max_size=1))), (), bots=data.draw(st.booleans()))
    found = case.site.find(asking.query, now)
    ended = Ended(found, order, many=many)

    if found.total < 2000:  # With a coarse grain, millions start together.
        expected = naive(case.site, asking.query, now, order)
        assert rows(ended.page(0, found.total)) == expected
        assert rows(ended.page(found.total // 2, 7)) == expected[found.total // 2 :][:7]
        assert walked(ended, max(found.total // 3, 1), found.total) == expected


@pytest.mark.parametrize("now", [LATER, 40 * DAY + 12 * HOUR])
@pytest.mark.parametrize("order", [Order(), SECONDS])
def test_a_page_deep_in_a_vast_world_is_what_looking_at_all_around_finds(order: Order, now: int) -> None:
    """With 10⁹ sessions in a year, a page has the rank that counting the ends of all sessions near it gives, in the same order."""
    site = build(spec(sessions=10**9, start=0, end=365 * DAY, sites=1)).sites[0]
    instant = min(now, 40 * DAY + 12 * HOUR) - 3 * MINUTE
    first, stop = (site.people.timeline.before(each) for each in (instant - LONGEST, min(instant + 5 * MINUTE, now + 1)))
    near = DealtSessions(site.people, np.arange(first, stop), now, {})
    ends, starts = near.ends // order.unit, near.starts // order.unit * order.by_start
    sort = np.lexsort((near.numbers, starts, ends))[::-1]
    total = site.find(Query(), now).total
    ahead = int((near.ends >= instant).sum())
    ended = Ended(site.find(Query(), now), order)

    page = ended.page(total - stop + ahead, 50)
    assert page.arrange(lambda batch: batch.ids) == near.numbers[sort[ahead : ahead + 50]].tolist()
    assert rows(ended.older(Ending(*rows(page)[9][:3]), 40)) == rows(page)[10:]


@pytest.mark.parametrize("now", [LATER, 20 * DAY + 12 * HOUR])
@pytest.mark.parametrize("bots", [False, True])
def test_a_page_of_a_vast_world_looks_at_few_sessions(now: int, monkeypatch: pytest.MonkeyPatch, *, bots: bool) -> None:
    """With 10⁹ sessions in a month, millions of which overlap, a page by end takes a few thousand and tries rows of the deck."""
    taken, tried = [0], [0]
    pick, places = DealtSource.pick, Deal.places

    def picked(self: DealtSource, index: I64) -> DealtSessions:
        taken[0] += len(index)
        return pick(self, index)

    def placed(self: Deal, block: I64, row: I64) -> I64:
        found = places(self, block, row)
        tried[0] += found.size
        return found

    monkeypatch.setattr(DealtSource, "pick", picked)
    monkeypatch.setattr(Deal, "places", placed)
    site = build(spec(sessions=10**9, start=0, end=30 * DAY, sites=1)).sites[0]
    ended = Ended(site.find(Query(bots=bots), now), SECONDS)

    for offset in (0, ended.total // 2, ended.total - 100):
        taken[0] = tried[0] = 0
        page = rows(ended.page(offset, 100))
        assert rows(ended.older(Ending(*page[49][:3]), 50)) == page[50:]
        assert taken[0] <= 2 * MANY * ROWS
        assert tried[0] <= 400 * ROWS


def test_ends_together_are_ordered_by_number() -> None:
    """Where half the sessions of a world start at one instant and are over at once, they are told by number, the greatest first."""
    site = build(spec(sessions=500, start=0, end=HOUR, grain=HOUR, sites=1)).sites[0]
    page = rows(Ended(site.find(Query(), LATER), Order()).page(0, 500))
    bounced = [row for row in page if row[0] == row[1]]

    assert len(bounced) > 100
    assert bounced == sorted(bounced, reverse=True) == page[-len(bounced) :]


def test_a_session_of_days_stands_where_it_ended() -> None:
    """A tracked session that outlasts every seeded one comes first while it goes on, however long ago it began."""
    world = build(spec(sessions=300, start=10 * DAY, end=12 * DAY, sites=1))
    sent = [TrackedEvent(9 * DAY + step * 29 * MINUTE, "click", anonymous_id="c") for step in range(200)]
    site = with_events(world, 0, sent).sites[0]
    page = rows(Ended(site.find(Query(), LATER), Order()).page(0, 301))

    assert page[0] == (sent[-1].at, 9 * DAY, page[0][2], 2)
    assert rows(Ended(site.find(Query(), 11 * DAY), Order()).page(0, 301))[:1][0][3] in {0, 2}
    assert [row[3] for row in page].count(2) == 1
