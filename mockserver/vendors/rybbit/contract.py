"""The contract of Rybbit's sessions API. Data only."""

from mockserver.contract.advice import Above, Advice, InQuery, Without
from mockserver.contract.basis import Basis
from mockserver.contract.choices import Choice
from mockserver.contract.credentials import Bearer
from mockserver.contract.endpoint import Contract, Endpoint
from mockserver.contract.errors import ErrorShape
from mockserver.contract.limits import Window
from mockserver.contract.paging import Offset, PageNumber
from mockserver.vendors.rybbit.answers import OneSession, SessionLocations, SessionPage
from mockserver.vendors.rybbit.requests import PAGE_SIZE, GetSession, ListSessionLocations, ListSessions
from mockserver.vendors.rybbit.sources import SOURCES, chosen, documented, sourced

MAXIMUM = 10_000
"""Rows on a page, at most, where ``rybbit.over_limit`` is clamp."""

CHOICES = (
    Choice(name="rybbit.rate_limit", default=0, unit="requests", says=(
        "How many requests a key may send in 10 minutes; 0 for any number. 500 are documented; servers that people host"
        " themselves limit nothing."
    )),
    Choice(name="rybbit.over_limit", says="What a limit above 10,000 means.", default="clamp", options={
        "clamp": "10,000 rows are given, as by the newest server.",
        "honour": "As many rows are given, as by the server of December 2025.",
    }, basis=Basis.SOURCE, source="newest"),
    Choice(name="rybbit.identified_only", says="What a text other than true and false means.", default="ignore", options={
        "ignore": "The same as false.", "400": "The request is refused.",
    }, basis=Basis.SOURCE, source="server"),
    Choice(name="rybbit.timestamps", says="How instants are told.", default="iso", options={
        "iso": "2024-01-31T14:00:00.000Z, as documented.", "server": "2024-01-31 14:00:00, as the server sends them.",
    }, basis=Basis.DOCUMENTED, source="sessions"),
    Choice(name="rybbit.region", says="How a region is told, and compared by filters.", default="name", options={
        "name": "California, as in the documented sample.", "code": "US-CA, as the server sends it.",
    }, basis=Basis.DOCUMENTED, source="sessions"),
    Choice(name="rybbit.device_type", says="How a device is told, and compared by filters.", default="lower", options={
        "lower": "desktop, as documented.", "capitalized": "Desktop, as the server sends it.",
    }, basis=Basis.DOCUMENTED, source="sessions"),
    Choice(name="rybbit.versions", says="What a version that reads as a number is.", default="number", options={
        "number": "A number, as the server sends it.", "text": "A text, like other versions.",
    }, basis=Basis.SOURCE, source="server"),
    Choice(name="rybbit.ip", says="Whether addresses are told.", default="hidden", options={
        "hidden": "ip is null, as on sites that do not track it.", "shown": "ip is the visitor's address.",
    }, basis=Basis.SOURCE, source="server"),
)  # fmt: skip

_UNAUTHORIZED = ErrorShape(401, {"error": "Unauthorized"}, documented("401; the text is the server's.", "start"))
_NO_ROUTE = ErrorShape(
    404,
    {"message": "Route {method}:{path} not found", "error": "Not Found", "statusCode": 404},
    sourced("What the server's framework answers to a path or method that it does not know."),
)
ERRORS = {
    "violation": ErrorShape(
        400,
        {"error": "{message}"},
        documented("400 with an error; what the texts about time say is read in the server of July 2026.", "start"),
    ),
    "missing_credential": _UNAUTHORIZED,
    "wrong_credential": _UNAUTHORIZED,
    "forbidden": ErrorShape(403, {"error": "Forbidden"}, documented("403; the text is the server's.", "start")),
    "unknown_site": ErrorShape(404, {"error": "Site not found"}, documented("404; the text is the server's.", "start")),
    "unknown_session": ErrorShape(404, {"error": "Session not found"}, documented("404; the text is the server's.", "start")),
    "rate_limited": ErrorShape(
        429,
        {"success": False, "error": "Rate limit exceeded. Maximum 500 requests per 10 minutes per API key."},
        documented("The body is documented; no header is.", "start"),
    ),
    "unknown_path": _NO_ROUTE,
    "wrong_method": _NO_ROUTE,
    "too_large": ErrorShape(413, {"error": "Request body is too large"}, chosen("No endpoint takes a body.")),
    "internal": ErrorShape(500, {"error": "Internal Server Error"}, documented("500 with an error; the text is chosen.", "start")),
}

