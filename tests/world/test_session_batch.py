"""Columns of a batch that are derived from others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.world.model.query import Query
from mockserver.world.model.session_batch import parse_tags_trait, parse_text_trait
from tests.world.worlds import Case, cases, few, small, vast


@few
@given(case=cases(small | vast), share=st.floats(0, 1))
def test_batch_derived_columns_follow_from_counts(case: Case, share: float) -> None:
    found = case.site.find(Query(bots=True), case.now)

    for batch in found.page(int(found.total * share), 50).batches:
        assert len(batch) == len(batch.start) == len(batch.end)
        assert [end - start for start, end in zip(batch.start, batch.end, strict=True)] == batch.duration
        for each in range(len(batch)):
            done = batch.custom_events[each] + batch.outbounds[each] + batch.errors[each]
            assert batch.events[each] == done
            assert batch.bounces[each] == (batch.pageviews[each] + done == 1 and batch.pageviews[each] == 1)
            assert len(batch.list_events(each)) == batch.pageviews[each] + done
            assert 0 <= batch.inactive[each] <= batch.duration[each]


@few
@given(case=cases(small | vast), share=st.floats(0, 1))
def test_batch_digits_equal_hexadecimal_numbers(case: Case, share: float) -> None:
    found = case.site.find(Query(bots=True), case.now)

    for batch in found.page(int(found.total * share), 50).batches:
        assert batch.id_digits == [f"{number:014x}" for number in batch.ids]
        assert batch.visitor_digits == [f"{number:012x}" for number in batch.visitors]


@pytest.mark.parametrize(
    ("value", "text", "tags"),
    [(None, None, []), ("vip", "vip", []), (7, "7", []), (["a", 1], "['a', 1]", ["a", "1"])],
)
def test_parse_traits_any_json_value_returns_text_and_tags(
    value: object, text: str | None, tags: list[str]
) -> None:
    assert parse_text_trait(value) == text
    assert parse_tags_trait(value) == tags
