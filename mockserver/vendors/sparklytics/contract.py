"""The contract of Sparklytics' sessions API: the list, and one session with its events. Data only."""

from typing import Final

from mockserver.contract.behaviors import Behavior
from mockserver.contract.endpoint import Contract, Endpoint
from mockserver.contract.errors import ErrorTemplate
from mockserver.contract.http.cors import Cors
from mockserver.contract.http.credentials import Bearer
from mockserver.contract.limits import WindowLimit, retry_after_behavior
from mockserver.contract.lint_rules import LintRule, MissingCompanion
from mockserver.contract.pagination import CursorPagination
from mockserver.contract.provenance import Basis, Fact, assumed
from mockserver.contract.time_windows import TimeWindow
from mockserver.vendors.sparklytics.other_paths import OTHER_PATHS
from mockserver.vendors.sparklytics.request_models import MAXIMUM, PAGE_SIZE, ListSessions
from mockserver.vendors.sparklytics.responses import SessionDetail, SessionPage
from mockserver.vendors.sparklytics.sources import SOURCES, documented, inferred, sourced

BEHAVIORS: Final = (
    Behavior(
        name="sparklytics.timezone",
        description="How timezone is handled.",
        default="respected",
        basis=Basis.DOCUMENTED,
        source="sessions",
        options={
            "respected": "Days are days in that zone; an unknown zone is rejected.",
            "ignored": "It is ignored: days are days in UTC, as on the server.",
        },
    ),
    Behavior(
        name="sparklytics.bad_date",
        description="How an invalid start_date or end_date is handled.",
        default="400",
        options={
            "400": "The request is rejected, as in other endpoints of the server.",
            "ignore": "The default of that date is used, as in the server's list of sessions.",
        },
    ),
    Behavior(
        name="sparklytics.date_form",
        description="Accepted formats of start_date and end_date.",
        default="exact",
        basis=Basis.DOCUMENTED,
        source="sessions",
        options={
            "exact": "Only YYYY-MM-DD.",
            "lenient": "Also with fewer digits, as in 2026-3-3, and surrounded by whitespace, as on the server.",
        },
    ),
    Behavior(
        name="sparklytics.default_start",
        description="Default of start_date, in days before today.",
        default="7",
        basis=Basis.DOCUMENTED,
        source="sessions",
        options={
            "7": "Seven, as documented: eight days including today.",
            "6": "Six, as on the server: seven days including today.",
        },
    ),
    Behavior(
        name="sparklytics.filter_page",
        description="How filter_page is compared.",
        default="entry",
        basis=Basis.DOCUMENTED,
        source="feature",
        options={
            "entry": "It equals the path of the entry page, as in the documentation of the feature.",
            "substring": "It is a substring of the URL of a page viewed; % and _ are literal.",
            "like": "Like substring, but % matches any characters and _ any single character, as on the server.",
            "path": "It equals the path of a page viewed.",
        },
    ),
    Behavior(
        name="sparklytics.rate",
        description="Number of requests that a client may send per minute; 0 means unlimited, as on the server.",
        default=0,
        unit="requests",
        basis=Basis.SOURCE,
        source="server",
    ),
    retry_after_behavior("sparklytics.retry_after"),
)


def _failure(status: int, code: str, message: str, fact: Fact) -> ErrorTemplate:
    return ErrorTemplate(status, {"error": {"code": code, "message": message, "field": None}}, fact)


ERRORS: Final = {
    "violation": _failure(400, "validation_error", "{message}", sourced("field is always null.")),
    "missing_credential": _failure(401, "unauthorized", "Not authenticated", sourced("No key.")),
    "wrong_credential": _failure(401, "unauthorized", "Not authenticated", sourced("An unknown key.")),
    "unknown_site": _failure(404, "not_found", "Website not found", sourced("The website does not exist.")),
    "forbidden": _failure(
        404,
        "not_found",
        "Website not found",
        inferred(
            "A key can read all websites of its server, so a website it cannot read does not exist.", "server"
        ),
    ),
    "unknown_session": _failure(
        404, "not_found", "Session not found", sourced("The website has no such session.")
    ),
    "rate_limited": _failure(
        429, "rate_limited", "Rate limit exceeded", sourced("As in endpoints with a limit; these have none.")
    ),
    "unknown_path": ErrorTemplate(404, None, sourced("Unknown paths below /api return an empty body.")),
    "wrong_method": ErrorTemplate(
        405, None, sourced("Other methods of a known path return an empty body."), {"Allow": "GET,HEAD"}
    ),
    "too_large": _failure(
        413, "payload_too_large", "Payload too large", documented("The message is undocumented.", "overview")
    ),
    "internal": _failure(
        500, "internal_error", "Internal server error", sourced("Any unexpected error in the server.")
    ),
}

