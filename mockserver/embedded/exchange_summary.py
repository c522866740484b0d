"""One-line summaries of journal exchanges for reports."""

from collections.abc import Mapping
from typing import Any, Final

from msgspec import json

from mockserver.client.exchange_texts import describe_result
from mockserver.contract.behaviors import DOCUMENTED

_MAX_LENGTH: Final = 160


def describe_exchange(exchange: Mapping[str, Any]) -> str:
    """Return an exchange's number and summary."""
    return f"{exchange['number']:>4}  {summarize_exchange(exchange, _MAX_LENGTH)}"


def summarize_exchange(exchange: Mapping[str, Any], max_length: int | None = None) -> str:
    """Return the request, cut to *max_length* characters, and its outcome in one line."""
    request = _summarize_request(exchange["request"])
    if max_length is not None and len(request) > max_length:
        request = request[:max_length] + "…"
    response = exchange["response"] or {}
    faults = [fault.partition(":") for fault in exchange["faults"]]  # Such as 1:status.
    effective = exchange["effective_faults"]
    notes = [
        f"fault #{number} ({kind}{'' if f'{number}:{kind}' in effective else ', no effect'})"
        for number, _, kind in faults
    ]
    notes += [f"Retry-After: {value}" for name, value in response.get("headers", ()) if name == "Retry-After"]
    outcome = f"{response.get('status', 'no response')}{_describe_error(exchange)}"
    return f"{request} -> {', '.join([outcome, *describe_result(exchange), *notes])}"


def _summarize_request(request: Mapping[str, Any]) -> str:
    query = "&".join(f"{name}={value}" for name, value in request["query"])
    body = f" {json.encode(request['body']).decode()}" if request["body"] is not None else ""
    return f"{request['method']} {request['path']}{'?' if query else ''}{query}{body}"


def _describe_error(exchange: Mapping[str, Any]) -> str:
    """Return the error's name and evidence, and the dialect if it is not the documented one."""
    text = f" {exchange['error']}" if exchange["error"] else ""
    if exchange["basis"]:
        source = f", {exchange['source']['title']}" if exchange["source"] else ""
        text += f" ({exchange['basis']}{source})"
    if exchange["dialect"] not in (None, DOCUMENTED):
        text += f" in dialect {exchange['dialect']}"
    return text
