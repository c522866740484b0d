"""A vendor's contract as an OpenAPI 3.1 document, in which every fact says what it rests on (``x-basis``)."""

from collections.abc import Callable, Iterable, Mapping
from string import Formatter
from typing import Any, Final

from msgspec import Struct, json

from mockserver.contract.behaviors import Behavior, ByBehavior
from mockserver.contract.credentials import Bearer
from mockserver.contract.endpoint import COMMON_ERRORS, Contract, Endpoint
from mockserver.contract.errors import ErrorTemplate, status_details
from mockserver.contract.limits import ConcurrencyLimit
from mockserver.contract.provenance import Fact
from mockserver.contract.validation import Field, fields, structs

_REF: Final = "#/components/schemas/{name}"
_JSON: Final = "application/json"


class Example(Struct, frozen=True):
    """A good request to an endpoint, and what it answers."""

    parameters: Mapping[str, Any]
    """Of the path, the query and the body, by their names."""
    answer: Any


def document(contract: Contract, version: str, example: Callable[[Endpoint], Example]) -> dict[str, Any]:
    """Describe a vendor; paths are those below its host, and below ``/`` and ``/<vendor>`` of the mock."""
    models = [
        model
        for endpoint in contract.endpoints
        for model in (endpoint.body, endpoint.response)
        if model is not None
    ]
    schemas, components = json.schema_components(models, ref_template=_REF)
    known = dict(zip(models, schemas, strict=True))
    for model in structs(models):
        _explain(components[model.__name__], model)
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in contract.endpoints:
        for number, path in enumerate(endpoint.paths):
            paths.setdefault(path, {})[endpoint.method.lower()] = _operation(
                contract, endpoint, number, known, example(endpoint)
            )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"{contract.title}, as session-mock imitates it",
            "summary": contract.description,
            "version": version,
            "description": "Every fact says on what it rests: documented, observed, source, inferred or chosen.",
        },
        "servers": [{"url": "/", "description": "Where this document is served."}],
        "paths": paths,
        "components": {"schemas": components, **_schemes(contract)},
        "x-sources": {
            name: {"title": each.title, "url": each.url, "read": each.read_on}
            for name, each in contract.sources.items()
        },
        "x-behaviors": {behavior.name: _behavior(behavior) for behavior in contract.behaviors},
    }


def _explain(schema: dict[str, Any], model: type) -> None:
    """Add to the properties of a schema what the facts of the model's fields say."""
    for field in fields(model):
        schema["properties"][field.name] |= {"description": field.fact.text, **_basis(field.fact)}


def _basis(fact: Fact) -> dict[str, Any]:
    return {"x-basis": fact.basis.value, **({"x-source": fact.source} if fact.source else {})}


def _behavior(behavior: Behavior) -> dict[str, Any]:
    told: dict[str, Any] = {
        "says": behavior.description,
        "default": behavior.default,
        "x-basis": behavior.basis.value,
    }
    told |= {"options": dict(behavior.options)} if behavior.options else {"unit": behavior.unit}
    return {**told, **({"x-source": behavior.source} if behavior.source else {})}


def _schemes(contract: Contract) -> dict[str, Any]:
    """The security schemes; keys that travel in a body are fields of it."""
    bearers = [
        endpoint.credentials for endpoint in contract.endpoints if isinstance(endpoint.credentials, Bearer)
    ]
    schemes = {"token": {"type": "http", "scheme": "bearer"}} if bearers else {}
    schemes |= {
        each.query: {"type": "apiKey", "in": "query", "name": each.query} for each in bearers if each.query
    }
    return {"securitySchemes": schemes} if schemes else {}


def _operation(
    contract: Contract, endpoint: Endpoint, number: int, known: Mapping[Any, Any], example: Example
) -> dict[str, Any]:
    """Describe an endpoint at one of its paths, the first of which is the documented one."""
    told: dict[str, Any] = {
        "operationId": endpoint.name if number == 0 else f"{endpoint.name}_{number + 1}",
        "summary": endpoint.summary,
        "description": "\n".join(f"- {fact.text} ({fact.basis.value})" for fact in endpoint.facts),
        "tags": [contract.vendor],
    }
    parameters = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": fact.text,
            "schema": {"type": "string"},
            **_basis(fact),
        }
        for name, fact in endpoint.path.items()
    ]
    parameters += [_parameter(field) for field in fields(endpoint.query)]
    said = dict(example.parameters)
    if parameters:
        told["parameters"] = [
            {**each, **({"example": said.pop(each["name"])} if each["name"] in said else {})}
            for each in parameters
        ]
    if endpoint.body is not None:
        content = {"schema": _body(endpoint, known[endpoint.body]), "example": said}
        told["requestBody"] = {"required": True, "content": {_JSON: content}}
    if isinstance(endpoint.credentials, Bearer):
        told["security"] = [
            {"token": []},
            *([{endpoint.credentials.query: []}] if endpoint.credentials.query else []),
        ]
    answer, links = _answer(endpoint, known[endpoint.response], example.answer), _links(contract, endpoint)
    told["responses"] = {
        "200": {**answer, **({"links": links} if links else {})},
        **_refusals(contract, endpoint),
    }
    told["x-facts"] = [{"says": fact.text, **_basis(fact)} for fact in endpoint.facts]
    return told


