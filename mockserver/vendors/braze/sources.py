"""Sources of the facts about Braze, and short constructors for facts."""

from typing import Final

from mockserver.contract.provenance import Basis, Fact, Source

READ: Final = "2026-11-21"
_DOCS: Final = "https://www.braze.com/docs/api/"
SOURCES: Final = {
    "client": Source(
        "braze_ex 1.0.22, BrazeEx.Api.ExportSessionAnalytics",
        "https://hexdocs.pm/braze_ex/BrazeEx.Api.ExportSessionAnalytics.html",
        READ,
    ),
    "sessions": Source(
        "Braze documentation, Export app sessions by time",
        _DOCS + "endpoints/export/sessions/get_sessions_analytics/",
        READ,
    ),
    "segments": Source(
        "Braze documentation, Export segment list", _DOCS + "endpoints/export/segments/get_segment/", READ
    ),
    "limits": Source("Braze documentation, API rate limits", _DOCS + "api_limits/", READ),
    "errors": Source("Braze documentation, API errors and responses", _DOCS + "errors/", READ),
    "recordings": Source(
        "Recorded responses in the test suite of braze_ruby", "https://github.com/jonallured/braze_ruby", READ
    ),
    "airbyte": Source(
        "Expected records of Airbyte's Braze connector, for sibling series",
        "https://github.com/airbytehq/airbyte",
        READ,
    ),
    "catalogue": Source(
        "API Evangelist's catalogue of Braze", "https://github.com/api-evangelist/braze", READ
    ),
}


def documented(text: str, source: str, error: str | None = None) -> Fact:
    """Return a fact from a documentation page, with the vendor's message for invalid values."""
    return Fact(text, Basis.DOCUMENTED, source, error)


def observed(text: str, source: str) -> Fact:
    """Return a fact that recorded responses show."""
    return Fact(text, Basis.OBSERVED, source)


def inferred(text: str, source: str | None = None) -> Fact:
    """Return a fact that follows from others."""
    return Fact(text, Basis.INFERRED, source)


def assumed(text: str) -> Fact:
    """Return a fact that no source states."""
    return Fact(text, Basis.ASSUMED)
