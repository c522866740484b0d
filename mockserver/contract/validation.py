"""From raw texts and JSON to a typed request, or the violations that stand in the way."""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from itertools import chain
from types import UnionType
from typing import Annotated, Any, Final, TypeVar, Union, get_args, get_origin

from msgspec import NODEFAULT, DecodeError, Meta, Struct, ValidationError, convert, json
from msgspec.structs import fields as struct_fields

from mockserver.contract.provenance import Fact

MAX_DEPTH: Final = 128
"""Levels of objects and arrays that JSON may have: what is accepted is shown again, deeper within other JSON. As in Rust's serde_json."""
R = TypeVar("R", bound=Struct)


class ContractViolation(Struct, frozen=True):
    """What is wrong with a request, where, and what would be right."""

    where: str
    """``query``, ``body`` or ``header``."""
    field: str
    """As the client wrote it; ``""`` for the whole body."""
    reason: str
    """Completes the sentence that begins with the field: ``must be an integer``."""
    error: str | None = None
    """The vendor's literal message, where it has one."""

    @property
    def message(self) -> str:
        """A sentence that names the field."""
        return self.error or f"{self.field or 'request ' + self.where} {self.reason}"


class ContractKeywordError(TypeError):
    """A field of a contract's struct carries no fact, or something that nobody reads."""


class Lenient(Struct, frozen=True):
    """Annotates a whole number of a query that the server does not check: what it makes of a text that is none, or out of bounds."""

    figures: bool = False
    """Whether the figures that a text begins with are enough, as for JavaScript's parseInt: 10abc is 10."""
    otherwise: int | None = None
    """What stands for any other text; none where that is refused."""

    def means(self, text: str) -> int | None:
        """The number that a text stands for, ``None`` where it stands for none."""
        found = _BEGINS.match(text) if self.figures else None
        return int(found[0]) if found else None


class Field(Struct, frozen=True):
    """A field of a request or response struct with all that its annotation says."""

    name: str
    """As on the wire."""
    type: Any
    required: bool
    default: Any
    fact: Fact
    lenient: Lenient | None = None


@cache
def fields(model: type | None, *, deep: bool = False) -> tuple[Field, ...]:
    """The fields of a struct with their facts; with ``deep``, those of the structs it is made of too.

    Raises :class:`ContractKeywordError` for a field without a fact, and for an annotation that nobody reads.
    """
    if model is None:
        return ()
    found: list[Field] = []
    for each in struct_fields(model):
        hint = each.type
        facts = (
            [note for note in get_args(hint)[1:] if isinstance(note, Fact)]
            if get_origin(hint) is Annotated
            else []
        )
        if len(facts) != 1:
            raise ContractKeywordError(
                f"{model.__name__}.{each.name}: a field carries exactly one Fact, this one {len(facts)}"
            )
        unknown = [note for note in get_args(hint)[1:] if not isinstance(note, Fact | Lenient | Meta)]
        if unknown:
            raise ContractKeywordError(
                f"{model.__name__}.{each.name}: nobody reads {unknown[0]!r}; known are Fact, Lenient and msgspec.Meta"
            )
        default = None if each.default is NODEFAULT else each.default
        lenient = next((note for note in get_args(hint)[1:] if isinstance(note, Lenient)), None)
        found.append(Field(each.encode_name, each.type, each.required, default, facts[0], lenient))
        for part in _structs(each.type) if deep else ():
            found += [
                Field(f"{each.encode_name}.{inner.name}", *_rest(inner)) for inner in fields(part, deep=True)
            ]
    return tuple(found)


def _rest(field: Field) -> tuple[Any, bool, Any, Fact]:
    return field.type, field.required, field.default, field.fact


def _structs(hint: Any) -> list[type]:
    if isinstance(hint, type) and issubclass(hint, Struct):
        return [hint]
    return [found for part in get_args(hint) for found in _structs(part)]


def structs(models: Iterable[type]) -> list[type]:
    """Some structs and all that they are made of."""
    found = list(models)
    for model in found:  # What is added is looked at as well.
        found += [part for field in fields(model) for part in _structs(field.type) if part not in found]
    return list(dict.fromkeys(found))


def decode_json(text: bytes | str) -> Any:
    """Decode JSON; raises ``ValueError`` where it is malformed, or nested deeper than :data:`MAX_DEPTH`."""
    encoded = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    deep = f"it is nested deeper than {MAX_DEPTH} levels"
    try:
        value = json.decode(encoded)
    except RecursionError:
        raise ValueError(deep) from None
    except (DecodeError, UnicodeError) as error:
        raise ValueError(str(error).removeprefix("JSON is malformed: ")) from None
    if encoded.count(b"[") + encoded.count(b"{") > MAX_DEPTH and _is_deep(value):
        raise ValueError(deep)
    return value


def _is_deep(value: Any) -> bool:
    """Return whether a value is nested deeper than :data:`MAX_DEPTH`, level by level, because recursion is what must not end it."""
    level = [value]
    for _ in range(MAX_DEPTH):
        inner = [
            each.values() if isinstance(each, dict) else each
            for each in level
            if isinstance(each, dict | list)
        ]
        level = list(chain.from_iterable(inner))
    return any(isinstance(each, dict | list) for each in level)


