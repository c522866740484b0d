"""The dialect of Rybbit's server of mid-2026, including its newest revisions."""

from typing import Annotated, Any

from msgspec import Meta, Struct
from msgspec.structs import replace

from mockserver.contract.errors import ErrorTemplate
from mockserver.contract.limits import TokenBucket, WindowLimit
from mockserver.contract.provenance import assumed
from mockserver.contract.validation import Lenient
from mockserver.vendors.rybbit.contract import (
    BOTS_NOT_FOUND,
    FILTER_FACTS_2026,
    FILTER_FIELD_FACTS,
    HOSTS,
    LIMIT_ZERO,
    LOCATION_FACTS,
    MINUTES_LIMIT_EVENTS,
    NO_TOTAL,
    NUMERIC_VERSIONS,
    ORDER_BY_END,
    RANGE_BY_START,
    STRICT_TIME_FACTS,
)
from mockserver.vendors.rybbit.dialects.base import DialectBehavior
from mockserver.vendors.rybbit.dialects.server_common import CONTRACT as SERVER
from mockserver.vendors.rybbit.dialects.server_common import (
    FAILED_SESSION,
    GET_SESSION,
    LIST_SESSION_LOCATIONS,
    LIST_SESSIONS,
)
from mockserver.vendors.rybbit.filters.fields import FEATURE_FLAG_PREFIX, PARAMETERS, PARAMETERS_2026
from mockserver.vendors.rybbit.filters.syntax import TYPES_2026, FilterSyntax
from mockserver.vendors.rybbit.filters.zod_errors import parse_filters_with_zod
from mockserver.vendors.rybbit.list_options import parse_list_options
from mockserver.vendors.rybbit.request_models import PAGE_SIZE, CommonParameters
from mockserver.vendors.rybbit.responses import SessionRow
from mockserver.vendors.rybbit.rows import COLUMNS_2026
from mockserver.vendors.rybbit.sorting import MAX_SORTED_BY_DURATION, select_requested_order
from mockserver.vendors.rybbit.sources import documented, sourced

_NON_NEGATIVE_NUMBER = Meta(extra_json_schema={"type": "number", "minimum": 0})


def _enum(*options: str) -> Meta:
    return Meta(extra_json_schema={"enum": [*options]})


class ListSessions(CommonParameters, frozen=True, kw_only=True):
    """Query parameters of the list of sessions."""

    page: Annotated[
        int,
        Meta(ge=1),
        Lenient(fallback=1),
        sourced("Page number; 1 if it is not an integer of at least 1.", "newest"),
    ] = 1
    limit: Annotated[
        int,
        Meta(ge=1),
        Lenient(fallback=PAGE_SIZE),
        sourced("Rows per page, 10,000 at most; 100 if it is not an integer of at least 1.", "newest"),
    ] = PAGE_SIZE
    user_id: Annotated[str | None, sourced("Only sessions with this user_id or identified_user_id.")] = None
    identified_only: Annotated[
        str | None, documented("'true' for sessions of identified users only; 'false' by default.")
    ] = None
    session_id: Annotated[str | None, sourced("Only the session with this id.", "server-2026")] = None
    min_pageviews: Annotated[
        str | None,
        _NON_NEGATIVE_NUMBER,
        sourced("Only sessions with at least this number of pageviews.", "server-2026"),
    ] = None
    max_pageviews: Annotated[
        str | None,
        _NON_NEGATIVE_NUMBER,
        sourced("Only sessions with at most this number of pageviews.", "newest"),
    ] = None
    min_events: Annotated[
        str | None,
        _NON_NEGATIVE_NUMBER,
        sourced("Only sessions with at least this number of custom events.", "server-2026"),
    ] = None
    max_events: Annotated[
        str | None,
        _NON_NEGATIVE_NUMBER,
        sourced("Only sessions with at most this number of custom events.", "newest"),
    ] = None
    min_duration: Annotated[
        str | None,
        _NON_NEGATIVE_NUMBER,
        sourced("Only sessions of at least this number of seconds.", "server-2026"),
    ] = None
    max_duration: Annotated[
        str | None,
        _NON_NEGATIVE_NUMBER,
        sourced("Only sessions of at most this number of seconds.", "newest"),
    ] = None
    view: Annotated[
        str | None,
        _enum("all", "identified", "replay", "converted", "bounced", "errors"),
        sourced("Only sessions of one kind; here, no session has a replay or has converted.", "newest"),
    ] = None
    sort_by: Annotated[
        str | None,
        _enum("started", "ended", "duration", "pageviews", "events", "errors"),
        sourced("Sort key, ended by default.", "newest"),
    ] = None
    sort_order: Annotated[
        str | None,
        _enum("asc", "desc"),
        sourced("Sort direction; desc, highest first, by default.", "newest"),
    ] = None
    include_goals: Annotated[
        str | None,
        _enum("true", "false"),
        sourced("Include goals; accepted, but there are no goals here.", "newest"),
    ] = None


