"""Query parameters of Braze's endpoints."""

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from mockserver.contract.validation import DATE_TIME, SEGMENT, SITE
from mockserver.vendors.braze.sources import documented

MAX_LENGTH: Final = 100
"""Maximum number of points in a series."""

# Error messages are undocumented; these follow the recorded "canvas_id must be a string of …".
INVALID_ENDING_AT: Final = "ending_at must be a valid ISO 8601 datetime"
INVALID_APP_ID: Final = "app_id must be a string of the App api identifier"
INVALID_SEGMENT_ID: Final = "segment_id must be a string of the Segment api identifier"


class ExportSessionSeries(Struct, frozen=True):
    """The query of a series of sessions."""

    length: Annotated[
        int,
        Meta(ge=1, le=MAX_LENGTH),
        documented(
            "Number of units before ending_at in the series, 1 to 100; the client's reference says days for "
            "both units (behavior braze.hour_length).",
            "sessions",
            f"length must be an integer between 1 and {MAX_LENGTH}",
        ),
    ]
    unit: Annotated[
        Literal["day", "hour"],
        documented("Time between points; default day.", "client", "unit must be 'day' or 'hour'"),
    ] = "day"
    ending_at: Annotated[
        str | None,
        DATE_TIME,
        documented(
            "ISO 8601, UTC if it has no offset; default is the time of the request. Offsets such as -5:00 are "
            "accepted, and so is the space that an unencoded plus sign becomes in a query.",
            "sessions",
            INVALID_ENDING_AT,
        ),
    ] = None
    app_id: Annotated[
        str | None,
        SITE,
        documented("Only sessions of the app with this id; default all apps.", "client", INVALID_APP_ID),
    ] = None
    segment_id: Annotated[
        str | None,
        SEGMENT,
        documented(
            "Only sessions of the analytics-enabled segment with this id.", "client", INVALID_SEGMENT_ID
        ),
    ] = None


class ListSegments(Struct, frozen=True):
    """The query of the list of segments."""

    page: Annotated[
        int,
        Meta(ge=0),
        documented(
            "Page number; default 0, the first page.", "segments", "page must be an integer of at least 0"
        ),
    ] = 0
    sort_direction: Annotated[
        Literal["asc", "desc"],
        documented(
            "asc for oldest first (default), desc for newest first.",
            "segments",
            "sort_direction must be 'asc' or 'desc'",
        ),
    ] = "asc"
