"""Clocks: the system clock, real time, and the clock of a tenant. Instants are Unix milliseconds.

Only this module reads the system clock.

freezegun and time-machine replace the functions of the ``time`` module, in every module that has imported them. A test that freezes
time this way wants the mock to agree about what day it is, so :func:`wall` follows. The server itself must go on: what it waits for and
what it measures (:func:`monotonic`, :func:`stopwatch`) comes from a private copy of the module, which neither library can reach.
"""

import time
from collections.abc import Callable
from importlib.machinery import BuiltinImporter
from importlib.util import module_from_spec
from types import ModuleType
from typing import Final

LATEST: Final = 4_102_444_800_000
"""2100-01-01T00:00:00Z: the clock stops there, so that every instant can be written as a date."""


def _copy_time_module() -> ModuleType:
    """Load the built-in ``time`` module once more; importing its names would not do where time is frozen already."""
    spec = BuiltinImporter.find_spec("time")
    if spec is None or spec.loader is None:  # Another Python than CPython.
        return time
    copy = module_from_spec(spec)
    spec.loader.exec_module(copy)
    return copy


_real = _copy_time_module()


def wall() -> int:
    """Return the time of the system clock, or what freezegun or time-machine put in its place."""
    return time.time_ns() // 1_000_000


def stopwatch() -> int:
    """Return nanoseconds of real time since some instant."""
    return int(_real.perf_counter_ns())


def monotonic() -> float:
    """Return seconds of real time since some instant."""
    return float(_real.monotonic())


class Clock:
    """A tenant's time: it stands, or runs beside the computer's at a rate, from wherever it was set.

    ``rate`` is how many of its seconds pass in one of the computer's: 0 while it stands, 1 as usual, 60 for an hour a minute.
    Where freezegun or time-machine patch the computer's clock (:func:`wall`), a clock that runs follows the patched one.
    """

    def __init__(self, instant: int | None = None, *, wall: Callable[[], int] = wall) -> None:
        """Stand at an instant, or follow the system where there is none; :meth:`reset` comes back to that."""
        self._wall, self._first = wall, instant
        self.rate: float
        self.reset()

    def reset(self) -> None:
        """Be again as at first."""
        if self._first is None:
            self.follow()
        else:
            self._turn(self._first, 0)

    def follow(self) -> None:
        """Be the system's clock."""
        self._turn(None, 1)

    def _turn(self, instant: float | None, rate: float) -> None:
        since = self._wall()  # Read once: between two readings it may have gone on.
        self._instant, self._since, self.rate = since if instant is None else instant, since, rate

    @property
    def frozen(self) -> bool:
        """Whether it stands still, so that what was answered once is the answer again."""
        return not self.rate

    @property
    def follows(self) -> bool:
        """Whether it is the system's clock."""
        return self.rate == 1 and self._instant == self._since

    def now(self) -> int:
        """The instant it is, :data:`LATEST` at most."""
        passed = (self._wall() - self._since) * self.rate if self.rate else 0
        return int(min(self._instant + passed, LATEST))

    def freeze(self, instant: int | None = None) -> None:
        """Stand still, at an instant or where it is."""
        self._turn(self.now() if instant is None else instant, 0)

    def set(self, instant: int) -> None:
        """Be at an instant, and stand or run as before."""
        self._turn(instant, self.rate)

    def advance(self, milliseconds: int) -> None:
        """Be so much later, and stand or run as before."""
        self._instant += milliseconds

    def scale(self, rate: float) -> None:
        """Run from here on at a rate; raises ``ValueError`` unless it is a finite number, 0 or more."""
        if not 0 <= rate < float("inf"):
            raise ValueError(
                f"rate {rate!r} must be a number, 0 or more: 0 stands, 1 is as usual, 60 is an hour a minute"
            )
        self._turn(self.now(), rate)
