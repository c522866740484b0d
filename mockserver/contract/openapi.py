"""Describe a vendor's contract as an OpenAPI 3.1 document, with the basis of every fact (``x-basis``)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from string import Formatter
from typing import Any, Final

from msgspec import Struct, json

from mockserver.contract.behaviors import Behavior, ByBehavior
from mockserver.contract.endpoint import Contract, Endpoint
from mockserver.contract.errors import COMMON_ERRORS, ErrorTemplate, status_details
from mockserver.contract.http.credentials import Bearer
from mockserver.contract.provenance import Fact
from mockserver.contract.validation import Field, fields, nested_structs

_REF: Final = "#/components/schemas/{name}"
_JSON: Final = "application/json"


class Example(Struct, frozen=True):
    """A valid request to an endpoint, with its response."""

    parameters: Mapping[str, Any]
    """Parameters of path, query and body by name."""
    response: Any


def document(contract: Contract, version: str, example: Callable[[Endpoint], Example]) -> dict[str, Any]:
    """Return the document of a contract.

    Its paths are valid on the vendor's host, and below ``/`` and ``/<vendor>`` of the mock.
    """
    models: list[type] = []
    for endpoint in contract.endpoints:
        models += [model for model in (endpoint.body, endpoint.response) if model is not None]
    schemas, components = json.schema_components(models, ref_template=_REF)
    schema_of = dict(zip(models, schemas, strict=True))
    for model in nested_structs(models):
        _describe_properties(components[model.__name__], model)
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in contract.endpoints:
        for number, path in enumerate(endpoint.paths):
            paths.setdefault(path, {})[endpoint.method.lower()] = _operation(
                contract, endpoint, number, schema_of, example(endpoint)
            )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"{contract.title}, as imitated by session-mock",
            "summary": contract.description,
            "version": version,
            "description": "Every fact has a basis: documented, observed, source, inferred or assumed.",
        },
        "servers": [{"url": "/", "description": "Where this document is served."}],
        "paths": paths,
        "components": {"schemas": components, **_schemes(contract)},
        "x-sources": {
            name: {"title": source.title, "url": source.url, "read": source.read_on}
            for name, source in contract.sources.items()
        },
        "x-behaviors": {behavior.name: _behavior(behavior) for behavior in contract.behaviors},
    }


def _describe_properties(schema: dict[str, Any], model: type) -> None:
    """Add the facts of a struct's fields to the properties of its schema."""
    for field in fields(model):
        schema["properties"][field.name] |= {"description": field.fact.text, **_basis(field.fact)}


def _basis(fact: Fact) -> dict[str, Any]:
    return {"x-basis": fact.basis.value, **({"x-source": fact.source} if fact.source else {})}


def _behavior(behavior: Behavior) -> dict[str, Any]:
    described: dict[str, Any] = {
        "says": behavior.description,
        "default": behavior.default,
        "x-basis": behavior.basis.value,
    }
    described |= {"options": dict(behavior.options)} if behavior.options else {"unit": behavior.unit}
    return {**described, **({"x-source": behavior.source} if behavior.source else {})}


def _schemes(contract: Contract) -> dict[str, Any]:
    """Return the security schemes; keys in a body are documented as fields of the body."""
    credentials = [endpoint.credentials for endpoint in contract.endpoints]
    bearers = [bearer for bearer in credentials if isinstance(bearer, Bearer)]
    schemes = {"token": {"type": "http", "scheme": "bearer"}} if bearers else {}
    schemes |= {
        bearer.query: {"type": "apiKey", "in": "query", "name": bearer.query}
        for bearer in bearers
        if bearer.query
    }
    return {"securitySchemes": schemes} if schemes else {}


def _operation(
    contract: Contract, endpoint: Endpoint, number: int, schema_of: Mapping[Any, Any], example: Example
) -> dict[str, Any]:
    """Describe an endpoint at one of its paths; path 0 is the documented one."""
    operation: dict[str, Any] = {
        "operationId": endpoint.name if number == 0 else f"{endpoint.name}_{number + 1}",
        "summary": endpoint.summary,
        "description": "\n".join(f"- {fact.text} ({fact.basis.value})" for fact in endpoint.facts),
        "tags": [contract.vendor],
    }
    parameters = [_path_parameter(name, fact) for name, fact in endpoint.path.items()]
    parameters += [_query_parameter(field) for field in fields(endpoint.query)]
    body_example = dict(example.parameters)
    for parameter in parameters:
        if parameter["name"] in body_example:
            parameter["example"] = body_example.pop(parameter["name"])
    if parameters:
        operation["parameters"] = parameters
    if endpoint.body is not None:
        content = {"schema": _body(endpoint, schema_of[endpoint.body]), "example": body_example}
        operation["requestBody"] = {"required": True, "content": {_JSON: content}}
    if isinstance(endpoint.credentials, Bearer):
        operation["security"] = [{"token": []}]
        if endpoint.credentials.query:
            operation["security"].append({endpoint.credentials.query: []})
    success = _success(endpoint, schema_of[endpoint.response], example.response)
    links = _links(contract, endpoint)
    if links:
        success["links"] = links
    operation["responses"] = {"200": success, **_errors(contract, endpoint)}
    operation["x-facts"] = [{"says": fact.text, **_basis(fact)} for fact in endpoint.facts]
    return operation


