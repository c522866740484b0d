"""Worlds without some of their sessions."""

from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from mockserver.world.generator.tracked import TrackedEvent
from mockserver.world.model.query import Query
from mockserver.world.model.spec import spec
from mockserver.world.world import Site, build, with_events, without_sessions
from tests.world import brute_force, digest
from tests.world.digest import LATER
from tests.world.drawing import draw_edges, draw_query_case, walk_older
from tests.world.worlds import (
    DAY,
    DIMENSION_VALUES,
    MINUTE,
    Case,
    ConditionCase,
    QueryCase,
    cases,
    conditions,
    few,
    vast,
)


def build_site_without(case: Case, numbers: list[int]) -> Site:
    """Return the site of a case without some sessions."""
    return without_sessions(case.world, case.number, numbers).sites[case.number]


def draw_numbers(sessions: list[brute_force.ExpectedSession], data: st.DataObject) -> list[int]:
    """Draw the numbers of a few sessions, and an unknown number."""
    return [
        *data.draw(
            st.lists(st.sampled_from([session.row[2] for session in sessions]), max_size=8)
            if sessions
            else st.just([])
        ),
        5,
    ]


@given(case=cases(), size=st.integers(1, 60), data=st.data())
def test_without_sessions_results_equal_brute_force(case: Case, size: int, data: st.DataObject) -> None:
    everyone = brute_force.all_sessions(case)
    deleted = draw_numbers(everyone, data)
    site, left = (
        build_site_without(case, deleted),
        [session for session in everyone if session.row[2] not in deleted],
    )

    for _ in range(3):
        query_case = draw_query_case(case, everyone, data)
        answers = brute_force.select_sessions(left, query_case)
        found, expected = site.find(query_case.query, case.now), [session.row for session in answers]
        cuts = draw_edges(case, data)
        starts = [row[0] for row in expected]
        assert found.total == len(expected)
        assert [
            row
            for offset in range(0, found.total + size, size)
            for row in brute_force.page_rows(found.page(offset, size))
        ] == expected
        assert brute_force.page_rows(found.page(0, 10**6, newest_first=True)) == expected[::-1]
        assert walk_older(found, size, len(expected)) == expected[::-1]
        assert found.series(cuts) == [
            sum(low <= start < high for start in starts) for low, high in pairwise(cuts)
        ]
        for dimension in DIMENSION_VALUES:
            groups = found.groups(dimension)
            assert sum(count for _, count in groups) == found.total
            if not any(session.row[1] == 2 for session in answers):
                assert dict(groups) == Counter(session.entry(dimension) for session in answers)
    for session in everyone:
        assert (site.session(session.row[2], case.now) is None) == (session.row[2] in deleted)


@few
@given(
    case=cases(vast, tracked=False),
    shares=st.lists(st.floats(0, 1), min_size=1, max_size=4),
    where=st.booleans(),
    data=st.data(),
)
def test_vast_world_lacks_exactly_deleted_sessions(
    case: Case, shares: list[float], *, where: bool, data: st.DataObject
) -> None:
    query_case = QueryCase(None, None, (data.draw(conditions(case)),) if where else (), (), bots=True)
    whole = case.site.find(query_case.query, case.now)
    places = [int(whole.total * share) + n for share in shares for n in (0, 2)]
    deleted = {place: row for place in places for row in brute_force.page_rows(whole.page(place, 1))}
    site = build_site_without(case, [row[2] for row in deleted.values()])
    rest, field = site.find(query_case.query, case.now), data.draw(conditions(case))
    cuts = draw_edges(case, data)
    fewer = [sum(low <= row[0] < high for row in deleted.values()) for low, high in pairwise(cuts)]
    halves = [
        (*query_case.where, ConditionCase(field.field, field.operator, field.values, negate))
        for negate in (False, True)
    ]
    around = max(places[0] - 5, 0)
    page = [row for row in brute_force.page_rows(whole.page(around, 20)) if row not in deleted.values()]

    assert rest.total == whole.total - len(deleted)
    assert rest.series(cuts) == [count - less for count, less in zip(whole.series(cuts), fewer, strict=True)]
    assert (
        sum(site.find(query_case._replace(where=half).query, case.now).total for half in halves) == rest.total
    )
    assert [sum(count for _, count in rest.groups(name)) for name in ("place", "entry", "identified")] == [
        rest.total
    ] * 3
    assert (
        brute_force.page_rows(rest.page(around - sum(place < around for place in deleted), len(page))) == page
    )
    assert all(site.session(row[2], case.now) is None for row in deleted.values())


