"""The world's entries as Rybbit writes them, in rows and in filters alike."""

import re
from collections.abc import Callable
from operator import attrgetter
from typing import Any, Final
from urllib.parse import urlsplit

from mockserver.world.model.vocabulary import Acquisition, Agent, Place

Of = Callable[[Any], Any]
"""From an entry of the world to what is told of it; one object for each, so that equal conditions are equal."""


def _capitalized(agent: Agent) -> str:
    return agent.device.capitalize()


REGIONS: Final[dict[str, Of]] = {"name": attrgetter("region"), "code": attrgetter("region_code")}
"""By the option of ``rybbit.region``."""
DEVICE_TYPES: Final[dict[str, Of]] = {"lower": attrgetter("device"), "capitalized": _capitalized}
"""By the option of ``rybbit.device_type``."""


def _named(place: Place) -> str:
    return f"{place.region}-{place.city}"


def _coded(place: Place) -> str:
    return f"{place.region_code}-{place.city}"


CITIES: Final[dict[str, Of]] = {"name": _named, "code": _coded}
"""Region and city, by the option of ``rybbit.region``."""


def _padded(place: Place) -> str:
    return place.country or "\0\0"


COUNTRIES: Final[dict[str, Of]] = {"empty": attrgetter("country"), "padded": _padded}
"""By the option of ``rybbit.unknown_country``."""


def browser(agent: Agent) -> str:
    """Browser and version, such as ``Chrome 131``."""
    return f"{agent.browser} {agent.browser_version}"


def system(agent: Agent) -> str:
    """Operating system and version, such as ``macOS 14.5``; the vendor takes the two Windows for one."""
    told = f"{agent.os} {agent.os_version}"
    return "Windows 10/11" if told == "Windows 10" else told


def dimensions(agent: Agent) -> str:
    """Size of the screen, such as ``1920x1080``."""
    return f"{agent.screen_width}x{agent.screen_height}"


def domain(acquisition: Acquisition) -> str:
    """Host of the referrer without ``www.``, empty for a direct visit."""
    return (urlsplit(acquisition.referrer).hostname or "").removeprefix("www.")


def nothing(_: Any) -> str:
    """Nothing, where the world does not have what a vendor could tell."""
    return ""


def session_number(session_id: str) -> int | None:
    """The world's number of the session with an id; ``None`` for a text that is no id."""
    return int(session_id, 16) if re.fullmatch("[0-9a-f]{14}", session_id) else None
