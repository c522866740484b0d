"""Queries: which sessions of a site, by time, by conditions and by visitor."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final, Literal

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
    "equals": lambda value, operand: bool(value == operand),
    "contains": lambda value, operand: str(operand) in str(value),
    "starts": lambda value, operand: str(value).startswith(str(operand)),
    "ends": lambda value, operand: str(value).endswith(str(operand)),
    "like": lambda value, operand: contains_like(str(value), str(operand)),
    "regex": lambda value, operand: _pattern(operand).search(str(value)) is not None,
    "greater": lambda value, operand: bool(value > operand),
    "less": lambda value, operand: bool(value < operand),
    "least": lambda value, operand: bool(value >= operand),
    "most": lambda value, operand: bool(value <= operand),
    "near": lambda value, operand: bool(abs(value - operand) <= _NEAR),
}


class Condition(Struct, frozen=True):
    """A predicate on sessions.

    True if ``of(entry)`` passes the test for at least one of the session's entries of a dimension.

    ``of`` must be a module-level function, so that equal conditions compare equal and share cached results.
    """

    dimension: str
    """One of ``mockserver.world.generator.archetypes.dimensions.DIMENSIONS``."""
    of: Callable[[Any], Any]
    operator: Operator
    values: tuple[Any, ...]
    """Alternatives, of which one must match."""
    negate: bool = False
    """True to match sessions of which no entry passes."""
    same_event: bool = False
    """True if one event must pass this condition and all others of the query that say so.

    The dimension must have an entry for every event; ``negate`` is ignored.
    """

    def passes(self, entry: object) -> bool:
        """Return True if an entry passes the test, before negation."""
        value = self.of(entry)
        test = _OPERATORS[self.operator]
        return any(test(value, operand) for operand in self.values)


WHILE_ANONYMOUS: Final = "\0"
"""Prefix of a visitor's hexadecimal number that selects only the sessions before the login."""


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
