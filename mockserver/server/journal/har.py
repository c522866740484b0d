"""Exchanges as an HTTP Archive, version 1.2, which browsers and other tools open."""

from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from msgspec import json, to_builtins

from mockserver import __version__
from mockserver.server.journal.journal import Exchange
from mockserver.server.journal.redacted_exchange import Pairs, RedactedExchange, iso, milliseconds, shown

_HTTP = "HTTP/1.1"
_PHRASES = {int(status): status.phrase for status in HTTPStatus}


def har(exchanges: Iterable[Exchange]) -> dict[str, Any]:
    """Make an archive; what it has no field for stands in fields that begin with an underscore."""
    return _archive([_entry(exchange) for exchange in exchanges])


def har_pieces(exchanges: Iterable[Exchange]) -> Iterator[bytes]:
    """Yield an archive as JSON, an exchange at a time."""
    start, end = json.encode(_archive([])).split(b"[]")
    yield start + b"["
    for number, exchange in enumerate(exchanges):
        yield (b"," if number else b"") + json.encode(_entry(exchange))
    yield b"]" + end


def _archive(entries: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "log": {
            "version": "1.2",
            "creator": {"name": "session-mock", "version": __version__},
            "entries": entries,
        }
    }


def _entry(exchange: Exchange) -> dict[str, Any]:
    told, took = shown(exchange), milliseconds(exchange.duration_ns) or 0
    own = {
        "number": exchange.number,
        "tenant": exchange.tenant,
        "vendor": exchange.vendor,
        "dialect": exchange.dialect,
        "endpoint": exchange.endpoint,
        "error": exchange.error,
        "basis": exchange.basis,
        "source": to_builtins(exchange.source),
        "faults": list(exchange.faults),
        "findings": to_builtins(exchange.findings),
        "near_misses": told.near_misses,
        "deleted_tenant": exchange.deleted_tenant,
    }
    return {
        "startedDateTime": iso(exchange.received_at),
        "time": took,
        "request": _request(exchange, told),
        "response": _response(exchange, told),
        "cache": {},
        "timings": {"send": 0, "wait": took, "receive": 0},
        **{f"_{name}": value for name, value in own.items() if value},
    }


def _request(exchange: Exchange, told: RedactedExchange) -> dict[str, Any]:
    host = next((value for name, value in told.headers if name.lower() == "host"), "") or "localhost"
    query = "?" + urlencode(told.query, safe="[]") if told.query else ""
    posted = (
        {} if told.body is None else {"postData": {"mimeType": _kind(told.headers), "text": _text(told.body)}}
    )
    return {
        "method": told.method,
        "url": f"http://{host}{told.path}{query}",
        "httpVersion": _HTTP,
        "cookies": [],
        "headers": _named(told.headers),
        "queryString": _named(told.query),
        **posted,
        "headersSize": -1,
        "bodySize": exchange.request_size,
    }


def _response(exchange: Exchange, told: RedactedExchange) -> dict[str, Any]:
    """The answer; status 0 is what browsers write where there was none."""
    reply = exchange.response
    status = 0 if reply is None or not reply.head else reply.status
    cut = reply is not None and exchange.response_size > len(reply.body)
    sent = (
        exchange.response_size
        if reply is None or reply.sent is None
        else min(reply.sent, exchange.response_size)
    )
    return {
        "status": status,
        "statusText": _PHRASES.get(status, ""),
        "httpVersion": _HTTP,
        "cookies": [],
        "headers": _named(told.headers_sent),
        "content": {
            "size": exchange.response_size,
            "mimeType": _kind(told.headers_sent),
            "text": "" if told.answer is None else _text(told.answer),
            **({"comment": "only the beginning was kept"} if cut else {}),
        },
        "redirectURL": "",
        "headersSize": -1,
        "bodySize": sent,
    }


def _kind(headers: Pairs) -> str:
    return next((value for name, value in headers if name.lower() == "content-type"), "")


def _named(pairs: Pairs) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in pairs]


def _text(body: Any) -> str:
    return body if isinstance(body, str) else json.encode(body).decode()
