"""Request bodies of Browsee's endpoints."""

from typing import Annotated, Any, Final

from msgspec import Meta, Struct

from mockserver.contract.validation import DATE_TIME, SEGMENT
from mockserver.vendors.browsee.sources import documented, observed

MAXIMUM: Final = 100
"""Maximum and default number of rows per page."""


class ExportOptions(Struct, frozen=True):
    """The options of an export."""

    select: Annotated[
        list[str] | None, documented("Fields to return; all fields if the list is empty or missing.")
    ] = None


class ExportFields(Struct, frozen=True, rename={"offset": "from"}):
    """The fields that the body of an export request has in every dialect."""

    apiKey: Annotated[str, documented("API key of the project; selects the site.")]
    secretKey: Annotated[str, documented("Secret key generated in the settings.")]
    start: Annotated[
        int | None, documented("Unix seconds; only sessions that start at or after. Default 24 hours ago.")
    ] = None
    end: Annotated[int | None, documented("Unix seconds; only sessions that start before. Default now.")] = (
        None
    )
    offset: Annotated[
        Annotated[int, Meta(ge=0)] | None, documented("Offset in the result set, default 0.")
    ] = 0
    limit: Annotated[
        Annotated[int, Meta(ge=1)] | None, documented("Rows per page, default and maximum 100.")
    ] = MAXIMUM
    segmentId: Annotated[str | None, SEGMENT, documented("Only sessions of the segment with this id.")] = None


class ExportSessions(ExportFields, frozen=True):
    """The body of an export request."""

    options: Annotated[ExportOptions | None, documented("Further options.")] = None
    select: Annotated[
        list[str] | None,
        observed("Location of select in the vendor's samples; used if options.select is missing.", "gist"),
    ] = None


class Track(Struct, frozen=True):
    """The body of a track request."""

    apiKey: Annotated[str, documented("API key of the project; selects the site.", "track")]
    event: Annotated[
        str, Meta(min_length=1), documented("Name of the user's action, such as CLICKED_CHECKOUT.", "track")
    ]
    properties: Annotated[dict[str, Any] | None, documented("Properties of the event.", "track")] = None
    userId: Annotated[
        str | None,
        documented("Id of the user; takes precedence over anonymousId. One of the two is required.", "track"),
    ] = None
    anonymousId: Annotated[
        str | None, documented("Any token that ties events to a visitor and a session.", "track")
    ] = None
    timestamp: Annotated[
        str | None, DATE_TIME, documented("ISO 8601; default is the time of receipt.", "track")
    ] = None


class Identify(Struct, frozen=True):
    """The body of an identify request."""

    apiKey: Annotated[str, documented("API key of the project; selects the site.", "identify")]
    userId: Annotated[
        str | None,
        documented(
            "Id of the user; takes precedence over anonymousId. One of the two is required.", "identify"
        ),
    ] = None
    anonymousId: Annotated[str | None, documented("Not needed if userId is sent.", "identify")] = None
    traits: Annotated[
        dict[str, Any] | None,
        documented("Arbitrary keys; name, email and $tags appear in exports.", "identify"),
    ] = None
    timestamp: Annotated[
        str | None, DATE_TIME, documented("ISO 8601; default is the time of receipt.", "identify")
    ] = None
