"""Fields that filters compare, and the dimension of the world that each is computed from."""

from collections.abc import Mapping
from operator import attrgetter
from typing import Any, Final

from mockserver.vendors.rybbit.values import formatting
from mockserver.vendors.rybbit.values.formatting import Formatter

_TEXT_FIELDS: Final[dict[str, tuple[str, Formatter]]] = {
    "browser": ("agent", attrgetter("browser")),
    "browser_version": ("agent", formatting.format_browser),
    "operating_system": ("agent", attrgetter("os")),
    "operating_system_version": ("agent", formatting.format_system),
    "dimensions": ("agent", formatting.format_dimensions),
    "language": ("language", str),
    "timezone": ("place", attrgetter("time_zone")),
    "pathname": ("page", attrgetter("path")),
    "page_title": ("page", attrgetter("title")),
    "querystring": ("page", attrgetter("querystring")),
    "hostname": ("hostname", str),
    "referrer": ("acquisition", formatting.format_referrer_domain),
    "entry_page": ("entry", attrgetter("path")),
    "exit_page": ("exit", attrgetter("path")),
    **{
        name: ("acquisition", attrgetter(name))
        for name in ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
    },
    "event_name": ("action", attrgetter("name")),
}
_FIELDS_BY_BEHAVIOR: Final = {
    "channel": ("acquisition", "channel", formatting.CHANNELS),
    "country": ("place", "unknown_country", formatting.COUNTRIES),
    "region": ("place", "region", formatting.REGIONS),
    "city": ("place", "region", formatting.CITIES),
    "device_type": ("agent", "device_type", formatting.DEVICE_TYPES),
}
_SHOWN_TEXTS: Final[dict[str, tuple[Formatter, ...]]] = {
    "browser_version": (attrgetter("browser_version"),),
    "operating_system_version": (attrgetter("os_version"),),
    "city": (attrgetter("city"), formatting.format_documented_city),
    "referrer": (attrgetter("referrer"),),
}
"""Further texts of the parameters that do not compare what rows show."""
NUMBER_FIELDS: Final[dict[str, tuple[str, Formatter]]] = {
    "lat": ("place", attrgetter("latitude")),
    "lon": ("place", attrgetter("longitude")),
}
PARAMETERS: Final = (*_TEXT_FIELDS, *_FIELDS_BY_BEHAVIOR, *NUMBER_FIELDS, "user_id")
"""Parameters that are documented."""
CLOUD_PARAMETERS: Final = (
    "vpn",
    "crawler",
    "datacenter",
    "company",
    "company_type",
    "company_domain",
    "asn_org",
    "asn_type",
    "asn_domain",
)
"""Parameters of the server of December 2025 that only the database of the hosted service has."""
PARAMETERS_2025: Final = (
    "browser",
    "operating_system",
    "language",
    "country",
    "region",
    "city",
    "device_type",
    "referrer",
    "hostname",
    "pathname",
    "page_title",
    "querystring",
    "event_name",
    "channel",
    "utm_source",
    "utm_medium",
    "utm_campaign",
    "utm_term",
    "utm_content",
    "entry_page",
    "exit_page",
    "dimensions",
    "browser_version",
    "operating_system_version",
    "user_id",
    "lat",
    "lon",
    "timezone",
    *CLOUD_PARAMETERS,
)
"""Parameters of the server of December 2025, in its order."""
FEATURE_FLAG: Final = "feature_flag:"
"""Prefix of the parameters that compare a feature flag, since 2026. They are empty for all sessions."""
EVENT_FIELDS: Final = {
    **dict.fromkeys(("pathname", "page_title", "querystring"), "event_page"),
    "event_name": "event_action",
}
"""Text parameters that differ between the events of a session, and a dimension with an entry per event."""
SOURCE_FIELDS: Final = dict.fromkeys(
    ("referrer", "utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content"), "event_acquisition"
)
"""The same for what only the first event of a session has."""


def resolve_text_field(
    parameter: str, behaviors: Mapping[str, Any], event_fields: Mapping[str, str], *, shown: bool
) -> tuple[str, tuple[Formatter, ...]]:
    """Return the dimension of a text parameter, and the formatters of the texts that are compared.

    *event_fields* has other dimensions of some parameters. With *shown*, the texts include what a row shows.
    """
    if parameter == "querystring" and behaviors["values"] == "stored":
        return "event_source", (formatting.format_stored_querystring,)
    dimension, *formatters = _find_text_field(parameter, behaviors)
    formatters += _SHOWN_TEXTS.get(parameter, ()) if shown else ()
    if dimension == "agent":
        convert = formatting.AGENTS[behaviors["values"]]
        return dimension, tuple(formatting.Through(convert, format_entry) for format_entry in formatters)
    return event_fields.get(parameter, dimension), tuple(formatters)


def _find_text_field(parameter: str, behaviors: Mapping[str, Any]) -> tuple[str, Formatter]:
    if parameter in _TEXT_FIELDS:
        return _TEXT_FIELDS[parameter]
    if parameter in _FIELDS_BY_BEHAVIOR:
        dimension, behavior, formatters = _FIELDS_BY_BEHAVIOR[parameter]
        return dimension, formatters[behaviors[behavior]]
    return "place", formatting.format_unknown
