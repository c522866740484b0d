"""Review the pages of lists: repeated pages, pages past the end, and lists that move while they are read."""

from collections.abc import Iterator
from typing import Any, Final

from msgspec import DecodeError, json

from mockserver._util.clock import stopwatch
from mockserver._util.json_paths import get_at
from mockserver.contract.errors import ApiError
from mockserver.contract.pagination import PageInfo
from mockserver.server.http.pagination import compute_page_info
from mockserver.server.http.response import Response
from mockserver.server.journal.client_history import Attempt, ListPage, ListProgress
from mockserver.server.journal.journal import Exchange, Finding, Journal
from mockserver.server.journal.retry_history import Sent
from mockserver.server.requests.parser import ParsedRequest
from mockserver.server.tenancy.tenant import Tenant
from mockserver.world.generator.tracked import TrackedEvent
from mockserver.world.world import World, with_events

TWICE: Final = "page-requested-twice"
_MAX_EMPTY_PAGE_BYTES: Final = 1024
"""A larger response has rows."""
_COMPARED_BYTES: Final = 256
"""Bytes at the end of a response that differ if its rows moved."""
_PAUSE_NS: Final = 1_000_000_000
"""A client that requests a page again after this time wants to know whether it has changed."""
_SOON: Final = 2_000
"""Milliseconds after now: a window that ends then or later is open."""
_MINUTE: Final = 60_000
_DAY: Final = 86_400_000
"""Milliseconds in which the rows of a window that begins some time before now change."""
_OK, _TOO_MANY, _SERVER_ERROR = 200, 429, 500


def find_page(request: ParsedRequest) -> ListPage | None:
    """Return the requested page; ``None`` for an endpoint without pages, or an invalid request."""
    if request.page_place is None or request.principal is None or request.error is not None:
        return None
    endpoint = request.endpoint
    pagination = endpoint.pagination
    fields = request.fields
    return ListPage(
        request.list_key,
        request.page,
        fields.get(pagination.limit or ""),
        pagination.is_first(request.page),
    )


def review_page(
    journal: Journal, page: ListPage, request: ParsedRequest, exchange: Exchange, reply: Response | None
) -> Iterator[Finding]:
    """Yield the findings about a requested page, and update the progress of its list."""
    if request.principal is None:
        return
    tenant = request.principal.tenant
    world = tenant.world
    moves = tenant.clock.moves
    journal.history.use_world(world.spec)
    progress = journal.history.progress(page.list_key)
    progress.use_world(world, moves)
    if page.is_first:
        if progress.accused is not None:
            _withdraw(progress.accused)
        progress.begin()
    elif reply is not None and reply.status == _OK:
        yield from _review_later_page(progress, page, request, exchange, reply)
    attempt = Attempt(
        number=exchange.number,
        page=page,
        request=request,
        world=world,
        now=exchange.received_at,
        moves=moves,
        faulted=bool(exchange.faults),
    )
    if exchange.whole:
        progress.record_whole(attempt)
    elif _is_failure(exchange, reply):
        progress.record_failure(attempt)
    progress.last = page.identity if exchange.whole and not exchange.faults else None
    progress.last_sent = Sent(exchange.received_at, stopwatch(), journal.count, exchange.connection)


def is_whole(request: ParsedRequest, exchange: Exchange, reply: Response | None) -> bool:
    """Return whether the client got every byte of a response with all the rows that it has without faults."""
    if (
        reply is None
        or reply.status != _OK
        or request.principal is None
        or request.endpoint.rows_path is None
        or exchange.client_disconnected
        or exchange.raw.method == "HEAD"
        or not reply.is_complete(exchange.raw.method)
    ):
        return False
    if not exchange.faults:
        return True
    tenant = request.principal.tenant
    try:
        sent_rows = get_at(json.decode(reply.body), request.endpoint.rows_path)
    except (DecodeError, UnicodeDecodeError):
        return False
    rows = compute_rows(request, tenant, tenant.world, exchange.received_at)
    for edit in exchange.row_edits:  # The client got every row, though with another field.
        rows = [edit(row) for row in rows]
    return bool(sent_rows == rows)


def compute_body(request: ParsedRequest, tenant: Tenant, world: World, now: int) -> Any:
    """Return the decoded response in a world at an instant; ``None`` if the vendor rejects the request."""
    view_request = request.view_request(tenant, now, world)
    try:
        return json.decode(request.vendor.respond(request.endpoint, view_request).body)
    except ApiError:
        return None


def compute_rows(request: ParsedRequest, tenant: Tenant, world: World, now: int) -> list[Any]:
    """Return the rows of a page in a world at an instant; none if the vendor rejects the request."""
    body = compute_body(request, tenant, world, now)
    rows = None if body is None else get_at(body, request.endpoint.rows_path)
    return rows if isinstance(rows, list) else []


def _review_later_page(
    progress: ListProgress, page: ListPage, request: ParsedRequest, exchange: Exchange, reply: Response
) -> Iterator[Finding]:
    """Yield the findings about a page after the first one."""
    tenant = request.principal.tenant  # type: ignore[union-attr]  # a page has a principal
    if not request.endpoint.pagination.has_cursors:
        yield from _review_movement(progress, request, tenant, exchange)
    if not exchange.whole or exchange.faults:
        return
    empty = _read_empty_page(request, reply)
    if empty is not None and _is_after_last(progress, page, request, tenant, empty):
        yield Finding.of_kind("page-after-last")
    content = hash((len(reply.body), reply.body[-_COMPARED_BYTES:]))
    count = progress.record_return(page, content)
    if count == 1:
        progress.accused = None
        return
    # An empty page may be a failure of the server: a client may look at it once more before it ends.
    allowed = max(progress.begun, 1) + (empty is not None)
    if count > allowed and progress.last == page.identity and _is_next(progress, exchange):
        progress.accused = exchange
        yield Finding.of_kind(TWICE)


