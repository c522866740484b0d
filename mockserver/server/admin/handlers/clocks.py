"""Clocks of tenants."""

import re

from mockserver._util.clock import LATEST, Clock
from mockserver.admin_schemas import (
    AdvanceClock,
    ClockChange,
    ClockState,
    FreezeClock,
    ResetClock,
    SetClock,
    SetClockRate,
    UseSystemTime,
)
from mockserver.server.admin.problem_details import invalid_request
from mockserver.server.admin.routing import HandlerContext
from mockserver.server.tenancy.config import parse_clock_instant
from mockserver.world.model.spec import format_instant

_SECONDS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_NUMBER = r"\d+(?:\.\d+)?"
_DURATION = re.compile("".join(f"(?:(?P<{unit}>{_NUMBER}){unit})?" for unit in _SECONDS), re.ASCII)


def get_clock(context: HandlerContext) -> ClockState:
    """Return the time and the mode of a tenant's clock."""
    return _describe(context.tenant.clock)


def update_clock(context: HandlerContext, body: ClockChange) -> ClockState:
    """Freeze, set, advance or reset a tenant's clock, set its rate, or let it follow the system time."""
    clock = context.tenant.clock
    apply_clock_change(clock, body)
    return _describe(clock)


def apply_clock_change(clock: Clock, change: ClockChange) -> None:
    """Apply a change to a clock; raises a problem or WorldError for an invalid instant."""
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
                raise invalid_request(
                    f"seconds: advancing by {seconds!r} passes the year 2100; advance by less"
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
            raise invalid_request(
                f"seconds: invalid duration {duration!r};"
                " write a number of seconds, or a text such as 1h, 90s or 1d12h"
            )
        duration = sum(
            float(number) * _SECONDS[unit] for unit, number in match.groupdict(default="0").items()
        )
    if duration < 0:
        raise invalid_request("seconds: must not be negative; use the action `set` to move a clock back")
    if not duration < LATEST:  # Also true for NaN.
        raise invalid_request(f"seconds: advancing by {duration!r} passes the year 2100; advance by less")
    return round(duration * 1000)


def _describe(clock: Clock) -> ClockState:
    return ClockState(
        now=format_instant(clock.now()),
        rate=clock.rate,
        mode="frozen" if clock.frozen else "system" if clock.uses_system_time else "running",
    )
