"""What kinds of values are called, and whether a value is of one."""

import re
from collections.abc import Mapping
from math import isfinite
from operator import ge, gt, le, lt
from typing import Any, Final

from msgspec import inspect, json

_NAMES: Final[dict[type[inspect.Type], str]] = {
    inspect.NoneType: "null",
    inspect.BoolType: "true or false",
    inspect.IntType: "a whole number",
    inspect.FloatType: "a number",
    inspect.StrType: "a text",
    inspect.StructType: "an object",
    inspect.DictType: "an object",
    inspect.ListType: "a list",
    inspect.VarTupleType: "a list",
}
_DIGITS: Final = 40
_BOUNDS: Final = (("ge", ge, "at least"), ("gt", gt, "greater than"), ("le", le, "at most"), ("lt", lt, "less than"))


def is_like(raw: Any, kind: inspect.Type) -> bool:
    """Whether a value is of a kind, whatever its bounds are."""
    if isinstance(kind, inspect.LiteralType):
        return _name(raw) in map(_name, kind.values)
    if isinstance(kind, inspect.UnionType):
        return any(is_like(raw, each) for each in kind.types)
    wanted, found = _NAMES.get(type(kind)), _name(raw)
    return wanted in (None, found) or (wanted, found) == ("a number", "a whole number")


def is_within(raw: Any, kind: inspect.Type) -> bool:
    """Whether a value that is of a kind is within its bounds."""
    match kind:
        case inspect.IntType() | inspect.FloatType():
            return all(compare(raw, getattr(kind, name)) for name, compare, _ in _BOUNDS if getattr(kind, name) is not None)
        case inspect.StrType(min_length=least, max_length=most, pattern=pattern):
            long = (least or 0) <= len(raw) <= (len(raw) if most is None else most)
            return long and (pattern is None or re.search(pattern, raw) is not None)
    return True


def wanted(kind: inspect.Type) -> str:
    """What a value must be."""
    match kind:
        case inspect.Metadata(type=inner):
            return described(kind) or wanted(inner)
        case inspect.UnionType(types=types):
            return " or ".join(wanted(each) for each in types if not isinstance(each, inspect.NoneType))
        case inspect.LiteralType(values=words):
            return " or ".join(map(repr, words))
    return _NAMES.get(type(kind), "another value") + _bounds(kind)


def described(kind: inspect.Metadata) -> str | None:
    """What the type itself says that a value must be."""
    return (kind.extra_json_schema or {}).get("description")


def must(place: str, words: str, raw: Any, *, like: bool = False) -> str:
    """That a value must be something else; a wrong number is repeated, of all else only the kind is said, because it may be a secret."""
    found = _number(raw) if "number" in words and isinstance(raw, bool | int | float) else _name(raw)
    return f"{place or 'it'} must be {words}" + ("" if like or words.startswith(found) else f", and is {found}")


def _number(raw: float) -> str:
    """Write a number, true or false as JSON does, and what JSON cannot write as Python does; count the digits of a very long number."""
    if isinstance(raw, float) and not isfinite(raw):
        return repr(raw)
    return json.encode(raw).decode() if abs(raw) < 10**_DIGITS else f"longer than {_DIGITS} digits"


def _name(raw: Any) -> str:
    """What kind of value it is."""
    match raw:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float():
            return "a whole number" if raw == raw // 1 else "a number"
        case str():
            return "a text"
        case Mapping():
            return "an object"
    return "a list"


def _bounds(kind: inspect.Type) -> str:
    match kind:
        case inspect.StrType(min_length=least, max_length=most) if least or most:
            return f" of {least or 0} to {most} characters" if most else " that is not empty"
        case inspect.StrType(pattern=pattern) if pattern:
            return f" of the form {pattern}"
        case inspect.IntType() | inspect.FloatType():
            if kind.ge is not None and kind.le is not None:
                return f" from {kind.ge} to {kind.le}"
            told = ((word, getattr(kind, name)) for name, _, word in _BOUNDS)
            return "".join(f", {word} {bound}" for word, bound in told if bound is not None)
    return ""
