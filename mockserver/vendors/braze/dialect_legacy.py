"""Braze before keys moved to the header, as in the documentation of 2020 and in older recordings.

Data only.
"""

from typing import Final

from msgspec.structs import replace

from mockserver.contract.endpoint import Endpoint
from mockserver.contract.errors import ErrorTemplate
from mockserver.contract.http.credentials import Bearer
from mockserver.contract.lint_rules import InQuery, LintRule
from mockserver.contract.provenance import Fact, Source, assumed
from mockserver.vendors.braze import contract
from mockserver.vendors.braze.sources import READ, SOURCES, documented, inferred, observed

_OLD_DOCS: Final = "https://github.com/braze-inc/braze-docs/blob/"
_EXPORTS: Final = "/_docs/_api/endpoints/export/sessions/"
_UNKNOWN_KEY: Final = {"message": "Invalid or missing App Group API Identifier: {credential}"}
_KEY_IN_QUERY: Final = LintRule(
    "key-in-query",
    InQuery("api_key"),
    documented(
        "A key in the query still works, but since May 2020 it belongs in the header.", "sessions-2020"
    ),
    "warning",
)


def _accept_key_in_query(endpoint: Endpoint, *facts: Fact) -> Endpoint:
    """Return the endpoint as it was when keys could be sent in the query."""
    return replace(
        endpoint,
        credentials=Bearer(query="api_key", permission=getattr(endpoint.credentials, "permission", None)),
        lint_rules=tuple(
            _KEY_IN_QUERY if rule == contract.KEY_IN_QUERY else rule for rule in endpoint.lint_rules
        ),
        facts=(
            *(fact for fact in endpoint.facts if fact not in contract.KEY_IN_HEADER),
            documented("The query parameter api_key is accepted as the key.", "segments-2020"),
            documented("The key is sent in the Authorization header since May 2020.", "sessions-2020"),
            assumed("If both contain a key, the header takes precedence."),
            *facts,
        ),
    )


LEGACY: Final = replace(
    contract.CONTRACT,
    dialect="legacy",
    description="Keys may be sent in the query, as in the documentation of 2020; messages as in older recordings.",
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
            "Responses of 2015 in the test suite of braze_ruby, whose fields may have been renamed since",
            "https://github.com/jonallured/braze_ruby/tree/fa3140e582494f6a4955e3ac17ac5cc237bff836/spec/fixtures/responses",
            READ,
        ),
    },
    endpoints=(
        _accept_key_in_query(
            contract.SESSIONS_DATA_SERIES,
            documented(
                "The documentation of that time also says that length counts units (days or hours) and that "
                "segment_id is optional.",
                "sessions-2020",
            ),
        ),
        _accept_key_in_query(
            contract.LIST_SEGMENTS,
            inferred(
                "Segments in a recording of 2015 have no tags; in the documentation and recordings of 2020 they do."
            ),
        ),
    ),
    errors={
        **contract.ERRORS,
        "missing_credential": ErrorTemplate(
            401,
            _UNKNOWN_KEY,
            inferred("The message itself says that it also covers a missing key.", "recordings-2015"),
            contract.EMPTY_HEADERS,
        ),
        "wrong_credential": ErrorTemplate(
            401,
            _UNKNOWN_KEY,
            observed(
                "The message of 2015, when keys were fields of a request; a page of 2020 also lists 404 for an "
                "unknown key. Recordings of 2020 and 2021 have the key in the header, today's message, and empty "
                "rate-limit headers.",
                "recordings-2015",
            ),
            contract.EMPTY_HEADERS,
        ),
        "unknown_path": ErrorTemplate(
            404,
            contract.INVALID_URL,
            inferred(
                "At that time only a 404 for an unknown key was documented; today's message for unknown paths is "
                "assumed."
            ),
        ),
    },
)
