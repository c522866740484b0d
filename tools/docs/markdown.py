"""Parts of a contract as a page of Markdown tells them."""

from collections.abc import Iterable
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from msgspec import Meta, Struct, json

from mockserver.contract.behaviors import ByBehavior
from mockserver.contract.errors import ErrorTemplate
from mockserver.contract.limits import ConcurrencyLimit, Limit, TokenBucket
from mockserver.contract.validation import Field

_KINDS = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    NoneType: "null",
    dict: "object",
    Any: "any",
}

_OPENS = {
    "clock": "at multiples of that on the clock",
    "first": "with the first request after the last one",
    "idle": "anew with every request",
}
"""When a window begins."""


def table(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table; its cells may hold bars."""
    head = tuple(headings)
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines += [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]
    return "\n".join(lines) + "\n"


def asked_kind(field: Field) -> str:
    """What JSON a field of a request holds; what may be left out is no null."""
    found = kind(field.type)
    return (found if field.required else found.removesuffix(" or null")) + _bounds(field)


def _bounds(field: Field) -> str:
    """Between which numbers a field of a request lies."""
    notes = [note for note in get_args(field.type)[1:] if isinstance(note, Meta)]
    bounds = [(word, getattr(note, name)) for note in notes for word, name in (("from", "ge"), ("to", "le"))]
    return "".join(f" {word} {bound}" for word, bound in bounds if bound is not None)


def told_kind(field: Field) -> str:
    """What JSON a field of an answer holds, and whether it may be left out."""
    return (
        kind(field.type)
        if field.required
        else f"{kind(field.type).removesuffix(' or null')}, may be left out"
    )


def kind(hint: Any) -> str:
    """What JSON a type stands for, in words."""
    origin, parts = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return kind(parts[0])
    if origin in (Union, UnionType):
        return " or ".join(dict.fromkeys(kind(part) for part in parts))
    if origin is Literal:
        return " or ".join(f"`{part}`" for part in parts)
    if origin is list:
        return f"array of {kind(parts[0])}"
    return (
        "object" if isinstance(hint, type) and issubclass(hint, Struct) else _KINDS.get(origin or hint, "any")
    )


def status(shape: ErrorTemplate) -> str:
    """The status of an error, or the behavior that it depends on."""
    return f"by `{shape.status.behavior}`" if isinstance(shape.status, ByBehavior) else str(shape.status)


def body(shape: ErrorTemplate) -> str:
    """The body of an error with the places where details stand."""
    if shape.body is None:
        return "empty"
    return f"`{shape.body}` as text" if shape.text else f"`{json.encode(shape.body).decode()}`"


def limited(limit: Limit) -> str:
    """A limit in a sentence."""
    if isinstance(limit, ConcurrencyLimit):
        return f"One open request for each site: `{limit.busy}` says what meets a second, `{limit.hold}` how long the first lasts at least."
    if isinstance(limit, TokenBucket):
        counted = f"`{limit.allowed}` requests of a key at once, and `{limit.refill}` more a second"
    else:
        counted = f"`{limit.allowed}` requests of a key in {limit.seconds:,} seconds, which begin {_OPENS[limit.opens]}"
    documented = f"; {limit.documented:,} are documented" if limit.documented else ""
    names = [*(limit.headers or ()), *(limit.tightest or ())]
    headers = f" Every answer tells them in {', '.join(f'`{name}`' for name in names)}." if names else ""
    return f"{counted}{documented} (pool `{limit.pool}`).{headers}"
