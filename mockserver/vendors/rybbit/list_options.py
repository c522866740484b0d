"""Parameters of the list of sessions that were added in 2026: bounds, views, a session id and sorting."""

import re
from collections.abc import Iterator
from math import inf
from typing import Any, Final

from msgspec import Struct

from mockserver.contract.errors import ApiError
from mockserver.vendors.rybbit.filters.conditions import IDENTIFIED
from mockserver.vendors.rybbit.formatting import parse_session_id
from mockserver.vendors.rybbit.sorting import SORT_BY, SORT_ORDER
from mockserver.world.model.query import Condition, Operator

_NUMBER: Final = re.compile(r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*", re.ASCII)
_NO_SESSION: Final = -1
"""A number that is not the number of any session."""
_BOUNDS: Final[tuple[tuple[str, str, Operator], ...]] = (
    ("min_pageviews", "pageviews", "least"),
    ("min_events", "custom_events", "least"),
    ("min_duration", "duration", "least"),
    ("max_pageviews", "pageviews", "most"),
    ("max_events", "custom_events", "most"),
    ("max_duration", "duration", "most"),
)


def _to_seconds(milliseconds: int) -> float:
    return milliseconds / 1000


def _never(_: object) -> bool:
    return False


_MATCHES_NOTHING: Final = Condition("identified", _never, "equals", (True,))
_VIEWS: Final[dict[str, tuple[Condition, ...]]] = {
    "all": (),
    "identified": (IDENTIFIED,),
    "replay": (_MATCHES_NOTHING,),
    "converted": (_MATCHES_NOTHING,),
    "bounced": (Condition("bounce", bool, "equals", (True,)),),
    "errors": (Condition("errors", int, "least", (1,)),),
}
_ENUMS: Final = {
    "view": [*_VIEWS],
    "sort_by": [*SORT_BY],
    "sort_order": [*SORT_ORDER],
    "include_goals": ["true", "false"],
}


class ListOptions(Struct, frozen=True):
    """Requirements on sessions in addition to filters."""

    conditions: tuple[Condition, ...] = ()
    session_number: int | None = None
    """The number of the only session that is requested."""


def parse_list_options(query: Any) -> ListOptions:
    """Return the options of a query; raise :class:`ApiError` with the first error in the vendor's words."""
    bounds = tuple(_parse_bounds(query))
    for name, options in _ENUMS.items():
        value = getattr(query, name)
        if value is not None and value not in options:
            expected = " | ".join(f"'{option}'" for option in options)
            raise ApiError(
                "violation",
                message=f"Invalid {name}: Invalid enum value. Expected {expected}, received '{value}'",
            )
    return ListOptions((*bounds, *_VIEWS[query.view or "all"]), _parse_session_number(query.session_id))


def _parse_bounds(query: Any) -> Iterator[Condition]:
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
            yield Condition(dimension, _to_seconds if dimension == "duration" else int, operator, (bound,))


def _parse_session_number(session_id: str | None) -> int | None:
    if session_id is None:
        return None
    number = parse_session_id(session_id)
    return _NO_SESSION if number is None else number
