"""An exchange as JSON for people and machines, without secrets; which exchanges are meant; and their export."""

from collections.abc import Iterable
from typing import Annotated, Any

from msgspec import Meta, Struct, json, to_builtins

from mockserver.server.journal.journal import OVERLAPS, Exchange
from mockserver.server.journal.redacted_exchange import RedactedExchange, iso, milliseconds, shown

Count = Annotated[int, Meta(ge=0)]


def described(exchange: Exchange) -> dict[str, Any]:
    """Describe an exchange; credentials are masked wherever they stand."""
    told = shown(exchange)
    return {
        "number": exchange.number,
        "at": iso(exchange.received_at),
        "duration_ms": milliseconds(exchange.duration_ns),
        "tenant": exchange.tenant,
        "vendor": exchange.vendor,
        "dialect": exchange.dialect,
        "endpoint": exchange.endpoint,
        "request": {
            "method": told.method,
            "path": told.path,
            "query": told.query,
            "headers": told.headers,
            "size": exchange.request_size,
            "body": told.body,
            "cut": exchange.request_size > len(exchange.raw.body),
        },
        "response": _response(exchange, told),
        "error": exchange.error,
        "basis": exchange.basis,
        "source": to_builtins(exchange.source),
        "faults": list(exchange.faults),
        "overlapping": exchange.overlapping[:OVERLAPS],
        "findings": to_builtins(exchange.findings),
        "near_misses": told.near_misses,
        "deleted_tenant": exchange.deleted_tenant,
        "failed": exchange.failed,
        "client_disconnected": exchange.client_disconnected,
    }


def _response(exchange: Exchange, told: RedactedExchange) -> dict[str, Any] | None:
    """The answer; what befell it on the way is told only where something did."""
    reply = exchange.response
    if reply is None:
        return None
    way = {
        "delay": reply.delay,
        "sent": reply.sent,
        "declared": reply.declared,
        "end": reply.end,
        "head": reply.head,
    }
    usual = {"delay": 0, "sent": None, "declared": None, "end": "complete", "head": True}
    return {
        "status": reply.status,
        "headers": told.headers_sent,
        "size": exchange.response_size,
        "body": told.answer,
        "cut": exchange.response_size > len(reply.body),
        **{name: value for name, value in way.items() if value != usual[name]},
    }


class Filters(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which exchanges are meant: those for which all that is given holds."""

    vendor: str | None = None
    endpoint: str | None = None
    status: (
        Annotated[
            str,
            Meta(
                pattern="^[1-5]([0-9][0-9]|xx)$",
                description="a text: a status such as 404, or a class of them such as 4xx",
            ),
        ]
        | None
    ) = None
    """A status such as 404, or a class of them such as 4xx."""
    error: str | None = None
    """The error shape it was refused with."""
    finding: str | None = None
    """The name of a finding."""
    fault: str | None = None
    """The kind or the number of a fault that triggered it."""
    unmatched: bool | None = None
    """Whether no endpoint was meant."""
    after: Count = 0
    """Only exchanges with a greater number."""
    limit: Count | None = None
    """At most so many."""
    offset: Count = 0
    """Not the first so many."""

    def match(self, exchange: Exchange) -> bool:
        """Whether an exchange is meant, wherever it stands in the list."""
        return (
            exchange.number > self.after
            and self.vendor in (None, exchange.vendor)
            and self.endpoint in (None, exchange.endpoint)
            and (self.status is None or self._has_status(exchange))
            and self.error in (None, exchange.error)
            and (self.finding is None or any(finding.name == self.finding for finding in exchange.findings))
            and (self.fault is None or any(self.fault in fault.split(":") for fault in exchange.faults))
            and self.unmatched in (None, exchange.endpoint is None)
        )

    def _has_status(self, exchange: Exchange) -> bool:
        status = "" if exchange.response is None else str(exchange.response.status)
        return self.status in (status, f"{status[:1]}xx")


def select(journal: Iterable[Exchange], filters: Filters) -> list[Exchange]:
    """The exchanges that are meant, oldest first."""
    found = [exchange for exchange in journal if filters.match(exchange)]
    return found[filters.offset :][: filters.limit]


def ndjson(exchanges: Iterable[Exchange]) -> bytes:
    """Exchanges as lines of JSON."""
    return b"".join(json.encode(described(exchange)) + b"\n" for exchange in exchanges)
