"""Turn the arguments of calls into what JSON can carry."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from enum import Enum
from math import isfinite
from operator import index
from typing import Any, Final, SupportsFloat, SupportsIndex

from msgspec import Struct
from msgspec.structs import replace


def plain(value: Any, where: str = "") -> Any:
    """Return *value* with subclasses and foreign numbers replaced by the built-in types that JSON has.

    Any number that Python knows, such as those of NumPy, becomes an ``int`` or a ``float``, a ``timedelta`` seconds, a
    ``datetime`` ISO 8601 text. What JSON cannot carry at all is returned as it is. Raises ``ValueError`` for a number that is
    not finite and for a ``datetime`` without a time zone; *where* names the place in the message.
    """
    if type(value).__module__ == "numpy" and hasattr(value, "tolist"):
        value = value.tolist()
    return next((convert(value, where) for kind, convert in _CONVERSIONS if isinstance(value, kind)), value)


def _struct(value: Struct, _where: str) -> Struct:
    return replace(value, **{name: plain(getattr(value, name), name) for name in value.__struct_fields__})


def _mapping(value: Mapping[Any, Any], where: str) -> dict[Any, Any]:
    return {
        plain(name): plain(each, f"{where}.{name}" if where else str(name)) for name, each in value.items()
    }


def _sequence(value: Any, where: str) -> list[Any]:
    return [plain(each, f"{where}[{number}]") for number, each in enumerate(value)]


def _instant(value: datetime, where: str) -> str:
    if value.tzinfo is None:
        raise ValueError(f"{_at(where)}{value!r} has no time zone; give it one, such as tzinfo=UTC")
    return value.isoformat()


def _number(value: SupportsFloat, where: str) -> float:
    number = float(value)
    if not isfinite(number):
        raise ValueError(f"{_at(where)}{value!r} is not a finite number")
    return number


def _at(where: str) -> str:
    return f"{where}: " if where else ""


_CONVERSIONS: Final[tuple[tuple[Any, Callable[[Any, str], Any]], ...]] = (
    (bool, lambda value, _: value),
    (Enum, lambda value, where: plain(value.value, where)),
    (str, lambda value, _: str.__str__(value)),
    (float, _number),
    (datetime, _instant),
    (date, lambda value, _: value.isoformat()),
    (timedelta, lambda value, _: value.total_seconds()),
    (Struct, _struct),
    (Mapping, _mapping),
    (list | tuple | set | frozenset, _sequence),
    (SupportsIndex, lambda value, _: int(index(value))),
    (SupportsFloat, _number),
)
"""A type and its conversion; the first type that fits counts, so subclasses come first."""
