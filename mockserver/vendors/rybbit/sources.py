"""Sources of facts about Rybbit, and functions that create facts."""

from typing import Final

from mockserver.contract.provenance import Basis, Fact, Source

_READ: Final = "2026-11-21"
_CODE: Final = "https://github.com/rybbit-io/rybbit"
SOURCES: Final = {
    "sessions": Source(
        "Rybbit API documentation, Sessions (December 2025)",
        "https://rybbit.com/docs/api/stats/sessions",
        _READ,
    ),
    "start": Source(
        "Rybbit API documentation, Getting started (December 2025)",
        "https://rybbit.com/docs/api/getting-started",
        _READ,
    ),
    "sessions-2026": Source("Rybbit API documentation, Sessions (July 2026)", _CODE, _READ),
    "server": Source("Rybbit server source, December 2025", _CODE, _READ),
    "server-2026": Source("Rybbit server source, July 2026", _CODE, _READ),
    "newest": Source("Rybbit server source, newest revisions (undated)", _CODE, _READ),
    "paths": Source("Rybbit pull request 794, January 2026", f"{_CODE}/pull/794", _READ),
    "host": Source("Rybbit pull request 801", f"{_CODE}/pull/801", _READ),
}


def documented(text: str, source: str = "sessions") -> Fact:
    """Return a fact from the vendor's documentation."""
    return Fact(text, Basis.DOCUMENTED, source)


def sourced(text: str, source: str = "server") -> Fact:
    """Return a fact read in the vendor's source code."""
    return Fact(text, Basis.SOURCE, source)


def assumed(text: str) -> Fact:
    """Return a fact that this project assumes because it is undocumented."""
    return Fact(text, Basis.ASSUMED)
