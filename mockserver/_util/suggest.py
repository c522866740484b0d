"""Suggestions for unknown names."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

_MOST_KNOWN: Final = 20
"""Longer lists are cut."""


def suggest(word: object, known: Iterable[str]) -> str:
    """Return the second half of an error message: the known word nearest to *word*, or all known words."""
    words = list(known)
    matches = get_close_matches(str(word), words, 1)
    if matches:
        return f"did you mean {matches[0]!r}?"
    rest = ["…"] if len(words) > _MOST_KNOWN else []
    return f"known are {', '.join(words[:_MOST_KNOWN] + rest) or 'none'}"
