"""Differences from the documentation that Rybbit's servers of 2025 and 2026 share."""

from typing import Annotated

from msgspec import Meta, Struct
from msgspec.structs import replace

from mockserver.contract.http.credentials import Bearer
from mockserver.contract.validation import Lenient
from mockserver.vendors.rybbit import contract
from mockserver.vendors.rybbit.contract import error_template
from mockserver.vendors.rybbit.request_models import PAGE_SIZE
from mockserver.vendors.rybbit.sources import sourced

_CHECKED_SITE_ID = r"(?=.*[^0-9]).{5,}"
"""Pattern of the site ids that are looked up before the key is checked."""
_Digits = Annotated[int, Meta(ge=0), Lenient(leading_digits=True, hexadecimal=True)]
_LEADING_DIGITS = "Only its leading digits are used: 10abc is 10, 1.9 is 1, and 0x10 is 16."


class GetSession(Struct, frozen=True, kw_only=True):
    """Query parameters of one session."""

    limit: Annotated[_Digits, sourced(f"Events per page, 100 by default. {_LEADING_DIGITS}")] = PAGE_SIZE
    offset: Annotated[_Digits, sourced(f"Events to skip, 0 by default. {_LEADING_DIGITS}")] = 0
    minutes: Annotated[
        int,
        Lenient(leading_digits=True, hexadecimal=True, fallback=0),
        sourced(f"Only events of the last N minutes; 0, the default, means all. {_LEADING_DIGITS}"),
    ] = 0


_SITE_ID_PRECHECK = sourced(
    "A site id that is longer than 4 characters and not a number is looked up before the key is checked:"
    " 404 if the site does not exist."
)
DATABASE_FAILURE = sourced("Every error in the database, including a limit or page that is not a number.")
_API_KEY = Bearer(query="api_key", exact_scheme=True)
LIST_SESSIONS = replace(contract.LIST_SESSIONS, credentials=_API_KEY, site_id_precheck=_CHECKED_SITE_ID)
GET_SESSION = replace(
    contract.GET_SESSION,
    credentials=_API_KEY,
    site_id_precheck=_CHECKED_SITE_ID,
    query=GetSession,
    validation_error="failed_session",
)
LIST_SESSION_LOCATIONS = replace(
    contract.LIST_SESSION_LOCATIONS,
    credentials=_API_KEY,
    site_id_precheck=_CHECKED_SITE_ID,
    # The servers cannot filter locations by country.
    filtered_example={
        "filters": contract.FILTERED_EXAMPLE["filters"]
        .replace("country", "region")
        .replace('"US"', '"US-CA"')
    },
)
CONTRACT = replace(
    contract.CONTRACT,
    behaviors=contract.CONTRACT.behaviors_with_defaults(
        timestamps="server",
        region="code",
        device_type="capitalized",
        unknown_country="padded",
        order="end",
        values="stored",
    ),
    errors={
        **contract.CONTRACT.errors,
        "unknown_site": error_template(404, "Site not found", _SITE_ID_PRECHECK),
        "unknown_session": error_template(
            404, "Session not found", sourced("Also for a session of another site.")
        ),
        "failed_session": error_template(500, "Failed to fetch session data", DATABASE_FAILURE),
    },
)
