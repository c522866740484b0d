"""Every world of a thousand and of a billion sessions keeps the promises of ``docs/world.md``."""

from collections import defaultdict
from itertools import pairwise
from typing import Any, Final

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mockserver.world.model.query import Query
from mockserver.world.model.session_batch import SessionBatch
from mockserver.world.model.spec import spec
from mockserver.world.world import Site, World, build
from tests.world.digest import LATER
from tests.world.worlds import DAY, HOUR, MINUTE, few, seeds

SIZES: Final = (10**3, 10**9)
SECOND: Final = 1000
shares = st.floats(0, 1)


def read_some(site: Site, share: float) -> SessionBatch:
    """Return up to a thousand consecutive sessions of people."""
    found = site.find(Query(), LATER)
    return found.page(int((found.total - 1000) * share), 1000).batches[0]


def count_between(site: Site, start: int, stop: int) -> int:
    """Return the number of sessions that start in [start, stop)."""
    return site.find(Query(start=start, stop=stop), LATER).total


def percent(site: Site, dimension: str, field: str) -> float:
    """Return the share of sessions with an unknown value in a dimension."""
    groups: list[tuple[Any, int]] = site.find(Query(), LATER).groups(dimension)
    unknown = sum(count for entry, count in groups if not getattr(entry, field))
    return 100 * unknown / sum(count for _, count in groups)


@pytest.mark.parametrize("size", SIZES)
@few
@given(seed=seeds, share=shares)
def test_network_belongs_to_one_place(size: int, seed: int, share: float) -> None:
    for site in build(spec(sessions=size, seed=seed)).sites:
        batch = read_some(site, share)
        places = defaultdict(set)
        for address, place in zip(batch.ips, batch.places, strict=True):
            places[address.rpartition(".")[0]].add(place)

        assert {network for network, found in places.items() if len(found) > 1} == set()


@pytest.mark.parametrize("size", SIZES)
@few
@given(seed=seeds)
def test_shares_of_unknown_values_are_those_of_spec(size: int, seed: int) -> None:
    world = build(spec(sessions=size, seed=seed))
    other = build(spec(sessions=size, seed=seed, unknown_places_percent=0, unknown_agents_percent=0))
    for site in world.sites:
        assert 1 < percent(site, "place", "country") < 3
        assert 0.5 < percent(site, "agent", "browser") < 1.5
    for site in other.sites:
        assert percent(site, "place", "country") == percent(site, "agent", "browser") == 0


@pytest.mark.parametrize("size", SIZES)
@few
@given(seed=seeds)
def test_every_second_day_has_sessions_on_its_edges(size: int, seed: int) -> None:
    world = build(spec(sessions=size, seed=seed))
    start, end = world.spec.start, world.spec.end or 0
    for site in world.sites:
        assert count_between(site, start, start + 1) > 0
        assert count_between(site, end - 1, end) > 0
        for offset in (0, site.utc_offset * HOUR):
            midnights = range(start - offset % -DAY, end, DAY)
            first = sum(count_between(site, day, day + 1) > 0 for day in midnights)
            last = sum(count_between(site, day - 1, day) > 0 for day in midnights)
            second = sum(count_between(site, day - SECOND, day) > 0 for day in midnights)

            assert first >= 8
            assert 8 <= last <= second


@few
@given(seed=seeds, size=st.integers(1, 99))
def test_world_of_fewer_than_100_sessions_has_no_session_at_its_last_millisecond(
    seed: int, size: int
) -> None:
    for site in build(spec(sessions=size, seed=seed)).sites:
        starts = site.find(Query(), LATER).page(0, size).batches[0].start

        assert len(set(starts)) == size
        assert sum(start % DAY in (0, DAY - 1) for start in starts) == 0


@few
@example(seed=52767647)  # No hour with a drawn pair has two sessions.
@given(seed=seeds)
def test_some_sessions_start_in_the_same_millisecond(seed: int) -> None:
    for site in build(spec(seed=seed)).sites:
        starts = read_some(site, 0).start

        assert len(set(starts)) < len(starts)


