"""Review exchanges: find defects in how a client used the API, even if the server responded with 200."""

import logging
from email.utils import parsedate_to_datetime
from typing import Any, Final

from msgspec import json

from mockserver.contract.findings import FINDINGS
from mockserver.server.http.response import Response
from mockserver.server.journal.client_history import ListPage, Wait
from mockserver.server.journal.journal import Exchange, Finding, Journal
from mockserver.server.requests.cache import CachedRequest
from mockserver.server.requests.parser import ParsedRequest
from mockserver.server.review.pages import find_page, is_whole, review_page
from mockserver.server.review.rules import check_rules

_TOO_SOON: Final = "retry-too-soon"
_OK, _TOO_MANY, _UNAVAILABLE = 200, 429, 503
_log = logging.getLogger("mockserver")


Page = tuple[Any, Any, bytes]
"""The requested page, the first page of the list, and the list with the size of its pages, as JSON."""


def review(journal: Journal, known: CachedRequest, exchange: Exchange, reply: Response | None) -> None:
    """Set the findings of a finished exchange, and update the client history for later exchanges."""
    reading = known.parsed
    try:
        if known.lint_findings is None:
            known.lint_findings = check_rules(reading, exchange.raw)
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
    exchange.whole = is_whole(reading, exchange, reply)
    if known.list_page is not None and exchange.raw.method != "HEAD":
        found += review_page(journal.history, known.list_page, reading, exchange, reply)
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


def _requested_page(page: ListPage | None, reading: ParsedRequest) -> Page | None:
    if page is None:
        return None
    return page.key, reading.endpoint.pagination.first, json.encode([page.list_key, page.size])
