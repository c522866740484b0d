"""Braze before its keys moved to the header, as the documentation of 2020 and older recordings have it. Data only."""

from msgspec.structs import replace

from mockserver.contract.credentials import Bearer
from mockserver.contract.endpoint import Endpoint
from mockserver.contract.errors import ErrorTemplate
from mockserver.contract.lint_rules import InQuery, LintRule
from mockserver.contract.provenance import Fact, Source
from mockserver.vendors.braze.contract import (
    ASSUMED,
    CONTRACT,
    DOCUMENTED,
    ERRORS,
    INFERRED,
    INVALID_URL,
    KEY_IN_HEADER,
    KEY_IN_QUERY,
    LIST_SEGMENTS,
    NO_NUMBERS,
    OBSERVED,
    READ,
    SESSIONS_DATA_SERIES,
    SOURCES,
)

_OLD_DOCS = "https://github.com/braze-inc/braze-docs/blob/"
_EXPORTS = "/_docs/_api/endpoints/export/sessions/"
_UNKNOWN_KEY = {"message": "Invalid or missing App Group API Identifier: {credential}"}
_KEY_IN_QUERY = LintRule(
    "key-in-query",
    InQuery("api_key"),
    Fact(
        "A key in the query still works, but belongs in the header since May 2020.",
        DOCUMENTED,
        "sessions-2020",
    ),
)


def _older(endpoint: Endpoint, *facts: Fact) -> Endpoint:
    """An endpoint as it was while its key might stand in the query."""
    return replace(
        endpoint,
        credentials=Bearer(query="api_key", permission=getattr(endpoint.credentials, "permission", None)),
        lint_rules=tuple(
            _KEY_IN_QUERY if advice == KEY_IN_QUERY else advice for advice in endpoint.lint_rules
        ),
        facts=(
            *(fact for fact in endpoint.facts if fact not in KEY_IN_HEADER),
            Fact("The query parameter api_key is taken for the key.", DOCUMENTED, "segments-2020"),
            Fact("The key stands in the Authorization header since May 2020.", DOCUMENTED, "sessions-2020"),
            Fact("Where both have one, the header's counts.", ASSUMED),
            *facts,
        ),
    )


LEGACY = replace(
    CONTRACT,
    dialect="legacy",
    description="As it was while keys might stand in the query: the documentation of 2020, and the words of older recordings.",
    sources={
        **SOURCES,
        "sessions-2020": Source(
            "Braze documentation of 2020, app sessions by time",
            f"{_OLD_DOCS}042c649e{_EXPORTS}get_sessions_analytics.md",
            READ,
        ),
        "segments-2020": Source(
            "Braze documentation of 2020, segment list, with a key in the example's URL",
            f"{_OLD_DOCS}c906a7a6757c7f82f10719d7dbe9de682d3148a2{_EXPORTS}get_app_sessions_time-series.md",
            READ,
        ),
        "errors-2020": Source(
            "Braze documentation of 2020, API errors and responses",
            f"{_OLD_DOCS}021e631c/_docs/_api/errors.md",
            READ,
        ),
        "recordings-2015": Source(
            "Answers of 2015 in the test suite of braze_ruby, in which its fields may have been renamed since",
            "https://github.com/jonallured/braze_ruby/tree/fa3140e582494f6a4955e3ac17ac5cc237bff836/spec/fixtures/responses",
            READ,
        ),
    },
    endpoints=(
        _older(
            SESSIONS_DATA_SERIES,
            Fact(
                "length counts units, days or hours, and segment_id is optional, on the page of that time too.",
                DOCUMENTED,
                "sessions-2020",
            ),
        ),
        _older(
            LIST_SEGMENTS,
            Fact(
                "A recording of 2015 has segments without tags; the page of 2020 and recordings of that year have them.",
                INFERRED,
            ),
        ),
    ),
    errors={
        **ERRORS,
        "missing_credential": ErrorTemplate(
            401,
            _UNKNOWN_KEY,
            Fact("The words say that they are of a missing key too.", INFERRED, "recordings-2015"),
            NO_NUMBERS,
        ),
        "wrong_credential": ErrorTemplate(
            401,
            _UNKNOWN_KEY,
            Fact(
                "The words of 2015, when keys were fields of a request; a page of 2020 also names 404 for an unknown key."
                " Recordings of 2020 and 2021 have the key in the header, the words of today, and the limit's empty headers.",
                OBSERVED,
                "recordings-2015",
            ),
            NO_NUMBERS,
        ),
        "unknown_path": ErrorTemplate(
            404,
            INVALID_URL,
            Fact(
                "Documented then is only a 404 of an unknown key; that a path was unknown in the words of today is assumed.",
                INFERRED,
            ),
        ),
    },
)
