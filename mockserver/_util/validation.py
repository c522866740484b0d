"""Explain why JSON, a query or TOML does not match a msgspec type.

msgspec stops at the first error and names types in its own terms; it does not know the nearest field name
either. This module compares the value with :mod:`msgspec.inspect`'s description of the type. Messages never
repeat strings that may be secrets.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from math import isfinite
from operator import ge, gt, le, lt
from typing import Any, Final, Literal, NamedTuple

from msgspec import ValidationError, convert, inspect, json

from mockserver._util.places import Place
from mockserver._util.suggest import suggest

_MAX_WORD: Final = 40
_MAX_DIGITS: Final = 40
_QUERY_TYPES: Final[dict[type, type]] = {
    inspect.BoolType: bool,
    inspect.IntType: int,
    inspect.FloatType: float,
}
_TYPE_NAMES: Final[dict[type[inspect.Type], str]] = {
    inspect.NoneType: "null",
    inspect.BoolType: "true or false",
    inspect.IntType: "an integer",
    inspect.FloatType: "a number",
    inspect.StrType: "a string",
    inspect.StructType: "an object",
    inspect.DictType: "an object",
    inspect.ListType: "an array",
    inspect.VarTupleType: "an array",
}
_VALUE_NAMES: Final = (
    (bool, "true or false"),  # Before int, of which it is a subclass.
    (int, "an integer"),
    (float, "a number"),  # 3.0 too: msgspec does not accept it as an integer.
    (str, "a string"),
    (Mapping, "an object"),
)
_NUMBER_NAMES: Final = frozenset({"an integer", "a number"})
_BOUNDS: Final = (
    ("ge", ge, "at least"),
    ("gt", gt, "greater than"),
    ("le", le, "at most"),
    ("lt", lt, "less than"),
)


class Mismatch(NamedTuple):
    """A place where a value does not match its type."""

    place: str
    """Such as ``tenants.acme.locales[1]``; ``""`` for the value itself."""
    path: Place
    """The same place as data, with the unknown field if there is one."""
    problem: Literal["type", "bounds", "option", "missing", "unknown"]
    """``option``: none of the literals or tags; ``unknown``: the object at *place* has an unknown field,
    which is *value*."""
    value: Any = None
    expected: inspect.Type | None = None
    """None for unknown fields, and for tags."""
    known: tuple[str, ...] = ()
    """The possible options, tags or field names."""

    @property
    def message(self) -> str:
        """A sentence for people, with the nearest known word where there is one."""
        if self.expected is None or self.problem == "option":
            return self._describe_unknown()
        expected = describe_type(self.expected)
        if self.problem == "missing":
            return f"{self.place} is missing; expected {expected}"
        verb = f"{self.place} must be" if self.place else "expected"
        return f"{verb} {expected}{self._describe_value(self.expected)}"

    def _describe_unknown(self) -> str:
        """Return the message about a field, a tag or an option, of which the names are known."""
        if self.problem == "missing":
            example = f'{{"{self.place.rpartition(".")[2]}": "{self.known[0]}"}}'
            return f"{self.place} is missing; expected one of {', '.join(self.known)}, such as {example}"
        where = f"{self.place}: " if self.place else ""
        kind = "field" if self.problem == "unknown" else "value"
        return f"{where}unknown {kind} {_shorten(self.value)}; {suggest(self.value, self.known)}"

    def _describe_value(self, expected: inspect.Type) -> str:
        """Return a number that should be another one, or the kind of a value that may be a secret."""
        if self.problem == "bounds" and isinstance(expected, inspect.Metadata):
            return ""
        if isinstance(self.value, bool | int | float) and _NUMBER_NAMES & {*type_names(expected)}:
            return f", got {_format_number(self.value)}"
        return "" if self.problem == "bounds" else f", got {_name_of_value(self.value)}"


def explain_validation_error(raw: Any, model: Any, *, texts: bool = False) -> str | None:
    """Return a message for the first mismatch between a value and a type, or None if there is none.

    With ``texts``, the value is a query: its strings are converted to the numbers and booleans that the type
    expects.
    """
    expected = _type_info(model)
    if texts and isinstance(expected, inspect.StructType):
        types = {field.encode_name: field.type for field in expected.fields}
        raw = {name: _convert_text(text, types.get(name)) for name, text in raw.items()}
    mismatch = next(_find(raw, expected, _TOP), None)
    return None if mismatch is None else mismatch.message


def locate_problem(raw: Any, model: Any, error: ValidationError) -> tuple[str, Place]:
    """Return the message for the first mismatch and the place of the value; msgspec's own without a place."""
    mismatch = next(_find(raw, _type_info(model), _TOP), None)
    return (str(error), ()) if mismatch is None else (mismatch.message, mismatch.path)


