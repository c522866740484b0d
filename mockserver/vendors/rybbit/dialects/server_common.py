"""What Rybbit's servers answer alike, of whichever year, and otherwise than is documented."""

from typing import Annotated

from msgspec import Meta, Struct
from msgspec.structs import replace

from mockserver.contract.errors import ErrorTemplate
from mockserver.contract.validation import Lenient
from mockserver.vendors.rybbit import contract
from mockserver.vendors.rybbit.contract import KNOWN_SITES
from mockserver.vendors.rybbit.request_models import PAGE_SIZE
from mockserver.vendors.rybbit.sources import sourced

_KNOWN_SITE = r"(?=.*[^0-9]).{5,}"
"""Ids of sites that are looked up before the key is."""
_PARSED = "The figures at its beginning count: 10abc is 10, and 1.9 is 1."


class GetSession(Struct, frozen=True, kw_only=True):
    """The query of one session."""

    limit: Annotated[
        int, Meta(ge=0), Lenient(figures=True), sourced(f"Events to give, 100 by default. {_PARSED}")
    ] = PAGE_SIZE
    offset: Annotated[
        int, Meta(ge=0), Lenient(figures=True), sourced(f"Events to skip, 0 by default. {_PARSED}")
    ] = 0
    minutes: Annotated[
        int,
        Lenient(figures=True, otherwise=0),
        sourced(f"Only events of the last so many minutes; 0 means all, as by default. {_PARSED}"),
    ] = 0


FAILED = sourced("Whatever fails in the database, a limit or page that is no number included.")
FAILED_SESSION = ErrorTemplate(500, {"error": "Failed to fetch session data"}, FAILED)
LIST_SESSIONS = replace(contract.LIST_SESSIONS, site_id_precheck=_KNOWN_SITE)
GET_SESSION = replace(
    contract.GET_SESSION, site_id_precheck=_KNOWN_SITE, query=GetSession, validation_error="failed_session"
)
LIST_SESSION_LOCATIONS = replace(contract.LIST_SESSION_LOCATIONS, site_id_precheck=_KNOWN_SITE)
CONTRACT = replace(
    contract.CONTRACT,
    behaviors=contract.CONTRACT.preferring(
        timestamps="server", region="code", device_type="capitalized", unknown_country="padded", order="end"
    ),
    errors={
        **contract.CONTRACT.errors,
        "unknown_site": ErrorTemplate(404, {"error": "Site not found"}, KNOWN_SITES),
        "unknown_session": ErrorTemplate(
            404, {"error": "Session not found"}, sourced("Another site's, too.")
        ),
    },
)
