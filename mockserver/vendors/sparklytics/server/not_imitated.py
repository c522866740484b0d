"""Known differences from the running server. Data only."""

from typing import Final

from mockserver.contract.provenance import NotImitated

NOT_IMITATED: Final = (
    NotImitated(
        "GET /health, /api/websites and /api/websites/{id}",
        "200; the last two are 401 without a key",
        "404: only the endpoints of sessions are imitated",
        "run",
    ),
)