def _body(endpoint: Endpoint, schema: Any) -> Any:
    """The schema of a body, of some fields of which one at least must hold a text."""
    if not endpoint.any_of_fields:
        return schema
    said = [
        {"required": [name], "properties": {name: {"type": "string", "minLength": 1}}}
        for name in endpoint.any_of_fields
    ]
    return {"allOf": [schema, {"type": "object", "anyOf": said}]}


def _parameter(field: Field) -> dict[str, Any]:
    schema = json.schema(field.type)
    told: dict[str, Any] = {
        "name": field.name,
        "in": "query",
        "required": field.required,
        "description": field.fact.text,
    }
    if field.default is not None and field.default != "":
        schema["default"] = field.default
    return {**told, "schema": _without_null(schema), **_basis(field.fact)}


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A query says nothing by leaving a parameter out; there is no null in it."""
    rest = [each for each in schema.get("anyOf", []) if each != {"type": "null"}]
    return (
        {**{name: value for name, value in schema.items() if name != "anyOf"}, **rest[0]}
        if len(rest) == 1
        else schema
    )


def _answer(endpoint: Endpoint, schema: Any, example: Any) -> dict[str, Any]:
    content = {"schema": schema, "example": example}
    rates = [limit for limit in endpoint.limits if not isinstance(limit, ConcurrencyLimit)]
    names = [name for rate in rates for name in (*(rate.headers or ()), *(rate.tightest or ()))]
    headers = {name: {"schema": {"type": "string"}} for name in names}
    return {
        "description": "The answer.",
        "content": {_JSON: content},
        **({"headers": headers} if headers else {}),
    }


def _links(contract: Contract, endpoint: Endpoint) -> dict[str, Any]:
    """Where the first row of a list of sessions leads: to the endpoints that give one of them."""
    if not endpoint.start_field:
        return {}
    row = f"$response.body#/{str(endpoint.rows_path).replace('.', '/')}/0/{endpoint.row_key[0]}"
    found = {}
    for each in contract.endpoints:
        own = [name for name in each.path if name != each.site]
        if len(own) == 1:
            site = {each.site: f"$request.path.{endpoint.site}"} if each.site and endpoint.site else {}
            found[each.name] = {"operationId": each.name, "parameters": {own[0]: row, **site}}
    return found


def _refusals(contract: Contract, endpoint: Endpoint) -> dict[str, Any]:
    """Every refusal by its status; errors that share one are alternatives."""
    names = [
        *COMMON_ERRORS,
        endpoint.validation_error,
        *endpoint.errors,
        *(["unknown_site", "forbidden"] if endpoint.site else []),
    ]
    names += ["busy" if isinstance(limit, ConcurrencyLimit) else "rate_limited" for limit in endpoint.limits]
    by_status: dict[int, list[tuple[str, ErrorTemplate]]] = {}
    for name in dict.fromkeys(names):
        shape = contract.errors[name]
        for status in dict.fromkeys(
            shape.status.statuses.values() if isinstance(shape.status, ByBehavior) else [shape.status]
        ):
            by_status.setdefault(status, []).append((name, shape))
    return {str(status): _refusal(status, shapes) for status, shapes in sorted(by_status.items())}


def _refusal(status: int, shapes: Iterable[tuple[str, ErrorTemplate]]) -> dict[str, Any]:
    told, sent = list(shapes), {f"{{{name}}}": value for name, value in status_details(status).items()}
    content: dict[str, Any] = {}
    for media in (_JSON, "text/plain"):
        bodies = [
            _shape(shape.body, shape.defaults, sent)
            for _, shape in told
            if shape.body is not None and shape.text == (media != _JSON)
        ]
        unlike = [body for number, body in enumerate(bodies) if body not in bodies[:number]]
        if unlike:
            content[media] = {"schema": unlike[0] if len(unlike) == 1 else {"anyOf": unlike}}
    return {
        "description": " ".join(
            f"{name}: {shape.fact.text} ({shape.fact.basis.value})" for name, shape in told
        ),
        **({"content": content} if content else {}),
        "x-errors": {name: {"says": shape.fact.text, **_basis(shape.fact)} for name, shape in told},
    }


def _shape(template: Any, usual: Mapping[str, Any], sent: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of a body from the template that it is filled into, from the details that are usual, and what is known of some."""
    if isinstance(template, Mapping):
        properties = {name: _shape(value, usual, sent) for name, value in template.items()}
        return {"type": "object", "required": list(properties), "properties": properties}
    if isinstance(template, list):
        return (
            {"type": "array", "items": {"anyOf": [_shape(each, usual, sent) for each in template]}}
            if template
            else {"type": "array"}
        )
    if isinstance(template, str) and template in sent:
        return {"const": sent[template]}
    if isinstance(template, str) and any(name is not None for _, name, _, _ in Formatter().parse(template)):
        return {"type": "integer" if isinstance(usual.get(template[1:-1]), int) else "string"}
    return {"const": template}
