"""Views of Sparklytics' documented endpoints."""

import re
from base64 import b64decode, b64encode
from collections.abc import Sequence
from typing import Final

import numpy as np
from msgspec import json
from msgspec.structs import replace

from mockserver.contract.errors import ApiError
from mockserver.rows.columns import Column, entry_column
from mockserver.rows.datetimes import format_seconds
from mockserver.rows.encoder import RowEncoder
from mockserver.vendors.base import ViewRequest, ViewResult
from mockserver.vendors.sparklytics.list_query import DEFAULT_FIELDS, FilterFields, build_query
from mockserver.vendors.sparklytics.request_models import PAGE_SIZE, ListSessions
from mockserver.vendors.sparklytics.responses import SessionEvent
from mockserver.vendors.sparklytics.rows import compute_durations, describe_link_click, format_visitor_ids
from mockserver.world.generator.query_result import SortKey
from mockserver.world.model.hashing import Permutation, key
from mockserver.world.model.session_batch import Event, SessionBatch
from mockserver.world.model.vocabulary import Page

_NUMBER_BITS: Final = 56
"""Size of a session number. A decrypted cursor has 64 bits; the other 8 must be 0 for it to be valid."""


def _format_times(instants: Sequence[int]) -> list[str]:
    return format_seconds(instants, suffix="Z")


def _entry(name: str, entries: str) -> Column:
    """Return a column with an attribute of each session's entry, None if it is empty."""
    return entry_column(name, entries, lambda entry: getattr(entry, name) or None)


ENCODER: Final = RowEncoder(
    (
        Column("session_id", lambda s: [f"sess_{digits}" for digits in s.id_digits], own=True),
        Column("visitor_id", format_visitor_ids, own=True),
        Column("started_at", lambda s: _format_times(s.start), own=True),
        Column("ended_at", lambda s: _format_times(s.end), own=True),
        Column("duration", compute_durations, own=True),
        Column("pageviews", lambda s: s.pageviews),
        Column("events", lambda s: s.events),
        Column("is_bounce", lambda s: s.bounces),
        _entry("country", "places"),
        _entry("browser", "agents"),
        _entry("os", "agents"),
        _entry("device", "agents"),
    )
)


def _page_url(page: Page) -> str:
    return page.path + page.querystring


_FILTER_FIELDS: Final = FilterFields(DEFAULT_FIELDS, ("page", _page_url))


def list_sessions(request: ViewRequest) -> ViewResult:
    """Return a page of the sessions that start in a range of days, newest first."""
    params: ListSessions = request.query
    sessions = request.site.find(build_query(params, request, _FILTER_FIELDS), request.now)
    # Cursors are encrypted with a key for this site and these parameters, so those of other lists are
    # invalid.
    list_parameters = repr(replace(params, cursor=None, limit=PAGE_SIZE))
    cipher = Permutation(key(request.site.key, "cursor", list_parameters), 64)
    after = None
    if params.cursor is not None:
        after = _sort_key_after(_decode_cursor(params.cursor, cipher), request)
    # One session more than the page shows if there is a next page.
    page = sessions.older(after, params.limit + 1)
    numbers = page.map_rows(_session_numbers)
    rows = page.map_rows(ENCODER.rows)[: params.limit]
    has_more = len(numbers) > params.limit
    next_cursor = _encode_cursor(numbers[params.limit - 1], cipher) if has_more else None
    return ViewResult(json.encode({"sessions": rows, "next_cursor": next_cursor}))


def _session_numbers(sessions: SessionBatch) -> list[int]:
    return sessions.ids


def _encode_cursor(number: int, cipher: Permutation) -> str:
    """Return the cursor of the page after the session with a number."""
    [identifier] = cipher.forward(np.array([number], dtype=np.uint64)).tolist()
    return b64encode(b'{"id":%d}' % identifier).decode()


def _decode_cursor(cursor: str, cipher: Permutation) -> int | None:
    """Return the number of the session in a cursor, or None for a text that :func:`_encode_cursor` never returns."""
    try:
        match = re.fullmatch(rb'{"id":(\d{1,20})}', b64decode(cursor))
    except ValueError:
        return None
    identifier = int(match[1]) if match else -1
    if not 0 <= identifier < 1 << 64:
        return None
    [number] = cipher.back(np.array([identifier], dtype=np.uint64)).tolist()
    is_valid = number < 1 << _NUMBER_BITS and _encode_cursor(number, cipher) == cursor
    return number if is_valid else None


def _sort_key_after(number: int | None, request: ViewRequest) -> SortKey:
    """Return the sort key of the last session of a page, also if the session was deleted since."""
    session = None if number is None else request.site.session_before_deletion(number, request.now)
    if session is None:
        raise ApiError("violation", message="invalid cursor", field="cursor")
    return SortKey(session.start[0], session.kind, session.index[0])


def get_session(request: ViewRequest) -> ViewResult:
    """Return one session with its events, oldest first."""
    identifier = request.path["session_id"]
    match = re.fullmatch(r"sess_([0-9a-f]{14})", identifier)
    session = request.site.session(int(match[1], 16), request.now) if match else None
    if session is None:
        raise ApiError("unknown_session", message=f"no session {identifier!r}", field="session_id")
    [row] = ENCODER.rows(session)
    events = session.list_events(0)
    times = _format_times([event.at for event in events])
    models = [_event_model(event, time) for event, time in zip(events, times, strict=True)]
    # As in the documented example, only an external page is a referrer, not the previous page of the site.
    models[0] = replace(models[0], referrer=events[0].referrer or None)
    return ViewResult(json.encode({"session": row, "events": models}))


def _event_model(event: Event, time: str) -> SessionEvent:
    match event.kind:
        case "pageview":
            return SessionEvent("pageview", time, url=_page_url(event.page))
        case "outbound":
            name, data = describe_link_click(event)
            return SessionEvent("event", time, event_name=name, event_data=data)
    return SessionEvent("event", time, event_name=event.name, event_data=dict(event.properties))


VIEWS: Final = {"list_sessions": list_sessions, "get_session": get_session}
