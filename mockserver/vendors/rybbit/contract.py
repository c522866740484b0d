"""The contract of Rybbit's sessions API. Data only."""

from mockserver.contract.advice import Above, Advice, InQuery, Without
from mockserver.contract.credentials import Bearer
from mockserver.contract.endpoint import Contract, Endpoint
from mockserver.contract.limits import Window
from mockserver.contract.paging import Offset, PageNumber
from mockserver.vendors.rybbit.answers import OneSession, SessionLocations, SessionPage
from mockserver.vendors.rybbit.choices import CHOICES, MAXIMUM
from mockserver.vendors.rybbit.errors import ERRORS
from mockserver.vendors.rybbit.facts import AT_START, COMPARED, FILTERS, HOST, LAST_MINUTES, NO_BOT, NO_TOTAL, PATHS, SOME_PLACES, TIME
from mockserver.vendors.rybbit.requests import PAGE_SIZE, GetSession, ListSessionLocations, ListSessions
from mockserver.vendors.rybbit.sources import SOURCES, chosen, documented, sourced

_HEADERS = {"Content-Type": "application/json; charset=utf-8"}
_KEY = Bearer(query="api_key")
_LIMITS = (Window(allowed="rybbit.rate_limit", seconds=600, opens="first", pool="api", documented=500),)
_SITE = documented("Serial number of the site, or the id in its tracking script (12 hexadecimal digits).")
NARROWED = {
    "filters": '[{"parameter":"country","type":"equals","value":["US"]},'
    '{"parameter":"browser","type":"equals","value":["Chrome"]},'
    '{"parameter":"pathname","type":"equals","value":["/pricing"]}]'
}
KEY_IN_QUERY = Advice("key-in-query", InQuery("api_key"), chosen("The key is better sent in the Authorization header."))
ZONE = Advice("range-without-zone", Without("start_date", "time_zone"), sourced("Without time_zone, dates are days of UTC.", "server-2026"))
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
    paging=PageNumber(page="page", first=1, limit="limit", size=PAGE_SIZE, maximum=MAXIMUM),
    rows="data",
    identity=("session_id",),
    starts="session_start",
    limits=_LIMITS,
    advice=(KEY_IN_QUERY, ZONE, _TOO_MANY),
    narrowed=NARROWED,
    everything={"limit": MAXIMUM},
    facts=(
        chosen("Newest start first, so that pages tile; the server orders by session_end."),
        NO_TOTAL,
        chosen("A page or limit that is no whole number from 1 is a 400; servers answer 500 or the default."),
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
    paging=Offset(offset="offset", limit="limit", size=PAGE_SIZE, total="data.pagination.total"),
    limits=_LIMITS,
    advice=(KEY_IN_QUERY,),
    errors=("unknown_session",),
    facts=(
        LAST_MINUTES,
        chosen("A limit, offset or minutes that is no whole number, or negative, or a limit of 0, is a 400."),
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
    rows="data",
    identity=("lat", "lon"),
    counts="count",
    limits=_LIMITS,
    advice=(KEY_IN_QUERY, ZONE),
    narrowed=NARROWED,
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
    choices=CHOICES,
)
