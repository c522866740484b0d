"""Time ranges of requests: dates, datetimes or minutes before now."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, timedelta, tzinfo
from functools import lru_cache
from operator import attrgetter
from typing import Final, TypeVar

from mockserver.contract.errors import ApiError
from mockserver.rows.datetimes import find_zone, midnight, parse_instant
from mockserver.vendors.rybbit.request_models import CommonParameters

_SECOND: Final = 1000
DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
DATETIME: Final = re.compile(DATE.pattern + r"[ T][0-9]{2}:[0-9]{2}:[0-9]{2}(Z|[+-][0-9]{2}:?[0-9]{2})?")
_MINUTES: Final = re.compile(r"[0-9]{1,15}(\.[0-9]+)?")
T = TypeVar("T")
TimeRange = tuple[int | None, int | None]
"""First instant and exclusive end, in Unix milliseconds; None if unlimited."""
_Minutes = tuple[float, float]
"""Older and newer boundary, in minutes before now."""
_ValueParser = Callable[[str, str], T]
"""Return the value of a parameter, given its name and text.

Raises :class:`ValueError` with the vendor's message.
"""

_DATE_NAMES: Final = ("start_date", "end_date", "time_zone")
_DATETIME_NAMES: Final = ("start_datetime", "end_datetime")
_MINUTES_NAMES: Final = ("past_minutes_start", "past_minutes_end")
_NAMES: Final = (*_DATE_NAMES, *_DATETIME_NAMES, *_MINUTES_NAMES)
_get_texts: Final = attrgetter(*_NAMES)


def parse_time_range(query: CommonParameters, now: int) -> TimeRange:
    """Return a request's time range; raises :class:`ApiError` with all errors, in their order."""
    instants, minutes = _parse(_get_texts(query))
    return _minutes_to_range(minutes, now) if minutes else instants


def start_after_minutes(minutes: float, now: int) -> int:
    """Return the first instant of the second after the one *minutes* before *now*.

    The vendor compares whole seconds.
    """
    return (now - int(minutes * 60 * _SECOND)) // _SECOND * _SECOND + _SECOND


def _minutes_to_range(minutes: _Minutes, now: int) -> TimeRange:
    older, newer = minutes
    return start_after_minutes(older, now), start_after_minutes(newer, now)


@lru_cache(maxsize=64)
def _parse(texts: tuple[str | None, ...]) -> tuple[TimeRange, _Minutes | None]:
    """Return the instants of the time parameters, or minutes before now.

    Cached, because the requests for all pages of a list have the same parameters.
    """
    parameters = _Parameters(dict(zip(_NAMES, texts, strict=True)))
    dates = parameters.parse_pair("start_date", "end_date", _parse_date)
    time_zone = parameters.parse("time_zone", _parse_zone) or UTC
    datetimes = parameters.parse_pair(*_DATETIME_NAMES, _parse_datetime)
    minutes = parameters.parse_pair(*_MINUTES_NAMES, _parse_minutes)
    errors = parameters.errors + parameters.incomplete
    if datetimes and datetimes[0] >= datetimes[1]:
        errors.append("start_datetime must be before end_datetime")
    if minutes and minutes[0] <= minutes[1]:
        errors.append("past_minutes_start must be greater than past_minutes_end (start = older, end = newer)")
    if errors:
        raise ApiError("violation", message="; ".join(errors))
    if dates:
        return _days_to_range(*dates, time_zone), None
    if datetimes:
        return datetimes, None
    return (None, None), minutes


class _Parameters:
    """Parses the time parameters of a request and collects the errors."""

    def __init__(self, texts: Mapping[str, str | None]) -> None:
        self._texts = texts
        self.errors: list[str] = []
        self.incomplete: list[str] = []
        """Errors about pairs of which only one parameter was sent."""

    def parse_pair(self, start: str, end: str, parse: _ValueParser[T]) -> tuple[T, T] | None:
        """Return the values of two parameters that must be sent together; None if one is missing or invalid."""
        if bool(self._texts[start]) != bool(self._texts[end]):
            self.incomplete.append(f"{start} and {end} must be provided together")
        low = self.parse(start, parse)
        high = self.parse(end, parse)
        return None if low is None or high is None else (low, high)

    def parse(self, name: str, parse: _ValueParser[T]) -> T | None:
        """Return the value of a parameter; None if it is missing or invalid."""
        text = self._texts[name]
        try:
            return parse(name, text) if text else None
        except ValueError as error:
            self.errors.append(str(error))
            return None


def _parse_date(name: str, text: str) -> date:
    if not DATE.fullmatch(text):
        raise ValueError(f"Invalid {name} format. Use YYYY-MM-DD")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"Invalid {name} value") from None


def _parse_datetime(name: str, text: str) -> int:
    if not DATETIME.fullmatch(text):
        raise ValueError(f"Invalid {name} format. Use YYYY-MM-DD HH:mm:ss")
    milliseconds = parse_instant(text)
    if milliseconds is None:
        raise ValueError(f"Invalid {name} value")
    return milliseconds


def _parse_minutes(_: str, text: str) -> float:
    if not _MINUTES.fullmatch(text):
        raise ValueError("past_minutes values must be non-negative numbers")
    return float(text)


def _parse_zone(name: str, text: str) -> tzinfo:
    time_zone = find_zone(text)
    if time_zone is None:
        raise ValueError(f"Invalid {name}")
    return time_zone


def _days_to_range(first: date, last: date, time_zone: tzinfo) -> tuple[int, int]:
    day_after_last = min(last, date.max - timedelta(1)) + timedelta(1)
    return midnight(first, time_zone), midnight(day_after_last, time_zone)
