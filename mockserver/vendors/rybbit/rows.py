"""A session as a row, field by field."""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from operator import attrgetter, itemgetter
from typing import Any, Final

from mockserver.vendor import texts
from mockserver.vendor.rows import Column, Rows
from mockserver.vendor.times import seconds
from mockserver.vendors.rybbit import words
from mockserver.world.dealt import DealtSessions
from mockserver.world.hashing import I64
from mockserver.world.population import Population
from mockserver.world.sessions import Sessions

SETTINGS: Final = itemgetter("timestamps", "region", "device_type", "versions", "ip", "unknown_country")
"""The choices that say how a session is told."""
_NUMERAL: Final = re.compile(r"\d+(\.\d+)?")


def _iso(instants: Sequence[int]) -> list[str]:
    return [second + ".000Z" for second in seconds(instants)]


def _sql(instants: Sequence[int]) -> list[str]:
    return [second.replace("T", " ") for second in seconds(instants)]


TIMESTAMPS: Final = {"iso": _iso, "server": _sql}
"""By the option of ``rybbit.timestamps``."""
_PATTERNS: Final = {"iso": b'"0000-00-00T00:00:00.000Z"', "server": b'"0000-00-00 00:00:00"'}


@lru_cache(maxsize=256)
def _number(text: str) -> str | float:
    if not _NUMERAL.fullmatch(text):
        return text
    number = float(text)
    return int(number) if number.is_integer() else number


_VERSIONS: Final[dict[str, Callable[[str], Any]]] = {"number": _number, "text": str}
_ADDRESSES: Final = {
    "hidden": Column("ip", lambda s: [None] * len(s)),
    "shown": Column("ip", lambda s: [address or None for address in s.ips], own=True),
}


def lasting(start: int, end: int) -> int:
    """Seconds between two instants as they are told."""
    return end // 1000 - start // 1000


def _column(name: str, entries: str, of: words.Of) -> Column:
    return Column(name, lambda sessions: [of(entry) for entry in getattr(sessions, entries)])


def _field(name: str, entries: str, field: str | None = None) -> Column:
    return _column(name, entries, attrgetter(field or name))


def _traits(sessions: Sessions) -> list[dict[str, Any] | None]:
    return [traits if user else None for user, traits in zip(sessions.user_ids, sessions.traits, strict=True)]


def _lasting(sessions: DealtSessions) -> I64:
    return sessions.ends // 1000 - sessions.starts // 1000


def _user_ids(population: Population, before: bytes, _: bytes) -> Sequence[texts.Part]:
    return texts.user_ids(population, before, before + b'""')


def _traits_texts(population: Population, before: bytes, nothing: bytes) -> Sequence[texts.Part]:
    """As the world has them: a name, an e-mail address and a plan."""
    return [
        *texts.names(population, before + b'{"name":', nothing),
        *texts.emails(population, b',"email":', b""),
        *texts.plans(population, b',"plan":', b"", after=b"}"),
    ]


@lru_cache(maxsize=32)
def columns(settings: tuple[str, ...]) -> tuple[Column, ...]:
    """The fields of a row, in the vendor's order, as the choices of :data:`SETTINGS` want them told."""
    timestamps, region, device_type, versions, ip, unknown_country = settings
    told, version, pattern = TIMESTAMPS[timestamps], _VERSIONS[versions], _PATTERNS[timestamps]
    return (
        Column("session_id", attrgetter("id_digits"), own=True, texts=texts.hexadecimal(attrgetter("number_texts"), 14)),
        Column("user_id", attrgetter("visitor_digits"), own=True, texts=texts.hexadecimal(attrgetter("visitor_texts"), 12)),
        Column("identified_user_id", lambda s: [user or "" for user in s.user_ids], own=True, texts=_user_ids),
        Column("session_end", lambda s: told(s.end), own=True, texts=texts.seconds(attrgetter("ends"), pattern)),
        Column("session_start", lambda s: told(s.start), own=True, texts=texts.seconds(attrgetter("starts"), pattern)),
        Column("session_duration", lambda s: [*map(lasting, s.start, s.end)], own=True, texts=texts.small_integers(_lasting)),
        Column("traits", _traits, own=True, texts=_traits_texts),
        _column("country", "places", words.COUNTRIES[unknown_country]),
        _column("region", "places", words.REGIONS[region]),
        _field("city", "places"),
        Column("language", attrgetter("languages")),
        _column("device_type", "agents", words.DEVICE_TYPES[device_type]),
        _field("browser", "agents"),
        _column("browser_version", "agents", lambda agent: version(agent.browser_version)),
        _field("operating_system", "agents", "os"),
        _column("operating_system_version", "agents", lambda agent: version(agent.os_version)),
        _field("screen_width", "agents"),
        _field("screen_height", "agents"),
        _field("referrer", "acquisitions"),
        _field("channel", "acquisitions"),
        Column("hostname", attrgetter("hostnames")),
        _field("utm_source", "acquisitions"),
        _field("utm_medium", "acquisitions"),
        _field("utm_campaign", "acquisitions"),
        _field("utm_term", "acquisitions"),
        _field("utm_content", "acquisitions"),
        _field("entry_page", "entries", "path"),
        _field("exit_page", "exits", "path"),
        Column("pageviews", attrgetter("pageviews")),
        Column("events", attrgetter("custom_events")),
        Column("errors", attrgetter("errors")),
        Column("outbound", attrgetter("outbounds")),
        _ADDRESSES[ip],
        _field("lat", "places", "latitude"),
        _field("lon", "places", "longitude"),
        Column("has_replay", lambda s: [0] * len(s)),
    )


LATER: Final = (
    Column("button_clicks", lambda s: [0] * len(s)),
    Column("copies", lambda s: [0] * len(s)),
    Column("form_submits", lambda s: [0] * len(s)),
    Column("input_changes", lambda s: [0] * len(s)),
    Column("tag", lambda s: [""] * len(s)),
    _field("timezone", "places", "time_zone"),
    Column("device_model", lambda s: [""] * len(s)),
    Column("app_version", lambda s: [""] * len(s)),
)
"""The fields that came in 2026."""


@lru_cache(maxsize=32)
def rows(settings: tuple[str, ...], more: tuple[Column, ...] = ()) -> Rows:
    """What encodes sessions as the choices want them told, with further fields behind the usual ones."""
    return Rows((*columns(settings), *more))
