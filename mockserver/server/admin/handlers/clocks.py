"""The admin API's clocks."""

import re

from mockserver._util.clock import LATEST, Clock
from mockserver.admin_schemas import Advance, ClockChange, ClockState, Follow, Freeze, Reset, Scale, SetTo
from mockserver.server.admin.problem_details import invalid
from mockserver.server.admin.routing import HandlerContext
from mockserver.server.tenancy.config import moment
from mockserver.world.model.spec import format_instant

_SECONDS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_NUMBER = r"\d+(?:\.\d+)?"
_DURATION = re.compile("".join(f"(?:(?P<{unit}>{_NUMBER}){unit})?" for unit in _SECONDS), re.ASCII)


def get_clock(call: HandlerContext) -> ClockState:
    """Tell what time it is for a tenant."""
    return _told(call.tenant.clock)


def change_clock(call: HandlerContext, body: ClockChange) -> ClockState:
    """Freeze, set, advance or scale a tenant's clock, let it follow the system's, or reset it."""
    clock = call.tenant.clock
    turn(clock, body)
    return _told(clock)


def turn(clock: Clock, change: ClockChange) -> None:
    """Change a clock; raises a problem, or :class:`~mockserver.world.model.spec.WorldError`, for an instant that cannot be."""
    match change:
        case Freeze(now=None):
            clock.freeze()
        case Freeze(now=str() | int() as now):
            clock.freeze(moment(now))
        case SetTo(now=now):
            clock.set(moment(now))
        case Advance(seconds=seconds):
            later = milliseconds(seconds)
            if clock.now() + later > LATEST:
                raise invalid(f"advancing by {seconds!r} leads beyond 2100")
            clock.advance(later)
        case Scale(rate=rate):
            clock.scale(rate)
        case Follow():
            clock.follow()
        case Reset():
            clock.reset()


def milliseconds(duration: float | str) -> int:
    """Read a duration: seconds, or a text such as ``1h``, ``90s`` or ``1d12h``."""
    if isinstance(duration, str):
        found = _DURATION.fullmatch(f"{duration}s" if re.fullmatch(_NUMBER, duration, re.ASCII) else duration)
        if not duration or found is None:
            raise invalid(
                f"seconds: {duration!r} is no duration; write a number of seconds, or a text such as 1h, 90s or 1d12h"
            )
        duration = sum(
            float(number) * _SECONDS[unit] for unit, number in found.groupdict(default="0").items()
        )
    if duration < 0:
        raise invalid("seconds: a clock advances by 0 or more; `set` goes back")
    if not duration < LATEST:  # Nor is it not a number.
        raise invalid(f"advancing by {duration!r} seconds leads beyond 2100")
    return round(duration * 1000)


def _told(clock: Clock) -> ClockState:
    return ClockState(
        now=format_instant(clock.now()),
        rate=clock.rate,
        mode="frozen" if clock.frozen else "system" if clock.follows else "running",
    )
