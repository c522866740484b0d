"""Parameters of the list of sessions that were added in 2026: bounds, views, a session id and sorting."""

import re
from collections.abc import Iterator
from math import inf, isnan
from typing import Any, Final

from msgspec import Struct

from mockserver.contract.errors import ApiError
from mockserver.rows.columns import Column, entry_column
from mockserver.vendors.rybbit.filters.conditions import IDENTIFIED
from mockserver.vendors.rybbit.session_list.sorting import SORT_BY, SORT_ORDER
from mockserver.vendors.rybbit.times.javascript import to_number
from mockserver.vendors.rybbit.values.formatting import parse_session_id
from mockserver.world.model.query import Condition, Operator

_LEADING_INTEGER: Final = re.compile(r"\s*([+-]?[0-9]+)", re.ASCII)
_MAX_BOUND: Final = 2**31 - 1
_NO_SESSION: Final = -1
"""A number that is not the number of any session."""
_DIMENSIONS: Final = {"pageviews": "pageviews", "events": "custom_events", "duration": "duration"}
_OPERATORS: Final[dict[str, Operator]] = {"min": "least", "max": "most"}
_BOUNDS_OF_JULY: Final = ("min_pageviews", "min_events", "min_duration")
_BOUNDS: Final = tuple(f"{side}_{name}" for name in _DIMENSIONS for side in _OPERATORS)
_CONVERTED_GOALS: Final = (entry_column("converted_goals", "places", lambda _: []),)
"""The goals of each session; there are none."""


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
    "bounced": (Condition("pageviews", int, "equals", (1,)),),
    "errors": (Condition("errors", int, "least", (1,)),),
}
_ENUMS: Final = {
    "view": [*_VIEWS],
    "sort_by": [*SORT_BY],
    "sort_order": [*SORT_ORDER],
    "include_goals": ["true", "false"],
}


def _describe_options(name: str) -> str:
    return " | ".join(f"'{option}'" for option in _ENUMS[name])


REPEATED_OPTIONS: Final = {
    name: f"Invalid {name}: Expected {_describe_options(name)}, received array" for name in _ENUMS
}
"""The vendor's message for each option that is sent more than once."""


class ListOptions(Struct, frozen=True):
    """Requirements on sessions in addition to filters."""

    conditions: tuple[Condition, ...] = ()
    session_number: int | None = None
    """The number of the only session that is requested."""
    extra_columns: tuple[Column, ...] = ()
    """Columns of the rows that only some requests get."""


def parse_list_options(query: Any) -> ListOptions:
    """Return the options of a query; raise :class:`ApiError` with the first error in the vendor's words."""
    for name, options in _ENUMS.items():
        value = getattr(query, name)
        if value is not None and value not in options:
            raise ApiError(
                "violation",
                message=(
                    f"Invalid {name}: Invalid enum value. Expected {_describe_options(name)},"
                    f" received '{value}'"
                ),
            )
    bounds = tuple(_parse_bounds(query))
    columns = _CONVERTED_GOALS if query.include_goals == "true" else ()
    return ListOptions(
        (*bounds, *_VIEWS[query.view or "all"]), _parse_session_number(query.session_id), columns
    )


def parse_list_options_of_july(query: Any) -> ListOptions:
    """Return the options that the server of July 2026 knows; raise :class:`ApiError` for a bound of no digits."""
    bounds: list[Condition] = []
    for name in _BOUNDS_OF_JULY:
        text = getattr(query, name)
        if not text:
            continue
        match = _LEADING_INTEGER.match(text)
        if match is None:
            raise ApiError("failed_sessions", message=f"{name}: {text!r} does not begin with an integer")
        bounds.append(_build_bound(name, int(match[1])))
    return ListOptions(tuple(bounds), _parse_session_number(query.session_id))


def _parse_bounds(query: Any) -> Iterator[Condition]:
    for name in _BOUNDS:
        text = getattr(query, name)
        if not text:
            continue
        number = to_number(text)
        problem = _find_problem(number)
        if problem:
            raise ApiError("violation", message=f"Invalid {name}: {problem}")
        yield _build_bound(name, int(number))


def _find_problem(bound: float) -> str | None:
    """Return the vendor's message for a bound that is invalid."""
    if isnan(bound):
        return "Expected number, received nan"
    if bound in (inf, -inf) or not bound.is_integer():
        return "Expected integer, received float"
    if bound < 0:
        return "Number must be greater than or equal to 0"
    return f"Number must be less than or equal to {_MAX_BOUND}" if bound > _MAX_BOUND else None


def _build_bound(name: str, number: int) -> Condition:
    side, _, column = name.partition("_")
    to_value = _to_seconds if column == "duration" else int
    return Condition(_DIMENSIONS[column], to_value, _OPERATORS[side], (number,))


def _parse_session_number(session_id: str | None) -> int | None:
    if not session_id:
        return None
    number = parse_session_id(session_id)
    return _NO_SESSION if number is None else number
