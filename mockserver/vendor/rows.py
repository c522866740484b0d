"""Rows of a list as JSON, fast: what depends on the archetype alone is encoded once and kept.

A vendor declares its row as columns. *Own* columns differ from session to session (ids, times, people) and are encoded
for every page; all others follow from the row of the deck and are encoded when that row is first met. So the bytes of a
page are mostly joined, not made.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from msgspec import Struct, defstruct, json

from mockserver.vendor.ahead import Ahead
from mockserver.vendor.lines import Line, Lines
from mockserver.vendor.texts import Form, Objects, Part, Texts, objects, together
from mockserver.world.dealt import DealtSessions
from mockserver.world.deck import ROWS
from mockserver.world.population import Population
from mockserver.world.sessions import Sessions

_encode, _encode_lines = json.Encoder().encode, json.Encoder().encode_lines


class Column(Struct, frozen=True):
    """A field of a vendor's row: its name on the wire and its value for every session of a batch."""

    name: str
    values: Callable[[Sessions], Sequence[Any]]
    own: bool = False
    """Whether it differs between sessions of the same archetype."""
    texts: Texts | None = None
    """A quicker way to the values as JSON, for batches of the seeded world."""


class _Place(Struct, frozen=True):
    """An own column where it stands in the row."""

    column: Column
    before: bytes
    """What stands before a value."""
    nothing: bytes
    """What stands where there is none."""

    def encoded(self, sessions: Sessions) -> list[bytes]:
        """The values one by one, as any batch has them."""
        values = self.column.values(sessions)
        texts = _encode_lines(values).split(b"\n")[:-1]  # No text in JSON holds a line feed.
        return [self.nothing if value is None else self.before + text for value, text in zip(values, texts, strict=True)]

    def parts(self, population: Population) -> Sequence[Part]:
        """What makes the texts of a population's batches."""
        return [self.encoded] if self.column.texts is None else self.column.texts(population, self.before, self.nothing)


class _Kept(Struct, frozen=True):
    """What is made once for a population."""

    own: Sequence[Callable[[Any], list[bytes]]]
    """What makes the pieces of every line that are a session's own."""
    fixed: Objects
    """What follows from each row of the deck alone, once the row was met."""
    ahead: Ahead


class Rows:
    """Turns batches of sessions into JSON objects of the given columns."""

    def __init__(self, columns: Sequence[Column], *, omit_none: bool = False) -> None:
        self._own: list[_Place] = []
        for column in columns:
            if column.own:
                before = (b"," if self._own else b"{") + _encode(column.name) + b":"
                self._own.append(_Place(column, before, before[:1].strip(b",") if omit_none else before + b"null"))
        self._fixed = [column for column in columns if not column.own]
        default: dict[str, Any] = {"default": None} if omit_none else {}
        fields = [(f"f{n}", Any, *default.values()) for n in range(len(self._fixed))]
        names = {f"f{n}": column.name for n, column in enumerate(self._fixed)}
        self._row = defstruct("Row", fields, rename=names, omit_defaults=omit_none, gc=False)
        self._first_may_lack = omit_none or not self._own
        self._kept: WeakKeyDictionary[Population, _Kept] = WeakKeyDictionary()

    def lines(self, sessions: Sessions) -> Sequence[Line]:
        """One JSON object a session: what is its own, then what its archetype fixes."""
        if not len(sessions):
            return []
        if isinstance(sessions, DealtSessions) and not sessions.identities:
            return self._of(sessions.population).ahead.lines(sessions)
        return self._lines(sessions, None)

    def _lines(self, sessions: Sessions, kept: _Kept | None) -> Sequence[Line]:
        own = [place.encoded for place in self._own] if kept is None else kept.own
        made = Lines([*([pieces(sessions) for pieces in own] or [[b"{"] * len(sessions)]), self._fixed_texts(sessions, kept)])
        if self._first_may_lack and b"{" in made.columns[0]:  # What follows then begins with the comma of another field.
            return [(b"{", b"".join(line[1:]).removeprefix(b",")) if line[0] == b"{" else line for line in made]
        return made

    def _of(self, population: Population) -> _Kept:
        kept = self._kept.get(population)
        if kept is None:
            ahead = Ahead(lambda sessions: self._lines(sessions, self._of(sessions.population)))
            kept = self._kept[population] = _Kept(list(self._quick(population)), np.full(ROWS, None, dtype=object), ahead)
        return kept

    def _quick(self, population: Population) -> Iterator[Callable[[Any], list[bytes]]]:
        """What makes the own columns' texts; forms that stand side by side make one piece."""
        forms: list[Form] = []
        for part in chain.from_iterable(place.parts(population) for place in self._own):
            if isinstance(part, Form):
                forms.append(part)
            if forms and not (isinstance(part, Form) and not part.uneven):
                yield together(forms)
                forms = []
            if not isinstance(part, Form):
                yield part
        if forms:
            yield together(forms)

    def _fixed_texts(self, sessions: Sessions, kept: _Kept | None) -> list[bytes]:
        if kept is None or not isinstance(sessions, DealtSessions) or sessions.running:
            return self._made(sessions)
        found: list[bytes] = kept.fixed[sessions.row].tolist()
        if None in found:
            found = self._made(sessions)
            kept.fixed[sessions.row] = objects(found)
        return found

    def _made(self, sessions: Sessions) -> list[bytes]:
        if not self._fixed:
            return [b"},"] * len(sessions)
        row, values = self._row, zip(*(column.values(sessions) for column in self._fixed), strict=True)
        texts = _encode_lines([row(*each) for each in values]).split(b"}\n")[:-1]  # A brace before a line feed closes an object.
        return [b"," * (len(text) > 1) + text[1:] + b"}," for text in texts]
