"""Ordered subsets of a site's sessions that can be counted and paged without being listed."""

from typing import Protocol

import numpy as np

from mockserver.world.generator.archetypes import ARCHETYPES
from mockserver.world.generator.schedule import SessionSchedule
from mockserver.world.model.hashing import I64


class IndexSet(Protocol):
    """Some of the session indices, in ascending order; the n-th of them has ordinal n."""

    rows: I64 | None
    """The rows of the deck that it holds once in every full block; ``None`` where it is not made of rows."""
    excluded: I64
    """The few sessions it lacks although their row is among its rows."""

    def rank(self, index: int) -> int:
        """How many of them are below an index."""

    def ranks(self, indices: list[int]) -> list[int]:
        """:meth:`rank` of several indices."""

    def take(self, low: int, high: int) -> I64:
        """Those with ordinals in [low, high)."""


_NONE = np.empty(0, dtype=np.int64)


class AllSessions:
    """Every session."""

    rows: I64 | None = np.arange(ARCHETYPES)
    excluded: I64 = _NONE

    def rank(self, index: int) -> int:
        return index

    def ranks(self, indices: list[int]) -> list[int]:
        return indices

    def take(self, low: int, high: int) -> I64:
        return np.arange(low, max(low, high), dtype=np.int64)


class ExplicitSet:
    """A few sessions, known one by one."""

    rows: I64 | None = None
    excluded: I64 = _NONE

    def __init__(self, index: I64) -> None:
        self._index = index

    def rank(self, index: int) -> int:
        return int(np.searchsorted(self._index, index))

    def ranks(self, indices: list[int]) -> list[int]:
        return [int(rank) for rank in np.searchsorted(self._index, indices)]

    def take(self, low: int, high: int) -> I64:
        return self._index[low:high]


class Difference:
    """A selection less a few of its sessions, known one by one."""

    def __init__(self, whole: IndexSet, excluded: I64) -> None:
        self._whole, self.excluded, self.rows = whole, excluded, whole.rows
        # Where each of them stands among those that are kept: the ordinal of the next that is.
        self._skips = np.array(whole.ranks(excluded.tolist()), dtype=np.int64) - np.arange(len(excluded))

    def rank(self, index: int) -> int:
        return self._whole.rank(index) - int(np.searchsorted(self.excluded, index))

    def ranks(self, indices: list[int]) -> list[int]:
        fewer = np.searchsorted(self.excluded, indices).tolist()
        return [rank - few for rank, few in zip(self._whole.ranks(indices), fewer, strict=True)]

    def take(self, low: int, high: int) -> I64:
        if high <= low:
            return np.empty(0, dtype=np.int64)
        first, last = low + np.searchsorted(self._skips, [low, high - 1], side="right") + [0, high - 1 - low]
        found = self._whole.take(int(first), int(last) + 1)
        return found[~np.isin(found, self.excluded)]


class ArchetypeSet:
    """The sessions that are certain rows of the deck: each full block holds each row once, so counting is a product."""

    excluded: I64 = _NONE

    def __init__(self, deal: SessionSchedule, rows: I64) -> None:
        self._deal = deal
        self.rows: I64 | None = rows
        self._rows = rows
        # Whichever is fewer, the rows or the others, is looked up where a block is cut.
        self._sparse = len(rows) <= ARCHETYPES // 2
        self._fewer = rows if self._sparse else np.setdiff1d(np.arange(ARCHETYPES), rows, assume_unique=True)
        self._last: tuple[int, I64] = (-1, np.empty(0, dtype=np.int64))

    def _block(self, block: int) -> I64:
        """The matching sessions of one block; kept, because pages of a crawl fall into the same one."""
        if self._last[0] != block:
            self._last = (block, np.sort(self._deal.session_at(np.int64(block), self._rows)))  # type: ignore[arg-type]  # a scalar broadcasts
        return self._last[1]

    def rank(self, index: int) -> int:
        block, cut = divmod(index, ARCHETYPES)
        whole = block * len(self._rows)
        return whole + int(np.searchsorted(self._block(block), index)) if cut else whole

    def ranks(self, indices: list[int]) -> list[int]:
        index = np.array(indices, dtype=np.int64)
        blocks = index // ARCHETYPES
        before = self._deal.count_before(index, self._fewer)
        within = before if self._sparse else index - blocks * ARCHETYPES - before
        return [int(rank) for rank in blocks * len(self._rows) + within]

    def take(self, low: int, high: int) -> I64:
        each = len(self._rows)
        if high <= low or not each:
            return np.empty(0, dtype=np.int64)
        first, last = low // each, (high - 1) // each
        if first == last:
            return self._block(first)[low - first * each : high - first * each]
        blocks = np.arange(first, last + 1, dtype=np.int64)
        places = np.sort(self._deal.session_at(blocks[:, None], self._rows[None, :]), axis=1).ravel()
        return places[low - first * each : high - first * each]
