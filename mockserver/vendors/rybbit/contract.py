"""The contract of Rybbit's sessions API as documented: errors and endpoints."""

from typing import Any, Final

from mockserver.contract.endpoint import Contract, Endpoint
from mockserver.contract.errors import ErrorTemplate
from mockserver.contract.http.cors import Cors
from mockserver.contract.http.credentials import Bearer
from mockserver.contract.limits import WindowLimit
from mockserver.contract.lint_rules import ExceedsMaximum, InQuery, LintRule, MissingCompanion
from mockserver.contract.pagination import OffsetPagination, PageNumberPagination
from mockserver.contract.provenance import Fact, assumed
from mockserver.contract.time_windows import TimeWindow
from mockserver.vendors.rybbit import facts
from mockserver.vendors.rybbit.behaviors import BEHAVIORS, MAX_LIMIT
from mockserver.vendors.rybbit.other_paths import OTHER_PATHS
from mockserver.vendors.rybbit.request_models import PAGE_SIZE, GetSession, ListSessionLocations, ListSessions
from mockserver.vendors.rybbit.responses import OneSession, SessionLocations, SessionPage
from mockserver.vendors.rybbit.sources import SOURCES, documented, inferred, newest, sourced

# Errors.

_JSON = {"Content-Type": "application/json; charset=utf-8"}
_DOCUMENTED_STATUS = documented("The status is documented; the text is the server's.", "start")


def error_template(status: int, text: str, fact: Fact) -> ErrorTemplate:
    """Return an error whose body is only a text."""
    return ErrorTemplate(status, {"error": text}, fact)


_UNAUTHORIZED = error_template(401, "Unauthorized", _DOCUMENTED_STATUS)
_UNKNOWN_ROUTE = ErrorTemplate(
    404,
    {"message": "Route {method}:{path} not found", "error": "Not Found", "statusCode": 404},
    sourced("The response of the server's framework to an unknown path or method."),
    _JSON,
)
ERRORS = {
    "violation": error_template(
        400,
        "{message}",
        documented(
            "The status and the format are documented; the texts about time ranges were read in the server"
            " of July 2026.",
            "start",
        ),
    ),
    "missing_credential": _UNAUTHORIZED,
    "wrong_credential": _UNAUTHORIZED,
    "forbidden": error_template(403, "Forbidden", _DOCUMENTED_STATUS),
    "unknown_site": error_template(404, "Site not found", _DOCUMENTED_STATUS),
    "unknown_session": error_template(404, "Session not found", _DOCUMENTED_STATUS),
    "rate_limited": ErrorTemplate(
        429,
        {"success": False, "error": "Rate limit exceeded. Maximum 500 requests per 10 minutes per API key."},
        documented("The body is documented; headers are not.", "start"),
    ),
    "unknown_path": _UNKNOWN_ROUTE,
    "wrong_method": _UNKNOWN_ROUTE,
    "too_large": error_template(413, "Request body is too large", assumed("No endpoint takes a body.")),
    "internal": error_template(
        500,
        "Internal Server Error",
        documented("The status and the format are documented; the text is assumed.", "start"),
    ),
}


# Endpoints.

_API_KEY = Bearer(query="api_key")
_LIMITS = (
    WindowLimit(
        allowed="rybbit.rate_limit",
        seconds=600,
        opens="first",
        pool="api",
        documented=500,
        retry_after="rybbit.retry_after",
    ),
)
_SITE = documented("Numeric id of the site, or the id in its tracking script (12 hexadecimal digits).")
FILTERED_EXAMPLE = {
    "filters": '[{"parameter":"country","type":"equals","value":["US"]},'
    '{"parameter":"browser","type":"equals","value":["Chrome"]},'
    '{"parameter":"pathname","type":"equals","value":["/pricing"]}]'
}
_KEY_IN_QUERY = LintRule(
    "key-in-query",
    InQuery("api_key"),
    assumed("The API key should be sent in the Authorization header."),
    "warning",
)
RANGE_WITHOUT_ZONE = LintRule(
    "range-without-zone",
    MissingCompanion("start_date", "time_zone"),
    documented("A range of dates requires time_zone; without it, dates are assumed to be UTC days.", "start"),
    "warning",
)
LIMIT_ABOVE_MAXIMUM = LintRule(
    "limit-above-maximum",
    ExceedsMaximum("limit", MAX_LIMIT),
    newest("The newest server returns at most 10,000 rows per page."),
    "warning",
)

