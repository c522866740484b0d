"""Rows of a list as JSON, fast: what depends on the archetype alone is encoded once and kept.

A vendor declares its row as columns. *Own* columns differ from session to session (ids, times, people) and are encoded
for every page; all others follow from the row of the deck and are encoded when that row is first met. So the bytes of a
page are mostly joined, not made.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from msgspec import Struct, defstruct, json

from mockserver.vendor.texts import Even, Objects, Some, Texts, full, fused, objects
from mockserver.world.dealt import DealtSessions
from mockserver.world.deck import ROWS, Deck
from mockserver.world.sessions import Sessions

_encode, _encode_lines = json.Encoder().encode, json.Encoder().encode_lines


class Column(Struct, frozen=True):
    """A field of a vendor's row: its name on the wire and its value for every session of a batch."""

    name: str
    values: Callable[[Sessions], Sequence[Any]]
    own: bool = False
    """Whether it differs between sessions of the same archetype."""
    texts: Callable[[DealtSessions], Texts] | None = None
    """The values as JSON, where a batch of the seeded world has a quicker way to them."""


Line = Sequence[bytes]
"""A JSON object and a comma, in pieces."""
_Part = bytes | Texts
"""A piece of every line: the same for all, or one for each."""


class Rows:
    """Turns batches of sessions into JSON objects of the given columns."""

    def __init__(self, columns: Sequence[Column], *, omit_none: bool = False) -> None:
        self._own, self._omit_none = [column for column in columns if column.own], omit_none
        self._fixed = [column for column in columns if not column.own]
        default: dict[str, Any] = {"default": None} if omit_none else {}
        fields = [(f"f{n}", Any, *default.values()) for n in range(len(self._fixed))]
        names = {f"f{n}": column.name for n, column in enumerate(self._fixed)}
        self._row = defstruct("Row", fields, rename=names, omit_defaults=omit_none, gc=False)
        self._kept: WeakKeyDictionary[Deck, Objects] = WeakKeyDictionary()

    def lines(self, sessions: Sessions) -> Sequence[Line]:
        """One JSON object a session: what is its own, then what its archetype fixes."""
        parts: list[_Part] = [*self._own_parts(sessions), self._fixed_texts(sessions)]
        pieces = list(_pieces(parts, len(sessions)))
        made = np.empty((len(sessions), len(pieces)), dtype=object)
        for number, piece in enumerate(pieces):
            made[:, number] = piece
        if parts[0] == b"{":  # What follows may begin with the comma of a field that is not the first.
            return [(b"{", b"".join(line).removeprefix(b"{").removeprefix(b",")) for line in made]
        return made  # type: ignore[return-value]  # an array of lines is a sequence of sequences

    def _own_parts(self, sessions: Sessions) -> Iterator[_Part]:
        opening = b"{"
        for column in self._own:
            texts, name = self._texts(column, sessions), opening + _encode(column.name) + b":"
            if isinstance(texts, Some) and self._omit_none:
                if opening == b"{":
                    yield opening
                    name = b"," + name[1:]
                yield Some(texts.where, name + texts.texts, b"")
            else:
                yield name
                yield texts
            opening = b","
        if opening == b"{":
            yield opening

    def _texts(self, column: Column, sessions: Sessions) -> Texts:
        if column.texts is not None and isinstance(sessions, DealtSessions) and not sessions.identities:
            return column.texts(sessions)
        values = column.values(sessions)
        texts = objects(_encode_lines(values).split(b"\n")[:-1])  # No text in JSON holds a line feed.
        if None not in values:
            return texts
        there = np.array([value is not None for value in values], dtype=bool)
        return Some(there, texts[there])

    def _fixed_texts(self, sessions: Sessions) -> Objects:
        if not isinstance(sessions, DealtSessions) or sessions.running or sessions.identities:
            return self._made(sessions)
        kept = self._kept.get(sessions.deck)
        if kept is None:
            kept = self._kept[sessions.deck] = np.full(ROWS, None, dtype=object)
        found = kept[sessions.row]
        if None in found.tolist():
            found = kept[sessions.row] = self._made(sessions)
        return found

    def _made(self, sessions: Sessions) -> Objects:
        if not self._fixed or not len(sessions):
            return objects([b"},"] * len(sessions))
        row, values = self._row, zip(*(column.values(sessions) for column in self._fixed), strict=True)
        texts = _encode_lines([row(*each) for each in values]).split(b"}\n")[:-1]  # A brace before a line feed closes an object.
        return objects([b"," * (len(text) > 1) + text[1:] + b"}," for text in texts])


def _pieces(parts: Iterable[_Part], count: int) -> Iterator[bytes | Objects]:
    """What is as wide in every line, and stands together, is one piece."""
    even: list[bytes | Even] = []
    for part in parts:
        if isinstance(part, bytes | Even):
            even.append(part)
            continue
        if even:
            yield fused(even, count)
            even = []
        yield full(part, count) if isinstance(part, Some) else part


def joined(head: bytes, lines: Sequence[Line], tail: bytes) -> bytes:
    """Objects as the inside of a JSON array, between what opens and what closes it."""
    inside = lines.ravel().tolist() if isinstance(lines, np.ndarray) else chain.from_iterable(lines)
    pieces = [head, *inside, tail]
    if len(lines):
        pieces[-2] = pieces[-2][:-1]  # No comma after the last.
    return b"".join(pieces)


def alone(line: Line) -> bytes:
    """One object by itself."""
    return b"".join(line)[:-1]
