"""The window of time that a request asks for, or everything that is wrong with how it asks."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, timedelta, tzinfo
from functools import lru_cache
from operator import attrgetter
from typing import Final, Generic, TypeVar

from mockserver.contract.errors import ApiError
from mockserver.rows.datetimes import instant, midnight, zone
from mockserver.vendors.rybbit.request_models import CommonParameters, DatesAndMinutes

_SECOND: Final = 1000
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DATETIME: Final = re.compile(_DATE.pattern + r"[ T][0-9]{2}:[0-9]{2}:[0-9]{2}(Z|[+-][0-9]{2}:?[0-9]{2})?")
_MINUTES: Final = re.compile(r"[0-9]{1,15}(\.[0-9]+)?")
T = TypeVar("T")
Span = tuple[int | None, int | None]
"""The first instant of a window and the first after it, ``None`` for all time."""
_Asked = Mapping[str, str | None]
Read = Callable[[str, str], T]
"""From a parameter's name and text to its value, or :class:`ValueError` with the vendor's message."""


_NAMES: Final = (
    "start_date",
    "end_date",
    "time_zone",
    "start_datetime",
    "end_datetime",
    "past_minutes_start",
    "past_minutes_end",
)
_TEXTS: Final = attrgetter(*_NAMES)
_DATES_AND_MINUTES: Final = (*_NAMES[:3], *_NAMES[5:])
_FEWER_TEXTS: Final = attrgetter(*_DATES_AND_MINUTES)


def window(asked: CommonParameters, now: int) -> Span:
    """The window that is asked for.

    Raises :class:`ApiError` with every fault, in the vendor's words and order.
    """
    instants, minutes = _said(_TEXTS(asked))
    return (after(now, minutes[0]), after(now, minutes[1])) if minutes else instants


def lenient_window(asked: DatesAndMinutes, now: int) -> Span:
    """The window that is asked for, all time where anything about it is wrong, half a pair or dates without a zone included."""
    instants, minutes = _understood(_FEWER_TEXTS(asked))
    return (after(now, minutes[0]), after(now, minutes[1])) if minutes else instants


@lru_cache(maxsize=64)
def _understood(texts: tuple[str | None, ...]) -> tuple[Span, tuple[float, float] | None]:
    """:func:`_said` by a server that passes over what it does not understand."""
    asked, faults = dict(zip(_DATES_AND_MINUTES, texts, strict=True)), list[str]()
    dates = _Pair(asked, "start_date", "end_date", _date, faults)
    where = _value(asked, "time_zone", _zone, faults)
    minutes = _Pair(asked, "past_minutes_start", "past_minutes_end", _minutes, faults)
    if faults or (minutes.values and minutes.values[0] <= minutes.values[1]):
        return (None, None), None
    if dates.values and where:
        return _days(*dates.values, where), None
    return (None, None), minutes.values


@lru_cache(maxsize=64)
def _said(texts: tuple[str | None, ...]) -> tuple[Span, tuple[float, float] | None]:
    """The instants that the parameters of time name, or the minutes before now; kept, because all pages of a list ask for the same."""
    asked, faults = dict(zip(_NAMES, texts, strict=True)), list[str]()
    dates = _Pair(asked, "start_date", "end_date", _date, faults)
    where = _value(asked, "time_zone", _zone, faults) or UTC
    times = _Pair(asked, "start_datetime", "end_datetime", _datetime, faults)
    minutes = _Pair(asked, "past_minutes_start", "past_minutes_end", _minutes, faults)
    faults += [
        "{} and {} must be provided together".format(*pair.names)
        for pair in (dates, times, minutes)
        if pair.half
    ]
    if times.values and times.values[0] >= times.values[1]:
        faults.append("start_datetime must be before end_datetime")
    if minutes.values and minutes.values[0] <= minutes.values[1]:
        faults.append("past_minutes_start must be greater than past_minutes_end (start = older, end = newer)")
    if faults:
        raise ApiError("violation", message="; ".join(faults))
    if dates.values:
        return _days(*dates.values, where), None
    return times.values or (None, None), None if times.values else minutes.values


def after(now: int, minutes: float) -> int:
    """The beginning of the second after the one it was so many minutes ago: the vendor compares whole seconds."""
    return (now - int(minutes * 60 * _SECOND)) // _SECOND * _SECOND + _SECOND


class _Pair(Generic[T]):
    """Two parameters that belong together."""

    def __init__(self, asked: _Asked, start: str, end: str, read: Read[T], faults: list[str]) -> None:
        self.names = (start, end)
        self.half = len([name for name in self.names if asked[name]]) == 1
        low, high = (_value(asked, name, read, faults) for name in self.names)
        self.values = None if low is None or high is None else (low, high)


def _value(asked: _Asked, name: str, read: Read[T], faults: list[str]) -> T | None:
    text = asked[name]
    try:
        return read(name, text) if text else None
    except ValueError as fault:
        faults.append(str(fault))
        return None


def _date(name: str, text: str) -> date:
    if not _DATE.fullmatch(text):
        raise ValueError(f"Invalid {name} format. Use YYYY-MM-DD")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"Invalid {name} value") from None


def _datetime(name: str, text: str) -> int:
    if not _DATETIME.fullmatch(text):
        raise ValueError(f"Invalid {name} format. Use YYYY-MM-DD HH:mm:ss")
    at = instant(text)
    if at is None:
        raise ValueError(f"Invalid {name} value")
    return at


def _minutes(_: str, text: str) -> float:
    if not _MINUTES.fullmatch(text):
        raise ValueError("past_minutes values must be non-negative numbers")
    return float(text)


def _zone(name: str, text: str) -> tzinfo:
    where = zone(text)
    if where is None:
        raise ValueError(f"Invalid {name}")
    return where


def _days(first: date, last: date, where: tzinfo) -> tuple[int, int]:
    following = min(last, date.max - timedelta(1)) + timedelta(1)
    return midnight(first, where), midnight(following, where)