def find_mismatch(value: Any, model: Any, place: str) -> Mismatch | None:
    """Return the first mismatch between the value at a place and a type, outermost first."""
    return next(_find(value, _type_info(model), _Position(place, ())), None)


class _Position(NamedTuple):
    """The place of a value, as a text and as data."""

    text: str
    path: Place

    def field(self, name: str) -> "_Position":
        return _Position(f"{self.text}.{name}" if self.text else name, (*self.path, name))

    def item(self, number: int) -> "_Position":
        return _Position(f"{self.text}[{number}]", (*self.path, number))

    def name(self, name: str) -> "_Position":
        """Return the place of a name itself, which may be invalid."""
        return _Position(f"{self.text}: name {_shorten(name)}", (*self.path, name))


_TOP: Final = _Position("", ())


@cache
def _type_info(model: Any) -> inspect.Type:
    return inspect.type_info(model)


def _convert_text(text: str, expected: inspect.Type | None) -> Any:
    """Return the number or boolean that a query's text stands for, or the text if it is not one."""
    options = expected.types if isinstance(expected, inspect.UnionType) else [expected]
    for option in options:
        if type(option) in _QUERY_TYPES:
            with suppress(ValidationError):
                return convert(text, _QUERY_TYPES[type(option)], strict=False)
    return text


def _find(value: Any, expected: inspect.Type, place: _Position) -> Iterator[Mismatch]:
    """Yield every mismatch, outermost first."""
    match expected:
        case inspect.Metadata(type=inner) if _description(expected):
            # The description covers everything inside.
            if any(_find(value, inner, place)):
                problem: Literal["bounds", "type"] = "bounds" if _is_like(value, inner) else "type"
                yield Mismatch(*place, problem, value, expected)
        case inspect.Metadata(type=inner):
            yield from _find(value, inner, place)
        case inspect.UnionType(types=types):
            not_null = [option for option in types if not isinstance(option, inspect.NoneType)]
            yield from _find_in_union(value, list(types) if value is None else not_null, place)
        case _ if not _is_like(value, expected):
            yield Mismatch(*place, "type", value, expected)
        case inspect.LiteralType(values=words):
            if value not in words:
                yield Mismatch(*place, "option", value, expected, tuple(map(str, words)))
        case _ if not _is_within_bounds(value, expected):
            yield Mismatch(*place, "bounds", value, expected)
        case _:
            yield from _find_inside(value, expected, place)


def _find_inside(value: Any, expected: inspect.Type, place: _Position) -> Iterator[Mismatch]:
    match expected:
        case inspect.StructType():
            yield from _find_in_fields(value, expected, place)
        case inspect.DictType(key_type=key_type, value_type=value_type):
            for name, inner in value.items():
                yield from _find(name, key_type, place.name(name))
                yield from _find(inner, value_type, place.field(name))
        case inspect.ListType(item_type=item_type) | inspect.VarTupleType(item_type=item_type):
            for number, inner in enumerate(value):
                yield from _find(inner, item_type, place.item(number))


def _find_in_fields(
    value: Mapping[str, Any], struct: inspect.StructType, place: _Position
) -> Iterator[Mismatch]:
    known = {field.encode_name: field for field in struct.fields}
    if struct.forbid_unknown_fields:
        for name in value:
            if name not in known and name != struct.tag_field:
                yield Mismatch(place.text, (*place.path, name), "unknown", name, known=tuple(known))
    for name, field in known.items():
        if name in value:
            yield from _find(value[name], field.type, place.field(name))
        elif field.required:
            yield Mismatch(*place.field(name), "missing", expected=field.type)


def _find_in_union(value: Any, options: Sequence[inspect.Type], place: _Position) -> Iterator[Mismatch]:
    """Compare a value of several possible types with the one that it resembles."""
    tagged = [option for option in options if isinstance(option, inspect.StructType) and option.tag_field]
    if len(tagged) > 1 and isinstance(value, Mapping):
        yield from _find_in_tagged(value, tagged, place)
    elif all(any(_find(value, option, place)) for option in options):
        similar = [option for option in options if _is_like(value, option)]
        if len(similar) == 1:
            yield from _find(value, similar[0], place)
        else:
            yield Mismatch(*place, "type", value, inspect.UnionType(tuple(options)))


