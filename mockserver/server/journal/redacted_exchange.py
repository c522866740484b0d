"""The parts of an exchange that may be shown: everything but its credentials."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

import numpy as np
from msgspec import Struct, to_builtins

from mockserver.server.http.redaction import Secrets, collect_secrets
from mockserver.server.journal.journal import Exchange

Pairs = list[tuple[str, str]]


class RedactedExchange(Struct, frozen=True, kw_only=True):
    """The parts of an exchange that may contain credentials, with the credentials masked."""

    method: str
    path: str
    """Without the query."""
    query: Pairs
    headers: Pairs
    body: Any
    """As JSON, or else as text; ``None`` if it is empty."""
    headers_sent: Pairs = []
    response_body: Any = None
    near_misses: list[dict[str, Any]]


def redact_exchange(exchange: Exchange) -> RedactedExchange:
    """Mask the credentials of an exchange in the request, and in the response if it repeats them."""
    raw = exchange.raw
    response = exchange.response
    secrets = collect_secrets(raw, exchange.headers, exchange.secrets, exchange.known)
    path, _, query = raw.path.partition("?")
    headers_sent: Pairs = []
    response_body = None
    if response is not None:
        headers_sent = _redact_pairs(response.headers.items(), secrets)
        cut = exchange.response_size > len(response.body)
        response_body = secrets.mask_body(response.body, cut=cut, ours=True)
    return RedactedExchange(
        method=secrets.mask_text(raw.method),
        path=secrets.mask_text(path),
        query=_redact_pairs(parse_qsl(query, keep_blank_values=True, errors="replace"), secrets),
        headers=_redact_pairs(exchange.headers.items(), secrets),
        body=secrets.mask_body(raw.body, cut=exchange.request_size > len(raw.body)),
        headers_sent=headers_sent,
        response_body=response_body,
        near_misses=to_builtins(exchange.near_misses),  # Their values were masked when they were created.
    )


def _redact_pairs(pairs: Iterable[tuple[str, str]], secrets: Secrets) -> Pairs:
    return [(secrets.mask_text(name), secrets.mask_field(name, value)) for name, value in pairs]


def format_instant(instant: int) -> str:
    """Format Unix milliseconds like ``2026-09-01T08:30:00.000Z``."""
    return str(np.datetime_as_string(np.datetime64(instant, "ms"), unit="ms", timezone="UTC"))


def to_milliseconds(nanoseconds: int | None) -> float | None:
    return None if nanoseconds is None else round(nanoseconds / 1e6, 3)
