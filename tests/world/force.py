"""Every session of a small site, looked at one by one: what the closed forms of the world are measured against."""

import re
from collections.abc import Sequence
from itertools import groupby
from typing import Any

import numpy as np
from msgspec import Struct

from mockserver.world.generator.columns import GeneratedSessions
from mockserver.world.generator.population import Population
from mockserver.world.generator.query_result import Page
from mockserver.world.generator.tracked import TrackedEvent
from mockserver.world.model.hashing import key
from mockserver.world.model.session_batch import SessionBatch
from mockserver.world.model.spec import WorldSpec
from tests.world.digest import LATER
from tests.world.worlds import DAY, GROUPED, HELD, MINUTE, Asked, Case, FilterConditions

Row = tuple[int, int, int]
"""Start, kind and id of a session."""


class Told(Struct, frozen=True):
    """One session."""

    row: Row
    order: tuple[int, int, int, str]
    actors: frozenset[str]
    """Under what names its visitor can be asked for."""
    sessions: SessionBatch | None
    """The batch it stands in, as that is once everything is over; ``None`` for one that came over HTTP."""
    position: int
    events: tuple[TrackedEvent, ...] = ()

    def held(self, word: str) -> list[Any]:
        """What it has of a word."""
        if self.sessions is not None:
            return HELD[word](self.sessions, self.position)
        held: dict[str, list[Any]] = {"page": [], "latitude": [0.0], "width": [0], "bounce": [False]}
        held |= {
            "event": [event.name for event in self.events],
            "identified": [self.events[0].user_id is not None],
        }
        return held.get(word, [""])

    def entry(self, dimension: str) -> Any:
        """What it has in a dimension; of one that came over HTTP, only whether something is known."""
        return GROUPED[dimension](self.sessions, self.position) if self.sessions is not None else None


def size(spec: WorldSpec, kind: int, now: int) -> int:
    """A number of sessions that is all of a kind, or in a flowing world no fewer than have started by an instant."""
    total = spec.sessions if spec.sessions_per_day is None else spec.sessions_per_day
    own = (total or 0) * (spec.bots_percent if kind else 100) // 100
    return own if spec.sessions_per_day is None else own * 7 * max((now - spec.start) // (7 * DAY) + 3, 1)


def dealt(population: Population, spec: WorldSpec, now: int) -> list[Told]:
    """All sessions of a population that have started by an instant."""
    index = np.arange(size(spec, population.kind, now))
    if len(index):
        index = index[population.timeline.starts(index) <= now]
    batch = GeneratedSessions(population, index, LATER, {})
    return [
        Told(
            (batch.start[n], population.kind, batch.ids[n]),
            (batch.start[n], population.kind, batch.index[n], ""),
            frozenset({f"{batch.visitors[n]:012x}", batch.user_ids[n] or f"{batch.visitors[n]:012x}"}),
            batch,
            n,
        )
        for n in range(len(batch))
    ]


def split(events: Sequence[TrackedEvent], now: int) -> list[list[TrackedEvent]]:
    """Runs of one actor's events by an instant, no two neighbours more than 30 minutes apart."""
    runs: list[list[TrackedEvent]] = []
    for _, theirs in groupby(sorted(events, key=lambda event: event.actor), key=lambda event: event.actor):
        last = None
        for event in sorted(theirs, key=lambda event: event.at):
            if event.at > now:
                break
            if last is None or event.at > last + 30 * MINUTE:
                runs.append([])
            runs[-1].append(event)
            last = event.at
    return runs


def tracked(case: Case) -> list[Told]:
    """All sessions that came over HTTP by an instant."""
    told = []
    for run in split(case.events, case.now):
        actor, start = run[0].actor, run[0].at
        digits = f"{key(case.site.key, 'actor', actor) >> 16:012x}"
        names = frozenset({digits} if run[0].user_id is None else {digits, actor})
        row = (start, 2, key(case.site.key, "tracked", actor, start) >> 8)
        told.append(Told(row, (start, 2, 0, actor), names, None, 0, tuple(run)))
    return told


def everything(case: Case) -> list[Told]:
    """All sessions of a site at an instant, bots and all, in the order of start, then kind."""
    population = (case.site.people, case.site.bots)
    dealt_ones = [told for each in population for told in dealt(each, case.spec, case.now)]
    return sorted([*dealt_ones, *tracked(case)], key=lambda told: told.order)


def passes(held: Any, operator: str, value: Any) -> bool:
    """Whether a value passes a test."""
    match operator:
        case "equals":
            return bool(held == value)
        case "contains":
            return str(held).find(str(value)) >= 0
        case "regex":
            return bool(re.findall(value, str(held)))
        case "greater":
            return bool(held > value)
        case "less":
            return bool(held < value)
        case _:
            return bool(abs(held - value) <= 0.001)


def meets(told: Told, wanted: FilterConditions) -> bool:
    """Whether a session meets a condition."""
    some = any(
        passes(held, wanted.operator, value) for held in told.held(wanted.word) for value in wanted.values
    )
    return not some if wanted.negate else some


def answer(everyone: Sequence[Told], asked: Asked) -> list[Told]:
    """Those of all sessions that a question asks for."""
    return [
        told
        for told in everyone
        if (asked.bots or told.row[1] != 1)
        and (asked.start is None or told.row[0] >= asked.start)
        and (asked.stop is None or told.row[0] < asked.stop)
        and all(told.actors.intersection(alternatives) for alternatives in asked.actors)
        and not any(actor in told.actors for actor in asked.others)
        and all(meets(told, wanted) for wanted in asked.where)
    ]


def rows(page: Page) -> list[Row]:
    """Start, kind and id of each session of a page."""
    return list(
        page.map_rows(
            lambda batch: [
                (start, batch.kind, number) for start, number in zip(batch.start, batch.ids, strict=True)
            ]
        )
    )
