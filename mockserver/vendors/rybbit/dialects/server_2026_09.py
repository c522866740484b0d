"""The dialect of the newest revisions of Rybbit's server, of about September 2026."""

from typing import Annotated, Any

from msgspec import Meta, Struct, field
from msgspec.structs import replace

from mockserver.contract.errors import ErrorTemplate
from mockserver.contract.limits import TokenBucket, WindowLimit
from mockserver.contract.provenance import assumed
from mockserver.contract.validation import Lenient
from mockserver.vendors.rybbit import facts
from mockserver.vendors.rybbit.contract import LIMIT_ABOVE_MAXIMUM, error_template
from mockserver.vendors.rybbit.dialects import not_imitated_2026 as not_imitated
from mockserver.vendors.rybbit.dialects import server_2026_07 as july
from mockserver.vendors.rybbit.filters.fields import FEATURE_FLAG
from mockserver.vendors.rybbit.request_models import PAGE_SIZE
from mockserver.vendors.rybbit.responses import Pagination, SessionEvent, SessionMeta
from mockserver.vendors.rybbit.rows import format_milliseconds
from mockserver.vendors.rybbit.session_list.list_options import REPEATED_OPTIONS, parse_list_options
from mockserver.vendors.rybbit.session_list.sorting import MAX_SORTED_BY_DURATION, select_requested_order
from mockserver.vendors.rybbit.sources import documented, newest, sourced

_Number = Annotated[str | None, Meta(extra_json_schema={"type": "integer", "minimum": 0})]


def _enum(*options: str) -> Meta:
    return Meta(extra_json_schema={"enum": [*options]})


class ListSessions(july.ListSessions, frozen=True, kw_only=True):
    """Query parameters of the list of sessions."""

    page: Annotated[
        int,
        Meta(ge=1),
        Lenient(leading_digits=True, fallback=1),
        newest("Page number, of which only the leading digits are used; 1 if it is less or no number."),
    ] = 1
    limit: Annotated[
        int,
        Meta(ge=1),
        Lenient(leading_digits=True, fallback=PAGE_SIZE),
        newest(
            "Rows per page, 10,000 at most; only the leading digits are used; 100 if it is less than 1 or no"
            " number."
        ),
    ] = PAGE_SIZE
    user_id: Annotated[
        str | None, newest("Only sessions of this identified user, or of an anonymous visitor's device.")
    ] = None
    min_pageviews: Annotated[_Number, newest("Only sessions with at least this number of pageviews.")] = None
    max_pageviews: Annotated[_Number, newest("Only sessions with at most this number of pageviews.")] = None
    min_events: Annotated[
        _Number, newest("Only sessions with at least this number of custom events and recorded interactions.")
    ] = None
    max_events: Annotated[
        _Number, newest("Only sessions with at most this number of custom events and recorded interactions.")
    ] = None
    min_duration: Annotated[_Number, newest("Only sessions of at least this number of seconds.")] = None
    max_duration: Annotated[_Number, newest("Only sessions of at most this number of seconds.")] = None
    view: Annotated[
        str | None,
        _enum("all", "identified", "replay", "converted", "bounced", "errors"),
        newest(
            "Only sessions of one kind; bounced ones have one pageview. Here, no session has a replay or has"
            " converted."
        ),
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
        str | None, _enum("true", "false"), newest("'true' adds converted_goals to rows.")
    ] = None


class Goal(Struct, frozen=True):
    """A goal of the site."""

    id: Annotated[int, newest("Number of the goal.")]
    name: Annotated[str | None, newest("Name of the goal, if it has one.")]


class NewestSessionRow(july.LaterSessionRow, frozen=True, kw_only=True):
    """A row of the list of sessions."""

    converted_goals: Annotated[
        list[Goal], newest("Goals of the session, with include_goals=true; here, there are none.")
    ] = field(default_factory=list)


class SessionPage(Struct, frozen=True):
    """A page of the list of sessions, without a total."""

    data: Annotated[list[NewestSessionRow], documented("The sessions of the page.")]


class NewestSessionMeta(SessionMeta, frozen=True, kw_only=True):
    """A session, returned with its events."""

    device_model: Annotated[str, newest("Model of the device; always empty here.")] = ""
    app_version: Annotated[str, newest("Version of the app; always empty here.")] = ""


