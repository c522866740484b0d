"""Sources of the facts about Sparklytics, and short constructors for facts."""

from typing import Final

from mockserver.contract.provenance import Basis, Fact, Source

READ: Final = "2026-11-21"
_DOCS: Final = "https://www.mintlify.com/Sparklytics/sparklytics/"
SOURCES: Final = {
    "sessions": Source("Sparklytics documentation, Sessions API", _DOCS + "api/sessions", READ),
    "feature": Source("Sparklytics documentation, Sessions feature", _DOCS + "features/sessions", READ),
    "overview": Source("Sparklytics documentation, API overview", _DOCS + "api/overview", READ),
    "keys": Source("Sparklytics documentation, API keys", _DOCS + "api/api-keys", READ),
    "server": Source(
        "Sparklytics server source, April 2026 (4619f93)", "https://github.com/Sparklytics/sparklytics", READ
    ),
}
SERVER_SOURCES: Final = {
    **SOURCES,
    "axum": Source(
        "axum 0.8.8, the server's web framework",
        "https://docs.rs/axum/0.8.8/axum/extract/struct.Query.html",
        READ,
    ),
    "duckdb": Source(
        "DuckDB 1.4.4, the server's database; the conversion was run", "https://duckdb.org", READ
    ),
    "woothee": Source(
        "woothee 0.13.0, the server's user-agent parser", "https://docs.rs/woothee/0.13.0", READ
    ),
}


def documented(text: str, source: str = "sessions", error: str | None = None) -> Fact:
    """Return a fact from the vendor's documentation, with the vendor's message for invalid values."""
    return Fact(text, Basis.DOCUMENTED, source, error)


def sourced(
    text: str, source: str = "server", error: str | tuple[tuple[str, str], ...] | None = None
) -> Fact:
    """Return a fact read in the server's code, with the server's messages for invalid values."""
    return Fact(text, Basis.SOURCE, source, error)


def inferred(text: str, source: str) -> Fact:
    """Return a fact that follows from others."""
    return Fact(text, Basis.INFERRED, source)


def assumed(text: str) -> Fact:
    """Return a fact that no source states."""
    return Fact(text, Basis.ASSUMED)
