"""Segments: the built-in ones, and those a spec defines."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.world.model.query import Query
from mockserver.world.model.segments import FILTERS, build_segments
from mockserver.world.model.spec import WorldError, spec
from mockserver.world.world import build
from tests.world import force
from tests.world.digest import LATER
from tests.world.worlds import HELD, Case, cases, few


@few
@given(case=cases(tracked=False), first=st.sampled_from(["mobile", "identified", "returning", "bounced"]))
def test_segments_and_their_opposites_share_everyone(case: Case, first: str) -> None:
    """Identified and anonymous, new and returning are everyone; nobody is no one; a segment is part of everyone."""
    known = case.world.segments
    totals = {name: case.site.find(Query(where=segment.where, bots=True), case.now).total for name, segment in known.items()}

    assert totals["everyone"] == totals["identified"] + totals["anonymous"] == totals["new"] + totals["returning"]
    assert totals["nobody"] == 0
    assert totals["mobile"] + totals["desktop"] <= totals["everyone"] >= totals[first]


@given(case=cases(tracked=False), data=st.data())
def test_a_defined_segment_finds_what_it_names(case: Case, data: st.DataObject) -> None:
    """A segment of a spec holds the sessions that have one of its values in each of its dimensions."""
    everyone = force.everything(case)
    words = data.draw(st.lists(st.sampled_from(sorted(set(HELD) & set(FILTERS))), min_size=1, max_size=2, unique=True))
    values = {word: sorted({held for told in everyone[:40] for held in told.held(word)}, key=str)[:2] for word in words}
    where = build_segments({"mine": values})["mine"].where
    expected = [told.row for told in everyone if all(set(told.held(word)) & set(values[word]) for word in words)]

    assert force.rows(case.site.find(Query(where=where, bots=True), case.now).page(0, 10**6)) == expected


@pytest.mark.parametrize("word", sorted(set(HELD) & set(FILTERS)))
def test_every_word_of_a_segment_means_what_it_says(word: str) -> None:
    """A segment on one word holds the sessions whose own columns have the value."""
    batch = build(spec(sessions=60)).sites[0].find(Query(), LATER).page(0, 60).batches[0]
    value = next(held for position in range(60) for held in HELD[word](batch, position) if held != "")
    world = build(spec(sessions=60, segments={"mine": {word: value}}))
    found = world.sites[0].find(Query(where=world.segments["mine"].where), LATER)

    assert found.page(0, 60).batches[0].ids == [batch.ids[n] for n in range(60) if value in HELD[word](batch, n)]


def test_one_value_may_stand_alone() -> None:
    """A value is as good as a list of it, and an empty list holds nobody."""
    world = build(spec(segments={"one": {"country": "DE"}, "listed": {"country": ["DE"]}, "none": {"country": []}}))
    totals = [world.sites[0].find(Query(where=world.segments[name].where), LATER).total for name in ("one", "listed", "none")]

    assert totals[0] == totals[1] > totals[2] == 0


def test_a_defined_segment_may_replace_a_built_in_one() -> None:
    """The names of a spec win."""
    assert build_segments({"mobile": {"device": "tablet"}})["mobile"].where[0].values == ("tablet",)
    assert set(build_segments({})) < set(build_segments({"mine": {}}))


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        ({"contry": "DE"}, r"segment 'mine' filters on 'contry', which is no dimension; did you mean 'country'\?"),
        ({"zzz": "DE"}, r"known are country, region"),
        ({"country": {"is": "DE"}}, r"segment 'mine' wants 'country' to be"),
        ({"country": [["DE"]]}, r"segment 'mine' wants 'country' to be"),
    ],
)
def test_a_segment_of_nonsense_is_refused(filters: dict[str, Any], message: str) -> None:
    """The error names the segment, the word, and what would be right."""
    with pytest.raises(WorldError, match=message):
        build(spec(segments={"mine": filters}))