def _find_in_tagged(
    value: Mapping[str, Any], structs: Sequence[inspect.StructType], place: _Position
) -> Iterator[Mismatch]:
    """Compare an object with the one of several structs that its tag names."""
    tag = structs[0].tag_field or ""
    by_tag = {str(struct.tag): struct for struct in structs}
    known = tuple(by_tag)
    if tag not in value:
        yield Mismatch(*place.field(tag), "missing", known=known)
    elif value[tag] not in by_tag:
        yield Mismatch(*place.field(tag), "option", value[tag], known=known)
    else:
        yield from _find_in_fields(value, by_tag[value[tag]], place)


def _shorten(word: Any) -> str:
    return repr(str(word)[:_MAX_WORD])


def _is_like(value: Any, expected: inspect.Type) -> bool:
    """Return True if a value is of a type, ignoring bounds, options and everything inside."""
    match expected:
        case inspect.Metadata(type=inner):
            return _is_like(value, inner)
        case inspect.UnionType(types=types):
            return any(_is_like(value, option) for option in types)
        case inspect.LiteralType(values=words):
            return _name_of_value(value) in map(_name_of_value, words)
    name = _TYPE_NAMES.get(type(expected))
    actual = _name_of_value(value)
    return name in (None, actual) or (name, actual) == ("a number", "an integer")


def _is_within_bounds(value: Any, expected: inspect.Type) -> bool:
    if isinstance(expected, inspect.StrType):
        long_enough = len(value) >= (expected.min_length or 0)
        short_enough = expected.max_length is None or len(value) <= expected.max_length
        return long_enough and short_enough and bool(re.search(expected.pattern or "", value))
    return violated_bound(value, expected) is None


def violated_bound(value: Any, expected: inspect.Type | None) -> str | None:
    """Return the bound that a number violates, such as ``at most 100``."""
    for name, is_within, words in _BOUNDS:
        bound = getattr(expected, name, None)
        if bound is not None and not is_within(value, bound):
            return f"{words} {bound}"
    return None


def type_names(expected: inspect.Type) -> list[str]:
    """Return the names of the JSON types that a value may have, without null."""
    match expected:
        case inspect.Metadata(type=inner):
            return type_names(inner)
        case inspect.UnionType(types=types):
            return _unique(name for option in types for name in type_names(option))
        case inspect.LiteralType(values=words):
            return _unique(map(_name_of_value, words))
        case inspect.NoneType():
            return []
    return [_TYPE_NAMES.get(type(expected), "another value")]


def describe_type(expected: inspect.Type) -> str:
    """Describe the values that a type accepts, in the type's own description if it has one."""
    match expected:
        case inspect.Metadata(type=inner):
            return _description(expected) or describe_type(inner)
        case inspect.UnionType(types=types):
            options = [option for option in types if not isinstance(option, inspect.NoneType)]
            return " or ".join(_unique(map(describe_type, options)))
        case inspect.LiteralType(values=words):
            return " or ".join(map(repr, words))
        case inspect.StrType(min_length=1, max_length=None):
            return "a non-empty string"
    return _TYPE_NAMES.get(type(expected), "another value") + _describe_bounds(expected)


def _description(expected: inspect.Metadata) -> str | None:
    return (expected.extra_json_schema or {}).get("description")


def _describe_bounds(expected: inspect.Type) -> str:
    match expected:
        case inspect.StrType(min_length=minimum, max_length=maximum) if maximum:
            return f" of {minimum or 0} to {maximum} characters"
        case inspect.StrType(min_length=minimum) if minimum:
            return f" of at least {minimum} characters"
        case inspect.StrType(pattern=pattern) if pattern:
            return f" that matches {pattern}"
        case inspect.IntType(ge=lowest, le=highest) | inspect.FloatType(ge=lowest, le=highest) if (
            lowest is not None and highest is not None
        ):
            return f" from {lowest} to {highest}"
    bounds = ((words, getattr(expected, name, None)) for name, _, words in _BOUNDS)
    return "".join(f", {words} {bound}" for words, bound in bounds if bound is not None)


def _unique(words: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(words))


def _format_number(value: float) -> str:
    """Write a number or boolean as JSON does.

    Infinity is written as in Python, and a very long integer as its length.
    """
    if isinstance(value, float) and not isfinite(value):
        return repr(value)
    return (
        json.encode(value).decode()
        if abs(value) < 10**_MAX_DIGITS
        else f"a number of more than {_MAX_DIGITS} digits"
    )


def _name_of_value(value: Any) -> str:
    if value is None:
        return "null"
    names = (name for kind, name in _VALUE_NAMES if isinstance(value, kind))
    return next(names, "an array")
