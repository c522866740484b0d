"""Convert arguments of calls to values that JSON can represent."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from enum import Enum
from math import isfinite
from operator import index
from typing import Any, Final, SupportsFloat, SupportsIndex

from msgspec import Struct
from msgspec.structs import replace


def to_plain(value: Any, where: str = "") -> Any:
    """Convert subclasses and numbers of other libraries, such as NumPy, to the built-in types of JSON.

    A ``timedelta`` becomes seconds, a ``datetime`` ISO 8601 text. Values that JSON cannot represent are
    returned unchanged. Raises ``ValueError`` for a number that is not finite and for a ``datetime`` without a
    time zone; *where* is the name of the value in the message.
    """
    if type(value) in _PLAIN:
        return value
    if type(value).__module__ == "numpy" and hasattr(value, "tolist"):
        value = value.tolist()
    return next((convert(value, where) for kind, convert in _CONVERSIONS if isinstance(value, kind)), value)


def _convert_struct(value: Struct, _where: str) -> Struct:
    return replace(value, **{name: to_plain(getattr(value, name), name) for name in value.__struct_fields__})


def _convert_mapping(value: Mapping[Any, Any], where: str) -> dict[Any, Any]:
    return {
        to_plain(name): to_plain(item, f"{where}.{name}" if where else str(name))
        for name, item in value.items()
    }


def _convert_sequence(value: Any, where: str) -> list[Any]:
    return [to_plain(item, f"{where}[{position}]") for position, item in enumerate(value)]


def _format_instant(value: datetime, where: str) -> str:
    if value.tzinfo is None:
        raise ValueError(f"{_prefix(where)}{value!r} has no time zone; give it one, such as tzinfo=UTC")
    return value.isoformat()


def _convert_number(value: SupportsFloat, where: str) -> float:
    number = float(value)
    if not isfinite(number):
        raise ValueError(f"{_prefix(where)}{value!r} is not a finite number")
    return number


def _prefix(where: str) -> str:
    return f"{where}: " if where else ""


_PLAIN: Final = frozenset({str, int, bool, type(None)})
"""Types of which every value can stay as it is."""
_CONVERSIONS: Final[tuple[tuple[Any, Callable[[Any, str], Any]], ...]] = (
    (bool, lambda value, _: value),
    (Enum, lambda value, where: to_plain(value.value, where)),
    (str, lambda value, _: str.__str__(value)),
    (float, _convert_number),
    (datetime, _format_instant),
    (date, lambda value, _: value.isoformat()),
    (timedelta, lambda value, _: value.total_seconds()),
    (Struct, _convert_struct),
    (Mapping, _convert_mapping),
    (list | tuple | set | frozenset, _convert_sequence),
    (SupportsIndex, lambda value, _: int(index(value))),
    (SupportsFloat, _convert_number),
)
"""Types with their conversions; the first match counts, so subclasses come first."""