def _is_next(progress: ListProgress, exchange: Exchange) -> bool:
    """Return whether the client read the last page and requested the next one without a pause.

    A client may request a page on two connections at once, or look after a while whether it has changed.
    """
    sent = progress.last_sent
    return (
        sent is not None
        and exchange.number > sent.last_number
        and exchange.started_ns - sent.ns < _PAUSE_NS
        and (
            sent.connection is None
            or sent.was_read_before(exchange.number, exchange.started_ns, exchange.connection)
        )
    )


def _withdraw(exchange: Exchange) -> None:
    """Remove a finding: the first page that follows shows that another client began to read the list.

    The pages of a client that requests them in parallel may arrive in any order.
    """
    exchange.findings = tuple(finding for finding in exchange.findings if finding.name != TWICE)


def _is_failure(exchange: Exchange, reply: Response | None) -> bool:
    """Return whether a page has to be requested again; the vendor would reject other requests again."""
    return not exchange.failed and (
        reply is None
        or bool(exchange.faults)
        or exchange.client_disconnected
        or reply.status == _TOO_MANY
        or reply.status >= _SERVER_ERROR
    )


def _review_movement(
    progress: ListProgress, request: ParsedRequest, tenant: Tenant, exchange: Exchange
) -> Iterator[Finding]:
    """Yield findings if the list moved since the previous page, or if time moves it."""
    latest = progress.latest
    clock = tenant.clock
    has_moved = latest is not None and latest.moves != clock.moves
    if not progress.window_reviewed and (has_moved or not clock.frozen):
        progress.window_reviewed = True
        if _is_window_moving(progress, request, tenant, exchange.received_at):
            yield Finding.of_kind("moving-window")
    if latest is None or (latest.world is tenant.world and not has_moved):
        return
    then = compute_rows(latest.request, tenant, latest.world, latest.now)
    now = compute_rows(latest.request, tenant, tenant.world, exchange.received_at)
    if _row_keys(request, then) != _row_keys(request, now):
        yield Finding.of_kind(
            "list-moved",
            f"The list changed between requests #{latest.number} and #{exchange.number}, so that"
            " their pages repeat or lack rows.",
            "warning" if _has_cursor_alternative(request) else None,
        )


def _is_window_moving(progress: ListProgress, request: ParsedRequest, tenant: Tenant, now: int) -> bool:
    """Return whether time moves the pages of a list; the result is reused for a minute of the clock."""
    known = progress.window_moves
    if known is None or not 0 <= now - known[0] < _MINUTE:
        known = progress.window_moves = now, _changes_with_time(request, tenant, now)
    return known[1]


def _changes_with_time(request: ParsedRequest, tenant: Tenant, now: int) -> bool:
    """Return whether time moves the pages of a list.

    It does if a new session would be on the first page, or if the rows of that page change within a day.
    """
    first = request.with_page(request.endpoint.pagination.first)
    soon = now + _SOON
    event = TrackedEvent(soon, "arrived", anonymous_id="arrival")
    with_session = with_events(tenant.world, request.site, [event])
    keys = _row_keys(request, compute_rows(first, tenant, tenant.world, now))
    later = [
        compute_rows(first, tenant, with_session, soon),
        compute_rows(first, tenant, tenant.world, now + _DAY),
    ]
    return any(keys != _row_keys(request, rows[: len(keys)]) for rows in later)


def _row_keys(request: ParsedRequest, rows: list[Any]) -> list[Any]:
    identity = request.endpoint.row_key
    return [[row.get(field) for field in identity] for row in rows] if identity else rows


def _has_cursor_alternative(request: ParsedRequest) -> bool:
    """Return whether another endpoint of the contract returns the same rows by cursor."""
    endpoint = request.endpoint
    return any(
        other.pagination.has_cursors and other.row_key == endpoint.row_key
        for other in request.vendor.contract.endpoints
    )


def _read_empty_page(request: ParsedRequest, reply: Response) -> PageInfo | None:
    """Return the position of a page without rows; None if the page has rows."""
    if len(reply.body) >= _MAX_EMPTY_PAGE_BYTES:
        return None
    info = compute_page_info(request.endpoint, request.fields, json.decode(reply.body), {})
    return None if info is None or info.rows else info


def _is_after_last(
    progress: ListProgress, page: ListPage, request: ParsedRequest, tenant: Tenant, empty: PageInfo
) -> bool:
    """Return whether the client could know that an empty page is empty.

    From the total of an earlier page, or from a previous page that was not full.
    """
    latest = progress.latest
    if latest is None or latest.faulted:  # Faults may hide the end.
        return False
    if latest.world is not tenant.world or latest.moves != tenant.clock.moves:
        return False
    if request.endpoint.pagination.total is not None:
        return True
    # A cursor has no previous page: it is a promise of more rows. Pages of size 0 do not show the end.
    if page.size == 0 or latest.page.identity != (empty.previous, page.size):
        return False
    return _is_last(latest, tenant)


def _is_last(attempt: Attempt, tenant: Tenant) -> bool:
    """Return whether a page showed that it was the last one."""
    request: ParsedRequest = attempt.request
    body = compute_body(request, tenant, attempt.world, attempt.now)
    info = compute_page_info(request.endpoint, request.fields, body, {})
    return info is not None and info.last
