"""Requests as SQL of the database that Rybbit's servers use.

Written from the facts in the contract and what the servers' code does with a filter; the mock does not use SQL.
A list filters one row per session. Locations filter events.
"""

from collections.abc import Callable, Iterable, Mapping
from math import isnan
from typing import Final, NamedTuple

from tests.vendors.rybbit.client import NOW
from tests.vendors.rybbit.oracle.evidence import UTM, Case, Filter

TABLE: Final = """
CREATE OR REPLACE TABLE events (
    timestamp DateTime('UTC'), session_id String,
    user_id String, identified_user_id String, type LowCardinality(String), event_name String,
    hostname String, pathname String, querystring String, page_title String, referrer String, channel String,
    url_parameters Map(String, String), feature_flags Map(String, String),
    browser LowCardinality(String), browser_version LowCardinality(String),
    operating_system LowCardinality(String), operating_system_version LowCardinality(String),
    language LowCardinality(String), country LowCardinality(FixedString(2)), region LowCardinality(String),
    city String, lat Float64, lon Float64, screen_width UInt16, screen_height UInt16,
    device_type LowCardinality(String), timezone LowCardinality(String), tag LowCardinality(String),
    device_model LowCardinality(String), app_version LowCardinality(String)
) ENGINE = MergeTree ORDER BY timestamp
"""
NUMBERS: Final = ("lat", "lon")
EVENT_PARAMETERS: Final = ("event_name", "pathname", "page_title", "querystring")
_OF_LAST_EVENT: Final = (
    *("user_id", "identified_user_id", "country", "region", "city", "language", "device_type", "browser"),
    *("browser_version", "operating_system", "operating_system_version", "screen_width", "screen_height"),
    *NUMBERS,
)
_TYPES: Final = {
    "equals": "=",
    "not_equals": "!=",
    "contains": "LIKE",
    "not_contains": "NOT LIKE",
    "regex": None,
    "not_regex": None,
    "greater_than": ">",
    "less_than": "<",
}
_LATER_TYPES: Final = {
    **_TYPES,
    "starts_with": "LIKE",
    "ends_with": "LIKE",
    "greater_than_or_equal": ">=",
    "less_than_or_equal": "<=",
    "is_null": None,
    "is_not_null": None,
}
_EXPRESSIONS: Final = {
    "referrer": "domainWithoutWWW(referrer)",
    "city": "concat(region, '-', city)",
    "dimensions": "concat(toString(screen_width), 'x', toString(screen_height))",
    "browser_version": "concat(browser, ' ', browser_version)",
    "operating_system_version": (
        "if(operating_system = 'Windows' AND operating_system_version = '10', 'Windows 10/11',"
        " concat(operating_system, ' ', operating_system_version))"
    ),
}
_PATHS: Final = {"entry_page": "argMin(pathname, timestamp)", "exit_page": "argMax(pathname, timestamp)"}
_TOLERANCE: Final = 0.001
_UNATTRIBUTED: Final = "channel IN ('Direct', 'Internal', '')"
_FIRST_CHANNEL: Final = (
    f"if(countIf(NOT {_UNATTRIBUTED}) = 0, argMin(channel, timestamp),"
    f" argMinIf(channel, timestamp, NOT {_UNATTRIBUTED}))"
)
_EFFECTIVE_ID: Final = "if(identified_user_id = '', user_id, identified_user_id)"
_COUNTS: Final = {"pageviews": "pageview", "custom_events": "custom_event", "errors": "error"}
_BOUNDS: Final = {"pageviews": "pageviews", "events": "custom_events", "duration": "session_duration"}
_VIEWS: Final = {
    "all": "1",
    "identified": "identified_user_id != ''",
    "replay": "0",
    "converted": "0",
    "bounced": "pageviews = 1",
    "errors": "errors > 0",
}
_SORT_BY: Final = {
    **_BOUNDS,
    "started": "session_start",
    "ended": "session_end",
    "errors": "errors",
}


