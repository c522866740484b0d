"""Recorded answers of an independent database to the requests of Rybbit's clients, and those of the mock.

``<dialect>.json`` next to this module is written by ``make oracle``:

    {"dialect", "revision", "date", "database", "worlds": {name: {"events", "cases": [
        {"filters", "query", "endpoint", "rows", "digest", "status", "differs"}]}}}

- ``events`` is the digest of the world's events, which the database was given.
- ``filters`` has a parameter, a type and values each. ``query`` are the other parameters; a list of sessions also gets a large limit.
  ``endpoint`` is given for ``list_session_locations`` only.
- ``digest`` is that of the answer: session ids, in order if the query determines it, else sorted; or locations, sorted.
  ``status`` is given instead if the query fails.
- ``differs`` is the ``what`` of a difference that the contract states as not imitated. The mock must then give another answer.
"""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from msgspec import Struct, json
from msgspec.structs import replace

from mockserver.contract.errors import ApiError
from mockserver.world.world import World
from tests.vendors.rybbit.client import encode_filters, make_tracked_world, make_world
from tests.vendors.rybbit.dialect_client import DialectClient, Row

WORLDS: Final[dict[str, Callable[[], World]]] = {
    "default": lambda: make_world(sessions=250),
    "awkward": make_tracked_world,
}
DIALECTS: Final = ("server-2025-12", "server-2026-07", "server-2026-09")
ORDERED_BY: Final = {"sort_by", "sort_order", "page", "limit"}
"""Parameters of a list whose rows are in a defined order."""
UTM: Final = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
_OF_SESSION: Final = (
    *("session_id", "user_id", "identified_user_id", "country", "region", "city", "language", "device_type"),
    *("browser", "browser_version", "operating_system", "operating_system_version"),
    *("screen_width", "screen_height", "lat", "lon"),
)
"""Fields of a row that all events of the session have."""
Filter = tuple[str, str, list[str | int | float]]


class Case(Struct, omit_defaults=True, kw_only=True):
    """A request, and the answer to it."""

    filters: list[Filter] = []
    query: dict[str, str] = {}
    endpoint: str = "list_sessions"
    rows: int | None = None
    digest: str | None = None
    status: int = 200
    differs: str | None = None

    def set_answer(self, rows: list[Any] | None) -> None:
        """Set the answer to session ids or locations; None is a failure."""
        if rows is None:
            self.status = 500
            return
        is_ordered = self.endpoint == "list_sessions" and not ORDERED_BY.isdisjoint(self.query)
        self.rows = len(rows)
        self.digest = _digest(rows if is_ordered else sorted(rows))


class RecordedWorld(Struct):
    """The answers about one world."""

    events: str
    cases: list[Case]


class Recording(Struct):
    """The answers about all worlds in one dialect."""

    dialect: str
    revision: str
    date: str
    database: str
    worlds: dict[str, RecordedWorld]


def _digest(value: Any) -> str:
    return sha256(json.encode(value)).hexdigest()[:12]


def find_file(dialect: str) -> Path:
    """Return the path of a dialect's recording."""
    return Path(__file__).parent / f"{dialect}.json"


class Mock:
    """The mock with one world in one dialect, without HTTP."""

    def __init__(self, dialect: str, world_name: str) -> None:
        # The database has the texts of versions that rows show as numbers.
        self._client = DialectClient(dialect, versions="text")
        self._newest = DialectClient(DIALECTS[-1])
        self._world = WORLDS[world_name]()

    def list_events(self) -> list[Row]:
        """Return the events of all sessions as the database has them, those of a session oldest first."""
        # Only the newest rows have time zones.
        zones = {row["session_id"]: row["timezone"] for row in self._newest.list_rows(self._world)}
        events: list[Row] = []
        for row in self._client.list_rows(self._world):
            events += self._list_events_of(row, zones[row["session_id"]])
        return events

    def _list_events_of(self, row: Row, time_zone: str) -> list[Row]:
        shown = self._newest.get_detail(self._world, row["session_id"], limit=1000)["events"]
        events = [
            {
                **{name: row[name] for name in _OF_SESSION},
                **{name: event[name] for name in ("pathname", "hostname", "querystring", "page_title")},
                **{name: event[name] for name in ("referrer", "type", "event_name")},
                "timestamp": event["timestamp"].partition(".")[0],
                "timezone": time_zone,
                "channel": "Direct",
                "url_parameters": {},
            }
            for event in shown
        ]
        # Only the first event has a source: later ones come from the same host.
        events[0]["channel"] = row["channel"]
        events[0]["url_parameters"] = {name: row[name] for name in UTM if row[name]}
        return events

    def digest_events(self) -> str:
        """Return a digest that changes with any event."""
        return _digest(self.list_events())

    def answer(self, case: Case) -> Case:
        """Return a case with the mock's answer."""
        answered = Case(filters=case.filters, query=case.query, endpoint=case.endpoint)
        query: dict[str, Any] = {**case.query}
        if case.filters:
            query["filters"] = encode_filters(*case.filters)
        try:
            if case.endpoint == "list_sessions":
                answered.set_answer(self._client.list_ids(self._world, **query))
            else:
                places = self._client.call(case.endpoint, self._world, **query)
                answered.set_answer([[*place.values()] for place in places])
        except ApiError as error:
            answered.status = int(str(self._client.vendor.contract.errors[error.error].status))
        return answered

    def find_disagreements(self, recorded: RecordedWorld) -> list[str]:
        """Describe the cases in which the mock answers unlike the database without a statement, or like it despite one."""
        if self.digest_events() != recorded.events:
            return ["the world changed: run make oracle"]
        found: list[str] = []
        for case in recorded.cases:
            answered = self.answer(case)
            if case.differs is None and answered != case:
                found.append(
                    f"the database answers {json.encode(case).decode()}, the mock {answered.status}, {answered.rows} rows"
                )
            elif case.differs is not None and answered == replace(case, differs=None):
                found.append(f"the mock answers like the database: {json.encode(case).decode()}")
        return found
