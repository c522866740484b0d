"""A journal as it grows."""

from collections.abc import Callable, Iterator
from itertools import islice
from time import sleep
from typing import Any, Final

from mockserver.steering import JournalPage

PAUSE: Final = 0.25
"""Seconds of real time between two looks."""
_MOST: Final = 5_000
"""Exchanges that are read at once: as many as a journal keeps."""
Read = Callable[..., JournalPage]


def follow(read: Read, *, after: int = 0, limit: int | None = None, **filters: Any) -> Iterator[dict[str, Any]]:
    """Yield exchanges as they end, at most so many; ``read`` gives a page of a journal."""
    return islice(_ended(read, after, filters), limit)


def _ended(read: Read, after: int, filters: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield every exchange that has ended and passes the filters, once.

    Exchanges do not end in the order in which they begin, and what is not ended passes few filters: all before ``after``
    have ended, and ``told`` are those beyond it that were yielded.
    """
    told: set[int] = set()
    count = 0
    while True:
        every = read(after=after, limit=_MOST)
        if every.count < count:  # The journal was cleared, and counts anew.
            after, told, count = 0, set(), 0
            continue
        count = every.count
        for exchange in read(after=after, limit=_MOST, **filters).exchanges if filters else every.exchanges:
            if exchange["took_ms"] is not None and exchange["number"] not in told:
                told.add(exchange["number"])
                yield exchange
        numbers = [exchange["number"] for exchange in every.exchanges]
        open_ = [exchange["number"] for exchange in every.exchanges if exchange["took_ms"] is None]
        after = min(open_) - 1 if open_ else max(numbers, default=after)
        told = {number for number in told if number > after}
        sleep(PAUSE)
