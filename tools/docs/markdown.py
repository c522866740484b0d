"""Format parts of a contract as Markdown."""

from collections.abc import Iterable
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from msgspec import Meta, Struct, json

from mockserver.contract.behaviors import ByBehavior
from mockserver.contract.errors import ErrorTemplate
from mockserver.contract.validation import Field

_JSON_TYPES = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    NoneType: "null",
    dict: "object",
    Any: "any",
}


def table(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table; vertical bars in cells are escaped."""
    head = tuple(headings)
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    for row in rows:
        cells = [cell.replace("|", "\\|") for cell in row]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def request_type(field: Field) -> str:
    """Return the JSON type of a request's field; null is not mentioned if the field is optional."""
    name = json_type(field.type)
    return (name if field.required else name.removesuffix(" or null")) + _bounds(field)


def _bounds(field: Field) -> str:
    bounds = ""
    for note in get_args(field.type)[1:]:
        if isinstance(note, Meta):
            bounds += "" if note.ge is None else f" from {note.ge}"
            bounds += "" if note.le is None else f" to {note.le}"
    return bounds


def response_type(field: Field) -> str:
    """Return the JSON type of a response's field, marked if the field is optional."""
    name = json_type(field.type)
    return name if field.required else f"{name.removesuffix(' or null')}, optional"


def json_type(hint: Any) -> str:
    """Return the name of the JSON type that a Python type is encoded as."""
    origin = get_origin(hint)
    parts = get_args(hint)
    if origin is Annotated:
        return json_type(parts[0])
    if origin in (Union, UnionType):
        return " or ".join(dict.fromkeys(map(json_type, parts)))
    if origin is Literal:
        return " or ".join(f"`{part}`" for part in parts)
    if origin is list:
        return f"array of {json_type(parts[0])}"
    if isinstance(hint, type) and issubclass(hint, Struct):
        return "object"
    return _JSON_TYPES.get(origin or hint, "any")


def error_status(template: ErrorTemplate) -> str:
    """Return the status of an error, or the behavior that it depends on."""
    if isinstance(template.status, ByBehavior):
        return f"depends on `{template.status.behavior}`"
    return str(template.status)


def error_body(template: ErrorTemplate) -> str:
    """Return the body of an error, with its placeholders."""
    if template.body is None:
        return "empty"
    return f"`{template.body}` as text" if template.text else f"`{json.encode(template.body).decode()}`"
