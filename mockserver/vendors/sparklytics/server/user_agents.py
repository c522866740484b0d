"""Names of browsers, systems and devices as in woothee, the server's user-agent parser.

All functions return the empty text if no user agent was sent, or one that woothee cannot parse.
"""

from typing import Final

from mockserver.world.model.vocabulary import Agent

UNKNOWN: Final = "UNKNOWN"
"""Woothee's result for a user agent that is not in its data."""
_BROWSERS: Final = {
    "": UNKNOWN,
    "Samsung Internet": "SamsungBrowser",
    "HeadlessChrome": "Chrome",
    "AhrefsBot": "ahref AhrefsBot",
    "YandexBot": "misc crawler",
    "DuckDuckBot": "misc crawler",
    "curl": "HTTP Library",
}
_UNPARSED: Final = frozenset({"python-requests"})
"""Clients for whose user agents woothee has no result at all."""
_SYSTEMS: Final = {"": UNKNOWN, "macOS": "Mac OSX", "iOS": "iPhone"}
_OWN_BROWSERS: Final = {_BROWSERS[own]: own for own in ("", "Samsung Internet", "AhrefsBot")}
_OWN_SYSTEMS: Final = {"iPad": "iOS", **{name: own for own, name in _SYSTEMS.items()}}
_DEVICES: Final = {"": "desktop", "tablet": "mobile"}


def _is_parsed(agent: Agent) -> bool:
    return bool(agent.browser or agent.os or agent.device) and agent.browser not in _UNPARSED


def browser_name(agent: Agent) -> str:
    return _BROWSERS.get(agent.browser, agent.browser) if _is_parsed(agent) else ""


def system_name(agent: Agent) -> str:
    """Return the name of the operating system; the user agent of Windows 11 is that of Windows 10."""
    if agent.os == "Windows":
        return f"Windows {'10' if agent.os_version == '11' else agent.os_version}"
    if agent.os == "iOS" and agent.device == "tablet":
        return "iPad"
    return _SYSTEMS.get(agent.os, agent.os) if _is_parsed(agent) else ""


def make_agent(browser: str | None, system: str | None, device: str | None) -> Agent:
    """Return an agent that has these names here, as far as one can."""
    os, _, version = (system or "").partition(" ")
    if os != "Windows":
        os, version = _OWN_SYSTEMS.get(system or "", system or ""), ""
    own_device = "tablet" if system == "iPad" else device or ""
    return Agent(own_device, os, version, _OWN_BROWSERS.get(browser or "", browser or ""), "", 0, 0, 0)


def device_type(agent: Agent) -> str:
    """Return ``desktop`` or ``mobile``; tablets are mobile."""
    return _DEVICES.get(agent.device, agent.device) if _is_parsed(agent) else ""