def read_json(body: bytes, media_type: str = "") -> Mapping[str, Any] | ContractViolation:
    """Decode a request body that must be a JSON object; ``media_type`` is what it is said to be."""
    try:
        value = decode_json(body)
    except ValueError as error:
        if media_type and not media_type.endswith("json"):
            return ContractViolation("body", "", f"must be a JSON object, but is {media_type}; send JSON")
        why = str(error) if body else "it is empty"
        return ContractViolation("body", "", f"must be a JSON object, but is malformed: {why}")
    if not isinstance(value, dict):
        return ContractViolation("body", "", f"must be a JSON object, not {_json_kind(value)}")
    return value


def read(
    model: type[R], raw: Mapping[str, Any], where: str, *, numeric_texts: bool = True
) -> R | list[ContractViolation]:
    """Convert raw values to a typed request, or say everything that is wrong with them.

    With ``numeric_texts``, texts such as ``"100"`` stand for numbers; in a query they always do.
    """
    meant = ((name, _meant(raw.get(name), kind, texts=numeric_texts)) for name, kind in _plain(model))
    raw = {**raw, **{name: value for name, value in meant if value is not None}}
    try:
        return convert(raw, model)
    except ValidationError:
        raw = {**raw, **_leniently(model, raw)}
    try:
        return convert(raw, model)
    except ValidationError:
        return [found for field in fields(model) for found in _violations(field, raw, where)]


_INTEGER = re.compile("[+-]?[0-9]{1,18}")
_BEGINS = re.compile(r"\s*[+-]?[0-9]{1,18}", re.ASCII)


def _leniently(model: type, raw: Mapping[str, Any]) -> dict[str, int]:
    """What a server that does not check makes of the values that are no numbers, or out of bounds."""
    found: dict[str, int] = {}
    for field in fields(model):
        if field.lenient is None or not _violations(field, raw, ""):
            continue
        means = [field.lenient.means(str(raw[field.name])), field.lenient.otherwise]
        right = [
            number
            for number in means
            if number is not None and not _violations(field, {field.name: number}, "")
        ]
        if right:
            found[field.name] = right[0]
    return found


@cache
def _plain(model: type) -> tuple[tuple[str, type], ...]:
    """The fields of a struct that are integers or booleans."""
    return tuple(
        (field.name, kind) for field in fields(model) for kind in (int, bool) if kind in _leaves(field.type)
    )


def _leaves(hint: Any) -> list[Any]:
    """The types that a value may have, without what is said of them."""
    if get_origin(hint) is Annotated:
        return _leaves(get_args(hint)[0])
    return (
        [leaf for part in get_args(hint) for leaf in _leaves(part)]
        if get_origin(hint) in (Union, UnionType)
        else [hint]
    )


def _meant(value: Any, kind: type, *, texts: bool) -> Any:
    """The integer or boolean that a text stands for, ``None`` where it stands for none; in JSON, 100.0 is an integer too."""
    if kind is int and isinstance(value, float) and value.is_integer():
        return int(value)
    if not isinstance(value, str) or not texts:
        return None
    if kind is bool:
        return {"true": True, "false": False}.get(value)
    return int(value) if _INTEGER.fullmatch(value) else None


def _violations(field: Field, raw: Mapping[str, Any], where: str) -> list[ContractViolation]:
    if field.name not in raw:
        return (
            [ContractViolation(where, field.name, "is required", _literal(field.fact))]
            if field.required
            else []
        )
    try:
        convert(raw[field.name], field.type)
    except ValidationError as error:
        inside, reason = _reason(str(error), raw[field.name])
        return [
            ContractViolation(where, field.name + inside, reason, _literal(field.fact, str(raw[field.name])))
        ]
    return []


def _literal(fact: Fact, value: str = "") -> str | None:
    """What the vendor says of a value that a field does not take, where that is known."""
    if not isinstance(fact.error, tuple):
        return fact.error
    return next((said for pattern, said in fact.error if re.fullmatch(pattern, value, re.DOTALL)), None)


def in_turn(
    pairs: Iterable[tuple[str, str]], model: type, wrong: Iterable[ContractViolation], twice: str
) -> list[ContractViolation]:
    """The first fault of a query that is read from its beginning: the first value that cannot be, or a field that comes again.

    What stands nowhere in it, but should, is missed at the end. ``twice`` is what the vendor says of a field that comes again.
    """
    left, known, seen = {each.field: each for each in wrong}, {field.name for field in fields(model)}, set()
    for name, _ in pairs:
        if name in seen:
            return [ContractViolation("query", name, "is there twice", twice.format(field=name))]
        if name in left:
            return [left[name]]
        seen |= {name} & known
    return list(left.values())[:1]


_WORDS = {
    "int": "an integer",
    "str": "a string",
    "object": "an object",
    "array": "an array",
    "bool": "true or false",
    "float": "a number",
}


def _reason(error: str, value: Any) -> tuple[str, str]:
    """Say in words where inside the value msgspec's message stands, and what it means."""
    said, _, inside = error.partition(" - at `$")
    place = inside.rstrip("`")
    if said.startswith("Invalid enum value"):
        return place, f"does not know {value!r}"
    expected = said.removeprefix("Expected ").split(", got")[0].replace("`", "")
    kinds, sign, bound = next(
        ((*expected.partition(f" {sign} "),) for sign in (">=", "<=") if f" {sign} " in expected),
        (expected, "", ""),
    )
    wanted = " or ".join(_WORDS.get(kind, kind) for kind in kinds.split(" | ") if kind != "null")
    return place, f"must be {wanted}{_bound(sign.strip(), bound)}"


def _bound(sign: str, bound: str) -> str:
    return {">=": f", at least {bound}", "<=": f", at most {bound}"}.get(sign, "")


def _json_kind(value: Any) -> str:
    kinds = {list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return kinds.get(type(value), "a number")
