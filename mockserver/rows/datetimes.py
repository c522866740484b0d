"""Parse and format times. Instants are Unix milliseconds."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mockserver.world.model.hashing import I64

DAY: Final = 86_400_000
_ISO: Final = re.compile(
    r"(\d{4})(-?)(\d\d)\2(\d\d)"
    r"(?:[T ](\d\d)(:?)(\d\d)(?:\6(\d\d)(?:[.,](\d{1,9}))?)?\s?(Z|z|[+-]\d{1,2}(?::?\d\d)?)?)?",
    re.ASCII,
)


def format_seconds(instants: Sequence[int] | I64, separator: str = "T", suffix: str = "") -> list[str]:
    """Return instants as texts such as ``2026-09-01T08:30:00`` in UTC, without fractions.

    *separator* is between date and time, *suffix* at the end.
    """
    minute_texts, second_texts = _tabulate_clock(separator, suffix)
    seconds = np.asarray(instants, dtype=np.int64) // 1000
    minutes = seconds // 60
    days = minutes // 1440
    first, last = int(days.min(initial=1 << 62)), int(days.max(initial=0))
    parts = [("date", "U10"), ("minute", minute_texts.dtype), ("second", second_texts.dtype)]
    texts = np.empty(len(seconds), parts)  # One part after the other makes the text.
    if last - first <= len(days):
        texts["date"] = np.arange(first, last + 1).astype("M8[D]").astype("U10")[days - first]
    else:
        texts["date"] = days.astype("M8[D]").astype("U10")
    texts["minute"] = minute_texts[minutes - days * 1440]
    texts["second"] = second_texts[seconds - minutes * 60]
    return texts.view(f"U{texts.dtype.itemsize // 4}").tolist()


@lru_cache
def _tabulate_clock(separator: str, suffix: str) -> tuple[NDArray[np.str_], NDArray[np.str_]]:
    """Return the texts of all minutes of a day and of all seconds of a minute."""
    minutes = [f"{separator}{minute // 60:02}:{minute % 60:02}:" for minute in range(1440)]
    seconds = [f"{second:02}{suffix}" for second in range(60)]
    return np.array(minutes), np.array(seconds)


def parse_instant(text: str) -> int | None:
    """Parse an ISO 8601 date or time, in UTC if it has no offset; return None if it is invalid.

    Accepts the extended and the basic form (``20260910T080000Z``) and 24:00 as the end of a day. Also accepts
    what clients send: a space before the time or the offset, and offsets such as ``-5:00``.
    """
    match = _ISO.fullmatch(text)
    if not match:
        return None
    year, _, month, day, hour, _, minute, second, fraction, offset = match.groups()
    is_end_of_day = hour == "24" and not int(minute + (second or "") + (fraction or ""))
    try:
        local = datetime(
            int(year),
            int(month),
            int(day),
            0 if is_end_of_day else int(hour or 0),
            int(minute or 0),
            int(second or 0),
            tzinfo=UTC,
        )
        utc = local + timedelta(days=is_end_of_day) - _parse_offset(offset or "Z")
    except (ValueError, OverflowError):  # The offset may lead out of the years 1 to 9999.
        return None
    milliseconds = int((fraction or "0").ljust(3, "0")[:3])
    return int(utc.timestamp()) * 1000 + milliseconds


def _parse_offset(text: str) -> timedelta:
    if text in "Zz":
        return timedelta()
    hours, minutes = re.fullmatch(r"[+-](\d{1,2}):?(\d\d)?", text).groups()  # type: ignore[union-attr]  # _ISO has matched it
    if int(hours) > 23 or int(minutes or 0) > 59:  # noqa: PLR2004 -- hours and minutes
        raise ValueError(text)
    offset = timedelta(hours=int(hours), minutes=int(minutes or 0))
    return -offset if text[0] == "-" else offset


@lru_cache(maxsize=256)
def find_zone(name: str) -> tzinfo | None:
    """Return the time zone with an IANA name, or None if there is none."""
    from zoneinfo import ZoneInfo  # noqa: PLC0415 -- importing it is slow at start-up

    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # The name may be malformed, or name a folder of zones.
        return None


def midnight(day: date, zone: tzinfo) -> int:
    """Return the first instant of a day in a zone."""
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()) * 1000


def today(now: int, zone: tzinfo) -> date:
    """Return the current day in a zone."""
    return datetime.fromtimestamp(now // 1000, zone).date()
