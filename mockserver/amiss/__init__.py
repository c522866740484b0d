"""What is wrong with JSON or TOML that is not of a type: at which place, and what would be right, in words of our own."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache
from typing import Any, Final

from msgspec import ValidationError, convert, inspect

from mockserver.amiss.words import described, is_like, is_within, must, wanted
from mockserver.nearest import nearest

_LONGEST: Final = 40
_READ: Final[dict[type[inspect.Type], type]] = {inspect.BoolType: bool, inspect.IntType: int, inspect.FloatType: float}


def amiss(raw: Any, model: Any, *, texts: bool = False) -> str | None:
    """Say what keeps a value from being of a type; nothing where nothing is seen. With ``texts``, it is a query."""
    kind = _type(model)
    if texts and isinstance(kind, inspect.StructType):
        raw = {**raw, **{field.encode_name: _read(raw[field.encode_name], field.type) for field in kind.fields if field.encode_name in raw}}
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
            yield from (must(place, said, raw, like=is_like(raw, inner)) if said else found for found in _wrong(raw, inner, place))
        case inspect.UnionType(types=types):
            yield from _of_several(raw, [each for each in types if not isinstance(each, inspect.NoneType) or raw is None], place)
        case inspect.LiteralType(values=words) if raw not in words:
            yield f"{place or 'it'} cannot be {str(raw)[:_LONGEST]!r}; {nearest(str(raw), map(str, words))}"
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
            yield f"there is no field {name[:_LONGEST]!r}{within}; {nearest(name, known)}"
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
        yield from _wrong(raw, like[0], place) if len(like) == 1 else [must(place, " or ".join(dict.fromkeys(map(wanted, kinds))), raw)]


def _of_tagged(raw: Mapping[str, Any], kinds: list[inspect.StructType], place: str) -> Iterator[str]:
    """What is wrong with one of several structs, which its tag tells apart."""
    tag, known = kinds[0].tag_field or "", {str(each.tag): each for each in kinds}
    at = _within(place, tag)
    if tag not in raw:
        yield f'{at} is missing: say one of {", ".join(known)}, such as {{"{tag}": "{next(iter(known))}"}}'
    elif raw[tag] not in known:
        yield f"{at} cannot be {str(raw[tag])[:_LONGEST]!r}; {nearest(str(raw[tag]), known)}"
    else:
        yield from _fields(raw, known[raw[tag]], place)


def _within(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name
