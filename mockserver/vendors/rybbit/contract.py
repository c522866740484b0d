"""The contract of Rybbit's sessions API as documented: shared facts, behaviors, errors and endpoints."""

from mockserver.contract.behaviors import Behavior
from mockserver.contract.credentials import Bearer
from mockserver.contract.endpoint import Contract, Endpoint
from mockserver.contract.errors import ErrorTemplate
from mockserver.contract.limits import WindowLimit
from mockserver.contract.lint_rules import ExceedsMaximum, InQuery, LintRule, MissingCompanion
from mockserver.contract.pagination import OffsetPagination, PageNumberPagination
from mockserver.contract.provenance import Basis, assumed
from mockserver.vendors.rybbit.filters.conditions import MAX_FILTER_STEPS
from mockserver.vendors.rybbit.request_models import PAGE_SIZE, GetSession, ListSessionLocations, ListSessions
from mockserver.vendors.rybbit.responses import OneSession, SessionLocations, SessionPage
from mockserver.vendors.rybbit.sources import SOURCES, documented, sourced

# Facts that several endpoints or dialects share.

RANGE_BY_START = assumed(
    "A session is in a time range if it starts in it, and is returned whole; the server truncates sessions"
    " at the edges of the range."
)
_INCLUSIVE_END_DATE = sourced("The end date is inclusive; a start date after the end date matches nothing.")
_WHOLE_SECONDS = sourced(
    "Minutes before now are compared in whole seconds; the older boundary is exclusive, the newer inclusive."
)
STRICT_TIME_FACTS = (
    _INCLUSIVE_END_DATE,
    sourced(
        "Dates without time_zone are UTC days; the server of December 2025 ignored such dates.",
        "server-2026",
    ),
    _WHOLE_SECONDS,
    sourced(
        "An incomplete pair or an invalid format, value, zone or order returns 400 with all errors listed.",
        "server-2026",
    ),
    assumed(
        "At most one error is listed per parameter; the order of two values is checked only if both are"
        " valid."
    ),
)
LENIENT_TIME_FACTS = (
    _INCLUSIVE_END_DATE,
    _WHOLE_SECONDS,
    sourced(
        "Dates require time_zone; without it, or with only one of the two dates, they are ignored and the"
        " range is unlimited."
    ),
    sourced("An invalid date, zone or number of minutes makes the range unlimited, without an error."),
    assumed("Zone names are case-sensitive; the server returns 500 for some names in the wrong case."),
)
"""Time ranges in December 2025."""
FILTER_FIELD_FACTS = (
    documented("A session must match all filters; several values of one filter are alternatives.", "start"),
    sourced("lat and lon are equal if they differ by at most 0.001; contains means the same as equals."),
    sourced(
        "city is compared as region and city, browser_version and operating_system_version as name and"
        " version; Windows 10 is Windows 10/11."
    ),
    sourced("referrer is compared as its host without www; it is empty for a direct visit."),
    assumed("event_name is compared with all events except pageviews."),
    assumed(
        "Regular expressions use Python's syntax without lookaround, backreferences, atomic groups and"
        " possessive quantifiers, and take linear time, like the vendor's RE2."
    ),
    assumed(
        f"Filters that take more than {MAX_FILTER_STEPS:,} steps (visited states of a pattern, or"
        " characters) fail like filters that the database cannot answer; this bound is ours, not the"
        " vendor's."
    ),
)
"""The fields that filters compare, in all dialects."""
_NEGATION_OF_ALL = sourced(
    "not_equals, not_contains and not_regex require that no value matches; in December 2025, one value"
    " that does not match was enough.",
    "server-2026",
)
_LITERAL_TEXTS = sourced("Filters are case-sensitive; % and _ in contains are literal.", "server-2026")
_ANY_EVENT = sourced(
    "pathname, page_title and querystring are compared with all events; one match is enough.", "server-2026"
)
DOCUMENTED_FILTER_FACTS = (
    _NEGATION_OF_ALL,
    _LITERAL_TEXTS,
    _ANY_EVENT,
    assumed("user_id supports only equals and not_equals; other types return an error that says so."),
    assumed("An invalid filter returns 400; the servers whose source was read return 500."),
)
_SERVER_FILTER_FACTS = (
    sourced("user_id supports equals; all other types mean not_equals."),
    sourced("If a filter has several patterns or several numeric bounds, only the first is used."),
    sourced("Ordering comparisons of a text field and an empty array of values fail in the database: 500."),
)
FILTER_FACTS_2025 = (
    *_SERVER_FILTER_FACTS,
    sourced(
        "For not_equals, not_contains and not_regex, one value that does not match is enough, so two"
        " different values match everything."
    ),
    sourced("Filters are case-sensitive; in contains, % matches any text and _ any character."),
    sourced("For lat and lon, not_equals and not_contains mean equals."),
    sourced(
        "Invalid JSON and validation errors return the framework's 500; its message lists the issues in"
        " zod's format."
    ),
    assumed(
        "vpn, crawler, datacenter, company, company_type, company_domain and asn_… are unknown for all"
        " sessions: they are empty."
    ),
)
FILTER_FACTS_2026 = (
    *_SERVER_FILTER_FACTS,
    _NEGATION_OF_ALL,
    _LITERAL_TEXTS,
    _ANY_EVENT,
    sourced(
        "starts_with, ends_with, is_null, is_not_null, greater_than_or_equal and less_than_or_equal were"
        " added in 2026.",
        "server-2026",
    ),
    assumed("is_null matches empty values; lat and lon are never empty."),
    sourced("Every invalid filter returns a 500 without details.", "server-2026"),
    assumed(
        "tag, device_model, app_version and feature_flag:… are unknown for all sessions: they are empty."
    ),
)
MISSING_LIST_COLUMNS = sourced(
    "The list has no columns for pathname, page_title, querystring, timezone, vpn, crawler, datacenter,"
    " company… and asn_…; filters on them return 500."
)
PATHS_SINCE_2026 = sourced(
    "The paths below /api/sites were added in 2026; the documented paths are older.", "paths"
)
HOSTS = sourced("The documented host api.rybbit.io never existed; the real host is app.rybbit.io.", "host")
LOCATION_FACTS = (
    assumed("Sorted by count, highest first, as in the documented sample; the server does not sort."),
    sourced("Sessions with an unknown place are counted at lat 0, lon 0 with an empty city."),
)
ORDER_BY_END = sourced(
    "Sorted by session_end, then session_start, then session_id, all descending.", "newest"
)
NUMERIC_VERSIONS = assumed(
    "Only versions that look like numbers are sent as numbers; the server converts every such text of a"
    " row, except ids."
)
NO_TOTAL = sourced("The response does not contain the number of sessions; a page past the end is empty.")
MINUTES_LIMIT_EVENTS = sourced(
    "With minutes, session, events and total cover only the last minutes before now; 404 if no event is left."
)
LIMIT_ZERO = sourced("With a limit of 0, no events are returned and hasMore is true.")
BOTS_NOT_FOUND = assumed("Sessions of bots are not found, just as they are not listed.")
SITE_ID_PRECHECK = sourced(
    "A site id that is longer than 4 characters and not a number is looked up before the key is checked:"
    " 404 if the site does not exist."
)


