"""Rows of the list of sessions."""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from operator import attrgetter, itemgetter
from typing import Any, Final

from mockserver.rows.columns import Column, entry_column
from mockserver.rows.datetimes import format_seconds
from mockserver.rows.encoder import RowEncoder
from mockserver.vendors.rybbit.values import formatting
from mockserver.world.model.hashing import I64
from mockserver.world.model.session_batch import SessionBatch

FORMAT_BEHAVIORS: Final = itemgetter(
    "timestamps", "region", "device_type", "versions", "ip", "unknown_country", "values", "channel"
)
"""Return the options of the behaviors that determine the format of a row."""
_NUMERAL: Final = re.compile(r"\d+(\.\d+)?")


TIMESTAMPS: Final[dict[str, Callable[[Sequence[int] | I64], list[str]]]] = {
    "iso": partial(format_seconds, suffix=".000Z"),
    "server": partial(format_seconds, separator=" "),
}
"""By the option of ``rybbit.timestamps``."""


def format_milliseconds(instants: Sequence[int]) -> list[str]:
    """Return instants as the newest server formats those of events: ``2024-01-31 14:00:00.250``."""
    seconds = format_seconds(instants, separator=" ")
    return [f"{second}.{instant % 1000:03}" for second, instant in zip(seconds, instants, strict=True)]


@lru_cache(maxsize=256)
def _parse_number(text: str) -> str | float:
    """Return the number that a text looks like, else the text."""
    if not _NUMERAL.fullmatch(text):
        return text
    number = float(text)
    return int(number) if number.is_integer() else number


_VERSION_FORMATS: Final[dict[str, Callable[[str], Any]]] = {"number": _parse_number, "text": str}


def duration_in_seconds(start: int, end: int) -> int:
    """Return the difference between two instants after truncating both to whole seconds."""
    return end // 1000 - start // 1000


def _list_durations(sessions: SessionBatch) -> list[int]:
    durations: list[int] = (sessions.ends // 1000 - sessions.starts // 1000).tolist()
    return durations


def _attribute_column(name: str, entries: str, attribute: str | None = None) -> Column:
    return entry_column(name, entries, attrgetter(attribute or name))


def _constant_column(name: str, value: str | int | None) -> Column:
    """Return a column with the same value in every row."""
    return entry_column(name, "places", lambda _: value)


_IP_COLUMNS: Final = {
    "hidden": _constant_column("ip", None),
    "shown": Column("ip", lambda s: [address or None for address in s.ips], own=True),
}


def _list_traits(sessions: SessionBatch) -> list[dict[str, Any] | None]:
    return [traits if user else None for user, traits in zip(sessions.user_ids, sessions.traits, strict=True)]


@lru_cache(maxsize=32)
def build_columns(options: tuple[str, ...]) -> tuple[Column, ...]:
    """Return the columns of a row in the vendor's order.

    *options* are those of the behaviors in :data:`FORMAT_BEHAVIORS`.
    """
    timestamps, region, device_type, versions, ip, unknown_country, values, channel = options
    format_times = TIMESTAMPS[timestamps]
    format_version = _VERSION_FORMATS[versions]

    def agent_column(name: str, format_agent: Callable[[Any], Any]) -> Column:
        return entry_column(name, "agents", formatting.Through(formatting.AGENTS[values], format_agent))

    return (
        Column("session_id", attrgetter("id_digits"), own=True),
        Column("user_id", attrgetter("visitor_digits"), own=True),
        Column("identified_user_id", lambda s: [user or "" for user in s.user_ids], own=True),
        Column("session_end", lambda s: format_times(s.ends), own=True),
        Column("session_start", lambda s: format_times(s.starts), own=True),
        Column("session_duration", _list_durations, own=True),
        Column("traits", _list_traits, own=True),
        entry_column("country", "places", formatting.COUNTRIES[unknown_country]),
        entry_column("region", "places", formatting.REGIONS[region]),
        _attribute_column("city", "places"),
        entry_column("language", "languages", str),
        agent_column("device_type", formatting.DEVICE_TYPES[device_type]),
        agent_column("browser", attrgetter("browser")),
        agent_column("browser_version", lambda agent: format_version(agent.browser_version)),
        agent_column("operating_system", attrgetter("os")),
        agent_column("operating_system_version", lambda agent: format_version(agent.os_version)),
        _attribute_column("screen_width", "agents"),
        _attribute_column("screen_height", "agents"),
        _attribute_column("referrer", "acquisitions"),
        entry_column("channel", "acquisitions", formatting.CHANNELS[channel]),
        entry_column("hostname", "hostnames", str),
        _attribute_column("utm_source", "acquisitions"),
        _attribute_column("utm_medium", "acquisitions"),
        _attribute_column("utm_campaign", "acquisitions"),
        _attribute_column("utm_term", "acquisitions"),
        _attribute_column("utm_content", "acquisitions"),
        Column("entry_page", lambda s: [page.path for page in s.entries]),
        Column("exit_page", lambda s: [page.path for page in s.exits]),
        Column("pageviews", attrgetter("pageviews")),
        Column("events", attrgetter("custom_events")),
        Column("errors", attrgetter("errors")),
        Column("outbound", attrgetter("outbounds")),
        _IP_COLUMNS[ip],
        _attribute_column("lat", "places", "latitude"),
        _attribute_column("lon", "places", "longitude"),
        _constant_column("has_replay", 0),
    )


COLUMNS_2026: Final = (
    _constant_column("button_clicks", 0),
    _constant_column("copies", 0),
    _constant_column("form_submits", 0),
    _constant_column("input_changes", 0),
    _constant_column("tag", ""),
    _attribute_column("timezone", "places", "time_zone"),
)
"""Columns that were added in 2026."""


@lru_cache(maxsize=32)
def build_encoder(options: tuple[str, ...], extra_columns: tuple[Column, ...] = ()) -> RowEncoder:
    """Return the encoder of rows with *extra_columns* after the usual ones."""
    return RowEncoder((*build_columns(options), *extra_columns))
