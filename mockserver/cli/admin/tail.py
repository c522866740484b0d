"""Following a journal as it grows."""

from collections.abc import Callable, Iterator
from itertools import islice
from time import sleep
from typing import Any, Final

from mockserver.admin_schemas.journals import JournalPage

PAUSE: Final = 0.25
"""Seconds of real time between two reads."""
_PAGE_SIZE: Final = 5_000
"""Exchanges per read: the capacity of a journal."""
Read = Callable[..., JournalPage]


def follow_journal(
    read: Read, *, after: int = 0, limit: int | None = None, **filters: Any
) -> Iterator[dict[str, Any]]:
    """Yield at most *limit* exchanges as they end; *read* returns a page of the journal."""
    return islice(_ended_exchanges(read, after, filters), limit)


def _ended_exchanges(read: Read, after: int, filters: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield once every exchange that has ended and passes the filters.

    Exchanges can end in another order than they began, and most filters do not match an open one. All
    exchanges up to ``after`` have ended; ``yielded`` are those beyond it that were already yielded.
    """
    yielded: set[int] = set()
    count = 0
    while True:
        page = read(after=after, limit=_PAGE_SIZE)
        if page.count < count:  # The journal was cleared and numbers exchanges from 1 again.
            after = 0
            count = 0
            yielded.clear()
            continue
        count = page.count
        for exchange in (
            read(after=after, limit=_PAGE_SIZE, **filters).exchanges if filters else page.exchanges
        ):
            if exchange["duration_ms"] is not None and exchange["number"] not in yielded:
                yielded.add(exchange["number"])
                yield exchange
        numbers = [exchange["number"] for exchange in page.exchanges]
        still_open = [exchange["number"] for exchange in page.exchanges if exchange["duration_ms"] is None]
        after = min(still_open) - 1 if still_open else max(numbers, default=after)
        yielded = {number for number in yielded if number > after}
        sleep(PAUSE)
