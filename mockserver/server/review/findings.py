"""Review exchanges: find defects in how a client used the API, even if the server responded with 200."""

import logging
from typing import Any, Final

from msgspec import json

from mockserver.server.http.pagination import compute_page_info
from mockserver.server.http.response import Response
from mockserver.server.journal.journal import Exchange, Finding, Journal
from mockserver.server.requests.cache import CachedRequest
from mockserver.server.requests.parser import ParsedRequest
from mockserver.server.review.parameters import check_parameters
from mockserver.server.review.retries import review_retries
from mockserver.server.review.rules import check_rules
from mockserver.server.review.windows import review_window
from mockserver.server.tenancy.tenant import Tenant

_MAX_EMPTY_PAGE_BYTES: Final = 1024
"""A larger response has rows."""
_OK: Final = 200
_log = logging.getLogger("mockserver")


Page = tuple[Any, Any, bytes]
"""The requested page, the first page of the list, and the list: all other fields of the request, as JSON."""


def review(journal: Journal, known: CachedRequest, exchange: Exchange, reply: Response | None) -> None:
    """Set the findings of a finished exchange, and update the client history for later exchanges."""
    reading = known.parsed
    try:
        if known.lint_findings is None:
            known.lint_findings = check_rules(reading, exchange.raw) + check_parameters(reading, exchange)
            known.page = _requested_page(reading)
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
    if reading.principal is None or reply is None:
        return found
    if reply.status == _OK and not (
        exchange.faults or exchange.client_disconnected or exchange.raw.method == "HEAD"
    ):
        found += review_window(reading, exchange, reply)
        if known.page:
            found += map(
                Finding.of_kind, _review_page(journal, reading, known.page, reading.principal.tenant, reply)
            )
    return found


def _requested_page(reading: ParsedRequest) -> Page | None:
    """Return the requested page; ``None`` for an endpoint without pages, or an invalid request."""
    if reading.page_place is None or reading.principal is None or reading.error is not None:
        return None
    first = reading.endpoint.pagination.first
    on_first = reading.with_page(first)
    return reading.page, first, json.encode([on_first.query, on_first.body])


def _review_page(
    journal: Journal, reading: ParsedRequest, page: Page, tenant: Tenant, reply: Response
) -> list[str]:
    """Return the names of the findings about a page that was returned."""
    number, first, rest = page
    journal.history.use_world(tenant.world.spec)
    returned = journal.history.pages((reading.vendor.name, reading.endpoint.name, reading.site, rest))
    found = []
    if number == first:
        if len(returned) > 1:
            returned.clear()
        elif number in returned and _is_whole_list(returned, number, reading, reply):
            return []
    if number in returned:
        found.append("page-requested-twice")
    returned.setdefault(number, None)
    if number != first and len(reply.body) < _MAX_EMPTY_PAGE_BYTES and _is_after_last(reading, tenant, reply):
        found.append("page-after-last")
    return found


def _is_whole_list(
    returned: dict[Any, bool | None], number: Any, reading: ParsedRequest, reply: Response
) -> bool:
    """Return whether a first page is the whole list, so that requesting it again is not paging; cached."""
    if returned[number] is None:
        page = compute_page_info(reading.endpoint, reading.fields, json.decode(reply.body), {})
        returned[number] = page is None or page.last
    return bool(returned[number])


def _is_after_last(reading: ParsedRequest, tenant: Tenant, reply: Response) -> bool:
    """Return whether the client could know that a page is empty.

    From the total, or a previous page that was not full.
    """
    pagination = reading.endpoint.pagination
    page = compute_page_info(reading.endpoint, reading.fields, json.decode(reply.body), {})
    if page is None or page.rows:
        return False
    if pagination.total is not None:
        return True
    if page.previous is None:  # The client followed a cursor, which is a promise of more rows.
        return False
    if reading.fields.get(pagination.limit or "") == 0:  # No page has rows, so none is known to be the last.
        return False
    previous = reading.with_page(page.previous)
    request = previous.view_request(tenant, tenant.clock.now())
    response = json.decode(reading.vendor.respond(reading.endpoint, request).body)
    page = compute_page_info(reading.endpoint, previous.fields, response, {})
    return page is not None and page.last
