"""Sources of the facts about Browsee, and a factory of facts for each basis."""

from typing import Final

from mockserver.contract.provenance import Basis, FactFactory, Source

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
documented: Final = FactFactory(Basis.DOCUMENTED, "export")
observed: Final = FactFactory(Basis.OBSERVED)
inferred: Final = FactFactory(Basis.INFERRED)
