"""The admin API's journals."""

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from msgspec import json, to_builtins
from msgspec.structs import replace

from mockserver.admin_schemas import Count, FindingSummary, JournalPage, TraceQuery, Verification
from mockserver.server.admin.handlers.expected import endpoint_of
from mockserver.server.admin.problem_details import Problem, invalid, suggest
from mockserver.server.admin.routing import HAR, JSON, NDJSON, HandlerContext, StreamingBody
from mockserver.server.expected.trace import exchanges_by_row
from mockserver.server.faults.registry import kinds
from mockserver.server.journal.har import har_pieces
from mockserver.server.journal.journal import Exchange, Journal
from mockserver.server.journal.serialization import Filters, described, ndjson, select
from mockserver.server.review.findings import FINDINGS
from mockserver.server.review.verification import found, verify
from mockserver.vendors import NAMES, every

_PAGE = 100
"""Exchanges on a page where nobody says how many."""
_NUMBER = re.compile("[0-9]{1,18}")


class JournalQuery(Filters, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which exchanges are asked for, and in which form."""

    format: Literal["json", "har", "ndjson"] = "json"
    """``har`` and ``ndjson`` give all, where no limit is given."""


Written = JournalPage | Annotated[StreamingBody, HAR] | Annotated[StreamingBody, NDJSON]


def read_unclaimed(call: HandlerContext, query: JournalQuery) -> Written:
    """Read the exchanges that are no tenant's: unknown paths, wrong credentials."""
    return _read(call.tenants.unmatched, query)


def read_journal(call: HandlerContext, query: JournalQuery) -> Written:
    """Read a tenant's journal page by page, or as an HTTP Archive or lines of JSON."""
    return _read(call.tenant.journal, query)


def clear_journal(call: HandlerContext) -> None:
    """Forget a tenant's exchanges."""
    call.tenant.journal.clear()


def count_exchanges(call: HandlerContext, query: Filters) -> Count:
    """Count a tenant's exchanges."""
    return Count(count=len(_selected(call.tenant.journal, query)))


def list_findings(call: HandlerContext, query: Filters) -> list[FindingSummary]:
    """List what a careful reviewer would say of a tenant's exchanges, each with where it was found."""
    exchanges = _selected(call.tenant.journal, query)
    told = found(
        (finding.name, finding.message, exchange) for exchange in exchanges for finding in exchange.findings
    )
    return [each for each in told if query.finding in (None, each.name)]


def get_verification(call: HandlerContext) -> Verification:
    """Judge all that a tenant's clients did: findings, refusals that no right client meets, faults that never triggered."""
    return verify(call.tenants, call.tenant)


def trace_rows(call: HandlerContext, body: TraceQuery) -> list[list[int]]:
    """Say for each row of an endpoint the numbers of the exchanges that carried it; a row is known by its identity."""
    return exchanges_by_row(
        call.tenants, call.tenant, endpoint_of(call.tenant, body.vendor, body.endpoint), body.rows
    )


def get_exchange(call: HandlerContext) -> dict[str, Any]:
    """Tell one exchange of a tenant's journal."""
    number, journal = call.path["number"], call.tenant.journal
    found = journal.get(int(number)) if _NUMBER.fullmatch(number) else None
    if found is None:
        kept = [exchange.number for exchange in journal]
        known = f"those from {kept[0]} to {kept[-1]} are kept" if kept else "none is kept"
        raise Problem(
            "unknown-exchange",
            f"there is no exchange {number!r} in the journal of tenant {call.tenant.name!r}; {known}",
        )
    return described(found)


def _read(journal: Journal, query: JournalQuery) -> Written:
    if query.format == "json":
        return _page(journal, query)
    found = _selected(journal, query)
    if query.format == "har":
        return StreamingBody(HAR, har_pieces(found))
    return StreamingBody(NDJSON, (ndjson([exchange]) for exchange in found))


def _page(journal: Journal, query: JournalQuery) -> StreamingBody:
    """Return a page as :class:`JournalPage` describes it, an exchange at a time: a page may be a whole journal."""
    limit = _PAGE if query.limit is None else query.limit
    matching = _selected(journal, replace(query, limit=None, offset=0))
    found = matching[query.offset :][:limit]
    whole = query.offset + len(found) == len(matching)
    page = JournalPage(
        exchanges=[],
        matched=len(matching),
        kept=len(journal),
        count=journal.count,
        next=None if whole or not found else _after(found[-1], query, limit),
    )
    return StreamingBody(JSON, _page_pieces(page, found))


def _page_pieces(page: JournalPage, found: list[Exchange]) -> Iterator[bytes]:
    start, end = json.encode(page).split(b"[]", 1)
    yield start + b"["
    for number, exchange in enumerate(found):
        yield (b"," if number else b"") + json.encode(described(exchange))
    yield b"]" + end


def _after(last: Exchange, query: JournalQuery, limit: int) -> str:
    """The query of the next page; a number says where it begins, because the oldest may give way meanwhile."""
    fields = {**to_builtins(query), "after": last.number, "offset": None, "format": None, "limit": limit}
    told = {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in fields.items()
        if value is not None
    }
    return urlencode(told)


def _selected(journal: Journal, query: Filters) -> list[Exchange]:
    """The exchanges that are meant; a filter that nothing could ever pass is refused."""
    contracts = [vendor.contract for vendor in every() if query.vendor in (None, vendor.name)]
    kind = None if query.fault is None or query.fault.isdecimal() else query.fault
    for what, word, known in (
        ("vendor", query.vendor, NAMES),
        (
            "endpoint",
            query.endpoint,
            [endpoint.name for contract in contracts for endpoint in contract.endpoints],
        ),
        (
            "error",
            query.error,
            list(dict.fromkeys(name for contract in contracts for name in contract.errors)),
        ),
        ("finding", query.finding, list(FINDINGS)),
        ("kind of fault", kind, kinds()),
    ):
        if word is not None and word not in known:
            raise invalid(f"there is no {what} {word!r}; {suggest(word, known)}")
    return select(journal, query)
