"""Clocks: the system clock, real time, and the clock of a tenant. Instants are Unix milliseconds.

Only this module reads the system clock.

freezegun and time-machine replace the functions of the ``time`` module in every module that has imported
them. A test that freezes time this way expects the mock to return the same date, so :func:`wall` uses the
patched functions. The server's own waits and measurements (:func:`monotonic`, :func:`stopwatch`,
:func:`real_time`) must continue, so they use a private copy of the module, which neither library can patch.
"""

import sys
import time
from collections.abc import Callable
from importlib.machinery import BuiltinImporter
from importlib.util import module_from_spec
from types import ModuleType
from typing import Final

LATEST: Final = 4_102_444_800_000
"""2100-01-01T00:00:00Z. A clock stops there, so that every instant can be formatted as a date."""


def _copy_time_module() -> ModuleType:
    """Load the built-in ``time`` module again.

    Its functions may already be patched when this module is imported.
    """
    spec = BuiltinImporter.find_spec("time")
    if spec is None or spec.loader is None:  # Not CPython.
        return time
    copy = module_from_spec(spec)
    spec.loader.exec_module(copy)
    return copy


_real = _copy_time_module()


def wall() -> int:
    """Return the system time in Unix milliseconds; freezegun and time-machine can patch it."""
    return time.time_ns() // 1_000_000


def stopwatch() -> int:
    """Return nanoseconds of real time since an arbitrary start."""
    return int(_real.perf_counter_ns())


def real_time(stopwatch_ns: int) -> int:
    """Return the system time in Unix milliseconds at which :func:`stopwatch` showed a value.

    It runs on from the time of the import, because time-machine can patch every clock that shows a date.
    """
    return (_STARTED_NS + _count_ticks() - stopwatch() + stopwatch_ns) // 1_000_000


def _count_ticks() -> int:
    """Return nanoseconds since an arbitrary start, including those in which the computer was suspended."""
    if sys.platform == "linux":
        return int(_real.clock_gettime_ns(_real.CLOCK_BOOTTIME))
    return int(_real.monotonic_ns())


_STARTED_NS: Final = int(_real.time_ns()) - _count_ticks()


def monotonic() -> float:
    """Return seconds of real time since an arbitrary start."""
    return float(_real.monotonic())


class Clock:
    """A tenant's clock: frozen, or running at a rate from any instant.

    ``rate`` is the number of its seconds per second of the system clock: 0 if frozen, 1 is normal speed, 60
    is an hour per minute. A running clock depends on :func:`wall`, and therefore on freezegun and
    time-machine.
    """

    def __init__(self, instant: int | None = None, *, wall: Callable[[], int] = wall) -> None:
        """Freeze the clock at an instant, or use the system time if it is None.

        :meth:`reset` restores this state.
        """
        self._wall = wall
        self._initial = instant
        self.rate: float
        self.moves = 0
        """Number of times that the clock was set, advanced, frozen or started, in addition to running."""
        self.reset()

    def reset(self) -> None:
        """Restore the initial state."""
        if self._initial is None:
            self.use_system_time()
        else:
            self._start(self._initial, 0)

    def use_system_time(self) -> None:
        """Show the time of the system clock."""
        self._start(None, 1)

    def _start(self, instant: float | None, rate: float) -> None:
        """Run from an instant, or from the system time, at a rate."""
        since = self._wall()  # Called once: a second call may return a later time.
        self._instant = since if instant is None else instant
        self._since = since
        self.rate = rate
        self.moves += 1

    @property
    def frozen(self) -> bool:
        """True if the time does not change by itself."""
        return not self.rate

    @property
    def uses_system_time(self) -> bool:
        """True if the clock shows the time of the system clock."""
        return self.rate == 1 and self._instant == self._since

    def now(self) -> int:
        """Return the current instant, at most :data:`LATEST`."""
        elapsed = (self._wall() - self._since) * self.rate if self.rate else 0
        return int(min(self._instant + elapsed, LATEST))

    def freeze(self, instant: int | None = None) -> None:
        """Freeze the clock at an instant, or at the current one."""
        self._start(self.now() if instant is None else instant, 0)

    def set(self, instant: int) -> None:
        """Set the clock to an instant and keep its rate."""
        self._start(instant, self.rate)

    def advance(self, milliseconds: int) -> None:
        """Move the clock forward and keep its rate."""
        self._instant += milliseconds
        self.moves += 1

    def set_rate(self, rate: float) -> None:
        """Run at a rate from now on; raises ``ValueError`` unless it is finite and not negative."""
        if not 0 <= rate < float("inf"):
            raise ValueError(
                f"invalid rate {rate!r}; expected a number from 0: 0 freezes, 1 is normal speed,"
                " 60 is an hour per minute"
            )
        self._start(self.now(), rate)
