"""Ids of sessions and events as the server makes them: hexadecimal digits of hashes, and random UUIDs."""

from bisect import bisect_left
from typing import Final
from uuid import UUID

import numpy as np

from mockserver.world.model.hashing import draw, draw_one, hexadecimal, key, u64
from mockserver.world.model.session_batch import SessionBatch

_BITS: Final = 56
"""Of a session number. The other eight of an id follow from it, so that an id nobody was given is none."""
_OTHERS: Final = key("sparklytics", "session_id")


def session_ids(sessions: SessionBatch) -> list[str]:
    """The ids of sessions, in the same order as their numbers."""
    numbers = np.array(sessions.ids, dtype=np.uint64)
    return hexadecimal((numbers << u64(64 - _BITS)) | (draw(_OTHERS, numbers) >> u64(_BITS)), 16)


def session_id(number: int) -> str:
    """The id of a session number."""
    return f"{number << (64 - _BITS) | draw_one(_OTHERS, number) >> _BITS:016x}"


def session_number(identifier: str) -> int | None:
    """The session number of an id; ``None`` for a text that is none."""
    number = first_from(identifier)
    return number if number < 1 << _BITS and session_id(number) == identifier else None


def first_from(text: str) -> int:
    """The least session number whose id comes not before a text, as texts are compared."""
    return bisect_left(range(1 << _BITS), text, key=session_id)


def event_id(site_key: int, number: int, position: int) -> str:
    """The id of an event of a session."""
    high, low = (key(site_key, "event", number, position, half) for half in (0, 1))
    return str(UUID(int=high << 64 | low, version=4))
