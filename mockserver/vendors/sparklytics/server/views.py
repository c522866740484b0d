"""The world as the server of Sparklytics tells it."""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from msgspec import json
from msgspec.structs import replace

from mockserver.contract.errors import Refused
from mockserver.vendor import Answer, Asked
from mockserver.vendor.rows import Column, Rows, alone, joined
from mockserver.vendors.sparklytics.asking import WORLDS, Words, wanted
from mockserver.vendors.sparklytics.contract import ListSessions
from mockserver.vendors.sparklytics.rows import durations, link, visitor_ids
from mockserver.vendors.sparklytics.server import agents, cursors
from mockserver.vendors.sparklytics.server.answers import MAXIMUM, MOST_EVENTS, Event
from mockserver.vendors.sparklytics.server.ids import event_id, session_ids, session_number
from mockserver.world.ended import Ended, Order
from mockserver.world.sessions import Event as Happened
from mockserver.world.sessions import Sessions
from mockserver.world.vocabulary import Agent, Page


def _times(instants: Sequence[int]) -> list[str]:
    """Instants as the database writes them: no zeros at the end of a fraction."""
    texts = np.array(instants, dtype="datetime64[ms]").astype(str).tolist()
    return [text.replace("T", " ").rstrip("0").rstrip(".") for text in texts]


def _url(located: tuple[str, Page]) -> str:
    """The url that a browser shows; nothing where the page is unknown."""
    hostname, page = located
    return f"https://{hostname}{page.path}{page.querystring}" if hostname and page.path else page.path + page.querystring


def _urls(hostnames: Sequence[str], pages: Sequence[Page]) -> list[str | None]:
    return [_url(located) or None for located in zip(hostnames, pages, strict=True)]


def _counts(sessions: Sessions) -> list[int]:
    return [seen + done for seen, done in zip(sessions.pageviews, sessions.events, strict=True)]


def _agent(of: Callable[[Agent], str]) -> Callable[[Sessions], list[str | None]]:
    return lambda sessions: [of(agent) or None for agent in sessions.agents]


# Keys are in alphabetical order, which what a session has of its own divides: so all is encoded as if it were its own.
_ROWS: Final = Rows(
    (
        Column("browser", _agent(agents.browser), own=True),
        Column("country", lambda s: [place.country or None for place in s.places], own=True),
        Column("device_type", _agent(agents.device), own=True),
        Column("duration_seconds", durations, own=True),
        Column("entry_page", lambda s: _urls(s.hostnames, s.entries), own=True),
        Column("event_count", _counts, own=True),
        Column("exit_page", lambda s: _urls(s.hostnames, s.exits), own=True),
        Column("first_seen", lambda s: _times(s.start), own=True),
        Column("last_seen", lambda s: _times(s.end), own=True),
        Column("os", _agent(agents.system), own=True),
        Column("pageview_count", _counts, own=True),
        Column("session_id", session_ids, own=True),
        Column("visitor_id", visitor_ids, own=True),
    )
)
_WORDS: Final = Words(
    {
        **WORLDS,
        "browser": ("agent", agents.browser),
        "os": ("agent", agents.system),
        "device": ("agent", agents.device),
    },
    ("url", _url),
)
_ORDER: Final = Order()


def list_sessions(asked: Asked) -> Answer:
    """A page of the sessions that have an event in a range of days, the one that was seen last first."""
    options: ListSessions = asked.query
    limit = options.limit
    if not 1 <= limit <= MAXIMUM:
        raise Refused("violation", message=f"limit must be between 1 and {MAXIMUM}", field="limit")
    query = wanted(options, asked, _WORDS)
    than = None if options.cursor is None else cursors.place(options.cursor)
    # No session rests for a day: whatever starts before the end of the days and ends after their beginning has an event in them.
    page = Ended(asked.site.find(replace(query, start=None), asked.now), _ORDER).older(than, limit + 1)
    ends = page.arrange(lambda sessions: sessions.end)
    count = sum(end >= (query.start or 0) for end in ends)
    rows, has_more = page.arrange(_ROWS.lines)[: min(count, limit)], count > limit
    following = cursors.made(_times([ends[limit - 1]])[0], page.arrange(session_ids)[limit - 1]) if has_more else None
    tail = b'],"pagination":{"has_more":%b,"limit":%d,"next_cursor":%b}}' % (json.encode(has_more), limit, json.encode(following))
    return Answer(joined(b'{"data":[', rows, tail))


def get_session(asked: Asked) -> Answer:
    """One session with its first events, oldest first."""
    identifier = asked.path["session_id"]
    number = session_number(identifier)
    session = None if number is None else asked.site.session(number, asked.now)
    if number is None or session is None:
        raise Refused("unknown_session", message=f"no session {identifier!r}", field="session_id")
    [row], story = _ROWS.lines(session), session.story(0)
    told = story[:MOST_EVENTS]
    events = [
        _event(event, at, session.hostnames[0], event_id(asked.site.key, number, position))
        for position, (event, at) in enumerate(zip(told, _times([event.at for event in told]), strict=True))
    ]
    truncated = json.encode(len(story) > MOST_EVENTS)
    return Answer(b'{"data":{"events":%b,"session":%b,"truncated":%b}}' % (json.encode(events), alone(row), truncated))


def _event(event: Happened, at: str, hostname: str, identifier: str) -> Event:
    url = _url((hostname, event.page))
    if event.kind == "pageview":
        return Event(created_at=at, event_type="pageview", id=identifier, url=url)
    name, data = link(event) if event.kind == "outbound" else (event.name, event.properties)
    text = json.encode(data, order="sorted").decode()
    return Event(created_at=at, event_data=text, event_name=name, event_type="event", id=identifier, url=url)


VIEWS: Final = {"list_sessions": list_sessions, "get_session": get_session}