# Behaviors.

MAX_LIMIT = 10_000
"""Maximum rows per page if ``rybbit.over_limit`` is ``clamp``."""
MAX_ROWS_PER_PAGE = 20_000
"""Maximum rows per page in any case: the server handles no other requests while it encodes a page."""

BEHAVIORS = (
    Behavior(
        name="rybbit.rate_limit",
        default=0,
        unit="requests",
        description=(
            "Requests per key in 10 minutes; 0 means unlimited. 500 are documented; self-hosted servers"
            " have no limit. In the dialect server-2026, rybbit.burst_limit and rybbit.daily_limit replace"
            " it."
        ),
    ),
    Behavior(
        name="rybbit.burst_limit",
        default=0,
        unit="requests",
        description=(
            "In the dialect server-2026: requests per key in one burst; 0 means unlimited. The hosted"
            " service documents 50; self-hosted servers have no limit. The burst refills by the tenant's"
            " clock: not at all while the clock is frozen."
        ),
        basis=Basis.DOCUMENTED,
        source="sessions-2026",
    ),
    Behavior(
        name="rybbit.burst_refill",
        default=5,
        unit="requests a second",
        description="In the dialect server-2026: requests of the burst that are refilled per second.",
        basis=Basis.DOCUMENTED,
        source="sessions-2026",
    ),
    Behavior(
        name="rybbit.daily_limit",
        default=0,
        unit="requests",
        description=(
            "In the dialect server-2026: requests per key and UTC day; 0 means unlimited. The hosted"
            " service documents 5,000, and 25,000 for its more expensive plan."
        ),
        basis=Basis.DOCUMENTED,
        source="sessions-2026",
    ),
    Behavior(
        name="rybbit.over_limit",
        description="Effect of a limit above 10,000.",
        default="clamp",
        options={
            "clamp": "10,000 rows are returned, as by the newest server.",
            "honour": (
                "The requested number of rows is returned, as by the server of December 2025. A page of"
                f" more than {MAX_ROWS_PER_PAGE:,} rows fails like a query that the database cannot"
                " answer; this bound is ours, not the vendor's."
            ),
        },
        basis=Basis.SOURCE,
        source="newest",
    ),
    Behavior(
        name="rybbit.identified_only",
        description="Effect of a text other than true and false.",
        default="ignore",
        options={
            "ignore": "Same as false.",
            "400": "The request is rejected.",
        },
        basis=Basis.SOURCE,
        source="server",
    ),
    Behavior(
        name="rybbit.timestamps",
        description="Format of timestamps.",
        default="iso",
        options={
            "iso": "2024-01-31T14:00:00.000Z, as documented.",
            "server": "2024-01-31 14:00:00, as the server sends them.",
        },
        basis=Basis.DOCUMENTED,
        source="sessions",
    ),
    Behavior(
        name="rybbit.region",
        description="Format of regions, in rows and in filters.",
        default="name",
        options={
            "name": "California, as in the documented sample.",
            "code": "US-CA, as the server sends it.",
        },
        basis=Basis.DOCUMENTED,
        source="sessions",
    ),
    Behavior(
        name="rybbit.device_type",
        description="Spelling of device types, in rows and in filters.",
        default="lower",
        options={
            "lower": "desktop, as documented.",
            "capitalized": "Desktop, as the server sends it.",
        },
        basis=Basis.DOCUMENTED,
        source="sessions",
    ),
    Behavior(
        name="rybbit.versions",
        description="JSON type of a version that looks like a number.",
        default="number",
        options={
            "number": "A number, as the server sends it.",
            "text": "A string, like other versions.",
        },
        basis=Basis.SOURCE,
        source="server",
    ),
    Behavior(
        name="rybbit.ip",
        description="Visibility of IP addresses.",
        default="hidden",
        options={
            "hidden": "ip is null, as on sites that do not track it.",
            "shown": "ip is the visitor's address.",
        },
        basis=Basis.SOURCE,
        source="server",
    ),
    Behavior(
        name="rybbit.unknown_country",
        description="Value of country if it is unknown.",
        default="empty",
        options={
            "empty": "An empty string.",
            "padded": "Two NUL characters, as the server sends them.",
        },
        basis=Basis.ASSUMED,
    ),
    Behavior(
        name="rybbit.order",
        description="Order of the list of sessions.",
        default="start",
        options={
            "start": "Latest start first.",
            "end": "Latest end first, as by the server; sessions that end in the same second are sorted by"
            " start, latest first.",
        },
        basis=Basis.ASSUMED,
    ),
)


