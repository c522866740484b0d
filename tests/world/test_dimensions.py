"""Conditions find archetype rows by their entries."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.world.generator.archetypes.dimensions import (
    DIMENSIONS,
    EVENT_DIMENSIONS,
    encode_languages,
    match_archetypes,
)
from mockserver.world.generator.archetypes.events import find_exits
from mockserver.world.generator.archetypes.sizes import ARCHETYPES
from mockserver.world.generator.archetypes.table import ArchetypeTable, SiteInputs
from mockserver.world.model.query import Condition
from mockserver.world.model.vocabulary import load
from tests.world.worlds import few, latitude, seeds, vocabularies

decks = st.builds(
    lambda seed, name: ArchetypeTable(
        seed, SiteInputs(load(name), ("www.site.example", "app.site.example")), 64, bots=False
    ),
    seeds,
    vocabularies,
)


def entries_of(deck: ArchetypeTable, row: int, dimension: str) -> list[object]:
    """Return the entries of a row in a dimension, one per event if it has several."""
    entries, codes = DIMENSIONS[dimension](deck)
    those = (
        codes[deck.begin[row] :][: deck.length[row]]
        if dimension in EVENT_DIMENSIONS
        else codes[row : row + 1]
    )
    return [entries[code] for code in those.tolist() if code < len(entries)]


def anything(_: object) -> bool:
    """Return True for every entry."""
    return True


@few
@given(deck=decks, north=st.integers(-60, 70), negate=st.booleans())
def test_match_archetypes_rows_meet_every_condition(
    deck: ArchetypeTable, north: int, *, negate: bool
) -> None:
    where = [
        Condition("place", latitude, "greater", (float(north),), negate),
        Condition("bounce", bool, "equals", (False,)),
    ]
    places, bounces = (DIMENSIONS[name](deck) for name in ("place", "bounce"))
    expected = [
        row
        for row in range(ARCHETYPES)
        if (places[0][places[1][row]].latitude > north) != negate and not bounces[0][bounces[1][row]]
    ]

    assert match_archetypes(deck, where).tolist() == expected
    assert match_archetypes(deck, []).tolist() == list(range(ARCHETYPES))


@few
@given(deck=decks, dimension=st.sampled_from(EVENT_DIMENSIONS), drawn=st.data())
def test_match_archetypes_event_condition_needs_one_event(
    deck: ArchetypeTable, dimension: str, drawn: st.DataObject
) -> None:
    drawn_entry = drawn.draw(st.sampled_from(DIMENSIONS[dimension](deck)[0]))
    found = match_archetypes(
        deck, [Condition(dimension, lambda entry: entry is drawn_entry, "equals", (True,))]
    )

    assert found.tolist() == [
        row
        for row in range(ARCHETYPES)
        if any(each is drawn_entry for each in entries_of(deck, row, dimension))
    ]


@few
@given(deck=decks, drawn=st.data())
def test_match_archetypes_same_event_needs_one_event_for_all_conditions(
    deck: ArchetypeTable, drawn: st.DataObject
) -> None:
    wanted = {
        name: drawn.draw(st.sampled_from(DIMENSIONS[name](deck)[0]))
        for name in ("event_page", "event_action")
    }
    where = [
        Condition(name, lambda entry, wanted=entry: entry is wanted, "equals", (True,), same_event=True)  # type: ignore[misc]  # the default is the entry
        for name, entry in wanted.items()
    ]
    pairs = {
        row: [*zip(*(entries_of(deck, row, name) for name in wanted), strict=True)]
        for row in range(0, ARCHETYPES, 7)
    }

    assert [row for row in match_archetypes(deck, where).tolist() if row in pairs] == [
        row
        for row, events in pairs.items()
        if any(page is wanted["event_page"] and act is wanted["event_action"] for page, act in events)
    ]


@given(deck=decks)
def test_event_acquisition_is_that_of_first_event_and_unknown_for_others(deck: ArchetypeTable) -> None:
    for row in range(0, ARCHETYPES, 311):
        first, *others = entries_of(deck, row, "event_acquisition")

        assert [first] == entries_of(deck, row, "acquisition")
        assert others == [deck.vocabulary.acquisitions[0]] * (deck.length[row] - 1)


@given(deck=decks)
def test_dimensions_entry_and_duration_equal_first_event_and_length(deck: ArchetypeTable) -> None:
    for row in range(0, ARCHETYPES, 311):
        assert entries_of(deck, row, "entry") == entries_of(deck, row, "page")[:1]
        assert entries_of(deck, row, "bounce") == [deck.length[row] == 1]


@few
@given(deck=decks)
def test_match_archetypes_without_action_never_match_action_condition(deck: ArchetypeTable) -> None:
    some = match_archetypes(deck, [Condition("action", anything, "equals", (True,))])
    none = match_archetypes(deck, [Condition("action", anything, "equals", (True,), negate=True)])

    assert none.tolist() == [row for row in range(ARCHETYPES) if not entries_of(deck, row, "action")]
    assert sorted([*some.tolist(), *none.tolist()]) == list(range(ARCHETYPES))


@given(deck=decks)
def test_find_exits_returns_last_pageview(deck: ArchetypeTable) -> None:
    rows = np.arange(0, ARCHETYPES, 97)
    exits = find_exits(deck.events, rows, deck.length[rows])
    assert exits.tolist() == deck.events.exits[rows].tolist()
    for row, last in zip(rows.tolist(), exits.tolist(), strict=True):
        rest = deck.action[last : deck.begin[row] + deck.length[row]].tolist()
        assert last >= deck.begin[row]
        assert rest[0] == len(deck.vocabulary.actions)
        assert len(deck.vocabulary.actions) not in rest[1:]


@given(deck=decks)
def test_encode_languages_returns_language_of_place_or_english(deck: ArchetypeTable) -> None:
    entries, codes = encode_languages(deck)
    pairs = {
        (deck.vocabulary.places[place].language, entries[code])
        for place, code in zip(deck.place.all.tolist(), codes.tolist(), strict=True)
    }

    assert [pair for pair in pairs if pair[1] not in ({pair[0], "en-US"} if pair[0] else {""})] == []


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_dimensions_have_entry_for_every_row(dimension: str) -> None:
    deck = ArchetypeTable(
        5, SiteInputs(load("default"), ("www.site.example", "app.site.example")), 64, bots=False
    )

    assert all(entries_of(deck, row, dimension) or dimension == "action" for row in range(0, ARCHETYPES, 61))
