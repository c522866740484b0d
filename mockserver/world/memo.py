"""What is made of a value once, found again by the value itself and not by what is in it."""

from collections.abc import Callable
from typing import Any, Final, Generic, TypeVar

M = TypeVar("M")
_MOST: Final = 32
"""What was made first gives way."""


class Memo(Generic[M]):
    """Makes something of a value when it first comes.

    Vocabularies and their columns are long: to compare them would cost more than it saves.
    """

    def __init__(self, make: Callable[[Any], M]) -> None:
        self._make = make
        self._kept: dict[int, tuple[Any, M]] = {}

    def __call__(self, value: Any) -> M:
        """What is made of a value."""
        kept = self._kept.get(id(value))
        if kept is None:
            kept = self._kept[id(value)] = (value, self._make(value))  # It holds the value: no other gets its id.
            for old in list(self._kept)[:-_MOST]:
                self._kept.pop(old, None)
        return kept[1]
