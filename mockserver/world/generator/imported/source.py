"""Imported sessions as the result of a query."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from mockserver.world.generator.imported.batch import KIND, ImportedSessions
from mockserver.world.generator.imported.data import ImportedData, Selection
from mockserver.world.generator.session_arrays import Identities
from mockserver.world.model.hashing import I64


class ImportedSource:
    """The found imported sessions, ascending by start."""

    kind = KIND

    def __init__(self, data: ImportedData, selection: Selection, identities: Identities) -> None:
        self._data = data
        self._selection = selection
        self._identities = identities
        self.total = len(selection.positions)
        self.indices = selection.positions
        self.starts = selection.starts
        self.ends = selection.ends

    @property
    def sorted_ends(self) -> I64:
        """The end times, ascending."""
        return self._selection.sorted_ends

    def count_before(self, instant: int) -> int:
        return int(np.searchsorted(self.starts, instant))

    def ordinal_of(self, index: int) -> int:
        return int(np.searchsorted(self.indices, index))

    def series(self, edges: Sequence[int]) -> list[int]:
        return [int(count) for count in np.searchsorted(self.starts, edges)]

    def take(self, low: int, high: int) -> ImportedSessions:
        return self.pick(self.indices[max(low, 0) : max(high, 0)])

    def pick(self, index: I64) -> ImportedSessions:
        return ImportedSessions(self._data, index, self._identities)

    def numbers(self, index: I64) -> I64:
        return np.array([self._data.numbers[position] for position in index.tolist()], dtype=np.int64)

    def groups(self, dimension: str) -> Iterable[tuple[Any, int]]:
        return self._data.groups(dimension, self.indices)
