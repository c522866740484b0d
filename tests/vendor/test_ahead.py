"""What is made ahead is what would be made when it is asked for."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mockserver.vendor.ahead import PAGES, Ahead
from mockserver.vendor.columns import Column
from mockserver.vendor.lines import Line, joined
from mockserver.vendor.rows import Rows
from mockserver.world.dealt import DealtSessions
from mockserver.world.population import Population
from mockserver.world.spec import spec
from mockserver.world.timeline import HOUR
from mockserver.world.world import build

COLUMNS = [Column("id", lambda s: s.ids, own=True), Column("user", lambda s: s.user_ids), Column("pages", lambda s: s.pageviews)]
MADE = spec(sessions=300)
PEOPLE = build(MADE).sites[0].people


def taken(index: "list[int] | range", now: int, people: Population = PEOPLE) -> DealtSessions:
    """Sessions with some indices as they stand at an instant."""
    return DealtSessions(people, np.array(index, dtype=np.int64), now, {})


@given(
    st.lists(st.tuples(st.integers(0, 299), st.integers(1, 40), st.integers(0, 5)), max_size=6),
    st.sampled_from([1, -1]),
    st.integers(1, 30),
    st.sampled_from([2, 24, 24 * 40]),
)
def test_pages_are_the_same_in_any_order(asked: list[tuple[int, int, int]], step: int, size: int, hours: int) -> None:
    """Crawls up and down, from anywhere, in pages of any size, at instants when sessions run: every page is as if asked for alone."""
    rows, now = Rows(COLUMNS), MADE.start + hours * HOUR
    for start, length, back in asked:
        for first in range(start, min(start + length * 5, 300), size)[::step]:
            index, at = range(first, min(first + size, 300)), now - back * HOUR
            alone = Rows(COLUMNS).lines(taken(index, at))
            assert joined(b"[", rows.lines(taken(index, at)), b"]") == joined(b"[", alone, b"]")


def test_a_page_that_follows_the_last_one_is_made_with_more() -> None:
    """The second page of a crawl brings those after it, up to the end of the world; one that follows none brings nothing."""
    made: list[int] = []

    def make(sessions: DealtSessions) -> list[Line]:
        made.append(len(sessions))
        return [[b"%d," % index] for index in sessions.index]

    ahead, now = Ahead(make), (MADE.end or 0) + HOUR * 24
    for first in range(0, 300, 20):
        assert ahead.lines(taken(range(first, first + 20), now)) == [[b"%d," % index] for index in range(first, first + 20)]
    assert made == [20, 20 * PAGES, 300 - 20 - 20 * PAGES]

    made.clear()
    for first in (200, 40, 100, 0):
        ahead.lines(taken(range(first, first + 10), now))
    ahead.lines(taken([1, 5, 9], now))
    assert made == [10, 10, 10, 3]  # The one at 200 was there already.


def test_what_was_made_ahead_is_not_told_before_it_happened() -> None:
    """When the clock is set back, sessions run that were over, and are told as they stand then."""
    rows, later = Rows(COLUMNS), (MADE.end or 0) + HOUR * 24
    for first in (0, 20):
        rows.lines(taken(range(first, first + 20), later))
    batch = taken(range(20, 40), later)
    longest = max(range(20), key=lambda position: batch.pageviews[position])
    index, earlier = range(20, 21 + longest), batch.start[longest]

    told, alone = (each.lines(taken(index, earlier)) for each in (rows, Rows(COLUMNS)))
    assert joined(b"[", told, b"]") == joined(b"[", alone, b"]") != joined(b"[", rows.lines(taken(index, later)), b"]")
