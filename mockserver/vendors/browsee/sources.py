"""Sources of the facts about Browsee, and short constructors for facts."""

from typing import Final

from mockserver.contract.provenance import Basis, Fact, Source

READ: Final = "2026-11-21"
SOURCES: Final = {
    "export": Source(
        "Browsee documentation, Data Export API",
        "https://docs.browsee.io/integration/api-calls/data-export-api",
        READ,
    ),
    "track": Source(
        "Browsee documentation, Track HTTP API",
        "https://docs.browsee.io/integration/api-calls/track-event-http-api",
        READ,
    ),
    "identify": Source(
        "Browsee documentation, Identify HTTP API",
        "https://docs.browsee.io/integration/api-calls/identify-http-api",
        READ,
    ),
    "secret": Source(
        "Browsee documentation, Generate Secret Key",
        "https://docs.browsee.io/integration/api-calls/generate-secret-key",
        READ,
    ),
    "gist": Source(
        "Browsee's own Python sample",
        "https://gist.github.com/mathurs/0a4aa2bcbef36724866675fbcf441579",
        READ,
    ),
}


def documented(text: str, source: str = "export") -> Fact:
    """Return a fact from the vendor's documentation."""
    return Fact(text, Basis.DOCUMENTED, source)


def inferred(text: str, source: str) -> Fact:
    """Return a fact that follows from others."""
    return Fact(text, Basis.INFERRED, source)


def assumed(text: str) -> Fact:
    """Return a fact that no source states."""
    return Fact(text, Basis.ASSUMED)
