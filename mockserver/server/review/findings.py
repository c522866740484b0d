"""What a careful reviewer would say of a request although it was answered."""

import logging
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any, Final

from msgspec import json
from msgspec.structs import replace

from mockserver.contract.lint_rules import ADVICE
from mockserver.contract.pagination import CursorPagination, OffsetPagination, PageNumberPagination
from mockserver.server.http.pagination import at, pages
from mockserver.server.http.response import Response
from mockserver.server.journal.client_history import Wait
from mockserver.server.journal.journal import Exchange, Finding, Journal
from mockserver.server.requests.cache import CachedRequest
from mockserver.server.requests.parser import ParsedRequest
from mockserver.server.review.rules import check_rules, field_of
from mockserver.server.tenancy.tenant import Tenant
from mockserver.server.tenancy.watchdog import BOUNDS

_TOO_SOON: Final = "retry-too-soon"
FINDINGS: Final = {
    **ADVICE,
    "page-requested-twice": "A page was given already, and its list was not begun anew since; a page that failed may be asked again.",
    "page-after-last": "The page is empty, and what was answered before told that there would be none.",
    _TOO_SOON: "It came before the instant that Retry-After, or the header of the limit's reset, told to wait for.",
    "request-during-open": "Another request was open, where the vendor takes one at a time.",
    **BOUNDS,
    "deleted-tenant": "The credential is that of a tenant that was deleted: the request is late, or meant for another test.",
}
"""Every finding by name, with what it says."""
SMALL: Final = 1024
"""Bytes of an answer beyond which it is no empty page."""
_OK, _TOO_MANY, _UNAVAILABLE = 200, 429, 503
_log = logging.getLogger("mockserver")


Page = tuple[Any, Any, bytes]
"""Which page of a list is asked for, which is its first, and of which list: all else that is asked."""


def review(journal: Journal, known: CachedRequest, exchange: Exchange, reply: Response | None) -> None:
    """Find what is to be said of an exchange that has ended, and remember of it what later ones are judged by."""
    reading = known.reading
    try:
        if known.advice is None:
            known.advice, known.page = check_rules(reading, exchange.raw), _page(reading)
        found = known.advice + _told(journal, known, exchange, reply)
        if found:
            exchange.findings = tuple(dict.fromkeys(found))
    except Exception as error:  # noqa: BLE001 -- an answer is never lost because nobody could judge its request
        # No traceback: it may hold a credential.
        _log.error(
            "no findings for %s %s: %s", reading.vendor.name, reading.endpoint.name, type(error).__name__
        )


@cache
def _finding(name: str) -> Finding:
    return Finding(name, FINDINGS[name])


def _hasty(wait: Wait, exchange: Exchange) -> Finding:
    """The finding of an exchange that did not wait as long as clients had been asked to."""
    says = FINDINGS[_TOO_SOON].removesuffix(".")
    waited, asked = (
        f"{each / 1000:.1f}".removesuffix(".0")
        for each in (wait.waited(exchange.received_at, exchange.started_ns), wait.asked)
    )
    return Finding(_TOO_SOON, f"{says}: it waited {waited} s, and had been asked to wait {asked} s.")


def _told(
    journal: Journal, known: CachedRequest, exchange: Exchange, reply: Response | None
) -> list[Finding]:
    found, reading = [], known.reading
    if exchange.deleted_tenant is not None:
        found.append(_finding("deleted-tenant"))
    if exchange.blocked:
        found.append(_finding("request-during-open"))
    if reading.principal is None or reply is None:
        return found
    scope = (reading.vendor.name, reading.principal.site, reading.endpoint.name)
    wait = journal.history.wait_of(scope, exchange.received_at, exchange.started_ns, exchange.number)
    if wait is not None:
        found.append(_hasty(wait, exchange))
    if reply.status in (_TOO_MANY, _UNAVAILABLE):
        _wait(journal, reading, exchange, reply)
    elif reply.status == _OK and not (
        exchange.faults or exchange.client_disconnected or exchange.raw.method == "HEAD"
    ):
        journal.history.answered(scope)
        if known.page:
            found += map(_finding, _paged(journal, reading, known.page, reading.principal.tenant, reply))
    return found


