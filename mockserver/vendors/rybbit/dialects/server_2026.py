"""The dialect of Rybbit's server of mid-2026, including its newest revisions."""

from typing import Annotated, Any

from msgspec import Meta, Struct
from msgspec.structs import replace

from mockserver.contract.errors import ErrorTemplate
from mockserver.contract.limits import TokenBucket, WindowLimit
from mockserver.contract.lint_rules import LintRule
from mockserver.contract.provenance import assumed
from mockserver.contract.validation import Lenient
from mockserver.vendors.rybbit import facts
from mockserver.vendors.rybbit.contract import RANGE_WITHOUT_ZONE, error_template
from mockserver.vendors.rybbit.dialects import server_common as server
from mockserver.vendors.rybbit.dialects.base import DialectBehavior
from mockserver.vendors.rybbit.filters.fields import FEATURE_FLAG_PREFIX, PARAMETERS, PARAMETERS_2026
from mockserver.vendors.rybbit.filters.syntax import TYPES_2026, FilterSyntax
from mockserver.vendors.rybbit.filters.zod_errors import parse_filters_with_zod
from mockserver.vendors.rybbit.list_options import parse_list_options
from mockserver.vendors.rybbit.request_models import PAGE_SIZE, CommonParameters, IdentifiedOnly, UserId
from mockserver.vendors.rybbit.responses import SessionRow
from mockserver.vendors.rybbit.rows import COLUMNS_2026
from mockserver.vendors.rybbit.sorting import MAX_SORTED_BY_DURATION, select_requested_order
from mockserver.vendors.rybbit.sources import documented, newer, newest

_Number = Annotated[str | None, Meta(extra_json_schema={"type": "number", "minimum": 0})]


def _enum(*options: str) -> Meta:
    return Meta(extra_json_schema={"enum": [*options]})


class ListSessions(CommonParameters, frozen=True, kw_only=True):
    """Query parameters of the list of sessions."""

    page: Annotated[
        int, Meta(ge=1), Lenient(fallback=1), newest("Page number; 1 if it is not an integer of at least 1.")
    ] = 1
    limit: Annotated[
        int,
        Meta(ge=1),
        Lenient(fallback=PAGE_SIZE),
        newest("Rows per page, 10,000 at most; 100 if it is not an integer of at least 1."),
    ] = PAGE_SIZE
    user_id: UserId = None
    identified_only: IdentifiedOnly = None
    session_id: Annotated[str | None, newer("Only the session with this id.")] = None
    min_pageviews: Annotated[_Number, newer("Only sessions with at least this number of pageviews.")] = None
    max_pageviews: Annotated[_Number, newest("Only sessions with at most this number of pageviews.")] = None
    min_events: Annotated[_Number, newer("Only sessions with at least this number of custom events.")] = None
    max_events: Annotated[_Number, newest("Only sessions with at most this number of custom events.")] = None
    min_duration: Annotated[_Number, newer("Only sessions of at least this number of seconds.")] = None
    max_duration: Annotated[_Number, newest("Only sessions of at most this number of seconds.")] = None
    view: Annotated[
        str | None,
        _enum("all", "identified", "replay", "converted", "bounced", "errors"),
        newest("Only sessions of one kind; here, no session has a replay or has converted."),
    ] = None
    sort_by: Annotated[
        str | None,
        _enum("started", "ended", "duration", "pageviews", "events", "errors"),
        newest("Sort key, ended by default."),
    ] = None
    sort_order: Annotated[
        str | None, _enum("asc", "desc"), newest("Sort direction; desc, highest first, by default.")
    ] = None
    include_goals: Annotated[
        str | None, _enum("true", "false"), newest("Include goals; accepted, but there are no goals here.")
    ] = None


_RANGE_WITHOUT_ZONE = replace(
    RANGE_WITHOUT_ZONE, fact=newer("Without time_zone, dates are UTC days."), level=None
)


def _with_default_zone(rules: tuple[LintRule, ...]) -> tuple[LintRule, ...]:
    """Return lint rules for a server that has a default zone."""
    return tuple(_RANGE_WITHOUT_ZONE if rule is RANGE_WITHOUT_ZONE else rule for rule in rules)


