"""Sources of the facts about Rybbit, and a factory of facts for each basis."""

from typing import Final

from mockserver.contract.provenance import Basis, FactFactory, Source

_READ: Final = "2026-11-21"
_RUN: Final = "2026-11-29"
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
    "run-2025-12": Source(
        "Rybbit server of December 2025 (3c14f97b), which was run with the mock's world in its databases",
        _CODE,
        _RUN,
    ),
    "server-2026-07": Source("Rybbit server source, July 2026 (b221e13f)", _CODE, _READ),
    "run-2026-07": Source(
        "Rybbit server of July 2026 (b221e13f), which was run with the mock's world in its databases",
        _CODE,
        _RUN,
    ),
    "newest": Source(
        "Rybbit server source, newest revisions of about September 2026 (c7d09005, 7c749336, 1d036e55,"
        " aea238af)",
        _CODE,
        _RUN,
    ),
    "paths": Source("Rybbit pull request 794, January 2026", f"{_CODE}/pull/794", _READ),
    "host": Source("Rybbit pull request 801", f"{_CODE}/pull/801", _READ),
}
documented: Final = FactFactory(Basis.DOCUMENTED, "sessions")
inferred: Final = FactFactory(Basis.INFERRED)
sourced: Final = FactFactory(Basis.SOURCE, "server")
"""Read in the server of December 2025."""
seen: Final = FactFactory(Basis.OBSERVED, "run-2025-12")
"""Seen in responses of the server of December 2025."""
newer: Final = FactFactory(Basis.SOURCE, "server-2026-07")
"""Read in the server of July 2026."""
observed: Final = FactFactory(Basis.OBSERVED, "run-2026-07")
"""Seen in responses of the server of July 2026."""
newest: Final = FactFactory(Basis.SOURCE, "newest")
"""Read in the newest revisions of the server."""
