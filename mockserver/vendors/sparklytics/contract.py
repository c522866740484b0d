"""The contract of Sparklytics' sessions API: the list, and one session with its events. Data only."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from mockserver.contract.behaviors import Behavior
from mockserver.contract.credentials import Bearer
from mockserver.contract.endpoint import Contract, Endpoint
from mockserver.contract.errors import ErrorTemplate
from mockserver.contract.json_formats import CURSOR, DATE, ZONE
from mockserver.contract.limits import WindowLimit
from mockserver.contract.lint_rules import LintRule, MissingCompanion
from mockserver.contract.pagination import CursorPagination
from mockserver.contract.provenance import Basis, Fact, Source

READ = "2026-11-21"
_DOCS = "https://www.mintlify.com/Sparklytics/sparklytics/"
SOURCES = {
    "sessions": Source("Sparklytics documentation, Sessions API", _DOCS + "api/sessions", READ),
    "feature": Source("Sparklytics documentation, Sessions feature", _DOCS + "features/sessions", READ),
    "overview": Source("Sparklytics documentation, API overview", _DOCS + "api/overview", READ),
    "keys": Source("Sparklytics documentation, API keys", _DOCS + "api/api-keys", READ),
    "server": Source(
        "Sparklytics server source, April 2026 (4619f93)", "https://github.com/Sparklytics/sparklytics", READ
    ),
}
DOCUMENTED, SOURCE, INFERRED, ASSUMED = Basis.DOCUMENTED, Basis.SOURCE, Basis.INFERRED, Basis.ASSUMED

MAXIMUM = 100
"""Rows on a page, at most."""
USUAL = 50
"""Rows on a page when the client does not say."""


def _standard(says: str) -> Fact:
    return Fact(says, DOCUMENTED, "sessions")


class ListSessions(Struct, frozen=True):
    """The query of a list of sessions."""

    start_date: Annotated[
        str | None, DATE, _standard("First day of the range, YYYY-MM-DD; 7 days ago by default.")
    ] = None
    end_date: Annotated[
        str | None, DATE, _standard("Last day of the range, YYYY-MM-DD; today by default.")
    ] = None
    timezone: Annotated[str, ZONE, _standard("Time zone of the days, an IANA name; UTC by default.")] = "UTC"
    cursor: Annotated[str | None, CURSOR, _standard("next_cursor of the page before.")] = None
    limit: Annotated[
        int,
        Meta(ge=1, le=MAXIMUM),
        Fact(
            "Rows to give: 50 by default, 100 at most.",
            DOCUMENTED,
            "sessions",
            f"limit must be between 1 and {MAXIMUM}",
        ),
    ] = USUAL
    include_bots: Annotated[
        Literal["true", "false"],
        Fact(
            "Whether to give bots too; false by default. No other words are known.",
            SOURCE,
            "server",
            "include_bots must be true or false",
        ),
    ] = "false"
    filter_country: Annotated[str | None, _standard("ISO 3166-1 code, in capitals.")] = None
    filter_page: Annotated[
        str | None, _standard("A page that was seen; how it is compared is a behavior.")
    ] = None
    filter_referrer: Annotated[str | None, _standard("Domain of the referrer, in small letters.")] = None
    filter_browser: Annotated[str | None, _standard("Name of the browser.")] = None
    filter_os: Annotated[str | None, _standard("Name of the operating system.")] = None
    filter_device: Annotated[str | None, _standard("desktop, mobile or tablet.")] = None
    filter_language: Annotated[str | None, _standard("Language tag, such as en-US.")] = None
    filter_utm_source: Annotated[str | None, _standard("UTM parameter.")] = None
    filter_utm_medium: Annotated[str | None, _standard("UTM parameter.")] = None
    filter_utm_campaign: Annotated[str | None, _standard("UTM parameter.")] = None
    filter_region: Annotated[str | None, _standard("English name of the region.")] = None
    filter_city: Annotated[str | None, _standard("English name of the city.")] = None
    filter_hostname: Annotated[str | None, _standard("Host of the website, in any case.")] = None


class Session(Struct, frozen=True):
    """A session, as a row of the list and in detail."""

    session_id: Annotated[str, _standard("The session; sess_ and 14 hexadecimal digits are assumed.")]
    visitor_id: Annotated[str, _standard("The visitor, 16 characters.")]
    started_at: Annotated[str, _standard("Time of the first event, UTC, whole seconds.")]
    ended_at: Annotated[str, _standard("Time of the last event, UTC, whole seconds.")]
    duration: Annotated[int, _standard("Whole seconds from started_at to ended_at.")]
    pageviews: Annotated[int, _standard("Number of pageviews.")]
    events: Annotated[int, Fact("Number of events that are no pageviews.", INFERRED, "sessions")]
    is_bounce: Annotated[bool, Fact("At most one pageview and no other event.", ASSUMED)]
    country: Annotated[str | None, _standard("ISO 3166-1 code; assumed to be null where unknown.")]
    browser: Annotated[str | None, _standard("Name of the browser; assumed to be null where unknown.")]
    os: Annotated[str | None, _standard("Name of the operating system; assumed to be null where unknown.")]
    device: Annotated[str | None, _standard("desktop, mobile or tablet; assumed to be null where unknown.")]


class SessionPage(Struct, frozen=True):
    """A page of the list."""

    sessions: Annotated[list[Session], _standard("The sessions.")]
    next_cursor: Annotated[str | None, _standard("Cursor of the next page; null where there is none.")]


class SessionEvent(Struct, frozen=True, omit_defaults=True):
    """An event of a session; keys that do not apply to its type are left out."""

    event_type: Annotated[Literal["pageview", "event"], _standard("pageview, or event for everything else.")]
    timestamp: Annotated[str, _standard("UTC, whole seconds.")]
    url: Annotated[str | None, _standard("Of a pageview: path and query string.")] = None
    referrer: Annotated[
        str | None,
        Fact("Of the first pageview: full URL of where it came from, if any.", INFERRED, "sessions"),
    ] = None
    event_name: Annotated[str | None, _standard("Of an event.")] = None
    event_data: Annotated[dict[str, Any] | None, _standard("Of an event: its properties.")] = None


class SessionDetail(Struct, frozen=True):
    """One session with its events."""

    session: Annotated[Session, _standard("The session, with the fields of the list.")]
    events: Annotated[list[SessionEvent], Fact("All of its events, oldest first.", DOCUMENTED, "feature")]


BEHAVIORS = (
    Behavior(
        name="sparklytics.timezone",
        description="What timezone does.",
        default="respected",
        basis=DOCUMENTED,
        source="sessions",
        options={
            "respected": "Days are days of that zone, and an unknown zone is refused.",
            "ignored": "Nothing: days are days of UTC, as on the server.",
        },
    ),
    Behavior(
        name="sparklytics.bad_date",
        description="What a start_date or end_date that is no date means.",
        default="400",
        options={
            "400": "The request is refused, as elsewhere on the server.",
            "ignore": "The default of that date, as in the server's list of sessions.",
        },
    ),
    Behavior(
        name="sparklytics.date_form",
        description="How a start_date or end_date may be written.",
        default="exact",
        basis=DOCUMENTED,
        source="sessions",
        options={
            "exact": "As YYYY-MM-DD.",
            "lenient": "Also with fewer digits, as in 2026-3-3, and between blanks, as on the server.",
        },
    ),
    Behavior(
        name="sparklytics.default_start",
        description="How many days before today an absent start_date is.",
        default="6",
        basis=SOURCE,
        source="server",
        options={
            "6": "Six: today makes it seven days, as on the server.",
            "7": "Seven, by the letter of the documentation.",
        },
    ),
    Behavior(
        name="sparklytics.filter_page",
        description="How filter_page is compared.",
        default="substring",
        basis=SOURCE,
        source="server",
        options={
            "substring": "It is part of the url of some page seen; % and _ stand for themselves.",
            "like": "As with substring, but % stands for any characters and _ for any one, as on the server.",
            "path": "It is the path of some page seen.",
            "entry": "It is the path of the entry page, as the documentation of the feature has it.",
        },
    ),
    Behavior(
        name="sparklytics.rate",
        description="How many requests a client may send in a minute; 0 for any number, as on the server.",
        default=0,
        unit="requests",
        basis=SOURCE,
        source="server",
    ),
)


def _failure(code: str, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "field": None}}


ERRORS = {
    "violation": ErrorTemplate(
        400, _failure("validation_error", "{message}"), Fact("field is always null.", SOURCE, "server")
    ),
    "missing_credential": ErrorTemplate(
        401, _failure("unauthorized", "Not authenticated"), Fact("No key.", SOURCE, "server")
    ),
    "wrong_credential": ErrorTemplate(
        401, _failure("unauthorized", "Not authenticated"), Fact("An unknown key.", SOURCE, "server")
    ),
    "unknown_site": ErrorTemplate(
        404,
        _failure("not_found", "Website not found"),
        Fact("A website that does not exist.", SOURCE, "server"),
    ),
    "forbidden": ErrorTemplate(
        404,
        _failure("not_found", "Website not found"),
        Fact(
            "A key reads every website of its server, so one that it may not read is not there.",
            INFERRED,
            "server",
        ),
    ),
    "unknown_session": ErrorTemplate(
        404,
        _failure("not_found", "Session not found"),
        Fact("No such session of the website.", SOURCE, "server"),
    ),
    "rate_limited": ErrorTemplate(
        429,
        _failure("rate_limited", "Rate limit exceeded"),
        Fact("As endpoints with a limit answer; these have none.", SOURCE, "server"),
    ),
    "unknown_path": ErrorTemplate(
        404, None, Fact("An unknown path below /api has an empty answer.", SOURCE, "server")
    ),
    "wrong_method": ErrorTemplate(
        405,
        None,
        Fact("A known path with another method has an empty answer.", SOURCE, "server"),
        {"Allow": "GET,HEAD"},
    ),
    "too_large": ErrorTemplate(
        413,
        _failure("payload_too_large", "Payload too large"),
        Fact("The message is not documented.", DOCUMENTED, "overview"),
    ),
    "internal": ErrorTemplate(
        500,
        _failure("internal_error", "Internal server error"),
        Fact("Whatever goes wrong in the server.", SOURCE, "server"),
    ),
}

CREDENTIALS = Bearer()
LIMITS = (WindowLimit(allowed="sparklytics.rate", seconds=60, opens="first", pool="sessions"),)
WEBSITE = _standard("The website's id: site_ and ten letters or digits.")

LIST_SESSIONS = Endpoint(
    name="list_sessions",
    method="GET",
    paths=("/api/websites/{id}/sessions",),
    summary="List a website's sessions, page by page.",
    path={"id": WEBSITE},
    site="id",
    query=ListSessions,
    response=SessionPage,
    credentials=CREDENTIALS,
    pagination=CursorPagination(cursor="cursor", limit="limit", size=USUAL, next="next_cursor"),
    rows_path="sessions",
    row_key=("session_id",),
    start_field="started_at",
    filtered_example={"filter_country": "US", "filter_browser": "Chrome", "filter_page": "/pricing"},
    limits=LIMITS,
    lint_rules=tuple(
        LintRule(
            "range-without-zone",
            MissingCompanion(field, "timezone"),
            Fact("Without timezone, days are days of UTC.", DOCUMENTED, "sessions"),
        )
        for field in ("start_date", "end_date")
    ),
    all_rows_params={"start_date": "{start_date}", "end_date": "{end_date}", "limit": MAXIMUM},
    facts=(
        Fact("A key is spk_selfhosted_ and 32 characters; it reads every website.", DOCUMENTED, "keys"),
        Fact("The most recent session is first.", DOCUMENTED, "feature"),
        Fact("Recent is what started late; the server goes by the last event.", ASSUMED),
        Fact(
            "A session belongs to the days in which it starts; on the server, to those of any event.", ASSUMED
        ),
        Fact("The end date is inclusive.", SOURCE, "server"),
        Fact(
            "Each date has its own default, so an early end_date alone may lie before the start.",
            SOURCE,
            "server",
        ),
        Fact(
            "A limit outside its bounds is refused, not clamped; the server's own maximum is 200.",
            SOURCE,
            "server",
        ),
        Fact("The last page has no next_cursor even if it is full.", SOURCE, "server"),
        Fact("A cursor is the base64 of a JSON object with an integer id.", DOCUMENTED, "sessions"),
        Fact(
            "A cursor holds for the website and the parameters it was made with, limit aside; on the server, for any.",
            ASSUMED,
        ),
        Fact(
            "All filters must hold; all but filter_page and filter_hostname are compared exactly.",
            SOURCE,
            "server",
        ),
        Fact(
            "An empty filter is applied, and nothing unknown equals it; an empty filter_page is part of every url.",
            SOURCE,
            "server",
        ),
        Fact("Unknown parameters are passed over.", SOURCE, "server"),
    ),
)
GET_SESSION = Endpoint(
    name="get_session",
    method="GET",
    paths=("/api/websites/{id}/sessions/{session_id}",),
    summary="Get one session of a website with its events.",
    path={"id": WEBSITE, "session_id": _standard("The session's id.")},
    site="id",
    response=SessionDetail,
    credentials=CREDENTIALS,
    limits=LIMITS,
    errors=("unknown_session",),
    facts=(
        Fact("All events are given; the server stops after 2,000.", DOCUMENTED, "sessions"),
        Fact("Sessions of bots are found too.", SOURCE, "server"),
        Fact("A click on a link away is an event link_click with href, text and external.", SOURCE, "server"),
        Fact("An error is an event of its own name.", ASSUMED),
    ),
)
CONTRACT = Contract(
    vendor="sparklytics",
    title="Sparklytics",
    hosts=("analytics.example.com",),
    sources=SOURCES,
    endpoints=(LIST_SESSIONS, GET_SESSION),
    errors=ERRORS,
    behaviors=BEHAVIORS,
)