class LaterSessionRow(SessionRow, frozen=True, kw_only=True):
    """A row of the list of sessions, with the fields that were added in 2026."""

    button_clicks: Annotated[int, newer("Number of clicks on buttons; always 0 here.")]
    copies: Annotated[int, newer("Number of copied texts; always 0 here.")]
    form_submits: Annotated[int, newer("Number of submitted forms; always 0 here.")]
    input_changes: Annotated[int, newer("Number of changed inputs; always 0 here.")]
    tag: Annotated[str, newer("Tag of the tracking script; always empty here.")]
    timezone: Annotated[str, newer("IANA time zone of the visitor, empty if unknown.")]
    device_model: Annotated[str, newest("Model of the device; always empty here.")]
    app_version: Annotated[str, newest("Version of the app; always empty here.")]


class SessionPage(Struct, frozen=True):
    """A page of the list of sessions, without a total."""

    data: Annotated[list[LaterSessionRow], documented("The sessions of the page.")]


_FORBIDDEN = error_template(403, "Forbidden", newer("The response if the site is not accessible to the key."))
_INVALID_PARAMETERS = newest(
    "Invalid time ranges; for other options, the texts are those of another endpoint."
)
_INVALID_FILTERS = newer("Every invalid filter.")
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
    newest(
        "Bursts and days are limited, and every response to a key reports both limits; requests that the"
        " burst limit rejects do not count towards the day."
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
_LIST_FACTS = (*facts.LIST_FACTS_2026, *_RATE_LIMIT_FACTS, facts.HOSTS)

CONTRACT = replace(
    server.CONTRACT,
    dialect="server-2026",
    description="Like the server of 2026: other paths and formats, 403 for every wrong key, newer"
    " operators and options, two limits.",
    errors={
        **server.CONTRACT.errors,
        "violation": error_template(400, "{message}", _INVALID_PARAMETERS),
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
            newest(
                "The limit that was exceeded, burst or daily, and the seconds until the next request is"
                " accepted."
            ),
            headers={"Retry-After": "{retryAfter}"},
            defaults={"scope": "burst", "limit": 50, "retryAfter": 1},
        ),
        "failed_sessions": error_template(500, "Failed to fetch sessions", _INVALID_FILTERS),
        "failed_locations": error_template(500, "Failed to fetch session locations", _INVALID_FILTERS),
        "internal": error_template(
            500, "Internal Server Error", assumed("Each handler has its own text for its failures.")
        ),
    },
    endpoints=(
        replace(
            server.LIST_SESSIONS,
            paths=server.LIST_SESSIONS.paths[1:],
            query=ListSessions,
            response=SessionPage,
            errors=("failed_sessions",),
            limits=_LIMITS,
            lint_rules=_with_default_zone(server.LIST_SESSIONS.lint_rules),
            facts=(
                facts.ORDER_BY_END,
                facts.NO_TOTAL,
                facts.NUMERIC_VERSIONS,
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
            server.GET_SESSION,
            paths=server.GET_SESSION.paths[1:],
            limits=_LIMITS,
            facts=(
                facts.MINUTES_LIMIT_EVENTS,
                facts.LIMIT_ZERO,
                assumed(
                    "A limit or offset that is negative or does not begin with a digit returns 500; newer"
                    " databases accept negative ones."
                ),
                assumed(
                    "Timestamps of events are whole seconds; the newest revisions send milliseconds, and"
                    " the goals that an event reached."
                ),
                facts.BOTS_NOT_FOUND,
                facts.NUMERIC_VERSIONS,
                *_RATE_LIMIT_FACTS,
                facts.HOSTS,
            ),
        ),
        replace(
            server.LIST_SESSION_LOCATIONS,
            paths=server.LIST_SESSION_LOCATIONS.paths[2:],
            errors=("failed_locations",),
            limits=_LIMITS,
            lint_rules=_with_default_zone(server.LIST_SESSION_LOCATIONS.lint_rules),
            facts=(*facts.LOCATION_FACTS, *_LIST_FACTS),
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
