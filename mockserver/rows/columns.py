"""Columns of a vendor's row: a name on the wire and a value for each session."""

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from mockserver.world.model.session_batch import SessionBatch


class Column(Struct, frozen=True):
    """A field of a vendor's row."""

    name: str
    values: Callable[[SessionBatch], Sequence[Any]]
    """Return the value of each session in a batch."""
    own: bool = False
    """True if the value differs between sessions of the same archetype row: an id, a time, a person."""


def entry_column(name: str, entries: str, value_of: Callable[[Any], Any]) -> Column:
    """Return a column computed from each session's entry in a column of the world, such as ``places``."""
    return Column(name, lambda sessions: [value_of(entry) for entry in getattr(sessions, entries)])
