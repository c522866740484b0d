"""The contract of Braze's REST API: the series of sessions and the list of segments. Data only."""

from typing import Final

from mockserver.contract.behaviors import Behavior
from mockserver.contract.endpoint import Contract, Endpoint
from mockserver.contract.errors import ErrorTemplate
from mockserver.contract.http.cors import Cors
from mockserver.contract.http.credentials import Bearer
from mockserver.contract.limits import WindowLimit
from mockserver.contract.lint_rules import InQuery, LintRule, MissingUtcOffset
from mockserver.contract.pagination import PageNumberPagination
from mockserver.contract.provenance import Basis, assumed
from mockserver.contract.time_windows import TimeWindow
from mockserver.vendors.braze.other_paths import OTHER_PATHS
from mockserver.vendors.braze.request_models import MAX_LENGTH, ExportSessionSeries, ListSegments
from mockserver.vendors.braze.responses import SegmentList, SessionSeries
from mockserver.vendors.braze.sources import SOURCES, documented, inferred, observed

PAGE_SIZE: Final = 100
"""Number of segments per page."""

BEHAVIORS = (
    Behavior(name="braze.permissions", description="Permissions of the tenant's REST key.", default="all", options={
        "all": "All endpoints.", "sessions.data_series": "Only the series of sessions.",
        "segments.list": "Only the list of segments.", "none": "No endpoint.",
    }),
    Behavior(name="braze.rate_limit", description="Number of requests that a workspace may send per hour; 0 means unlimited.",
           default=250_000, unit="requests", basis=Basis.DOCUMENTED, source="limits"),
    Behavior(name="braze.series", description="How buckets without sessions are represented.", default="dense", options={
        "dense": "As a point with 0 sessions.", "sparse": "The point is omitted.",
    }, basis=Basis.INFERRED, source="airbyte"),
    Behavior(name="braze.hour_suffix", description="Suffix of the time of an hourly point.", default="none", options={
        "none": "No suffix.", "Z": "Z.", "offset": "+00:00.",
    }),
    Behavior(name="braze.app_id", description="How an unknown app_id is handled.", default="check", options={
        "check": "The request is rejected.", "ignore": "It is ignored: the sessions of all apps are counted.",
    }),
    Behavior(name="braze.hour_length", description="Unit of length if unit is hour.", default="hours", options={
        "hours": "Hours, as in the vendor's documentation.",
        "days": "Days, as in the client's reference: 24 points for each.",
    }, basis=Basis.DOCUMENTED, source="sessions"),
    Behavior(name="braze.segment_id", description="If a series needs a segment_id.", default="optional", options={
        "optional": "It is optional, as in the vendor's documentation.",
        "required": "It is required, as in the client's reference.",
    }, basis=Basis.DOCUMENTED, source="sessions"),
    Behavior(name="braze.echo_key",
           description="If error messages about a key repeat the key; the default tenant's setting applies to unknown keys.",
           default="echo", options={
        "echo": "They repeat it, as recorded.", "redact": "They contain [redacted] instead.",
    }, basis=Basis.OBSERVED, source="recordings"),
)  # fmt: skip

MESSAGE: Final = {"message": "{message}"}
INVALID_KEY: Final = {"message": "Invalid API key: {credential}"}
INVALID_URL: Final = {"message": "Invalid URL"}
HEADERS: Final = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
EMPTY_HEADERS: Final = dict.fromkeys(HEADERS, "")
WINDOW: Final = WindowLimit(
    allowed="braze.rate_limit",
    seconds=3600,
    opens="clock",
    pool="shared",
    headers=HEADERS,
    documented=250_000,
)
ERRORS: Final = {
    "violation": ErrorTemplate(
        400, MESSAGE, documented("The status is documented; the messages about a query are not.", "errors")
    ),
    "missing_credential": ErrorTemplate(
        401, INVALID_KEY, inferred("A missing key is reported as an empty key.", "errors"), EMPTY_HEADERS
    ),
    "wrong_credential": ErrorTemplate(
        401,
        INVALID_KEY,
        observed(
            "The message repeats the key as it was sent, and the rate-limit headers are empty.", "recordings"
        ),
        EMPTY_HEADERS,
    ),
    "forbidden": ErrorTemplate(
        403,
        {"message": "Access Denied"},
        documented("Status and message are documented for a key without the permission.", "errors"),
    ),
    "rate_limited": ErrorTemplate(
        429, {"message": "Rate limited"}, documented("The status is documented; the body is not.", "errors")
    ),
    "unknown_path": ErrorTemplate(404, INVALID_URL, observed("Recorded verbatim.", "catalogue")),
    "wrong_method": ErrorTemplate(404, INVALID_URL, assumed("Other methods are treated as unknown URLs.")),
    "too_large": ErrorTemplate(413, MESSAGE, assumed("Undocumented.")),
    "internal": ErrorTemplate(
        500, MESSAGE, documented("The status is documented; the body is not.", "errors")
    ),
}

