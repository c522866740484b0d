"""The dialect of Rybbit's server of July 2026."""

from typing import Annotated, Any

from msgspec import Meta, Struct
from msgspec.structs import replace

from mockserver.contract.errors import ApiError, ErrorTemplate
from mockserver.contract.http.cors import Cors
from mockserver.contract.limits import WindowLimit
from mockserver.contract.lint_rules import LintRule
from mockserver.contract.provenance import assumed
from mockserver.vendors.rybbit import contract, facts
from mockserver.vendors.rybbit.contract import RANGE_WITHOUT_ZONE, error_template
from mockserver.vendors.rybbit.dialects import not_imitated_2026 as not_imitated
from mockserver.vendors.rybbit.dialects import server_common as server
from mockserver.vendors.rybbit.dialects.base import DialectBehavior
from mockserver.vendors.rybbit.filters.fields import (
    EVENT_FIELDS,
    FEATURE_FLAG,
    PARAMETERS,
    SOURCE_FIELDS,
)
from mockserver.vendors.rybbit.filters.syntax import TYPES_2026, FilterSyntax
from mockserver.vendors.rybbit.filters.zod_errors import parse_filters_with_zod
from mockserver.vendors.rybbit.request_models import PAGE_SIZE, CommonParameters, IdentifiedOnly, UserId
from mockserver.vendors.rybbit.responses import SessionRow
from mockserver.vendors.rybbit.rows import COLUMNS_2026
from mockserver.vendors.rybbit.session_list.list_options import parse_list_options_of_july
from mockserver.vendors.rybbit.sources import documented, newer, observed
from mockserver.vendors.rybbit.times.server_times import check_times, parse_server_time_range

_MAX_MINUTES = 2**31 - 1
_Number = Annotated[str | None, Meta(extra_json_schema={"type": "number"})]
_Checked = Annotated[str | None, observed("Checked as in the list; without an effect.")]


class ListSessions(CommonParameters, frozen=True, kw_only=True):
    """Query parameters of the list of sessions."""

    page: Annotated[int, Meta(ge=1), newer("Page number, starting at 1; anything else returns 500.")] = 1
    limit: Annotated[
        int,
        Meta(ge=0),
        newer("Rows per page, without a maximum; a text that is not an integer returns 500."),
    ] = PAGE_SIZE
    user_id: UserId = None
    identified_only: IdentifiedOnly = None
    session_id: Annotated[str | None, newer("Only the session with this id.")] = None
    min_pageviews: Annotated[_Number, newer("Only sessions with at least this number of pageviews.")] = None
    min_events: Annotated[_Number, newer("Only sessions with at least this number of custom events.")] = None
    min_duration: Annotated[_Number, newer("Only sessions of at least this number of seconds.")] = None


class GetSession(server.GetSession, frozen=True, kw_only=True):
    """Query parameters of one session. Time parameters are checked on all paths of a site."""

    start_date: _Checked = None
    end_date: _Checked = None
    time_zone: _Checked = None
    start_datetime: _Checked = None
    end_datetime: _Checked = None
    past_minutes_start: _Checked = None
    past_minutes_end: _Checked = None


class LaterSessionRow(SessionRow, frozen=True, kw_only=True):
    """A row of the list of sessions, with the fields that were added in 2026."""

    button_clicks: Annotated[int, newer("Number of clicks on buttons; always 0 here.")]
    copies: Annotated[int, newer("Number of copied texts; always 0 here.")]
    form_submits: Annotated[int, newer("Number of submitted forms; always 0 here.")]
    input_changes: Annotated[int, newer("Number of changed inputs; always 0 here.")]
    tag: Annotated[str, newer("Tag of the tracking script; always empty here.")]
    timezone: Annotated[str, newer("IANA time zone of the visitor, empty if unknown.")]


class SessionPage(Struct, frozen=True):
    """A page of the list of sessions, without a total."""

    data: Annotated[list[LaterSessionRow], documented("The sessions of the page.")]


_RANGE_WITHOUT_ZONE = replace(
    RANGE_WITHOUT_ZONE, fact=newer("Without time_zone, dates are UTC days."), level=None
)


def _with_default_zone(rules: tuple[LintRule, ...]) -> tuple[LintRule, ...]:
    """Return lint rules for a server that has a default zone."""
    return tuple(_RANGE_WITHOUT_ZONE if rule is RANGE_WITHOUT_ZONE else rule for rule in rules)


