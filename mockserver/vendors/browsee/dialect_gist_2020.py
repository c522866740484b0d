"""Browsee as its own samples of July 2020 call it: select stands beside the keys, and there are no options. Data only."""

from typing import Annotated

from msgspec.structs import replace

from mockserver.contract.provenance import Fact, Source
from mockserver.vendors.browsee.contract import (
    ASSUMED,
    CONTRACT,
    DOCUMENTED,
    EXPORT_SESSIONS,
    IDENTIFY,
    INFERRED,
    READ,
    TRACK,
    ExportFields,
)

SOURCES = {
    **CONTRACT.sources,
    "gist-js": Source(
        "Browsee's own JavaScript sample",
        "https://gist.github.com/mathurs/991a5507f533aa9e36f7608f7316d056",
        READ,
    ),
}


class ExportSessions2020(ExportFields, frozen=True):
    """The body of an export request in the samples."""

    apiKey: Annotated[str, Fact("The project's API key; names the site.", DOCUMENTED, "gist")]
    secretKey: Annotated[str, Fact("The secret key generated in the settings.", DOCUMENTED, "gist")]
    select: Annotated[
        list[str] | None,
        Fact("The fields to give; an empty list or none is assumed to mean all.", DOCUMENTED, "gist"),
    ] = None


_EXPORT_SESSIONS = replace(
    EXPORT_SESSIONS,
    body=ExportSessions2020,
    lint_rules=tuple(advice for advice in EXPORT_SESSIONS.lint_rules if advice.name != "deprecated-place"),
    facts=(
        *EXPORT_SESSIONS.facts,
        Fact("select stands at the top level of the body, beside the keys.", DOCUMENTED, "gist-js"),
        Fact("The samples send no options; what stands there is passed over.", ASSUMED),
        Fact(
            "All that the samples leave open, the answer included, is as the later documentation has it.",
            INFERRED,
            "export",
        ),
    ),
)
GIST_2020 = replace(
    CONTRACT,
    dialect="gist-2020",
    description="As the vendor's own samples of July 2020 have it: an export selects its fields at the top level of the body.",
    sources=SOURCES,
    endpoints=(_EXPORT_SESSIONS, TRACK, IDENTIFY),
)
