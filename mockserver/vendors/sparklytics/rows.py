"""What every dialect tells of a session alike."""

from typing import Any, Final

import numpy as np

from mockserver.world.model.hashing import Permutation, hexadecimal, key
from mockserver.world.model.session_batch import Event, SessionBatch

_VISITORS: Final = Permutation(key("sparklytics", "visitor_id"), 64)


def durations(sessions: SessionBatch) -> list[int]:
    """Whole seconds between the two times that a row shows."""
    return [end // 1000 - start // 1000 for start, end in zip(sessions.start, sessions.end, strict=True)]


def visitor_ids(sessions: SessionBatch) -> list[str]:
    """The visitors of sessions, 16 hexadecimal digits each."""
    return hexadecimal(_VISITORS.forward(np.array(sessions.visitors, dtype=np.uint64)), 16)


def link(event: Event) -> tuple[str, dict[str, Any]]:
    """The name and the data of the tracker's own event for a click on a link away."""
    return "link_click", {"href": event.properties["url"], "text": event.properties["text"], "external": True}
