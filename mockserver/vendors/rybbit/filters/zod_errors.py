"""Validation of filters as on the server, which uses zod: all issues are listed in the format of zod 3."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from msgspec import convert, json

from mockserver.vendors.rybbit.filters.syntax import FilterSyntax, decode_filters
from mockserver.vendors.rybbit.request_models import Filter

_TYPE_NAMES: Final[dict[type, str]] = {
    dict: "object",
    list: "array",
    str: "string",
    bool: "boolean",
    int: "number",
    float: "number",
}
Issue = dict[str, Any]
Path = list[str | int]


def parse_filters_with_zod(text: str, syntax: FilterSyntax) -> list[Filter]:
    """Return the filters in a text; raise :class:`ApiError` with all issues as indented JSON."""
    items = decode_filters(text, syntax)
    issues = list(_check_items(items, syntax))
    if issues:
        raise syntax.make_shape_error(json.format(json.encode(issues), indent=2).decode())
    return convert(items, list[Filter])


def _check_items(items: Any, syntax: FilterSyntax) -> Iterator[Issue]:
    if not isinstance(items, list):
        yield _invalid_type("array", items, [])
        return
    for index, item in enumerate(items):
        if isinstance(item, dict):
            yield from _check_filter(item, [index], syntax)
        else:
            yield _invalid_type("object", item, [index])


def _check_filter(item: dict[str, Any], path: Path, syntax: FilterSyntax) -> Iterator[Issue]:
    parameter = item.get("parameter")
    if not (isinstance(parameter, str) and syntax.has_parameter(parameter)):
        yield _invalid_enum_value(syntax.parameters, item, "parameter", path)
    if item.get("type") not in [*syntax.types]:
        yield _invalid_enum_value([*syntax.types], item, "type", path)
    values = item.get("value")
    if not isinstance(values, list):
        yield _invalid_type("array", values, [*path, "value"], missing="value" not in item)
        return
    for index, value in enumerate(values):
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            yield _invalid_union(value, [*path, "value", index])


def _invalid_type(expected: str, value: Any, path: Path, *, missing: bool = False) -> Issue:
    received, message = _received(expected, value, missing=missing)
    return {
        "code": "invalid_type",
        "expected": expected,
        "received": received,
        "path": path,
        "message": message,
    }


def _received(expected: str, value: Any, *, missing: bool) -> tuple[str, str]:
    """Return the type of a value, and the message about it."""
    if missing:
        return "undefined", "Required"
    received = _TYPE_NAMES.get(type(value), "null")
    return received, f"Expected {expected}, received {received}"


def _invalid_enum_value(options: Sequence[str], item: dict[str, Any], name: str, item_path: Path) -> Issue:
    """Return the issue of a field whose value is unknown, not a string or missing."""
    value = item.get(name)
    path = [*item_path, name]
    expected = " | ".join(f"'{option}'" for option in options)
    if isinstance(value, str):
        return {
            "received": value,
            "code": "invalid_enum_value",
            "options": [*options],
            "path": path,
            "message": f"Invalid enum value. Expected {expected}, received '{value}'",
        }
    received, message = _received(expected, value, missing=name not in item)
    return {
        "expected": expected,
        "received": received,
        "code": "invalid_type",
        "path": path,
        "message": message,
    }


def _invalid_union(value: Any, path: Path) -> Issue:
    errors = [
        {"issues": [_invalid_type(expected, value, path)], "name": "ZodError"}
        for expected in ("string", "number")
    ]
    return {"code": "invalid_union", "unionErrors": errors, "path": path, "message": "Invalid input"}
