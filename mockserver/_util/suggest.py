"""Suggestions for unknown names."""

from collections.abc import Iterable
from typing import Final

_MOST_KNOWN: Final = 20
"""Longer lists are cut."""


def nearest(word: object, known: Iterable[str]) -> str | None:
    """Return the known word nearest to *word*, or None if none is similar."""
    from difflib import get_close_matches  # noqa: PLC0415 -- only errors need it

    return next(iter(get_close_matches(str(word), list(known), 1)), None)


def suggest(word: object, known: Iterable[str]) -> str:
    """Return the second half of an error message: the known word nearest to *word*, or all known words."""
    words = list(known)
    match = nearest(word, words)
    if match is not None:
        return f"did you mean {match!r}?"
    rest = ["…"] if len(words) > _MOST_KNOWN else []
    return f"known are {', '.join(words[:_MOST_KNOWN] + rest) or 'none'}"
