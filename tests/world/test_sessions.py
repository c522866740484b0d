"""Columns that follow from other columns."""

from hypothesis import given
from hypothesis import strategies as st

from mockserver.world.query import Query
from tests.world.worlds import Case, cases, small, vast


@given(case=cases(small | vast), share=st.floats(0, 1))
def test_end_events_and_bounces_follow(case: Case, share: float) -> None:
    """A session ends when its duration is over; its events are what is no pageview; it bounces with one page and nothing done."""
    found = case.site.find(Query(bots=True), case.now)

    for batch in found.page(int(found.total * share), 50).batches:
        assert len(batch) == len(batch.start) == len(batch.end)
        assert [end - start for start, end in zip(batch.start, batch.end, strict=True)] == batch.duration
        for each in range(len(batch)):
            done = batch.custom_events[each] + batch.outbounds[each] + batch.errors[each]
            assert batch.events[each] == done
            assert batch.bounces[each] == (batch.pageviews[each] + done == 1 and batch.pageviews[each] == 1)
            assert len(batch.story(each)) == batch.pageviews[each] + done
            assert 0 <= batch.inactive[each] <= batch.duration[each]
