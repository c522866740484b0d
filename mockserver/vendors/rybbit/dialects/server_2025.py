"""Rybbit's server of December 2025."""

from typing import Annotated

from msgspec import Meta
from msgspec.structs import replace

from mockserver.contract.errors import ErrorTemplate
from mockserver.contract.limits import WindowLimit
from mockserver.contract.lint_rules import MissingCompanion
from mockserver.vendors.rybbit.contract import (
    AT_START,
    BY_END,
    COERCED,
    COMPARED,
    EARLIER_FILTERS,
    FILTERED_EXAMPLE,
    HOST,
    LAST_MINUTES,
    LENIENT_TIME,
    NO_BOT,
    NO_EVENTS,
    NO_TOTAL,
    NOT_IN_LIST,
    SOME_PLACES,
    ZONE,
)
from mockserver.vendors.rybbit.dialects.base import DialectBehavior
from mockserver.vendors.rybbit.dialects.server_common import CONTRACT as SERVER
from mockserver.vendors.rybbit.dialects.server_common import (
    FAILED,
    FAILED_SESSION,
    GET_SESSION,
    LIST_SESSION_LOCATIONS,
    LIST_SESSIONS,
)
from mockserver.vendors.rybbit.filters.fields import EARLIER, PARAMETERS
from mockserver.vendors.rybbit.filters.syntax import TYPES, FilterSyntax
from mockserver.vendors.rybbit.filters.zod_errors import issues_told
from mockserver.vendors.rybbit.request_models import PAGE_SIZE, DatesAndMinutes
from mockserver.vendors.rybbit.sources import assumed, documented, sourced
from mockserver.vendors.rybbit.time_ranges import lenient_window


class ListSessions(DatesAndMinutes, frozen=True, kw_only=True):
    """The query of a list of sessions."""

    page: Annotated[int, Meta(ge=1), sourced("Number of the page, from 1; anything else is a 500.")] = 1
    limit: Annotated[
        int,
        Meta(ge=0),
        sourced("Rows on a page, any number of them; a text that is no whole number is a 500."),
    ] = PAGE_SIZE
    user_id: Annotated[str | None, sourced("Only sessions with this user_id or this identified_user_id.")] = (
        None
    )
    identified_only: Annotated[
        str | None, documented("'true' for sessions of identified users only, 'false' by default.")
    ] = None


class ListSessionLocations(DatesAndMinutes, frozen=True, kw_only=True):
    """The query of the places of sessions."""


_UNAUTHORIZED = ErrorTemplate(
    401, {"error": "Unauthorized"}, sourced("Whoever may not see a site is told so.")
)
_ENVELOPE = {"statusCode": "{status}", "error": "{phrase}", "message": "{message}"}
_LIMITS = (WindowLimit(allowed="rybbit.rate_limit", seconds=600, opens="idle", pool="api", documented=500),)
_RATE = sourced(
    "A key that was used 500 times is refused as if it were wrong, until it was idle for 10 minutes; no header tells."
)
_ZONE = replace(
    ZONE,
    when=MissingCompanion("start_date", "time_zone"),
    fact=sourced("Without time_zone, dates are passed over: all time is meant."),
)
_UNLIKE = (
    assumed(
        "Of a parameter that comes twice the last value counts; the server fails, or reads the first in the detail."
    ),
    assumed(
        "Paths of 2026 and others are unknown to the framework; the server takes some for a site, and asks for a key first."
    ),
    assumed(
        "A pattern with lookaround is refused in the framework's shape; on the server it fails in the database."
    ),
    assumed("A status that nobody documents, which a fault injects, has the framework's shape."),
)
_SHARED = (LENIENT_TIME, COMPARED, EARLIER_FILTERS, _UNLIKE)
_ALIKE = (AT_START, *(fact for facts in _SHARED for fact in facts), _RATE, HOST)
_ENTRY_PAGE = {"filters": FILTERED_EXAMPLE["filters"].replace("pathname", "entry_page")}

CONTRACT = replace(
    SERVER,
    dialect="server-2025-12",
    description="As the server of December 2025 answers: other formats, 401 and 500 where 403 and 400 are documented, time ranges passed over.",
    behaviors=SERVER.preferring(over_limit="honour"),
    errors={
        **SERVER.errors,
        "violation": ErrorTemplate(500, _ENVELOPE, sourced("What is wrong with filters, in the framework's own shape.")),
        "missing_credential": _UNAUTHORIZED,
        "wrong_credential": _UNAUTHORIZED,
        "forbidden": _UNAUTHORIZED,
        "rate_limited": ErrorTemplate(401, {"error": "Unauthorized"}, _RATE),
        "failed_sessions": ErrorTemplate(500, {"error": "Failed to fetch sessions"}, FAILED),
        "failed_session": FAILED_SESSION,
        "failed_locations": ErrorTemplate(
            500,
            {"statusCode": 500, "code": "{code}", "error": "Internal Server Error", "message": "{message}"},
            sourced("What fails in the database, with the number of its error; the message is the database's, and here is not."),
            defaults={"code": "47"},
        ),
        "internal": ErrorTemplate(500, _ENVELOPE, sourced("As the framework tells whatever nobody caught.")),
    },
    endpoints=(
        replace(
            LIST_SESSIONS,
            paths=LIST_SESSIONS.paths[:1],
            query=ListSessions,
            validation_error="failed_sessions",
            limits=_LIMITS,
            lint_rules=(*LIST_SESSIONS.lint_rules[:1], _ZONE),
            filtered_example=_ENTRY_PAGE,
            facts=(
                BY_END,
                NO_TOTAL,
                COERCED,
                sourced("A limit of 0 gives no rows, and any other as many as it says."),
                assumed("A page that is no whole number is a 500, and an empty one is page 1; the server takes half pages instead."),
                NOT_IN_LIST,
                *_ALIKE,
            ),
        ),
        replace(
            GET_SESSION,
            paths=GET_SESSION.paths[:1],
            limits=_LIMITS,
            facts=(
                LAST_MINUTES,
                NO_EVENTS,
                sourced("A limit or offset that does not begin with figures, or is negative, is a 500; such minutes mean all."),
                NO_BOT,
                COERCED,
                _RATE,
                HOST,
            ),
        ),
        replace(
            LIST_SESSION_LOCATIONS,
            paths=LIST_SESSION_LOCATIONS.paths[:1],
            query=ListSessionLocations,
            limits=_LIMITS,
            lint_rules=(*LIST_SESSION_LOCATIONS.lint_rules[:1], _ZONE),
            errors=("failed_locations",),
            facts=(
                *SOME_PLACES,
                sourced("Filters look at every event: one that matches is enough, also where it is not_… that it matches."),
                *_ALIKE,
            ),
        ),
    ),
)  # fmt: skip
_GRAMMAR = FilterSyntax(
    items=issues_told, types=TYPES, parameters=(*PARAMETERS, *EARLIER), sloppy=True, wildcards=True
)
MANNER = DialectBehavior(
    window=lenient_window,
    filters=replace(
        _GRAMMAR,
        broken="failed_sessions",
        lacking=frozenset({"pathname", "page_title", "querystring", "timezone", *EARLIER}),
    ),
    place_filters=replace(_GRAMMAR, broken="failed_locations"),
)
