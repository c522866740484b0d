"""The world as the server of Sparklytics tells it."""

from collections.abc import Mapping
from typing import Any, Final

from msgspec import json
from msgspec.structs import replace

from mockserver.contract.errors import ApiError
from mockserver.rows.encoder import encode_array
from mockserver.vendors.base import ViewRequest, ViewResult
from mockserver.vendors.sparklytics.contract import ListSessions
from mockserver.vendors.sparklytics.list_query import wanted
from mockserver.vendors.sparklytics.rows import link
from mockserver.vendors.sparklytics.server import cursors
from mockserver.vendors.sparklytics.server.ids import event_id, session_ids, session_number
from mockserver.vendors.sparklytics.server.responses import MAXIMUM, MOST_EVENTS, Event
from mockserver.vendors.sparklytics.server.rows import ENCODER, WORDS, times, url
from mockserver.world.generator.order_by_end import EndOrder, EndOrderedResult
from mockserver.world.model.session_batch import Event as Happened

_ORDER: Final = EndOrder()


def list_sessions(asked: ViewRequest) -> ViewResult:
    """A page of the sessions that have an event in a range of days, the one that was seen last first."""
    options: ListSessions = asked.query
    limit = options.limit
    if not 1 <= limit <= MAXIMUM:
        raise ApiError("violation", message=f"limit must be between 1 and {MAXIMUM}", field="limit")
    query = wanted(options, asked, WORDS)
    than = None if options.cursor is None else cursors.place(options.cursor)
    # No session rests for a day: whatever starts before the end of the days and ends after their beginning has an event in them.
    page = EndOrderedResult(asked.site.find(replace(query, start=None), asked.now), _ORDER).older(
        than, limit + 1
    )
    ends = page.map_rows(lambda sessions: sessions.end)
    count = sum(end >= (query.start or 0) for end in ends)
    rows, has_more = encode_array(page.map_rows(ENCODER.encode)[: min(count, limit)]), count > limit
    following = (
        cursors.made(times([ends[limit - 1]])[0], page.map_rows(session_ids)[limit - 1]) if has_more else None
    )
    pagination = b'{"has_more":%b,"limit":%d,"next_cursor":%b}' % (
        json.encode(has_more),
        limit,
        json.encode(following),
    )
    return ViewResult(b'{"data":%b,"pagination":%b}' % (rows, pagination))


def get_session(asked: ViewRequest) -> ViewResult:
    """One session with its first events, oldest first."""
    identifier = asked.path["session_id"]
    number = session_number(identifier)
    session = None if number is None else asked.site.session(number, asked.now)
    if number is None or session is None:
        raise ApiError("unknown_session", message=f"no session {identifier!r}", field="session_id")
    [row], story = ENCODER.encode(session), session.list_events(0)
    told = story[:MOST_EVENTS]
    events = [
        _event(event, at, session.hostnames[0], event_id(asked.site.key, number, position))
        for position, (event, at) in enumerate(zip(told, times([event.at for event in told]), strict=True))
    ]
    truncated = json.encode(len(story) > MOST_EVENTS)
    return ViewResult(
        b'{"data":{"events":%b,"session":%b,"truncated":%b}}' % (json.encode(events), row, truncated)
    )


def _event(event: Happened, at: str, hostname: str, identifier: str) -> Event:
    name, data = _said(event)
    return Event(
        created_at=at,
        event_data=None if name is None else json.encode(data, order="sorted").decode(),
        event_name=name,
        event_type="pageview" if name is None else "event",
        id=identifier,
        url=url((hostname, event.page)),
    )


def _said(event: Happened) -> tuple[str | None, Mapping[str, Any]]:
    """The name and the data of an event; a pageview has neither."""
    if event.kind == "pageview":
        return None, {}
    return link(event) if event.kind == "outbound" else (event.name, event.properties)


VIEWS: Final = {"list_sessions": list_sessions, "get_session": get_session}
