"""The kinds of faults as a page of Markdown."""

import ast
import re
from collections.abc import Iterator
from inspect import cleandoc, getsource
from itertools import pairwise
from typing import Final

from msgspec import NODEFAULT, inspect, json
from msgspec.structs import FieldInfo, fields

from mockserver.admin_schemas import FaultArgument
from mockserver.server.faults.base import Fault
from mockserver.server.faults.registry import kinds

_INTRODUCTION: Final = """\
A fault is an object of JSON: its `kind`, its arguments, and conditions that say when it triggers. Several compose: the first
active is outermost, and those of the wire, from a late answer to a header that comes twice, trigger whatever answer the others
have left.
"""
_WORDS: Final = {
    inspect.BoolType: "true or false",
    inspect.DictType: "object",
    inspect.FloatType: "number",
    inspect.IntType: "whole number",
    inspect.StrType: "text",
}


def page() -> str:
    """Write the reference page of the faults: the conditions that all share, then each kind."""
    parts = [
        f"# Faults\n\n{_INTRODUCTION}",
        f"## Conditions\n\n{_prose(Fault)}\n",
        _table("condition", arguments(Fault)),
    ]
    return "\n".join([*parts, *(_kind(name, model) for name, model in kinds().items())])


def arguments(model: type[Fault]) -> list[FaultArgument]:
    """The arguments that a kind has of its own; for :class:`Fault` itself, the conditions that all share."""
    says = dict(_said(model))
    return [
        FaultArgument(
            name=field.encode_name,
            type=_type(inspect.type_info(field.type)),
            default=_default(field),
            description=says.get(field.name, ""),
        )
        for field in fields(model)
        if field.name in model.__annotations__
    ]


def _said(model: type[Fault]) -> Iterator[tuple[str, str]]:
    """The fields of a class with the text that stands below each."""
    body = next(node.body for node in ast.parse(getsource(model)).body if isinstance(node, ast.ClassDef))
    for field, text in pairwise(body):
        match field, text:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(says))):
                yield name, _spoken(says)


def _spoken(text: str) -> str:
    """A docstring as Markdown in one line."""
    return re.sub(r"\s+", " ", cleandoc(text).replace("``", "`"))


def _prose(model: type[Fault]) -> str:
    return _spoken(model.__doc__ or "")


def _default(field: FieldInfo) -> str:
    return "" if field.default in (None, NODEFAULT) else f"`{json.encode(field.default).decode()}`"


def _type(found: inspect.Type) -> str:
    match found:
        case inspect.Metadata(type=inner):
            return _type(inner)
        case inspect.UnionType(types=types):
            return " or ".join(_type(each) for each in types if not isinstance(each, inspect.NoneType))
        case inspect.LiteralType(values=values):
            return " or ".join(f"`{json.encode(value).decode()}`" for value in values)
    return _WORDS[type(found)] + _bounds(found)


def _bounds(found: inspect.Type) -> str:
    bounds = [
        (word, getattr(found, name, None)) for name, word in (("ge", "from"), ("le", "to"), ("lt", "below"))
    ]
    return "".join(f" {word} {bound:.12g}" for word, bound in bounds if bound is not None)


def _kind(name: str, model: type[Fault]) -> str:
    own = arguments(model)
    table = [_table("argument", own)] if own else []
    example = json.format(json.encode(model.EXAMPLE), indent=0).decode()
    return "\n".join([f"## {name}\n\n{_prose(model)}\n", *table, f"```json\n{example}\n```\n"])


def _table(heading: str, rows: list[FaultArgument]) -> str:
    lines = [f"| {heading} | type | default | meaning |", "|---|---|---|---|"]
    lines += [f"| `{row.name}` | {row.type} | {row.default} | {row.description} |" for row in rows]
    return "\n".join(lines) + "\n"