@few
@given(seed=seeds)
def test_visitors_return_on_the_same_day_and_after_a_week(seed: int) -> None:
    for site in build(spec(seed=seed)).sites:
        batch = read_some(site, 0)
        visits = defaultdict(list)
        for visitor, start in zip(batch.visitors, batch.start, strict=True):
            visits[visitor].append(start)
        days = [start // DAY for starts in visits.values() for start in starts]
        visitor_days = sum(len({start // DAY for start in starts}) for starts in visits.values())
        gaps = [after - start for starts in visits.values() for start, after in pairwise(starts)]

        assert 1.03 < len(days) / visitor_days < 1.3
        assert sum(gap > 7 * DAY for gap in gaps) > 5
        assert max(map(len, visits.values())) > 8


def count_early_returns(site: Site) -> int:
    """Return the number of visitors who come twice, the second time 30 to 33 minutes after the first."""
    count = 0
    first, second = site.people.timeline.early_returns
    everyone = site.find(Query(), LATER)
    for pair in zip(first.tolist()[:40], second.tolist(), strict=False):
        [visitor] = everyone.page(pair[0], 1).batches[0].visitors
        [visits] = site.find(Query(actors=((f"{visitor:012x}",),)), LATER).page(0, 99).batches
        if (*visits.index,) == pair:
            assert 30 * MINUTE < visits.start[1] - visits.end[0] < 33 * MINUTE
            for values in (visits.ips, visits.places, visits.agents, visits.languages):
                assert values[0] == values[1]
            count += 1
    return count


@pytest.mark.parametrize("size", [*SIZES, 20_000, 10**6])
@few
@given(seed=seeds)
def test_some_visits_are_30_to_33_minutes_apart(size: int, seed: int) -> None:
    for site in build(spec(seed=seed, sessions=size)).sites:
        assert count_early_returns(site) >= 2


@pytest.mark.parametrize("per_day", [100, 10**9])
@few
@given(seed=seeds, day=st.integers(0, 20_000))
def test_some_visits_of_flowing_world_are_30_to_33_minutes_apart(per_day: int, seed: int, day: int) -> None:
    [site] = build(spec(seed=seed, sessions_per_day=per_day, start=day * DAY, sites=1)).sites

    assert count_early_returns(site) >= 10


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("size", [1000, 20_000])
def test_visits_are_more_than_half_an_hour_apart(seed: int, size: int) -> None:
    for site in build(spec(seed=seed, sessions=size)).sites:
        [batch] = site.find(Query(), LATER).page(0, size).batches
        visits = defaultdict(list)
        for visitor, start, end in zip(batch.visitors, batch.start, batch.end, strict=True):
            visits[visitor].append((start, end))
        gaps = [after[0] - visit[1] for own in visits.values() for visit, after in pairwise(own)]
        assert min(gaps) > 30 * MINUTE
        assert sum(gap < 33 * MINUTE for gap in gaps) >= 2


def count_late_logins(world: World, share: float) -> int:
    """Return the number of visitors of a batch who are anonymous, then identified."""
    late = 0
    for site in world.sites:
        for visitor in dict.fromkeys(read_some(site, share).visitors[:200]):
            page = site.find(Query(actors=((f"{visitor:012x}",),)), LATER).page(0, 100)
            users = [user is not None for user in page.batches[0].user_ids]
            assert users in ([users[-1]] * len(users), [False, *[True] * (len(users) - 1)])
            late += users[0] != users[-1]
    return late


@pytest.mark.parametrize("size", SIZES)
@settings(few, max_examples=5)
@given(seed=seeds, share=shares)
def test_some_identified_visitors_are_anonymous_at_first(size: int, seed: int, share: float) -> None:
    world = build(spec(sessions=size, seed=seed, sites=4))
    never = build(spec(sessions=size, seed=seed, sites=4, late_logins_percent=0))

    assert count_late_logins(world, share) > 0
    assert count_late_logins(never, share) == 0


@pytest.mark.parametrize("size", SIZES)
@few
@given(seed=seeds, share=shares)
def test_waits_are_continuous_and_some_are_almost_half_an_hour(size: int, seed: int, share: float) -> None:
    for site in build(spec(sessions=size, seed=seed)).sites:
        batch = read_some(site, share)
        stories = [batch.list_events(position) for position in range(len(batch))]
        waits = np.array([after.at - event.at for story in stories for event, after in pairwise(story)])

        assert 20 * SECOND < np.median(waits) < 28 * SECOND
        assert len(np.unique(waits)) > len(waits) // 2
        assert ((waits >= 28 * MINUTE) & (waits <= 30 * MINUTE)).sum() >= 5
        assert waits.max() <= 30 * MINUTE
        assert max(batch.duration) <= 90 * MINUTE


def count_hours(world: World) -> list[list[int]]:
    """Return the number of sessions of each hour on each site."""
    edges = list(range(world.spec.start, (world.spec.end or 0) + 1, HOUR))
    return [site.find(Query(), LATER).series(edges) for site in world.sites]


@pytest.mark.parametrize(("size", "most_equal"), [(10**3, 0.5), (10**9, 0.01)])
@few
@given(seed=seeds)
def test_totals_differ_between_sites_and_seeds(size: int, most_equal: float, seed: int) -> None:
    first, second = (
        np.array(count_hours(build(spec(sessions=size, seed=each)))) for each in (seed, seed ^ 1)
    )

    assert (first[0] == first[1]).mean() < most_equal
    assert (first == second).mean() < most_equal
