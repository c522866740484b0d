"""Summarize everything that is wrong with a tenant's exchanges."""

from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import Final
from urllib.parse import urljoin, urlsplit

from msgspec import json

from mockserver._util.levels import LEVELS, Level
from mockserver.admin_schemas.journals import FindingSummary, Verification
from mockserver.server.journal.journal import Exchange, Finding
from mockserver.server.journal.serialization import describe_exchange
from mockserver.server.review.unfinished import find_unfinished
from mockserver.server.tenancy.tenant import Tenant, Tenants

TOLERATED_ERRORS: Final = frozenset({"busy", "rate_limited", "unknown_session"})
"""Errors that a correct client may get; a client that handles them badly gets findings."""
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_MAX_EXCHANGES: Final = 100
_MAX_MESSAGE: Final = 300


def verify(tenants: Tenants, tenant: Tenant) -> Verification:
    """Return the findings, unexpected errors, and unused and ineffective faults of a tenant."""
    exchanges = list(tenant.journal)
    faults = tenant.faults.active
    return Verification(
        exchanges=tenant.journal.count,
        kept=len(exchanges),
        findings=summarize_findings(exchanges, find_unfinished(tenants, tenant)),
        unexpected=unexpected(exchanges),
        unmatched=tenants.unmatched.count,
        unused_faults=[active.describe() for active in faults if not active.triggered],
        ineffective_faults=[
            active.describe() for active in faults if active.triggered and not active.effective
        ],
        digest=digest(exchanges),
    )


def summarize_findings(
    exchanges: Iterable[Exchange], unfinished: Iterable[tuple[Finding, int]] = ()
) -> list[FindingSummary]:
    """Group the findings of exchanges by level and name, errors first.

    *unfinished* are findings about what the client did not do, with the number of the last exchange before.
    """
    pairs = [(finding, exchange.number) for exchange in exchanges for finding in exchange.findings]
    return sorted(_summarize([*pairs, *unfinished]), key=lambda summary: LEVELS.index(summary.level))


def unexpected(exchanges: Iterable[Exchange]) -> list[FindingSummary]:
    """Return the errors that a correct client would not get, by name, without those that a fault caused."""
    return _summarize(
        (Finding(name, message, "error"), exchange.number)
        for name, message, exchange in _find_unexpected(exchanges)
    )


def _summarize(findings: Iterable[tuple[Finding, int]]) -> list[FindingSummary]:
    """Group findings by name, level and parameter; the first message of each group is kept."""
    groups: dict[tuple[str, Level, str | None], FindingSummary] = {}
    for finding, number in findings:
        summary = groups.setdefault(
            (finding.name, finding.level, finding.parameter),
            FindingSummary(
                name=finding.name,
                level=finding.level,
                message=finding.message,
                parameter=finding.parameter,
                count=0,
                exchanges=[],
            ),
        )
        summary.count += 1
        if summary.count <= _MAX_EXCHANGES:
            summary.exchanges.append(number)
    return list(groups.values())


def _find_unexpected(exchanges: Iterable[Exchange]) -> Iterator[tuple[str, str, Exchange]]:
    redirected = set[str]()
    for exchange in exchanges:
        target = _find_redirect(exchange)
        if target is not None:
            redirected.add(target)
        if exchange.failed:
            yield "internal", "the mock server failed; see its log for the reason", exchange
        elif (
            exchange.error is not None
            and exchange.error not in TOLERATED_ERRORS
            and not exchange.faults
            and exchange.raw.path not in redirected
        ):
            yield exchange.error, _message(exchange), exchange


def _find_redirect(exchange: Exchange) -> str | None:
    """Return the path, with the query, to which a fault redirects a client; ``None`` without a redirect."""
    response = exchange.response
    if response is None or not exchange.faults or response.status not in _REDIRECTS:
        return None
    try:
        target = urlsplit(urljoin(exchange.raw.path, response.headers.get("Location", "")))
    except ValueError:
        return None
    return target.path + (f"?{target.query}" if target.query else "")


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