class UnanswerableError(ValueError):
    """Raised for a request that fails before the database is asked."""


class Server(NamedTuple):
    """A revision of the server, as far as its queries differ."""

    revision: str
    types: Mapping[str, str | None]
    parameters: tuple[str, ...]
    is_of_2025: bool = False
    is_newest: bool = False


_PARAMETERS: Final = (
    *("browser", "browser_version", "operating_system", "operating_system_version", "dimensions"),
    *("language", "country", "region", "city", "device_type", "timezone", "hostname", "referrer", "channel"),
    *(*EVENT_PARAMETERS, *_PATHS, *UTM, *NUMBERS, "user_id"),
)
_CLOUD_PARAMETERS: Final = (
    *("vpn", "crawler", "datacenter", "company", "company_type", "company_domain"),
    *("asn_org", "asn_type", "asn_domain"),
)
_JULY: Final = Server("b221e13f", _LATER_TYPES, (*_PARAMETERS, "tag", "feature_flag:beta"))
SERVERS: Final = {
    "server-2025-12": Server("3c14f97b", _TYPES, (*_PARAMETERS, *_CLOUD_PARAMETERS), is_of_2025=True),
    "server-2026-07": _JULY,
    "server-2026-09": _JULY._replace(
        revision="c7d09005",
        parameters=(*_JULY.parameters, "device_model", "app_version"),
        is_newest=True,
    ),
}


