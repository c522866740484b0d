"""Ids of sessions (hexadecimal digits) and events (random UUIDs) in the server's formats."""

from bisect import bisect_left
from typing import Final
from uuid import UUID

import numpy as np

from mockserver.world.model.hashing import draw, draw_one, hexadecimal, key, u64
from mockserver.world.model.session_batch import SessionBatch

_NUMBER_BITS: Final = 56
"""Size of a session number. The other 8 bits of an id are a check value, so that guessed ids are unknown."""
_CHECK_KEY: Final = key("sparklytics", "session_id")


def format_session_ids(sessions: SessionBatch) -> list[str]:
    """Return the ids of sessions; they sort like the session numbers."""
    numbers = np.array(sessions.ids, dtype=np.uint64)
    check_bits = draw(_CHECK_KEY, numbers) >> u64(_NUMBER_BITS)
    return hexadecimal((numbers << u64(64 - _NUMBER_BITS)) | check_bits, 16)


def format_session_id(number: int) -> str:
    check_bits = draw_one(_CHECK_KEY, number) >> _NUMBER_BITS
    return f"{number << (64 - _NUMBER_BITS) | check_bits:016x}"


def parse_session_id(identifier: str) -> int | None:
    """Return the session number of an id, or None if the text is not an id."""
    number = find_first_number(identifier)
    is_id = number < 1 << _NUMBER_BITS and format_session_id(number) == identifier
    return number if is_id else None


def find_first_number(text: str) -> int:
    """Return the smallest session number whose id is not less than a text, compared as texts."""
    return bisect_left(range(1 << _NUMBER_BITS), text, key=format_session_id)


def create_event_id(site_key: int, number: int, position: int) -> str:
    high, low = (key(site_key, "event", number, position, half) for half in (0, 1))
    return str(UUID(int=high << 64 | low, version=4))
