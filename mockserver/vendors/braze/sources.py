"""Sources of the facts about Braze, and a factory of facts for each basis."""

from typing import Final

from mockserver.contract.provenance import Basis, FactFactory, Source

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
documented: Final = FactFactory(Basis.DOCUMENTED)
observed: Final = FactFactory(Basis.OBSERVED)
inferred: Final = FactFactory(Basis.INFERRED)