class LaterSessionRow(SessionRow, frozen=True, kw_only=True):
    """A row of the list of sessions, with the fields that were added in 2026."""

    button_clicks: Annotated[int, sourced("Number of clicks on buttons; always 0 here.", "server-2026")]
    copies: Annotated[int, sourced("Number of copied texts; always 0 here.", "server-2026")]
    form_submits: Annotated[int, sourced("Number of submitted forms; always 0 here.", "server-2026")]
    input_changes: Annotated[int, sourced("Number of changed inputs; always 0 here.", "server-2026")]
    tag: Annotated[str, sourced("Tag of the tracking script; always empty here.", "server-2026")]
    timezone: Annotated[str, sourced("IANA time zone of the visitor, empty if unknown.", "server-2026")]
    device_model: Annotated[str, sourced("Model of the device; always empty here.", "newest")]
    app_version: Annotated[str, sourced("Version of the app; always empty here.", "newest")]


class SessionPage(Struct, frozen=True):
    """A page of the list of sessions, without a total."""

    data: Annotated[list[LaterSessionRow], documented("The sessions of the page.")]


_FORBIDDEN = ErrorTemplate(
    403,
    {"error": "Forbidden"},
    sourced("The response if the site is not accessible to the key.", "server-2026"),
)
_INVALID_PARAMETERS = sourced(
    "Invalid time ranges; for other options, the texts are those of another endpoint.", "newest"
)
_INVALID_FILTERS = sourced("Every invalid filter.", "server-2026")
_TIGHTEST_LIMIT_HEADERS = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")


def _report_limit(tier: str) -> dict[str, Any]:
    """Return the arguments of a limit that define how responses report it."""
    headers = tuple(f"X-RateLimit-{tier}-{name}" for name in ("Limit", "Remaining", "Reset"))
    return {"headers": headers, "tightest": _TIGHTEST_LIMIT_HEADERS, "resets": "after", "unkeyed": False}


_LIMITS = (
    TokenBucket(
        allowed="rybbit.burst_limit",
        refill="rybbit.burst_refill",
        pool="burst",
        documented=50,
        **_report_limit("Burst"),
    ),
    WindowLimit(
        allowed="rybbit.daily_limit",
        seconds=86_400,
        opens="clock",
        pool="daily",
        documented=5_000,
        **_report_limit("Daily"),
    ),
)
_RATE_LIMIT_FACTS = (
    sourced(
        "Bursts and days are limited, and every response to a key reports both limits; requests that the"
        " burst limit rejects do not count towards the day.",
        "newest",
    ),
    assumed(
        "The limits are off, as on self-hosted servers; the hosted service allows bursts of 50 and 5,000"
        " requests a day."
    ),
    assumed(
        "Resets are reported in seconds, for a burst until it is completely refilled; requests that the"
        " daily limit rejects count towards the burst."
    ),
)
_LIST_FACTS = (
    RANGE_BY_START,
    *STRICT_TIME_FACTS,
    *FILTER_FIELD_FACTS,
    *FILTER_FACTS_2026,
    *_RATE_LIMIT_FACTS,
    HOSTS,
)

