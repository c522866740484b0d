"""The contract of Rybbit's sessions API. Data only."""

from mockserver.contract.behaviors import Behavior
from mockserver.contract.credentials import Bearer
from mockserver.contract.endpoint import Contract, Endpoint
from mockserver.contract.errors import ErrorTemplate
from mockserver.contract.limits import WindowLimit
from mockserver.contract.lint_rules import ExceedsMaximum, InQuery, LintRule, MissingCompanion
from mockserver.contract.pagination import OffsetPagination, PageNumberPagination
from mockserver.contract.provenance import Basis
from mockserver.vendors.rybbit.filters.conditions import MOST_WORK
from mockserver.vendors.rybbit.request_models import PAGE_SIZE, GetSession, ListSessionLocations, ListSessions
from mockserver.vendors.rybbit.responses import OneSession, SessionLocations, SessionPage
from mockserver.vendors.rybbit.sources import SOURCES, assumed, documented, sourced

AT_START = assumed(
    "A session belongs to the window in which it starts, and is told whole; the server cuts a session off at the edges of the window."
)
_DAYS = sourced("The end date is included; a start date after the end date finds nothing.")
_MINUTES = sourced(
    "Minutes before now are compared in whole seconds: the older boundary excluded, the newer included."
)
TIME = (
    _DAYS,
    sourced(
        "Dates without time_zone are days of UTC; in December 2025 the server passed over such dates.",
        "server-2026",
    ),
    _MINUTES,
    sourced(
        "Half a pair, a wrong format, value, zone or order is a 400 that tells all faults.", "server-2026"
    ),
    assumed("Of each parameter one fault is told, and values are compared only where both can be read."),
)
"""Times, strictly read."""
LENIENT_TIME = (
    _DAYS,
    _MINUTES,
    sourced(
        "Dates need time_zone: without it, or with half a pair, they are passed over, and all time is meant."
    ),
    sourced(
        "A date, zone or number of minutes that cannot be read voids the whole window: all time is meant, without an error."
    ),
    assumed(
        "A name of a zone in another case than its own cannot be read; the server answers 500 to some of them."
    ),
)
"""Times, as they were read in December 2025."""
COMPARED = (
    documented("All filters must hold; several values of one are alternatives.", "start"),
    sourced("lat and lon are equal to within 0.001, and contains means the same there."),
    sourced(
        "city is region and city, browser_version and operating_system_version are name and version; Windows 10 is Windows 10/11."
    ),
    sourced("referrer is its host without www, empty for a direct visit."),
    assumed("event_name looks at every event but pageviews."),
    assumed(
        "Patterns are Python's without lookaround, backreferences, atomic groups and possessive quantifiers,"
        " and take linear time, as the vendor's RE2."
    ),
    assumed(
        f"Filters that take more than {MOST_WORK:,} steps (a state of a pattern, or a character, that is looked at) are refused as"
        " filters that the database cannot answer: our bound, not the vendor's."
    ),
)
"""What filters compare, in every dialect."""
_AND = sourced(
    "Of not_equals, not_contains and not_regex no value may hold; in December 2025, one was enough.",
    "server-2026",
)
_LITERAL = sourced("Filters are case-sensitive; % and _ stand for themselves in contains.", "server-2026")
_EVERY_EVENT = sourced(
    "pathname, page_title and querystring look at every event; one that matches is enough.", "server-2026"
)
FILTERS = (
    _AND,
    _LITERAL,
    _EVERY_EVENT,
    assumed("user_id takes equals and not_equals; whoever asks for more is told so."),
    assumed("A wrong filter is a 400; the servers of which the code was read answer 500."),
)
"""How filters are read in the documented dialect."""
_ONLY_FIRST = sourced("Of several patterns, and of several bounds of a number, only the first counts.")
_SERVERS = (
    sourced("user_id takes equals; every other type means not_equals."),
    _ONLY_FIRST,
    sourced(
        "A comparison by size of what is a text, and a value without an item, fail in the database: 500."
    ),
)
EARLIER_FILTERS = (
    *_SERVERS,
    sourced(
        "Of not_equals, not_contains and not_regex one value that does not hold is enough, so that two differing ones match everything."
    ),
    sourced("Filters are case-sensitive; in contains, % stands for any text and _ for any character."),
    sourced("For lat and lon, not_equals and not_contains mean equals."),
    sourced(
        "A text that is no JSON, and any issue of its form, is a 500 of the framework that tells it, as zod writes it."
    ),
    assumed(
        "Nothing is known of vpn, crawler, datacenter, company, company_type, company_domain and asn_…: they are empty."
    ),
)
"""How filters were read in December 2025."""
LATER_FILTERS = (
    *_SERVERS,
    _AND,
    _LITERAL,
    _EVERY_EVENT,
    sourced(
        "starts_with, ends_with, is_null, is_not_null, greater_than_or_equal and less_than_or_equal came in 2026.",
        "server-2026",
    ),
    assumed("is_null finds what is empty; lat and lon never are."),
    sourced("Whatever is wrong with filters is a 500 that does not tell what.", "server-2026"),
    assumed("Nothing is known of tag, device_model, app_version and feature_flag:…: they are empty."),
)
"""How filters are read in 2026."""
NOT_IN_LIST = sourced(
    "pathname, page_title, querystring, timezone, vpn, crawler, datacenter, company… and asn_… are no columns of the list: 500."
)
PATHS = sourced("The paths below /api/sites came in 2026; the documented ones are older.", "paths")
HOST = sourced("The documented host api.rybbit.io never existed; the real one is app.rybbit.io.", "host")
SOME_PLACES = (
    assumed("Most sessions first, as in the documented sample; the server has no order."),
    sourced("Sessions whose place is unknown are counted at 0, 0 with an empty city."),
)
BY_END = sourced("Latest session_end first, then latest session_start, then greatest session_id.", "newest")
COERCED = assumed(
    "Only versions that read as numbers become numbers; the server makes one of every text of a row that reads as one, ids aside."
)
NO_TOTAL = sourced("Nothing tells how many sessions there are; a page past the end is empty.")
LAST_MINUTES = sourced(
    "With minutes, session, events and total tell only of the last minutes before now; 404 if nothing is left."
)
NO_EVENTS = sourced("A limit of 0 gives no events, and says that there are more.")
NO_BOT = assumed("A session of a bot is not found, as it is not in the list.")
KNOWN_SITES = sourced(
    "A site id that is longer than 4 characters and no number is looked up before the key is: 404 where it is nobody's."
)


