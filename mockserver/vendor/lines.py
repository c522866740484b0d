"""JSON objects in pieces, and how they become the inside of an array."""

from collections.abc import Sequence
from itertools import chain
from typing import overload

Line = Sequence[bytes]
"""A JSON object and a comma, in pieces."""


class Lines(Sequence[Line]):
    """Lines of as many pieces each, kept column by column."""

    def __init__(self, columns: Sequence[list[bytes]]) -> None:
        self.columns = columns

    def __len__(self) -> int:
        return len(self.columns[0])

    @overload
    def __getitem__(self, at: int) -> Line: ...
    @overload
    def __getitem__(self, at: slice) -> "Lines": ...
    def __getitem__(self, at: int | slice) -> "Line | Lines":
        if isinstance(at, slice):
            return Lines([column[at] for column in self.columns])
        return [column[at] for column in self.columns]

    def pieces(self) -> list[bytes]:
        """The pieces of all lines, one after the other."""
        step = len(self.columns)
        found = [b""] * (step * len(self))
        for number, column in enumerate(self.columns):
            found[number::step] = column
        return found


def joined(head: bytes, lines: Sequence[Line], tail: bytes) -> bytes:
    """Objects as the inside of a JSON array, between what opens and what closes it."""
    inside = lines.pieces() if isinstance(lines, Lines) else [*chain.from_iterable(lines)]
    if inside:
        inside[-1] = inside[-1][:-1]  # No comma after the last.
    return b"".join([head, *inside, tail])


def alone(line: Line) -> bytes:
    """One object by itself."""
    return b"".join(line)[:-1]
