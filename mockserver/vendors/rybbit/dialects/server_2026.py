"""Rybbit's server of mid-2026, with what its newest revisions brought."""

from typing import Annotated, Any

from msgspec import Meta, Struct
from msgspec.structs import replace

from mockserver.contract.errors import ErrorTemplate
from mockserver.contract.limits import TokenBucket, WindowLimit
from mockserver.contract.validation import Lenient
from mockserver.vendors.rybbit.contract import (
    AT_START,
    BY_END,
    COERCED,
    COMPARED,
    HOST,
    LAST_MINUTES,
    LATER_FILTERS,
    NO_BOT,
    NO_EVENTS,
    NO_TOTAL,
    SOME_PLACES,
    TIME,
)
from mockserver.vendors.rybbit.dialects.base import DialectBehavior
from mockserver.vendors.rybbit.dialects.server_common import CONTRACT as SERVER
from mockserver.vendors.rybbit.dialects.server_common import (
    FAILED_SESSION,
    GET_SESSION,
    LIST_SESSION_LOCATIONS,
    LIST_SESSIONS,
)
from mockserver.vendors.rybbit.filters.fields import FLAG, LATER, PARAMETERS
from mockserver.vendors.rybbit.filters.syntax import LATER_TYPES, FilterSyntax
from mockserver.vendors.rybbit.filters.zod_errors import issues_told
from mockserver.vendors.rybbit.list_options import options
from mockserver.vendors.rybbit.request_models import PAGE_SIZE, CommonParameters
from mockserver.vendors.rybbit.responses import SessionRow
from mockserver.vendors.rybbit.rows import LATER as LATER_FIELDS
from mockserver.vendors.rybbit.sorting import SORTED_AT_MOST, as_asked
from mockserver.vendors.rybbit.sources import assumed, documented, sourced

_NUMBER = Meta(extra_json_schema={"type": "number", "minimum": 0})


def _words(*words: str) -> Meta:
    return Meta(extra_json_schema={"enum": [*words]})


class ListSessions(CommonParameters, frozen=True, kw_only=True):
    """The query of a list of sessions."""

    page: Annotated[
        int,
        Meta(ge=1),
        Lenient(otherwise=1),
        sourced("Number of the page; 1 where it is no whole number from 1.", "newest"),
    ] = 1
    limit: Annotated[
        int,
        Meta(ge=1),
        Lenient(otherwise=PAGE_SIZE),
        sourced("Rows on a page, 10,000 at most; 100 where it is no whole number from 1.", "newest"),
    ] = PAGE_SIZE
    user_id: Annotated[str | None, sourced("Only sessions with this user_id or this identified_user_id.")] = (
        None
    )
    identified_only: Annotated[
        str | None, documented("'true' for sessions of identified users only, 'false' by default.")
    ] = None
    session_id: Annotated[str | None, sourced("Only the session with this id.", "server-2026")] = None
    min_pageviews: Annotated[
        str | None, _NUMBER, sourced("Only sessions with so many pageviews or more.", "server-2026")
    ] = None
    max_pageviews: Annotated[
        str | None, _NUMBER, sourced("Only sessions with no more pageviews.", "newest")
    ] = None
    min_events: Annotated[
        str | None, _NUMBER, sourced("Only sessions with so many custom events or more.", "server-2026")
    ] = None
    max_events: Annotated[
        str | None, _NUMBER, sourced("Only sessions with no more custom events.", "newest")
    ] = None
    min_duration: Annotated[
        str | None, _NUMBER, sourced("Only sessions of so many seconds or more.", "server-2026")
    ] = None
    max_duration: Annotated[str | None, _NUMBER, sourced("Only sessions of no more seconds.", "newest")] = (
        None
    )
    view: Annotated[
        str | None,
        _words("all", "identified", "replay", "converted", "bounced", "errors"),
        sourced("Only sessions of a kind; here none has a replay, and none has converted.", "newest"),
    ] = None
    sort_by: Annotated[
        str | None,
        _words("started", "ended", "duration", "pageviews", "events", "errors"),
        sourced("What decides the order, ended by default.", "newest"),
    ] = None
    sort_order: Annotated[
        str | None, _words("asc", "desc"), sourced("desc, the greatest first, by default.", "newest")
    ] = None
    include_goals: Annotated[
        str | None,
        _words("true", "false"),
        sourced("Whether goals are told; accepted, but there are none here.", "newest"),
    ] = None


class LaterSessionRow(SessionRow, frozen=True, kw_only=True):
    """A row of the list of sessions, with what came in 2026."""

    button_clicks: Annotated[int, sourced("Number of clicks on buttons; here there are none.", "server-2026")]
    copies: Annotated[int, sourced("Number of texts that were copied; here there are none.", "server-2026")]
    form_submits: Annotated[
        int, sourced("Number of forms that were sent; here there are none.", "server-2026")
    ]
    input_changes: Annotated[
        int, sourced("Number of inputs that were changed; here there are none.", "server-2026")
    ]
    tag: Annotated[str, sourced("Tag of the tracking script; here always empty.", "server-2026")]
    timezone: Annotated[str, sourced("IANA name of the visitor's zone, empty where unknown.", "server-2026")]
    device_model: Annotated[str, sourced("Model of the device; here always empty.", "newest")]
    app_version: Annotated[str, sourced("Version of the app; here always empty.", "newest")]


