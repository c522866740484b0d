"""A session as a row, field by field."""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from operator import attrgetter, itemgetter
from typing import Any, Final

from mockserver.rows.columns import Column, entry_column
from mockserver.rows.datetimes import seconds
from mockserver.rows.encoder import RowEncoder
from mockserver.vendors.rybbit import formatting as words
from mockserver.world.model.hashing import I64
from mockserver.world.model.session_batch import SessionBatch

SETTINGS: Final = itemgetter("timestamps", "region", "device_type", "versions", "ip", "unknown_country")
"""The behaviors that say how a session is told."""
_NUMERAL: Final = re.compile(r"\d+(\.\d+)?")


def _iso(instants: Sequence[int] | I64) -> list[str]:
    return [second + ".000Z" for second in seconds(instants)]


def _sql(instants: Sequence[int] | I64) -> list[str]:
    return [second.replace("T", " ") for second in seconds(instants)]


TIMESTAMPS: Final = {"iso": _iso, "server": _sql}
"""By the option of ``rybbit.timestamps``."""


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


def _durations(sessions: SessionBatch) -> list[int]:
    seconds_long: list[int] = (sessions.ends // 1000 - sessions.starts // 1000).tolist()
    return seconds_long


def _field(name: str, entries: str, field: str | None = None) -> Column:
    return entry_column(name, entries, attrgetter(field or name))


def _always(name: str, value: str | int | None) -> Column:
    """A field with the same value in every row."""
    return entry_column(name, "places", lambda _: value)


_ADDRESSES: Final = {
    "hidden": _always("ip", None),
    "shown": Column("ip", lambda s: [address or None for address in s.ips], own=True),
}


def _traits(sessions: SessionBatch) -> list[dict[str, Any] | None]:
    return [traits if user else None for user, traits in zip(sessions.user_ids, sessions.traits, strict=True)]


@lru_cache(maxsize=32)
def columns(settings: tuple[str, ...]) -> tuple[Column, ...]:
    """The fields of a row, in the vendor's order, as the behaviors of :data:`SETTINGS` want them told."""
    timestamps, region, device_type, versions, ip, unknown_country = settings
    format_times = TIMESTAMPS[timestamps]
    version = _VERSIONS[versions]
    return (
        Column("session_id", attrgetter("id_digits"), own=True),
        Column("user_id", attrgetter("visitor_digits"), own=True),
        Column("identified_user_id", lambda s: [user or "" for user in s.user_ids], own=True),
        Column("session_end", lambda s: format_times(s.ends), own=True),
        Column("session_start", lambda s: format_times(s.starts), own=True),
        Column("session_duration", _durations, own=True),
        Column("traits", _traits, own=True),
        entry_column("country", "places", words.COUNTRIES[unknown_country]),
        entry_column("region", "places", words.REGIONS[region]),
        _field("city", "places"),
        entry_column("language", "languages", str),
        entry_column("device_type", "agents", words.DEVICE_TYPES[device_type]),
        _field("browser", "agents"),
        entry_column("browser_version", "agents", lambda agent: version(agent.browser_version)),
        _field("operating_system", "agents", "os"),
        entry_column("operating_system_version", "agents", lambda agent: version(agent.os_version)),
        _field("screen_width", "agents"),
        _field("screen_height", "agents"),
        _field("referrer", "acquisitions"),
        _field("channel", "acquisitions"),
        entry_column("hostname", "hostnames", str),
        _field("utm_source", "acquisitions"),
        _field("utm_medium", "acquisitions"),
        _field("utm_campaign", "acquisitions"),
        _field("utm_term", "acquisitions"),
        _field("utm_content", "acquisitions"),
        Column("entry_page", lambda s: [page.path for page in s.entries]),
        Column("exit_page", lambda s: [page.path for page in s.exits]),
        Column("pageviews", attrgetter("pageviews")),
        Column("events", attrgetter("custom_events")),
        Column("errors", attrgetter("errors")),
        Column("outbound", attrgetter("outbounds")),
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
def encoder(settings: tuple[str, ...], more: tuple[Column, ...] = ()) -> RowEncoder:
    """Return the encoder of rows under these settings, with further columns after the usual ones."""
    return RowEncoder((*columns(settings), *more))
