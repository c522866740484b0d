"""Review exchanges: find defects in how a client used the API, even if the server responded with 200."""

import logging
from typing import Any, Final

from mockserver.server.http.response import Response
from mockserver.server.journal.client_history import ListPage
from mockserver.server.journal.journal import Exchange, Finding, Journal
from mockserver.server.requests.cache import CachedRequest
from mockserver.server.requests.parser import ParsedRequest
from mockserver.server.review.pages import find_page, is_whole, review_page
from mockserver.server.review.parameters import check_parameters
from mockserver.server.review.retries import review_retries
from mockserver.server.review.rules import check_rules
from mockserver.server.review.windows import review_window

_OK: Final = 200
_log = logging.getLogger("mockserver")


Page = tuple[Any, Any, tuple[str, Any]]
"""The requested page, the first page of the list, and the list with the size of its pages."""


def review(journal: Journal, known: CachedRequest, exchange: Exchange, reply: Response | None) -> None:
    """Set the findings of a finished exchange, and update the client history for later exchanges."""
    reading = known.parsed
    try:
        if known.lint_findings is None:
            known.lint_findings = check_rules(reading, exchange.raw) + check_parameters(reading, exchange)
            known.list_page = find_page(reading)
            known.page = _requested_page(known.list_page, reading)
        findings = known.lint_findings + _review_history(journal, known, exchange, reply)
        if findings:
            exchange.findings = tuple(dict.fromkeys(findings))
    except Exception as error:  # noqa: BLE001 -- a failed review must not fail the request
        # No traceback: it may hold a credential.
        _log.error(
            "no findings for %s %s: %s", reading.vendor.name, reading.endpoint.name, type(error).__name__
        )


def _review_history(
    journal: Journal, known: CachedRequest, exchange: Exchange, reply: Response | None
) -> list[Finding]:
    """Return the findings that depend on earlier exchanges."""
    reading = known.parsed
    found: list[Finding] = []
    if exchange.deleted_tenant is not None:
        found.append(Finding.of_kind("deleted-tenant"))
    if exchange.blocked:
        found.append(Finding.of_kind("request-during-open"))
    if reading.principal is not None:
        found += review_retries(journal, reading, exchange, reply, reading.principal)
    exchange.whole = is_whole(reading, exchange, reply)
    if known.list_page is not None and exchange.raw.method != "HEAD":
        found += review_page(journal, known.list_page, reading, exchange, reply)
    if reading.principal is None or reply is None:
        return found
    if reply.status == _OK and not (
        exchange.faults or exchange.client_disconnected or exchange.raw.method == "HEAD"
    ):
        found += review_window(reading, exchange, reply)
    return found


def _requested_page(page: ListPage | None, reading: ParsedRequest) -> Page | None:
    if page is None:
        return None
    return page.key, reading.endpoint.pagination.first, (page.list_key, page.size)
