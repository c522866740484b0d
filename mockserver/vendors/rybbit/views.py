"""The world as Rybbit tells it."""

from collections import Counter
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from msgspec import json
from msgspec.structs import replace

from mockserver.contract.errors import ApiError
from mockserver.rows.encoder import encode_array
from mockserver.vendors.base import View, ViewRequest, ViewResult
from mockserver.vendors.rybbit.contract import MAXIMUM, MOST_ROWS
from mockserver.vendors.rybbit.dialects.base import DialectBehavior
from mockserver.vendors.rybbit.filters.conditions import IDENTIFIED, wanted
from mockserver.vendors.rybbit.filters.syntax import FilterSyntax
from mockserver.vendors.rybbit.formatting import COUNTRIES, session_number
from mockserver.vendors.rybbit.request_models import DatesAndMinutes, GetSession, ListSessions
from mockserver.vendors.rybbit.responses import (
    Location,
    OneSession,
    Pagination,
    SessionDetails,
    SessionEvent,
    SessionLocations,
    SessionMeta,
)
from mockserver.vendors.rybbit.rows import SETTINGS, TIMESTAMPS, columns, encoder, lasting
from mockserver.vendors.rybbit.time_ranges import Span, after
from mockserver.world.generator.query_result import QueryResult
from mockserver.world.model.query import Condition, Query
from mockserver.world.model.session_batch import Event, SessionBatch

_BOTS: Final = 1


def list_sessions(manner: DialectBehavior, asked: ViewRequest) -> ViewResult:
    """A page of the sessions that start in a window."""
    query: ListSessions = asked.query
    limit = min(query.limit, MAXIMUM) if asked.behaviors["over_limit"] == "clamp" else query.limit
    span, options = manner.window(query, asked.now), manner.options(query)
    where = (*_identified(query.identified_only, asked.behaviors["identified_only"]), *options.where)
    wanting = _wanting(asked, span, manner.filters, query.user_id)
    wanting = replace(wanting, where=(*where, *wanting.where), session=options.session)

    def find(*more: Condition) -> QueryResult:
        return asked.site.find(
            replace(wanting, where=(*wanting.where, *more)) if more else wanting, asked.now
        )

    offset = (query.page - 1) * limit
    if limit > MOST_ROWS and find().total - offset > MOST_ROWS:
        raise manner.filters.is_broken(
            f"limit {limit:,}: session-mock gives at most {MOST_ROWS:,} rows on a page; ask for several pages"
        )
    page = manner.sorted(asked)(find, offset, limit, encoder(SETTINGS(asked.behaviors), manner.more).encode)
    return ViewResult(b'{"data":%b}' % encode_array(page))


def _identified(only: str | None, otherwise: str) -> tuple[Condition, ...]:
    if only not in {"true", "false", None} and otherwise == "400":
        raise ApiError("violation", message=f"identified_only {only!r} must be 'true' or 'false'")
    return (IDENTIFIED,) if only == "true" else ()


def _wanting(asked: ViewRequest, span: Span, grammar: FilterSyntax, user: str | None = None) -> Query:
    query: DatesAndMinutes = asked.query
    told = wanted(query.filters, user, asked.behaviors, grammar, partial(asked.site.texts, now=asked.now))
    return Query(
        start=span[0],
        stop=span[1],
        where=tuple(told.where),
        actors=tuple(told.actors),
        others=tuple(told.others),
    )


def get_session(asked: ViewRequest) -> ViewResult:
    """One session with a page of its events, oldest first."""
    query: GetSession = asked.query
    sessions = _known(asked)
    story = sessions.list_events(0)
    if query.minutes:
        since = after(asked.now, query.minutes)
        story = [event for event in story if event.at >= since]
    if not story:
        raise ApiError("unknown_session")
    page = story[query.offset :][: query.limit]
    more = query.offset + len(page) < len(story)
    details = SessionDetails(
        session=_session(sessions, story, asked),
        events=_events(page, sessions.hostnames[0], asked),
        pagination=Pagination(len(story), query.limit, query.offset, more),
    )
    return ViewResult(json.encode(OneSession(details)))


def _known(asked: ViewRequest) -> SessionBatch:
    identifier = asked.path["sessionId"]
    number = session_number(identifier)
    sessions = None if number is None else asked.site.session(number, asked.now)
    if sessions is None or sessions.kind == _BOTS:
        raise ApiError("unknown_session")
    return sessions


def _session(sessions: SessionBatch, story: list[Event], asked: ViewRequest) -> SessionMeta:
    """Tell of a session what these of its events say."""
    told = {column.name: column.values(sessions)[0] for column in columns(SETTINGS(asked.behaviors))}
    told |= _summary(story, asked)
    return SessionMeta(**{name: told[name] for name in SessionMeta.__struct_fields__})


def _summary(story: list[Event], asked: ViewRequest) -> dict[str, Any]:
    start, end = story[0].at, story[-1].at
    pages = [event.page.path for event in story if event.kind == "pageview"]
    session_start, session_end = TIMESTAMPS[asked.behaviors["timestamps"]]([start, end])
    return {
        "session_start": session_start,
        "session_end": session_end,
        "session_duration": lasting(start, end),
        "pageviews": len(pages),
        "events": len(story),
        "entry_page": pages[0] if pages else "",
        "exit_page": pages[-1] if pages else "",
    }


def _events(story: list[Event], hostname: str, asked: ViewRequest) -> list[SessionEvent]:
    timestamps = TIMESTAMPS[asked.behaviors["timestamps"]]([event.at for event in story])
    return [
        SessionEvent(
            timestamp=timestamp,
            pathname=event.page.path,
            hostname=hostname,
            querystring=event.page.querystring,
            page_title=event.page.title,
            referrer=event.referrer,
            type=event.kind,  # type: ignore[arg-type]  # the world's kinds are the vendor's
            event_name=event.name,
            props=dict(event.properties),
        )
        for timestamp, event in zip(timestamps, story, strict=True)
    ]


def list_session_locations(manner: DialectBehavior, asked: ViewRequest) -> ViewResult:
    """How many of the sessions that start in a window came from each place, most first."""
    counts: Counter[tuple[float, float, str, str]] = Counter()
    country = COUNTRIES[asked.behaviors["unknown_country"]]
    wanting = _wanting(asked, manner.window(asked.query, asked.now), manner.place_filters)
    for place, count in asked.site.find(wanting, asked.now).groups("place"):
        counts[place.latitude, place.longitude, place.city, country(place)] += count
    return ViewResult(
        json.encode(SessionLocations([Location(*place, count) for place, count in counts.most_common()]))
    )


def views(manner: DialectBehavior) -> Mapping[str, View]:
    """The views of a dialect."""
    return {
        "list_sessions": partial(list_sessions, manner),
        "get_session": get_session,
        "list_session_locations": partial(list_session_locations, manner),
    }
