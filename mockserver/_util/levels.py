"""Levels of findings, for server and client."""

from typing import Final, Literal, get_args

Level = Literal["error", "warning", "note"]
"""How certain it is that a client is wrong.

``error``: the client violates the documented contract, loses, repeats or invents data, or overloads the
server; the exchanges prove it. ``warning``: very likely a defect, but a correct client may have a reason.
``note``: advice, which a correct client gets too.
"""
LEVELS: Final[tuple[Level, ...]] = get_args(Level)
"""The levels, the most severe one first."""
