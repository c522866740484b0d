"""Ask an embedded database what each filter finds, and compare the mock with it (``make oracle``).

The database is that of Rybbit's servers, and gets the events of the mock's own worlds. Its answers are written next to this module, and
``make check`` replays them. The exit code is 1 if the mock differs from them where no contract says so, or with
``--check`` if the files are out of date.
"""

import argparse
import re
import sys
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any, Final

from chdb.session import Session
from msgspec import json

from mockserver.vendors.rybbit import VENDOR
from tests.vendors.rybbit.oracle.evidence import (
    DIALECTS,
    WORLDS,
    Case,
    Mock,
    RecordedWorld,
    Recording,
    find_file,
)
from tests.vendors.rybbit.oracle.sql import (
    EVENT_PARAMETERS,
    NUMBERS,
    SERVERS,
    TABLE,
    QueryBuilder,
    Server,
    UnanswerableError,
    find_expression,
)

FAILURES: Final = re.compile("Code: (43|47|53|72|184|386|427)\\. ")
"""Wrong types of arguments, unknown columns, types that cannot be compared, aggregates in WHERE, invalid patterns."""
LOCATIONS: Final = "list_session_locations"
_LONGEST: Final = 100
"""Characters of the values of a filter that the bound of the mock's filters allows for all texts."""
ABSENT: Final = "no such value"
PATTERNS: Final = ("^$", ".", "[A-Z]", "", "(", "(?i)a")
"""Patterns that do not depend on the texts; the last three are invalid."""
KNOWN_DIFFERENCES: Final[dict[str, Callable[[Case], bool]]] = {
    "min_duration and max_duration of less than a second more": lambda case: bool(
        {"min_duration", "max_duration"} & {*case.query}
    ),
    "sessions at the edges of a time range": lambda case: bool(
        {"start_date", "start_datetime", "past_minutes_start"} & {*case.query}
    ),
    "filters of locations on channel": lambda case: (
        case.endpoint == LOCATIONS and any(parameter == "channel" for parameter, _, _ in case.filters)
    ),
}
"""The cases in which a stated difference can be the reason."""


class Database:
    """The database with the events of one world."""

    def __init__(self, server: Server, events: list[dict[str, Any]]) -> None:
        self._server = server
        self._session = Session()
        self._session.query("CREATE DATABASE IF NOT EXISTS oracle")
        self._session.query("USE oracle")
        self._session.query(TABLE)
        rows = b"\n".join(map(json.encode, events)).decode()
        if rows:
            self._session.query(f"INSERT INTO events FORMAT JSONEachRow\n{rows}")

    def close(self) -> None:
        self._session.close()

    def fetch(self, query: str) -> list[list[Any]]:
        """Return the rows that a query finds; raise :class:`UnanswerableError` if it cannot be answered."""
        try:
            lines = self._session.query(query, "JSONCompactEachRow").bytes().splitlines()
        except RuntimeError as error:
            if not FAILURES.match(str(error)):
                raise
            raise UnanswerableError(str(error)) from None
        return [json.decode(line) for line in lines]

    def answer(self, case: Case) -> Case:
        """Return a case with the server's answer."""
        answered = Case(filters=case.filters, query=case.query, endpoint=case.endpoint)
        try:
            rows = self.fetch(QueryBuilder(self._server, case).build())
        except UnanswerableError:
            answered.set_answer(None)
        else:
            answered.set_answer(
                [[float(lat), float(lon), *place] for lat, lon, *place in rows]
                if case.endpoint == LOCATIONS
                else [session_id for (session_id,) in rows]
            )
        return answered

    def list_values(self, parameter: str) -> list[Any]:
        """Return the values of a parameter in the world, the most frequent first; none if it has no column."""
        is_page = parameter in {"entry_page", "exit_page"}
        of_session = not is_page and parameter not in EVENT_PARAMETERS
        source = f"({QueryBuilder(self._server, Case()).build_sessions()})" if of_session else "events"
        expression = "pathname" if is_page else find_expression(parameter, of_session=of_session)
        try:
            rows = self.fetch(
                f"SELECT {expression} AS value, count() FROM {source} GROUP BY value"
                " ORDER BY count() DESC, value"
            )
        except UnanswerableError:
            return []
        return [value for value, _ in rows]


