"""Sources of the facts about Sparklytics, and a factory of facts for each basis."""

from typing import Final

from mockserver.contract.provenance import Basis, FactFactory, Source

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
    "run": Source(
        "Sparklytics server 4619f93, which was run with the mock's world in its database",
        "https://github.com/Sparklytics/sparklytics",
        "2026-11-29",
    ),
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
documented: Final = FactFactory(Basis.DOCUMENTED, "sessions")
sourced: Final = FactFactory(Basis.SOURCE, "server")
observed: Final = FactFactory(Basis.OBSERVED, "run")
inferred: Final = FactFactory(Basis.INFERRED)
