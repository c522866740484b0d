"""The world as Sparklytics tells it."""

import re
from base64 import b64decode, b64encode
from collections.abc import Sequence
from typing import Final

import numpy as np
from msgspec import json
from msgspec.structs import replace

from mockserver.contract.errors import ApiError
from mockserver.rows.columns import Column, entry_column
from mockserver.rows.datetimes import seconds
from mockserver.rows.encoder import RowEncoder, encode_array
from mockserver.vendors.base import ViewRequest, ViewResult
from mockserver.vendors.sparklytics.contract import USUAL, ListSessions, SessionEvent
from mockserver.vendors.sparklytics.list_query import WORLDS, Words, wanted
from mockserver.vendors.sparklytics.rows import durations, link, visitor_ids
from mockserver.world.generator.query_result import QueryResult, SortKey
from mockserver.world.generator.tracked import KIND
from mockserver.world.model.hashing import Permutation, key
from mockserver.world.model.session_batch import Event, SessionBatch
from mockserver.world.model.vocabulary import Page

_BITS: Final = 56
"""Of a session number. A cursor has 64, so 8 must come out as 0, and the rest as the number of a session that exists."""


def _times(instants: Sequence[int]) -> list[str]:
    return [f"{text}Z" for text in seconds(instants)]


def _entry(name: str, entries: str) -> Column:
    return entry_column(name, entries, lambda entry: getattr(entry, name) or None)


_ENCODER: Final = RowEncoder(
    (
        Column("session_id", lambda s: [f"sess_{digits}" for digits in s.id_digits], own=True),
        Column("visitor_id", visitor_ids, own=True),
        Column("started_at", lambda s: _times(s.start), own=True),
        Column("ended_at", lambda s: _times(s.end), own=True),
        Column("duration", durations, own=True),
        Column("pageviews", lambda s: s.pageviews),
        Column("events", lambda s: s.events),
        Column("is_bounce", lambda s: s.bounces),
        _entry("country", "places"),
        _entry("browser", "agents"),
        _entry("os", "agents"),
        _entry("device", "agents"),
    )
)


def _url(page: Page) -> str:
    return page.path + page.querystring


_WORDS: Final = Words(WORLDS, ("page", _url))


def list_sessions(asked: ViewRequest) -> ViewResult:
    """A page of the sessions that start in a range of days, newest first."""
    options: ListSessions = asked.query
    found = asked.site.find(wanted(options, asked, _WORDS), asked.now)
    # Every site and every set of parameters, as they were sent, has a key of its own: a cursor made for others is noise.
    cursors = Permutation(key(asked.site.key, "cursor", repr(replace(options, cursor=None, limit=USUAL))), 64)
    than = None if options.cursor is None else _place(_number(options.cursor, cursors), found, asked)
    page = found.older(than, options.limit + 1)
    ids = page.map_rows(_ids)
    rows = encode_array(page.map_rows(_ENCODER.encode)[: options.limit])
    following = _cursor(ids[options.limit - 1], cursors) if len(ids) > options.limit else None
    return ViewResult(b'{"sessions":%b,"next_cursor":%b}' % (rows, json.encode(following)))


def _ids(sessions: SessionBatch) -> list[int]:
    return sessions.ids


def _cursor(number: int, cursors: Permutation) -> str:
    """Name the session that a page ends with."""
    [identifier] = cursors.forward(np.array([number], dtype=np.uint64)).tolist()
    return b64encode(b'{"id":%d}' % identifier).decode()


def _number(cursor: str, cursors: Permutation) -> int | None:
    """The session that a cursor names; ``None`` for a text that :func:`_cursor` never makes."""
    try:
        said = re.fullmatch(rb'{"id":(\d{1,20})}', b64decode(cursor))
    except ValueError:
        return None
    identifier = int(said[1]) if said else -1
    if not 0 <= identifier < 1 << 64:
        return None
    [number] = cursors.back(np.array([identifier], dtype=np.uint64)).tolist()
    return number if number < 1 << _BITS and _cursor(number, cursors) == cursor else None


def _place(number: int | None, found: QueryResult, asked: ViewRequest) -> SortKey:
    """Where the session that a page ended with stands, or stood until it was deleted."""
    session = None if number is None else asked.site.session_before_deletion(number, asked.now)
    if session is None:
        raise ApiError("violation", message="invalid cursor", field="cursor")
    place = SortKey(session.start[0], session.kind, session.index[0])
    if session.kind != KIND:
        return place
    # The index of a tracked session counts only those found: it is read off the last that start together with it.
    together = sum(each.start == place.start for each in asked.site.tracked_data.sessions(asked.now))
    page = found.older(SortKey(place.start, KIND + 1, 0), together)
    places: dict[int | None, SortKey] = dict(zip(page.map_rows(_ids), page.sort_keys(), strict=True))
    return places.get(number, SortKey(place.start, KIND + 1, 0))


def get_session(asked: ViewRequest) -> ViewResult:
    """One session with its events, oldest first."""
    identifier = asked.path["session_id"]
    number = re.fullmatch(r"sess_([0-9a-f]{14})", identifier)
    session = asked.site.session(int(number[1], 16), asked.now) if number else None
    if session is None:
        raise ApiError("unknown_session", message=f"no session {identifier!r}", field="session_id")
    [row], story = _ENCODER.encode(session), session.list_events(0)
    events = [
        _event(event, at) for event, at in zip(story, _times([event.at for event in story]), strict=True)
    ]
    # As in the documented example, only what led to the website is a referrer, not the page before on the same one.
    events[0] = replace(events[0], referrer=story[0].referrer or None)
    return ViewResult(b'{"session":%b,"events":%b}' % (row, json.encode(events)))


def _event(event: Event, at: str) -> SessionEvent:
    match event.kind:
        case "pageview":
            return SessionEvent("pageview", at, url=_url(event.page))
        case "outbound":
            name, data = link(event)
            return SessionEvent("event", at, event_name=name, event_data=data)
    return SessionEvent("event", at, event_name=event.name, event_data=dict(event.properties))


VIEWS: Final = {"list_sessions": list_sessions, "get_session": get_session}
