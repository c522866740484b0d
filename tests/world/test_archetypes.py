"""Archetype tables: events within bounds, and visitors with constant attributes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.world.generator.archetypes.events import MAX_DURATION
from mockserver.world.generator.archetypes.sizes import ARCHETYPES, VISITS
from mockserver.world.generator.archetypes.table import ArchetypeTable, SiteInputs
from mockserver.world.model.vocabulary import load
from tests.world.worlds import MINUTE, few, seeds, vocabularies

HOSTS = ("www.site.example", "app.site.example")
decks = st.builds(
    lambda seed, name, bits, bots: ArchetypeTable(seed, SiteInputs(load(name), HOSTS), 1 << bits, bots=bots),
    seeds,
    vocabularies,
    st.integers(0, 9),
    st.booleans(),
)


@few
@given(deck=decks)
def test_event_offsets_ascend_within_bounds(deck: ArchetypeTable) -> None:
    row = np.repeat(np.arange(ARCHETYPES), deck.length)
    gaps = np.diff(deck.offset)[row[1:] == row[:-1]]

    assert deck.length.min() >= 1
    assert deck.begin.tolist() == np.searchsorted(row, np.arange(ARCHETYPES)).tolist()
    assert len(row) == len(deck.offset) == len(deck.action) == len(deck.page)
    assert deck.offset.max() == deck.duration.max() <= MAX_DURATION
    assert gaps.min(initial=1) >= 0
    assert gaps.max(initial=0) <= 30 * MINUTE
    assert set(deck.offset[deck.begin].tolist()) == {0}
    assert set(deck.action[deck.begin].tolist()) == {len(deck.vocabulary.actions)}


@given(deck=decks)
def test_rows_of_slot_share_visitor_attributes(deck: ArchetypeTable) -> None:
    lane = np.arange(ARCHETYPES) // (VISITS * deck.variants)

    assert np.bincount(lane).tolist() == [ARCHETYPES // deck.slots] * deck.slots
    for column in (deck.place, deck.agent, deck.english, deck.identified, deck.plan, deck.tags):
        assert len(set(zip(lane.tolist(), column.all.tolist(), strict=True))) == deck.slots


@given(deck=decks)
def test_entries_without_weight_never_occur(deck: ArchetypeTable) -> None:
    words = deck.vocabulary

    assert all(words.places[each].weight for each in set(deck.place.all.tolist()))
    assert all(deck.agents[each].weight for each in set(deck.agent.all.tolist()))
    assert all(words.acquisitions[each].weight for each in set(deck.acquisition.all.tolist()))
    assert all(words.pages[each].entry_weight for each in set(deck.page[deck.begin].tolist()))
    assert set(deck.hostname.all.tolist()) == {0, 1}


@given(deck=decks)
def test_first_visits_are_not_returning_and_all_others_are(deck: ArchetypeTable) -> None:
    turn = np.arange(ARCHETYPES) // deck.variants % VISITS
    first = np.repeat(deck.first_visits.ravel(), deck.variants)
    firsts = np.delete(deck.first_visits, deck.late_slots, axis=0)

    assert bool((deck.first_visits[deck.late_slots] < np.arange(VISITS)).all())
    assert bool((firsts <= np.arange(VISITS)).all())
    assert bool((np.take_along_axis(firsts, firsts, axis=1) == firsts).all())
    assert set(deck.returning.all[first < turn].tolist()) <= {True}
    assert set(deck.returning.all[first == turn].tolist()) <= {False}


@pytest.mark.parametrize("bots", [False, True])
def test_table_contains_every_shape_of_session(*, bots: bool) -> None:
    deck = ArchetypeTable(1, SiteInputs(load("default"), HOSTS), 512, bots=bots)
    kinds = {
        [*(action.kind for action in deck.vocabulary.actions), "pageview"][each]
        for each in set(deck.action.tolist())
    }

    assert kinds == ({"pageview"} if bots else {"pageview", "custom_event", "outbound", "error"})
    assert set(deck.identified.all.tolist()) == ({False} if bots else {False, True})
    assert deck.length.min() == 1
    assert deck.length.max() == 3 if bots else deck.length.max() > 100
