"""Views of Rybbit's endpoints."""

from collections import Counter
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from msgspec import json
from msgspec.structs import replace

from mockserver.contract.errors import ApiError
from mockserver.vendors.base import View, ViewRequest, ViewResult
from mockserver.vendors.rybbit import responses
from mockserver.vendors.rybbit.behaviors import MAX_LIMIT, MAX_ROWS_PER_PAGE
from mockserver.vendors.rybbit.dialects.base import DialectBehavior
from mockserver.vendors.rybbit.filters.conditions import (
    IDENTIFIED,
    MAX_COMPARED_IDS,
    SessionFacts,
    build_conditions,
)
from mockserver.vendors.rybbit.filters.syntax import FilterSyntax
from mockserver.vendors.rybbit.request_models import DatesAndMinutes, GetSession, ListSessions
from mockserver.vendors.rybbit.rows import (
    FORMAT_BEHAVIORS,
    TIMESTAMPS,
    build_columns,
    build_encoder,
    duration_in_seconds,
)
from mockserver.vendors.rybbit.times.server_times import UnanswerableTimeError
from mockserver.vendors.rybbit.times.time_ranges import TimeRange, start_after_minutes
from mockserver.vendors.rybbit.values.formatting import COUNTRIES, parse_session_id
from mockserver.vendors.rybbit.values.tracker import store_events
from mockserver.world.generator.query_result import QueryResult
from mockserver.world.model.query import Condition, Query
from mockserver.world.model.session_batch import Event, SessionBatch

_BOTS: Final = 1


def list_sessions(dialect: DialectBehavior, request: ViewRequest) -> ViewResult:
    """Return a page of the sessions that start in a time range."""
    query: ListSessions = request.query
    limit = min(query.limit, MAX_LIMIT) if request.behaviors["over_limit"] == "clamp" else query.limit
    time_range = _parse_time_range(dialect, request, dialect.list_filters)
    options = dialect.parse_list_options(query)
    identified = _build_identified_conditions(query.identified_only, request.behaviors["identified_only"])
    filtered = _build_query(request, time_range, dialect.list_filters, query.user_id)
    world_query = replace(
        filtered, where=(*identified, *options.conditions, *filtered.where), session=options.session_number
    )

    def find(*conditions: Condition) -> QueryResult:
        narrowed = (
            replace(world_query, where=(*world_query.where, *conditions)) if conditions else world_query
        )
        return request.site.find(narrowed, request.now)

    offset = (query.page - 1) * limit
    if limit > MAX_ROWS_PER_PAGE and find().total - offset > MAX_ROWS_PER_PAGE:
        raise dialect.list_filters.make_database_error(
            f"limit: {limit:,} is too large, session-mock returns at most {MAX_ROWS_PER_PAGE:,} rows per"
            " page; request several pages"
        )
    get_page = dialect.select_order(request)
    extra_columns = (*dialect.extra_columns, *options.extra_columns)
    encoder = build_encoder(FORMAT_BEHAVIORS(request.behaviors), extra_columns)
    return ViewResult(json.encode({"data": get_page(find, offset, limit, encoder.rows)}))


def _build_identified_conditions(identified_only: str | None, on_other_text: str) -> tuple[Condition, ...]:
    if identified_only not in {"true", "false", "", None} and on_other_text == "400":
        raise ApiError(
            "violation",
            message=f"identified_only: invalid value {identified_only!r}; expected 'true' or 'false'",
        )
    return (IDENTIFIED,) if identified_only == "true" else ()


def _parse_time_range(dialect: DialectBehavior, request: ViewRequest, syntax: FilterSyntax) -> TimeRange:
    try:
        return dialect.parse_time_range(request.query, request.range_now)
    except UnanswerableTimeError as error:
        raise syntax.make_database_error(str(error), "36") from None


def _build_query(
    request: ViewRequest, time_range: TimeRange, syntax: FilterSyntax, user_id: str | None = None
) -> Query:
    query: DatesAndMinutes = request.query
    start, stop = time_range

    def list_visitors() -> list[tuple[str, str]]:
        result = request.site.find(Query(start=start, stop=stop), request.now)
        if result.total > MAX_COMPARED_IDS:
            raise syntax.make_database_error(
                f"user_id: session-mock compares the ids of at most {MAX_COMPARED_IDS:,} sessions; use a"
                " shorter time range, equals or not_equals"
            )
        return sorted(set(result.page(0, result.total).map_rows(_list_visitors)))

    sessions = SessionFacts(partial(request.site.texts, now=request.now), list_visitors)
    conditions = build_conditions(query.filters, user_id, request.behaviors, syntax, sessions)
    return Query(
        start=start,
        stop=stop,
        where=tuple(conditions.where),
        actors=tuple(conditions.actors),
        others=tuple(conditions.excluded_visitors),
    )


