"""Review how a client reacts to refusals: how soon and how often it repeats a request.

| finding | a correct client |
| --- | --- |
| `retry-too-soon` | waits as long as the refusal of this request requires, or sends many requests at once |
| `hammering` | waits longer each time, as long as requested, or at least a second |
| `retry-of-permanent-refusal` | changes the request, or repeats it after the tenant has changed |
| `absurd-wait` | waits until the reset instead of for as many seconds as its Unix time has |
| `event-sent-twice` | repeats an event without a response if it accepts duplicates |
"""

from collections.abc import Sequence
from email.utils import parsedate_to_datetime
from itertools import pairwise
from typing import Final

from mockserver._util.clock import stopwatch
from mockserver._util.levels import Level
from mockserver.contract.findings import FINDINGS
from mockserver.server.http.response import Response
from mockserver.server.journal.journal import Exchange, Finding, Journal
from mockserver.server.journal.retry_history import Refusal, RetryHistory, Sent, Wait
from mockserver.server.requests.parser import ParsedRequest
from mockserver.server.tenancy.tenant import Principal, Tenant

_OK, _TOO_MANY, _NOT_FOUND, _UNAVAILABLE = 200, 429, 404, 503
_MIN_ERROR: Final = 400
_MIN_SERVER_ERROR: Final = 500
_PERMANENT: Final = frozenset({400, 401, 403, 404})
"""Statuses of requests that cannot succeed unless something else changes."""
_TEMPORARY_ERRORS: Final = frozenset({"busy", "rate_limited"})
"""Errors that a repeated request need not get, whatever their status is."""
_FIXED_PAUSE: Final = 1_000
"""Milliseconds between attempts that need not grow."""
_NO_PAUSE: Final = 100
"""Milliseconds; a shorter time between attempts is that of the requests, unless it grows."""
_INSTANT: Final = 20
"""Milliseconds; a random pause is seldom shorter several times."""
_GROWTH: Final = 1.5
_JITTER: Final = 1.25
_ATTEMPTS: Final = 3
"""Repetitions after which a client probably hammers."""
_PROVEN: Final = 5
"""Repetitions after which pauses are not equal or short by chance."""
_MINUTE: Final = 60_000
_YEAR: Final = 365 * 86_400_000
_MAX_DIGITS: Final = 18
_MOVE: Final = 1_000
"""Milliseconds by which a clock must differ from a running one to have been moved."""


def review_retries(
    journal: Journal,
    reading: ParsedRequest,
    exchange: Exchange,
    reply: Response | None,
    principal: Principal,
) -> list[Finding]:
    """Return the findings about an exchange that follows a refusal, and remember its own refusal."""
    history = journal.retries
    is_refused = reply is not None and reply.status >= _MIN_ERROR
    if history.is_empty and not is_refused and not exchange.recorded:
        return []
    found = _review_repeated_event(history, exchange, reply)
    found += _review_last_wait(history, exchange, principal.tenant)
    if not history.is_empty and reading.started_list is not None:
        history.forget_cursors(reading.list_key)
    refusal = history.find_refusal(exchange.raw)
    pauses: tuple[int, ...] = ()
    if refusal is None:
        found += _review_other_request(history, reading, exchange, principal)
    elif _was_read(refusal, reading, exchange, principal.tenant):
        if refusal.version == _version(history, principal.tenant, exchange):
            repeated, pauses = _review_repetition(refusal, exchange, principal.tenant)
            found += repeated
    else:  # Sent at the same time: the first refusal counts.
        return found
    if reply is None:
        return found
    new = _create_refusal(journal, reading, exchange, reply, principal.tenant)
    if new is not None:
        new.pauses = pauses
        _record_wait(history, reading, principal.site, new)
    elif reply.status == _OK and not exchange.faults and _is_sent(exchange, reply):
        history.clear_waits((reading.vendor.name, principal.site, reading.endpoint.name))
    history.record_refusal(exchange.raw, new)
    return found


def _was_read(refusal: Refusal, reading: ParsedRequest, exchange: Exchange, tenant: Tenant) -> bool:
    """Return whether the client read a refusal before it sent an exchange.

    A client that moves the tenant's clock instead of sleeping has read it. If it is the only one, it has read
    it too, unless the request sends data: two equal events may be two that were sent at once.
    """
    if refusal.sent.was_read_before(exchange.number, exchange.started_ns, exchange.connection):
        return True
    sends_data = reading.endpoint.method != "GET" and reading.endpoint.rows_path is None
    if tenant.settings.one_client and not sends_data and refusal.sent.precedes(exchange.number):
        return True
    is_later = exchange.number > refusal.sent.last_number
    return is_later and _moved_by(refusal.sent, exchange, tenant) >= _MOVE


def _version(history: RetryHistory, tenant: Tenant, exchange: Exchange) -> int:
    """Return the version of the tenant's state before the exchange changed its world, if it did."""
    world = history.world if exchange.recorded else tenant.world
    return history.version(world, tenant.settings, tenant.faults.active)


