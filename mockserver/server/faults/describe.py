"""Render the reference of the kinds of faults as Markdown."""

import ast
import re
from collections.abc import Iterator
from inspect import cleandoc, getsource
from itertools import pairwise
from typing import Final

from msgspec import NODEFAULT, UNSET, inspect, json
from msgspec.structs import FieldInfo, fields

from mockserver.admin_schemas.faults import FaultArgument
from mockserver.server.faults.base import Fault, WireFault
from mockserver.server.faults.registry import kinds

_INTRODUCTION: Final = """\
A fault is a JSON object: its `kind`, its arguments and the conditions under which it triggers. Faults nest:
the first one added wraps the later ones. Wire faults ({first_wire} to {last_wire}) wrap all others and
apply to the response that the others produce.

A fault counts the requests that *matched* its conditions, those that *triggered* it, and those for which it
was *effective*: without it, the client would have got a response that it can tell apart. Of several faults
with the same effect, only as many are effective as are needed. A change of the world is effective as soon as
the client requests a list whose rows it changes, on any page. Faults that triggered without any effect, such
as a session outside the requested time window, are `ineffective_faults` of the verification, a warning.
"""
_TYPE_NAMES: Final = {
    inspect.AnyType: "any JSON value",
    inspect.BoolType: "true or false",
    inspect.DictType: "object",
    inspect.FloatType: "number",
    inspect.IntType: "whole number",
    inspect.StrType: "text",
}


def page() -> str:
    """Return the reference page: the conditions that all faults share, then each kind."""
    wire = [f"`{name}`" for name, model in kinds().items() if issubclass(model, WireFault)]
    introduction = _INTRODUCTION.format(first_wire=wire[0], last_wire=wire[-1])
    parts = [
        f"# Faults\n\n{introduction}",
        f"## Conditions\n\n{_prose(Fault)}\n",
        _table("condition", arguments(Fault)),
    ]
    return "\n".join([*parts, *(_section(name, model) for name, model in kinds().items())])


def arguments(model: type[Fault]) -> list[FaultArgument]:
    """Return the arguments of a kind; for :class:`Fault` itself, the conditions that all kinds share."""
    descriptions = dict(_attribute_docstrings(model))
    return [
        FaultArgument(
            name=field.encode_name,
            type=_type(inspect.type_info(field.type)),
            default=_default(field),
            description=descriptions.get(field.name, ""),
        )
        for field in fields(model)
        if field.name in model.__annotations__
    ]


def _attribute_docstrings(model: type[Fault]) -> Iterator[tuple[str, str]]:
    """Yield the fields of a class that are followed by a docstring, with that docstring."""
    body = next(node.body for node in ast.parse(getsource(model)).body if isinstance(node, ast.ClassDef))
    for statement, following in pairwise(body):
        match statement, following:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(docstring))):
                yield name, _markdown(docstring)


def _markdown(text: str) -> str:
    """Return a docstring as Markdown on one line."""
    return re.sub(r"\s+", " ", cleandoc(text).replace("``", "`"))


def _prose(model: type[Fault]) -> str:
    return _markdown(model.__doc__ or "")


def _default(field: FieldInfo) -> str:
    is_empty = field.default in (None, NODEFAULT, UNSET)
    return "" if is_empty else f"`{json.encode(field.default).decode()}`"


def _type(argument: inspect.Type) -> str:
    match argument:
        case inspect.Metadata(type=inner):
            return _type(inner)
        case inspect.UnionType(types=types):
            return " or ".join(_type(member) for member in types if not isinstance(member, inspect.NoneType))
        case inspect.ListType(item_type=item) | inspect.VarTupleType(item_type=item):
            return f"list of {_type(item)}"
        case inspect.DictType(value_type=value) if not isinstance(value, inspect.AnyType):
            return f"object with values: {_type(value)}"
        case inspect.LiteralType(values=values):
            return " or ".join(f"`{json.encode(value).decode()}`" for value in values)
    return _TYPE_NAMES[type(argument)] + _bounds(argument)


def _bounds(argument: inspect.Type) -> str:
    bounds = [
        (word, getattr(argument, name, None))
        for name, word in (("ge", "from"), ("le", "to"), ("lt", "below"))
    ]
    return "".join(f" {word} {bound:.12g}" for word, bound in bounds if bound is not None)


def _section(name: str, model: type[Fault]) -> str:
    rows = arguments(model)
    table = [_table("argument", rows)] if rows else []
    example = json.format(json.encode(model.EXAMPLE), indent=0).decode()
    return "\n".join([f"## {name}\n\n{_prose(model)}\n", *table, f"```json\n{example}\n```\n"])


def _table(heading: str, rows: list[FaultArgument]) -> str:
    lines = [f"| {heading} | type | default | meaning |", "|---|---|---|---|"]
    lines += [f"| `{row.name}` | {row.type} | {row.default} | {row.description} |" for row in rows]
    return "\n".join(lines) + "\n"
