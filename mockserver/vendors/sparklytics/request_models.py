"""Query parameters of Sparklytics' endpoints."""

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from mockserver.contract.validation import CURSOR, DATE, ZONE
from mockserver.vendors.sparklytics.sources import documented, sourced

MAXIMUM: Final = 100
"""Maximum number of rows per page."""
PAGE_SIZE: Final = 50
"""Default number of rows per page."""


class ListSessions(Struct, frozen=True):
    """The query of a list of sessions."""

    start_date: Annotated[
        str | None, DATE, documented("First day of the range, YYYY-MM-DD; default 7 days ago.")
    ] = None
    end_date: Annotated[str | None, DATE, documented("Last day of the range, YYYY-MM-DD; default today.")] = (
        None
    )
    timezone: Annotated[str, ZONE, documented("Time zone of the days, an IANA name; default UTC.")] = "UTC"
    cursor: Annotated[str | None, CURSOR, documented("next_cursor of the previous page.")] = None
    limit: Annotated[
        int,
        Meta(ge=1, le=MAXIMUM),
        documented("Rows per page: default 50, maximum 100.", error=f"limit must be between 1 and {MAXIMUM}"),
    ] = PAGE_SIZE
    include_bots: Annotated[
        Literal["true", "false"],
        sourced(
            "true to include bots; default false. No other values are known.",
            error="include_bots must be true or false",
        ),
    ] = "false"
    filter_country: Annotated[str | None, documented("ISO 3166-1 code, in upper case.")] = None
    filter_page: Annotated[
        str | None, documented("Path of the entry page; a behavior selects other comparisons.", "feature")
    ] = None
    filter_referrer: Annotated[str | None, documented("Domain of the referrer, in lower case.")] = None
    filter_browser: Annotated[str | None, documented("Name of the browser.")] = None
    filter_os: Annotated[str | None, documented("Name of the operating system.")] = None
    filter_device: Annotated[str | None, documented("desktop, mobile or tablet.")] = None
    filter_language: Annotated[str | None, documented("Language tag, such as en-US.")] = None
    filter_utm_source: Annotated[str | None, documented("UTM parameter.")] = None
    filter_utm_medium: Annotated[str | None, documented("UTM parameter.")] = None
    filter_utm_campaign: Annotated[str | None, documented("UTM parameter.")] = None
    filter_region: Annotated[str | None, documented("English name of the region.")] = None
    filter_city: Annotated[str | None, documented("English name of the city.")] = None
    filter_hostname: Annotated[str | None, documented("Host of the website, case-insensitive.")] = None
