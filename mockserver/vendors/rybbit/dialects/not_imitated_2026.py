"""Known differences from the running server of July 2026 and from the newest sources. Data only."""

from typing import Final

from mockserver.contract.provenance import NotImitated

_RUN: Final = "run-2026-07"
_NEWEST: Final = "newest"
JULY: Final = (NotImitated("vary of every response", "Origin", "none: there is no CORS", _RUN),)
SEPTEMBER: Final = JULY
