"""Times as vendors write and read them. Instants are Unix milliseconds."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Final

import numpy as np

from mockserver.world.model.hashing import I64

DAY: Final = 86_400_000
_ISO: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\s?(Z|z|[+-]\d{1,2}(?::?\d\d)?)?)?",
    re.ASCII,
)


_TWO_DIGITS: Final = tuple(f"{number:02}" for number in range(60))
_MINUTES: Final = tuple(f"T{minute // 60:02}:{minute % 60:02}:" for minute in range(1440))


def seconds(instants: Sequence[int] | I64) -> list[str]:
    """Write instants as ``2026-09-01T08:30:00``, fractions cut off, in UTC."""
    days, clock = np.divmod(np.asarray(instants, dtype=np.int64) // 1000, 86_400)
    minutes, rest = np.divmod(clock, 60)
    dates = {day: str(np.datetime64(day, "D")) for day in set(days.tolist())}
    return [
        dates[day] + _MINUTES[minute] + _TWO_DIGITS[second]
        for day, minute, second in zip(days.tolist(), minutes.tolist(), rest.tolist(), strict=True)
    ]


def instant(text: str) -> int | None:
    """Read an ISO 8601 date or time; UTC where it names no offset, ``None`` where it is none.

    Also takes what clients really send: a blank before the time or the offset, and offsets such as ``-5:00`` and ``+0530``.
    """
    found = _ISO.fullmatch(text)
    if not found:
        return None
    year, month, day, hour, minute, second, fraction, offset = found.groups()
    try:
        there = datetime(
            int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), tzinfo=UTC
        )
        moment = there - _offset(offset or "Z")
    except (ValueError, OverflowError):  # An offset can lead out of the years 1 to 9999.
        return None
    return int(moment.timestamp()) * 1000 + int((fraction or "0").ljust(3, "0")[:3])


def _offset(text: str) -> timedelta:
    if text in "Zz":
        return timedelta()
    hours, minutes = re.fullmatch(r"[+-](\d{1,2}):?(\d\d)?", text).groups()  # type: ignore[union-attr]  # _ISO has matched it
    if int(hours) > 23 or int(minutes or 0) > 59:  # noqa: PLR2004 -- hours and minutes
        raise ValueError(text)
    away = timedelta(hours=int(hours), minutes=int(minutes or 0))
    return -away if text[0] == "-" else away


@lru_cache(maxsize=256)
def zone(name: str) -> tzinfo | None:
    """The time zone with an IANA name, ``None`` where there is none."""
    from zoneinfo import ZoneInfo  # noqa: PLC0415 -- it is felt at start-up

    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # A name may be malformed, or that of a folder of names.
        return None


def midnight(day: date, where: tzinfo) -> int:
    """The first instant of a day in a zone."""
    return int(datetime(day.year, day.month, day.day, tzinfo=where).timestamp()) * 1000


def today(now: int, where: tzinfo) -> date:
    """The day it is in a zone."""
    return datetime.fromtimestamp(now // 1000, where).date()
