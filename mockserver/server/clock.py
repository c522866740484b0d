"""What time it is for a tenant. Instants are Unix milliseconds.

The computer's clock is read in this file only.
"""

import time
from collections.abc import Callable
from typing import Final

LATEST: Final = 4_102_444_800_000
"""2100-01-01T00:00:00Z: a clock that would run further stays there, so that every instant can be written as a date."""


def wall() -> int:
    """The computer's clock."""
    return time.time_ns() // 1_000_000


def stopwatch() -> int:
    """Nanoseconds of real time since some instant."""
    return time.perf_counter_ns()


class Clock:
    """A tenant's time: it stands, or runs beside the computer's at a rate, from wherever it was set.

    ``rate`` is how many of its seconds pass in one of the computer's: 0 while it stands, 1 as usual, 60 for an hour a minute.
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
            raise ValueError(f"rate {rate!r} must be a number, 0 or more: 0 stands, 1 is as usual, 60 is an hour a minute")
        self._turn(self.now(), rate)
