"""Measure what a world exposes in wrong clients: ``python -m tools.world.audit`` prints a table.

Each figure is one that a wrong client needs to be caught: totals that depend on site and seed, visitors who
return, sessions on the edges of days, unknown places. ``docs/world.md`` has those of the default world.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any, Final

import click
import numpy as np

from mockserver.cli.output import echo, print_table
from mockserver.world.generator.layout import DAY, HOUR, MINUTE
from mockserver.world.model.query import Query
from mockserver.world.model.session_batch import SessionBatch
from mockserver.world.model.spec import WorldSpec, spec
from mockserver.world.world import Site, build

SEEDS: Final = 20
_LATER: Final = 8_000_000_000_000
_EARLY: Final = (30 * MINUTE, 33 * MINUTE)
_IDLE: Final = (28 * MINUTE, 30 * MINUTE)
_GAPS: Final = {
    "30 to 33 minutes": _EARLY,
    "33 minutes to 6 hours": (33 * MINUTE, 6 * HOUR),
    "6 to 24 hours": (6 * HOUR, DAY),
    "1 to 7 days": (DAY, 7 * DAY),
    "more than 7 days": (7 * DAY, _LATER),
}


def read_all(site: Site) -> SessionBatch:
    """Return all sessions of people of a site."""
    found = site.find(Query(), _LATER)
    return found.page(0, found.total).batches[0]


def count_hours(site: Site, world: WorldSpec) -> list[int]:
    """Return the number of sessions of each hour."""
    edges = list(range(world.start, (world.end or world.start) + 1, HOUR))
    return site.find(Query(), _LATER).series(edges)


def measure_totals(world: WorldSpec) -> Iterator[tuple[str, Any]]:
    """Yield figures about hourly totals of several seeds, compared hour by hour."""
    hours = np.array(
        [
            [count_hours(site, seeded) for site in build(seeded).sites]
            for seeded in (spec(seed=seed, sessions=world.sessions) for seed in range(SEEDS))
        ]
    )
    mean = hours.mean(axis=(0, 1))
    variance = hours.var(axis=(0, 1), ddof=1)
    yield (
        "variance of an hourly total between seeds and sites / its mean",
        f"{(variance / mean)[mean > 0].mean():.2f}",
    )
    yield "hours with equal totals on both sites", f"{(hours[:, 0] == hours[:, 1]).mean():.1%}"
    yield "hours with equal totals for two seeds", f"{(hours[:-1] == hours[1:]).mean():.1%}"


def measure_returns(sessions: int) -> Iterator[tuple[str, Any]]:
    """Yield figures about the short gaps between visits and the long waits of all sites of several seeds."""
    sites = [site for seed in range(SEEDS) for site in build(spec(seed=seed, sessions=sessions)).sites]
    batches = [read_all(site) for site in sites]
    gaps = [count_between(list_gaps(batch), *_EARLY) for batch in batches]
    waits = [count_between(list_waits(batch), *_IDLE) for batch in batches]
    yield f"least number of gaps of 30 to 33 minutes on a site of {sessions:,} sessions", min(gaps)
    yield f"least number of waits of 28 to 30 minutes on a site of {sessions:,} sessions", min(waits)


def count_between(values: Iterable[int], least: int, most: int) -> int:
    """Return the number of values in [least, most)."""
    return sum(least <= value < most for value in values)


def list_gaps(batch: SessionBatch) -> list[int]:
    """Return the time from the end of each visit to the visitor's next one, in milliseconds."""
    visits = defaultdict(list)
    for visitor, start, end in zip(batch.visitors, batch.start, batch.end, strict=True):
        visits[visitor].append((start, end))
    return [start - end for own in visits.values() for (_, end), (start, _) in pairwise(sorted(own))]


def list_waits(batch: SessionBatch) -> list[int]:
    """Return the time between an event and the next one of its session, in milliseconds."""
    stories = map(batch.list_events, range(len(batch)))
    return [after.at - before.at for story in stories for before, after in pairwise(story)]


