"""Convert raw texts and JSON to typed requests, or to contract violations."""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from itertools import chain
from types import UnionType
from typing import Annotated, Any, Final, TypeVar, Union, get_args, get_origin

from msgspec import NODEFAULT, DecodeError, Meta, Struct, ValidationError, convert, json
from msgspec.structs import fields as struct_fields
from msgspec.structs import replace

from mockserver.contract.provenance import Fact

MAX_DEPTH: Final = 128
"""Maximum nesting of JSON, as in Rust's serde_json. Accepted values are shown again inside other JSON, so the
bound is well below msgspec's."""
# Formats of texts in requests. They only appear in documents; the views validate the values.
DATE: Final = Meta(extra_json_schema={"format": "date"})
DATE_TIME: Final = Meta(extra_json_schema={"format": "date-time"})
ZONE: Final = Meta(extra_json_schema={"x-known": "zones"})
"""The IANA name of a time zone."""
SITE: Final = Meta(extra_json_schema={"x-known": "sites"})
"""The id of one of the tenant's sites."""
SEGMENT: Final = Meta(extra_json_schema={"x-known": "segments"})
"""The id of one of the tenant's segments."""
CURSOR: Final = Meta(extra_json_schema={"x-known": "cursors"})
"""A cursor for the next page, from a response."""

R = TypeVar("R", bound=Struct)


class ContractViolation(Struct, frozen=True):
    """One way in which a request violates the contract."""

    where: str
    """``query``, ``body`` or ``header``."""
    field: str
    """As the client wrote it; ``""`` for the whole body."""
    reason: str
    """Completes the sentence that begins with the field, such as ``must be an integer``."""
    error: str | None = None
    """The vendor's literal message, if it is known."""

    @property
    def message(self) -> str:
        """The vendor's message, or a sentence that names the field."""
        return self.error or f"{self.field or 'request ' + self.where} {self.reason}"


class ContractKeywordError(TypeError):
    """A field of a contract's struct has no fact, several, or an annotation that is not supported."""


class Lenient(Struct, frozen=True):
    """Annotates an integer of a query that the server reads without validating the text."""

    leading_digits: bool = False
    """Accept the digits at the beginning, like JavaScript's ``parseInt``: ``10abc`` is 10."""
    hexadecimal: bool = False
    """Also accept hexadecimal digits after ``0x``, like ``parseInt`` without a radix."""
    fallback: int | None = None
    """Replaces every other text; None if the server refuses it."""

    def parse(self, text: str) -> int | None:
        """Return the integer at the beginning of a text, or None."""
        match = _LEADING_HEXADECIMAL.match(text) if self.hexadecimal else None
        if match:
            return int(match[0], 16)
        match = _LEADING_INTEGER.match(text) if self.leading_digits else None
        return int(match[0]) if match else None


class Field(Struct, frozen=True):
    """A field of a request or response struct, with the contents of its annotation."""

    name: str
    """The name in JSON or in the query."""
    type: Any
    required: bool
    default: Any
    fact: Fact
    lenient: Lenient | None = None


@cache
def fields(model: type | None, *, deep: bool = False) -> tuple[Field, ...]:
    """Return the fields of a struct with their facts.

    With ``deep``, also those of nested structs, by dotted names.

    Raises :class:`ContractKeywordError` for a field without exactly one fact, and for annotations that are
    not supported.
    """
    if model is None:
        return ()
    described: list[Field] = []
    for info in struct_fields(model):
        notes = get_args(info.type)[1:] if get_origin(info.type) is Annotated else ()
        facts = [note for note in notes if isinstance(note, Fact)]
        if len(facts) != 1:
            raise ContractKeywordError(
                f"{model.__name__}.{info.name}: expected exactly one Fact in the annotation, got {len(facts)}"
            )
        unknown = [note for note in notes if not isinstance(note, Fact | Lenient | Meta)]
        if unknown:
            raise ContractKeywordError(
                f"{model.__name__}.{info.name}: unknown annotation {unknown[0]!r}; "
                "known are Fact, Lenient and msgspec.Meta"
            )
        default = None if info.default is NODEFAULT else info.default
        lenient = next((note for note in notes if isinstance(note, Lenient)), None)
        described.append(Field(info.encode_name, info.type, info.required, default, facts[0], lenient))
        for part in _structs_in(info.type) if deep else ():
            inside = fields(part, deep=True)
            described += [replace(inner, name=f"{info.encode_name}.{inner.name}") for inner in inside]
    return tuple(described)