_FORBIDDEN = error_template(403, "Forbidden", newer("The response if the site is not accessible to the key."))
_INVALID_FILTERS = observed("Filters that are not JSON, invalid patterns and numbers, and database errors.")
_LIMITS = (
    WindowLimit(
        allowed="rybbit.rate_limit",
        seconds=60,
        opens="first",
        pool="api",
        documented=20,
        retry_after="rybbit.retry_after",
    ),
)
_RATE_LIMIT_FACT = assumed(
    "rybbit.rate_limit is per minute; the hosted service documents 20, or 200 for its more expensive plan."
)
REPEATED_TIMES = {
    **dict.fromkeys(
        ("start_date", "end_date", "time_zone", "start_datetime", "end_datetime"),
        "Expected string, received array",
    ),
    "past_minutes_start": "Invalid input",
    "past_minutes_end": "Invalid input",
}
_REPEATED: dict[str, Any] = {"joins_repeated_params": True, "repeated_params": REPEATED_TIMES}
_REPEATED_FACTS = (
    observed(
        "A time parameter that is sent twice returns 400; of a limit or offset of events, the first counts."
    ),
)
LIST_FACTS = (*facts.LIST_FACTS_2026, *_REPEATED_FACTS, facts.HOSTS)
_USER_ID_FACTS = (
    observed("user_id equals and not_equals compare both ids; other types compare only the device's id."),
    facts.FEW_IDS,
)
PAGE_FACTS = (
    facts.NO_TOTAL,
    facts.NUMERIC_VERSIONS,
    assumed(
        "For a session that is still running, filters and sorting use the final pageviews, events, errors and"
        " duration."
    ),
)
SESSION_FACTS = (
    facts.MINUTES_LIMIT_EVENTS,
    observed("Minutes of more than 2,147,483,647 overflow and match no event: 404."),
    facts.LIMIT_ZERO,
    assumed(
        "A limit or offset that is negative or does not begin with a digit returns 500; newer databases accept"
        " negative ones."
    ),
    facts.BOTS_NOT_FOUND,
    facts.NUMERIC_VERSIONS,
    *_REPEATED_FACTS,
    facts.HOSTS,
)
LOCATION_FACTS = (
    *facts.LOCATION_FACTS,
    observed(
        "Filters on country, city, lat and lon return 500: their names are those of aggregates in the query."
    ),
    observed(
        "All filters on pathname, page_title, querystring, referrer and utm_… must be met by one event; only the"
        " first event of a session has a referrer and UTM parameters."
    ),
    *LIST_FACTS,
)


def check_session_query(query: GetSession) -> None:
    """Raise :class:`ApiError` for invalid time parameters, and for minutes that overflow in the database."""
    check_times(query)
    if query.minutes > _MAX_MINUTES:
        raise ApiError("unknown_session")


CONTRACT = replace(
    server.CONTRACT,
    dialect="server-2026-07",
    description="Like the server of July 2026 (b221e13f): other paths and formats, 403 for every wrong key,"
    " newer operators, checked time ranges, 500 for invalid filters.",
    behaviors=server.CONTRACT.behaviors_with_defaults(over_limit="honour"),
    errors={
        **server.CONTRACT.errors,
        "violation": error_template(
            400, "{message}", observed("Invalid time ranges, with all errors that zod lists.")
        ),
        "missing_credential": _FORBIDDEN,
        "wrong_credential": _FORBIDDEN,
        "forbidden": _FORBIDDEN,
        "rate_limited": error_template(
            429, "Rate limit exceeded", newer("The response to a key over its limit; no headers report it.")
        ),
        "invalid_filters": ErrorTemplate(
            500,
            {
                "statusCode": 500,
                "error": "Internal Server Error",
                "message": "Cannot set property errors of [object Object] which has only a getter",
            },
            observed("Filters of a wrong shape: the server fails when it logs them."),
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
            validation_error="failed_sessions",
            response=SessionPage,
            errors=("failed_sessions", "invalid_filters"),
            limits=_LIMITS,
            lint_rules=_with_default_zone(server.LIST_SESSIONS.lint_rules[:2]),
            **_REPEATED,
            facts=(
                facts.ORDER_BY_END,
                newer("A limit of 0 returns no rows; there is no maximum."),
                *PAGE_FACTS,
                *LIST_FACTS,
                *_USER_ID_FACTS,
                _RATE_LIMIT_FACT,
            ),
        ),
        replace(
            server.GET_SESSION,
            paths=server.GET_SESSION.paths[1:],
            query=GetSession,
            limits=_LIMITS,
            **_REPEATED,
            facts=(*SESSION_FACTS, _RATE_LIMIT_FACT),
        ),
        replace(
            server.LIST_SESSION_LOCATIONS,
            paths=server.LIST_SESSION_LOCATIONS.paths[2:],
            errors=("failed_locations", "invalid_filters"),
            limits=_LIMITS,
            lint_rules=_with_default_zone(server.LIST_SESSION_LOCATIONS.lint_rules),
            **_REPEATED,
            facts=(*LOCATION_FACTS, *_USER_ID_FACTS, _RATE_LIMIT_FACT),
        ),
    ),
    cors=(
        Cors(
            fact=newer("Web pages of any origin may read the list of sessions, without their cookies."),
            endpoints=("list_sessions",),
            **{**contract.PAGES_OF_2025, "credentials": False},
        ),
        Cors(fact=newer("Web pages of the server's own address may read the other endpoints.")),
    ),
    not_imitated=not_imitated.JULY,
)
_SYNTAX = FilterSyntax(
    parse=parse_filters_with_zod,
    parameters=(*PARAMETERS, "tag", FEATURE_FLAG),
    types=TYPES_2026,
    lenient_user_id=True,
    javascript=True,
    user_id="device",
    shape_error="invalid_filters",
    event_fields=EVENT_FIELDS,
)
_TEXT_ORDERINGS = frozenset({"event_name", "channel", "entry_page", "exit_page"})
BEHAVIOR = DialectBehavior(
    parse_time_range=parse_server_time_range,
    list_filters=replace(
        _SYNTAX,
        syntax_error="failed_sessions",
        database_error="failed_sessions",
        unsupported=frozenset({FEATURE_FLAG}),
        text_orderings=frozenset({"pathname", "page_title", "querystring", *_TEXT_ORDERINGS}),
    ),
    location_filters=replace(
        _SYNTAX,
        syntax_error="failed_locations",
        database_error="failed_locations",
        unsupported=frozenset({"country", "city", "lat", "lon"}),
        event_fields={**EVENT_FIELDS, **SOURCE_FIELDS},
        same_event=frozenset({*EVENT_FIELDS, *SOURCE_FIELDS} - {"event_name"}),
        text_orderings=_TEXT_ORDERINGS,
    ),
    parse_list_options=parse_list_options_of_july,
    check_session_query=check_session_query,
    extra_columns=COLUMNS_2026,
)
