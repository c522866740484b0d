"""Ordered sets of session indices that can be counted and sliced without listing them."""

from typing import Protocol

import numpy as np

from mockserver.world.generator.archetypes.sizes import ARCHETYPES
from mockserver.world.generator.schedule import SessionSchedule
from mockserver.world.model.hashing import I64


class IndexSet(Protocol):
    """An ascending set of session indices; the n-th index has ordinal n."""

    rows: I64 | None
    """The archetypes that occur once in each full block of the set; None if it is not made of archetypes."""
    excluded: I64
    """The few sessions outside the set whose archetype is in :attr:`rows`."""

    def rank(self, index: int) -> int:
        """Return the number of members below *index*."""

    def ranks(self, indices: list[int]) -> list[int]:
        """Return :meth:`rank` of several indices."""

    def take(self, low: int, high: int) -> I64:
        """Return the members with ordinals in [low, high)."""


_NONE = np.empty(0, dtype=np.int64)


class AllSessions:
    rows: I64 | None = np.arange(ARCHETYPES)
    excluded: I64 = _NONE

    def rank(self, index: int) -> int:
        return index

    def ranks(self, indices: list[int]) -> list[int]:
        return indices

    def take(self, low: int, high: int) -> I64:
        return np.arange(low, max(low, high), dtype=np.int64)


class ExplicitSet:
    """A few sessions, listed."""

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
    """An index set without a few listed members."""

    def __init__(self, whole: IndexSet, excluded: I64) -> None:
        self._whole = whole
        self.excluded = excluded
        self.rows = whole.rows
        # For each excluded index, the ordinal of the next member that remains.
        self._skips = np.array(whole.ranks(excluded.tolist()), dtype=np.int64) - np.arange(len(excluded))

    def rank(self, index: int) -> int:
        return self._whole.rank(index) - int(np.searchsorted(self.excluded, index))

    def ranks(self, indices: list[int]) -> list[int]:
        excluded = np.searchsorted(self.excluded, indices).tolist()
        return [rank - less for rank, less in zip(self._whole.ranks(indices), excluded, strict=True)]

    def take(self, low: int, high: int) -> I64:
        if high <= low:
            return np.empty(0, dtype=np.int64)
        first, last = low + np.searchsorted(self._skips, [low, high - 1], side="right") + [0, high - 1 - low]
        members = self._whole.take(int(first), int(last) + 1)
        return members[~np.isin(members, self.excluded)]


class ArchetypeSet:
    """The sessions of some archetypes.

    A full block contains each archetype once, so counting is a multiplication.
    """

    excluded: I64 = _NONE

    def __init__(self, schedule: SessionSchedule, rows: I64) -> None:
        self._schedule = schedule
        self.rows: I64 | None = rows
        self._rows = rows
        # In partial blocks, either these archetypes or all others are looked up, whichever are fewer.
        self._sparse = len(rows) <= ARCHETYPES // 2
        self._fewer = rows if self._sparse else np.setdiff1d(np.arange(ARCHETYPES), rows, assume_unique=True)
        self._last_block: tuple[int, I64] = (-1, np.empty(0, dtype=np.int64))

    def _block(self, block: int) -> I64:
        """Return the members in one block.

        The last one is cached, because consecutive pages are in the same block.
        """
        if self._last_block[0] != block:
            self._last_block = (block, np.sort(self._schedule.session_at(np.int64(block), self._rows)))  # type: ignore[arg-type]  # a scalar broadcasts
        return self._last_block[1]

    def rank(self, index: int) -> int:
        block, cut = divmod(index, ARCHETYPES)
        whole = block * len(self._rows)
        return whole + int(np.searchsorted(self._block(block), index)) if cut else whole

    def ranks(self, indices: list[int]) -> list[int]:
        index = np.array(indices, dtype=np.int64)
        blocks = index // ARCHETYPES
        before = self._schedule.count_before(index, self._fewer)
        within = before if self._sparse else index - blocks * ARCHETYPES - before
        return [int(rank) for rank in blocks * len(self._rows) + within]

    def take(self, low: int, high: int) -> I64:
        size = len(self._rows)
        if high <= low or not size:
            return np.empty(0, dtype=np.int64)
        first = low // size
        last = (high - 1) // size
        if first == last:
            return self._block(first)[low - first * size : high - first * size]
        blocks = np.arange(first, last + 1, dtype=np.int64)
        places = np.sort(self._schedule.session_at(blocks[:, None], self._rows[None, :]), axis=1).ravel()
        return places[low - first * size : high - first * size]