def _list_visitors(sessions: SessionBatch) -> list[tuple[str, str]]:
    """Return the device id and the user id of each session."""
    users = [user or "" for user in sessions.user_ids]
    return [*zip(sessions.visitor_digits, users, strict=True)]


def get_session(dialect: DialectBehavior, request: ViewRequest) -> ViewResult:
    """Return one session with a page of its events, oldest first."""
    query: GetSession = request.query
    dialect.check_session_query(query)
    sessions = _find_session(request)
    events = sessions.list_events(0)
    if request.behaviors["values"] == "stored":
        events = store_events(events, sessions, quote_integers=dialect.quote_integers)
    if query.minutes:
        since = start_after_minutes(query.minutes, request.range_now)
        events = [event for event in events if event.at >= since]
    if not events:
        raise ApiError("unknown_session")
    page = events[query.offset :][: query.limit]
    has_more = query.offset + len(page) < len(events)
    details = responses.SessionDetails(
        session=_build_session_meta(dialect, sessions, events, request),
        events=_build_events(dialect, page, sessions.hostnames[0], request),
        pagination=responses.Pagination(len(events), query.limit, query.offset, has_more),
    )
    return ViewResult(json.encode(responses.OneSession(details)))


def _find_session(request: ViewRequest) -> SessionBatch:
    """Return the requested session as a batch of one; raise :class:`ApiError` if there is none."""
    number = parse_session_id(request.path["sessionId"])
    sessions = None if number is None else request.site.session(number, request.now)
    if sessions is None or sessions.kind == _BOTS:
        raise ApiError("unknown_session")
    return sessions


def _build_session_meta(
    dialect: DialectBehavior, sessions: SessionBatch, events: list[Event], request: ViewRequest
) -> responses.SessionMeta:
    """Return a session as if it consisted of *events* only."""
    columns = build_columns(FORMAT_BEHAVIORS(request.behaviors))
    fields = {column.name: column.values(sessions)[0] for column in columns}
    fields |= _summarize_events(events, request)
    return dialect.session_meta(**{name: fields[name] for name in responses.SessionMeta.__struct_fields__})


def _summarize_events(events: list[Event], request: ViewRequest) -> dict[str, Any]:
    start = events[0].at
    end = events[-1].at
    paths = [event.page.path for event in events if event.kind == "pageview"]
    session_start, session_end = TIMESTAMPS[request.behaviors["timestamps"]]([start, end])
    return {
        "session_start": session_start,
        "session_end": session_end,
        "session_duration": duration_in_seconds(start, end),
        "pageviews": len(paths),
        "events": len(events),
        "entry_page": paths[0] if paths else "",
        "exit_page": paths[-1] if paths else "",
    }


def _build_events(
    dialect: DialectBehavior, events: list[Event], hostname: str, request: ViewRequest
) -> list[responses.SessionEvent]:
    format_times = dialect.format_event_times or TIMESTAMPS[request.behaviors["timestamps"]]
    timestamps = format_times([event.at for event in events])
    return [
        dialect.session_event(
            timestamp=timestamp,
            pathname=event.page.path,
            hostname=hostname,
            querystring=event.page.querystring,
            page_title=event.page.title,
            referrer=event.referrer,
            type=event.kind,
            event_name=event.name,
            props=dict(event.properties),
        )
        for timestamp, event in zip(timestamps, events, strict=True)
    ]


def list_session_locations(dialect: DialectBehavior, request: ViewRequest) -> ViewResult:
    """Return the number of sessions from each place that start in a time range, highest first."""
    counts: Counter[tuple[float, float, str, str]] = Counter()
    format_country = COUNTRIES[request.behaviors["unknown_country"]]
    time_range = _parse_time_range(dialect, request, dialect.location_filters)
    world_query = _build_query(request, time_range, dialect.location_filters)
    for place, count in request.site.find(world_query, request.now).groups("place"):
        counts[place.latitude, place.longitude, place.city, format_country(place)] += count
    locations = [responses.Location(*place, count) for place, count in counts.most_common()]
    return ViewResult(json.encode(responses.SessionLocations(locations)))


def build_views(dialect: DialectBehavior) -> Mapping[str, View]:
    return {
        "list_sessions": partial(list_sessions, dialect),
        "get_session": partial(get_session, dialect),
        "list_session_locations": partial(list_session_locations, dialect),
    }
