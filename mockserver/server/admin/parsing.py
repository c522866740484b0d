"""From JSON and queries to the structs of the admin API; a word that nobody knows is refused with the nearest."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from msgspec import DecodeError, ValidationError, convert, inspect, json

from mockserver.server.admin.problem import invalid, nearest


def decoded(body: bytes) -> Any:
    """Read a body of JSON; an empty one asks for nothing in particular."""
    try:
        return json.decode(body) if body.strip() else {}
    except (DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise invalid(f"the body must be JSON: {error}") from None


def parsed(raw: Any, model: Any, *, texts: bool = False) -> Any:
    """Convert to a struct; with ``texts``, texts stand for numbers and booleans as in a query."""
    _check_words(raw, _shape(model), "query" if texts else "body")
    try:
        return convert(raw, model, strict=not texts)
    except ValidationError as error:
        raise invalid(f"the {'query' if texts else 'body'}: {error}") from None


@cache
def _shape(model: Any) -> inspect.Type:
    return inspect.type_info(model)


def _check_words(raw: Any, kind: inspect.Type, where: str) -> None:
    """Raise for a field or a tag that no struct at this place has."""
    match kind:
        case inspect.StructType(fields=fields, tag_field=tag) if isinstance(raw, Mapping):
            known = {field.encode_name: field.type for field in fields}
            for name, value in raw.items():
                if name != tag and name not in known:
                    raise invalid(f"the {where} has no field {name!r}; {nearest(name, known)}")
                if name in known:
                    _check_words(value, known[name], where)
        case inspect.UnionType(types=types):
            _check_words(raw, _meant(raw, [each for each in types if isinstance(each, inspect.StructType)]), where)
        case inspect.LiteralType(values=words) if isinstance(raw, str) and raw not in words:
            raise invalid(f"the {where} cannot say {raw!r} here; {nearest(raw, map(str, words))}")
        case inspect.DictType(value_type=inner) if isinstance(raw, Mapping):
            for value in raw.values():
                _check_words(value, inner, where)


def _meant(raw: Any, structs: list[inspect.StructType]) -> inspect.Type:
    """Which of several structs is meant, by its tag."""
    if len(structs) < 2 or not isinstance(raw, Mapping):  # noqa: PLR2004 -- one is no question
        return structs[0] if structs else inspect.AnyType()
    field, tags = structs[0].tag_field or "", {str(each.tag): each for each in structs}
    if raw.get(field) not in tags:
        said = (
            f"there is no {field} {raw[field]!r}; {nearest(raw[field], tags)}" if field in raw else f"say which {field}: {', '.join(tags)}"
        )
        raise invalid(said)
    return tags[raw[field]]