MAXIMUM = 10_000
"""Rows on a page, at most, where ``rybbit.over_limit`` is clamp."""
MOST_ROWS = 20_000
"""Rows on a page, at most, whatever is chosen: while they are written, no other request is answered."""

BEHAVIORS = (
    Behavior(name="rybbit.rate_limit", default=0, unit="requests", description=(
        "How many requests a key may send in 10 minutes; 0 for any number. 500 are documented; servers that people host"
        " themselves limit nothing. In the dialect server-2026, two others take its place."
    )),
    Behavior(name="rybbit.burst_limit", default=0, unit="requests", description=(
        "In the dialect server-2026: how many requests a key may send at once; 0 for any number. The hosted service documents 50;"
        " servers that people host themselves limit nothing. They come back on the tenant's clock: where that stands, none does."
    ), basis=Basis.DOCUMENTED, source="sessions-2026"),
    Behavior(name="rybbit.burst_refill", default=5, unit="requests a second", description=(
        "In the dialect server-2026: how many of the requests that may be sent at once come back in a second."
    ), basis=Basis.DOCUMENTED, source="sessions-2026"),
    Behavior(name="rybbit.daily_limit", default=0, unit="requests", description=(
        "In the dialect server-2026: how many requests a key may send in a day of UTC; 0 for any number. The hosted service documents"
        " 5,000, and 25,000 for its dearer plan."
    ), basis=Basis.DOCUMENTED, source="sessions-2026"),
    Behavior(name="rybbit.over_limit", description="What a limit above 10,000 means.", default="clamp", options={
        "clamp": "10,000 rows are given, as by the newest server.",
        "honour": (
            f"As many rows are given, as by the server of December 2025. A page of more than {MOST_ROWS:,} rows fails"
            " like a query that the database cannot answer: our bound, not the vendor's."
        ),
    }, basis=Basis.SOURCE, source="newest"),
    Behavior(name="rybbit.identified_only", description="What a text other than true and false means.", default="ignore", options={
        "ignore": "The same as false.", "400": "The request is refused.",
    }, basis=Basis.SOURCE, source="server"),
    Behavior(name="rybbit.timestamps", description="How instants are told.", default="iso", options={
        "iso": "2024-01-31T14:00:00.000Z, as documented.", "server": "2024-01-31 14:00:00, as the server sends them.",
    }, basis=Basis.DOCUMENTED, source="sessions"),
    Behavior(name="rybbit.region", description="How a region is told, and compared by filters.", default="name", options={
        "name": "California, as in the documented sample.", "code": "US-CA, as the server sends it.",
    }, basis=Basis.DOCUMENTED, source="sessions"),
    Behavior(name="rybbit.device_type", description="How a device is told, and compared by filters.", default="lower", options={
        "lower": "desktop, as documented.", "capitalized": "Desktop, as the server sends it.",
    }, basis=Basis.DOCUMENTED, source="sessions"),
    Behavior(name="rybbit.versions", description="What a version that reads as a number is.", default="number", options={
        "number": "A number, as the server sends it.", "text": "A text, like other versions.",
    }, basis=Basis.SOURCE, source="server"),
    Behavior(name="rybbit.ip", description="Whether addresses are told.", default="hidden", options={
        "hidden": "ip is null, as on sites that do not track it.", "shown": "ip is the visitor's address.",
    }, basis=Basis.SOURCE, source="server"),
    Behavior(name="rybbit.unknown_country", description="What country is where it is unknown.", default="empty", options={
        "empty": "An empty text.", "padded": "Two NUL characters, as the server sends them.",
    }, basis=Basis.ASSUMED),
    Behavior(name="rybbit.order", description="Which session stands first in the list.", default="start", options={
        "start": "That which started last.",
        "end": "That which ended last, as the server has it; of those that ended in one second, that which started later.",
    }, basis=Basis.ASSUMED),
)  # fmt: skip


