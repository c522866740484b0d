"""Request parameters of Rybbit's endpoints."""

from typing import Annotated

from msgspec import Meta, Struct

from mockserver.vendors.rybbit.sources import documented, sourced

PAGE_SIZE = 100
"""Default number of rows per page."""
UserId = Annotated[str | None, sourced("Only sessions with this user_id or identified_user_id.")]
IdentifiedOnly = Annotated[
    str | None, documented("'true' for sessions of identified users only; 'false' by default.")
]


class DatesAndMinutes(Struct, frozen=True, kw_only=True):
    """Time range and filters. Dates take precedence over minutes; without either, the range is unlimited.

    Time parameters are texts, because the vendor reports all their errors at once, or ignores them.
    """

    start_date: Annotated[str | None, documented("First day, YYYY-MM-DD; requires end_date.", "start")] = None
    end_date: Annotated[str | None, documented("Last day, YYYY-MM-DD; requires start_date.", "start")] = None
    time_zone: Annotated[str | None, documented("IANA time zone of the dates.", "start")] = None
    past_minutes_start: Annotated[
        str | None, documented("Older boundary, in minutes before now; the larger number.", "start")
    ] = None
    past_minutes_end: Annotated[str | None, documented("Newer boundary, in minutes before now.", "start")] = (
        None
    )
    filters: Annotated[
        str | None,
        documented("JSON array of {parameter, type, value}; a session must match all of them.", "start"),
    ] = None


class CommonParameters(DatesAndMinutes, frozen=True, kw_only=True):
    """Adds datetimes. Dates take precedence over datetimes, and datetimes over minutes."""

    start_datetime: Annotated[
        str | None,
        documented("Start, YYYY-MM-DD HH:mm:ss in UTC, inclusive; since May 2026.", "sessions-2026"),
    ] = None
    end_datetime: Annotated[str | None, documented("End, exclusive.", "sessions-2026")] = None


class ListSessions(CommonParameters, frozen=True, kw_only=True):
    """Query parameters of the list of sessions."""

    page: Annotated[int, Meta(ge=1), documented("Page number, starting at 1.")] = 1
    limit: Annotated[int, Meta(ge=1), documented("Rows per page, 100 by default.")] = PAGE_SIZE
    user_id: UserId = None
    identified_only: IdentifiedOnly = None


class ListSessionLocations(CommonParameters, frozen=True, kw_only=True):
    """Query parameters of the list of locations."""


class GetSession(Struct, frozen=True, kw_only=True):
    """Query parameters of one session."""

    limit: Annotated[int, Meta(ge=1), documented("Events per page, 100 by default.")] = PAGE_SIZE
    offset: Annotated[int, Meta(ge=0), documented("Events to skip, 0 by default.")] = 0
    minutes: Annotated[
        int, Meta(ge=0), documented("Only events of the last N minutes; 0, the default, means all.")
    ] = 0


class Filter(Struct, frozen=True):
    """One item of the ``filters`` parameter."""

    parameter: Annotated[str, documented("Field to compare.", "start")]
    type: Annotated[str, documented("Comparison operator.", "start")]
    value: Annotated[list[str | int | float], documented("Alternative values; one match is enough.", "start")]