# Errors.

_UNAUTHORIZED = ErrorTemplate(
    401, {"error": "Unauthorized"}, documented("The status is documented; the text is the server's.", "start")
)
_UNKNOWN_ROUTE = ErrorTemplate(
    404,
    {"message": "Route {method}:{path} not found", "error": "Not Found", "statusCode": 404},
    sourced("The response of the server's framework to an unknown path or method."),
    {"Content-Type": "application/json; charset=utf-8"},
)
ERRORS = {
    "violation": ErrorTemplate(
        400,
        {"error": "{message}"},
        documented(
            "The status and the format are documented; the texts about time ranges were read in the server"
            " of July 2026.",
            "start",
        ),
    ),
    "missing_credential": _UNAUTHORIZED,
    "wrong_credential": _UNAUTHORIZED,
    "forbidden": ErrorTemplate(
        403,
        {"error": "Forbidden"},
        documented("The status is documented; the text is the server's.", "start"),
    ),
    "unknown_site": ErrorTemplate(
        404,
        {"error": "Site not found"},
        documented("The status is documented; the text is the server's.", "start"),
    ),
    "unknown_session": ErrorTemplate(
        404,
        {"error": "Session not found"},
        documented("The status is documented; the text is the server's.", "start"),
    ),
    "rate_limited": ErrorTemplate(
        429,
        {"success": False, "error": "Rate limit exceeded. Maximum 500 requests per 10 minutes per API key."},
        documented("The body is documented; headers are not.", "start"),
    ),
    "unknown_path": _UNKNOWN_ROUTE,
    "wrong_method": _UNKNOWN_ROUTE,
    "too_large": ErrorTemplate(
        413, {"error": "Request body is too large"}, assumed("No endpoint takes a body.")
    ),
    "internal": ErrorTemplate(
        500,
        {"error": "Internal Server Error"},
        documented("The status and the format are documented; the text is assumed.", "start"),
    ),
}