def test_deleted_session_is_missing_from_visitor_query() -> None:
    site = build(spec(sessions=400)).sites[0]
    batch = site.find(Query(), LATER).page(0, 400).batches[0]
    [(visitor, visits)] = Counter(batch.visitor_digits).most_common(1)
    theirs = [
        number for number, digits in zip(batch.ids, batch.visitor_digits, strict=True) if digits == visitor
    ]
    less = without_sessions(build(spec(sessions=400)), 0, theirs[:1]).sites[0]
    found_batch = less.find(Query(actors=((visitor,),)), LATER).page(0, 400).batches[0]

    assert visits > 1
    assert found_batch.ids == theirs[1:]
    assert less.find(Query(others=(visitor,)), LATER).total == 400 - visits


def test_without_sessions_leaves_original_world_unchanged() -> None:
    world = build(spec(sessions=100))
    numbers = world.sites[1].find(Query(), LATER).page(0, 2).batches[0].ids
    before = [digest.hash_site(site, LATER) for site in world.sites]
    less = without_sessions(without_sessions(world, 1, numbers[:1]), 1, numbers[1:])
    more = with_events(less, 1, [TrackedEvent(world.spec.start, "a", anonymous_id="c")])

    assert [digest.hash_site(site, LATER) for site in world.sites] == before
    assert digest.hash_site(less.sites[0], LATER) == before[0]
    assert [each.sites[1].find(Query(), LATER).total for each in (world, less, more)] == [100, 98, 99]


def test_deleted_tracked_session_stays_deleted_while_it_grows() -> None:
    world = with_events(build(spec(sessions=0)), 0, [TrackedEvent(DAY, "a", anonymous_id="c")])
    [number] = world.sites[0].find(Query(), LATER).page(0, 1).batches[0].ids
    less = without_sessions(world, 0, [number])
    grown = with_events(less, 0, [TrackedEvent(DAY + MINUTE, "b", anonymous_id="c")])
    again = with_events(grown, 0, [TrackedEvent(2 * DAY, "c", anonymous_id="c")])

    assert [each.sites[0].find(Query(), LATER).total for each in (world, less, grown, again)] == [1, 0, 0, 1]
    assert grown.sites[0].session(number, LATER) is None
    assert grown.sites[0].session_before_deletion(number, LATER) is not None


def test_select_without_deletions_returns_shared_index_set() -> None:
    site = build(spec(sessions=10**9, sites=1)).sites[0]
    less = without_sessions(build(spec(sessions=10**9, sites=1)), 0, [7]).sites[0]

    assert site.deletions.select(site.people, Query(), LATER) is site.people.select(())
    assert digest.hash_site(less, LATER) == digest.hash_site(site, LATER)


@given(case=cases(), data=st.data())
def test_query_by_session_number_finds_one_session(case: Case, data: st.DataObject) -> None:
    everyone = brute_force.all_sessions(case)
    deleted = draw_numbers(everyone, data)
    site, query_case = build_site_without(case, deleted), draw_query_case(case, everyone, data)
    expected = {
        session.row
        for session in brute_force.select_sessions(
            [session for session in everyone if session.row[2] not in deleted], query_case
        )
    }

    for session in everyone[:20] + everyone[-20:]:
        found = site.find(replace(query_case.query, session=session.row[2]), case.now)
        assert brute_force.page_rows(found.page(0, 10)) == [session.row] * (session.row in expected)
    assert site.find(replace(query_case.query, session=-1), case.now).total == 0
