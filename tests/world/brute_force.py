"""Computes the sessions of small sites one by one, to compare the closed forms of the world with."""

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
from tests.world.worlds import DAY, DIMENSION_VALUES, FIELD_VALUES, MINUTE, Case, ConditionCase, QueryCase

Row = tuple[int, int, int]
"""Start, kind and id of a session."""


class ExpectedSession(Struct, frozen=True):
    """A session."""

    row: Row
    order: tuple[int, int, int, str]
    actors: frozenset[str]
    """Identifiers by which queries select its visitor."""
    sessions: SessionBatch | None
    """The batch with the session once it is over; ``None`` for a tracked session."""
    position: int
    events: tuple[TrackedEvent, ...] = ()

    def values_of(self, field: str) -> list[Any]:
        """Return the values of the session in a field of conditions."""
        if self.sessions is not None:
            return FIELD_VALUES[field](self.sessions, self.position)
        values: dict[str, list[Any]] = {
            "page": [],
            "latitude": [0.0],
            "width": [0],
            "bounce": [False],
            "event": [event.name for event in self.events],
            "identified": [self.events[0].user_id is not None],
        }
        return values.get(field, [""])

    def entry(self, dimension: str) -> Any:
        """Return the entry of the session in a dimension, None for a tracked session."""
        return (
            DIMENSION_VALUES[dimension](self.sessions, self.position) if self.sessions is not None else None
        )


def count_indices(spec: WorldSpec, kind: int, now: int) -> int:
    """Return a number of sessions that is all of a kind, or in a flowing world no fewer than have started by an instant."""
    total = spec.sessions if spec.sessions_per_day is None else spec.sessions_per_day
    own = (total or 0) * (spec.bots_percent if kind else 100) // 100
    return own if spec.sessions_per_day is None else own * 7 * max((now - spec.start) // (7 * DAY) + 3, 1)


def generated_sessions(population: Population, spec: WorldSpec, now: int) -> list[ExpectedSession]:
    """Return all sessions of a population that have started by *now*."""
    index = np.arange(count_indices(spec, population.kind, now))
    if len(index):
        index = index[population.timeline.starts(index) <= now]
    batch = GeneratedSessions(population, index, LATER, {})
    return [
        ExpectedSession(
            (batch.start[n], population.kind, batch.ids[n]),
            (batch.start[n], population.kind, batch.index[n], ""),
            frozenset({f"{batch.visitors[n]:012x}", batch.user_ids[n] or f"{batch.visitors[n]:012x}"}),
            batch,
            n,
        )
        for n in range(len(batch))
    ]


def split_sessions(events: Sequence[TrackedEvent], now: int) -> list[list[TrackedEvent]]:
    """Split each actor's events up to *now* at gaps of more than 30 minutes."""
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


def tracked_sessions(case: Case) -> list[ExpectedSession]:
    """Return all tracked sessions of a case."""
    sessions = []
    for run in split_sessions(case.events, case.now):
        actor = run[0].actor
        start = run[0].at
        digits = f"{key(case.site.key, 'actor', actor) >> 16:012x}"
        names = frozenset({digits} if run[0].user_id is None else {digits, actor})
        row = (start, 2, key(case.site.key, "tracked", actor, start) >> 8)
        sessions.append(ExpectedSession(row, (start, 2, 0, actor), names, None, 0, tuple(run)))
    return sessions


def all_sessions(case: Case) -> list[ExpectedSession]:
    """Return all sessions of a case, including bots, ordered by start, then kind."""
    populations = (case.site.people, case.site.bots)
    sessions = tracked_sessions(case)
    for population in populations:
        sessions += generated_sessions(population, case.spec, case.now)
    return sorted(sessions, key=lambda session: session.order)


def passes(actual: Any, operator: str, value: Any) -> bool:
    """Return True if a value passes a test."""
    match operator:
        case "equals":
            return bool(actual == value)
        case "contains":
            return str(actual).find(str(value)) >= 0
        case "regex":
            return bool(re.findall(value, str(actual)))
        case "greater":
            return bool(actual > value)
        case "less":
            return bool(actual < value)
        case _:
            return bool(abs(actual - value) <= 0.001)


def matches(session: ExpectedSession, condition: ConditionCase) -> bool:
    """Return True if a session meets a condition."""
    passing = [
        any(passes(actual, condition.operator, value) for value in condition.values)
        for actual in session.values_of(condition.field)
    ]
    return any(passing) != condition.negate


def select_sessions(everyone: Sequence[ExpectedSession], query_cases: QueryCase) -> list[ExpectedSession]:
    """Return the sessions that a query selects."""
    return [
        session
        for session in everyone
        if (query_cases.bots or session.row[1] != 1)
        and (query_cases.start is None or session.row[0] >= query_cases.start)
        and (query_cases.stop is None or session.row[0] < query_cases.stop)
        and all(session.actors.intersection(alternatives) for alternatives in query_cases.actors)
        and not any(actor in session.actors for actor in query_cases.others)
        and all(matches(session, condition) for condition in query_cases.where)
    ]


def page_rows(page: Page) -> list[Row]:
    """Return start, kind and id of each session of a page."""
    return list(
        page.map_rows(
            lambda batch: [
                (start, batch.kind, number) for start, number in zip(batch.start, batch.ids, strict=True)
            ]
        )
    )
