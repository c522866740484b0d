"""Values of the world in Rybbit's format, for rows and for filters."""

import re
from collections.abc import Callable
from operator import attrgetter
from typing import Any, Final
from urllib.parse import urlsplit

from msgspec import Struct

from mockserver.vendors.rybbit.values.tracker import build_querystring, parse_agent
from mockserver.world.model.vocabulary import Acquisition, Agent, Page, Place

Formatter = Callable[[Any], Any]
"""Return the formatted value of an entry of the world.

Each is a single object that is not created per request: conditions with the same one are equal,
and can be cached.
"""


class Through(Struct, frozen=True):
    """Format what another function makes of an entry."""

    convert: Formatter
    format_value: Formatter

    def __call__(self, entry: Any) -> Any:
        return self.format_value(self.convert(entry))


def _keep(entry: Any) -> Any:
    return entry


AGENTS: Final[dict[str, Formatter]] = {"sent": _keep, "stored": parse_agent}
"""By the option of ``rybbit.values``."""


def _format_capitalized_device(agent: Agent) -> str:
    return agent.device.capitalize()


REGIONS: Final[dict[str, Formatter]] = {"name": attrgetter("region"), "code": attrgetter("region_code")}
"""By the option of ``rybbit.region``."""
DEVICE_TYPES: Final[dict[str, Formatter]] = {
    "lower": attrgetter("device"),
    "capitalized": _format_capitalized_device,
}
"""By the option of ``rybbit.device_type``."""


def _format_city_with_region_name(place: Place) -> str:
    return f"{place.region}-{place.city}"


def _format_city_with_region_code(place: Place) -> str:
    return f"{place.region_code}-{place.city}"


def format_documented_city(place: Place) -> str:
    """Return a city like the documented CA-San Francisco."""
    return f"{place.region_code.partition('-')[2]}-{place.city}"


CITIES: Final[dict[str, Formatter]] = {
    "name": _format_city_with_region_name,
    "code": _format_city_with_region_code,
}
"""Region and city, by the option of ``rybbit.region``."""


def _format_padded_country(place: Place) -> str:
    return place.country or "\0\0"


COUNTRIES: Final[dict[str, Formatter]] = {"empty": attrgetter("country"), "padded": _format_padded_country}
"""By the option of ``rybbit.unknown_country``."""


def _format_sample_channel(acquisition: Acquisition) -> str:
    channel = acquisition.channel
    return "organic" if channel == "Organic Search" else channel.lower()


CHANNELS: Final[dict[str, Formatter]] = {"server": attrgetter("channel"), "sample": _format_sample_channel}
"""By the option of ``rybbit.channel``."""


def format_browser(agent: Agent) -> str:
    """Return browser and version, such as ``Chrome 131``."""
    return f"{agent.browser} {agent.browser_version}"


def format_system(agent: Agent) -> str:
    """Return operating system and version, such as ``macOS 14.5``; the vendor groups Windows 10 and 11."""
    system = f"{agent.os} {agent.os_version}"
    return "Windows 10/11" if system == "Windows 10" else system


def format_dimensions(agent: Agent) -> str:
    """Return the size of the screen, such as ``1920x1080``."""
    return f"{agent.screen_width}x{agent.screen_height}"


def format_referrer_domain(acquisition: Acquisition) -> str:
    """Return the host of the referrer without ``www.``; empty for a direct visit."""
    return (urlsplit(acquisition.referrer).hostname or "").removeprefix("www.")


def format_stored_querystring(source: tuple[Acquisition, Page]) -> str:
    """Return the query string of an event as it is stored."""
    return build_querystring(*source)


def format_unknown(_: Any) -> str:
    """Return an empty text, for a field that the world does not have."""
    return ""


def is_device_id(text: str) -> bool:
    """Return whether a text has the form of a device's id."""
    return re.fullmatch("[0-9a-f]{12}", text) is not None


def parse_session_id(session_id: str) -> int | None:
    """Return the world's number of a session; None if the id is malformed."""
    return int(session_id, 16) if re.fullmatch("[0-9a-f]{14}", session_id) else None
