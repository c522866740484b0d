"""Wrong counts of sessions are visible in the default world: each mistake changes the totals of many days."""

import pytest

from mockserver.world.model.query import Query
from mockserver.world.model.spec import spec
from mockserver.world.world import build
from tests.world.digest import LATER
from tests.world.mistakes import MISTAKES, Count, count_days, count_sessions
from tests.world.worlds import DAY


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: str(mistake.__name__))
def test_mistake_changes_totals_of_days(mistake: Count, number: int) -> None:
    world = build(spec())
    correct = count_days(count_sessions, world, number)
    wrong = count_days(mistake, world, number)

    assert sum(each != other for each, other in zip(correct, wrong, strict=True)) >= MISTAKES[mistake]


@pytest.mark.parametrize("number", [0, 1])
def test_correct_counts_add_up_to_all_sessions(number: int) -> None:
    world = build(spec())
    starts = world.sites[number].find(Query(), LATER).page(0, 1000).batches[0].start
    days = range(world.spec.start, world.spec.end or 0, DAY)

    assert count_days(count_sessions, world, number) == [
        sum(day <= start < day + DAY for start in starts) for day in days
    ]
    assert sum(count_days(count_sessions, world, number)) == len(starts) == 1000
