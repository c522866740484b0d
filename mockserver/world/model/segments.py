"""Segments: named predicates on sessions."""

from collections.abc import Callable, Mapping
from functools import cache
from operator import attrgetter
from typing import Any, Final

from msgspec import Struct

from mockserver._util.suggest import suggest
from mockserver.world.model.query import Condition
from mockserver.world.model.spec import WorldError


class Segment(Struct, frozen=True):
    """A named predicate on sessions."""

    name: str
    where: tuple[Condition, ...]


def _identity(entry: Any) -> Any:
    return entry


FILTERS: Final[dict[str, tuple[str, Callable[[Any], Any]]]] = {
    "country": ("place", attrgetter("country")),
    "region": ("place", attrgetter("region")),
    "city": ("place", attrgetter("city")),
    "language": ("language", _identity),
    "device": ("agent", attrgetter("device")),
    "os": ("agent", attrgetter("os")),
    "browser": ("agent", attrgetter("browser")),
    "channel": ("acquisition", attrgetter("channel")),
    "referrer": ("acquisition", attrgetter("referrer")),
    "utm_source": ("acquisition", attrgetter("utm_source")),
    "utm_medium": ("acquisition", attrgetter("utm_medium")),
    "utm_campaign": ("acquisition", attrgetter("utm_campaign")),
    "hostname": ("hostname", _identity),
    "entry_page": ("entry", attrgetter("path")),
    "exit_page": ("exit", attrgetter("path")),
    "page": ("page", attrgetter("path")),
    "event": ("action", attrgetter("name")),
    "identified": ("identified", _identity),
    "returning": ("returning", _identity),
    "bounce": ("bounce", _identity),
}
"""Filters of user-defined segments: dimension, and the compared value of an entry."""

_BUILT_IN: Final[dict[str, dict[str, Any]]] = {
    "everyone": {},
    "mobile": {"device": "mobile"},
    "desktop": {"device": "desktop"},
    "returning": {"returning": True},
    "new": {"returning": False},
    "identified": {"identified": True},
    "anonymous": {"identified": False},
    "bounced": {"bounce": True},
    "paid": {"channel": ["Paid Search", "Paid Social", "Display"]},
    "nobody": {"country": "ZZ"},
}


def build_segments(defined: Mapping[str, Mapping[str, Any]]) -> dict[str, Segment]:
    """Return built-in and defined segments by name; raises :class:`WorldError` if invalid."""
    return {**_build_built_in(), **_build(defined)}


@cache
def _build_built_in() -> dict[str, Segment]:
    return _build(_BUILT_IN)


def _build(defined: Mapping[str, Mapping[str, Any]]) -> dict[str, Segment]:
    return {name: Segment(name, _parse_filters(name, filters)) for name, filters in defined.items()}


def _parse_filters(name: str, filters: Mapping[str, Any]) -> tuple[Condition, ...]:
    conditions = []
    for field, values in filters.items():
        if field not in FILTERS:
            raise WorldError(
                f"world spec: segment {name!r} has unknown filter {field!r}; {suggest(field, FILTERS)}",
                path=("segments", name, field),
            )
        dimension, of = FILTERS[field]
        alternatives = tuple(values) if isinstance(values, list | tuple) else (values,)
        if any(not isinstance(value, str | int | float | None) for value in alternatives):
            raise WorldError(
                f"world spec: segment {name!r} has invalid value {values!r} for {field!r};"
                " expected text, number, boolean or a list of these",
                path=("segments", name, field),
            )
        conditions.append(Condition(dimension, of, "equals", alternatives))
    return tuple(conditions)