def _structs_in(hint: Any) -> list[type]:
    if isinstance(hint, type) and issubclass(hint, Struct):
        return [hint]
    return list(chain.from_iterable(map(_structs_in, get_args(hint))))


def row_model(response: type[Struct], rows_path: str) -> type[Struct]:
    model = response
    for name in rows_path.split("."):
        [field] = [field for field in fields(model) if field.name == name]
        [model] = _structs_in(field.type)
    return model


def nested_structs(models: Iterable[type]) -> list[type]:
    """Return structs together with all structs nested in them."""
    structs = list(models)
    for model in structs:  # The loop also visits what it appends.
        for field in fields(model):
            structs += [part for part in _structs_in(field.type) if part not in structs]
    return list(dict.fromkeys(structs))


def decode_json(text: bytes | str) -> Any:
    """Decode JSON; raises ``ValueError`` if it is malformed or nested deeper than :data:`MAX_DEPTH`."""
    encoded = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    too_deep = f"it is nested deeper than {MAX_DEPTH} levels"
    try:
        value = json.decode(encoded)
    except RecursionError:
        raise ValueError(too_deep) from None
    except (DecodeError, UnicodeError) as error:
        raise ValueError(str(error).removeprefix("JSON is malformed: ")) from None
    if encoded.count(b"[") + encoded.count(b"{") > MAX_DEPTH and _is_deep(value):
        raise ValueError(too_deep)
    return value


def _is_deep(value: Any) -> bool:
    """Return True if a value is nested deeper than :data:`MAX_DEPTH`, without recursion."""
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        containers = [item for item in level if isinstance(item, dict | list)]
        level = list(
            chain.from_iterable(item.values() if isinstance(item, dict) else item for item in containers)
        )
    return bool(containers)


def read_json(body: bytes, media_type: str = "") -> Mapping[str, Any] | ContractViolation:
    """Decode a request body that must be a JSON object; ``media_type`` is that of the Content-Type header."""
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
    """Convert raw values to a typed request, or return all violations.

    With ``numeric_texts``, texts such as ``"100"`` are accepted as numbers; in a query they always are. A
    null is accepted for every optional field, and means its default.
    """
    required = _required_fields(model)
    values = {name: value for name, value in raw.items() if value is not None or name in required}
    for name, kind in _integers_and_booleans(model):
        value = _convert_scalar(raw.get(name), kind, texts=numeric_texts)
        if value is not None:
            values[name] = value
    try:
        return convert(values, model)
    except ValidationError:
        values |= _apply_leniency(model, values)
    try:
        return convert(values, model)
    except ValidationError:
        violations = (_find_violation(field, values, where) for field in fields(model))
        return [violation for violation in violations if violation is not None]


_INTEGER = re.compile("[+-]?[0-9]{1,640}")  # Python parses that many digits under every setting.
_LEADING_HEXADECIMAL = re.compile(r"\s*[+-]?0[xX][0-9a-fA-F]{1,15}", re.ASCII)
_LEADING_INTEGER = re.compile(r"\s*[+-]?[0-9]{1,18}", re.ASCII)


def _apply_leniency(model: type, raw: Mapping[str, Any]) -> dict[str, int]:
    """Return the numbers by which a server that does not validate replaces invalid values."""
    replaced: dict[str, int] = {}
    for field in fields(model):
        if field.lenient is None or _find_violation(field, raw, "") is None:
            continue
        for number in (field.lenient.parse(str(raw[field.name])), field.lenient.fallback):
            if number is not None and _find_violation(field, {field.name: number}, "") is None:
                replaced[field.name] = number
                break
    return replaced


