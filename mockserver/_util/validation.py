"""What is wrong with JSON or TOML that is not of a type: at which place, and what would be right, in words of our own."""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache
from math import isfinite
from operator import ge, gt, le, lt
from typing import Any, Final

from msgspec import ValidationError, convert, inspect, json

from mockserver._util.suggest import suggest

_LONGEST: Final = 40
_READ: Final[dict[type[inspect.Type], type]] = {
    inspect.BoolType: bool,
    inspect.IntType: int,
    inspect.FloatType: float,
}


def explain_validation_error(raw: Any, model: Any, *, texts: bool = False) -> str | None:
    """Say what keeps a value from being of a type; nothing where nothing is seen. With ``texts``, it is a query."""
    kind = _type(model)
    if texts and isinstance(kind, inspect.StructType):
        raw = {
            **raw,
            **{
                field.encode_name: _read(raw[field.encode_name], field.type)
                for field in kind.fields
                if field.encode_name in raw
            },
        }
    return next(_wrong(raw, kind, ""), None)


@cache
def _type(model: Any) -> inspect.Type:
    return inspect.type_info(model)


def _read(text: str, kind: inspect.Type) -> Any:
    """The number, or the yes or no, that a text of a query stands for."""
    for each in kind.types if isinstance(kind, inspect.UnionType) else [kind]:
        if type(each) in _READ:
            with suppress(ValidationError):
                return convert(text, _READ[type(each)], strict=False)
    return text


def _wrong(raw: Any, kind: inspect.Type, place: str) -> Iterator[str]:
    """Everything that is wrong, the outermost first."""
    match kind:
        case inspect.Metadata(type=inner):
            said = described(kind)
            yield from (
                must(place, said, raw, like=is_like(raw, inner)) if said else found
                for found in _wrong(raw, inner, place)
            )
        case inspect.UnionType(types=types):
            yield from _of_several(
                raw, [each for each in types if not isinstance(each, inspect.NoneType) or raw is None], place
            )
        case inspect.LiteralType(values=words) if raw not in words:
            yield f"{place or 'it'} cannot be {str(raw)[:_LONGEST]!r}; {suggest(str(raw), map(str, words))}"
        case _ if not (is_like(raw, kind) and is_within(raw, kind)):
            yield must(place, wanted(kind), raw)
        case _:
            yield from _inside(raw, kind, place)


def _inside(raw: Any, kind: inspect.Type, place: str) -> Iterator[str]:
    """What is wrong in a value that is one of several, or has several."""
    match kind:
        case inspect.StructType():
            yield from _fields(raw, kind, place)
        case inspect.DictType(key_type=word, value_type=inner):
            for name, each in raw.items():
                yield from _wrong(name, word, f"{place}: name {name[:_LONGEST]!r}")
                yield from _wrong(each, inner, _within(place, name))
        case inspect.ListType(item_type=inner) | inspect.VarTupleType(item_type=inner):
            for number, each in enumerate(raw):
                yield from _wrong(each, inner, f"{place}[{number}]")


def _fields(raw: Mapping[str, Any], kind: inspect.StructType, place: str) -> Iterator[str]:
    known = {field.encode_name: field for field in kind.fields}
    within = f" in {place}" if place else ""
    for name in raw:
        if name not in known and name != kind.tag_field:
            yield f"there is no field {name[:_LONGEST]!r}{within}; {suggest(name, known)}"
    for name, field in known.items():
        if name in raw:
            yield from _wrong(raw[name], field.type, _within(place, name))
        elif field.required:
            yield f"{_within(place, name)} is missing: it must be {wanted(field.type)}"


def _of_several(raw: Any, kinds: list[inspect.Type], place: str) -> Iterator[str]:
    """What is wrong with a value that may be of several types: it is judged by the one that it is like."""
    tagged = [each for each in kinds if isinstance(each, inspect.StructType) and each.tag_field]
    if len(tagged) > 1 and isinstance(raw, Mapping):
        yield from _of_tagged(raw, tagged, place)
    elif all(any(_wrong(raw, each, place)) for each in kinds):
        like = [each for each in kinds if is_like(raw, each)]
        yield from (
            _wrong(raw, like[0], place)
            if len(like) == 1
            else [must(place, " or ".join(dict.fromkeys(map(wanted, kinds))), raw)]
        )


def _of_tagged(raw: Mapping[str, Any], kinds: list[inspect.StructType], place: str) -> Iterator[str]:
    """What is wrong with one of several structs, which its tag tells apart."""
    tag, known = kinds[0].tag_field or "", {str(each.tag): each for each in kinds}
    at = _within(place, tag)
    if tag not in raw:
        yield f'{at} is missing: say one of {", ".join(known)}, such as {{"{tag}": "{next(iter(known))}"}}'
    elif raw[tag] not in known:
        yield f"{at} cannot be {str(raw[tag])[:_LONGEST]!r}; {suggest(str(raw[tag]), known)}"
    else:
        yield from _fields(raw, known[raw[tag]], place)


def _within(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


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
_BOUNDS: Final = (
    ("ge", ge, "at least"),
    ("gt", gt, "greater than"),
    ("le", le, "at most"),
    ("lt", lt, "less than"),
)


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
            return all(
                compare(raw, getattr(kind, name))
                for name, compare, _ in _BOUNDS
                if getattr(kind, name) is not None
            )
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
    return f"{place or 'it'} must be {words}" + (
        "" if like or words.startswith(found) else f", and is {found}"
    )


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
