"""What of a row is no session's own, as JSON: looked up wherever it was met before."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import groupby
from typing import Any

import numpy as np
from msgspec import defstruct, json
from numpy.typing import NDArray

from mockserver._util.caching import IdentityCache, cached_property
from mockserver.vendor.columns import PARTS, STORY, Column
from mockserver.vendor.texts import Objects, objects
from mockserver.world.generator.archetypes import ARCHETYPES
from mockserver.world.generator.columns import GeneratedSessions
from mockserver.world.model.session_batch import SessionBatch

_encode_lines = json.Encoder().encode_lines


class Group:
    """Neighbouring fields that follow from the same: each text begins with a comma, or is empty."""

    def __init__(self, decided: str | None, columns: Iterable[Column], *, omit_none: bool) -> None:
        self._of, self._columns = decided, list(columns)
        self.part = PARTS.get(decided or "")
        """The part of an archetype that decides; ``None`` for its story, or all of it."""
        default: dict[str, Any] = {"default": None} if omit_none else {}
        fields = [(f"f{n}", Any, *default.values()) for n in range(len(self._columns))]
        names = {f"f{n}": column.name for n, column in enumerate(self._columns)}
        self._row = defstruct("Row", fields, rename=names, omit_defaults=omit_none, gc=False)
        self._of_entries = IdentityCache(self._entries)
        self._of_rows = IdentityCache(lambda _: Met())

    def encoded(self, sessions: SessionBatch) -> list[bytes]:
        """The texts of any batch."""
        return self._texts([column.values(sessions) for column in self._columns])

    def texts(self, sessions: GeneratedSessions) -> list[bytes]:
        """The texts of a batch of the seeded world, looked up as far as others have met them."""
        if self._of is None:
            return self.encoded(sessions)
        if self._of == STORY:
            return self._of_rows(sessions.archetypes.events).texts(sessions, self.encoded)
        entries, codes = sessions.dictionary_encoded(self._of)
        return self._of_entries(entries)[codes].tolist()  # type: ignore[no-any-return]  # they are bytes

    def _entries(self, entries: Sequence[Any]) -> Objects:
        return objects(self._texts([[column.tell(entry) for entry in entries] for column in self._columns]))

    def _texts(self, values: Iterable[Sequence[Any]]) -> list[bytes]:
        row = self._row
        texts = _encode_lines([row(*each) for each in zip(*values, strict=True)]).split(b"}\n")[:-1]  # A brace ends an object.
        return [b"," + text[1:] if len(text) > 1 else b"" for text in texts]


class _Closing:
    """What closes an object."""

    def encoded(self, sessions: SessionBatch) -> list[bytes]:
        """The same for all."""
        return [b"},"] * len(sessions)

    texts = encoded


Run = Sequence[Group | _Closing]
"""Groups that stand side by side and follow from the same part of an archetype."""


def runs(groups: Iterable[Group]) -> list[Run]:
    """Groups in their order, in as few runs as there can be; the last closes the object."""
    cut: list[list[Group | _Closing]] = [list(each) for _, each in groupby(groups, key=lambda group: group.part)] or [[]]
    cut[-1].append(_Closing())
    return [*cut]


class Met:
    """The texts of the rows of a deck, as far as they were met; those that are alike are one."""

    def __init__(self) -> None:
        self._kept: dict[bytes, bytes] = {}

    @cached_property
    def _table(self) -> tuple[NDArray[np.bool_], Objects]:
        """Which rows were met, and their texts; one attribute, so that two threads never see halves of two tables."""
        return np.zeros(ARCHETYPES, dtype=np.bool_), np.empty(ARCHETYPES, dtype=object)

    def texts(self, sessions: GeneratedSessions, make: Callable[[GeneratedSessions], list[bytes]]) -> list[bytes]:
        """The texts of sessions; what is lacking is made and kept, unless a session has not done all of its row yet."""
        met, texts = self._table
        lacking = np.flatnonzero(~met[sessions.row] | sessions.running)  # Looked for first: another thread may be adding what it lacks.
        found: list[bytes] = texts[sessions.row].tolist()
        if not len(lacking):
            return found
        some = sessions if len(lacking) == len(found) else sessions.take(lacking)
        made = make(some)
        for position, text in zip(lacking.tolist(), made, strict=True):
            found[position] = text
        whole = np.flatnonzero(~some.running)
        rows = some.row[whole]
        texts[rows] = objects([self._kept.setdefault(made[each], made[each]) for each in whole.tolist()])
        met[rows] = True
        if met.all():
            self._kept = {}  # Nothing will come that could be alike.
        return found


class Fixed:
    """What is no session's own, of one population.

    What was met is kept from the second batch on: many worlds are asked for one.
    """

    def __init__(self, runs: Sequence[Run]) -> None:
        self._runs = runs
        self._met: list[Met] | None = None

    def texts(self, sessions: GeneratedSessions) -> list[list[bytes]]:
        """The texts of a batch, column by column."""
        if self._met is None:
            self._met = [Met() for _ in self._runs]
            return [group.texts(sessions) for run in self._runs for group in run]
        return [met.texts(sessions, partial(_joined, run)) for met, run in zip(self._met, self._runs, strict=True)]


def _joined(run: Run, sessions: GeneratedSessions) -> list[bytes]:
    return [b"".join(texts) for texts in zip(*(group.texts(sessions) for group in run), strict=True)]
