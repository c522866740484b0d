"""Browsee as used by its own samples of July 2020: select at the top level of the body, no options.

Data only.
"""

from typing import Annotated, Final

from msgspec.structs import replace

from mockserver.contract.provenance import Source, assumed
from mockserver.vendors.browsee.contract import CONTRACT, EXPORT_SESSIONS, IDENTIFY, TRACK
from mockserver.vendors.browsee.request_models import ExportFields
from mockserver.vendors.browsee.sources import READ, documented, inferred

SOURCES: Final = {
    **CONTRACT.sources,
    "gist-js": Source(
        "Browsee's own JavaScript sample",
        "https://gist.github.com/mathurs/991a5507f533aa9e36f7608f7316d056",
        READ,
    ),
}


class ExportSessions2020(ExportFields, frozen=True):
    """The body of an export request in the samples."""

    apiKey: Annotated[str, documented("API key of the project; selects the site.", "gist")]
    secretKey: Annotated[str, documented("Secret key generated in the settings.", "gist")]
    select: Annotated[
        list[str] | None,
        documented(
            "Fields to return; an empty or missing list is assumed to select all fields.", "gist"
        ),
    ] = None  # fmt: skip


_EXPORT_SESSIONS: Final = replace(
    EXPORT_SESSIONS,
    body=ExportSessions2020,
    select_fields=("select",),
    lint_rules=tuple(rule for rule in EXPORT_SESSIONS.lint_rules if rule.name != "deprecated-place"),
    facts=(
        *EXPORT_SESSIONS.facts,
        documented("select is at the top level of the body, next to the keys.", "gist-js"),
        assumed("The samples send no options; options are ignored."),
        inferred(
            "All that the samples do not show, including the response, follows the later documentation.",
            "export",
        ),
    ),
)
GIST_2020: Final = replace(
    CONTRACT,
    dialect="gist-2020",
    description="As in the vendor's own samples of July 2020: an export selects its fields at the top level of the body.",
    sources=SOURCES,
    endpoints=(_EXPORT_SESSIONS, TRACK, IDENTIFY),
)
