"""What else the list can be asked for since 2026, or what is wrong with how it is asked."""

import re
from collections.abc import Iterator
from math import inf
from typing import Any, Final

from msgspec import Struct

from mockserver.contract.errors import ApiError
from mockserver.vendors.rybbit.filters.conditions import IDENTIFIED
from mockserver.vendors.rybbit.formatting import session_number
from mockserver.vendors.rybbit.sorting import SORTS, WAYS
from mockserver.world.model.query import Condition, Operator

_NUMBER: Final = re.compile(r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*", re.ASCII)
_NOBODY: Final = -1
_BOUNDS: Final[tuple[tuple[str, str, Operator], ...]] = (
    ("min_pageviews", "pageviews", "least"),
    ("min_events", "custom_events", "least"),
    ("min_duration", "duration", "least"),
    ("max_pageviews", "pageviews", "most"),
    ("max_events", "custom_events", "most"),
    ("max_duration", "duration", "most"),
)


def _seconds(milliseconds: int) -> float:
    return milliseconds / 1000


def _never(_: object) -> bool:
    return False


_NONE: Final = Condition("identified", _never, "equals", (True,))
_VIEWS: Final[dict[str, tuple[Condition, ...]]] = {
    "all": (),
    "identified": (IDENTIFIED,),
    "replay": (_NONE,),
    "converted": (_NONE,),
    "bounced": (Condition("bounce", bool, "equals", (True,)),),
    "errors": (Condition("errors", int, "least", (1,)),),
}
_WORDS: Final = {
    "view": [*_VIEWS],
    "sort_by": [*SORTS],
    "sort_order": [*WAYS][::-1],
    "include_goals": ["true", "false"],
}


class Options(Struct, frozen=True):
    """What sessions must meet beside filters."""

    where: tuple[Condition, ...] = ()
    session: int | None = None
    """The number of the only one that is wanted."""


def options(query: Any) -> Options:
    """The options of a query, or :class:`ApiError` with the first fault in the vendor's words."""
    where = tuple(_bounds(query))
    for name, words in _WORDS.items():
        said = getattr(query, name)
        if said is not None and said not in words:
            known = " | ".join(f"'{word}'" for word in words)
            raise ApiError(
                "violation",
                message=f"Invalid {name}: Invalid enum value. Expected {known}, received '{said}'",
            )
    return Options(
        (*where, *_VIEWS[query.view or "all"]),
        None if query.session_id is None else _number(query.session_id),
    )


def _bounds(query: Any) -> Iterator[Condition]:
    for name, dimension, operator in _BOUNDS:
        text = getattr(query, name)
        if text is None:
            continue
        if not _NUMBER.fullmatch(text):
            raise ApiError("violation", message=f"Invalid {name}: Expected number, received nan")
        bound = float(text)
        if bound < 0:
            raise ApiError("violation", message=f"Invalid {name}: Number must be greater than or equal to 0")
        if operator == "least" or bound < inf:
            yield Condition(dimension, _seconds if dimension == "duration" else int, operator, (bound,))


def _number(session: str) -> int:
    number = session_number(session)
    return _NOBODY if number is None else number
