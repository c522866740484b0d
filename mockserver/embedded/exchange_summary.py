"""Exchanges of a journal, told to people."""

from collections.abc import Mapping
from typing import Any

from msgspec import json

from mockserver.contract.behaviors import DOCUMENTED


def line(exchange: Mapping[str, Any], longest: int | None = None) -> str:
    """An exchange in a line: what was asked, in so many characters at most, and what came of it."""
    request, response = exchange["request"], exchange["response"] or {}
    query = "?" + "&".join(f"{name}={value}" for name, value in request["query"]) if request["query"] else ""
    body = f" {json.encode(request['body']).decode()}" if request["body"] is not None else ""
    asked = f"{request['method']} {request['path']}{query}{body}"
    shown = asked if longest is None or len(asked) <= longest else asked[:longest] + "…"
    error = f" {exchange['error']}" if exchange["error"] else ""
    read = f", {exchange['source']['title']}" if exchange["source"] else ""
    error += f" ({exchange['basis']}{read})" if exchange["basis"] else ""
    error += f" in dialect {exchange['dialect']}" if exchange["dialect"] not in (None, DOCUMENTED) else ""
    triggered = f", triggered by {', '.join(exchange['faults'])}" if exchange["faults"] else ""
    triggered += "".join(
        f", {name}: {value}" for name, value in response.get("headers", ()) if name == "Retry-After"
    )
    return f"{shown} -> {response.get('status', 'no answer')}{error}{triggered}"
