"""Segments: the built-in ones, and those a spec defines."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.world.model.query import Query
from mockserver.world.model.segments import FILTERS, build_segments
from mockserver.world.model.spec import WorldError, spec
from mockserver.world.world import build
from tests.world import brute_force
from tests.world.digest import LATER
from tests.world.worlds import FIELD_VALUES, Case, cases, few


@few
@given(case=cases(tracked=False), first=st.sampled_from(["mobile", "identified", "returning", "bounced"]))
def test_segment_and_its_negation_partition_all_sessions(case: Case, first: str) -> None:
    known = case.world.segments
    totals = {
        name: case.site.find(Query(where=segment.where, bots=True), case.now).total
        for name, segment in known.items()
    }

    assert (
        totals["everyone"]
        == totals["identified"] + totals["anonymous"]
        == totals["new"] + totals["returning"]
    )
    assert totals["nobody"] == 0
    assert totals["mobile"] + totals["desktop"] <= totals["everyone"] >= totals[first]


@given(case=cases(tracked=False), data=st.data())
def test_segment_defined_in_spec_finds_matching_sessions(case: Case, data: st.DataObject) -> None:
    everyone = brute_force.all_sessions(case)
    words = data.draw(
        st.lists(
            st.sampled_from(sorted(set(FIELD_VALUES) & set(FILTERS))), min_size=1, max_size=2, unique=True
        )
    )
    values = {
        field: sorted({value for session in everyone[:40] for value in session.values_of(field)}, key=str)[:2]
        for field in words
    }
    where = build_segments({"mine": values})["mine"].where
    expected = [
        session.row
        for session in everyone
        if all(set(session.values_of(field)) & set(values[field]) for field in words)
    ]

    assert (
        brute_force.page_rows(case.site.find(Query(where=where, bots=True), case.now).page(0, 10**6))
        == expected
    )


@pytest.mark.parametrize("field", sorted(set(FIELD_VALUES) & set(FILTERS)))
def test_segment_filter_compares_field_of_its_name(field: str) -> None:
    batch = build(spec(sessions=60)).sites[0].find(Query(), LATER).page(0, 60).batches[0]
    value = next(
        text for position in range(60) for text in FIELD_VALUES[field](batch, position) if text != ""
    )
    world = build(spec(sessions=60, segments={"mine": {field: value}}))
    found = world.sites[0].find(Query(where=world.segments["mine"].where), LATER)

    assert found.page(0, 60).batches[0].ids == [
        batch.ids[n] for n in range(60) if value in FIELD_VALUES[field](batch, n)
    ]


def test_segment_single_value_equals_list_of_one() -> None:
    world = build(
        spec(segments={"one": {"country": "DE"}, "listed": {"country": ["DE"]}, "none": {"country": []}})
    )
    totals = [
        world.sites[0].find(Query(where=world.segments[name].where), LATER).total
        for name in ("one", "listed", "none")
    ]

    assert totals[0] == totals[1] > totals[2] == 0


def test_segment_with_built_in_name_replaces_it() -> None:
    assert build_segments({"mobile": {"device": "tablet"}})["mobile"].where[0].values == ("tablet",)
    assert set(build_segments({})) < set(build_segments({"mine": {}}))


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        ({"contry": "DE"}, r"segment 'mine' has unknown filter 'contry'; did you mean 'country'\?"),
        ({"zzz": "DE"}, r"known are country, region"),
        ({"country": {"is": "DE"}}, r"segment 'mine' has invalid value .* for 'country'"),
        ({"country": [["DE"]]}, r"segment 'mine' has invalid value .* for 'country'"),
    ],
)
def test_segment_with_invalid_filter_raises(filters: dict[str, Any], message: str) -> None:
    with pytest.raises(WorldError, match=message):
        build(spec(segments={"mine": filters}))
