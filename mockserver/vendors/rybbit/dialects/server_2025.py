"""The dialect of Rybbit's server of December 2025."""

from typing import Annotated, Any

from msgspec import Meta
from msgspec.structs import replace

from mockserver.contract.errors import ErrorTemplate
from mockserver.contract.http.cors import Cors
from mockserver.contract.limits import WindowLimit
from mockserver.contract.provenance import assumed
from mockserver.vendors.rybbit import contract, facts
from mockserver.vendors.rybbit.contract import DATES_AND_MINUTES, RANGE_WITHOUT_ZONE, error_template
from mockserver.vendors.rybbit.dialects import server_common as server
from mockserver.vendors.rybbit.dialects.base import DialectBehavior
from mockserver.vendors.rybbit.dialects.not_imitated_2025 import NOT_IMITATED
from mockserver.vendors.rybbit.filters.fields import (
    CLOUD_PARAMETERS,
    EVENT_FIELDS,
    PARAMETERS_2025,
    SOURCE_FIELDS,
)
from mockserver.vendors.rybbit.filters.syntax import TYPES, FilterSyntax
from mockserver.vendors.rybbit.filters.zod_errors import parse_filters_with_zod
from mockserver.vendors.rybbit.request_models import PAGE_SIZE, DatesAndMinutes, IdentifiedOnly, UserId
from mockserver.vendors.rybbit.sources import seen, sourced
from mockserver.vendors.rybbit.times.server_times import parse_lenient_time_range


class ListSessions(DatesAndMinutes, frozen=True, kw_only=True):
    """Query parameters of the list of sessions."""

    page: Annotated[int, Meta(ge=1), sourced("Page number, starting at 1; anything else returns 500.")] = 1
    limit: Annotated[
        int,
        Meta(ge=0, le=2**31 - 1),
        sourced("Rows per page, without a maximum; a text that is not an integer returns 500."),
    ] = PAGE_SIZE
    user_id: UserId = None
    identified_only: IdentifiedOnly = None


class ListSessionLocations(DatesAndMinutes, frozen=True, kw_only=True):
    """Query parameters of the list of locations."""


_UNAUTHORIZED = error_template(
    401, "Unauthorized", sourced("The response if the site is not accessible to the key.")
)
_FRAMEWORK_ERROR = {"statusCode": "{status}", "error": "{phrase}", "message": "{message}"}
_LIMITS = (WindowLimit(allowed="rybbit.rate_limit", seconds=600, opens="idle", pool="api", documented=500),)
_RATE_LIMIT_FACT = sourced(
    "After 500 requests a key gets the response of a wrong key, until it has been idle for 10 minutes; no"
    " headers report it."
)
_RANGE_WITHOUT_ZONE = replace(
    RANGE_WITHOUT_ZONE,
    fact=sourced("Without time_zone, dates are ignored and the range is unlimited."),
)
_SITE_ID_PRECHECK = seen(
    "A site id that is 0 or not a whole number is looked up before the key is checked: 404 if the site does not"
    " exist."
)
_REPEATED = seen(
    "The values of a parameter that is sent twice are joined by a comma, so a page or limit returns 500, and a"
    " date has no effect; of a limit or offset of events, the first counts."
)
_INJECTED = assumed("An undocumented status that a fault injects has the framework's format.")
_LIST_FACTS = (*facts.LIST_FACTS_2025, _REPEATED, _INJECTED, _RATE_LIMIT_FACT, facts.HOSTS)
_COMMON: dict[str, Any] = {
    "site_id_precheck": "0+|.*[^0-9].*",
    "joins_repeated_params": True,
    "headers": {
        **contract.LIST_SESSIONS.headers,
        "Vary": "Origin",
        "Access-Control-Allow-Credentials": "true",
    },
    "limits": _LIMITS,
}
# The list has no column for pathname.
_FILTERED_EXAMPLE = {"filters": contract.FILTERED_EXAMPLE["filters"].replace("pathname", "entry_page")}