_HEADERS = {"Content-Type": "application/json; charset=utf-8"}
_KEY = Bearer(query="api_key")
_LIMITS = (Window(allowed="rybbit.rate_limit", seconds=600, opens="first", pool="api", documented=500),)
_SITE = documented("Serial number of the site, or the id in its tracking script (12 hexadecimal digits).")
_NARROWED = {
    "filters": '[{"parameter":"country","type":"equals","value":["US"]},'
    '{"parameter":"browser","type":"equals","value":["Chrome"]},'
    '{"parameter":"pathname","type":"equals","value":["/pricing"]}]'
}
_AT_START = chosen(
    "A session belongs to the window in which it starts, and is told whole; the server cuts a session off at the edges of the window."
)
_TIME = (
    sourced("The end date is included; a start date after the end date finds nothing."),
    sourced("Dates without time_zone are days of UTC; in December 2025 the server passed over such dates.", "server-2026"),
    sourced("Minutes before now are compared in whole seconds: the older boundary excluded, the newer included."),
    sourced("Half a pair, a wrong format, value, zone or order is a 400 that tells all faults.", "server-2026"),
    chosen("Of each parameter one fault is told, and values are compared only where both can be read."),
)
_FILTERS = (
    documented("All filters must hold; several values of one are alternatives.", "start"),
    sourced("Of not_equals, not_contains and not_regex no value may hold; in December 2025, one was enough.", "server-2026"),
    sourced("Filters are case-sensitive; % and _ stand for themselves in contains.", "server-2026"),
    sourced("lat and lon are equal to within 0.001, and contains means the same there."),
    sourced("city is region and city, browser_version and operating_system_version are name and version; Windows 10 is Windows 10/11."),
    sourced("referrer is its host without www, empty for a direct visit."),
    sourced("pathname, page_title and querystring look at every event; one that matches is enough.", "server-2026"),
    chosen("event_name looks at every event but pageviews."),
    chosen("user_id takes equals and not_equals; whoever asks for more is told so."),
    chosen("A wrong filter is a 400; the servers of which the code was read answer 500."),
    chosen(
        "Patterns are Python's without lookaround, backreferences, atomic groups and possessive quantifiers,"
        " and take linear time, as the vendor's RE2."
    ),
)
_PATHS = sourced("The paths below /api/sites came in 2026; the documented ones are older.", "paths")
_HOST = sourced("The documented host api.rybbit.io never existed; the real one is app.rybbit.io.", "host")

_KEY_IN_QUERY = Advice("key-in-query", InQuery("api_key"), chosen("The key is better sent in the Authorization header."))
_ZONE = Advice(
    "range-without-zone", Without("start_date", "time_zone"), sourced("Without time_zone, dates are days of UTC.", "server-2026")
)
_TOO_MANY = Advice(
    "limit-above-maximum", Above("limit", MAXIMUM), sourced("The newest server gives 10,000 rows on a page, at most.", "newest")
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
    paging=PageNumber(page="page", first=1, limit="limit", size=PAGE_SIZE),
    rows="data",
    identity=("session_id",),
    starts="session_start",
    limits=_LIMITS,
    advice=(_KEY_IN_QUERY, _ZONE, _TOO_MANY),
    narrowed=_NARROWED,
    everything={"limit": MAXIMUM},
    facts=(
        chosen("Newest start first, so that pages tile; the server orders by session_end."),
        sourced("Nothing tells how many sessions there are; a page past the end is empty."),
        chosen("A page or limit that is no whole number from 1 is a 400; servers answer 500 or the default."),
        _AT_START, *_TIME, *_FILTERS, _PATHS, _HOST,
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
    paging=Offset(offset="offset", limit="limit", size=PAGE_SIZE, total="data.pagination.total"),
    limits=_LIMITS,
    advice=(_KEY_IN_QUERY,),
    errors=("unknown_session",),
    facts=(
        sourced("With minutes, session, events and total tell only of the last minutes before now; 404 if nothing is left."),
        chosen("A limit, offset or minutes that is no whole number, or negative, or a limit of 0, is a 400."),
        chosen("A session of a bot is not found, as it is not in the list."),
        _PATHS, _HOST,
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
    rows="data",
    identity=("lat", "lon"),
    counts="count",
    limits=_LIMITS,
    advice=(_KEY_IN_QUERY, _ZONE),
    narrowed=_NARROWED,
    facts=(
        chosen("Most sessions first, as in the documented sample; the server has no order."),
        sourced("Sessions whose place is unknown are counted at 0, 0 with an empty city."),
        _AT_START, *_TIME, *_FILTERS, _PATHS, _HOST,
    ),
)  # fmt: skip
CONTRACT = Contract(
    vendor="rybbit",
    title="Rybbit",
    hosts=("api.rybbit.io", "app.rybbit.io"),
    sources=SOURCES,
    endpoints=(LIST_SESSIONS, GET_SESSION, LIST_SESSION_LOCATIONS),
    errors=ERRORS,
    choices=CHOICES,
)
