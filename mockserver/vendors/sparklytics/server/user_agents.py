"""What the server calls browsers, systems and devices: the words of woothee, which reads user agents for it."""

from typing import Final

from mockserver.world.model.vocabulary import Agent

UNKNOWN: Final = "UNKNOWN"
"""What is not in woothee's data; without any user agent nothing is said at all."""
_BROWSERS: Final = {
    "": UNKNOWN,
    "Samsung Internet": "Chrome",
    "HeadlessChrome": "Chrome",
    "AhrefsBot": "ahref AhrefsBot",
    "YandexBot": "misc crawler",
    "DuckDuckBot": "misc crawler",
    "curl": "HTTP Library",
    "python-requests": UNKNOWN,
}
_SYSTEMS: Final = {"": UNKNOWN, "macOS": "Mac OSX", "iOS": "iPhone"}


def _is_sent(agent: Agent) -> bool:
    return bool(agent.browser or agent.os or agent.device)


def browser(agent: Agent) -> str:
    """The browser."""
    return _BROWSERS.get(agent.browser, agent.browser) if _is_sent(agent) else ""


def system(agent: Agent) -> str:
    """The operating system; one that Windows 11 calls itself cannot be told from Windows 10."""
    if agent.os == "Windows":
        return f"Windows {'10' if agent.os_version == '11' else agent.os_version}"
    if agent.os == "iOS" and agent.device == "tablet":
        return "iPad"
    return _SYSTEMS.get(agent.os, agent.os) if _is_sent(agent) else ""


def device(agent: Agent) -> str:
    """``desktop`` or ``mobile``; a tablet is taken for a telephone."""
    return {"": "desktop", "tablet": "mobile"}.get(agent.device, agent.device) if _is_sent(agent) else ""
