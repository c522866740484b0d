"""The contract of Braze's REST API: the series of sessions, the list of segments. Data only."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from mockserver.contract.behaviors import Behavior
from mockserver.contract.credentials import Bearer
from mockserver.contract.endpoint import Contract, Endpoint
from mockserver.contract.errors import ErrorTemplate
from mockserver.contract.json_formats import DATE_TIME, SEGMENT, SITE
from mockserver.contract.limits import WindowLimit
from mockserver.contract.lint_rules import InQuery, LintRule, MissingUtcOffset
from mockserver.contract.pagination import PageNumberPagination
from mockserver.contract.provenance import Basis, Fact, Source

READ = "2026-11-21"
DOCS = "https://www.braze.com/docs/api/"
SOURCES = {
    "client": Source(
        "braze_ex 1.0.22, BrazeEx.Api.ExportSessionAnalytics",
        "https://hexdocs.pm/braze_ex/BrazeEx.Api.ExportSessionAnalytics.html",
        READ,
    ),
    "sessions": Source(
        "Braze documentation, Export app sessions by time",
        DOCS + "endpoints/export/sessions/get_sessions_analytics/",
        READ,
    ),
    "segments": Source(
        "Braze documentation, Export segment list", DOCS + "endpoints/export/segments/get_segment/", READ
    ),
    "limits": Source("Braze documentation, API rate limits", DOCS + "api_limits/", READ),
    "errors": Source("Braze documentation, API errors and responses", DOCS + "errors/", READ),
    "recordings": Source(
        "Recorded answers in the test suite of braze_ruby", "https://github.com/jonallured/braze_ruby", READ
    ),
    "airbyte": Source(
        "Expected records of Airbyte's Braze connector, of sibling series",
        "https://github.com/airbytehq/airbyte",
        READ,
    ),
    "catalogue": Source(
        "API Evangelist's catalogue of Braze", "https://github.com/api-evangelist/braze", READ
    ),
}
DOCUMENTED, OBSERVED, INFERRED, ASSUMED = Basis.DOCUMENTED, Basis.OBSERVED, Basis.INFERRED, Basis.ASSUMED

LONGEST = 100
"""Points in a series, at most."""
PAGE = 100
"""Segments on a page."""

# The texts of refusals are not documented: they are made like the recorded "canvas_id must be a string of …".
ENDING_AT = "ending_at must be a valid ISO 8601 datetime"
APP_ID = "app_id must be a string of the App api identifier"
SEGMENT_ID = "segment_id must be a string of the Segment api identifier"


class ExportSessionSeries(Struct, frozen=True):
    """The query of a series of sessions."""

    length: Annotated[
        int,
        Meta(ge=1, le=LONGEST),
        Fact(
            "How many units before ending_at the series holds, 1 to 100; the client's reference says days for both.",
            DOCUMENTED,
            "sessions",
            error=f"length must be an integer between 1 and {LONGEST}",
        ),
    ]
    unit: Annotated[
        Literal["day", "hour"],
        Fact(
            "The time between points, day by default.",
            DOCUMENTED,
            "client",
            error="unit must be 'day' or 'hour'",
        ),
    ] = "day"
    ending_at: Annotated[
        str | None,
        DATE_TIME,
        Fact(
            "ISO 8601, UTC where it names no offset; the time of the request by default. Also read are offsets such as "
            "-5:00, and the blank that a raw plus sign becomes in a query.",
            DOCUMENTED,
            "sessions",
            error=ENDING_AT,
        ),
    ] = None
    app_id: Annotated[
        str | None,
        SITE,
        Fact(
            "Only sessions of the app with this id; of all apps by default.",
            DOCUMENTED,
            "client",
            error=APP_ID,
        ),
    ] = None
    segment_id: Annotated[
        str | None,
        SEGMENT,
        Fact(
            "Only sessions of the analytics-enabled segment with this id.",
            DOCUMENTED,
            "client",
            error=SEGMENT_ID,
        ),
    ] = None


class SessionPoint(Struct, frozen=True):
    """A point of a series."""

    time: Annotated[
        str,
        Fact(
            "Begin of the bucket: an ISO 8601 date for days, a date and time for hours.", DOCUMENTED, "client"
        ),
    ]
    sessions: Annotated[int, Fact("Sessions that start in the bucket.", DOCUMENTED, "client")]


class SessionSeries(Struct, frozen=True):
    """The answer to a request for a series."""

    message: Annotated[Literal["success"], Fact("success where nothing went wrong.", DOCUMENTED, "client")]
    data: Annotated[list[SessionPoint], Fact("The points, oldest first.", OBSERVED, "airbyte")]


class ListSegments(Struct, frozen=True):
    """The query of a list of segments."""

    page: Annotated[
        int,
        Meta(ge=0),
        Fact(
            "0, the first, by default.", DOCUMENTED, "segments", error="page must be an integer of at least 0"
        ),
    ] = 0
    sort_direction: Annotated[
        Literal["asc", "desc"],
        Fact(
            "asc, oldest first, by default; desc is newest first.",
            DOCUMENTED,
            "segments",
            error="sort_direction must be 'asc' or 'desc'",
        ),
    ] = "asc"


class ListedSegment(Struct, frozen=True):
    """A segment of a list."""

    id: Annotated[str, Fact("What segment_id takes.", DOCUMENTED, "segments")]
    name: Annotated[str, Fact("The segment's name.", DOCUMENTED, "segments")]
    analytics_tracking_enabled: Annotated[
        bool, Fact("Whether its series can be asked for; assumed of every segment.", DOCUMENTED, "segments")
    ]
    tags: Annotated[
        list[str], Fact("Names of its tags; no segment is assumed to have one.", DOCUMENTED, "segments")
    ]


class SegmentList(Struct, frozen=True):
    """A page of the list of segments."""

    message: Annotated[Literal["success"], Fact("success where nothing went wrong.", DOCUMENTED, "segments")]
    segments: Annotated[list[ListedSegment], Fact("Up to 100 of them.", DOCUMENTED, "segments")]


BEHAVIORS = (
    Behavior(name="braze.permissions", description="What the tenant's REST key may do.", default="all", options={
        "all": "Everything.", "sessions.data_series": "Only ask for series of sessions.",
        "segments.list": "Only list segments.", "none": "Nothing.",
    }),
    Behavior(name="braze.rate_limit", description="How many requests a workspace may send in an hour; 0 for any number.",
           default=250_000, unit="requests", basis=DOCUMENTED, source="limits"),
    Behavior(name="braze.series", description="How a bucket without a session is told.", default="dense", options={
        "dense": "A point with 0 sessions.", "sparse": "It is left out.",
    }, basis=INFERRED, source="airbyte"),
    Behavior(name="braze.hour_suffix", description="What follows the time of an hour.", default="none", options={
        "none": "Nothing.", "Z": "Z.", "offset": "+00:00.",
    }),
    Behavior(name="braze.app_id", description="What an app_id that does not exist means.", default="check", options={
        "check": "The request is refused.", "ignore": "It is passed over: the sessions of all apps are counted.",
    }),
    Behavior(name="braze.segment_id", description="Whether a series needs a segment_id.", default="optional", options={
        "optional": "It does not, as the vendor's documentation has it.",
        "required": "It does, as the client's reference has it.",
    }, basis=DOCUMENTED, source="sessions"),
    Behavior(name="braze.echo_key", description="Whether the message about a key repeats it; for a key of nobody, as the default tenant chose.",
           default="echo", options={
        "echo": "It does, as recorded.", "redact": "It says [redacted] instead.",
    }, basis=OBSERVED, source="recordings"),
)  # fmt: skip

MESSAGE = {"message": "{message}"}
INVALID_KEY = {"message": "Invalid API key: {credential}"}
INVALID_URL = {"message": "Invalid URL"}
HEADERS = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
NO_NUMBERS = dict.fromkeys(HEADERS, "")
WINDOW = WindowLimit(
    allowed="braze.rate_limit",
    seconds=3600,
    opens="clock",
    pool="shared",
    headers=HEADERS,
    documented=250_000,
)
ERRORS = {
    "violation": ErrorTemplate(
        400,
        MESSAGE,
        Fact("The status is documented, the messages for a query are not.", DOCUMENTED, "errors"),
    ),
    "missing_credential": ErrorTemplate(
        401, INVALID_KEY, Fact("A missing key is told as an empty one.", INFERRED, "errors"), NO_NUMBERS
    ),
    "wrong_credential": ErrorTemplate(
        401,
        INVALID_KEY,
        Fact(
            "The message echoes the key as it was presented, and the limit's headers are empty.",
            OBSERVED,
            "recordings",
        ),
        NO_NUMBERS,
    ),
    "forbidden": ErrorTemplate(
        403,
        {"message": "Access Denied"},
        Fact("Status and words are documented for a key without the permission.", DOCUMENTED, "errors"),
    ),
    "rate_limited": ErrorTemplate(
        429,
        {"message": "Rate limited"},
        Fact("The status is documented, the body is not.", DOCUMENTED, "errors"),
    ),
    "unknown_path": ErrorTemplate(404, INVALID_URL, Fact("Recorded word for word.", OBSERVED, "catalogue")),
    "wrong_method": ErrorTemplate(404, INVALID_URL, Fact("Another method is another URL.", ASSUMED)),
    "too_large": ErrorTemplate(413, MESSAGE, Fact("Not documented.", ASSUMED)),
    "internal": ErrorTemplate(
        500, MESSAGE, Fact("The status is documented, the body is not.", DOCUMENTED, "errors")
    ),
}

KEY_IN_QUERY = LintRule(
    "key-in-query",
    InQuery("api_key"),
    Fact("The key belongs in the Authorization header.", DOCUMENTED, "client"),
)
KEY_IN_HEADER = (
    Fact("The key stands in the Authorization header.", DOCUMENTED, "client"),
    Fact(
        "The query parameter api_key, which older documentation still takes for the key, is passed over.",
        ASSUMED,
    ),
)

SESSIONS_DATA_SERIES = Endpoint(
    name="sessions_data_series",
    method="GET",
    paths=("/sessions/data_series",),
    summary="Count sessions by day or by hour.",
    query=ExportSessionSeries,
    response=SessionSeries,
    credentials=Bearer(permission="sessions.data_series"),
    rows_path="data",
    row_key=("time",),
    count_field="sessions",
    example={"length": 7},
    all_rows_params={"length": LONGEST, "ending_at": "{day_after}"},
    limits=(WINDOW,),
    errors=("forbidden",),
    lint_rules=(
        KEY_IN_QUERY,
        LintRule(
            "range-without-zone",
            MissingUtcOffset("ending_at"),
            Fact("Without an offset, ending_at is taken for UTC.", DOCUMENTED, "sessions"),
        ),
    ),
    facts=(
        Fact(
            "The series is the last buckets that begin before ending_at: a bare date excludes its day.",
            INFERRED,
            "airbyte",
        ),
        Fact(
            "Days and hours are those of UTC; the offset of ending_at only fixes the instant.",
            INFERRED,
            "airbyte",
        ),
        Fact("The last bucket is counted whole, even where ending_at lies within it.", ASSUMED),
        Fact("Buckets in the future hold no session, and the one it is now those of until now.", ASSUMED),
        Fact("A series that begins before the year 1 is refused.", ASSUMED),
        Fact("Ids are UUIDs of version 4.", OBSERVED, "recordings"),
        Fact("An id is only compared with those that exist, whatever its shape.", ASSUMED),
        *KEY_IN_HEADER,
        Fact("The limit is the workspace's: nearly all endpoints share it.", DOCUMENTED, "limits"),
        Fact("Its window is the hour of the clock, as recorded times of reset show.", OBSERVED, "recordings"),
    ),
)
LIST_SEGMENTS = Endpoint(
    name="list_segments",
    method="GET",
    paths=("/segments/list",),
    summary="List the segments, page by page.",
    query=ListSegments,
    response=SegmentList,
    credentials=Bearer(permission="segments.list"),
    pagination=PageNumberPagination(page="page", first=0, limit=None, size=PAGE),
    rows_path="segments",
    row_key=("id",),
    limits=(WINDOW,),
    errors=("forbidden",),
    lint_rules=(KEY_IN_QUERY,),
    facts=(
        Fact(
            "A page past the end is empty, not refused: clients page until they meet one.",
            INFERRED,
            "airbyte",
        ),
    ),
)
CONTRACT = Contract(
    vendor="braze",
    title="Braze",
    hosts=(
        *(f"rest.iad-0{number}.braze.com" for number in range(1, 9)),
        *(f"rest.{place}.braze.com" for place in ("us-10", "au-01", "id-01", "jp-01", "kr-01")),
        *(f"rest.fra-0{number}.braze.eu" for number in range(1, 3)),
    ),
    sources=SOURCES,
    endpoints=(SESSIONS_DATA_SERIES, LIST_SEGMENTS),
    errors=ERRORS,
    behaviors=BEHAVIORS,
)
