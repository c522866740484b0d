"""Convert what a browser sends as the tracker and the database of Rybbit's servers do."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from operator import attrgetter
from types import NoneType
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from msgspec.structs import replace

from mockserver.world.model.session_batch import Event, SessionBatch
from mockserver.world.model.vocabulary import Acquisition, Agent, Page

_MOBILE_BROWSERS: Final = {"Chrome", "Safari", "Firefox"}
_SYSTEMS: Final = {"ChromeOS": "Chrome OS"}
_FROZEN_VERSIONS: Final = {"macOS": "10.15.7", "Windows": "10"}
"""Versions that every user agent of a system states."""
_UTM_FIELDS: Final = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
_get_utm_values: Final = attrgetter(*_UTM_FIELDS)


@lru_cache(maxsize=256)
def parse_agent(agent: Agent) -> Agent:
    """Return an agent as the tracker recognizes it by its user agent."""
    is_mobile = agent.device in {"mobile", "tablet"}
    browser = agent.browser
    # Chrome's user agent on Android tablets is the only one without a word for mobile devices.
    is_android_tablet = (agent.device, agent.os) == ("tablet", "Android")
    if is_mobile and browser in _MOBILE_BROWSERS and not (browser == "Chrome" and is_android_tablet):
        browser = f"Mobile {browser}"
    return replace(
        agent,
        device="mobile" if is_mobile else agent.device,
        browser=browser,
        os=_SYSTEMS.get(agent.os, agent.os),
        os_version=_FROZEN_VERSIONS.get(agent.os, agent.os_version),
    )


@lru_cache(maxsize=256)
def _encode_utm(acquisition: Acquisition) -> str:
    """Return the UTM parameters; cached, because a filter asks for them on every page."""
    parameters = zip(_UTM_FIELDS, _get_utm_values(acquisition), strict=True)
    return urlencode([(name, value) for name, value in parameters if value])


def build_querystring(acquisition: Acquisition, page: Page) -> str:
    """Return the query string of an event on a page, with the UTM parameters that the event came with."""
    utm = _encode_utm(acquisition)
    if not utm:
        return page.querystring
    return f"{page.querystring}&{utm}" if page.querystring else f"?{utm}"


def store_events(events: Sequence[Event], sessions: SessionBatch, *, quote_integers: bool) -> list[Event]:
    """Return the events of the only session of a batch, oldest first, as they are stored.

    With *quote_integers*, whole numbers in arrays become texts, as in older versions of the database.
    """
    hostname = sessions.hostnames[0]
    stored = [
        replace(
            event,
            referrer="" if urlsplit(event.referrer).netloc == hostname else event.referrer,
            properties=_store_object(event.properties, quote_integers=quote_integers),
        )
        for event in events
    ]
    landing = stored[0]
    querystring = build_querystring(sessions.acquisitions[0], landing.page)
    return [replace(landing, page=replace(landing.page, querystring=querystring)), *stored[1:]]


def _store_object(values: Mapping[str, Any], *, quote_integers: bool) -> dict[str, Any]:
    """Return an object without nulls, with its values at their paths, which are sorted."""
    stored: dict[str, Any] = {}
    for path, value in sorted(_list_paths(values), key=lambda item: ".".join(item[0])):
        parent = stored
        *parents, name = path
        for each in parents:
            if not isinstance(parent.get(each), dict):
                parent[each] = {}
            parent = parent[each]
        is_array = isinstance(value, list | tuple)
        parent[name] = _store_array(value, quote_integers=quote_integers) if is_array else value
    return stored


def _list_paths(values: Mapping[str, Any], *prefix: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, value in values.items():
        path = (*prefix, *name.split("."))
        if isinstance(value, dict):
            yield from _list_paths(value, *path)
        elif value is not None:
            yield path, value


def _store_array(values: Sequence[Any], *, quote_integers: bool) -> list[Any]:
    if quote_integers and {type(value) for value in values} <= {int, NoneType}:
        return [value if value is None else str(value) for value in values]
    return [
        _store_object(value, quote_integers=quote_integers)
        if isinstance(value, dict)
        else _store_array(value, quote_integers=quote_integers)
        if isinstance(value, list | tuple)
        else value
        for value in values
    ]