def measure_visits(batch: SessionBatch) -> Iterator[tuple[str, Any]]:
    """Yield figures about the visits of visitors and the events of sessions."""
    visits = Counter(batch.visitors)
    days = Counter(
        (visitor, start // DAY) for visitor, start in zip(batch.visitors, batch.start, strict=True)
    )
    yield "visitors", len(visits)
    yield (
        "visitor-days with two or more sessions",
        f"{sum(count > 1 for count in days.values()) / len(days):.1%}",
    )
    yield "most visits of a visitor", max(visits.values())
    gaps = list_gaps(batch)
    for name, bounds in _GAPS.items():
        yield f"gaps between visits of {name}", count_between(gaps, *bounds)
    waits = list_waits(batch)
    yield "waits between events", len(waits)
    yield "distinct waits in seconds", len({wait // 1000 for wait in waits})
    yield "waits of 24 to 26 minutes", count_between(waits, 24 * MINUTE, 26 * MINUTE)
    yield "waits of 28 to 30 minutes", count_between(waits, *_IDLE)
    yield "distinct durations in seconds", len({each // 1000 for each in batch.duration})
    logins = defaultdict(set)
    for visitor, user in zip(batch.visitors, batch.user_ids, strict=True):
        logins[visitor].add(user is not None)
    yield "visitors who are anonymous, then identified", sum(len(each) == 2 for each in logins.values())  # noqa: PLR2004 -- both


def measure_edges(site: Site, world: WorldSpec, batch: SessionBatch) -> Iterator[tuple[str, Any]]:
    """Yield figures about the edges of days and of the world, and about unknown values."""
    starts = np.array(batch.start)
    yield "time zone", site.time_zone
    for zone, offset in (("UTC", 0), ("time zone of the site", site.utc_offset)):
        moment = (starts + offset * HOUR) % DAY
        yield f"sessions at 00:00:00.000 ({zone})", int((moment == 0).sum())
        yield f"sessions in the last second of a day ({zone})", int((moment >= DAY - 1000).sum())
    ends = np.array(batch.end)
    yield "sessions across midnight (UTC)", int((starts // DAY != ends // DAY).sum())
    yield "pairs in the same millisecond", int((np.diff(starts) == 0).sum())
    yield "sessions at the first millisecond of the world", int((starts == world.start).sum())
    yield "sessions at the last millisecond of the world", int((starts == (world.end or 0) - 1).sum())
    places = defaultdict(set)
    for address, place in zip(batch.ips, batch.places, strict=True):
        places[address.rpartition(".")[0]].add(place)
    yield "networks (/24)", len(places)
    yield "networks with more than one place", sum(len(each) > 1 for each in places.values())
    yield (
        "sessions without a known place",
        f"{sum(not each.country for each in batch.places) / len(batch):.1%}",
    )
    yield (
        "sessions without a known browser",
        f"{sum(not each.browser for each in batch.agents) / len(batch):.1%}",
    )


def measure_sites(world: WorldSpec) -> list[tuple[str, list[Any]]]:
    """Return each figure about visits and edges, with its value on each site."""
    sites = [(site, read_all(site)) for site in build(world).sites]
    measured = [dict((*measure_visits(batch), *measure_edges(site, world, batch))) for site, batch in sites]
    return [(name, [figures[name] for figures in measured]) for name in measured[0]]


@click.command
@click.option("--sessions", default=1000, help="Sessions per site.")
@click.option("--seed", default=7)
def main(sessions: int, seed: int) -> None:
    """Print the figures of a world: those of its totals once, all others for each site."""
    world = spec(sessions=sessions, seed=seed)
    for name, value in (*measure_totals(world), *measure_returns(sessions)):
        echo(f"{name:<75} {value}")
    print_table(
        ("", *(site.domain for site in build(world).sites)),
        [(name, *values) for name, values in measure_sites(world)],
    )


if __name__ == "__main__":
    main()
