"""What Rybbit's endpoints can be asked."""

from typing import Annotated

from msgspec import Meta, Struct

from mockserver.vendors.rybbit.sources import documented, sourced

PAGE_SIZE = 100
"""Rows on a page when the client does not say."""


class DatesAndMinutes(Struct, frozen=True, kw_only=True):
    """The time window and the filters; dates win over minutes. None means all time.

    The parameters of time are texts, because the vendor tells all their faults at once, or passes over them.
    """

    start_date: Annotated[str | None, documented("First day, YYYY-MM-DD; needs end_date.", "start")] = None
    end_date: Annotated[str | None, documented("Last day, YYYY-MM-DD; needs start_date.", "start")] = None
    time_zone: Annotated[
        str | None, documented("IANA name of the zone in which the dates are days.", "start")
    ] = None
    past_minutes_start: Annotated[
        str | None, documented("Older boundary, in minutes before now: the greater number.", "start")
    ] = None
    past_minutes_end: Annotated[str | None, documented("Newer boundary, in minutes before now.", "start")] = (
        None
    )
    filters: Annotated[
        str | None, documented("JSON array of {parameter, type, value}; all of them must hold.", "start")
    ] = None


class CommonParameters(DatesAndMinutes, frozen=True, kw_only=True):
    """With datetimes, over which dates win, and which win over minutes."""

    start_datetime: Annotated[
        str | None, documented("First second, YYYY-MM-DD HH:mm:ss in UTC; since May 2026.", "sessions-2026")
    ] = None
    end_datetime: Annotated[
        str | None, documented("Second at which the window ends, itself excluded.", "sessions-2026")
    ] = None


class ListSessions(CommonParameters, frozen=True, kw_only=True):
    """The query of a list of sessions."""

    page: Annotated[int, Meta(ge=1), documented("Number of the page, from 1.")] = 1
    limit: Annotated[int, Meta(ge=1), documented("Rows on a page, 100 by default.")] = PAGE_SIZE
    user_id: Annotated[str | None, sourced("Only sessions with this user_id or this identified_user_id.")] = (
        None
    )
    identified_only: Annotated[
        str | None, documented("'true' for sessions of identified users only, 'false' by default.")
    ] = None


class ListSessionLocations(CommonParameters, frozen=True, kw_only=True):
    """The query of the places of sessions."""


class GetSession(Struct, frozen=True, kw_only=True):
    """The query of one session."""

    limit: Annotated[int, Meta(ge=1), documented("Events to give, 100 by default.")] = PAGE_SIZE
    offset: Annotated[int, Meta(ge=0), documented("Events to skip, 0 by default.")] = 0
    minutes: Annotated[
        int, Meta(ge=0), documented("Only events of the last so many minutes; 0 means all, as by default.")
    ] = 0


class Filter(Struct, frozen=True):
    """One of the filters."""

    parameter: Annotated[str, documented("What is compared.", "start")]
    type: Annotated[str, documented("How it is compared.", "start")]
    value: Annotated[list[str | int | float], documented("Alternatives: one is enough.", "start")]
