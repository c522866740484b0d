"""Extract the values of a request's query and body, and validate them against its endpoint."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from mockserver.contract import validation
from mockserver.contract.endpoint import Endpoint
from mockserver.contract.errors import ApiError
from mockserver.contract.validation import ContractViolation, first_violation, read_json
from mockserver.server.http.raw_request import RawRequest
from mockserver.server.requests.auth import RequestValues


def extract_values(endpoint: Endpoint, raw: RawRequest) -> RequestValues:
    """Return the header, query and body values; raise ``ApiError`` for a body that is not a JSON object."""
    return RequestValues(
        {"Authorization": raw.authorization},
        dict(split_query(raw.path.partition("?")[2])),
        _decode_body(endpoint, raw),
    )


def validate_values(
    endpoint: Endpoint, raw: RawRequest, values: RequestValues, behaviors: Mapping[str, Any]
) -> tuple[Any, Any]:
    """Return the typed query and body.

    Raise ``ApiError`` with all violations, or the first if the vendor stops there.
    """
    query = None
    body = None
    if endpoint.query is not None:
        query = _validate_query(endpoint, endpoint.query, raw, values)
    if endpoint.body is not None:
        numeric_texts = behaviors.get("numeric_texts", "accept") == "accept"
        body = validation.read(endpoint.body, values.body, "body", numeric_texts=numeric_texts)
        _raise_violations(endpoint, body)
    return query, body


def _validate_query(endpoint: Endpoint, model: type, raw: RawRequest, values: RequestValues) -> Any:
    if endpoint.duplicate_param_message is None:
        sent = _join_repeated(endpoint, raw) if endpoint.joins_repeated_params else values.query
        query = validation.read(model, _drop_empty(endpoint, sent), "query", numeric_texts=True)
        _raise_violations(endpoint, query)
        return query
    pairs = list(split_query(raw.path.partition("?")[2]))
    first_values = dict(reversed(pairs))
    query = validation.read(model, _drop_empty(endpoint, first_values), "query", numeric_texts=True)
    violations = query if isinstance(query, list) else []
    _raise_violations(endpoint, first_violation(pairs, model, violations, endpoint.duplicate_param_message))
    return query


def _join_repeated(endpoint: Endpoint, raw: RawRequest) -> Mapping[str, str]:
    """Return the values of the query, joined by name; raise ``ApiError`` if one must not be repeated."""
    values: dict[str, list[str]] = {}
    for name, value in split_query(raw.path.partition("?")[2]):
        values.setdefault(name, []).append(value)
    messages = [
        message for name, message in endpoint.repeated_params.items() if len(values.get(name, ())) > 1
    ]
    if messages:
        raise ApiError("violation", message="; ".join(messages))
    return {name: ",".join(each) for name, each in values.items()}


def _raise_violations(endpoint: Endpoint, result: Any) -> None:
    """Raise ``ApiError`` if the result of a validation is a non-empty list of violations."""
    if isinstance(result, list) and result:
        message = "; ".join(violation.message for violation in result)
        first = result[0]
        raise ApiError(endpoint.validation_error, message=message, field=first.field, reason=first.reason)


def _drop_empty(endpoint: Endpoint, query: Mapping[str, str]) -> Mapping[str, str]:
    return query if endpoint.empty == "value" else {name: value for name, value in query.items() if value}


def split_query(query: str) -> Iterable[tuple[str, str]]:
    """Return the names and values of a query.

    A query without escapes is split without urllib, which is faster.
    """
    if "%" in query or "+" in query:
        return parse_qsl(query, keep_blank_values=True, errors="replace")
    pairs = (pair.partition("=") for pair in query.split("&") if pair)
    return ((name, value) for name, _, value in pairs)


def _decode_body(endpoint: Endpoint, raw: RawRequest) -> Mapping[str, Any]:
    if endpoint.body is None:
        return {}
    body = read_json(raw.body, raw.media_type)
    if isinstance(body, ContractViolation):
        raise ApiError("violation", message=body.message, reason=body.reason)
    return body
