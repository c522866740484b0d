"""What is to be said of all that a tenant's clients did: what a test of theirs must not pass over in silence."""

from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import Final

from msgspec import json

from mockserver.admin_schemas import FindingSummary, Verification
from mockserver.server.journal.journal import Exchange
from mockserver.server.journal.serialization import described
from mockserver.server.tenancy.tenant import Tenant, Tenants

FORGIVEN: Final = frozenset({"busy", "rate_limited", "unknown_session"})
"""Refusals that a right client may meet: what is wrong about them, if anything is, are findings."""
MOST_NUMBERS: Final = 100
_LONGEST: Final = 300


def verify(tenants: Tenants, tenant: Tenant) -> Verification:
    """Judge the exchanges that a tenant's journal keeps, and its faults."""
    exchanges = list(tenant.journal)
    return Verification(
        exchanges=tenant.journal.count,
        kept=len(exchanges),
        findings=found(
            (finding.name, finding.message, exchange)
            for exchange in exchanges
            for finding in exchange.findings
        ),
        unexpected=unexpected(exchanges),
        unmatched=tenants.unmatched.count,
        unused_faults=[active.described() for active in tenant.faults.active if not active.triggered],
        digest=digest(exchanges),
    )


def found(told: Iterable[tuple[str, str, Exchange]]) -> list[FindingSummary]:
    """What was said of exchanges, by name, each with where it was found."""
    by_name: dict[str, FindingSummary] = {}
    for name, says, exchange in told:
        known = by_name.setdefault(name, FindingSummary(name=name, message=says, count=0, exchanges=[]))
        known.count += 1
        if known.count <= MOST_NUMBERS:
            known.exchanges.append(exchange.number)
    return list(by_name.values())


def unexpected(exchanges: Iterable[Exchange]) -> list[FindingSummary]:
    """The refusals that no right client meets, by the name of the error; not what a fault has brought about."""
    return found(_unexpected(exchanges))


def _unexpected(exchanges: Iterable[Exchange]) -> Iterator[tuple[str, str, Exchange]]:
    for exchange in exchanges:
        if exchange.failed:
            yield "internal", "the mock itself failed: its log says why", exchange
        elif exchange.error is not None and exchange.error not in FORGIVEN and not exchange.faults:
            yield exchange.error, _says(exchange), exchange


def _says(exchange: Exchange) -> str:
    """The request with what it was told, or with what was closest."""
    told = described(exchange)
    near = exchange.near_misses[0].difference if exchange.near_misses else None
    answer = (told["response"] or {}).get("body")
    said = near or (answer if isinstance(answer, str) else json.encode(answer).decode())
    return f"{told['request']['method']} {told['request']['path']}: {said}"[:_LONGEST]


def digest(exchanges: Iterable[Exchange]) -> str:
    """16 hexadecimal digits that two runs share whose clients asked the same and were answered the same, in the same order."""
    seen = blake2b(digest_size=8)
    for exchange in exchanges:
        reply = exchange.response
        status = 0 if reply is None else reply.status
        seen.update(
            f"{exchange.raw.method} {exchange.raw.path} {status} {exchange.response_size} {exchange.faults}\n".encode(
                "utf-8", "replace"
            )
        )
        seen.update(exchange.raw.body)
        seen.update(b"" if reply is None else reply.body)
    return seen.hexdigest()
