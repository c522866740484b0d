"""A world that lacks some sessions keeps every promise about those that are left."""

from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from mockserver.world.generator.tracked import TrackedEvent
from mockserver.world.model.query import Query
from mockserver.world.model.spec import spec
from mockserver.world.world import Site, build, with_events, without_sessions
from tests.world import digest, force
from tests.world.asking import edges, question, walked
from tests.world.digest import LATER
from tests.world.worlds import DAY, GROUPED, MINUTE, Asked, Case, FilterConditions, cases, few, vast, wanted


def lacking(case: Case, numbers: list[int]) -> Site:
    """The site of a case without some sessions."""
    return without_sessions(case.world, case.number, numbers).sites[case.number]


def some_of(told: list[force.Told], data: st.DataObject) -> list[int]:
    """The numbers of a few sessions, and a number that is nobody's."""
    return [
        *data.draw(
            st.lists(st.sampled_from([each.row[2] for each in told]), max_size=8) if told else st.just([])
        ),
        5,
    ]


@given(case=cases(), size=st.integers(1, 60), data=st.data())
def test_without_sessions_results_equal_brute_force(case: Case, size: int, data: st.DataObject) -> None:
    everyone = force.everything(case)
    gone = some_of(everyone, data)
    site, left = lacking(case, gone), [told for told in everyone if told.row[2] not in gone]

    for _ in range(3):
        asking = question(case, everyone, data)
        answers = force.answer(left, asking)
        found, expected = site.find(asking.query, case.now), [told.row for told in answers]
        cuts = edges(case, data)
        starts = [row[0] for row in expected]
        assert found.total == len(expected)
        assert [
            row
            for offset in range(0, found.total + size, size)
            for row in force.rows(found.page(offset, size))
        ] == expected
        assert force.rows(found.page(0, 10**6, newest_first=True)) == expected[::-1]
        assert walked(found, size, len(expected)) == expected[::-1]
        assert found.series(cuts) == [
            sum(low <= start < high for start in starts) for low, high in pairwise(cuts)
        ]
        for dimension in GROUPED:
            groups = found.groups(dimension)
            assert sum(count for _, count in groups) == found.total
            if not any(told.row[1] == 2 for told in answers):
                assert dict(groups) == Counter(told.entry(dimension) for told in answers)
    for told in everyone:
        assert (site.session(told.row[2], case.now) is None) == (told.row[2] in gone)


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
    asking = Asked(None, None, (data.draw(wanted(case)),) if where else (), (), bots=True)
    whole = case.site.find(asking.query, case.now)
    places = [int(whole.total * share) + n for share in shares for n in (0, 2)]
    gone = {place: row for place in places for row in force.rows(whole.page(place, 1))}
    site = lacking(case, [row[2] for row in gone.values()])
    rest, word = site.find(asking.query, case.now), data.draw(wanted(case))
    cuts = edges(case, data)
    fewer = [sum(low <= row[0] < high for row in gone.values()) for low, high in pairwise(cuts)]
    halves = [
        (*asking.where, FilterConditions(word.word, word.operator, word.values, negate))
        for negate in (False, True)
    ]
    around = max(places[0] - 5, 0)
    page = [row for row in force.rows(whole.page(around, 20)) if row not in gone.values()]

    assert rest.total == whole.total - len(gone)
    assert rest.series(cuts) == [count - less for count, less in zip(whole.series(cuts), fewer, strict=True)]
    assert sum(site.find(asking._replace(where=half).query, case.now).total for half in halves) == rest.total
    assert [sum(count for _, count in rest.groups(name)) for name in ("place", "entry", "identified")] == [
        rest.total
    ] * 3
    assert force.rows(rest.page(around - sum(place < around for place in gone), len(page))) == page
    assert all(site.session(row[2], case.now) is None for row in gone.values())


def test_deleted_session_is_missing_from_visitor_query() -> None:
    site = build(spec(sessions=400)).sites[0]
    batch = site.find(Query(), LATER).page(0, 400).batches[0]
    [(visitor, visits)] = Counter(batch.visitor_digits).most_common(1)
    theirs = [
        number for number, digits in zip(batch.ids, batch.visitor_digits, strict=True) if digits == visitor
    ]
    less = without_sessions(build(spec(sessions=400)), 0, theirs[:1]).sites[0]
    told = less.find(Query(actors=((visitor,),)), LATER).page(0, 400).batches[0]

    assert visits > 1
    assert told.ids == theirs[1:]
    assert less.find(Query(others=(visitor,)), LATER).total == 400 - visits


def test_without_sessions_leaves_original_world_unchanged() -> None:
    world = build(spec(sessions=100))
    numbers = world.sites[1].find(Query(), LATER).page(0, 2).batches[0].ids
    before = [digest.of_site(site, LATER) for site in world.sites]
    less = without_sessions(without_sessions(world, 1, numbers[:1]), 1, numbers[1:])
    more = with_events(less, 1, [TrackedEvent(world.spec.start, "a", anonymous_id="c")])

    assert [digest.of_site(site, LATER) for site in world.sites] == before
    assert digest.of_site(less.sites[0], LATER) == before[0]
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
    assert digest.of_site(less, LATER) == digest.of_site(site, LATER)


@given(case=cases(), data=st.data())
def test_query_by_session_number_finds_one_session(case: Case, data: st.DataObject) -> None:
    everyone = force.everything(case)
    gone = some_of(everyone, data)
    site, asking = lacking(case, gone), question(case, everyone, data)
    expected = {
        told.row for told in force.answer([told for told in everyone if told.row[2] not in gone], asking)
    }

    for told in everyone[:20] + everyone[-20:]:
        found = site.find(replace(asking.query, session=told.row[2]), case.now)
        assert force.rows(found.page(0, 10)) == [told.row] * (told.row in expected)
    assert site.find(replace(asking.query, session=-1), case.now).total == 0