class SessionPage(Struct, frozen=True):
    """A page of the list of sessions; nothing says how many there are."""

    data: Annotated[list[LaterSessionRow], documented("The sessions of the page.")]


_FORBIDDEN = ErrorTemplate(
    403, {"error": "Forbidden"}, sourced("Whoever may not see a site is told so.", "server-2026")
)
_WRONG = sourced("What is wrong with times; of options, the texts are those of another endpoint.", "newest")
_FILTERS_FAIL = sourced("Whatever is wrong with filters.", "server-2026")
_TIGHTEST = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")


def _reports(tier: str) -> dict[str, Any]:
    """How answers report a tier of the limits."""
    headers = tuple(f"X-RateLimit-{tier}-{word}" for word in ("Limit", "Remaining", "Reset"))
    return {"headers": headers, "tightest": _TIGHTEST, "resets": "after", "unkeyed": False}


_LIMITS = (
    TokenBucket(
        allowed="rybbit.burst_limit",
        refill="rybbit.burst_refill",
        pool="burst",
        documented=50,
        **_reports("Burst"),
    ),
    WindowLimit(
        allowed="rybbit.daily_limit",
        seconds=86_400,
        opens="clock",
        pool="daily",
        documented=5_000,
        **_reports("Daily"),
    ),
)
_RATE = (
    sourced(
        "A burst and a day have limits, which every answer to a key reports; what the burst refuses does not count for the day.",
        "newest",
    ),
    assumed(
        "The limits are off, as on servers that people host themselves; the hosted service has 50 at once, and 5,000 a day."
    ),
    assumed(
        "Resets are told in seconds, for a burst until it is whole; what the day refuses has taken from the burst."
    ),
)
_ALIKE = (AT_START, *TIME, *COMPARED, *LATER_FILTERS, *_RATE, HOST)

CONTRACT = replace(
    SERVER,
    dialect="server-2026",
    description="As the server of 2026 answers: other paths and formats, 403 for every wrong key, later operators and options, two limits.",
    errors={
        **SERVER.errors,
        "violation": ErrorTemplate(400, {"error": "{message}"}, _WRONG),
        "missing_credential": _FORBIDDEN,
        "wrong_credential": _FORBIDDEN,
        "forbidden": _FORBIDDEN,
        "rate_limited": ErrorTemplate(
            429,
            {"error": "Rate limit exceeded", "scope": "{scope}", "limit": "{limit}", "retryAfter": "{retryAfter}"},
            sourced("Which of the two limits it was, burst or daily, and after how many seconds the next request is answered.", "newest"),
            headers={"Retry-After": "{retryAfter}"},
            defaults={"scope": "burst", "limit": 50, "retryAfter": 1},
        ),
        "failed_sessions": ErrorTemplate(500, {"error": "Failed to fetch sessions"}, _FILTERS_FAIL),
        "failed_session": FAILED_SESSION,
        "failed_locations": ErrorTemplate(
            500, {"error": "Failed to fetch session locations"}, _FILTERS_FAIL
        ),
        "internal": ErrorTemplate(500, {"error": "Internal Server Error"}, assumed("Each handler has a text of its own for what fails in it.")),
    },
    endpoints=(
        replace(
            LIST_SESSIONS,
            paths=LIST_SESSIONS.paths[1:],
            query=ListSessions,
            response=SessionPage,
            errors=("failed_sessions",),
            limits=_LIMITS,
            facts=(
                BY_END,
                NO_TOTAL,
                COERCED,
                assumed("asc is the whole order from its other end; what is equal is told latest session_end first by desc."),
                assumed(f"sort_by duration takes {SORTED_AT_MOST:,} sessions at most, and is a 400 beyond: our bound, not the vendor's."),
                assumed("min_duration and max_duration compare milliseconds, which are told in whole seconds."),
                assumed("What a session that still runs will have had is counted for pageviews, events, errors and duration."),
                assumed("A session bounces that has one event."),
                assumed("Of options, one fault is told, and it is told behind those of times."),
                *_ALIKE,
            ),
        ),
        replace(
            GET_SESSION,
            paths=GET_SESSION.paths[1:],
            limits=_LIMITS,
            facts=(
                LAST_MINUTES,
                NO_EVENTS,
                assumed("A limit or offset that does not begin with figures, or is negative, is a 500; newer databases take negative ones."),
                assumed("Events tell whole seconds; the newest revisions tell milliseconds, and the goals that an event reached."),
                NO_BOT,
                COERCED,
                *_RATE,
                HOST,
            ),
        ),
        replace(
            LIST_SESSION_LOCATIONS,
            paths=LIST_SESSION_LOCATIONS.paths[2:],
            errors=("failed_locations",),
            limits=_LIMITS,
            facts=(*SOME_PLACES, *_ALIKE),
        ),
    ),
)  # fmt: skip
_GRAMMAR = FilterSyntax(
    items=issues_told, parameters=(*PARAMETERS, *LATER, FLAG), types=LATER_TYPES, sloppy=True
)
MANNER = DialectBehavior(
    filters=replace(_GRAMMAR, wrong="failed_sessions", broken="failed_sessions"),
    place_filters=replace(_GRAMMAR, wrong="failed_locations", broken="failed_locations"),
    options=options,
    sorted=as_asked,
    more=LATER_FIELDS,
)
