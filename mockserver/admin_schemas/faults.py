"""Kinds of faults."""

from typing import Any

from msgspec import Struct


class FaultArgument(Struct, kw_only=True):
    """An argument of a kind of fault, described for people."""

    name: str
    type: str
    default: str
    description: str


class FaultKind(Struct, kw_only=True):
    """A kind of fault."""

    kind: str
    description: str
    arguments: list[FaultArgument]
    example: dict[str, Any]
    """A valid fault of this kind."""


class FaultKinds(Struct, kw_only=True):
    """All kinds of faults."""

    conditions: list[FaultArgument]
    """Arguments that every kind has; they decide when a fault triggers."""
    kinds: list[FaultKind]
