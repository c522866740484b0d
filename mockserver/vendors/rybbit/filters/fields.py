"""What filters can compare: the entries of which dimension, and what is told of them."""

from collections.abc import Mapping
from operator import attrgetter
from typing import Any, Final

from mockserver.vendors.rybbit import formatting as words

_TEXTS: Final[dict[str, tuple[str, words.Of]]] = {
    "browser": ("agent", attrgetter("browser")),
    "browser_version": ("agent", words.browser),
    "operating_system": ("agent", attrgetter("os")),
    "operating_system_version": ("agent", words.system),
    "dimensions": ("agent", words.dimensions),
    "language": ("language", str),
    "country": ("place", attrgetter("country")),
    "timezone": ("place", attrgetter("time_zone")),
    "pathname": ("page", attrgetter("path")),
    "page_title": ("page", attrgetter("title")),
    "querystring": ("page", attrgetter("querystring")),
    "hostname": ("hostname", str),
    "referrer": ("acquisition", words.domain),
    "entry_page": ("entry", attrgetter("path")),
    "exit_page": ("exit", attrgetter("path")),
    "channel": ("acquisition", attrgetter("channel")),
    "utm_source": ("acquisition", attrgetter("utm_source")),
    "utm_medium": ("acquisition", attrgetter("utm_medium")),
    "utm_campaign": ("acquisition", attrgetter("utm_campaign")),
    "utm_term": ("acquisition", attrgetter("utm_term")),
    "utm_content": ("acquisition", attrgetter("utm_content")),
    "event_name": ("action", attrgetter("name")),
}
_BY_BEHAVIOR: Final = {
    "region": ("place", "region", words.REGIONS),
    "city": ("place", "region", words.CITIES),
    "device_type": ("agent", "device_type", words.DEVICE_TYPES),
}
NUMBERS: Final[dict[str, tuple[str, words.Of]]] = {
    "lat": ("place", attrgetter("latitude")),
    "lon": ("place", attrgetter("longitude")),
}
PARAMETERS: Final = (*_TEXTS, *_BY_BEHAVIOR, *NUMBERS, "user_id")
"""Those of the documentation."""
EARLIER: Final = (
    "vpn", "crawler", "datacenter", "company", "company_type", "company_domain", "asn_org", "asn_type", "asn_domain",
)  # fmt: skip
"""Those that the server of December 2025 took as well; of all of them nothing is known."""
LATER: Final = ("tag", "device_model", "app_version")
"""Those that came in 2026; of all of them nothing is known."""
FLAG: Final = "feature_flag:"
"""What the parameters begin with that compare a flag, in 2026."""


def told(parameter: str, behaviors: Mapping[str, Any]) -> tuple[str, words.Of]:
    """The dimension of a parameter that is a text, and what is compared of its entries."""
    if parameter in _TEXTS:
        return _TEXTS[parameter]
    if parameter in _BY_BEHAVIOR:
        dimension, behavior, options = _BY_BEHAVIOR[parameter]
        return dimension, options[behaviors[behavior]]
    return "place", words.nothing
