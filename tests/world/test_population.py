"""People and bots of a site: how many have started by an instant, and their names."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from mockserver.world.generator.population import mailbox_parts
from mockserver.world.model.vocabulary import load
from tests.world.brute_force import count_indices
from tests.world.worlds import Case, cases, few, small, vast


@given(case=cases(tracked=False))
def test_count_started_equals_number_of_started_sessions(case: Case) -> None:
    for population in (case.site.people, case.site.bots):
        most = count_indices(case.spec, population.kind, case.now)
        starts = population.timeline.starts(np.arange(most)).tolist() if most else []
        for now in (case.now, *starts[:5], *[start for start in starts if start <= case.now][-5:]):
            assert population.count_started(now) == sum(start <= now for start in starts)


@given(case=cases(small | vast, tracked=False), index=st.integers(0, 10**12))
def test_session_index_is_known_from_start_of_session(case: Case, index: int) -> None:
    for population, other in ((case.site.people, case.site.bots), (case.site.bots, case.site.people)):
        visible = population.count_started(case.now)
        if visible:
            each = index % visible
            start = int(population.timeline.starts(np.array([each]))[0])
            number = int(population.session_numbers(np.array([each]))[0])
            assert [population.session_index(number, now) for now in (start - 1, start, case.now)] == [
                None,
                each,
                each,
            ]
            assert other.session_index(number, case.now) is None


@few
@given(case=cases(small | vast, tracked=False))
def test_durations_are_at_most_the_longest(case: Case) -> None:
    for population in (case.site.people, case.site.bots):
        deck = population.archetypes
        assert int(deck.offset[deck.begin + deck.length - 1].max()) <= deck.duration.max()


@given(case=cases(tracked=False))
def test_mailbox_parts_contain_ascii_letters_only(case: Case) -> None:
    given_names, family_names, domains = mailbox_parts(case.site.people.archetypes.vocabulary)

    assert all(name.isascii() and name.isalpha() and name.islower() for name in (*given_names, *family_names))
    assert len(domains) > 0


def test_mailbox_parts_keep_letters_with_accents() -> None:
    words = load("default")
    names = ("Zoë", "Müller", "Łukasz", "Søren", "Élise-Anne", "Weiß", "da Conceição", "和也")
    letters = ("zoe", "muller", "lukasz", "soren", "eliseanne", "weiss", "daconceicao", "visitor")

    assert mailbox_parts(replace(words, given_names=names, family_names=names))[:2] == (letters, letters)
