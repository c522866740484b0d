"""The dialect of Rybbit's server of December 2025."""

from typing import Annotated

from msgspec import Meta
from msgspec.structs import replace

from mockserver.contract.errors import ErrorTemplate
from mockserver.contract.limits import WindowLimit
from mockserver.contract.provenance import assumed
from mockserver.vendors.rybbit import facts
from mockserver.vendors.rybbit.contract import (
    DATES_AND_MINUTES,
    FILTERED_EXAMPLE,
    RANGE_WITHOUT_ZONE,
    error_template,
)
from mockserver.vendors.rybbit.dialects import server_common as server
from mockserver.vendors.rybbit.dialects.base import DialectBehavior
from mockserver.vendors.rybbit.filters.fields import PARAMETERS, PARAMETERS_2025
from mockserver.vendors.rybbit.filters.syntax import TYPES, FilterSyntax
from mockserver.vendors.rybbit.filters.zod_errors import parse_filters_with_zod
from mockserver.vendors.rybbit.request_models import PAGE_SIZE, DatesAndMinutes, IdentifiedOnly, UserId
from mockserver.vendors.rybbit.sources import sourced
from mockserver.vendors.rybbit.time_ranges import parse_lenient_time_range


class ListSessions(DatesAndMinutes, frozen=True, kw_only=True):
    """Query parameters of the list of sessions."""

    page: Annotated[int, Meta(ge=1), sourced("Page number, starting at 1; anything else returns 500.")] = 1
    limit: Annotated[
        int,
        Meta(ge=0),
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
_ASSUMPTIONS = (
    assumed(
        "If a parameter is sent twice, the last value is used; the server fails, or for one session uses"
        " the first."
    ),
    assumed(
        "Paths of 2026 and other paths are unknown to the framework; the server takes some for a site id,"
        " and checks the key first."
    ),
    assumed(
        "A pattern with lookaround returns an error in the framework's format; on the server it fails in"
        " the database."
    ),
    assumed("An undocumented status that a fault injects has the framework's format."),
)
_LIST_FACTS = (*facts.LIST_FACTS_2025, *_ASSUMPTIONS, _RATE_LIMIT_FACT, facts.HOSTS)
# The list has no column for pathname.
_FILTERED_EXAMPLE = {"filters": FILTERED_EXAMPLE["filters"].replace("pathname", "entry_page")}

CONTRACT = replace(
    server.CONTRACT,
    dialect="server-2025-12",
    description="Like the server of December 2025: other formats, 401 and 500 instead of the documented"
    " 403 and 400, invalid time ranges ignored.",
    behaviors=server.CONTRACT.behaviors_with_defaults(over_limit="honour"),
    errors={
        **server.CONTRACT.errors,
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
            sourced(
                "An error in the database, with its number; the server sends the database's message,"
                " session-mock its own."
            ),
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
            limits=_LIMITS,
            lint_rules=(*server.LIST_SESSIONS.lint_rules[:1], _RANGE_WITHOUT_ZONE),
            filtered_example=_FILTERED_EXAMPLE,
            facts=(
                facts.ORDER_BY_END,
                facts.NO_TOTAL,
                facts.NUMERIC_VERSIONS,
                sourced("A limit of 0 returns no rows; there is no maximum."),
                assumed(
                    "A page that is not an integer returns 500, and an empty one means page 1; the server"
                    " accepts fractions of pages instead."
                ),
                sourced(
                    "The list has no columns for pathname, page_title, querystring, timezone, vpn, crawler, datacenter,"
                    " company… and asn_…; filters on them return 500."
                ),
                *_LIST_FACTS,
            ),
        ),
        replace(
            server.GET_SESSION,
            paths=server.GET_SESSION.paths[:1],
            limits=_LIMITS,
            facts=(
                facts.MINUTES_LIMIT_EVENTS,
                facts.LIMIT_ZERO,
                sourced(
                    "A limit or offset that is negative or does not begin with a digit returns 500; such"
                    " minutes mean all events."
                ),
                facts.BOTS_NOT_FOUND,
                facts.NUMERIC_VERSIONS,
                _RATE_LIMIT_FACT,
                facts.HOSTS,
            ),
        ),
        replace(
            server.LIST_SESSION_LOCATIONS,
            paths=server.LIST_SESSION_LOCATIONS.paths[:1],
            query=ListSessionLocations,
            time_windows=DATES_AND_MINUTES,
            limits=_LIMITS,
            lint_rules=(*server.LIST_SESSION_LOCATIONS.lint_rules[:1], _RANGE_WITHOUT_ZONE),
            errors=("failed_locations",),
            facts=(
                *facts.LOCATION_FACTS,
                sourced("Filters are compared with all events; one match is enough, also for not_… types."),
                *_LIST_FACTS,
            ),
        ),
    ),
)
_SYNTAX = FilterSyntax(
    parse=parse_filters_with_zod,
    types=TYPES,
    parameters=(*PARAMETERS, *PARAMETERS_2025),
    lenient_user_id=True,
    sql_wildcards=True,
)
BEHAVIOR = DialectBehavior(
    parse_time_range=parse_lenient_time_range,
    quote_integers=True,
    list_filters=replace(
        _SYNTAX,
        database_error="failed_sessions",
        unsupported=frozenset({"pathname", "page_title", "querystring", "timezone", *PARAMETERS_2025}),
    ),
    location_filters=replace(_SYNTAX, database_error="failed_locations"),
)
