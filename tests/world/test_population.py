"""The people of a site and its bots: how many there are by an instant, and how they are named."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mockserver.world.generator.population import mailbox_parts
from tests.world.force import size
from tests.world.worlds import Case, cases, few, small, vast


@given(case=cases(tracked=False))
def test_visible_are_those_that_have_started(case: Case) -> None:
    """As many are visible at an instant as start at it or before."""
    for population in (case.site.people, case.site.bots):
        most = size(case.spec, population.kind, case.now)
        starts = population.timeline.starts(np.arange(most)).tolist() if most else []
        for now in (case.now, *starts[:5], *[start for start in starts if start <= case.now][-5:]):
            assert population.count_started(now) == sum(start <= now for start in starts)


@given(case=cases(small | vast, tracked=False), index=st.integers(0, 10**12))
def test_a_number_is_known_from_the_start_of_its_session_on(case: Case, index: int) -> None:
    """A session's number leads to its index at its start and later, to none before, and to none in the other population."""
    for population, other in ((case.site.people, case.site.bots), (case.site.bots, case.site.people)):
        visible = population.count_started(case.now)
        if visible:
            each = index % visible
            start = int(population.timeline.starts(np.array([each]))[0])
            number = int(population.session_numbers(np.array([each]))[0])
            assert [population.session_index(number, now) for now in (start - 1, start, case.now)] == [None, each, each]
            assert other.session_index(number, case.now) is None


@few
@given(case=cases(small | vast, tracked=False))
def test_no_session_lasts_longer_than_the_longest(case: Case) -> None:
    """The bound on durations holds for every row of the deck."""
    for population in (case.site.people, case.site.bots):
        deck = population.archetypes
        assert int(deck.offset[deck.begin + deck.length - 1].max()) <= deck.longest


@given(case=cases(tracked=False))
def test_mailboxes_are_made_of_plain_letters(case: Case) -> None:
    """Whatever script a name is written in, its mailbox has letters of ASCII, at least one."""
    given_names, family_names, domains = mailbox_parts(case.site.people.archetypes.vocabulary)

    assert all(name.isascii() and name.isalpha() and name.islower() for name in (*given_names, *family_names))
    assert len(domains) > 0
