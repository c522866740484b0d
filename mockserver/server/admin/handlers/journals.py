"""Journals, findings and verifications."""

import re
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from msgspec import json, to_builtins
from msgspec.structs import replace

from mockserver._util.suggest import suggest
from mockserver.admin_schemas.expected import TraceQuery
from mockserver.admin_schemas.journals import Count, FindingSummary, JournalPage, Verification
from mockserver.contract.findings import FINDINGS
from mockserver.server.admin.handlers.expected import find_endpoint
from mockserver.server.admin.problem_details import ProblemError, invalid_request
from mockserver.server.admin.routing import HAR, JSON, NDJSON, HandlerContext, StreamingBody
from mockserver.server.expected.trace import exchanges_by_row
from mockserver.server.faults.registry import kinds
from mockserver.server.journal.har import stream_har
from mockserver.server.journal.journal import Exchange, Journal
from mockserver.server.journal.serialization import (
    Filters,
    describe_exchange,
    select_exchanges,
)
from mockserver.server.review.returned_rows import ExchangeReader
from mockserver.server.review.unfinished import find_unfinished
from mockserver.server.review.verification import summarize_findings, verify
from mockserver.vendors import NAMES, load_dialects

_DEFAULT_LIMIT = 100
"""Number of exchanges on a page."""
_NUMBER = re.compile("[0-9]{1,18}")