# Endpoints.

_HEADERS = {"Content-Type": "application/json; charset=utf-8"}
_API_KEY = Bearer(query="api_key")
_LIMITS = (WindowLimit(allowed="rybbit.rate_limit", seconds=600, opens="first", pool="api", documented=500),)
_SITE = documented("Numeric id of the site, or the id in its tracking script (12 hexadecimal digits).")
FILTERED_EXAMPLE = {
    "filters": '[{"parameter":"country","type":"equals","value":["US"]},'
    '{"parameter":"browser","type":"equals","value":["Chrome"]},'
    '{"parameter":"pathname","type":"equals","value":["/pricing"]}]'
}
KEY_IN_QUERY = LintRule(
    "key-in-query",
    InQuery("api_key"),
    assumed("The API key should be sent in the Authorization header."),
)
RANGE_WITHOUT_ZONE = LintRule(
    "range-without-zone",
    MissingCompanion("start_date", "time_zone"),
    sourced("Without time_zone, dates are UTC days.", "server-2026"),
)
_LIMIT_ABOVE_MAXIMUM = LintRule(
    "limit-above-maximum",
    ExceedsMaximum("limit", MAX_LIMIT),
    sourced("The newest server returns at most 10,000 rows per page.", "newest"),
)

LIST_SESSIONS = Endpoint(
    name="list_sessions",
    method="GET",
    paths=("/api/sessions/{site}", "/api/sites/{site}/sessions"),
    summary="List the sessions of a site, page by page.",
    path={"site": _SITE},
    site="site",
    query=ListSessions,
    response=SessionPage,
    credentials=_API_KEY,
    empty="absent",
    headers=_HEADERS,
    pagination=PageNumberPagination(page="page", first=1, limit="limit", size=PAGE_SIZE, maximum=MAX_LIMIT),
    rows_path="data",
    row_key=("session_id",),
    start_field="session_start",
    limits=_LIMITS,
    lint_rules=(KEY_IN_QUERY, RANGE_WITHOUT_ZONE, _LIMIT_ABOVE_MAXIMUM),
    filtered_example=FILTERED_EXAMPLE,
    all_rows_params={"limit": MAX_LIMIT},
    facts=(
        assumed(
            "Sorted by session_start, latest first, so that pages neither overlap nor leave gaps; the"
            " server sorts by session_end."
        ),
        NO_TOTAL,
        assumed(
            "A page or limit that is not an integer of at least 1 returns 400; servers return 500 or use"
            " the default."
        ),
        RANGE_BY_START,
        *STRICT_TIME_FACTS,
        *FILTER_FIELD_FACTS,
        *DOCUMENTED_FILTER_FACTS,
        PATHS_SINCE_2026,
        HOSTS,
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
    headers=_HEADERS,
    pagination=OffsetPagination(
        offset="offset", limit="limit", size=PAGE_SIZE, total="data.pagination.total"
    ),
    limits=_LIMITS,
    lint_rules=(KEY_IN_QUERY,),
    errors=("unknown_session",),
    facts=(
        MINUTES_LIMIT_EVENTS,
        assumed(
            "A limit, offset or minutes that is negative or not an integer, or a limit of 0, returns 400."
        ),
        BOTS_NOT_FOUND,
        PATHS_SINCE_2026,
        HOSTS,
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
    response=SessionLocations,
    credentials=_API_KEY,
    empty="absent",
    headers=_HEADERS,
    rows_path="data",
    row_key=("lat", "lon"),
    count_field="count",
    limits=_LIMITS,
    lint_rules=(KEY_IN_QUERY, RANGE_WITHOUT_ZONE),
    filtered_example=FILTERED_EXAMPLE,
    facts=(
        *LOCATION_FACTS,
        RANGE_BY_START,
        *STRICT_TIME_FACTS,
        *FILTER_FIELD_FACTS,
        *DOCUMENTED_FILTER_FACTS,
        PATHS_SINCE_2026,
        HOSTS,
    ),
)
CONTRACT = Contract(
    vendor="rybbit",
    title="Rybbit",
    hosts=("api.rybbit.io", "app.rybbit.io"),
    sources=SOURCES,
    endpoints=(LIST_SESSIONS, GET_SESSION, LIST_SESSION_LOCATIONS),
    errors=ERRORS,
    behaviors=BEHAVIORS,
)
