"""What the server reads of a query, and what its framework says of what it cannot read."""

from typing import Annotated, Literal

from msgspec import Meta

from mockserver.contract.json_formats import CURSOR
from mockserver.contract.provenance import Fact
from mockserver.vendors.sparklytics.contract import USUAL, ListSessions
from mockserver.vendors.sparklytics.server.responses import MAXIMUM, SOURCE, read

_U32 = 2**32 - 1
_NO_NUMBER = (
    ("", "limit: cannot parse integer from empty string"),
    (r"\+?[0-9]+", "limit: number too large to fit in target type"),
    (".*", "limit: invalid digit found in string"),
)
_NO_FLAG = "include_bots: provided string was not `true` or `false`"


class ListRows(ListSessions, frozen=True):
    """The query of a list of sessions."""

    start_date: Annotated[str | None, read("First day of the range; six days ago by default.")] = None
    end_date: Annotated[str | None, read("Last day of the range; today by default.")] = None
    timezone: Annotated[str, read("Not used: days are days of UTC.")] = "UTC"
    cursor: Annotated[
        str | None, CURSOR, read("next_cursor of the page before; the empty one is invalid.")
    ] = None
    limit: Annotated[
        int,
        Meta(ge=0, le=_U32, extra_json_schema={"minimum": 1, "maximum": MAXIMUM}),
        Fact(f"Rows to give: {USUAL} by default, from 1 to {MAXIMUM}.", SOURCE, "server", _NO_NUMBER),
    ] = USUAL
    include_bots: Annotated[
        Literal["true", "false"],
        Fact(
            "Whether to give bots too; by default only where the website's policy lets them pass.",
            SOURCE,
            "server",
            _NO_FLAG,
        ),
    ] = "false"
    filter_country: Annotated[str | None, read("ISO 3166-1 code, in capitals.")] = None
    filter_page: Annotated[
        str | None, read("Part of the full url of a page seen; % and _ stand for any characters and any one.")
    ] = None
    filter_referrer: Annotated[
        str | None, read("Domain of the referrer, in small letters, with its port.")
    ] = None
    filter_browser: Annotated[str | None, read("Name of the browser, as rows tell it.")] = None
    filter_os: Annotated[
        str | None, read("Name of the operating system, as rows tell it: Mac OSX, not macOS.")
    ] = None
    filter_device: Annotated[str | None, read("desktop or mobile, as rows tell it.")] = None
    filter_language: Annotated[str | None, read("Language tag as the browser sent it, such as en-US.")] = None
    filter_utm_source: Annotated[str | None, read("UTM parameter.")] = None
    filter_utm_medium: Annotated[str | None, read("UTM parameter.")] = None
    filter_utm_campaign: Annotated[str | None, read("UTM parameter.")] = None
    filter_region: Annotated[str | None, read("English name of the region.")] = None
    filter_city: Annotated[str | None, read("English name of the city.")] = None
    filter_hostname: Annotated[str | None, read("Host of the website, in any case.")] = None