@cache
def _required_fields(model: type) -> frozenset[str]:
    return frozenset(field.name for field in fields(model) if field.required)


@cache
def _integers_and_booleans(model: type) -> tuple[tuple[str, type], ...]:
    """Return the fields of a struct that may be integers or booleans, each with that type."""
    names: list[tuple[str, type]] = []
    for field in fields(model):
        types = _union_members(field.type)
        names += [(field.name, kind) for kind in (int, bool) if kind in types]
    return tuple(names)


def _union_members(hint: Any) -> list[Any]:
    """Return the types that a value may have, without annotations."""
    if get_origin(hint) is Annotated:
        return _union_members(get_args(hint)[0])
    if get_origin(hint) in (Union, UnionType):
        return list(chain.from_iterable(map(_union_members, get_args(hint))))
    return [hint]


def _convert_scalar(value: Any, kind: type, *, texts: bool) -> Any:
    """Return the integer or boolean that a text is written for, or None; in JSON, 100.0 is an integer too."""
    if kind is int and isinstance(value, float) and value.is_integer():
        return int(value)
    if not isinstance(value, str) or not texts:
        return None
    if kind is bool:
        return {"true": True, "false": False}.get(value)
    return int(value) if _INTEGER.fullmatch(value) else None


def _find_violation(field: Field, raw: Mapping[str, Any], where: str) -> ContractViolation | None:
    if field.name not in raw:
        missing = ContractViolation(where, field.name, "is required", _vendor_message(field.fact))
        return missing if field.required else None
    value = raw[field.name]
    try:
        convert(value, field.type)
    except ValidationError as error:
        place, reason = _explain(value, field, error)
        return ContractViolation(where, place, reason, _vendor_message(field.fact, str(value)))
    return None


def _explain(value: Any, field: Field, error: ValidationError) -> tuple[str, str]:
    """Return the place where the value of a field does not match its type, and what it must be."""
    from mockserver._util.validation import (  # noqa: PLC0415 -- start-up is felt
        describe_type,
        find_mismatch,
        type_names,
        violated_bound,
    )

    mismatch = find_mismatch(value, field.type, field.name)
    if mismatch is None or mismatch.expected is None:
        return field.name, f"is invalid: {error}"
    place = mismatch.place
    if mismatch.problem == "option":
        return place, f"does not know {mismatch.value!r}"
    if mismatch.problem == "missing":
        return place, "is required"
    types = " or ".join(type_names(mismatch.expected))
    if mismatch.problem == "type":
        return place, f"must be {types}"
    bound = violated_bound(mismatch.value, mismatch.expected)
    return place, f"must be {types}, {bound}" if bound else f"must be {describe_type(mismatch.expected)}"


def _vendor_message(fact: Fact, value: str = "") -> str | None:
    """Return the vendor's message for a value that a field does not accept, if it is known."""
    if not isinstance(fact.error, tuple):
        return fact.error
    messages = (message for pattern, message in fact.error if re.fullmatch(pattern, value, re.DOTALL))
    return next(messages, None)


def first_violation(
    pairs: Iterable[tuple[str, str]],
    model: type,
    violations: Iterable[ContractViolation],
    duplicate_message: str,
) -> list[ContractViolation]:
    """Return only the violation that a server reports if it stops at the first one.

    It reads the query's parameters in order: that violation is the first invalid value or repeated parameter;
    missing parameters are noticed at the end of the query.
    ``duplicate_message`` is the vendor's message for a repeated parameter.
    """
    by_field = {violation.field: violation for violation in violations}
    known = {field.name for field in fields(model)}
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            message = duplicate_message.format(field=name)
            return [ContractViolation("query", name, "is given more than once", message)]
        if name in by_field:
            return [by_field[name]]
        if name in known:
            seen.add(name)
    return list(by_field.values())[:1]


def _json_kind(value: Any) -> str:
    kinds = {list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return kinds.get(type(value), "a number")
