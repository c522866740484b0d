"""JSON objects in pieces, and how they become the inside of an array: both made when they are first needed."""

from collections.abc import Callable, Sequence
from itertools import chain
from typing import overload

from mockserver._util.caching import cached_property

Line = Sequence[bytes]
"""A JSON object and a comma, in pieces."""
Columns = Sequence[list[bytes]]
"""The first piece of every line, the second piece of every line, and so on."""


class Lines(Sequence[Line]):
    """So many lines of as many pieces each, kept column by column."""

    def __init__(self, length: int, make: Callable[[], Columns]) -> None:
        self._length, self._make = length, make

    @classmethod
    def of(cls, columns: Columns) -> "Lines":
        """Lines that are made."""
        made = cls(len(columns[0]), lambda: columns)
        made.columns = columns
        return made

    @property
    def at_hand(self) -> bool:
        """Whether they are made."""
        return "columns" in self.__dict__

    @cached_property
    def columns(self) -> Columns:
        """Their pieces."""
        return self._make()

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, at: int) -> Line: ...
    @overload
    def __getitem__(self, at: slice) -> "Lines": ...
    def __getitem__(self, at: int | slice) -> "Line | Lines":
        if isinstance(at, slice):
            if self.at_hand:
                return Lines.of([column[at] for column in self.columns])
            return Lines(len(range(*at.indices(self._length))), lambda: [column[at] for column in self.columns])
        return [column[at] for column in self.columns]

    def pieces(self) -> list[bytes]:
        """The pieces of all lines, one after the other."""
        step = len(self.columns)
        found = [b""] * (step * self._length)
        for number, column in enumerate(self.columns):
            found[number::step] = column
        return found


class Listing:
    """Objects as the inside of a JSON array, between what opens and what closes it."""

    def __init__(self, head: bytes, lines: Sequence[Line], tail: bytes) -> None:
        self._head, self._lines, self._tail = head, lines, tail

    @property
    def at_hand(self) -> bool:
        """Whether its lines are made."""
        return not isinstance(self._lines, Lines) or self._lines.at_hand

    @cached_property
    def text(self) -> bytes:
        """All of it."""
        inside = self._lines.pieces() if isinstance(self._lines, Lines) else [*chain.from_iterable(self._lines)]
        self._lines = ()  # What is kept is the text.
        if inside:
            inside[-1] = inside[-1][:-1]  # No comma after the last.
        return b"".join([self._head, *inside, self._tail])


Content = bytes | Listing
"""JSON, or what becomes JSON when it is needed."""


def text(content: Content) -> bytes:
    """The JSON."""
    return content if isinstance(content, bytes) else content.text


def alone(line: Line) -> bytes:
    """One object by itself."""
    return b"".join(line)[:-1]