CONTRACT = replace(
    server.CONTRACT,
    dialect="server-2025-12",
    description="Like the server of December 2025: other formats, 401 and 500 instead of the documented"
    " 403 and 400, invalid time ranges ignored.",
    behaviors=server.CONTRACT.behaviors_with_defaults(over_limit="honour"),
    errors={
        **server.CONTRACT.errors,
        "unknown_site": error_template(404, "Site not found", _SITE_ID_PRECHECK),
        "violation": ErrorTemplate(
            500, _FRAMEWORK_ERROR, sourced("Invalid filters, in the framework's format.")
        ),
        "missing_credential": _UNAUTHORIZED,
        "wrong_credential": _UNAUTHORIZED,
        "forbidden": _UNAUTHORIZED,
        "rate_limited": error_template(401, "Unauthorized", _RATE_LIMIT_FACT),
        "failed_sessions": error_template(500, "Failed to fetch sessions", server.DATABASE_FAILURE),
        "failed_locations": ErrorTemplate(
            500,
            {"statusCode": 500, "code": "{code}", "error": "Internal Server Error", "message": "{message}"},
            seen("An error in the database, with its number; most messages are those of session-mock."),
            defaults={"code": "47"},
        ),
        "internal": ErrorTemplate(
            500, _FRAMEWORK_ERROR, sourced("The framework's response to an unhandled exception.")
        ),
    },
    endpoints=(
        replace(
            server.LIST_SESSIONS,
            paths=server.LIST_SESSIONS.paths[:1],
            query=ListSessions,
            time_windows=DATES_AND_MINUTES,
            validation_error="failed_sessions",
            **_COMMON,
            lint_rules=(*server.LIST_SESSIONS.lint_rules[:1], _RANGE_WITHOUT_ZONE),
            filtered_example=_FILTERED_EXAMPLE,
            facts=(
                facts.ORDER_BY_END,
                facts.NO_TOTAL,
                facts.NUMERIC_VERSIONS,
                sourced("A limit of 0 returns no rows; there is no maximum."),
                sourced(
                    "The list has no columns for pathname, page_title, querystring and timezone; filters on them"
                    " return 500."
                ),
                *_LIST_FACTS,
            ),
        ),
        replace(
            server.GET_SESSION,
            paths=server.GET_SESSION.paths[:1],
            **_COMMON,
            facts=(
                facts.MINUTES_LIMIT_EVENTS,
                facts.LIMIT_ZERO,
                sourced(
                    "A limit or offset that is negative or does not begin with a digit returns 500; such"
                    " minutes mean all events."
                ),
                facts.BOTS_NOT_FOUND,
                facts.NUMERIC_VERSIONS,
                _REPEATED,
                _RATE_LIMIT_FACT,
                facts.HOSTS,
            ),
        ),
        replace(
            server.LIST_SESSION_LOCATIONS,
            paths=server.LIST_SESSION_LOCATIONS.paths[:1],
            query=ListSessionLocations,
            time_windows=DATES_AND_MINUTES,
            **_COMMON,
            lint_rules=(*server.LIST_SESSION_LOCATIONS.lint_rules[:1], _RANGE_WITHOUT_ZONE),
            errors=("failed_locations",),
            facts=(
                *facts.LOCATION_FACTS,
                seen(
                    "Filters are compared with each event, of which one must meet all filters, also those of not_…"
                    " types; referrer and utm_… are empty for all but the first."
                ),
                seen(
                    "Filters on country, city, lat and lon return 500: their names are those of aggregates in the"
                    " query."
                ),
                *_LIST_FACTS,
            ),
        ),
    ),
    cors=(
        Cors(
            fact=seen(
                "Every response repeats the Origin of the request in Access-Control-Allow-Origin; a preflight needs no"
                " key."
            ),
            **contract.PAGES_OF_2025,
        ),
    ),
    not_imitated=NOT_IMITATED,
)
_SESSION_SUBQUERIES = frozenset({"event_name", "entry_page", "exit_page"})
"""Parameters that select sessions by a query of their own, which compares texts and no patterns."""
_SYNTAX = FilterSyntax(
    parse=parse_filters_with_zod,
    types=TYPES,
    parameters=PARAMETERS_2025,
    lenient_user_id=True,
    javascript=True,
    sql_wildcards=True,
    text_orderings=_SESSION_SUBQUERIES,
    without_patterns=_SESSION_SUBQUERIES,
)
BEHAVIOR = DialectBehavior(
    parse_time_range=parse_lenient_time_range,
    quote_integers=True,
    list_filters=replace(
        _SYNTAX,
        database_error="failed_sessions",
        unsupported=frozenset({"pathname", "page_title", "querystring", "timezone", *CLOUD_PARAMETERS}),
        event_fields={"event_name": EVENT_FIELDS["event_name"]},
    ),
    location_filters=replace(
        _SYNTAX,
        database_error="failed_locations",
        unsupported=frozenset(CLOUD_PARAMETERS),
        aggregates=frozenset({"country", "city", "lat", "lon"}),
        event_fields={**EVENT_FIELDS, **SOURCE_FIELDS},
        same_event=frozenset({*EVENT_FIELDS, *SOURCE_FIELDS} - {"event_name"}),
    ),
)