def _wait(journal: Journal, reading: ParsedRequest, exchange: Exchange, reply: Response) -> None:
    """Remember until when an answer tells to wait: for a whole key where there were too many requests, else for the endpoint."""
    principal = reading.principal
    now = exchange.received_at if principal is None else principal.tenant.clock.now()
    until = None if principal is None else _until(reading, reply, now)
    if principal is not None and until is not None:
        endpoint = None if reply.status == _TOO_MANY else reading.endpoint.name
        really = exchange.started_ns + (until - exchange.received_at) * 1_000_000
        journal.history.wait(
            (reading.vendor.name, principal.site, endpoint), Wait(now, until, really, journal.count)
        )


def _until(reading: ParsedRequest, reply: Response, now: int) -> int | None:
    """The instant of the tenant's clock that an answer tells to wait for."""
    after = reply.headers.get("Retry-After", "")
    if after:
        try:
            return (
                now + int(after) * 1000
                if after.isdecimal()
                else int(parsedate_to_datetime(after).timestamp() * 1000)
            )
        except (ValueError, OverflowError):  # No number, too long a number, no date, or none that can be.
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


def _page(reading: ParsedRequest) -> Page | None:
    """The page that a request asks for; ``None`` where there are no pages, or the request could not be read."""
    place = reading.page_place
    if place is None or reading.principal is None or reading.error is not None:
        return None
    where, attribute = place
    paging = reading.endpoint.pagination
    first = (
        paging.first
        if isinstance(paging, PageNumberPagination)
        else 0
        if isinstance(paging, OffsetPagination)
        else None
    )
    return reading.page, first, json.encode(replace(getattr(reading, where), **{attribute: first}))


def _paged(
    journal: Journal, reading: ParsedRequest, page: Page, tenant: Tenant, reply: Response
) -> list[str]:
    """What is to be said of a page that was given."""
    number, first, rest = page
    journal.history.of(tenant.world.spec)
    given = journal.history.pages((reading.vendor.name, reading.endpoint.name, reading.site, rest))
    found = []
    if number == first:
        if len(given) > 1:
            given.clear()
        elif number in given and _is_all(given, number, reading, reply):
            return []
    if number in given:
        found.append("page-requested-twice")
    given.setdefault(number, None)
    if number != first and len(reply.body) < SMALL and _after_last(reading, tenant, reply):
        found.append("page-after-last")
    return found


def _is_all(given: dict[Any, bool | None], number: Any, reading: ParsedRequest, reply: Response) -> bool:
    """Whether a first page is all of its list, so that asking again is no paging; looked at once."""
    if given[number] is None:
        found = pages(reading.endpoint, reading.fields, json.decode(reply.body), {})
        given[number] = found is None or found.last
    return bool(given[number])


def _after_last(reading: ParsedRequest, tenant: Tenant, reply: Response) -> bool:
    """Whether an empty page could be known to be none: by the total, or because the page before was not full."""
    if at(json.decode(reply.body), reading.endpoint.rows_path):
        return False
    place = reading.page_place
    match reading.endpoint.pagination:
        case OffsetPagination(total=total):
            return total is not None
        case PageNumberPagination(limit=limit, size=size, maximum=maximum) if place is not None:
            where, attribute = place
            asked = getattr(reading, where)
            before = replace(asked, **{attribute: reading.page - 1})
            wanted = field_of(reading.endpoint, limit)(reading) if limit else size
            return _rows(replace(reading, **{where: before}), tenant) < min(wanted, maximum or wanted)
        case CursorPagination():
            return False  # Whoever has a cursor was told that there is more.
    return False


def _rows(reading: ParsedRequest, tenant: Tenant) -> int:
    """How many rows a page has now."""
    answer = reading.vendor.respond(reading.endpoint, reading.view_request(tenant, tenant.clock.now()))
    return len(at(json.decode(answer.body), reading.endpoint.rows_path))
