"""Response bodies of the server's endpoints: all keys are always present, in alphabetical order."""

from typing import Annotated, Final, Literal

from msgspec import Struct

from mockserver.contract.provenance import assumed
from mockserver.vendors.sparklytics.sources import sourced

MAX_EVENTS: Final = 2000
"""Maximum number of events in a session's detail."""


class SessionRow(Struct, frozen=True):
    """A session, as a row of the list and in detail."""

    browser: Annotated[
        str | None,
        sourced("Name of the browser as in woothee; null without a user agent that it can parse.", "woothee"),
    ]
    country: Annotated[str | None, sourced("ISO 3166-1 code in upper case, null if unknown.")]
    device_type: Annotated[
        str | None, sourced("desktop or mobile; woothee does not distinguish tablets.", "woothee")
    ]
    duration_seconds: Annotated[int, sourced("Number of second boundaries between first_seen and last_seen.")]
    entry_page: Annotated[
        str | None,
        sourced("Full URL of the first event; null, which it never is on the server, if no URL was sent."),
    ]
    event_count: Annotated[int, sourced("Number of all events, including pageviews.")]
    exit_page: Annotated[str | None, sourced("Full URL of the last event.")]
    first_seen: Annotated[
        str,
        sourced(
            "Time of the first event, UTC, such as 2026-03-03 10:15:00 or 2026-03-03 10:15:00.12.", "duckdb"
        ),
    ]
    last_seen: Annotated[
        str, sourced("Time of the last event, UTC, without trailing zeros in the fraction.", "duckdb")
    ]
    os: Annotated[
        str | None,
        sourced("Operating system as in woothee, such as Mac OSX, Windows 10 or iPhone.", "woothee"),
    ]
    pageview_count: Annotated[
        int, sourced("Equals event_count: the server counts all events here, although the name says pageviews.")
    ]  # fmt: skip
    session_id: Annotated[str, sourced("Id of the session, 16 hexadecimal digits.")]
    visitor_id: Annotated[str, sourced("Id of the visitor, 16 hexadecimal digits.")]


class Pagination(Struct, frozen=True):
    """Position of a page in the list."""

    has_more: Annotated[bool, sourced("True if there is a next page.")]
    limit: Annotated[int, sourced("The requested limit.")]
    next_cursor: Annotated[str | None, sourced("Cursor of the next page; null on the last page.")]


class SessionPage(Struct, frozen=True):
    """A page of the list."""

    data: Annotated[list[SessionRow], sourced("The sessions.")]
    pagination: Annotated[Pagination, sourced("Position of the page; there is no total.")]


class SessionEvent(Struct, frozen=True, kw_only=True):
    """An event of a session."""

    created_at: Annotated[str, sourced("Time of the event, formatted like first_seen.")]
    event_data: Annotated[
        str | None,
        sourced("Data of the event, as the text of a JSON object with sorted keys; null for pageviews."),
    ]
    event_name: Annotated[str | None, sourced("Name of the event; null for pageviews.")]
    event_type: Annotated[Literal["pageview", "event"], sourced("pageview, or event for everything else.")]
    id: Annotated[str, sourced("Id of the event, a UUID of version 4.")]
    url: Annotated[
        str, assumed("Full URL of the event's page; empty if none was sent, which the server rejects.")
    ]


class Detail(Struct, frozen=True):
    """A session and its first events."""

    events: Annotated[
        list[SessionEvent], sourced(f"Events of the session, oldest first, at most {MAX_EVENTS:,}.")
    ]
    session: Annotated[
        SessionRow, sourced("The session, with the fields of the list; its counts include all events.")
    ]
    truncated: Annotated[bool, sourced("True if there are more events.")]


class SessionDetail(Struct, frozen=True):
    """One session with its events."""

    data: Annotated[Detail, sourced("The session.")]