class JournalQuery(Filters, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Filters of a journal, and the format of the response."""

    format: Literal["json", "har", "ndjson"] = "json"
    """``har`` and ``ndjson`` have all exchanges unless a limit is given."""
    results: bool = False
    """If true, the exchanges of a tenant have a ``result``, computed again: the number of rows of a list,
    its total and the key of its next page. ``har`` has no results."""
    bodies: bool = False
    """If true, bodies of responses are whole, of which the journal keeps the beginning, as far as they can be
    computed again."""

    def read(self, reader: ExchangeReader | None, exchange: Exchange) -> Exchange:
        """Return an exchange, with the whole body of its response if the query selects bodies."""
        return reader.read_whole(exchange) if reader is not None and self.bodies else exchange

    def describe(self, reader: ExchangeReader | None, exchange: Exchange) -> dict[str, Any]:
        """Return an exchange as JSON, with what the query selects."""
        described = describe_exchange(self.read(reader, exchange))
        if reader is not None and self.results:
            described["result"] = reader.result(exchange)
        return described


JournalResponse = JournalPage | Annotated[StreamingBody, HAR] | Annotated[StreamingBody, NDJSON]


def list_unmatched_exchanges(context: HandlerContext, query: JournalQuery) -> JournalResponse:
    """List the unmatched exchanges of no tenant: unknown paths and wrong credentials."""
    return _list(context.tenants.unmatched, query, None)


def clear_unmatched_exchanges(context: HandlerContext) -> None:
    """Delete the unmatched exchanges of no tenant."""
    context.tenants.unmatched.clear()


def list_exchanges(context: HandlerContext, query: JournalQuery) -> JournalResponse:
    """List a tenant's exchanges page by page, or export them as an HTTP Archive or as lines of JSON."""
    return _list(context.tenant.journal, query, ExchangeReader(context.tenants, context.tenant))


def clear_journal(context: HandlerContext) -> None:
    """Delete all exchanges of a tenant's journal."""
    context.tenant.clear_journal()


def count_exchanges(context: HandlerContext, query: Filters) -> Count:
    """Count the exchanges of a tenant that pass the filters."""
    return Count(count=len(_select(context.tenant.journal, query)))


def list_findings(context: HandlerContext, query: Filters) -> list[FindingSummary]:
    """List the findings in a tenant's exchanges, each with the numbers of the exchanges."""
    journal = context.tenant.journal
    exchanges = _select(journal, query)
    numbers = {exchange.number for exchange in _select(journal, replace(query, finding=None))}
    unfinished = find_unfinished(context.tenants, context.tenant)
    summaries = summarize_findings(exchanges, [found for found in unfinished if found[1] in numbers])
    return [summary for summary in summaries if query.finding in (None, summary.name)]


def verify_tenant(context: HandlerContext) -> Verification:
    """Check a tenant's exchanges: findings, errors that a correct client would not get, and unused faults."""
    return verify(context.tenants, context.tenant)


def trace_rows(context: HandlerContext, body: TraceQuery) -> list[list[int]]:
    """List for each row of an endpoint the numbers of the exchanges that returned it."""
    endpoint = find_endpoint(context.tenant, body.vendor, body.endpoint)
    return exchanges_by_row(context.tenants, context.tenant, endpoint, body.rows)


def get_exchange(context: HandlerContext) -> dict[str, Any]:
    """Return one exchange of a tenant's journal, with its result and the whole body of its response."""
    number = context.path["number"]
    journal = context.tenant.journal
    exchange = journal.get(int(number)) if _NUMBER.fullmatch(number) else None
    if exchange is None:
        numbers = [exchange.number for exchange in journal]
        known = f"it has {numbers[0]} to {numbers[-1]}" if numbers else "it is empty"
        raise ProblemError(
            "unknown-exchange",
            f"the journal of tenant {context.tenant.name!r} has no exchange {number!r}; {known}",
        )
    reader = ExchangeReader(context.tenants, context.tenant)
    return JournalQuery(results=True, bodies=True).describe(reader, exchange)


def _list(journal: Journal, query: JournalQuery, reader: ExchangeReader | None) -> JournalResponse:
    if query.format == "json":
        return _page(journal, query, reader)
    exchanges = _select(journal, query)
    if query.format == "har":
        return StreamingBody(HAR, stream_har(query.read(reader, exchange) for exchange in exchanges))
    lines = (json.encode(query.describe(reader, exchange)) + b"\n" for exchange in exchanges)
    return StreamingBody(NDJSON, lines)


def _page(journal: Journal, query: JournalQuery, reader: ExchangeReader | None) -> StreamingBody:
    """Return a :class:`JournalPage` as a stream, because a page may be a whole journal."""
    limit = _DEFAULT_LIMIT if query.limit is None else query.limit
    matching = _select(journal, replace(query, limit=None, offset=0))
    exchanges = matching[query.offset :][:limit]
    is_last = query.offset + len(exchanges) == len(matching)
    page = JournalPage(
        exchanges=[],
        matched=len(matching),
        kept=len(journal),
        count=journal.count,
        next=None if is_last or not exchanges else _next_query(exchanges[-1], query, limit),
    )
    return StreamingBody(JSON, _stream_page(page, (query.describe(reader, each) for each in exchanges)))


def _stream_page(page: JournalPage, exchanges: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    start, end = json.encode(page).split(b"[]", 1)
    yield start + b"["
    for number, exchange in enumerate(exchanges):
        yield (b"," if number else b"") + json.encode(exchange)
    yield b"]" + end


def _next_query(last: Exchange, query: JournalQuery, limit: int) -> str:
    """Return the query of the next page, which starts after a number: the journal drops old exchanges."""
    fields = {**to_builtins(query), "after": last.number, "offset": None, "format": None, "limit": limit}
    texts = {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in fields.items()
        if value is not None
    }
    return urlencode(texts)


def _select(journal: Journal, query: Filters) -> list[Exchange]:
    """Return the exchanges that pass the filters; raises a problem for a filter with an unknown name."""
    contracts = [vendor.contract for vendor in load_dialects() if query.vendor in (None, vendor.name)]
    endpoints: list[str] = []
    errors: list[str] = []
    for contract in contracts:
        endpoints += [endpoint.name for endpoint in contract.endpoints]
        errors += [name for name in contract.errors if name not in errors]
    fault_kind = None if query.triggered is None or query.triggered.isdecimal() else query.triggered
    for what, value, known in (
        ("vendor", query.vendor, NAMES),
        ("endpoint", query.endpoint, endpoints),
        ("error", query.error, errors),
        ("finding", query.finding, FINDINGS),
        ("kind of fault", fault_kind, kinds()),
    ):
        if value is not None and value not in known:
            raise invalid_request(f"unknown {what} {value!r}; {suggest(value, known)}")
    return select_exchanges(journal, query)
