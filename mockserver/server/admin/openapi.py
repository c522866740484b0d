"""The admin API as OpenAPI 3.1, from its routes and the types of their handlers."""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from http import HTTPStatus
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin

from msgspec import Struct, json
from msgspec.inspect import StructType, type_info
from msgspec.structs import fields

from mockserver import __version__
from mockserver.admin_schemas import ExpectedRowsQuery, Problem
from mockserver.server.admin.app import PREFIX
from mockserver.server.admin.handlers.expected import get_expected_rows
from mockserver.server.admin.handlers.faults import add_faults
from mockserver.server.admin.routing import Created, Route, StreamingBody
from mockserver.server.admin.signatures import answered, asked, summary
from mockserver.server.faults.registry import kinds

_REF: Final = "#/components/schemas/{name}"
_JSON: Final = "application/json"
_PLACES: Final = {
    "id": "A tenant's id; the first one is `default`.",
    "number": "As it was answered when it was made.",
}

_OWN: Final = {
    "name": "parameters",
    "in": "query",
    "description": "The endpoint's own parameters; without any, those that ask for everything.",
    "style": "form",
    "explode": True,
    "schema": {"type": "object", "additionalProperties": {"type": "string"}},
}


@cache
def document(routes: Sequence[Route]) -> dict[str, Any]:
    """Describe routes."""
    models = [*dict.fromkeys(model for route in routes for model in _models(route)), Problem]
    schemas, components = json.schema_components(models, ref_template=_REF)
    known = dict(zip(models, schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(PREFIX + route.path, {})[route.method.lower()] = _operation(route, known)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "session-mock admin API",
            "version": __version__,
            "description": "Steers and watches a running session-mock.",
        },
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{}, {"token": []}],
    }


def _operation(route: Route, known: dict[Any, Any]) -> dict[str, Any]:
    names = re.findall(r"{(\w+)}", route.path)
    parameters = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": _PLACES[name],
            "schema": {"type": "string"},
        }
        for name in names
    ]
    parameters += [parameter for parameter in _query(route) if parameter["name"] not in names]
    problem = {
        "description": "What stood in the way, and what would be right.",
        "content": {"application/problem+json": {"schema": known[Problem]}},
    }
    wanted = _body(route)
    body = (
        {}
        if wanted is None
        else {"requestBody": {"required": True, "content": {_JSON: {"schema": known[wanted]}}}}
    )
    return {
        "operationId": route.handler.__name__,
        "summary": summary(route),
        "tags": [route.handler.__module__.rpartition(".")[2]],
        **({"parameters": parameters} if parameters else {}),
        **body,
        "responses": {str(route.status): _answer(route, known), "default": problem},
    }


def _answer(route: Route, known: dict[Any, Any]) -> dict[str, Any]:
    content = {
        media: {"schema": {"type": "string"} if model is None else known[model]}
        for media, model in _answers(route)
    }
    located = {"headers": {"Location": {"description": "Where it is found.", "schema": {"type": "string"}}}}
    return {
        "description": HTTPStatus(route.status).phrase,
        **({"content": content} if content else {}),
        **(located if _is_made(answered(route)) else {}),
    }


def _models(route: Route) -> Iterable[Any]:
    """The types that a route reads or answers as JSON."""
    wanted = _body(route)
    return [
        *([] if wanted is None else [wanted]),
        *(model for _, model in _answers(route) if model is not None),
    ]


def _body(route: Route) -> Any:
    """The type of the body; faults are known more closely than their handler needs."""
    if route.handler is add_faults:
        every: Any = Union[tuple(kinds().values())]  # noqa: UP007 -- made of what is registered
        return Union[every, list[every]]  # noqa: UP007 -- the same
    return asked(route).get("body")


def _answers(route: Route) -> list[tuple[str, Any]]:
    """The media types that a route answers, with the type of what is JSON."""
    told, found = answered(route), []
    parts = (
        get_args(told)
        if get_origin(told) in (UnionType, Union) and StreamingBody in map(_plain, get_args(told))
        else [told]
    )
    for part in parts:
        if get_origin(part) is Annotated:
            found.append((get_args(part)[1], None))
        elif part is not NoneType:
            found.append((_JSON, get_args(part)[0] if _is_made(part) else part))
    return found


def _plain(hint: Any) -> Any:
    return get_args(hint)[0] if get_origin(hint) is Annotated else hint


def _is_made(hint: Any) -> bool:
    return get_origin(hint) is Created


def _query(route: Route) -> list[dict[str, Any]]:
    """The parameters of the query."""
    model = ExpectedRowsQuery if route.handler is get_expected_rows else asked(route).get("query")
    if model is None:
        return []
    info = type_info(model)
    assert isinstance(info, StructType)  # noqa: S101 -- a query has fields
    return [
        {
            "name": field.encode_name,
            "in": "query",
            "required": field.required,
            "schema": json.schema(_struct_field(model, field.name)),
        }
        for field in info.fields
        if field.name != "parameters"
    ] + ([_OWN] if model is ExpectedRowsQuery else [])


def _struct_field(model: type[Struct], name: str) -> Any:
    return next(field.type for field in fields(model) if field.name == name)
