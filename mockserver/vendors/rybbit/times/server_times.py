"""Time ranges as the servers read and check them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from operator import attrgetter
from typing import Any, Final

from mockserver.contract.errors import ApiError
from mockserver.rows.datetimes import find_zone, midnight
from mockserver.vendors.rybbit.times.javascript import parse_date, to_number
from mockserver.vendors.rybbit.times.time_ranges import DATE, DATETIME, TimeRange, start_after_minutes

_PAIRS: Final = (
    ("start_date", "end_date"),
    ("start_datetime", "end_datetime"),
    ("past_minutes_start", "past_minutes_end"),
)
_NAMES: Final = (*_PAIRS[0], "time_zone", *_PAIRS[1], *_PAIRS[2])
_get_texts: Final = attrgetter(*_NAMES)
_FORMATS: Final = {
    **dict.fromkeys(_PAIRS[0], (DATE, "YYYY-MM-DD")),
    **dict.fromkeys(_PAIRS[1], (DATETIME, "YYYY-MM-DD HH:mm:ss")),
}
_LAST_DAY: Final = datetime(2106, 2, 6, tzinfo=UTC)
"""Last day whose end fits into the 32 bits of the database's DateTime."""
_EARLIEST_DATE: Final = -8_640_000_000_000_000
"""The first instant of JavaScript's dates, in Unix milliseconds."""
_YEAR_ZERO: Final = -62_167_219_200_000
"""Its first instant, in Unix milliseconds."""


class UnanswerableTimeError(ValueError):
    """Raised for a time range that the server accepts and its database cannot answer."""


def parse_server_time_range(query: Any, now: int) -> TimeRange:
    """Return a request's time range; raise :class:`ApiError` with all errors, as zod lists them.

    Raises :class:`UnanswerableTimeError` for a valid range that the database cannot answer.
    """
    check_times(query)
    return _to_range(_get_texts(query), now)


def parse_lenient_time_range(query: Any, now: int) -> TimeRange:
    """Return a request's time range; unlimited if a date, the zone or a number of minutes is invalid.

    Dates without a zone and one of two parameters have no effect. Raises :class:`ApiError` for minutes before
    the first date of JavaScript, and :class:`UnanswerableTimeError` for what only the database refuses.
    """
    dates = (query.start_date, query.end_date, query.time_zone)
    minutes = (query.past_minutes_start, query.past_minutes_end)
    texts = (
        *(dates if all(dates) else (None, None, None)),
        *(None, None),
        *(minutes if all(minutes) else (None, None)),
    )
    if _list_errors(texts):
        return None, None
    if not all(dates) and all(minutes) and now - to_number(minutes[0]) * 60_000 < _EARLIEST_DATE:
        raise ApiError("violation", message="Invalid time value")
    return _to_range(texts, now)


def check_times(query: Any) -> None:
    """Raise :class:`ApiError` if a time parameter of a request is invalid."""
    errors = _list_errors(_get_texts(query))
    if errors:
        raise ApiError("violation", message="; ".join(errors))


@lru_cache(maxsize=64)
def _list_errors(texts: tuple[str | None, ...]) -> tuple[str, ...]:
    given = {name: text for name, text in zip(_NAMES, texts, strict=True) if text}
    return (*_list_value_errors(given), *_list_pair_errors(given))


def _list_value_errors(given: dict[str, str]) -> Iterator[str]:
    for name, text in given.items():
        if name in _FORMATS:
            pattern, form = _FORMATS[name]
            if not pattern.fullmatch(text):
                yield f"Invalid {name} format. Use {form}"
            if parse_date(text) is None:
                yield f"Invalid {name} value"
        elif name == "time_zone":
            if not _is_zone(text):
                yield "Invalid time_zone"
        elif not to_number(text) >= 0:
            yield "past_minutes values must be non-negative numbers"


def _list_pair_errors(given: dict[str, str]) -> Iterator[str]:
    for start, end in _PAIRS:
        if (start in given) != (end in given):
            yield f"{start} and {end} must be provided together"
    start, end = _PAIRS[1]
    if start in given and end in given:
        first = parse_date(given[start])
        last = parse_date(given[end])
        if first is None or last is None or first >= last:
            yield "start_datetime must be before end_datetime"
    start, end = _PAIRS[2]
    if start in given and end in given and not to_number(given[start]) > to_number(given[end]):
        yield "past_minutes_start must be greater than past_minutes_end (start = older, end = newer)"


def _to_range(texts: tuple[str | None, ...], now: int) -> TimeRange:
    """Return the range of valid time parameters; dates precede datetimes, and those minutes."""
    first, last, time_zone, start, end, older, newer = texts
    if first and last and (first_day := parse_date(first)) and (last_day := parse_date(last)):
        zone = find_zone(time_zone or "UTC")
        if zone is None:
            raise UnanswerableTimeError(
                f"time_zone: the database knows no {time_zone!r}; names are case-sensitive"
            )
        if last_day > _LAST_DAY:
            return 0, 0
        return midnight(first_day, zone), midnight(last_day + timedelta(days=1), zone)
    if start and end and (first_instant := parse_date(start)) and (last_instant := parse_date(end)):
        return int(first_instant.timestamp()) * 1000, int(last_instant.timestamp()) * 1000
    if older and newer:
        return _start_after("past_minutes_start", older, now), _start_after("past_minutes_end", newer, now)
    return None, None


def _start_after(name: str, minutes: str, now: int) -> int:
    number = to_number(minutes)
    if now - number * 60_000 < _YEAR_ZERO:
        raise UnanswerableTimeError(f"{name}: {minutes} minutes ago is before the year 0")
    return start_after_minutes(number, now)


@lru_cache
def _list_lower_case_zones() -> frozenset[str]:
    from zoneinfo import available_timezones  # noqa: PLC0415 -- importing it is slow at start-up

    return frozenset(map(str.lower, available_timezones()))


def _is_zone(name: str) -> bool:
    """Return whether JavaScript knows a time zone; it ignores the case."""
    return name != "Factory" and (find_zone(name) is not None or name.lower() in _list_lower_case_zones())