def _review_repeated_event(
    history: RetryHistory, exchange: Exchange, reply: Response | None
) -> list[Finding]:
    """Return a finding for an event that was recorded before, and remember one without a response."""
    if not exchange.recorded:
        return []
    was_lost = history.pop_lost(exchange.raw)
    if exchange.client_disconnected or reply is None or reply.status != _OK or not _is_sent(exchange, reply):
        history.record_lost(exchange.raw)
    return [Finding.of_kind("event-sent-twice")] if was_lost else []


def _is_sent(exchange: Exchange, reply: Response) -> bool:
    return not exchange.client_disconnected and reply.is_complete(exchange.raw.method)


def _review_last_wait(history: RetryHistory, exchange: Exchange, tenant: Tenant) -> list[Finding]:
    """Return a finding if the clock was moved by years after a response that asked to wait."""
    refusal = history.last_refusal
    if refusal is None or exchange.number <= refusal.sent.last_number:
        return []
    history.last_refusal = None
    moved = _moved_by(refusal.sent, exchange, tenant)
    requested = refusal.wait.duration if refusal.wait else 0
    if moved < _YEAR or requested >= _YEAR:
        return []
    kind = FINDINGS["absurd-wait"]
    return [Finding.of_kind("absurd-wait", f"{kind.message.removesuffix('.')}: by {moved // _YEAR} years.")]


def _moved_by(sent: Sent, exchange: Exchange, tenant: Tenant) -> int:
    """Return by how many milliseconds the tenant's clock was moved between a response and an exchange."""
    real = (exchange.started_ns - sent.ns) // 1_000_000
    return int(exchange.received_at - sent.at - real * tenant.clock.rate)


def _review_other_request(
    history: RetryHistory, reading: ParsedRequest, exchange: Exchange, principal: Principal
) -> list[Finding]:
    """Return a warning for a request that was not refused before, but follows a refusal of another one."""
    scope = (reading.vendor.name, principal.site, reading.endpoint.name)
    wait = history.find_wait(scope, exchange.received_at, exchange.started_ns, exchange.number)
    return [] if wait is None else [_too_soon(wait, exchange, "warning")]


def _too_soon(wait: Wait, exchange: Exchange, level: Level) -> Finding:
    message = FINDINGS["retry-too-soon"].message
    if level == "warning":
        message = "The client sent another request before Retry-After (or the rate-limit reset) allowed it."
    waited = _seconds(wait.waited(exchange.received_at, exchange.started_ns))
    text = f"{message.removesuffix('.')}: after {waited} s instead of {_seconds(wait.duration)} s."
    return Finding.of_kind("retry-too-soon", text, level)


def _seconds(milliseconds: int) -> str:
    return f"{milliseconds / 1000:.1f}".removesuffix(".0")


