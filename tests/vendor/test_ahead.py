"""What is made ahead, or together, is what would be made when it is asked for alone."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import json

from mockserver.vendor.ahead import PAGES, Ahead
from mockserver.vendor.columns import Column
from mockserver.vendor.lines import Columns, Line, Listing
from mockserver.vendor.rows import Rows
from mockserver.world.generator.columns import GeneratedSessions
from mockserver.world.generator.population import Population
from mockserver.world.generator.timeline import HOUR
from mockserver.world.model.spec import spec
from mockserver.world.world import build

COLUMNS = [Column("id", lambda s: s.ids, own=True), Column("user", lambda s: s.user_ids), Column("pages", lambda s: s.pageviews)]
MADE = spec(sessions=300)
PEOPLE = build(MADE).sites[0].people
LATER = (MADE.end or 0) + HOUR * 24
"""When all are over."""
_LONG = GeneratedSessions(PEOPLE, np.arange(240, 300), LATER, {})
RUNNING = int((_LONG.starts + (_LONG.final_ends - _LONG.starts) // 2)[(_LONG.final_ends - _LONG.starts).argmax()])
"""When one of the last sixty is half over."""
STARTED = PEOPLE.count_started(RUNNING)
"""How many have started then."""


def taken(index: Sequence[int], now: int, people: Population = PEOPLE) -> GeneratedSessions:
    """Sessions with some indices as they stand at an instant."""
    return GeneratedSessions(people, np.array(index, dtype=np.int64), now, {})


def text(lines: Sequence[Line]) -> bytes:
    """Lines as a JSON array."""
    return Listing(b"[", lines, b"]").text


def watched(most: int = 300) -> tuple[Ahead, list[list[int]]]:
    """Something whose lines are indices, and what was made of it so far; it fails where more than so many are to be made."""
    made: list[list[int]] = []

    def make(sessions: GeneratedSessions) -> Columns:
        if len(sessions) > most:
            raise ArithmeticError
        made.append(list(sessions.index))
        return [[b"%d," % index for index in sessions.index]]

    return Ahead(make), made


def indices(*ranges: Sequence[int]) -> list[int]:
    """Those of all ranges."""
    return [index for each in ranges for index in each]


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
            assert text(rows.lines(taken(index, at))) == text(Rows(COLUMNS).lines(taken(index, at)))


@given(
    st.lists(st.tuples(st.sets(st.integers(0, 299), min_size=1), st.integers(0, 5)), min_size=1, max_size=8),
    st.sampled_from([2, 24, 24 * 40]),
    st.permutations(range(8)),
)
def test_pages_asked_for_at_once_are_the_same_as_alone(asked: list[tuple[set[int], int]], hours: int, order: list[int]) -> None:
    """Any sessions at any instants, asked for before any is needed, and then needed in any order: every page is as if asked for alone."""
    rows, now = Rows(COLUMNS), MADE.start + hours * HOUR
    batches = [(sorted(index), now - back * HOUR) for index, back in asked]
    pages = [(rows.lines(taken(*batch)), batch) for batch in batches]
    for lines, batch in [pages[number] for number in order if number < len(pages)]:
        assert text(lines) == text(Rows(COLUMNS).lines(taken(*batch)))


def test_nothing_is_made_before_it_is_needed() -> None:
    """Lines have a length, and can be cut and turned round, before they are made; what nobody needs any more is never made."""
    ahead, made = watched()
    lines = ahead.lines(taken(range(20), LATER))
    part = lines[5:15][::-1]
    gone = ahead.lines(taken(range(100, 120), LATER))
    assert (len(lines), len(part), len(gone), made) == (20, 10, 20, [])
    del gone

    assert text(part) == json.encode([*range(14, 4, -1)])
    assert list(lines[3]) == [b"3,"]
    assert made == [[*range(20)]]


def test_pages_asked_for_at_once_are_made_at_once() -> None:
    """All that was asked for by the time when one is needed, as far as it fits, comes apart, and is over."""
    ahead, made = watched()
    pages = [range(first, first + 20) for first in (200, 40, 100)]
    asked = [ahead.lines(taken(page, LATER)) for page in (*pages, range(110, 130), [3, 5, 250])]
    assert [text(lines) for lines in asked[:3]] == [json.encode([*page]) for page in pages]
    assert made == [indices(range(40, 60), range(100, 120), range(200, 220))]

    assert text(asked[4]) == b"[3,5,250]"
    assert text(asked[3]) == json.encode([*range(110, 130)])
    assert made[1:] == [[3, 5, 250], [*range(110, 130)]]  # The one overlaps the other.


def test_a_page_that_still_runs_is_made_alone() -> None:
    """Whether it is needed first or not, it keeps the others from nothing."""
    pages = [range(STARTED - 20, STARTED), range(10), range(100, 110)]
    assert [taken(page, RUNNING).any_running for page in pages] == [True, False, False]
    for first in (0, 1):
        ahead, made = watched()
        asked = [ahead.lines(taken(page, RUNNING)) for page in pages]
        for lines in (asked[first], *asked):
            text(lines)
        together = indices(range(10), range(100, 110))
        assert made == ([[*range(STARTED - 20, STARTED)], together] if first == 0 else [together, [*range(STARTED - 20, STARTED)]])


def test_what_is_made_at_once_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """More is left for the next time; a page that is larger is made alone."""
    monkeypatch.setattr("mockserver.vendor.ahead.MOST", 50)
    ahead, made = watched()
    wanted = ((0, 20), (40, 20), (80, 20), (120, 20), (160, 60))
    asked = [ahead.lines(taken(range(first, first + length), LATER)) for first, length in wanted]
    assert [len(lines.pieces()) for lines in asked] == [20, 20, 20, 20, 60]
    assert made == [indices(range(20), range(40, 60)), indices(range(80, 100), range(120, 140)), [*range(160, 220)]]


def test_pages_asked_for_at_once_stand_each_at_its_instant() -> None:
    """What was over at the instant of one page is told as it runs at that of another."""
    rows, index, other = Rows(COLUMNS), range(STARTED - 20, STARTED), range(40)
    pages = [rows.lines(taken(index, RUNNING)), rows.lines(taken(other, LATER))]
    assert [text(lines) for lines in pages] == [text(Rows(COLUMNS).lines(taken(*page))) for page in ((index, RUNNING), (other, LATER))]


def test_what_was_made_since_is_not_made_again() -> None:
    """A page that overlaps another, which brought it along, and some sessions out of the middle of what was made."""
    ahead, made = watched()
    ahead.lines(taken(range(20), LATER)).pieces()
    first, second = (ahead.lines(taken(range(begin, begin + 20), LATER)) for begin in (20, 30))
    assert text(first) + text(second) == json.encode([*range(20, 40)]) + json.encode([*range(30, 50)])
    assert [len(each) for each in made] == [20, 20 * PAGES]
    assert text(ahead.lines(taken([30, 35, 50], LATER))) == b"[30,35,50]"
    some, page = (ahead.lines(taken(index, LATER)) for index in ([180, 185, 190], range(200, 220)))
    assert text(some) + text(page) == b"[180,185,190]" + json.encode([*range(200, 220)])


def test_what_cannot_be_made_at_once_is_made_alone() -> None:
    """Where making them together fails, that is the loss of the page that needed it and of no other."""
    ahead, made = watched(most=20)
    first, second = (ahead.lines(taken(range(first, first + 20), LATER)) for first in (0, 100))
    with pytest.raises(ArithmeticError):
        first.pieces()
    assert text(second) == json.encode([*range(100, 120)])
    assert made == [[*range(100, 120)]]


def test_a_page_that_follows_the_last_one_is_made_with_more() -> None:
    """The second page of a crawl brings those after it, up to the end of the world; one that follows none brings nothing."""
    ahead, made = watched()
    for first in range(0, 300, 20):
        assert text(ahead.lines(taken(range(first, first + 20), LATER))) == json.encode([*range(first, first + 20)])
    assert made == [[*range(20)], [*range(20, 20 + 20 * PAGES)], [*range(20 + 20 * PAGES, 300)]]

    ahead, made = watched()
    for first in (290, 100, 190, 0):
        ahead.lines(taken(range(first, first + 10), LATER)).pieces()
    ahead.lines(taken([1, 5, 9], LATER)).pieces()
    assert [len(each) for each in made] == [10, 10, 10, 10, 3]


def test_a_page_that_was_overtaken_is_there() -> None:
    """Clients that ask side by side are not always heard in order: nothing is made twice for it, in one direction or the other."""
    order = [0, 1, 2, 4, 3, 6, 7, 5, 9, 8, 10, 12, 13, 11, 14]
    for pages in (order, [14 - page for page in order]):
        ahead, made = watched()
        for page in pages:
            assert text(ahead.lines(taken(range(page * 20, page * 20 + 20), LATER))) == json.encode([*range(page * 20, page * 20 + 20)])
        assert sorted(indices(*made)) == [*range(300)]


def test_nothing_is_made_ahead_that_still_runs() -> None:
    """A crawl into sessions that are not over is given what is over ahead, and the rest page by page."""
    ahead, made = watched()
    for first in range(0, STARTED, 10):
        ahead.lines(taken(range(first, min(first + 10, STARTED)), RUNNING)).pieces()
    assert [len(each) for each in made[:4]] == [10, 80, 80, 80]
    assert not any(taken(each, RUNNING).any_running for each in made if len(each) > 10)
    assert taken(made[-1], RUNNING).any_running


def test_what_was_made_ahead_is_not_told_before_it_happened() -> None:
    """When the clock is set back, sessions run that were over, and are told as they stand then."""
    rows, later = Rows(COLUMNS), LATER
    for first in (0, 20):
        rows.lines(taken(range(first, first + 20), later)).pieces()
    batch = taken(range(20, 40), later)
    longest = max(range(20), key=lambda position: batch.pageviews[position])
    index, earlier = range(20, 21 + longest), batch.start[longest]

    told, alone = (each.lines(taken(index, earlier)) for each in (rows, Rows(COLUMNS)))
    assert text(told) == text(alone) != text(rows.lines(taken(index, later)))