def _body(endpoint: Endpoint, schema: Any) -> Any:
    """Return the schema of a body, with the condition that one of several fields is a non-empty string."""
    if not endpoint.any_of_fields:
        return schema
    alternatives = [
        {"required": [name], "properties": {name: {"type": "string", "minLength": 1}}}
        for name in endpoint.any_of_fields
    ]
    return {"allOf": [schema, {"type": "object", "anyOf": alternatives}]}


def _path_parameter(name: str, fact: Fact) -> dict[str, Any]:
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": fact.text,
        "schema": {"type": "string"},
        **_basis(fact),
    }


def _query_parameter(field: Field) -> dict[str, Any]:
    schema = json.schema(field.type)
    if field.default is not None and field.default != "":
        schema["default"] = field.default
    return {
        "name": field.name,
        "in": "query",
        "required": field.required,
        "description": field.fact.text,
        "schema": _without_null(schema),
        **_basis(field.fact),
    }


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema without null: a query omits a parameter instead."""
    options = [option for option in schema.get("anyOf", []) if option != {"type": "null"}]
    if len(options) != 1:
        return schema
    return {**{name: value for name, value in schema.items() if name != "anyOf"}, **options[0]}


def _success(endpoint: Endpoint, schema: Any, example: Any) -> dict[str, Any]:
    content = {"schema": schema, "example": example}
    names = chain.from_iterable(limit.header_names for limit in endpoint.limits)
    headers = {name: {"schema": {"type": "string"}} for name in names}
    return {
        "description": "The response.",
        "content": {_JSON: content},
        **({"headers": headers} if headers else {}),
    }


def _links(contract: Contract, endpoint: Endpoint) -> dict[str, Any]:
    """Return links from the first row of a list of sessions to the endpoints that return one session."""
    if not endpoint.start_field:
        return {}
    row = f"$response.body#/{str(endpoint.rows_path).replace('.', '/')}/0/{endpoint.row_key[0]}"
    links = {}
    for target in contract.endpoints:
        ids = [name for name in target.path if name != target.site]
        if len(ids) == 1:
            site = {target.site: f"$request.path.{endpoint.site}"} if target.site and endpoint.site else {}
            links[target.name] = {"operationId": target.name, "parameters": {ids[0]: row, **site}}
    return links


def _errors(contract: Contract, endpoint: Endpoint) -> dict[str, Any]:
    """Return all error responses by status; errors with the same status are alternatives."""
    names = [*COMMON_ERRORS, endpoint.validation_error, *endpoint.errors]
    names += ["unknown_site", "forbidden"] if endpoint.site else []
    names += [limit.error for limit in endpoint.limits]
    by_status: dict[int, list[tuple[str, ErrorTemplate]]] = {}
    for name in dict.fromkeys(names):
        template = contract.errors[name]
        for status in _statuses(template):
            by_status.setdefault(status, []).append((name, template))
    return {str(status): _error(status, templates) for status, templates in sorted(by_status.items())}


def _statuses(template: ErrorTemplate) -> Iterable[int]:
    if isinstance(template.status, ByBehavior):
        return dict.fromkeys(template.status.statuses.values())
    return [template.status]


def _error(status: int, templates: Sequence[tuple[str, ErrorTemplate]]) -> dict[str, Any]:
    known_details = {f"{{{name}}}": value for name, value in status_details(status).items()}
    content: dict[str, Any] = {}
    for media_type in (_JSON, "text/plain"):
        schemas: list[dict[str, Any]] = []
        for _, template in templates:
            if template.body is not None and template.text == (media_type != _JSON):
                schema = _schema_of_template(template.body, template.defaults, known_details)
                schemas += [schema] if schema not in schemas else []
        if schemas:
            content[media_type] = {"schema": schemas[0] if len(schemas) == 1 else {"anyOf": schemas}}
    facts = {name: template.fact for name, template in templates}
    return {
        "description": " ".join(f"{name}: {fact.text} ({fact.basis.value})" for name, fact in facts.items()),
        **({"content": content} if content else {}),
        "x-errors": {name: {"says": fact.text, **_basis(fact)} for name, fact in facts.items()},
    }


def _schema_of_template(
    template: Any, defaults: Mapping[str, Any], known_details: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the schema of bodies rendered from a template; the defaults show which details are integers."""
    if isinstance(template, Mapping):
        properties = {
            name: _schema_of_template(value, defaults, known_details) for name, value in template.items()
        }
        return {"type": "object", "required": list(properties), "properties": properties}
    if isinstance(template, list):
        items = [_schema_of_template(item, defaults, known_details) for item in template]
        return {"type": "array", "items": {"anyOf": items}} if items else {"type": "array"}
    if isinstance(template, str) and template in known_details:
        return {"const": known_details[template]}
    if isinstance(template, str) and any(name is not None for _, name, _, _ in Formatter().parse(template)):
        return {"type": "integer" if isinstance(defaults.get(template[1:-1]), int) else "string"}
    return {"const": template}