CONTRACT = replace(
    SERVER,
    dialect="server-2026",
    description="Like the server of 2026: other paths and formats, 403 for every wrong key, newer"
    " operators and options, two limits.",
    errors={
        **SERVER.errors,
        "violation": ErrorTemplate(400, {"error": "{message}"}, _INVALID_PARAMETERS),
        "missing_credential": _FORBIDDEN,
        "wrong_credential": _FORBIDDEN,
        "forbidden": _FORBIDDEN,
        "rate_limited": ErrorTemplate(
            429,
            {
                "error": "Rate limit exceeded",
                "scope": "{scope}",
                "limit": "{limit}",
                "retryAfter": "{retryAfter}",
            },
            sourced(
                "The limit that was exceeded, burst or daily, and the seconds until the next request is"
                " accepted.",
                "newest",
            ),
            headers={"Retry-After": "{retryAfter}"},
            defaults={"scope": "burst", "limit": 50, "retryAfter": 1},
        ),
        "failed_sessions": ErrorTemplate(500, {"error": "Failed to fetch sessions"}, _INVALID_FILTERS),
        "failed_session": FAILED_SESSION,
        "failed_locations": ErrorTemplate(
            500, {"error": "Failed to fetch session locations"}, _INVALID_FILTERS
        ),
        "internal": ErrorTemplate(
            500,
            {"error": "Internal Server Error"},
            assumed("Each handler has its own text for its failures."),
        ),
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
                ORDER_BY_END,
                NO_TOTAL,
                NUMERIC_VERSIONS,
                assumed(
                    "asc is the exact reverse of desc; with desc, equal rows are sorted by session_end,"
                    " latest first."
                ),
                assumed(
                    f"sort_by=duration returns 400 for more than {MAX_SORTED_BY_DURATION:,} sessions; this"
                    " bound is ours, not the vendor's."
                ),
                assumed("min_duration and max_duration compare milliseconds; rows contain whole seconds."),
                assumed(
                    "For a session that is still running, filters and sorting use the final pageviews,"
                    " events, errors and duration."
                ),
                assumed("A session with one event is a bounce."),
                assumed("Only one error is listed for options, and only if the time range is valid."),
                *_LIST_FACTS,
            ),
        ),
        replace(
            GET_SESSION,
            paths=GET_SESSION.paths[1:],
            limits=_LIMITS,
            facts=(
                MINUTES_LIMIT_EVENTS,
                LIMIT_ZERO,
                assumed(
                    "A limit or offset that is negative or does not begin with a digit returns 500; newer"
                    " databases accept negative ones."
                ),
                assumed(
                    "Timestamps of events are whole seconds; the newest revisions send milliseconds, and"
                    " the goals that an event reached."
                ),
                BOTS_NOT_FOUND,
                NUMERIC_VERSIONS,
                *_RATE_LIMIT_FACTS,
                HOSTS,
            ),
        ),
        replace(
            LIST_SESSION_LOCATIONS,
            paths=LIST_SESSION_LOCATIONS.paths[2:],
            errors=("failed_locations",),
            limits=_LIMITS,
            facts=(*LOCATION_FACTS, *_LIST_FACTS),
        ),
    ),
)
_SYNTAX = FilterSyntax(
    parse=parse_filters_with_zod,
    parameters=(*PARAMETERS, *PARAMETERS_2026, FEATURE_FLAG_PREFIX),
    types=TYPES_2026,
    lenient_user_id=True,
)
BEHAVIOR = DialectBehavior(
    list_filters=replace(_SYNTAX, syntax_error="failed_sessions", database_error="failed_sessions"),
    location_filters=replace(_SYNTAX, syntax_error="failed_locations", database_error="failed_locations"),
    parse_list_options=parse_list_options,
    select_order=select_requested_order,
    extra_columns=COLUMNS_2026,
)
