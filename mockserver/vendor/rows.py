"""Rows of a list as JSON, fast: what depends on the archetype alone is encoded once and kept.

A vendor declares its row as columns. *Own* columns differ from session to session (ids, times, people) and are encoded
for every page; all others follow from the row of the deck and are encoded when that row is first met. So the bytes of a
page are mostly joined, not made.
"""

from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any
from weakref import WeakKeyDictionary

from msgspec import Struct, defstruct, json

from mockserver.world.dealt import DealtSessions
from mockserver.world.deck import ROWS, Deck
from mockserver.world.sessions import Sessions

_encode_lines = json.Encoder().encode_lines


class Column(Struct, frozen=True):
    """A field of a vendor's row: its name on the wire and its value for every session of a batch."""

    name: str
    values: Callable[[Sessions], Sequence[Any]]
    own: bool = False
    """Whether it differs between sessions of the same archetype."""


Line = tuple[bytes, bytes]
"""A JSON object and a comma, in two pieces."""


class _Encoded:
    """Some columns as JSON objects without their closing brace, one text a session."""

    def __init__(self, columns: Sequence[Column], *, omit_none: bool) -> None:
        self._columns = columns
        default: dict[str, Any] = {"default": None} if omit_none else {}
        fields = [(f"f{n}", Any, *default.values()) for n in range(len(columns))]
        names = {f"f{n}": column.name for n, column in enumerate(columns)}
        self._row = defstruct("Row", fields, rename=names, omit_defaults=omit_none, gc=False)

    def texts(self, sessions: Sessions) -> list[bytes]:
        if not self._columns or not len(sessions):
            return [b"{"] * len(sessions)
        row, values = self._row, zip(*(column.values(sessions) for column in self._columns), strict=True)
        # No text in JSON holds a line feed, so a brace before one closes an object.
        return _encode_lines([row(*each) for each in values]).split(b"}\n")[:-1]


class Rows:
    """Turns batches of sessions into JSON objects of the given columns."""

    def __init__(self, columns: Sequence[Column], *, omit_none: bool = False) -> None:
        self._own = _Encoded([column for column in columns if column.own], omit_none=omit_none)
        self._fixed = _Encoded([column for column in columns if not column.own], omit_none=omit_none)
        self._kept: WeakKeyDictionary[Deck, list[bytes | None]] = WeakKeyDictionary()

    def lines(self, sessions: Sessions) -> list[Line]:
        """One JSON object a session: what is its own, then what its archetype fixes."""
        own, fixed = self._own.texts(sessions), self._fixed_texts(sessions)
        if b"{" in own:  # Nothing of its own: no comma before what follows.
            fixed = [rest.removeprefix(b",") if text == b"{" else rest for text, rest in zip(own, fixed, strict=True)]
        return list(zip(own, fixed, strict=True))

    def _fixed_texts(self, sessions: Sessions) -> list[bytes]:
        if not isinstance(sessions, DealtSessions) or sessions.running or sessions.identities:
            return self._made(sessions)
        kept = self._kept.setdefault(sessions.deck, [None] * ROWS)
        rows = sessions.row.tolist()
        found: list[Any] = [kept[row] for row in rows]
        if None not in found:
            return found
        made = self._made(sessions)
        for row, text in zip(rows, made, strict=True):
            kept[row] = text
        return made

    def _made(self, sessions: Sessions) -> list[bytes]:
        return [(b"," + text[1:] if len(text) > 1 else b"") + b"}," for text in self._fixed.texts(sessions)]


def joined(head: bytes, lines: Sequence[Line], tail: bytes) -> bytes:
    """Objects as the inside of a JSON array, between what opens and what closes it."""
    pieces = [head, *chain.from_iterable(lines), tail]
    if lines:
        pieces[-2] = pieces[-2][:-1]  # No comma after the last.
    return b"".join(pieces)


def alone(line: Line) -> bytes:
    """One object by itself."""
    return b"".join(line)[:-1]
