"""Dates in HTTP headers."""

from email.utils import formatdate
from functools import lru_cache

from mockserver._util.clock import Clock


def format_date(clock: Clock) -> str:
    """Return the value of the header ``Date`` for the time of a clock."""
    return format_seconds(clock.now() // 1000)


@lru_cache(maxsize=64)  # 0.4 instead of 2.4 µs a response: clocks are frozen, or show a second for long.
def format_seconds(seconds: int) -> str:
    """Return a Unix time as an HTTP date."""
    return formatdate(seconds, usegmt=True)
