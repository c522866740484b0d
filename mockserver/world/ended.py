"""The sessions that a query finds by when they ended, the latest first: how servers tell what was last alive.

Ends are not in closed form as starts are, but a session ends within a known time after its start: that brackets any
page of this order by instants, and only what ends within the bracket is put in order.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from msgspec import Struct

from mockserver.world.ends import MANY, Within, ends
from mockserver.world.found import Found, Page
from mockserver.world.hashing import I64
from mockserver.world.sessions import Sessions

_FAR: Final = 1 << 48  # Unix milliseconds of any spec and any tracked event fit.
_NEAR: Final = 1024
"""So many sessions in a bracket are not worth narrowing it further."""


class Order(Struct, frozen=True):
    """How sessions are ordered: the later end first, then perhaps the later start, then the greater session number."""

    unit: int = 1
    """Instants within the same so many milliseconds count as one."""
    by_start: bool = False
    """Whether of those that end together the one that started later comes first."""


class Ending(Struct, frozen=True):
    """A place in an order by end, whether or not a session stands there."""

    end: int
    """Unix milliseconds."""
    start: int
    """Unix milliseconds; does not matter to an order that does not ask for it."""
    number: int


class _Rows(Struct, frozen=True):
    """Sessions of several sources in columns."""

    source: I64
    index: I64
    ends: I64
    """In the unit of the order, as the starts."""
    starts: I64

    def __len__(self) -> int:
        return len(self.ends)

    def at(self, which: I64) -> "_Rows":
        return _Rows(self.source[which], self.index[which], self.ends[which], self.starts[which])


class Ended:
    """What was found, in an order by end.

    What a page costs does not grow with the world, but with what is on it, and with how many end in the same unit of time.
    """

    def __init__(self, found: Found, order: Order, *, many: float = MANY) -> None:
        self.total, self._order = found.total, order
        self._ends = [ends(source, many) for source in found.sources if source.total]
        self._longest = max((each.longest for each in self._ends), default=0)
        self._counts: dict[int, int] = {}

    def page(self, offset: int, limit: int) -> Page:
        """The sessions from an offset on, at most ``limit``; none past the end."""
        limit = min(limit, self.total - offset)
        if limit <= 0:
            return Page([], [], newest_first=True)
        oldest, newest = self._around(offset)
        # The session there ends no earlier than the mark there, and whatever ends so long after that mark is ahead of it.
        latest = min(newest + self._longest, max(each.latest for each in self._ends) + 1)
        low, high = self._aligned(self._floor([each.since(oldest) for each in self._ends], limit), latest)
        if self._is_wide(low, high):
            low, _ = self._narrowed(low, high, offset + limit)
            _, high = self._narrowed(low, high, offset + 1)
        within = [each.within(low, high) for each in self._ends]
        first = offset - sum(each.ahead for each in within)
        return self._told(self._sorted(self._rows(within), first, first + limit)[0])

    def older(self, than: Ending | None, limit: int) -> Page:
        """The ``limit`` sessions that come after a place, latest first; the first of all where there is no place."""
        if than is None or limit <= 0 or not self.total:
            return self.page(0, limit)
        unit = self._order.unit
        last = min(max(than.end, -_FAR), _FAR) // unit
        # Whatever has its mark so long before the place comes after it.
        passed = [each.since(last * unit - each.longest) for each in self._ends]
        low, high = self._aligned(self._floor(passed, limit), (last + 1) * unit)
        if self._is_wide(low, high):
            low, _ = self._narrowed(low, high, min(self._after(last * unit) + limit, self.total))
        rows = self._rows([each.within(low, high) for each in self._ends])
        together = int((rows.ends == last).sum())
        rows, numbers = self._sorted(rows, 0, together + limit)
        later = numbers >= than.number
        if self._order.by_start:
            start = than.start // unit
            later = (rows.starts > start) | ((rows.starts == start) & later)
        [left] = np.nonzero(~(later & (rows.ends == last)))
        return self._told(rows.at(left[:limit]))

    def _aligned(self, low: int, high: int) -> tuple[int, int]:
        """The narrowest interval around another that cuts no unit in two."""
        unit = self._order.unit
        return low // unit * unit, -(-high // unit) * unit

    def _around(self, rank: int) -> tuple[int, int]:
        """Two instants: more than ``rank`` marks lie at or after the first, no more than that at or after the second."""
        if len(self._ends) == 1:
            mark = self._ends[0].mark(rank)
            return mark, mark + 1
        low, high = min(each.mark(self.total) for each in self._ends), max(each.mark(0) for each in self._ends) + 1
        while high - low > max(self._longest >> 6, 1):  # Closer would make the bracket of a page little narrower.
            middle = (low + high) // 2
            if sum(each.since(middle) for each in self._ends) > rank:
                low = middle
            else:
                high = middle
        return low, high

    def _floor(self, passed: Sequence[int], more: int) -> int:
        """An instant at or after which so many more sessions end than those whose marks were passed in each source."""
        marks = [each.mark(count + more - 1) for each, count in zip(self._ends, passed, strict=True) if count + more <= each.total]
        return max(marks) if marks else min(each.mark(self.total) for each in self._ends)

    def _after(self, instant: int) -> int:
        """How many sessions end at or after an instant; kept, since the brackets of a page share instants."""
        if instant not in self._counts:
            self._counts[instant] = sum(each.after(instant) for each in self._ends)
        return self._counts[instant]

    def _is_wide(self, low: int, high: int) -> bool:
        return any(each.is_wide(low, high) for each in self._ends)

    def _narrowed(self, low: int, high: int, rank: int) -> tuple[int, int]:
        """Two instants between two others such that at least ``rank`` sessions end at or after the first, fewer after the second."""
        unit, most, fewest, turn = self._order.unit, self._after(low), self._after(high), 0
        while high - low > unit and most - fewest > _NEAR:
            # Sessions end so evenly that a straight line nearly hits the rank: aim to either side of it, and halve now and then.
            aim = most - rank + (_NEAR // 4, -_NEAR // 4, 0)[turn % 3]
            middle = low + ((high - low) * aim // (most - fewest) if turn % 3 < 2 else (high - low) // 2)  # noqa: PLR2004
            middle, _ = self._aligned(min(max(middle, low + unit), high - 1), 0)
            count, turn = self._after(middle), turn + 1
            if count >= rank:
                low, most = middle, count
            else:
                high, fewest = middle, count
        return low, high

    def _rows(self, within: Sequence[Within]) -> _Rows:
        unit = self._order.unit
        return _Rows(
            np.repeat(np.arange(len(within)), [len(each.index) for each in within]),
            np.concatenate([each.index for each in within]),
            np.concatenate([each.ends for each in within]) // unit,
            np.concatenate([each.starts for each in within]) // unit,
        )

    def _sorted(self, rows: _Rows, first: int, stop: int) -> tuple[_Rows, I64]:
        """The rows from a position of the order to another, and their numbers, which only those get that end near them."""
        if not len(rows) or stop <= first:
            return rows.at(np.arange(0)), np.arange(0)
        ends = np.sort(rows.ends)[::-1]
        latest, earliest = ends[first], ends[min(stop, len(ends)) - 1]
        [near] = np.nonzero((rows.ends <= latest) & (rows.ends >= earliest))
        rows, skipped = rows.at(near), int((ends > latest).sum())
        numbers = np.empty(len(rows), dtype=np.int64)
        for number, each in enumerate(self._ends):
            numbers[rows.source == number] = each.numbers(rows.index[rows.source == number])
        keys = (numbers, rows.starts, rows.ends) if self._order.by_start else (numbers, rows.ends)
        order = np.lexsort(keys)[::-1][first - skipped : stop - skipped]
        return rows.at(order), numbers[order]

    def _told(self, rows: _Rows) -> Page:
        """The rows as batches of those sources that have some, each in its own order, and the order of all."""
        batches: list[Sessions] = []
        batch, position = np.empty((2, len(rows)), dtype=np.int64)
        for number, each in enumerate(self._ends):
            [own] = np.nonzero(rows.source == number)
            if len(own):
                index = np.sort(rows.index[own])
                batch[own], position[own] = len(batches), np.searchsorted(index, rows.index[own])
                batches.append(each.pick(index))
        return Page(batches, list(zip(batch.tolist(), position.tolist(), strict=True)), newest_first=True)
