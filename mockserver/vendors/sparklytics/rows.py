"""Values of rows that are the same in every dialect."""

import re
from typing import Any, Final

import numpy as np

from mockserver.world.model.hashing import Permutation, hexadecimal, key
from mockserver.world.model.session_batch import Event, SessionBatch

_VISITOR_BITS: Final = 48
_VISITORS: Final = Permutation(key("sparklytics", "visitor_id"), 64)


def compute_durations(sessions: SessionBatch) -> list[int]:
    """Return the difference between the two times of each row, in whole seconds."""
    durations: list[int] = (sessions.ends // 1000 - sessions.starts // 1000).tolist()
    return durations


def format_visitor_ids(sessions: SessionBatch) -> list[str]:
    """Return the visitor id of each session: 16 hexadecimal digits."""
    return hexadecimal(_VISITORS.forward(np.array(sessions.visitors, dtype=np.uint64)), 16)


def parse_visitor_id(identifier: str) -> int | None:
    """Return the visitor number of an id, None for an id that no visitor has."""
    if not re.fullmatch("[0-9a-f]{16}", identifier):
        return None
    number = int(_VISITORS.back(np.array([int(identifier, 16)], dtype=np.uint64))[0])
    return number if number < 1 << _VISITOR_BITS else None


def describe_link_click(event: Event) -> tuple[str, dict[str, Any]]:
    """Return name and data of the event that the vendor's tracker sends for a click on an external link."""
    return "link_click", {"href": event.properties["url"], "text": event.properties["text"], "external": True}
