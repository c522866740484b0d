"""What a request says in its query and its body: first as it was sent, then as its endpoint means it."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from mockserver.contract import validation as request
from mockserver.contract.endpoint import Endpoint
from mockserver.contract.errors import ApiError
from mockserver.contract.validation import ContractViolation, in_turn, read_json
from mockserver.server.http.raw_request import RawRequest
from mockserver.server.requests.auth import RequestValues


def extract_values(endpoint: Endpoint, raw: RawRequest) -> RequestValues:
    """Where a request may carry credentials, or ``ApiError`` where its body cannot be read."""
    return RequestValues(
        {"Authorization": raw.authorization}, dict(_pairs(raw.path.partition("?")[2])), _body(endpoint, raw)
    )


def read(
    endpoint: Endpoint, raw: RawRequest, sent: RequestValues, behaviors: Mapping[str, Any]
) -> dict[str, Any]:
    """What it asks for in query and body, or ``ApiError`` with everything in it that cannot be read, or what comes first."""
    pairs = (
        None if endpoint.duplicate_param_message is None else list(_pairs(raw.path.partition("?")[2]))
    )  # As often as they stand in it.
    query = sent.query if pairs is None else dict(reversed(pairs))
    found = {}
    for where, model, texts in (
        ("query", endpoint.query, _query(endpoint, query)),
        ("body", endpoint.body, sent.body),
    ):
        if model is None:
            continue
        numeric = where == "query" or behaviors.get("numeric_texts", "accept") == "accept"
        typed = request.read(model, texts, where, numeric_texts=numeric)
        wrong = typed if isinstance(typed, list) else []
        if pairs is not None and where == "query":
            wrong = in_turn(pairs, model, wrong, endpoint.duplicate_param_message or "")
        if wrong:
            message = "; ".join(violation.message for violation in wrong)
            raise ApiError(
                endpoint.validation_error, message=message, field=wrong[0].field, reason=wrong[0].reason
            )
        found[where] = typed
    return found


def _query(endpoint: Endpoint, query: Mapping[str, str]) -> Mapping[str, str]:
    return query if endpoint.empty == "value" else {name: value for name, value in query.items() if value}


def _pairs(query: str) -> Iterable[tuple[str, str]]:
    """The names and values of a query; where nothing in it is encoded, there is a quick way to them."""
    if "%" in query or "+" in query:
        return parse_qsl(query, keep_blank_values=True, errors="replace")
    return ((name, value) for name, _, value in (pair.partition("=") for pair in query.split("&") if pair))


def _body(endpoint: Endpoint, raw: RawRequest) -> Mapping[str, Any]:
    if endpoint.body is None:
        return {}
    body = read_json(raw.body, raw.media_type)
    if isinstance(body, ContractViolation):
        raise ApiError("violation", message=body.message, reason=body.reason)
    return body
