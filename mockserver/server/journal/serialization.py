"""Exchanges as JSON without credentials, and filters to select exchanges."""

from collections.abc import Iterable
from typing import Annotated, Any, Final

from msgspec import Meta, Struct, to_builtins

from mockserver.server.http.response import NORMAL
from mockserver.server.journal.journal import OVERLAPS, Exchange
from mockserver.server.journal.redacted_exchange import (
    RedactedExchange,
    format_instant,
    redact_exchange,
    to_milliseconds,
)

Count = Annotated[int, Meta(ge=0)]
_DELIVERY_FIELDS: Final = ("delay", "sent", "declared", "rate", "chunks", "omitted", "end", "head")


def describe_exchange(exchange: Exchange, redacted: RedactedExchange | None = None) -> dict[str, Any]:
    """Return an exchange as JSON, with all credentials masked."""
    redacted = redacted or redact_exchange(exchange)
    return {
        "number": exchange.number,
        "at": format_instant(exchange.received_at),
        "real_time": format_instant(exchange.real_time),
        "duration_ms": to_milliseconds(exchange.duration_ns),
        "tenant": exchange.tenant,
        "vendor": exchange.vendor,
        "dialect": exchange.dialect,
        "endpoint": exchange.endpoint,
        "request": {
            "method": redacted.method,
            "path": redacted.path,
            "query": redacted.query,
            "headers": redacted.headers,
            "size": exchange.request_size,
            "body": redacted.body,
            "cut": exchange.request_size > len(exchange.raw.body),
        },
        "response": _describe_response(exchange, redacted),
        "error": exchange.error,
        "basis": exchange.basis,
        "source": to_builtins(exchange.source),
        "faults": list(exchange.faults),
        "effective_faults": list(exchange.effective_faults),
        "overlapping": exchange.overlapping[:OVERLAPS],
        "findings": to_builtins(exchange.findings),
        "near_misses": redacted.near_misses,
        "deleted_tenant": exchange.deleted_tenant,
        "failed": exchange.failed,
        "client_disconnected": exchange.client_disconnected,
    }


def _describe_response(exchange: Exchange, redacted: RedactedExchange) -> dict[str, Any] | None:
    """Return the response as JSON; fields of its delivery are included only if a fault changed them."""
    response = exchange.response
    if response is None:
        return None
    delivery = {name: getattr(response.delivery, name) for name in _DELIVERY_FIELDS}
    return {
        "status": response.status,
        "headers": redacted.headers_sent,
        "size": exchange.response_size,
        "body": redacted.response_body,
        "cut": exchange.response_size > len(response.body),
        **{name: to_builtins(value) for name, value in delivery.items() if value != getattr(NORMAL, name)},
    }


class Filters(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Conditions on exchanges; all that are given must hold."""

    vendor: str | None = None
    endpoint: str | None = None
    status: (
        Annotated[
            str,
            Meta(
                pattern="^[1-5]([0-9][0-9]|xx)$",
                description="a string: a status such as 404, or a class such as 4xx",
            ),
        ]
        | None
    ) = None
    """A status such as 404, or a class such as 4xx."""
    error: str | None = None
    """The name of the error."""
    finding: str | None = None
    """The name of a finding."""
    triggered: str | None = None
    """The kind or the number of a fault that was triggered."""
    no_endpoint: bool | None = None
    """True for requests that matched no endpoint, false for the others."""
    after: Count = 0
    """Only exchanges with a greater number."""
    limit: Count | None = None
    """Maximum number of exchanges."""
    offset: Count = 0
    """Skip the first N matching exchanges."""

    def match(self, exchange: Exchange) -> bool:
        """Return whether an exchange meets the conditions other than *limit* and *offset*."""
        return (
            exchange.number > self.after
            and self.vendor in (None, exchange.vendor)
            and self.endpoint in (None, exchange.endpoint)
            and (self.status is None or self._has_status(exchange))
            and self.error in (None, exchange.error)
            and (self.finding is None or any(finding.name == self.finding for finding in exchange.findings))
            and (
                self.triggered is None or any(self.triggered in fault.split(":") for fault in exchange.faults)
            )
            and self.no_endpoint in (None, exchange.endpoint is None)
        )

    def _has_status(self, exchange: Exchange) -> bool:
        status = "" if exchange.response is None else str(exchange.response.status)
        return self.status in (status, f"{status[:1]}xx")


def select_exchanges(journal: Iterable[Exchange], filters: Filters) -> list[Exchange]:
    """Return the exchanges that match the filters, oldest first."""
    matching = [exchange for exchange in journal if filters.match(exchange)]
    return matching[filters.offset :][: filters.limit]
