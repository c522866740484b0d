"""Queries: which sessions of a site, by time, by conditions and by visitor."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Literal

from msgspec import Struct

from mockserver.world.model.like import contains_like

Operator = Literal[
    "equals", "contains", "starts", "ends", "like", "regex", "greater", "less", "least", "most", "near"
]
_NEAR = 0.001


@lru_cache(maxsize=64)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text)


_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "equals": lambda value, wanted: bool(value == wanted),
    "contains": lambda value, wanted: str(wanted) in str(value),
    "starts": lambda value, wanted: str(value).startswith(str(wanted)),
    "ends": lambda value, wanted: str(value).endswith(str(wanted)),
    "like": lambda value, wanted: contains_like(str(value), str(wanted)),
    "regex": lambda value, wanted: _pattern(wanted).search(str(value)) is not None,
    "greater": lambda value, wanted: bool(value > wanted),
    "less": lambda value, wanted: bool(value < wanted),
    "least": lambda value, wanted: bool(value >= wanted),
    "most": lambda value, wanted: bool(value <= wanted),
    "near": lambda value, wanted: bool(abs(value - wanted) <= _NEAR),
}


class Condition(Struct, frozen=True):
    """A predicate on sessions.

    True if ``of(entry)`` passes the test for at least one of the session's entries of a dimension.

    ``of`` must be a module-level function, so that equal conditions compare equal and share cached results.
    """

    dimension: str
    """One of ``mockserver.world.generator.dimensions.DIMENSIONS``."""
    of: Callable[[Any], Any]
    operator: Operator
    values: tuple[Any, ...]
    """Alternatives, of which one must match."""
    negate: bool = False
    """True to match sessions of which no entry passes."""

    def passes(self, entry: object) -> bool:
        """Return True if an entry passes the test, before negation."""
        value = self.of(entry)
        test = _OPERATORS[self.operator]
        return any(test(value, wanted) for wanted in self.values)


class Query(Struct, frozen=True):
    """Criteria for sessions of a site; instants are Unix milliseconds."""

    start: int | None = None
    """Only sessions that start at or after it."""
    stop: int | None = None
    """Only sessions that start before it."""
    where: tuple[Condition, ...] = ()
    """All must be met."""
    actors: tuple[tuple[str, ...], ...] = ()
    """Groups of visitors, by user id or by 12 hexadecimal digits; only sessions of a visitor in each group.
    """
    others: tuple[str, ...] = ()
    """Visitors whose sessions are left out."""
    bots: bool = False
    """True to include sessions of bots."""
    session: int | None = None
    """Only the session with this number."""
