"""The form of filters as the server checks it, with zod: every issue is told, as its version 3 tells them."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from msgspec import convert, json

from mockserver.vendors.rybbit.filters.syntax import FilterSyntax, parsed
from mockserver.vendors.rybbit.request_models import Filter

_KINDS: Final[dict[type, str]] = {
    dict: "object",
    list: "array",
    str: "string",
    bool: "boolean",
    int: "number",
    float: "number",
}
Issue = dict[str, Any]
Path = list[str | int]


def issues_told(text: str, grammar: FilterSyntax) -> list[Filter]:
    """The filters of a text, or its issues, as JSON of two blanks' depth."""
    items = parsed(text, grammar)
    found = list(_list(items, grammar))
    if found:
        raise grammar.is_wrong(json.format(json.encode(found), indent=2).decode())
    return convert(items, list[Filter])


def _list(items: Any, grammar: FilterSyntax) -> Iterator[Issue]:
    if not isinstance(items, list):
        yield _type("array", items, [])
        return
    for number, item in enumerate(items):
        yield from (
            _object(item, [number], grammar) if isinstance(item, dict) else [_type("object", item, [number])]
        )


def _object(item: dict[str, Any], at: Path, grammar: FilterSyntax) -> Iterator[Issue]:
    parameter = item.get("parameter")
    if not (isinstance(parameter, str) and grammar.knows(parameter)):
        yield _enum(grammar.parameters, item, "parameter", at)
    if item.get("type") not in [*grammar.types]:
        yield _enum([*grammar.types], item, "type", at)
    values = item.get("value")
    if not isinstance(values, list):
        yield _type("array", values, [*at, "value"], missing="value" not in item)
        return
    for number, value in enumerate(values):
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            yield _union(value, [*at, "value", number])


def _kind(value: Any) -> str:
    return _KINDS.get(type(value), "null")


def _type(expected: str, value: Any, path: Path, *, missing: bool = False) -> Issue:
    kind = "undefined" if missing else _kind(value)
    message = "Required" if missing else f"Expected {expected}, received {kind}"
    return {"code": "invalid_type", "expected": expected, "received": kind, "path": path, "message": message}


def _enum(options: Sequence[str], item: dict[str, Any], name: str, at: Path) -> Issue:
    """What is said of a word that is not among some, or of no word."""
    value, path = item.get(name), [*at, name]
    expected = " | ".join(f"'{option}'" for option in options)
    if isinstance(value, str):
        message = f"Invalid enum value. Expected {expected}, received '{value}'"
        return {
            "received": value,
            "code": "invalid_enum_value",
            "options": [*options],
            "path": path,
            "message": message,
        }
    kind = _kind(value) if name in item else "undefined"
    message = f"Expected {expected}, received {kind}" if name in item else "Required"
    return {"expected": expected, "received": kind, "code": "invalid_type", "path": path, "message": message}


def _union(value: Any, path: Path) -> Issue:
    each = [{"issues": [_type(kind, value, path)], "name": "ZodError"} for kind in ("string", "number")]
    return {"code": "invalid_union", "unionErrors": each, "path": path, "message": "Invalid input"}