UNAUTHORIZED = ErrorTemplate(
    401, {"error": "Unauthorized"}, documented("401; the text is the server's.", "start")
)
NO_ROUTE = ErrorTemplate(
    404,
    {"message": "Route {method}:{path} not found", "error": "Not Found", "statusCode": 404},
    sourced("What the server's framework answers to a path or method that it does not know."),
    {"Content-Type": "application/json; charset=utf-8"},
)
ERRORS = {
    "violation": ErrorTemplate(
        400,
        {"error": "{message}"},
        documented(
            "400 with an error; what the texts about time say is read in the server of July 2026.", "start"
        ),
    ),
    "missing_credential": UNAUTHORIZED,
    "wrong_credential": UNAUTHORIZED,
    "forbidden": ErrorTemplate(
        403, {"error": "Forbidden"}, documented("403; the text is the server's.", "start")
    ),
    "unknown_site": ErrorTemplate(
        404, {"error": "Site not found"}, documented("404; the text is the server's.", "start")
    ),
    "unknown_session": ErrorTemplate(
        404, {"error": "Session not found"}, documented("404; the text is the server's.", "start")
    ),
    "rate_limited": ErrorTemplate(
        429,
        {"success": False, "error": "Rate limit exceeded. Maximum 500 requests per 10 minutes per API key."},
        documented("The body is documented; no header is.", "start"),
    ),
    "unknown_path": NO_ROUTE,
    "wrong_method": NO_ROUTE,
    "too_large": ErrorTemplate(
        413, {"error": "Request body is too large"}, assumed("No endpoint takes a body.")
    ),
    "internal": ErrorTemplate(
        500, {"error": "Internal Server Error"}, documented("500 with an error; the text is chosen.", "start")
    ),
}


