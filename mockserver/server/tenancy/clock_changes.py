"""Changes of a tenant's clock."""

import re

from mockserver._util.clock import LATEST, Clock
from mockserver.admin_schemas.clocks import (
    AdvanceClock,
    ClockChange,
    FreezeClock,
    ResetClock,
    SetClock,
    SetClockRate,
    UseSystemTime,
)
from mockserver.world.model.spec import WorldError, parse_instant

_SECONDS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_NUMBER = r"\d+(?:\.\d+)?"
_DURATION = re.compile("".join(f"(?:(?P<{unit}>{_NUMBER}){unit})?" for unit in _SECONDS), re.ASCII)


def parse_clock_instant(now: str | int) -> int:
    """Parse an instant for a clock; raise :class:`WorldError` if it is invalid or out of range."""
    instant = parse_instant(now, "now")
    if not 0 <= instant <= LATEST:
        raise WorldError(f"now: {now!r} is out of range; use an instant between 1970 and 2100", path=("now",))
    return instant


def apply_clock_change(clock: Clock, change: ClockChange) -> None:
    """Apply a change to a clock; raise :class:`WorldError` for an invalid one."""
    match change:
        case FreezeClock(now=None):
            clock.freeze()
        case FreezeClock(now=str() | int() as now):
            clock.freeze(parse_clock_instant(now))
        case SetClock(now=now):
            clock.set(parse_clock_instant(now))
        case AdvanceClock(seconds=seconds):
            duration = parse_duration(seconds)
            if clock.now() + duration > LATEST:
                raise WorldError(
                    f"seconds: advancing by {seconds!r} passes the year 2100; advance by less",
                    path=("seconds",),
                )
            clock.advance(duration)
        case SetClockRate(rate=rate):
            clock.set_rate(rate)
        case UseSystemTime():
            clock.use_system_time()
        case ResetClock():
            clock.reset()


def parse_duration(duration: float | str) -> int:
    """Return a duration in milliseconds; it is given in seconds, or as a text such as ``1d12h``."""
    if isinstance(duration, str):
        is_number = re.fullmatch(_NUMBER, duration, re.ASCII)
        match = _DURATION.fullmatch(f"{duration}s" if is_number else duration)
        if not duration or match is None:
            raise WorldError(
                f"seconds: invalid duration {duration!r};"
                " write a number of seconds, or a text such as 1h, 90s or 1d12h",
                path=("seconds",),
            )
        duration = sum(
            float(number) * _SECONDS[unit] for unit, number in match.groupdict(default="0").items()
        )
    if duration < 0:
        raise WorldError(
            "seconds: must not be negative; use the action `set` to move a clock back", path=("seconds",)
        )
    if not duration < LATEST:  # Also true for NaN.
        raise WorldError(
            f"seconds: advancing by {duration!r} passes the year 2100; advance by less", path=("seconds",)
        )
    return round(duration * 1000)
