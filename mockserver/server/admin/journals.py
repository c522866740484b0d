"""The admin API's journals."""

from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from msgspec import json, to_builtins
from msgspec.structs import replace

from mockserver.server.admin.call import HAR, NDJSON, Call, Stream
from mockserver.server.admin.problem import Problem, invalid, nearest
from mockserver.server.findings import FINDINGS
from mockserver.server.journal import Exchange, Journal
from mockserver.server.record import Filters, described, har, ndjson, select
from mockserver.steering import Count, FoundIn, JournalPage
from mockserver.vendors import load

_PAGE = 100
"""Exchanges on a page where nobody says how many."""
_MOST_NUMBERS = 100


class JournalQuery(Filters, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which exchanges are asked for, and in which form."""

    format: Literal["json", "har", "ndjson"] = "json"
    """``har`` and ``ndjson`` give all, where no limit is given."""


Written = JournalPage | Annotated[Stream, HAR] | Annotated[Stream, NDJSON]


def read_unclaimed(call: Call, query: JournalQuery) -> Written:
    """Read the exchanges that are no tenant's: unknown paths, wrong credentials."""
    return _read(call.tenants.unclaimed, query)


def read_journal(call: Call, query: JournalQuery) -> Written:
    """Read a tenant's journal page by page, or as an HTTP Archive or lines of JSON."""
    return _read(call.tenant.journal, query)


def clear_journal(call: Call) -> None:
    """Forget a tenant's exchanges."""
    call.tenant.journal.clear()


def count_exchanges(call: Call, query: Filters) -> Count:
    """Count a tenant's exchanges."""
    return Count(count=len(_selected(call.tenant.journal, query)))


def list_findings(call: Call, query: Filters) -> list[FoundIn]:
    """List what a careful reviewer would say of a tenant's exchanges, each with where it was found."""
    found: dict[str, FoundIn] = {}
    for exchange in _selected(call.tenant.journal, query):
        for finding in exchange.findings:
            told = found.setdefault(finding.name, FoundIn(name=finding.name, says=finding.says, count=0, exchanges=[]))
            told.count += 1
            if told.count <= _MOST_NUMBERS:
                told.exchanges.append(exchange.number)
    return [told for told in found.values() if query.finding in (None, told.name)]


def get_exchange(call: Call) -> dict[str, Any]:
    """Tell one exchange of a tenant's journal."""
    number, journal = call.path["number"], call.tenant.journal
    found = journal.get(int(number)) if number.isascii() and number.isdecimal() else None
    if found is None:
        kept = [exchange.number for exchange in journal]
        known = f"those from {kept[0]} to {kept[-1]} are kept" if kept else "none is kept"
        raise Problem("unknown-exchange", f"there is no exchange {number!r} in the journal of tenant {call.tenant.name!r}; {known}")
    return described(found)


def _read(journal: Journal, query: JournalQuery) -> Written:
    if query.format == "json":
        return _page(journal, query)
    found = _selected(journal, query)
    if query.format == "har":
        return Stream(HAR, iter([json.encode(har(found))]))
    return Stream(NDJSON, (ndjson([exchange]) for exchange in found))


def _page(journal: Journal, query: JournalQuery) -> JournalPage:
    limit = _PAGE if query.limit is None else query.limit
    matching = _selected(journal, replace(query, limit=None, offset=0))
    found = matching[query.offset :][:limit]
    after = query.offset + len(found)
    fields = {name: value for name, value in to_builtins(query).items() if value not in (None, 0, "json")}
    following = urlencode({**fields, "offset": after, "limit": limit})
    return JournalPage(
        exchanges=[described(exchange) for exchange in found],
        matched=len(matching),
        kept=len(journal),
        count=journal.count,
        next=following if found and after < len(matching) else None,
    )


def _selected(journal: Journal, query: Filters) -> list[Exchange]:
    """The exchanges that are meant; a filter that nothing could ever pass is refused."""
    endpoints = [endpoint.name for vendor in load() for endpoint in vendor.contract.endpoints if query.vendor in (None, vendor.name)]
    for what, word, known in (
        ("vendor", query.vendor, [vendor.name for vendor in load()]),
        ("endpoint", query.endpoint, endpoints),
        ("finding", query.finding, list(FINDINGS)),
    ):
        if word is not None and word not in known:
            raise invalid(f"there is no {what} {word!r}; {nearest(word, known)}")
    return select(journal, query)