_HEADERS = {"Content-Type": "application/json; charset=utf-8"}
_KEY = Bearer(query="api_key")
_LIMITS = (WindowLimit(allowed="rybbit.rate_limit", seconds=600, opens="first", pool="api", documented=500),)
_SITE = documented("Serial number of the site, or the id in its tracking script (12 hexadecimal digits).")
FILTERED_EXAMPLE = {
    "filters": '[{"parameter":"country","type":"equals","value":["US"]},'
    '{"parameter":"browser","type":"equals","value":["Chrome"]},'
    '{"parameter":"pathname","type":"equals","value":["/pricing"]}]'
}
KEY_IN_QUERY = LintRule(
    "key-in-query", InQuery("api_key"), assumed("The key is better sent in the Authorization header.")
)
ZONE = LintRule(
    "range-without-zone",
    MissingCompanion("start_date", "time_zone"),
    sourced("Without time_zone, dates are days of UTC.", "server-2026"),
)
_TOO_MANY = LintRule(
    "limit-above-maximum",
    ExceedsMaximum("limit", MAXIMUM),
    sourced("The newest server gives 10,000 rows on a page, at most.", "newest"),
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
    credentials=_KEY,
    empty="absent",
    headers=_HEADERS,
    pagination=PageNumberPagination(page="page", first=1, limit="limit", size=PAGE_SIZE, maximum=MAXIMUM),
    rows_path="data",
    row_key=("session_id",),
    start_field="session_start",
    limits=_LIMITS,
    lint_rules=(KEY_IN_QUERY, ZONE, _TOO_MANY),
    filtered_example=FILTERED_EXAMPLE,
    all_rows_params={"limit": MAXIMUM},
    facts=(
        assumed("Newest start first, so that pages tile; the server orders by session_end."),
        NO_TOTAL,
        assumed("A page or limit that is no whole number from 1 is a 400; servers answer 500 or the default."),
        AT_START, *TIME, *COMPARED, *FILTERS, PATHS, HOST,
    ),
)  # fmt: skip
GET_SESSION = Endpoint(
    name="get_session",
    method="GET",
    paths=("/api/sessions/{sessionId}/{site}", "/api/sites/{site}/sessions/{sessionId}"),
    summary="Get a session with a page of its events.",
    path={"sessionId": documented("Session ID."), "site": _SITE},
    site="site",
    query=GetSession,
    response=OneSession,
    credentials=_KEY,
    empty="absent",
    headers=_HEADERS,
    pagination=OffsetPagination(offset="offset", limit="limit", size=PAGE_SIZE, total="data.pagination.total"),
    limits=_LIMITS,
    lint_rules=(KEY_IN_QUERY,),
    errors=("unknown_session",),
    facts=(
        LAST_MINUTES,
        assumed("A limit, offset or minutes that is no whole number, or negative, or a limit of 0, is a 400."),
        NO_BOT,
        PATHS, HOST,
    ),
)  # fmt: skip
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
    credentials=_KEY,
    empty="absent",
    headers=_HEADERS,
    rows_path="data",
    row_key=("lat", "lon"),
    count_field="count",
    limits=_LIMITS,
    lint_rules=(KEY_IN_QUERY, ZONE),
    filtered_example=FILTERED_EXAMPLE,
    facts=(
        *SOME_PLACES,
        AT_START, *TIME, *COMPARED, *FILTERS, PATHS, HOST,
    ),
)  # fmt: skip
CONTRACT = Contract(
    vendor="rybbit",
    title="Rybbit",
    hosts=("api.rybbit.io", "app.rybbit.io"),
    sources=SOURCES,
    endpoints=(LIST_SESSIONS, GET_SESSION, LIST_SESSION_LOCATIONS),
    errors=ERRORS,
    behaviors=BEHAVIORS,
)
