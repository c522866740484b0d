"""Summarize everything that is wrong with a tenant's exchanges."""

from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import Final

from msgspec import json

from mockserver.admin_schemas import FindingSummary, Verification
from mockserver.server.journal.journal import Exchange
from mockserver.server.journal.serialization import describe_exchange
from mockserver.server.tenancy.tenant import Tenant, Tenants

TOLERATED_ERRORS: Final = frozenset({"busy", "rate_limited", "unknown_session"})
"""Errors that a correct client may get; a client that handles them badly gets findings."""
_MAX_EXCHANGES: Final = 100
_MAX_MESSAGE: Final = 300


def verify(tenants: Tenants, tenant: Tenant) -> Verification:
    """Return the findings, unexpected errors and unused faults of a tenant."""
    exchanges = list(tenant.journal)
    return Verification(
        exchanges=tenant.journal.count,
        kept=len(exchanges),
        findings=summarize(
            (finding.name, finding.message, exchange)
            for exchange in exchanges
            for finding in exchange.findings
        ),
        unexpected=unexpected(exchanges),
        unmatched=tenants.unmatched.count,
        unused_faults=[active.describe() for active in tenant.faults.active if not active.triggered],
        digest=digest(exchanges),
    )


def summarize(findings: Iterable[tuple[str, str, Exchange]]) -> list[FindingSummary]:
    """Group findings (name, message and exchange) by name; the first message of each name is kept."""
    by_name: dict[str, FindingSummary] = {}
    for name, message, exchange in findings:
        summary = by_name.setdefault(name, FindingSummary(name=name, message=message, count=0, exchanges=[]))
        summary.count += 1
        if summary.count <= _MAX_EXCHANGES:
            summary.exchanges.append(exchange.number)
    return list(by_name.values())


def unexpected(exchanges: Iterable[Exchange]) -> list[FindingSummary]:
    """Return the errors that a correct client would not get, by name, without those that a fault caused."""
    return summarize(_find_unexpected(exchanges))


def _find_unexpected(exchanges: Iterable[Exchange]) -> Iterator[tuple[str, str, Exchange]]:
    for exchange in exchanges:
        if exchange.failed:
            yield "internal", "the mock server failed; see its log for the reason", exchange
        elif exchange.error is not None and exchange.error not in TOLERATED_ERRORS and not exchange.faults:
            yield exchange.error, _message(exchange), exchange


def _message(exchange: Exchange) -> str:
    """Return the request with the closest near miss, or else with the response."""
    described_exchange = describe_exchange(exchange)
    near = exchange.near_misses[0].difference if exchange.near_misses else None
    body = (described_exchange["response"] or {}).get("body")
    problem = near or (body if isinstance(body, str) else json.encode(body).decode())
    request = described_exchange["request"]
    return f"{request['method']} {request['path']}: {problem}"[:_MAX_MESSAGE]


def digest(exchanges: Iterable[Exchange]) -> str:
    """Return 16 hexadecimal digits that are equal for equal sequences of requests and responses."""
    hasher = blake2b(digest_size=8)
    for exchange in exchanges:
        response = exchange.response
        status = 0 if response is None else response.status
        raw = exchange.raw
        line = f"{raw.method} {raw.path} {status} {exchange.response_size} {exchange.faults}\n"
        hasher.update(line.encode("utf-8", "replace"))
        hasher.update(exchange.raw.body)
        hasher.update(b"" if response is None else response.body)
    return hasher.hexdigest()