KEY_IN_QUERY: Final = LintRule(
    "key-in-query", InQuery("api_key"), documented("The key belongs in the Authorization header.", "client")
)
KEY_IN_HEADER: Final = (
    documented("The key is sent in the Authorization header.", "client"),
    assumed("The query parameter api_key, which older documentation still uses for the key, is ignored."),
)

SESSIONS_DATA_SERIES: Final = Endpoint(
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
    time_windows=(TimeWindow(end="ending_at", length="length", unit="unit"),),
    example={"length": 7},
    all_rows_params={"length": MAX_LENGTH, "ending_at": "{day_after}"},
    limits=(WINDOW,),
    errors=("forbidden",),
    lint_rules=(
        KEY_IN_QUERY,
        LintRule(
            "range-without-zone",
            MissingUtcOffset("ending_at"),
            documented("ending_at is interpreted as UTC if it has no offset.", "sessions"),
        ),
    ),
    facts=(
        inferred("The series consists of the last buckets that begin before ending_at.", "airbyte"),
        inferred(
            "ending_at may be a bare date, as a client sends it: its first instant, so that the day is excluded.",
            "airbyte",
        ),
        inferred("Days and hours are in UTC; the offset of ending_at only determines the instant.", "airbyte"),
        assumed("The last bucket is counted completely, even if ending_at lies within it."),
        assumed("Future buckets are 0; the current bucket counts sessions so far."),
        assumed("A series that would begin before the year 1 is rejected."),
        observed("Ids are UUIDs of version 4.", "recordings"),
        assumed("The format of an id is not checked; an id is only looked up."),
        *KEY_IN_HEADER,
        documented("The limit applies to the workspace: nearly all endpoints share it.", "limits"),
        observed("Its window is the clock hour, as recorded reset times show.", "recordings"),
    ),
)  # fmt: skip
LIST_SEGMENTS: Final = Endpoint(
    name="list_segments",
    method="GET",
    paths=("/segments/list",),
    summary="List the segments, page by page.",
    query=ListSegments,
    response=SegmentList,
    credentials=Bearer(permission="segments.list"),
    pagination=PageNumberPagination(page="page", first=0, limit=None, size=PAGE_SIZE),
    rows_path="segments",
    row_key=("id",),
    limits=(WINDOW,),
    errors=("forbidden",),
    lint_rules=(KEY_IN_QUERY,),
    facts=(
        inferred("A page past the end is empty, not an error: clients page until they get one.", "airbyte"),
    ),
)
CONTRACT: Final = Contract(
    vendor="braze",
    title="Braze",
    hosts=(
        *(f"rest.iad-0{number}.braze.com" for number in range(1, 9)),
        *(f"rest.{region}.braze.com" for region in ("us-10", "au-01", "id-01", "jp-01", "kr-01")),
        *(f"rest.fra-0{number}.braze.eu" for number in range(1, 3)),
    ),
    sources=SOURCES,
    endpoints=(SESSIONS_DATA_SERIES, LIST_SEGMENTS),
    errors=ERRORS,
    behaviors=BEHAVIORS,
    cors=(Cors(fact=assumed("No web page of another origin may read responses: the API is for servers.")),),
    facts_of_responses=(
        assumed("It is unknown if a proxy in front of the server compresses responses; here, none does."),
    ),
    other_paths=OTHER_PATHS,
)