CREDENTIALS: Final = Bearer()
LIMITS: Final = (
    WindowLimit(
        allowed="sparklytics.rate",
        seconds=60,
        opens="first",
        pool="sessions",
        retry_after="sparklytics.retry_after",
    ),
)
WEBSITE: Final = documented("Id of the website: site_ and ten letters or digits.")

FILTER_FACTS: Final = (
    sourced("All filters must match; all except filter_page and filter_hostname are compared exactly."),
    sourced("An empty filter is applied, and unknown values never equal it; an empty filter_page matches every URL."),
    sourced("Unknown parameters are ignored."),
)  # fmt: skip
EVENT_FACTS: Final = (
    sourced("Sessions of bots are found too."),
    sourced("A click on an external link is an event link_click with href, text and external."),
    assumed("An error is an event with its own name."),
)

LIST_SESSIONS: Final = Endpoint(
    name="list_sessions",
    method="GET",
    paths=("/api/websites/{id}/sessions",),
    summary="List a website's sessions, page by page.",
    path={"id": WEBSITE},
    site="id",
    query=ListSessions,
    response=SessionPage,
    credentials=CREDENTIALS,
    pagination=CursorPagination(cursor="cursor", limit="limit", size=PAGE_SIZE, next="next_cursor"),
    rows_path="sessions",
    row_key=("session_id",),
    start_field="started_at",
    visitor_field="visitor_id",
    time_windows=(TimeWindow("start_date", "end_date", default_hours=8 * 24),),
    filtered_example={"filter_country": "US", "filter_browser": "Chrome", "filter_page": "/pricing"},
    limits=LIMITS,
    lint_rules=tuple(
        LintRule(
            "range-without-zone",
            MissingCompanion(field, "timezone"),
            documented("Without timezone, days are days in UTC."),
        )
        for field in ("start_date", "end_date")
    ),
    all_rows_params={"start_date": "{start_date}", "end_date": "{end_date}", "limit": MAXIMUM},
    facts=(
        documented("A key is spk_selfhosted_ and 32 characters; it can read all websites.", "keys"),
        documented("The most recent session comes first.", "feature"),
        assumed("Most recent means latest start; the server orders by the last event."),
        assumed("A session belongs to the day on which it starts; on the server, to the days of all its events."),
        sourced("The end date is inclusive."),
        sourced("Each date has its own default, so an early end_date alone may be before the start."),
        sourced("A limit out of bounds is rejected, not clamped; the server's own maximum is 200."),
        sourced("The last page has no next_cursor, even if it is full."),
        documented("A cursor is the base64 of a JSON object with an integer id."),
        assumed(
            "A cursor is valid for the website and parameters it was created with, except limit; on the server, for any."
        ),
        *FILTER_FACTS,
    ),
)  # fmt: skip
GET_SESSION: Final = Endpoint(
    name="get_session",
    method="GET",
    paths=("/api/websites/{id}/sessions/{session_id}",),
    summary="Get one session of a website with its events.",
    path={"id": WEBSITE, "session_id": documented("Id of the session.")},
    site="id",
    response=SessionDetail,
    credentials=CREDENTIALS,
    limits=LIMITS,
    errors=("unknown_session",),
    facts=(documented("All events are returned; the server stops after 2,000."), *EVENT_FACTS),
)
CONTRACT: Final = Contract(
    vendor="sparklytics",
    title="Sparklytics",
    hosts=("analytics.example.com",),
    sources=SOURCES,
    endpoints=(LIST_SESSIONS, GET_SESSION),
    errors=ERRORS,
    behaviors=BEHAVIORS,
    cors=(
        Cors(fact=assumed("No web page of another origin may read responses, as of the open-source server.")),
    ),
    facts_of_responses=(assumed("Responses are not compressed, as those of the open-source server."),),
    other_paths=OTHER_PATHS,
)