def quote(text: str) -> str:
    """Return a text as a literal."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("\0", "\\0")
    return f"'{escaped}'"


def find_expression(parameter: str, *, of_session: bool) -> str:
    """Return the expression of a parameter that is compared, over sessions or over events."""
    name, _, flag = parameter.partition(":")
    if flag:
        return f"feature_flags[{quote(flag)}]"
    if name in UTM and not of_session:
        return f"url_parameters[{quote(name)}]"
    return _EXPRESSIONS.get(name, name)


class QueryBuilder:
    """Builds the queries of one request."""

    def __init__(self, server: Server, case: Case) -> None:
        self._server = server
        self._case = case
        self._in_time = self._build_time_range()
        self._is_list = case.endpoint == "list_sessions"

    def build(self) -> str:
        """Return the query of the request; raise :class:`UnanswerableError` if the server asks none."""
        conditions = [self._build_filter(each) for each in self._case.filters]
        return self._build_list(conditions) if self._is_list else self._build_locations(conditions)

    def _build_locations(self, conditions: Iterable[str]) -> str:
        # The aliases matter: a filter on one of them is taken for one on the aggregate.
        columns = ", ".join(f"any({name}) AS {name}" for name in (*NUMBERS, "city", "country"))
        return (
            f"SELECT lat, lon, city, country, toUInt32(count()) FROM (SELECT {columns} FROM events"
            f" WHERE {_join((self._in_time, *conditions))} GROUP BY session_id) GROUP BY ALL"
        )

    def _build_list(self, conditions: list[str]) -> str:
        query = self._case.query
        conditions += [
            f"{_BOUNDS[name.partition('_')[2]]} {'>=' if name.startswith('min') else '<='} {value}"
            for name, value in query.items()
            if name.startswith(("min_", "max_"))
        ]
        if query.get("identified_only") == "true":
            conditions.append("identified_user_id != ''")
        conditions.append(_VIEWS[query.get("view", "all")])
        limit = int(query.get("limit", 10_000))
        offset = (int(query.get("page", 1)) - 1) * limit
        return (
            f"SELECT session_id FROM ({self.build_sessions()}) WHERE {_join(conditions)}"
            f" ORDER BY {self._build_order()} LIMIT {limit} OFFSET {offset}"
        )

    def build_sessions(self) -> str:
        """Return the query of all sessions of the request before filters."""
        server = self._server
        columns = {name: f"argMax({name}, timestamp)" for name in _OF_LAST_EVENT}
        if not server.is_of_2025:
            columns |= {name: f"argMax({name}, timestamp)" for name in ("tag", "timezone")}
        columns |= {name: f"countIf(type = {quote(kind)})" for name, kind in _COUNTS.items()}
        columns |= {name: self._build_utm(name) for name in UTM}
        columns["hostname"] = "argMin(hostname, timestamp)"
        columns["referrer"] = (
            "argMin(referrer, timestamp)"
            if server.is_of_2025
            else "argMinIf(referrer, timestamp, referrer != '')"
        )
        columns["channel"] = "argMin(channel, timestamp)" if server.is_of_2025 else _FIRST_CHANNEL
        columns["session_start"] = "min(timestamp)"
        columns["session_end"] = "max(timestamp)"
        columns["session_duration"] = "dateDiff('second', min(timestamp), max(timestamp))"
        selected = ", ".join(f"{expression} AS {name}" for name, expression in columns.items())
        conditions = [self._in_time]
        user_id = self._case.query.get("user_id")
        if user_id:
            conditions.append(
                f"if(events.identified_user_id = '', events.user_id, events.identified_user_id) = {quote(user_id)}"
                if server.is_newest
                else f"{quote(user_id)} IN (events.user_id, events.identified_user_id)"
            )
        if "session_id" in self._case.query:
            conditions.append(f"session_id = {quote(self._case.query['session_id'])}")
        return f"SELECT session_id, {selected} FROM events WHERE {_join(conditions)} GROUP BY session_id"

    def _build_utm(self, name: str) -> str:
        value = f"url_parameters[{quote(name)}]"
        if self._server.is_newest:
            return f"argMinIf({value}, timestamp, {value} != '')"
        return f"argMin(url_parameters, timestamp)[{quote(name)}]"

    def _build_order(self) -> str:
        direction = self._case.query.get("sort_order", "desc")
        column = _SORT_BY[self._case.query.get("sort_by", "ended")]
        return ", ".join(f"{name} {direction}" for name in (column, "session_start", "session_id"))

    def _build_time_range(self) -> str:
        query = self._case.query
        zone = query.get("time_zone") or (None if self._server.is_of_2025 else "UTC")
        if "start_date" in query and zone:
            start, end = (
                f"toDateTime({quote(query[name] + ' 00:00:00')}, {quote(zone)})"
                for name in ("start_date", "end_date")
            )
            return f"timestamp >= {start} AND timestamp < addDays({end}, 1)"
        if "start_datetime" in query:
            start, end = (
                f"toDateTime({quote(query[name])}, 'UTC')" for name in ("start_datetime", "end_datetime")
            )
            return f"timestamp >= {start} AND timestamp < {end}"
        if "past_minutes_start" in query:
            older, newer = (
                f"toDateTime({NOW // 1000 - int(query[name]) * 60}, 'UTC')"
                for name in ("past_minutes_start", "past_minutes_end")
            )
            return f"timestamp > {older} AND timestamp <= {newer}"
        return "1"

    def _build_filter(self, item: Filter) -> str:
        parameter, kind, values = item
        build_of_session = self._find_session_subquery(parameter)
        if build_of_session:
            # The server of 2025 knows no other comparison there, and writes it nevertheless.
            if self._server.is_of_2025 and self._server.types[kind] is None:
                raise UnanswerableError(kind)
            return f"session_id IN ({build_of_session(parameter, kind, values)})"
        if parameter == "user_id":
            return self._build_user_filter(kind, values)
        expression = find_expression(parameter, of_session=self._is_list)
        if parameter in NUMBERS and kind in {"equals", "not_equals", "contains", "not_contains"}:
            near = [
                f"{expression} BETWEEN {_to_number(value) - _TOLERANCE} AND {_to_number(value) + _TOLERANCE}"
                for value in values
            ]
            negation = "NOT" if kind == "not_equals" and not self._server.is_of_2025 else ""
            return f"{negation} ({' OR '.join(near)})"
        return self._compare(expression, kind, values)

    def _find_session_subquery(
        self, parameter: str
    ) -> Callable[[str, str, list[str | int | float]], str] | None:
        """Return the function that builds the query of the sessions that meet a filter, if there is one."""
        if parameter in _PATHS or (parameter == "channel" and not self._server.is_of_2025):
            return self._build_sessions_by_aggregate
        later = self._is_list and not self._server.is_of_2025
        if parameter in EVENT_PARAMETERS[: None if later else 1]:
            return self._build_sessions_by_event
        return None

    def _build_sessions_by_event(self, parameter: str, kind: str, values: list[str | int | float]) -> str:
        condition = self._compare_text(parameter, kind, values)
        return f"SELECT session_id FROM events WHERE {_join((self._in_time, condition))}"

    def _build_sessions_by_aggregate(self, parameter: str, kind: str, values: list[str | int | float]) -> str:
        aggregate = _PATHS.get(parameter, _FIRST_CHANNEL)
        return (
            f"SELECT session_id FROM (SELECT session_id, {aggregate} AS compared FROM events"
            f" WHERE {self._in_time} GROUP BY session_id) WHERE {self._compare_text('compared', kind, values)}"
        )

    def _build_user_filter(self, kind: str, values: list[str | int | float]) -> str:
        if kind == "is_null":
            return "(user_id = '' AND identified_user_id = '')"
        if kind == "is_not_null":
            return "(user_id != '' OR identified_user_id != '')"
        texts = ", ".join(quote(str(value)) for value in values)
        compared = _EFFECTIVE_ID if self._server.is_newest else "user_id, identified_user_id"
        if kind == "equals":
            return f"hasAny([{compared}], [{texts}])"
        if kind == "not_equals" or self._server.is_of_2025:
            return f"NOT hasAny([{compared}], [{texts}])"
        return self._compare("user_id", kind, values)

    def _compare(self, expression: str, kind: str, values: list[str | int | float]) -> str:
        """Return the condition of a parameter that has no query of its own: bounds are numbers."""
        if kind.startswith(("greater", "less")):
            return f"{expression} {self._server.types[kind]} {_parse_bound(values[0])}"
        return self._compare_text(expression, kind, values)

    def _compare_text(self, expression: str, kind: str, values: list[str | int | float]) -> str:
        if kind in {"is_null", "is_not_null"}:
            return f"{'NOT' * (kind == 'is_not_null')} ({expression} IS NULL OR {expression} = '')"
        if kind in {"regex", "not_regex"}:
            return f"{'NOT' * (kind == 'not_regex')} match({expression}, {quote(_check_pattern(str(values[0])))})"
        comparisons = [
            f"{expression} {self._server.types[kind]} {quote(self._build_like_pattern(kind, str(value)))}"
            for value in values
        ]
        # In 2025, one value that differs was enough for a negated filter.
        is_any = self._server.is_of_2025 or not kind.startswith("not_")
        return f"({(' OR ' if is_any else ' AND ').join(comparisons)})"

    def _build_like_pattern(self, kind: str, value: str) -> str:
        if self._server.types[kind] not in {"LIKE", "NOT LIKE"}:
            return value
        if not self._server.is_of_2025:
            value = "".join(f"\\{each}" if each in "\\%_" else each for each in value)
        return f"{'%' * (kind != 'starts_with')}{value}{'%' * (kind != 'ends_with')}"


def _join(conditions: Iterable[str]) -> str:
    return " AND ".join(f"({each})" for each in conditions)


def _to_number(value: str | float) -> float:
    """Return a number as JavaScript reads it, for the texts in our cases."""
    try:
        return float(value or 0)
    except ValueError:
        return float("nan")


def _parse_bound(value: str | float) -> float:
    number = _to_number(value)
    if isnan(number):
        raise UnanswerableError(f"{value!r} is not a number")
    return number


def _check_pattern(pattern: str) -> str:
    """Return a pattern; raise :class:`UnanswerableError` if JavaScript rejects it."""
    if pattern in {"", "(", "[", "(?i)a"}:
        raise UnanswerableError(f"{pattern!r} is not a pattern")
    return pattern
