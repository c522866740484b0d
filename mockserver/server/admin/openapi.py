"""The admin API as OpenAPI 3.1, from its routes and the types of their handlers."""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from http import HTTPStatus
from itertools import chain
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin

from msgspec import json
from msgspec.structs import fields

from mockserver._util.version import VERSION
from mockserver.admin_schemas.expected import ExpectedRowsQuery
from mockserver.admin_schemas.server import Problem
from mockserver.server.admin.app import PREFIX
from mockserver.server.admin.handlers.expected import get_expected_rows
from mockserver.server.admin.handlers.faults import add_faults
from mockserver.server.admin.routing import JSON, Created, Route, StreamingBody
from mockserver.server.admin.signatures import get_summary, request_types, response_type
from mockserver.server.faults.registry import kinds

_REF: Final = "#/components/schemas/{name}"
_PATH_PARAMS: Final = {
    "id": "Id of the tenant; `default` always exists.",
    "number": "Id of the fault, or number of the exchange.",
}

_ENDPOINT_PARAMS: Final = {
    "name": "parameters",
    "in": "query",
    "description": "Parameters of the endpoint; by default those that select all rows.",
    "style": "form",
    "explode": True,
    "schema": {"type": "object", "additionalProperties": {"type": "string"}},
}


@cache
def document(routes: Sequence[Route]) -> dict[str, Any]:
    models = dict.fromkeys([*chain.from_iterable(map(_models, routes)), Problem])
    schemas, components = json.schema_components(models, ref_template=_REF)
    schema_of = dict(zip(models, schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(PREFIX + route.path, {})[route.method.lower()] = _operation(route, schema_of)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "session-mock admin API",
            "version": VERSION,
            "description": "Controls and inspects a running session-mock server.",
        },
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{}, {"token": []}],
    }


def _operation(route: Route, schema_of: dict[Any, Any]) -> dict[str, Any]:
    parameters = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": _PATH_PARAMS[name],
            "schema": {"type": "string"},
        }
        for name in re.findall(r"{(\w+)}", route.path)
    ]
    parameters += _query_params(route)
    problem = {
        "description": "An error with its remedy.",
        "content": {"application/problem+json": {"schema": schema_of[Problem]}},
    }
    body_type = _body_type(route)
    body = (
        {}
        if body_type is None
        else {"requestBody": {"required": True, "content": {JSON: {"schema": schema_of[body_type]}}}}
    )
    return {
        "operationId": route.handler.__name__,
        "summary": get_summary(route),
        "tags": [route.handler.__module__.rpartition(".")[2]],
        **({"parameters": parameters} if parameters else {}),
        **body,
        "responses": {str(route.status): _response(route, schema_of), "default": problem},
    }


def _response(route: Route, schema_of: dict[Any, Any]) -> dict[str, Any]:
    content = {
        media: {"schema": {"type": "string"} if model is None else schema_of[model]}
        for media, model in _contents(route)
    }
    location = {"description": "Path of what was created.", "schema": {"type": "string"}}
    return {
        "description": HTTPStatus(route.status).phrase,
        **({"content": content} if content else {}),
        **({"headers": {"Location": location}} if _is_created(response_type(route)) else {}),
    }


def _models(route: Route) -> Iterable[Any]:
    """Return the types of a route's JSON bodies."""
    body_type = _body_type(route)
    return [
        *([] if body_type is None else [body_type]),
        *(model for _, model in _contents(route) if model is not None),
    ]


def _body_type(route: Route) -> Any:
    """Return the type of the request body; for faults a more precise one than the handler's."""
    if route.handler is add_faults:
        fault: Any = Union[tuple(kinds().values())]  # noqa: UP007 -- built at run time
        return Union[fault, list[fault]]  # noqa: UP007 -- built at run time
    return request_types(route).get("body")


def _contents(route: Route) -> list[tuple[str, Any]]:
    """Return the media types of a route's response, each with the type of its JSON or None."""
    hint = response_type(route)
    is_union = get_origin(hint) in (UnionType, Union)
    has_stream = is_union and StreamingBody in map(_strip_annotation, get_args(hint))
    contents = []
    for part in get_args(hint) if has_stream else [hint]:
        if get_origin(part) is Annotated:
            contents.append((get_args(part)[1], None))
        elif part is not NoneType:
            contents.append((JSON, get_args(part)[0] if _is_created(part) else part))
    return contents


def _strip_annotation(hint: Any) -> Any:
    return get_args(hint)[0] if get_origin(hint) is Annotated else hint


def _is_created(hint: Any) -> bool:
    return get_origin(hint) is Created


def _query_params(route: Route) -> list[dict[str, Any]]:
    model = ExpectedRowsQuery if route.handler is get_expected_rows else request_types(route).get("query")
    if model is None:
        return []
    return [
        {
            "name": field.encode_name,
            "in": "query",
            "required": field.required,
            "schema": json.schema(field.type),
        }
        for field in fields(model)
        if field.name != "parameters"
    ] + ([_ENDPOINT_PARAMS] if model is ExpectedRowsQuery else [])