class NewestSessionEvent(SessionEvent, frozen=True, kw_only=True):
    """An event of a session."""

    timestamp: Annotated[str, newest("Time of the event, UTC, in milliseconds.")]
    goals: Annotated[list[Goal], newest("Goals that the event completes; here, there are none.")] = field(
        default_factory=list
    )


class SessionDetails(Struct, frozen=True):
    """A session with a page of its events."""

    session: Annotated[NewestSessionMeta, documented("The session.")]
    events: Annotated[list[NewestSessionEvent], sourced("A page of its events, oldest first.")]
    pagination: Annotated[Pagination, documented("Position of the page.")]


class OneSession(Struct, frozen=True):
    """Response for one session."""

    data: Annotated[SessionDetails, documented("The session with a page of its events.")]


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
_NEGATION = assumed(
    "Filters on events are negated as in July, where they were observed; the newest servers may require that no"
    " event of a session matches."
)
_USER_ID_FACTS = (
    newest(
        "user_id equals and not_equals compare the user's id, or the device's if the visitor is anonymous; other"
        " types compare only the device's id."
    ),
    facts.FEW_IDS,
)
_LIST_SESSIONS, _GET_SESSION, _LIST_SESSION_LOCATIONS = july.CONTRACT.endpoints

CONTRACT = replace(
    july.CONTRACT,
    dialect="server-2026-09",
    description="Like the newest revisions of the server, of about September 2026: list options, goals,"
    " sorted pages, two limits.",
    behaviors=july.CONTRACT.behaviors_with_defaults(over_limit="clamp"),
    errors={
        **{name: error for name, error in july.CONTRACT.errors.items() if name != "invalid_filters"},
        "violation": error_template(
            400, "{message}", newest("Invalid time ranges, with all errors; the first invalid option.")
        ),
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
    },
    endpoints=(
        replace(
            _LIST_SESSIONS,
            query=ListSessions,
            validation_error="violation",
            empty="value",
            response=SessionPage,
            errors=("failed_sessions",),
            limits=_LIMITS,
            lint_rules=(*_LIST_SESSIONS.lint_rules, LIMIT_ABOVE_MAXIMUM),
            repeated_params={**july.REPEATED_TIMES, **REPEATED_OPTIONS},
            facts=(
                facts.ORDER_BY_END,
                newest(
                    "Rows that are equal in sort_by are sorted by session_start, then session_id, in the same"
                    " direction."
                ),
                assumed(
                    f"sort_by=duration returns 400 for more than {MAX_SORTED_BY_DURATION:,} sessions; this"
                    " bound is ours, not the vendor's."
                ),
                newest("Only the first error of the options is listed, and only if the time range is valid."),
                *july.PAGE_FACTS,
                *july.LIST_FACTS,
                _NEGATION,
                *_USER_ID_FACTS,
                *_RATE_LIMIT_FACTS,
            ),
        ),
        replace(
            _GET_SESSION,
            response=OneSession,
            limits=_LIMITS,
            facts=(*july.SESSION_FACTS, *_RATE_LIMIT_FACTS),
        ),
        replace(
            _LIST_SESSION_LOCATIONS,
            errors=("failed_locations",),
            limits=_LIMITS,
            facts=(*july.LOCATION_FACTS, _NEGATION, *_USER_ID_FACTS, *_RATE_LIMIT_FACTS),
        ),
    ),
    not_imitated=not_imitated.SEPTEMBER,
)
_SYNTAX_CHANGES: dict[str, Any] = {
    "parameters": (*july.BEHAVIOR.list_filters.parameters, "device_model", "app_version"),
    "shape_error": None,
    "user_id": "effective",
}
BEHAVIOR = replace(
    july.BEHAVIOR,
    list_filters=replace(
        july.BEHAVIOR.list_filters,
        **_SYNTAX_CHANGES,
        unsupported=frozenset({FEATURE_FLAG, "device_model", "app_version"}),
    ),
    location_filters=replace(july.BEHAVIOR.location_filters, **_SYNTAX_CHANGES),
    parse_list_options=parse_list_options,
    select_order=select_requested_order,
    session_meta=NewestSessionMeta,
    session_event=NewestSessionEvent,
    format_event_times=format_milliseconds,
)
