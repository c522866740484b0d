"""Columns of a vendor's row: a name on the wire and a value for each session."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from msgspec import Struct

from mockserver.world.model.session_batch import SessionBatch


class EntryValue(NamedTuple):
    """A value that follows from a session's entry in a column of the world."""

    entries: str
    """The column of the world, such as ``places``."""
    value_of: Callable[[Any], Any]
    """Return the value of an entry."""


class Column(Struct, frozen=True):
    """A field of a vendor's row."""

    name: str
    values: Callable[[SessionBatch], Sequence[Any]]
    """Return the value of each session in a batch."""
    own: bool = False
    """True if the value differs between sessions of the same archetype row: an id, a time, a person."""
    entry: EntryValue | None = None
    """How the value is computed, if it follows from one entry: its JSON is then the same in all worlds."""


def entry_column(name: str, entries: str, value_of: Callable[[Any], Any]) -> Column:
    """Return a column computed from each session's entry in a column of the world, such as ``places``."""

    def list_values(sessions: SessionBatch) -> list[Any]:
        return [value_of(entry) for entry in getattr(sessions, entries)]

    return Column(name, list_values, entry=EntryValue(entries, value_of))