DATES_AND_MINUTES = (
    TimeWindow("start_date", "end_date"),
    TimeWindow("past_minutes_start", "past_minutes_end", values="minutes_ago"),
)
WINDOWS = (DATES_AND_MINUTES[0], TimeWindow("start_datetime", "end_datetime"), DATES_AND_MINUTES[1])

LIST_SESSIONS = Endpoint(
    name="list_sessions",
    method="GET",
    paths=("/api/sessions/{site}", "/api/sites/{site}/sessions"),
    summary="List the sessions of a site, page by page.",
    path={"site": _SITE},
    site="site",
    query=ListSessions,
    ignored_params=("segment_id",),
    response=SessionPage,
    credentials=_API_KEY,
    empty="absent",
    headers=_JSON,
    pagination=PageNumberPagination(page="page", first=1, limit="limit", size=PAGE_SIZE, maximum=MAX_LIMIT),
    rows_path="data",
    row_key=("session_id",),
    start_field="session_start",
    visitor_field="user_id",
    time_windows=WINDOWS,
    limits=_LIMITS,
    lint_rules=(_KEY_IN_QUERY, RANGE_WITHOUT_ZONE, LIMIT_ABOVE_MAXIMUM),
    filtered_example=FILTERED_EXAMPLE,
    all_rows_params={"limit": MAX_LIMIT},
    facts=(
        assumed(
            "Sorted by session_start, latest first, so that pages neither overlap nor leave gaps; the"
            " server sorts by session_end."
        ),
        facts.NO_TOTAL,
        assumed(
            "A page or limit that is not an integer of at least 1 returns 400; servers return 500 or use"
            " the default."
        ),
        *facts.LIST_FACTS,
    ),
)
GET_SESSION = Endpoint(
    name="get_session",
    method="GET",
    paths=("/api/sessions/{sessionId}/{site}", "/api/sites/{site}/sessions/{sessionId}"),
    summary="Get a session with a page of its events.",
    path={"sessionId": documented("Session ID."), "site": _SITE},
    site="site",
    query=GetSession,
    response=OneSession,
    credentials=_API_KEY,
    empty="absent",
    headers=_JSON,
    pagination=OffsetPagination(
        offset="offset", limit="limit", size=PAGE_SIZE, total="data.pagination.total"
    ),
    limits=_LIMITS,
    lint_rules=(_KEY_IN_QUERY,),
    errors=("unknown_session",),
    facts=(
        facts.MINUTES_LIMIT_EVENTS,
        assumed(
            "A limit, offset or minutes that is negative or not an integer, or a limit of 0, returns 400."
        ),
        facts.BOTS_NOT_FOUND,
        *facts.PATHS_AND_HOSTS,
    ),
)
LIST_SESSION_LOCATIONS = Endpoint(
    name="list_session_locations",
    method="GET",
    paths=(
        "/api/session-locations/{site}",
        "/api/sites/{site}/session-locations",
        "/api/sites/{site}/sessions/locations",
    ),
    summary="Count the sessions of a site by place.",
    path={"site": _SITE},
    site="site",
    query=ListSessionLocations,
    ignored_params=("segment_id",),
    response=SessionLocations,
    credentials=_API_KEY,
    empty="absent",
    headers=_JSON,
    rows_path="data",
    row_key=("lat", "lon"),
    time_windows=WINDOWS,
    count_field="count",
    limits=_LIMITS,
    lint_rules=(_KEY_IN_QUERY, RANGE_WITHOUT_ZONE),
    filtered_example=FILTERED_EXAMPLE,
    facts=(*facts.LOCATION_FACTS, *facts.LIST_FACTS),
)
PAGES_OF_2025: Final[dict[str, Any]] = {
    "origin": "request",
    "credentials": True,
    "methods": "GET, POST, PUT, DELETE, OPTIONS, PATCH",
    "headers": "Content-Type, Authorization, X-Requested-With, x-captcha-response, x-private-key",
}
"""The headers that the server of December 2025 sends to web pages of other origins."""

CONTRACT = Contract(
    vendor="rybbit",
    title="Rybbit",
    hosts=("api.rybbit.io", "app.rybbit.io"),
    sources=SOURCES,
    endpoints=(LIST_SESSIONS, GET_SESSION, LIST_SESSION_LOCATIONS),
    errors=ERRORS,
    behaviors=BEHAVIORS,
    cors=(
        Cors(
            fact=inferred(
                "Undocumented: every web page may read responses, as with the server of December 2025.",
                "server",
            ),
            **PAGES_OF_2025,
        ),
    ),
    facts_of_responses=(
        assumed("It is unknown if a proxy in front of the server compresses responses; here, none does."),
    ),
    other_paths=OTHER_PATHS,
)
