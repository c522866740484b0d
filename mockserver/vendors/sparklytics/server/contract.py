"""The contract of Sparklytics' sessions API as the source of its server has it. Data only."""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from mockserver.contract.errors import ErrorTemplate
from mockserver.contract.pagination import CursorPagination
from mockserver.contract.provenance import Fact, Source
from mockserver.vendors.sparklytics.contract import (
    CONTRACT,
    ERRORS,
    GET_SESSION,
    LIST_SESSIONS,
    READ,
    SOURCES,
    USUAL,
)
from mockserver.vendors.sparklytics.server.request_models import ListRows
from mockserver.vendors.sparklytics.server.responses import (
    ASSUMED,
    INFERRED,
    MAXIMUM,
    SOURCE,
    Page,
    SessionDetail,
    read,
)

_SOURCES = {
    **SOURCES,
    "axum": Source(
        "axum 0.8.8, which the server is built with",
        "https://docs.rs/axum/0.8.8/axum/extract/struct.Query.html",
        READ,
    ),
    "duckdb": Source(
        "DuckDB 1.4.4, in which the server keeps sessions; the conversion was run", "https://duckdb.org", READ
    ),
    "woothee": Source(
        "woothee 0.13.0, with which the server reads user agents", "https://docs.rs/woothee/0.13.0", READ
    ),
}


def _sorted(body: Any) -> Any:
    """A body with its keys in alphabetical order."""
    return {name: _sorted(body[name]) for name in sorted(body)} if isinstance(body, Mapping) else body


_ERRORS = {
    **{name: replace(shape, body=_sorted(shape.body)) for name, shape in ERRORS.items()},
    "untyped": ErrorTemplate(
        400,
        "Failed to deserialize query string: {message}",
        Fact("A parameter that cannot be read, or comes twice: the first one in the query.", SOURCE, "axum"),
        text=True,
    ),
    "wrong_method": replace(
        ERRORS["wrong_method"],
        fact=Fact(
            "A known path with another method has an empty answer, here also without a key, for which the server asks first.",
            ASSUMED,
        ),
    ),
    "too_large": ErrorTemplate(
        413,
        "Failed to buffer the request body: length limit exceeded",
        Fact("What endpoints with a body answer; these have none.", SOURCE, "axum"),
        text=True,
    ),
}
_LIST = replace(
    LIST_SESSIONS,
    query=ListRows,
    response=Page,
    pagination=CursorPagination(cursor="cursor", limit="limit", size=USUAL, next="pagination.next_cursor"),
    rows_path="data",
    start_field="first_seen",
    lint_rules=(),
    validate_before_site=True,
    validation_error="untyped",
    duplicate_param_message="duplicate field `{field}`",
    all_rows_params={**LIST_SESSIONS.all_rows_params, "limit": MAXIMUM},
    facts=(
        read("A key is spk_selfhosted_ and 32 hexadecimal digits; it reads every website."),
        read(
            "First the key is looked at, then whether parameters can be read, the website, the limit, the days, and last the cursor."
        ),
        read(
            "The session whose last event is latest comes first; of those that end together, that with the greatest id."
        ),
        read("A session belongs to every day in which it has an event, and is told whole on each."),
        Fact(
            "Filters look at a whole session; on the server one event in the days must pass all of them.",
            ASSUMED,
        ),
        Fact(
            "Country, browser, system and device are those of a whole session; on the server, of its last event.",
            ASSUMED,
        ),
        Fact(
            "A visitor is the same for ever; on the server, until midnight in UTC, which cuts a session in two.",
            ASSUMED,
        ),
        read("The end date is inclusive, and days are those of UTC."),
        read("Each date has its own default, so an early end_date alone may lie before the start."),
        read(
            "Blanks around a date and missing digits, as in 2026-3-3, do not matter; for what is no date its default is taken."
        ),
        read("A limit outside its bounds is refused, not clamped."),
        read("The last page has no next_cursor even if it is full."),
        read(
            "A cursor is padded base64 of a JSON object with the last_seen (ls) and the session_id (sid) of the page's last row."
        ),
        read(
            "A cursor is bound to nothing: it holds for every website, with any parameters, for ever, and may be made by hand."
        ),
        Fact("A cursor whose ls is no time is an internal error.", SOURCE, "duckdb"),
        Fact(
            "A session that goes on while a client pages moves ahead of its cursor, and is missed.",
            INFERRED,
            "server",
        ),
        read("All filters must hold; all but filter_page and filter_hostname are compared exactly."),
        read(
            "An empty filter is applied, and nothing unknown equals it; an empty filter_page is part of every url."
        ),
        read("Unknown parameters are passed over."),
    ),
)
_GET = replace(
    GET_SESSION,
    path={"id": GET_SESSION.path["id"], "session_id": read("The session's id; any text is looked up.")},
    response=SessionDetail,
    facts=(
        read("Sessions of bots are found too."),
        read("A click on a link away is an event link_click with href, text and external."),
        Fact("An error is an event of its own name.", ASSUMED),
    ),
)
SERVER = replace(
    CONTRACT,
    dialect="server",
    description="As the open-source server of April 2026 (4619f93) answers: data and pagination, its own field names, order by the last event.",
    sources=_SOURCES,
    endpoints=(_LIST, _GET),
    errors=_ERRORS,
    behaviors=CONTRACT.preferring(
        timezone="ignored", bad_date="ignore", date_form="lenient", filter_page="like"
    ),
)
