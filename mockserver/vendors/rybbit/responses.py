"""Responses of Rybbit's endpoints."""

from typing import Annotated, Any, Literal

from msgspec import Struct

from mockserver.vendors.rybbit.sources import documented, sourced


class SessionRow(Struct, frozen=True, kw_only=True):
    """A row of the list of sessions."""

    session_id: Annotated[str, documented("Session ID; here 14 hexadecimal digits.")]
    user_id: Annotated[str, documented("Device fingerprint: 12 hexadecimal digits.")]
    identified_user_id: Annotated[str, documented("Custom user ID if identified, else empty.")]
    session_end: Annotated[str, documented("Time of the last event, UTC, in whole seconds.")]
    session_start: Annotated[str, documented("Time of the first event, UTC, in whole seconds.")]
    session_duration: Annotated[int, documented("Seconds from session_start to session_end.")]
    traits: Annotated[
        dict[str, Any] | None, documented("Traits of the identified user; null for an anonymous one.")
    ]
    country: Annotated[
        str, documented("ISO 3166-1 code; empty if unknown (the server sends two NUL characters).")
    ]
    region: Annotated[
        str, documented("Region or state, empty if unknown; the behavior rybbit.region selects name or code.")
    ]
    city: Annotated[str, documented("City name, empty if unknown.")]
    language: Annotated[str, sourced("Language of the browser, such as en-US.")]
    device_type: Annotated[
        str, documented("desktop, mobile or tablet; the behavior rybbit.device_type selects the spelling.")
    ]
    browser: Annotated[str, documented("Browser name, empty if unknown.")]
    browser_version: Annotated[
        str | int | float, sourced("Major version: a number, or an empty string if unknown.")
    ]
    operating_system: Annotated[str, documented("Name of the operating system, empty if unknown.")]
    operating_system_version: Annotated[
        str | int | float, sourced("A number if it looks like one, else a string.")
    ]
    screen_width: Annotated[int, sourced("Pixels, 0 if unknown.")]
    screen_height: Annotated[int, sourced("Pixels, 0 if unknown.")]
    referrer: Annotated[str, documented("Referrer URL of the first event, empty for a direct visit.")]
    channel: Annotated[
        str, sourced("Such as Organic Search; the value organic of the documented sample is never sent.")
    ]
    hostname: Annotated[str, sourced("Host of the first event.")]
    utm_source: Annotated[str, documented("UTM parameter, empty if there was none.")]
    utm_medium: Annotated[str, documented("UTM parameter, empty if there was none.")]
    utm_campaign: Annotated[str, documented("UTM parameter, empty if there was none.")]
    utm_term: Annotated[str, sourced("UTM parameter, empty if there was none.")]
    utm_content: Annotated[str, sourced("UTM parameter, empty if there was none.")]
    entry_page: Annotated[str, documented("Path of the first pageview, empty if there was none.")]
    exit_page: Annotated[str, documented("Path of the last pageview, empty if there was none.")]
    pageviews: Annotated[int, documented("Number of pageviews.")]
    events: Annotated[int, documented("Number of custom events.")]
    errors: Annotated[int, sourced("Number of errors.")]
    outbound: Annotated[int, sourced("Number of outbound clicks.")]
    ip: Annotated[str | None, sourced("Null unless the site tracks addresses (behavior rybbit.ip).")]
    lat: Annotated[float, sourced("Latitude of the city, 0 if unknown.")]
    lon: Annotated[float, sourced("Longitude of the city, 0 if unknown.")]
    has_replay: Annotated[Literal[0, 1], sourced("1 if there is a replay; always 0 here.")]


class SessionPage(Struct, frozen=True):
    """A page of the list of sessions, without a total."""

    data: Annotated[list[SessionRow], documented("The sessions of the page.")]


class SessionMeta(Struct, frozen=True, kw_only=True):
    """A session, returned with its events. With ``minutes``, it covers only the events that are left."""

    session_id: Annotated[str, documented("Session ID.")]
    user_id: Annotated[str, documented("Device fingerprint.")]
    country: Annotated[str, documented("As in the list.")]
    region: Annotated[str, sourced("As in the list.")]
    city: Annotated[str, sourced("As in the list.")]
    language: Annotated[str, sourced("As in the list.")]
    device_type: Annotated[str, documented("As in the list.")]
    browser: Annotated[str, documented("As in the list.")]
    browser_version: Annotated[str | int | float, sourced("As in the list.")]
    operating_system: Annotated[str, documented("As in the list.")]
    operating_system_version: Annotated[str | int | float, sourced("As in the list.")]
    screen_width: Annotated[int, sourced("As in the list.")]
    screen_height: Annotated[int, sourced("As in the list.")]
    referrer: Annotated[str, sourced("As in the list.")]
    channel: Annotated[str, sourced("As in the list.")]
    session_start: Annotated[str, documented("As in the list.")]
    session_end: Annotated[str, documented("As in the list.")]
    session_duration: Annotated[int, documented("As in the list.")]
    pageviews: Annotated[int, documented("Number of pageviews.")]
    events: Annotated[int, documented("Number of all events, pageviews included, unlike in the list.")]
    entry_page: Annotated[str, documented("As in the list.")]
    exit_page: Annotated[str, documented("As in the list.")]
    ip: Annotated[str | None, sourced("As in the list.")]


class SessionEvent(Struct, frozen=True, kw_only=True):
    """An event of a session. Every key is present, as on the server; the documented sample omits some."""

    timestamp: Annotated[str, documented("Time of the event, UTC, in whole seconds.")]
    pathname: Annotated[str, documented("Path of the page where it happened.")]
    hostname: Annotated[str, documented("Host of the page where it happened.")]
    querystring: Annotated[str, sourced("Query string with its leading question mark, or empty.")]
    page_title: Annotated[str, documented("Title of the page where it happened.")]
    referrer: Annotated[str, documented("URL of the previous page; appears only in the documented sample.")]
    type: Annotated[Literal["pageview", "custom_event", "error", "outbound"], documented("Kind of event.")]
    event_name: Annotated[str, sourced("Name of a custom event or an error; empty for other kinds.")]
    props: Annotated[
        dict[str, Any], sourced("Properties of the event as they were sent; empty if it has none.")
    ]


class Pagination(Struct, frozen=True):
    """Position of a page of events."""

    total: Annotated[int, documented("Number of events on all pages.")]
    limit: Annotated[int, documented("As requested.")]
    offset: Annotated[int, documented("As requested.")]
    hasMore: Annotated[bool, documented("True if more events follow this page.")]


class SessionDetails(Struct, frozen=True):
    """A session with a page of its events."""

    session: Annotated[SessionMeta, documented("The session.")]
    events: Annotated[list[SessionEvent], sourced("A page of its events, oldest first.")]
    pagination: Annotated[Pagination, documented("Position of the page.")]


class OneSession(Struct, frozen=True):
    """Response for one session."""

    data: Annotated[SessionDetails, documented("The session with a page of its events.")]


class Location(Struct, frozen=True):
    """Number of sessions from one place."""

    lat: Annotated[float, documented("Latitude, 0 if the place is unknown.")]
    lon: Annotated[float, documented("Longitude, 0 if the place is unknown.")]
    city: Annotated[str, documented("City name, empty if unknown.")]
    country: Annotated[str, documented("Country code, empty if unknown.")]
    count: Annotated[int, documented("Number of sessions from this location.")]


class SessionLocations(Struct, frozen=True):
    """Number of sessions from each place."""

    data: Annotated[list[Location], documented("The places, without duplicates.")]