def _review_repetition(
    refusal: Refusal, exchange: Exchange, tenant: Tenant
) -> tuple[list[Finding], tuple[int, ...]]:
    """Return the findings about a request that was refused before, and its last short pauses."""
    if refusal.permanent is not None:
        level = _permanent_level(refusal.permanent, refusal.sent, exchange, tenant)
        return ([] if level is None else [_repeated(refusal, level)]), ()
    found = []
    wait = refusal.wait
    at, started_ns = exchange.received_at, exchange.started_ns
    if wait is not None and not wait.is_over(at, started_ns):
        found.append(_too_soon(wait, exchange, "error"))
    pause = max(at - refusal.sent.at, (started_ns - refusal.sent.ns) // 1_000_000)
    is_requested = refusal.is_unknown_wait or (wait is not None and wait.is_over(at, started_ns))
    if is_requested or pause >= _FIXED_PAUSE:
        return found, ()
    pauses = (*refusal.pauses, max(pause, 0))[-_PROVEN:]
    level = judge_pauses(pauses)
    if level is not None:
        found.append(_hammering(pauses, level))
    return found, pauses


def _permanent_level(level: Level, sent: Sent, exchange: Exchange, tenant: Tenant) -> Level | None:
    """Return the level of a finding about a repeated request; ``None`` if it may succeed by now.

    A short move of the clock is a pause before a retry, a long one is another situation.
    """
    if exchange.started_ns - sent.ns >= _MINUTE * 1_000_000:
        return None
    moved = _moved_by(sent, exchange, tenant)
    if abs(moved) < _MOVE:
        return level
    return "warning" if 0 < moved < _MINUTE else None


def _repeated(refusal: Refusal, level: Level) -> Finding:
    kind = FINDINGS["retry-of-permanent-refusal"]
    return Finding.of_kind(
        "retry-of-permanent-refusal", f"{kind.message.removesuffix('.')}: {refusal.status}.", level
    )


def judge_pauses(pauses: Sequence[int]) -> Level | None:
    """Return the level of a finding about the pauses before repeated requests, in milliseconds.

    They must neither grow nor last. Pauses that vary without a pattern may be random on purpose: a few of
    them may be short or equal by chance.
    """
    last = pauses[-_ATTEMPTS:]
    if len(last) < _ATTEMPTS or not _is_steady(last):
        return None
    is_proven = max(last) < _INSTANT or (len(pauses) >= _PROVEN and _is_steady(pauses))
    return "error" if is_proven else "warning"


def _is_steady(pauses: Sequence[int]) -> bool:
    """Return whether pauses are all short without growing, or all equal."""
    grows = pauses[-1] >= _INSTANT and all(later >= _GROWTH * pause for pause, later in pairwise(pauses))
    if max(pauses) < _NO_PAUSE:
        return not grows
    return max(pauses) <= _JITTER * min(pauses) and max(pauses) < _FIXED_PAUSE


def _hammering(pauses: Sequence[int], level: Level) -> Finding:
    message = FINDINGS["hammering"].message.removesuffix(".")
    listed = ", ".join(f"{pause / 1000:.2f}" for pause in pauses[-_ATTEMPTS:])
    return Finding.of_kind("hammering", f"{message}: the last pauses were {listed} s.", level)


def _record_wait(history: RetryHistory, reading: ParsedRequest, site: int | None, refusal: Refusal) -> None:
    """Remember a requested wait: of the whole key after too many requests, else of the endpoint."""
    if refusal.permanent is None:
        history.last_refusal = refusal
    if refusal.wait is not None:
        endpoint = None if refusal.status == _TOO_MANY else reading.endpoint.name
        history.record_wait((reading.vendor.name, site, endpoint), refusal.wait)


def _create_refusal(
    journal: Journal,
    reading: ParsedRequest,
    exchange: Exchange,
    reply: Response,
    tenant: Tenant,
) -> Refusal | None:
    """Return the refusal; ``None`` if the client did not receive it or need not react to it."""
    if (
        reply.status < _MIN_ERROR
        or exchange.failed
        or not (exchange.error or exchange.faults)
        or not _is_sent(exchange, reply)
    ):
        return None
    status = reply.status
    has_cursor = reading.endpoint.pagination.has_cursors and reading.started_list is None
    is_temporary = status == _TOO_MANY or status >= _MIN_SERVER_ERROR or exchange.error in _TEMPORARY_ERRORS
    asks_to_wait = "Retry-After" in reply.headers
    if not is_temporary and (status not in _PERMANENT or asks_to_wait):
        return None
    is_alone = not exchange.open_before and journal.count == exchange.number
    sent = Sent(tenant.clock.now(), stopwatch(), journal.count, exchange.connection, is_alone)
    until, is_unknown = None, asks_to_wait
    if status in (_TOO_MANY, _UNAVAILABLE):
        until, is_unknown = _find_wait_end(reading, reply, sent.at, follows=tenant.clock.uses_system_time)
    return Refusal(
        status=status,
        sent=sent,
        wait=None if until is None else Wait(sent.at, until, sent.ns, sent.last_number),
        is_unknown_wait=is_unknown,
        permanent=None if is_temporary else _refusal_level(reading, exchange, status),
        version=_version(journal.retries, tenant, exchange),
        cursor_of=reading.list_key if has_cursor and not is_temporary and reading.error is None else None,
    )


def _refusal_level(reading: ParsedRequest, exchange: Exchange, status: int) -> Level:
    """Return the level of a repetition; something that does not exist yet may be polled."""
    may_appear = exchange.error == "unknown_session" or (
        status == _NOT_FOUND and "unknown_session" in reading.endpoint.errors
    )
    return "warning" if may_appear else "error"


def _find_wait_end(
    reading: ParsedRequest, reply: Response, now: int, *, follows: bool
) -> tuple[int | None, bool]:
    """Return the instant of the tenant's clock until which a response asks to wait, or ``None``.

    The second value is True if the client cannot know how long to wait: the response names an instant of a
    clock that the client cannot see, because the tenant's clock does not follow that of the system, or a
    fault made the header invalid, such as ``Retry-After: 0.5``.
    """
    waits = {*reply.headers.getall("Retry-After", ())}
    if waits:
        after = waits.pop()
        seconds = _parse_number(after)
        if waits:
            return None, True  # The client may follow either.
        if seconds is not None:
            return now + seconds * 1000, False
        until = _parse_date(after) if follows else None
        return until, until is None
    resets = [
        reply.headers[rate.headers[2]]
        for rate in reading.rates
        if rate.headers and rate.resets == "instant" and rate.headers[2] in reply.headers
    ]
    if reply.status != _TOO_MANY or not resets:
        return None, False
    instants = [seconds * 1000 for seconds in map(_parse_number, resets) if seconds is not None]
    latest = max(instants, default=None) if follows else None
    if latest is None or latest - now >= _YEAR:  # A reset in milliseconds is thousands of years later.
        return None, True
    return latest, False


def _parse_number(text: str) -> int | None:
    """Return a number of at most 18 digits, or ``None`` if the text is none."""
    is_number = text.isascii() and text.isdecimal() and len(text) <= _MAX_DIGITS
    return int(text) if is_number else None


def _parse_date(text: str) -> int | None:
    """Return the instant of an HTTP date in Unix milliseconds, or ``None`` if it is invalid."""
    try:
        return int(parsedate_to_datetime(text).timestamp() * 1000)
    except (ValueError, OverflowError):
        return None
