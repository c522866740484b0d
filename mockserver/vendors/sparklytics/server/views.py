"""Views of the server's endpoints."""

from collections.abc import Mapping
from typing import Any, Final

from msgspec import json
from msgspec.structs import replace

from mockserver.contract.errors import ApiError
from mockserver.vendors.base import ViewRequest, ViewResult
from mockserver.vendors.sparklytics.list_query import build_query
from mockserver.vendors.sparklytics.rows import describe_link_click
from mockserver.vendors.sparklytics.server.cursors import decode_cursor, encode_cursor
from mockserver.vendors.sparklytics.server.ids import create_event_id, format_session_ids, parse_session_id
from mockserver.vendors.sparklytics.server.request_models import MAXIMUM, ListRows
from mockserver.vendors.sparklytics.server.responses import MAX_EVENTS, SessionEvent
from mockserver.vendors.sparklytics.server.rows import ENCODER, FILTER_FIELDS, format_times, format_url
from mockserver.world.generator.order_by_end import EndOrder, EndOrderedResult
from mockserver.world.model.session_batch import Event

_ORDER: Final = EndOrder()


def list_sessions(request: ViewRequest) -> ViewResult:
    """Return a page of the sessions that have an event in a range of days, latest end first."""
    params: ListRows = request.query
    limit = params.limit
    if not 1 <= limit <= MAXIMUM:
        raise ApiError("violation", message=f"limit must be between 1 and {MAXIMUM}", field="limit")
    query = build_query(params, request, FILTER_FIELDS)
    if query.stop is None:
        raise ApiError("internal", message="the database has no day after 9999-12-31", field="end_date")
    after = None if params.cursor is None else decode_cursor(params.cursor)
    # No session pauses for a day: a session that starts before the end of the days and ends after their
    # start has an event in them. So sessions that start earlier are found too, and selected by their end.
    sessions = request.site.find(replace(query, start=None), request.now)
    page = EndOrderedResult(sessions, _ORDER).older(after, limit + 1)
    ends = page.map_rows(lambda batch: batch.end)
    count = sum(end >= (query.start or 0) for end in ends)
    has_more = count > limit
    rows = page.map_rows(ENCODER.rows)[: min(count, limit)]
    next_cursor = None
    if has_more:
        [last_seen] = format_times([ends[limit - 1]])
        next_cursor = encode_cursor(last_seen, page.map_rows(format_session_ids)[limit - 1])
    pagination = {"has_more": has_more, "limit": limit, "next_cursor": next_cursor}
    return ViewResult(json.encode({"data": rows, "pagination": pagination}))


def get_session(request: ViewRequest) -> ViewResult:
    """Return one session with its first events, oldest first."""
    identifier = request.path["session_id"]
    number = parse_session_id(identifier)
    session = None if number is None else request.site.session(number, request.now)
    if number is None or session is None:
        raise ApiError("unknown_session", message=f"no session {identifier!r}", field="session_id")
    [row] = ENCODER.rows(session)
    all_events = session.list_events(0)
    events = all_events[:MAX_EVENTS]
    times = format_times([event.at for event in events])
    models = [
        _event_model(event, time, session.hostnames[0], create_event_id(request.site.key, number, position))
        for position, (event, time) in enumerate(zip(events, times, strict=True))
    ]
    data = {"events": models, "session": row, "truncated": len(all_events) > MAX_EVENTS}
    return ViewResult(json.encode({"data": data}))


def _event_model(event: Event, time: str, hostname: str, identifier: str) -> SessionEvent:
    name, data = _describe_event(event)
    return SessionEvent(
        created_at=time,
        event_data=None if name is None else json.encode(data, order="sorted").decode(),
        event_name=name,
        event_type="pageview" if name is None else "event",
        id=identifier,
        url=format_url((hostname, event.page)),
    )


def _describe_event(event: Event) -> tuple[str | None, Mapping[str, Any]]:
    """Return name and data of an event; a pageview has neither."""
    if event.kind == "pageview":
        return None, {}
    if event.kind == "outbound":
        return describe_link_click(event)
    return event.name, event.properties


VIEWS: Final = {"list_sessions": list_sessions, "get_session": get_session}
