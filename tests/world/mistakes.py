"""Ways to count the sessions of a day, all but one of them wrong."""

from collections.abc import Callable
from typing import Any, Final

from mockserver.world.model.query import Condition, Query
from mockserver.world.world import Site, World
from tests.world.digest import LATER
from tests.world.worlds import DAY

SECOND: Final = 1000


def country(place: Any) -> Any:
    """Return the country of a place."""
    return place.country


def count(site: Site, start: int, stop: int, *where: Condition) -> int:
    """Return the number of sessions that start in [start, stop)."""
    return site.find(Query(start=start, stop=stop, where=where), LATER).total


def count_sessions(world: World, number: int, day: int) -> int:
    """Count as a correct client does."""
    return count(world.sites[number], day, day + DAY)


def count_other_site(world: World, number: int, day: int) -> int:
    """Count the sessions of another site than the wanted one."""
    return count_sessions(world, 1 - number, day)


def count_visitors(world: World, number: int, day: int) -> int:
    """Count unique visitors."""
    page = world.sites[number].find(Query(start=day, stop=day + DAY), LATER).page(0, 1000)
    return len({visitor for batch in page.batches for visitor in batch.visitors})


def count_without_last_second(world: World, number: int, day: int) -> int:
    """Count in a window from 00:00:00 to 23:59:59, whose end is exclusive."""
    return count(world.sites[number], day, day + DAY - SECOND)


def count_until_last_second(world: World, number: int, day: int) -> int:
    """Count in a window whose end, 23:59:59, is inclusive, but only in its first millisecond."""
    return count(world.sites[number], day, day + DAY - SECOND + 1)


def count_next_midnight(world: World, number: int, day: int) -> int:
    """Count in a window from midnight to midnight, whose end is inclusive."""
    return count(world.sites[number], day, day + DAY + 1)


def count_after_midnight(world: World, number: int, day: int) -> int:
    """Count in a window whose start is exclusive."""
    return count(world.sites[number], day + 1, day + DAY)


def count_days_of_site(world: World, number: int, day: int) -> int:
    """Count in a day of the site's time zone instead of UTC."""
    shift = world.sites[number].utc_offset * 3600 * SECOND
    return count(world.sites[number], day - shift, day - shift + DAY)


def count_known_places(world: World, number: int, day: int) -> int:
    """Leave out the sessions whose place is unknown."""
    return count(
        world.sites[number], day, day + DAY, Condition("place", country, "equals", ("",), negate=True)
    )


def count_stitched_visits(world: World, number: int, day: int) -> int:
    """Count sessions of a visitor that are less than 33 minutes apart as one."""
    page = world.sites[number].find(Query(start=day, stop=day + DAY), LATER).page(0, 1000)
    total = 0
    ends: dict[int, int] = {}
    for batch in page.batches:
        for visitor, start, end in zip(batch.visitors, batch.start, batch.end, strict=True):
            total += start - ends.get(visitor, 0) >= 33 * 60 * SECOND
            ends[visitor] = end
    return total


Count = Callable[[World, int, int], int]
MISTAKES: Final[dict[Count, int]] = {
    count_other_site: 15,
    count_visitors: 15,
    count_without_last_second: 10,
    count_until_last_second: 10,
    count_next_midnight: 10,
    count_after_midnight: 10,
    count_days_of_site: 15,
    count_known_places: 8,
    count_stitched_visits: 4,
}
"""Mistakes, each with the least number of the 30 days that have another total."""


def count_days(counted: Count, world: World, number: int) -> list[int]:
    """Return the totals of all days of a world."""
    return [counted(world, number, day) for day in range(world.spec.start, world.spec.end or 0, DAY)]
