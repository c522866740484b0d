"""What the server answers: every key always there, in alphabetical order."""

from typing import Annotated, Literal

from msgspec import Struct

from mockserver.contract.provenance import Basis, Fact

MAXIMUM = 200
"""Rows on a page, at most."""
MOST_EVENTS = 2000
"""Events of a session, at most."""
ASSUMED, INFERRED, SOURCE = Basis.ASSUMED, Basis.INFERRED, Basis.SOURCE


def read(says: str) -> Fact:
    """What the server's code says."""
    return Fact(says, SOURCE, "server")


class Row(Struct, frozen=True):
    """A session, as a row of the list and in detail."""

    browser: Annotated[
        str | None,
        Fact("Name of the browser in woothee's words; null without a user agent.", SOURCE, "woothee"),
    ]
    country: Annotated[str | None, read("ISO 3166-1 code in capitals, null where unknown.")]
    device_type: Annotated[str | None, Fact("desktop or mobile; woothee knows no tablet.", SOURCE, "woothee")]
    duration_seconds: Annotated[int, read("How often the second changes between first_seen and last_seen.")]
    entry_page: Annotated[
        str | None,
        read("Full url of the first event; null, which the server's own never is, where nobody sent one."),
    ]
    event_count: Annotated[int, read("Number of all events, pageviews among them.")]
    exit_page: Annotated[str | None, read("Full url of the last event.")]
    first_seen: Annotated[
        str,
        Fact(
            "Time of the first event, UTC, such as 2026-03-03 10:15:00 or 2026-03-03 10:15:00.12.",
            SOURCE,
            "duckdb",
        ),
    ]
    last_seen: Annotated[
        str, Fact("Time of the last event, UTC, without the zeros that a fraction ends in.", SOURCE, "duckdb")
    ]
    os: Annotated[
        str | None,
        Fact(
            "Operating system in woothee's words, such as Mac OSX, Windows 10 or iPhone.", SOURCE, "woothee"
        ),
    ]
    pageview_count: Annotated[
        int, read("As event_count: the server counts every event here, though the name says pageviews.")
    ]
    session_id: Annotated[str, read("The session, 16 hexadecimal digits.")]
    visitor_id: Annotated[str, read("The visitor, 16 hexadecimal digits.")]


class Pagination(Struct, frozen=True):
    """Where a page of the list stands."""

    has_more: Annotated[bool, read("Whether there is a next page.")]
    limit: Annotated[int, read("The limit that was asked for.")]
    next_cursor: Annotated[str | None, read("Cursor of the next page; null where there is none.")]


class Page(Struct, frozen=True):
    """A page of the list."""

    data: Annotated[list[Row], read("The sessions.")]
    pagination: Annotated[Pagination, read("Where the page stands; no total.")]


class Event(Struct, frozen=True, kw_only=True):
    """An event of a session."""

    created_at: Annotated[str, read("When it happened, written as first_seen is.")]
    event_data: Annotated[
        str | None,
        read(
            "What was sent with it, as the text of a JSON object whose keys are sorted; null at a pageview."
        ),
    ]
    event_name: Annotated[str | None, read("Name of an event; null at a pageview.")]
    event_type: Annotated[Literal["pageview", "event"], read("pageview, or event for everything else.")]
    id: Annotated[str, read("The event, a UUID of version 4.")]
    url: Annotated[
        str,
        Fact(
            "Full url of the page that it happened on; empty where nobody sent one, which the server refuses.",
            ASSUMED,
        ),
    ]


class Detail(Struct, frozen=True):
    """A session and its first events."""

    events: Annotated[list[Event], read(f"Its events, oldest first, {MOST_EVENTS:,} at most.")]
    session: Annotated[
        Row, read("The session, with the fields of the list; its counts are those of all events.")
    ]
    truncated: Annotated[bool, read("Whether there are more events.")]


class SessionDetail(Struct, frozen=True):
    """One session with its events."""

    data: Annotated[Detail, read("The session.")]
