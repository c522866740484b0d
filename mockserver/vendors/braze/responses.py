"""Response bodies of Braze's endpoints."""

from typing import Annotated, Literal

from msgspec import Struct

from mockserver.vendors.braze.sources import documented, observed


class SessionPoint(Struct, frozen=True):
    """A point of a series."""

    time: Annotated[
        str,
        documented("Start of the bucket: an ISO 8601 date for days, a date and time for hours.", "client"),
    ]
    sessions: Annotated[int, documented("Number of sessions that start in the bucket.", "client")]


class SessionSeries(Struct, frozen=True):
    """A series of sessions."""

    message: Annotated[Literal["success"], documented("success if there was no error.", "client")]
    data: Annotated[list[SessionPoint], observed("The points, oldest first.", "airbyte")]


class ListedSegment(Struct, frozen=True):
    """A segment in the list."""

    id: Annotated[str, documented("Value for segment_id.", "segments")]
    name: Annotated[str, documented("Name of the segment.", "segments")]
    analytics_tracking_enabled: Annotated[
        bool,
        documented(
            "True if a series can be requested for the segment; assumed to be true for all segments.",
            "segments",
        ),
    ]
    tags: Annotated[
        list[str], documented("Names of its tags; segments are assumed to have none.", "segments")
    ]


class SegmentList(Struct, frozen=True):
    """A page of the list of segments."""

    message: Annotated[Literal["success"], documented("success if there was no error.", "segments")]
    segments: Annotated[list[ListedSegment], documented("Up to 100 segments.", "segments")]
