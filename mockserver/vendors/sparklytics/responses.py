"""Response bodies of Sparklytics' endpoints."""

from typing import Annotated, Any, Literal

from msgspec import Struct

from mockserver.contract.provenance import assumed
from mockserver.vendors.sparklytics.sources import documented, inferred


class Session(Struct, frozen=True):
    """A session, as a row of the list and in detail."""

    session_id: Annotated[str, documented("Id of the session; sess_ and 14 hexadecimal digits are assumed.")]
    visitor_id: Annotated[str, documented("Id of the visitor, 16 characters.")]
    started_at: Annotated[str, documented("Time of the first event, UTC, whole seconds.")]
    ended_at: Annotated[str, documented("Time of the last event, UTC, whole seconds.")]
    duration: Annotated[int, documented("Whole seconds from started_at to ended_at.")]
    pageviews: Annotated[int, documented("Number of pageviews.")]
    events: Annotated[int, inferred("Number of events other than pageviews.", "sessions")]
    is_bounce: Annotated[bool, assumed("True if there is at most one pageview and no other event.")]
    country: Annotated[str | None, documented("ISO 3166-1 code; assumed to be null if unknown.")]
    browser: Annotated[str | None, documented("Name of the browser; assumed to be null if unknown.")]
    os: Annotated[str | None, documented("Name of the operating system; assumed to be null if unknown.")]
    device: Annotated[str | None, documented("desktop, mobile or tablet; assumed to be null if unknown.")]


class SessionPage(Struct, frozen=True):
    """A page of the list."""

    sessions: Annotated[list[Session], documented("The sessions.")]
    next_cursor: Annotated[str | None, documented("Cursor of the next page; null on the last page.")]


class SessionEvent(Struct, frozen=True, omit_defaults=True):
    """An event of a session; keys that do not apply to its type are omitted."""

    event_type: Annotated[Literal["pageview", "event"], documented("pageview, or event for everything else.")]
    timestamp: Annotated[str, documented("UTC, whole seconds.")]
    url: Annotated[str | None, documented("Path and query string of a pageview.")] = None
    referrer: Annotated[
        str | None, inferred("Full URL of the external referrer, on the first pageview, if any.", "sessions")
    ] = None
    event_name: Annotated[str | None, documented("Name of an event.")] = None
    event_data: Annotated[dict[str, Any] | None, documented("Properties of an event.")] = None


class SessionDetail(Struct, frozen=True):
    """One session with its events."""

    session: Annotated[Session, documented("The session, with the fields of the list.")]
    events: Annotated[list[SessionEvent], documented("All events of the session, oldest first.", "feature")]
