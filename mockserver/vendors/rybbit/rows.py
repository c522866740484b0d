"""A session as a row, field by field."""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from operator import attrgetter, itemgetter
from typing import Any, Final

from mockserver.vendor import texts
from mockserver.vendor.columns import Column, of, of_story
from mockserver.vendor.parts import Part
from mockserver.vendor.rows import Rows
from mockserver.vendor.times import seconds
from mockserver.vendors.rybbit import words
from mockserver.world.generator.columns import GeneratedSessions
from mockserver.world.model.hashing import I64
from mockserver.world.model.session_batch import SessionBatch
from mockserver.world.model.vocabulary import Vocabulary

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


def lasting(start: int, end: int) -> int:
    """Seconds between two instants as they are told."""
    return end // 1000 - start // 1000


def _field(name: str, entries: str, field: str | None = None) -> Column:
    return of(entries, name, attrgetter(field or name))


def _always(name: str, value: str | int | None) -> Column:
    """A field with the same value in every row."""
    return of("places", name, lambda _: value)


_ADDRESSES: Final = {
    "hidden": _always("ip", None),
    "shown": Column("ip", lambda s: [address or None for address in s.ips], own=True),
}


def _traits(sessions: SessionBatch) -> list[dict[str, Any] | None]:
    return [traits if user else None for user, traits in zip(sessions.user_ids, sessions.traits, strict=True)]


def _lasting(sessions: GeneratedSessions) -> I64:
    return sessions.ends // 1000 - sessions.starts // 1000


def _user_ids(vocabulary: Vocabulary, before: bytes, _: bytes) -> Sequence[Part]:
    return texts.user_ids(vocabulary, before, before + b'""')


def _traits_texts(vocabulary: Vocabulary, before: bytes, nothing: bytes) -> Sequence[Part]:
    """As the world has them: a name, an e-mail address and a plan."""
    return [
        *texts.names(vocabulary, before + b'{"name":', nothing),
        *texts.emails(vocabulary, b',"email":', b""),
        *texts.plans(vocabulary, b',"plan":', b"", after=b"}"),
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
        of("places", "country", words.COUNTRIES[unknown_country]),
        of("places", "region", words.REGIONS[region]),
        _field("city", "places"),
        of("languages", "language", str),
        of("agents", "device_type", words.DEVICE_TYPES[device_type]),
        _field("browser", "agents"),
        of("agents", "browser_version", lambda agent: version(agent.browser_version)),
        _field("operating_system", "agents", "os"),
        of("agents", "operating_system_version", lambda agent: version(agent.os_version)),
        _field("screen_width", "agents"),
        _field("screen_height", "agents"),
        _field("referrer", "acquisitions"),
        _field("channel", "acquisitions"),
        of("hostnames", "hostname", str),
        _field("utm_source", "acquisitions"),
        _field("utm_medium", "acquisitions"),
        _field("utm_campaign", "acquisitions"),
        _field("utm_term", "acquisitions"),
        _field("utm_content", "acquisitions"),
        of_story("entry_page", lambda s: [page.path for page in s.entries]),
        of_story("exit_page", lambda s: [page.path for page in s.exits]),
        of_story("pageviews", attrgetter("pageviews")),
        of_story("events", attrgetter("custom_events")),
        of_story("errors", attrgetter("errors")),
        of_story("outbound", attrgetter("outbounds")),
        _ADDRESSES[ip],
        _field("lat", "places", "latitude"),
        _field("lon", "places", "longitude"),
        _always("has_replay", 0),
    )


LATER: Final = (
    _always("button_clicks", 0),
    _always("copies", 0),
    _always("form_submits", 0),
    _always("input_changes", 0),
    _always("tag", ""),
    _field("timezone", "places", "time_zone"),
    _always("device_model", ""),
    _always("app_version", ""),
)
"""The fields that came in 2026."""


@lru_cache(maxsize=32)
def rows(settings: tuple[str, ...], more: tuple[Column, ...] = ()) -> Rows:
    """What encodes sessions as the choices want them told, with further fields behind the usual ones."""
    return Rows((*columns(settings), *more))
