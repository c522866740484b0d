"""What may be shown of an exchange: all of it but its credentials."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

import numpy as np
from msgspec import Struct, to_builtins

from mockserver.server.http.redaction import Secrets, secrets
from mockserver.server.journal.journal import Exchange

Pairs = list[tuple[str, str]]


class RedactedExchange(Struct, frozen=True, kw_only=True):
    """The parts of an exchange in which credentials may stand, with them masked."""

    method: str
    path: str
    """Without the query."""
    query: Pairs
    headers: Pairs
    body: Any
    """As JSON, or else as text; ``None`` where it is empty."""
    headers_sent: Pairs = []
    answer: Any = None
    near_misses: list[dict[str, Any]]


def shown(exchange: Exchange) -> RedactedExchange:
    """Mask the credentials of an exchange in the request and wherever the answer repeats them."""
    raw, reply = exchange.raw, exchange.response
    found = secrets(raw, exchange.headers, exchange.secrets, exchange.known)
    path, _, query = raw.path.partition("?")
    return RedactedExchange(
        method=found.text(raw.method),
        path=found.path(path),
        query=_pairs(parse_qsl(query, keep_blank_values=True, errors="replace"), found),
        headers=_pairs(exchange.headers.items(), found),
        body=found.body(raw.body, cut=exchange.request_size > len(raw.body)),
        headers_sent=[] if reply is None else _pairs(reply.headers.items(), found),
        answer=None
        if reply is None
        else found.body(reply.body, cut=exchange.response_size > len(reply.body), ours=True),
        near_misses=to_builtins(exchange.near_misses),  # Values were masked in them when they were written.
    )


def _pairs(pairs: Iterable[tuple[str, str]], found: Secrets) -> Pairs:
    return [(found.text(name), found.field(name, value)) for name, value in pairs]


def iso(instant: int) -> str:
    """An instant as ``2026-09-01T08:30:00.000Z``."""
    return str(np.datetime_as_string(np.datetime64(instant, "ms"), unit="ms", timezone="UTC"))


def milliseconds(nanoseconds: int | None) -> float | None:
    """Nanoseconds as milliseconds."""
    return None if nanoseconds is None else round(nanoseconds / 1e6, 3)
