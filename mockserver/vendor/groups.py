"""What of a row is no session's own, as JSON: looked up wherever it was met before."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from msgspec import defstruct, json

from mockserver.vendor.columns import STORY, Column
from mockserver.vendor.texts import Objects, objects
from mockserver.world.dealt import DealtSessions
from mockserver.world.deck import ROWS
from mockserver.world.memo import Memo
from mockserver.world.sessions import Sessions

_encode_lines = json.Encoder().encode_lines


class Group:
    """Neighbouring fields that follow from the same: each text begins with a comma, or is empty."""

    def __init__(self, decided: str | None, columns: Iterable[Column], *, omit_none: bool) -> None:
        self._of, self._columns = decided, list(columns)
        default: dict[str, Any] = {"default": None} if omit_none else {}
        fields = [(f"f{n}", Any, *default.values()) for n in range(len(self._columns))]
        names = {f"f{n}": column.name for n, column in enumerate(self._columns)}
        self._row = defstruct("Row", fields, rename=names, omit_defaults=omit_none, gc=False)
        self._of_entries = Memo(self._entries)
        self._of_rows = Memo(lambda _: nothing_met())

    def encoded(self, sessions: Sessions) -> list[bytes]:
        """The texts of any batch."""
        return self._texts([column.values(sessions) for column in self._columns])

    def texts(self, sessions: DealtSessions) -> list[bytes]:
        """The texts of a batch of the seeded world, looked up as far as others have met them."""
        if self._of is None:
            return self.encoded(sessions)
        if self._of == STORY:
            return looked_up(self._of_rows(sessions.deck.story), sessions, self.encoded)
        entries, codes = sessions.coded(self._of)
        return self._of_entries(entries)[codes].tolist()  # type: ignore[no-any-return]  # they are bytes

    def _entries(self, entries: Sequence[Any]) -> Objects:
        return objects(self._texts([[column.tell(entry) for entry in entries] for column in self._columns]))

    def _texts(self, values: Iterable[Sequence[Any]]) -> list[bytes]:
        row = self._row
        texts = _encode_lines([row(*each) for each in zip(*values, strict=True)]).split(b"}\n")[:-1]  # A brace ends an object.
        return [b"," + text[1:] if len(text) > 1 else b"" for text in texts]


def looked_up(table: Objects, sessions: DealtSessions, make: Callable[[DealtSessions], list[bytes]]) -> list[bytes]:
    """What a table has for the rows of sessions; what it lacks is made and kept, unless a session has not done all of its row yet."""
    found: list[bytes] = table[sessions.row].tolist()
    if None not in found and not sessions.some_run:
        return found
    running = sessions.running.tolist()
    lacking = [position for position, text in enumerate(found) if text is None or running[position]]
    if not lacking:
        return found
    some = sessions if len(lacking) == len(found) else sessions.some(np.array(lacking))
    made = make(some)
    for position, text in zip(lacking, made, strict=True):
        found[position] = text
    whole = ~some.running
    table[some.row[whole]] = objects(made)[whole]
    return found


def nothing_met() -> Objects:
    """A table of what was not met yet, by row of the deck."""
    return np.full(ROWS, None, dtype=object)
