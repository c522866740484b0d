"""Exchanges as an HTTP Archive (HAR) 1.2, which browsers and other tools can open."""

from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from msgspec import json

from mockserver._util.version import VERSION
from mockserver.server.journal.journal import Exchange
from mockserver.server.journal.redacted_exchange import (
    Pairs,
    RedactedExchange,
    format_instant,
    redact_exchange,
    to_milliseconds,
)
from mockserver.server.journal.serialization import describe_exchange

_HTTP = "HTTP/1.1"
_OWN_FIELDS = (
    *("number", "at", "tenant", "vendor", "dialect", "endpoint", "error", "basis", "source", "faults"),
    *("effective_faults", "findings", "near_misses", "deleted_tenant"),
)
"""Fields of an exchange that a HAR does not have."""
_PHRASES = {int(status): status.phrase for status in HTTPStatus}


def build_har(exchanges: Iterable[Exchange]) -> dict[str, Any]:
    """Return an archive; values without a HAR field are in fields that begin with an underscore."""
    return _build_archive([_build_entry(exchange) for exchange in exchanges])


def stream_har(exchanges: Iterable[Exchange]) -> Iterator[bytes]:
    """Yield an archive as JSON, one exchange at a time."""
    start, end = json.encode(_build_archive([])).split(b"[]")
    yield start + b"["
    for index, exchange in enumerate(exchanges):
        yield (b"," if index else b"") + json.encode(_build_entry(exchange))
    yield b"]" + end


def _build_archive(entries: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "log": {
            "version": "1.2",
            "creator": {"name": "session-mock", "version": VERSION},
            "entries": entries,
        }
    }


def _build_entry(exchange: Exchange) -> dict[str, Any]:
    redacted = redact_exchange(exchange)
    timings = _measure(exchange)
    described = describe_exchange(exchange, redacted)
    return {
        "startedDateTime": format_instant(exchange.real_time),
        "time": round(sum(timings.values()), 3),
        "request": _build_request(exchange, redacted),
        "response": _build_response(exchange, redacted),
        "cache": {},
        "timings": timings,
        **{f"_{name}": described[name] for name in _OWN_FIELDS if described[name]},
    }


def _measure(exchange: Exchange) -> dict[str, float]:
    """Return the parts of the duration in milliseconds; only pieces and a stall take time after the head."""
    duration = to_milliseconds(exchange.duration_ns) or 0
    receive = 0.0
    if exchange.response is not None and exchange.response.delivery.head:
        delivery = exchange.response.delivery
        pieces, pause = delivery.pace(exchange.response_size if delivery.sent is None else delivery.sent)
        receive = min(max(pieces - 1, 0) * pause * 1000, duration)
        if delivery.end == "stall":
            receive = max(duration - delivery.delay * 1000, 0)
    return {"send": 0, "wait": round(duration - receive, 3), "receive": round(receive, 3)}


def _build_request(exchange: Exchange, redacted: RedactedExchange) -> dict[str, Any]:
    host = next((value for name, value in redacted.headers if name.lower() == "host"), "") or "localhost"
    query = "?" + urlencode(redacted.query, safe="[]") if redacted.query else ""
    post_data = {}
    if redacted.body is not None:
        post_data = {
            "postData": {"mimeType": _get_content_type(redacted.headers), "text": _to_text(redacted.body)}
        }
    return {
        "method": redacted.method,
        "url": f"{exchange.scheme}://{host}{redacted.path}{query}",
        "httpVersion": _HTTP,
        "cookies": [],
        "headers": _to_records(redacted.headers),
        "queryString": _to_records(redacted.query),
        **post_data,
        "headersSize": -1,
        "bodySize": exchange.request_size,
    }


def _build_response(exchange: Exchange, redacted: RedactedExchange) -> dict[str, Any]:
    """Return the response; its status is 0, as browsers write it, if none was sent."""
    response = exchange.response
    status = 0 if response is None or not response.delivery.head else response.status
    cut = response is not None and exchange.response_size > len(response.body)
    sent = exchange.response_size
    if response is not None and response.delivery.sent is not None:
        sent = min(response.delivery.sent, sent)
    return {
        "status": status,
        "statusText": _PHRASES.get(status, ""),
        "httpVersion": _HTTP,
        "cookies": [],
        "headers": _to_records(redacted.headers_sent),
        "content": {
            "size": exchange.response_size,
            "mimeType": _get_content_type(redacted.headers_sent),
            "text": "" if redacted.response_body is None else _to_text(redacted.response_body),
            **({"comment": "only the beginning was kept"} if cut else {}),
        },
        "redirectURL": "",
        "headersSize": -1,
        "bodySize": sent,
    }


def _get_content_type(headers: Pairs) -> str:
    return next((value for name, value in headers if name.lower() == "content-type"), "")


def _to_records(pairs: Pairs) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in pairs]


def _to_text(body: Any) -> str:
    return body if isinstance(body, str) else json.encode(body).decode()
