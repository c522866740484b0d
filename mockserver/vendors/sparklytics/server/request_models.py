"""Query parameters of the server's endpoints, with the messages of its web framework for invalid values."""

from typing import Annotated, Final, Literal

from msgspec import Meta

from mockserver.contract.validation import CURSOR
from mockserver.vendors.sparklytics.request_models import PAGE_SIZE, ListSessions
from mockserver.vendors.sparklytics.sources import sourced

MAXIMUM: Final = 200
"""Maximum number of rows per page."""
_U32_MAX: Final = 2**32 - 1
_INVALID_LIMIT: Final = (
    ("", "limit: cannot parse integer from empty string"),
    (r"\+?[0-9]+", "limit: number too large to fit in target type"),
    (".*", "limit: invalid digit found in string"),
)
_INVALID_FLAG: Final = "include_bots: provided string was not `true` or `false`"


class ListRows(ListSessions, frozen=True):
    """The query of a list of sessions."""

    start_date: Annotated[str | None, sourced("First day of the range; default six days ago.")] = None
    end_date: Annotated[str | None, sourced("Last day of the range; default today.")] = None
    timezone: Annotated[str, sourced("Not used: days are in UTC.")] = "UTC"
    cursor: Annotated[
        str | None, CURSOR, sourced("next_cursor of the previous page; an empty cursor is invalid.")
    ] = None
    limit: Annotated[
        int,
        Meta(ge=0, le=_U32_MAX, extra_json_schema={"minimum": 1, "maximum": MAXIMUM}),
        sourced(f"Rows per page: default {PAGE_SIZE}, from 1 to {MAXIMUM}.", error=_INVALID_LIMIT),
    ] = PAGE_SIZE
    include_bots: Annotated[
        Literal["true", "false"],
        sourced(
            "true to include bots; by default they are included only if the website's policy allows them.",
            error=_INVALID_FLAG,
        ),
    ] = "false"
    filter_country: Annotated[str | None, sourced("ISO 3166-1 code, in upper case.")] = None
    filter_page: Annotated[
        str | None,
        sourced("Part of the full URL of a page viewed; % matches any characters and _ any single character."),
    ] = None  # fmt: skip
    filter_referrer: Annotated[
        str | None, sourced("Domain of the referrer, in lower case, with its port.")
    ] = None
    filter_browser: Annotated[str | None, sourced("Name of the browser, as in rows.")] = None
    filter_os: Annotated[
        str | None, sourced("Name of the operating system, as in rows: Mac OSX, not macOS.")
    ] = None
    filter_device: Annotated[str | None, sourced("desktop or mobile, as in rows.")] = None
    filter_language: Annotated[str | None, sourced("Language tag as sent by the browser, such as en-US.")] = (
        None
    )
    filter_utm_source: Annotated[str | None, sourced("UTM parameter.")] = None
    filter_utm_medium: Annotated[str | None, sourced("UTM parameter.")] = None
    filter_utm_campaign: Annotated[str | None, sourced("UTM parameter.")] = None
    filter_region: Annotated[str | None, sourced("English name of the region.")] = None
    filter_city: Annotated[str | None, sourced("English name of the city.")] = None
    filter_hostname: Annotated[str | None, sourced("Host of the website, case-insensitive.")] = None
