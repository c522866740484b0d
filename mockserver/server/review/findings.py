"""Review exchanges: find defects in how a client used the API, even if the server responded with 200."""

import logging
from email.utils import parsedate_to_datetime
from typing import Any, Final

from msgspec import json

from mockserver.contract.findings import FINDINGS
from mockserver.server.http.pagination import compute_page_info
from mockserver.server.http.response import Response
from mockserver.server.journal.client_history import Wait
from mockserver.server.journal.journal import Exchange, Finding, Journal
from mockserver.server.requests.cache import CachedRequest
from mockserver.server.requests.parser import ParsedRequest
from mockserver.server.review.rules import check_rules
from mockserver.server.tenancy.tenant import Tenant

_TOO_SOON: Final = "retry-too-soon"
_MAX_EMPTY_PAGE_BYTES: Final = 1024
"""A larger response has rows."""
_OK, _TOO_MANY, _UNAVAILABLE = 200, 429, 503
_log = logging.getLogger("mockserver")


Page = tuple[Any, Any, bytes]
"""The requested page, the first page of the list, and the list: all other fields of the request, as JSON."""


def review(journal: Journal, known: CachedRequest, exchange: Exchange, reply: Response | None) -> None:
    """Set the findings of a finished exchange, and update the client history for later exchanges."""
    reading = known.parsed
    try:
        if known.lint_findings is None:
            known.lint_findings = check_rules(reading, exchange.raw)
            known.page = _requested_page(reading)
        findings = known.lint_findings + _review_history(journal, known, exchange, reply)
        if findings:
            exchange.findings = tuple(dict.fromkeys(findings))
    except Exception as error:  # noqa: BLE001 -- a failed review must not fail the request
        # No traceback: it may hold a credential.
        _log.error(
            "no findings for %s %s: %s", reading.vendor.name, reading.endpoint.name, type(error).__name__
        )


def _retry_too_soon(wait: Wait, exchange: Exchange) -> Finding:
    message = FINDINGS[_TOO_SOON].message.removesuffix(".")
    waited = _seconds(wait.waited(exchange.received_at, exchange.started_ns))
    return Finding.of_kind(_TOO_SOON, f"{message}: after {waited} s instead of {_seconds(wait.duration)} s.")


def _seconds(milliseconds: int) -> str:
    return f"{milliseconds / 1000:.1f}".removesuffix(".0")


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
    if reading.principal is None or reply is None:
        return found
    scope = (reading.vendor.name, reading.principal.site, reading.endpoint.name)
    wait = journal.history.find_wait(scope, exchange.received_at, exchange.started_ns, exchange.number)
    if wait is not None:
        found.append(_retry_too_soon(wait, exchange))
    if reply.status in (_TOO_MANY, _UNAVAILABLE):
        _record_wait(journal, reading, exchange, reply)
    elif reply.status == _OK and not (
        exchange.faults or exchange.client_disconnected or exchange.raw.method == "HEAD"
    ):
        journal.history.clear_waits(scope)
        if known.page:
            found += map(
                Finding.of_kind, _review_page(journal, reading, known.page, reading.principal.tenant, reply)
            )
    return found


def _record_wait(journal: Journal, reading: ParsedRequest, exchange: Exchange, reply: Response) -> None:
    """Record until when a response asks to wait: the whole key after too many requests, else the endpoint."""
    principal = reading.principal
    if principal is None:
        return
    now = principal.tenant.clock.now()
    until = _retry_at(reading, reply, now)
    if until is None:
        return
    endpoint = None if reply.status == _TOO_MANY else reading.endpoint.name
    until_ns = exchange.started_ns + (until - exchange.received_at) * 1_000_000
    journal.history.record_wait(
        (reading.vendor.name, principal.site, endpoint), Wait(now, until, until_ns, journal.count)
    )


def _retry_at(reading: ParsedRequest, reply: Response, now: int) -> int | None:
    """Return the instant of the tenant's clock until which a response asks to wait, or ``None``."""
    after = reply.headers.get("Retry-After", "")
    if after:
        try:
            return (
                now + int(after) * 1000
                if after.isdecimal()
                else int(parsedate_to_datetime(after).timestamp() * 1000)
            )
        except (ValueError, OverflowError):  # Neither a number nor a date, or one that is out of range.
            return None
    resets = [
        reply.headers.get(rate.headers[2], "")
        for rate in reading.rates
        if rate.headers and rate.resets == "instant"
    ]
    return (
        max((int(reset) * 1000 for reset in resets if reset.isdecimal()), default=None)
        if reply.status == _TOO_MANY
        else None
    )


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
