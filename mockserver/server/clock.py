"""What time it is for a tenant. Instants are Unix milliseconds."""

import time
from typing import Protocol


class Clock(Protocol):
    """A source of time."""

    frozen: bool
    """Whether it stands still, so that what was answered once is the answer again."""

    def now(self) -> int:
        """The instant it is."""


class SystemClock:
    """The computer's clock."""

    frozen = False

    def now(self) -> int:
        """The instant it is."""
        return time.time_ns() // 1_000_000


class FrozenClock:
    """A clock that stands."""

    frozen = True

    def __init__(self, instant: int) -> None:
        self._instant = instant

    def now(self) -> int:
        """The instant it stands at."""
        return self._instant
