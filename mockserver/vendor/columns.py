"""The columns of a vendor's row: what it tells of each session, and what that follows from."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from msgspec import Struct

from mockserver.vendor.texts import Texts
from mockserver.world.model.session_batch import SessionBatch

STORY: Final = "story"
"""What happens in an archetype, and when, counted from its start."""
PARTS: Final = {"places": "visitor", "agents": "visitor", "languages": "visitor", "acquisitions": "arrival", "hostnames": "arrival"}
"""Columns of entries that belong together: in many archetypes all of a part is the same."""


def _itself(entry: Any) -> Any:
    return entry


class Column(Struct, frozen=True):
    """A field of a vendor's row: its name on the wire and its value for every session of a batch."""

    name: str
    values: Callable[[SessionBatch], Sequence[Any]]
    own: bool = False
    """Whether it differs between sessions of the same archetype."""
    texts: Texts | None = None
    """A quicker way to the values as JSON, for batches of the seeded world."""
    of: str | None = None
    """What of the archetype decides: its entry of a column such as ``places``, or ``story``, what happens in it; ``None`` for all of it."""
    tell: Callable[[Any], Any] = _itself
    """From an entry to the value."""


def of(entries: str, name: str, tell: Callable[[Any], Any]) -> Column:
    """A field that tells something of each session's entry of a column such as ``places``."""
    return Column(name, lambda sessions: [tell(entry) for entry in getattr(sessions, entries)], of=entries, tell=tell)


def of_story(name: str, values: Callable[[SessionBatch], Sequence[Any]]) -> Column:
    """A field that follows from what happens in a session, and when, counted from its start."""
    return Column(name, values, of=STORY)
