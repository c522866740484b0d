"""Rows of a deck are found by conditions on what they hold."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.world.archetypes import DIMENSIONS, exits, languages, matching
from mockserver.world.deck import ROWS, Deck
from mockserver.world.query import Condition
from mockserver.world.vocabulary import load
from tests.world.worlds import few, latitude, seeds, vocabularies

decks = st.builds(lambda seed, name: Deck(seed, load(name), 64, ("www.site.example", "app.site.example"), bots=False), seeds, vocabularies)


def held(deck: Deck, row: int, dimension: str) -> list[object]:
    """The entries of a row in a dimension, event by event where it has several."""
    entries, codes = DIMENSIONS[dimension](deck)
    those = np.atleast_1d(codes[row]).tolist()
    return [entries[code] for code in those if code < len(entries)]


def anything(_: object) -> bool:
    """True of every entry."""
    return True


@few
@given(deck=decks, north=st.integers(-60, 70), negate=st.booleans())
def test_matching_rows_meet_every_condition(deck: Deck, north: int, *, negate: bool) -> None:
    """The rows found are those that a look at each finds, ascending."""
    where = [Condition("place", latitude, "greater", (float(north),), negate), Condition("bounce", bool, "equals", (False,))]
    places, bounces = (DIMENSIONS[name](deck) for name in ("place", "bounce"))
    expected = [row for row in range(ROWS) if (places[0][places[1][row]].latitude > north) != negate and not bounces[0][bounces[1][row]]]

    assert matching(deck, where).tolist() == expected
    assert matching(deck, []).tolist() == list(range(ROWS))


@few
@given(deck=decks)
def test_only_what_happened_counts(deck: Deck) -> None:
    """Pages and actions of a row are those of its events, and no others."""
    for row in range(0, ROWS, 311):
        length = int(deck.length[row])
        actions = [each for each in deck.action[row, :length].tolist() if each < len(deck.vocabulary.actions)]
        assert held(deck, row, "page") == [deck.vocabulary.pages[each] for each in deck.page[row, :length].tolist()]
        assert held(deck, row, "url") == [(*held(deck, row, "hostname"), page) for page in held(deck, row, "page")]
        assert held(deck, row, "action") == [deck.vocabulary.actions[each] for each in actions]
        assert held(deck, row, "entry") == held(deck, row, "page")[:1]
        assert held(deck, row, "bounce") == [length == 1]


@few
@given(deck=decks)
def test_rows_without_an_action_have_none_that_passes(deck: Deck) -> None:
    """A condition on actions passes for no row that has none, and its opposite for just those."""
    some = matching(deck, [Condition("action", anything, "equals", (True,))])
    none = matching(deck, [Condition("action", anything, "equals", (True,), negate=True)])
    happened = np.arange(deck.action.shape[1]) < deck.length[:, None]
    silent = [row for row in range(ROWS) if set(deck.action[row][happened[row]].tolist()) == {len(deck.vocabulary.actions)}]

    assert none.tolist() == silent
    assert sorted([*some.tolist(), *none.tolist()]) == list(range(ROWS))


@given(deck=decks)
def test_the_exit_is_the_last_pageview(deck: Deck) -> None:
    """After the event of the exit there are only actions."""
    for row, last in list(enumerate(exits(deck).tolist()))[::97]:
        rest = deck.action[row, last : int(deck.length[row])].tolist()
        assert rest[0] == len(deck.vocabulary.actions)
        assert len(deck.vocabulary.actions) not in rest[1:]


@given(deck=decks)
def test_a_language_is_the_place_s_or_english(deck: Deck) -> None:
    """Where the place is unknown so is the language."""
    entries, codes = languages(deck)
    pairs = {
        (deck.vocabulary.places[place].language, entries[code]) for place, code in zip(deck.place.tolist(), codes.tolist(), strict=True)
    }

    assert [pair for pair in pairs if pair[1] not in ({pair[0], "en-US"} if pair[0] else {""})] == []


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_every_dimension_tells_something_of_every_row(dimension: str) -> None:
    """Each row has an entry in each dimension, actions aside."""
    deck = Deck(5, load("default"), 64, ("www.site.example", "app.site.example"), bots=False)

    assert all(held(deck, row, dimension) or dimension == "action" for row in range(0, ROWS, 61))
