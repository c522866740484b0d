"""Questions to a world: which sessions, by time, by what they are, and by whose they are."""

import re
from collections.abc import Callable
from functools import cache
from typing import Any, Literal

from msgspec import Struct

Operator = Literal["equals", "contains", "starts", "ends", "regex", "greater", "less", "least", "most", "near"]
_NEAR = 0.001


@cache
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text)


_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "equals": lambda held, asked: bool(held == asked),
    "contains": lambda held, asked: str(asked) in str(held),
    "starts": lambda held, asked: str(held).startswith(str(asked)),
    "ends": lambda held, asked: str(held).endswith(str(asked)),
    "regex": lambda held, asked: _pattern(asked).search(str(held)) is not None,
    "greater": lambda held, asked: bool(held > asked),
    "less": lambda held, asked: bool(held < asked),
    "least": lambda held, asked: bool(held >= asked),
    "most": lambda held, asked: bool(held <= asked),
    "near": lambda held, asked: bool(abs(held - asked) <= _NEAR),
}


class Condition(Struct, frozen=True):
    """A predicate on sessions: some value of ``of(entry)``, over the session's entries of a dimension, passes the test.

    ``of`` is a module-level function, so that equal conditions are equal and what was evaluated for one serves the other.
    """

    dimension: str
    """One of ``mockserver.world.generator.dimensions.DIMENSIONS``."""
    of: Callable[[Any], Any]
    operator: Operator
    values: tuple[Any, ...]
    """Alternatives: one is enough."""
    negate: bool = False
    """Whether no value may pass instead."""

    def passes(self, entry: object) -> bool:
        """Whether one entry of the dimension passes the test, ``negate`` aside."""
        held, test = self.of(entry), _OPERATORS[self.operator]
        return any(test(held, asked) for asked in self.values)


class Query(Struct, frozen=True):
    """Which sessions of a site are asked for; instants are Unix milliseconds."""

    start: int | None = None
    """No session that starts before."""
    stop: int | None = None
    """No session that starts at or after."""
    where: tuple[Condition, ...] = ()
    """All must hold."""
    actors: tuple[tuple[str, ...], ...] = ()
    """Of each of these, only the sessions of one: visitors told by a user id or by the 12 hexadecimal digits of a visitor."""
    others: tuple[str, ...] = ()
    """No session of these visitors."""
    bots: bool = False
    """Whether the sessions of bots are wanted beside those of people."""
    session: int | None = None
    """Only the session with this number."""
