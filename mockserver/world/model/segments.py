"""Segments: named predicates on sessions."""

from collections.abc import Callable, Mapping
from functools import cache
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


def _field(name: str) -> Callable[[Any], Any]:
    def get(entry: Any) -> Any:
        return getattr(entry, name)

    return get


FILTERS: Final[dict[str, tuple[str, Callable[[Any], Any]]]] = {
    "country": ("place", _field("country")),
    "region": ("place", _field("region")),
    "city": ("place", _field("city")),
    "language": ("language", _identity),
    "device": ("agent", _field("device")),
    "os": ("agent", _field("os")),
    "browser": ("agent", _field("browser")),
    "channel": ("acquisition", _field("channel")),
    "referrer": ("acquisition", _field("referrer")),
    "utm_source": ("acquisition", _field("utm_source")),
    "utm_medium": ("acquisition", _field("utm_medium")),
    "utm_campaign": ("acquisition", _field("utm_campaign")),
    "hostname": ("hostname", _identity),
    "entry_page": ("entry", _field("path")),
    "exit_page": ("exit", _field("path")),
    "page": ("page", _field("path")),
    "event": ("action", _field("name")),
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
    """Return the built-in segments and those defined in a spec, by name.

    Raises :class:`WorldError` for an unknown filter.
    """
    return {**_build_built_in(), **_build(defined)}


@cache
def _build_built_in() -> dict[str, Segment]:
    return _build(_BUILT_IN)


def _build(defined: Mapping[str, Mapping[str, Any]]) -> dict[str, Segment]:
    return {name: Segment(name, _parse_filters(name, filters)) for name, filters in defined.items()}


def _parse_filters(name: str, filters: Mapping[str, Any]) -> tuple[Condition, ...]:
    conditions = []
    for word, values in filters.items():
        if word not in FILTERS:
            raise WorldError(
                f"world spec: segment {name!r} has unknown filter {word!r}; {suggest(word, FILTERS)}"
            )
        dimension, of = FILTERS[word]
        several = tuple(values) if isinstance(values, list | tuple) else (values,)
        if any(not isinstance(value, str | int | float | None) for value in several):
            raise WorldError(
                f"world spec: segment {name!r} has invalid value {values!r} for {word!r};"
                " expected text, number, boolean or a list of these"
            )
        conditions.append(Condition(dimension, of, "equals", several))
    return tuple(conditions)