class CaseBuilder:
    """Builds the cases of a world for one server; each world gets a part of the values."""

    def __init__(self, server: Server, database: Database, world_name: str) -> None:
        self._server = server
        self._part = [*WORLDS].index(world_name)
        self._values = {name: database.list_values(name) for name in server.parameters}
        self._sessions = database.fetch(
            "SELECT session_id, any(user_id), any(identified_user_id), toString(min(timestamp)) FROM events"
            " GROUP BY session_id ORDER BY min(timestamp), session_id"
        )

    def build(self) -> list[Case]:
        """Return all cases."""
        return [
            *self._list_filters(),
            *self._list_pairs(),
            *(Case(query=query) for query in self._list_queries()),
            *self._list_time_ranges(),
        ]

    def _pick(self, parameter: str) -> tuple[Any, Any]:
        """Return a frequent and a rare value of a parameter, short enough for the bound of the mock's filters."""
        values = [value for value in self._values[parameter] if 0 < len(str(value)) <= _LONGEST] or [ABSENT]
        return values[0], values[-1]

    def _list_filters(self) -> Iterator[Case]:
        for parameter, kind in product(self._server.parameters, self._server.types):
            value_sets = self._list_value_sets(parameter, kind)
            mine = value_sets[self._part :: len(WORLDS)] or value_sets
            yield from (Case(filters=[(parameter, kind, values)]) for values in mine)
            yield Case(filters=[(parameter, kind, mine[0])], endpoint=LOCATIONS)

    def _list_value_sets(self, parameter: str, kind: str) -> list[list[Any]]:
        frequent, rare = self._pick(parameter)
        if kind in {"is_null", "is_not_null"}:
            return [[]]
        if kind.startswith(("greater", "less")):
            return [[frequent], ["5"], [""]] if parameter in NUMBERS else [["5"], ["m"]]
        if parameter in NUMBERS:
            return [[frequent], [frequent, rare], [ABSENT]]
        if kind in {"regex", "not_regex"}:
            begin, either = (
                f"^{re.escape(frequent[:3])}",
                f"{re.escape(rare[-4:])}$|{re.escape(frequent[1:])}",
            )
            return [[pattern] for pattern in (begin, either, *PATTERNS)]
        if kind in {"equals", "not_equals"}:
            return [[frequent], [rare, ABSENT], [""], [frequent, rare]]
        part = {"starts_with": rare[:3], "ends_with": rare[-3:]}.get(kind, rare[1:-1])
        return [
            [part],
            [frequent, rare[: _LONGEST - len(frequent)]],
            ["_", "%"],
            [""],
            [frequent[:1] + "%" + frequent[-1:]],
        ]

    def _list_pairs(self) -> Iterator[Case]:
        """Return cases with two filters, each on another parameter."""
        parameters = self._server.parameters
        kinds = ("equals", "not_equals", "not_contains")
        for number, endpoint in product(range(2 * len(parameters)), ("list_sessions", LOCATIONS)):
            first = parameters[number % len(parameters)]
            second = parameters[(number * 5 + 3) % len(parameters)]
            yield Case(
                filters=[
                    (first, kinds[number % 2], [self._pick(first)[0]]),
                    (second, kinds[number % 3], [self._pick(second)[number % 2]]),
                ],
                endpoint=endpoint,
            )

    def _list_queries(self) -> Iterator[dict[str, str]]:
        users = [user for _, _, user, _ in self._sessions if user]
        identified_devices = [device for _, device, user, _ in self._sessions if user]
        anonymous_devices = [device for _, device, user, _ in self._sessions if not user]
        for user in (users[0], users[-1], identified_devices[0], anonymous_devices[0], ABSENT):
            yield {"user_id": user}
        for text in ("true", "false", "1"):
            yield {"identified_only": text}
        yield {"identified_only": "true", "user_id": users[0]}
        if self._server.is_of_2025:
            return
        for session_id in (self._sessions[0][0], self._sessions[-1][0], ABSENT):
            yield {"session_id": session_id}
        sides = ("min", "max") if self._server.is_newest else ("min",)
        for side, name, bound in product(sides, ("pageviews", "events", "duration"), (0, 1, 2, 7, 60, 600)):
            yield {f"{side}_{name}": str(bound)}
        yield {"min_pageviews": "2", "min_events": "1"}
        if not self._server.is_newest:
            return
        for view in ("all", "identified", "replay", "converted", "bounced", "errors"):
            yield {"view": view}
            yield {"view": view, "min_events": "1", "max_pageviews": "5"}
        for sort_by, order in product(
            ("started", "ended", "duration", "pageviews", "events", "errors"), ("asc", "desc")
        ):
            yield {"sort_by": sort_by, "sort_order": order}
            yield {"sort_by": sort_by, "sort_order": order, "limit": "7", "page": "3", "view": "identified"}
        yield {"limit": "40", "page": "2"}

    def _list_time_ranges(self) -> Iterator[Case]:
        starts = [start for *_, start in self._sessions]
        first, last = starts[len(starts) // 4], starts[len(starts) // 2]
        days = {"start_date": first[:10], "end_date": last[:10]}
        queries = [{**days, "time_zone": zone} for zone in ("UTC", "Europe/Berlin", "America/Los_Angeles")]
        queries += [
            days,
            {**days, "end_date": first[:10]},
            {"past_minutes_start": "43200", "past_minutes_end": "20160"},
        ]
        if not self._server.is_of_2025:
            queries += [{"start_datetime": first, "end_datetime": last}]
        country = ("region", "not_equals", [self._pick("region")[0]])
        event = ("event_name", "not_equals", [""])
        for query, filters in product(queries, ([], [country], [event], [country, event])):
            yield Case(query=query, filters=filters)
            yield Case(query=query, filters=filters, endpoint=LOCATIONS)


def ask(mock: Mock, dialect: str, world_name: str) -> RecordedWorld:
    """Return the database's answers about a world."""
    database = Database(SERVERS[dialect], mock.list_events())
    recorded = RecordedWorld(mock.digest_events(), [])
    for case in CaseBuilder(SERVERS[dialect], database, world_name).build():
        answered = database.answer(case)
        if mock.answer(case) != answered:
            answered.differs = find_stated_difference(dialect, case)
        recorded.cases.append(answered)
    database.close()
    return recorded


def find_stated_difference(dialect: str, case: Case) -> str | None:
    """Return the difference that the contract states and that can be the reason in a case."""
    stated = {difference.what for difference in VENDOR.in_dialect(dialect).contract.not_imitated}
    return next(
        (what for what, applies in KNOWN_DIFFERENCES.items() if what in stated and applies(case)), None
    )


def encode(recording: Recording) -> bytes:
    """Return a recording as JSON with a line for each case."""
    text = json.encode(recording).decode()
    for before, after in (('"cases":[', '"cases":[\n'), ('},{"', '},\n{"'), ('"worlds":', '\n"worlds":')):
        text = text.replace(before, after)
    return f"{text}\n".encode()


def is_current(recording: Recording) -> bool:
    """Return whether the file of a recording has the same answers."""
    recorded = json.decode(find_file(recording.dialect).read_bytes(), type=Recording)
    return recorded.worlds == recording.worlds


def main() -> int:
    """Write or check the files; return 1 if the mock disagrees or a file is out of date."""
    parser = argparse.ArgumentParser(description="Compare the mock's filters with a database.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file is out of date")
    is_check = parser.parse_args().check
    [[version, today]] = Database(SERVERS[DIALECTS[0]], []).fetch("SELECT version(), toString(today())")
    problems: list[str] = []
    for dialect, server in SERVERS.items():
        mocks = {name: Mock(dialect, name) for name in WORLDS}
        worlds = {name: ask(mock, dialect, name) for name, mock in mocks.items()}
        recording = Recording(dialect, server.revision, today, f"ClickHouse {version}", worlds)
        found = [each for name, mock in mocks.items() for each in mock.find_disagreements(worlds[name])]
        cases = [case for world in worlds.values() for case in world.cases]
        stated = sum(case.differs is not None for case in cases)
        print(f"{dialect}: {len(cases):,} cases, {stated} differ as stated, {len(found)} disagree")
        problems += found
        if not is_check:
            find_file(dialect).write_bytes(encode(recording))
        elif not is_current(recording):
            problems.append(f"{find_file(dialect).name} is out of date: run make oracle")
    print("\n".join(problems))
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main())
