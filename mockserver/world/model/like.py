"""SQL's ``LIKE``: ``%`` stands for any text and ``_`` for any character."""

import re
from functools import lru_cache


def contains_like(text: str, pattern: str) -> bool:
    """Return whether a text is ``LIKE '%pattern%'``; the time is bounded by the product of both lengths."""
    if len(text) < len(pattern) - pattern.count("%"):
        return False  # Also keeps long patterns from being compiled.
    at = 0
    for piece in _pieces(pattern):  # The leftmost place of each piece leaves most room for the next.
        if isinstance(piece, str):
            start = text.find(piece, at)
            end = -1 if start < 0 else start + len(piece)
        else:
            match = piece.search(text, at)
            end = match.end() if match else -1
        if end < 0:
            return False
        at = end
    return True


@lru_cache(maxsize=64)
def _pieces(pattern: str) -> tuple[str | re.Pattern[str], ...]:
    """Return the pieces between percent signs; those with underscores as regular expressions."""
    return tuple(_piece(piece) for piece in pattern.split("%") if piece)


def _piece(piece: str) -> str | re.Pattern[str]:
    return re.compile(".".join(map(re.escape, piece.split("_"))), re.DOTALL) if "_" in piece else piece
