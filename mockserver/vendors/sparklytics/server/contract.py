"""The contract of Sparklytics' sessions API according to the source of its server. Data only."""

from collections.abc import Mapping
from typing import Any, Final

from msgspec.structs import replace

from mockserver.contract.errors import PREFLIGHT, ErrorTemplate
from mockserver.contract.http.cors import Cors
from mockserver.contract.http.credentials import Bearer
from mockserver.contract.pagination import CursorPagination
from mockserver.contract.time_windows import TimeWindow
from mockserver.vendors.sparklytics import contract
from mockserver.vendors.sparklytics.request_models import PAGE_SIZE
from mockserver.vendors.sparklytics.server.not_imitated import NOT_IMITATED
from mockserver.vendors.sparklytics.server.request_models import MAXIMUM, ListRows
from mockserver.vendors.sparklytics.server.responses import SessionDetail, SessionPage
from mockserver.vendors.sparklytics.sources import SERVER_SOURCES, inferred, observed, sourced


def _sort_keys(body: Any) -> Any:
    """Return a body with its keys in alphabetical order."""
    return {name: _sort_keys(body[name]) for name in sorted(body)} if isinstance(body, Mapping) else body


_ERRORS: Final = {
    **{name: replace(template, body=_sort_keys(template.body)) for name, template in contract.ERRORS.items()},
    "untyped": ErrorTemplate(
        400,
        "Failed to deserialize query string: {message}",
        sourced("An invalid or repeated parameter: the first one in the query is reported.", "axum"),
        text=True,
    ),
    "wrong_method": replace(
        contract.ERRORS["wrong_method"],
        fact=observed(
            "Other methods of a known path return an empty body; without a key they are unauthorized."
        ),
    ),
    PREFLIGHT: ErrorTemplate(
        200,
        None,
        observed("OPTIONS with a key returns an empty body; without a key it is unauthorized."),
        {
            "Access-Control-Allow-Methods": "GET,POST,PUT,DELETE",
            "Access-Control-Allow-Headers": "*",
        },
    ),
    "too_large": ErrorTemplate(
        413,
        "Failed to buffer the request body: length limit exceeded",
        sourced("As in endpoints with a body; these have none.", "axum"),
        text=True,
    ),
}
_HEADERS: Final = {"Vary": "origin, access-control-request-method, access-control-request-headers"}
_VARY: Final = observed("Every response has the header Vary, but none allows an origin.")
_LIST: Final = replace(
    contract.LIST_SESSIONS,
    credentials=Bearer(exact_scheme=True),
    headers=_HEADERS,
    query=ListRows,
    response=SessionPage,
    pagination=CursorPagination(
        cursor="cursor",
        limit="limit",
        size=PAGE_SIZE,
        next="pagination.next_cursor",
        more="pagination.has_more",
    ),
    rows_path="data",
    start_field="first_seen",
    lint_rules=(),
    time_windows=(TimeWindow("start_date", "end_date", default_hours=7 * 24),),
    validate_before_site=True,
    validation_error="untyped",
    duplicate_param_message="duplicate field `{field}`",
    all_rows_params={**contract.LIST_SESSIONS.all_rows_params, "limit": MAXIMUM},
    facts=(
        sourced("A key is spk_selfhosted_ and 32 hexadecimal digits; it can read all websites."),
        sourced("The scheme Bearer is case-sensitive."),
        sourced(
            "Checked in this order: the key, the types of the parameters, the website, the limit, the days, the cursor."
        ),
        sourced("Sessions are ordered by their last event, latest first; ties by id, greatest first."),
        sourced("A session belongs to every day on which it has an event, and each day returns it completely."),
        sourced("The end date is inclusive, and days are in UTC."),
        sourced("Each date has its own default, so an early end_date alone may be before the start."),
        sourced(
            "Whitespace around a date and missing digits, as in 2026-3-3, are accepted; an invalid date is replaced by its default."
        ),
        sourced("A limit out of bounds is rejected, not clamped."),
        sourced("The last page has no next_cursor, even if it is full."),
        sourced(
            "A cursor is padded base64 of a JSON object with the last_seen (ls) and the session_id (sid) of the page's last row."
        ),
        sourced(
            "A cursor is not bound to a list: it is valid for every website and any parameters, never expires, and may be forged."
        ),
        sourced("A cursor whose ls is not a time is an internal error.", "duckdb"),
        inferred(
            "A session that continues while a client is paging moves ahead of its cursor and is missed.", "server"
        ),
        observed("An end date of 9999-12-31 is an internal error: the day after it has no date in the database."),
        _VARY,
        *contract.FILTER_FACTS,
    ),
)  # fmt: skip
_GET: Final = replace(
    contract.GET_SESSION,
    path={
        "id": contract.GET_SESSION.path["id"],
        "session_id": sourced("Id of the session; any text is looked up."),
    },
    response=SessionDetail,
    credentials=Bearer(exact_scheme=True),
    headers=_HEADERS,
    facts=(_VARY, *contract.EVENT_FACTS),
)
SERVER: Final = replace(
    contract.CONTRACT,
    dialect="server",
    description="As the open-source server of April 2026 (4619f93): data and pagination, its own field names, order by the last event.",
    sources=SERVER_SOURCES,
    endpoints=(_LIST, _GET),
    errors=_ERRORS,
    behaviors=contract.CONTRACT.behaviors_with_defaults(
        timezone="ignored", bad_date="ignore", date_form="lenient", filter_page="like", default_start="6"
    ),
    authenticates_first=True,
    cors=(
        Cors(
            fact=observed(
                "No web page of another origin may read responses; its preflight, which has no key, is unauthorized."
            )
        ),
    ),
    facts_of_responses=(sourced("Responses are not compressed."),),
    not_imitated=NOT_IMITATED,
)
