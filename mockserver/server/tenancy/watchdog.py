"""Bounds on clients that would wait or loop for ever, per tenant; the pytest plugin sets them, so that no run hangs.

A stalled answer ends in a reset of its connection. A client that loops is refused from then on.
"""

import asyncio
import logging
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any, Final

from msgspec import DecodeError, Struct, json
from msgspec.structs import replace
from multidict import CIMultiDict

from mockserver.server.http.pagination import at
from mockserver.server.http.response import Response
from mockserver.server.journal.journal import Exchange, Finding

if TYPE_CHECKING:
    from mockserver.server.http.raw_request import RawRequest
    from mockserver.server.requests.cache import CachedRequest

STALLED: Final = "stalled"
ENDLESS: Final = "endless-loop"
BOUNDS: Final = {
    STALLED: "The answer stalled for longer than the tenant's `stall_timeout`, and the mock reset the connection.",
    ENDLESS: "The client looped without progress for more requests than the tenant's `loop_limit`, and the mock refused to go on.",
}
"""Findings about clients that the mock had to stop."""
_GRACE: Final = 1.1
"""Stalls are ended at the bound times this, so that a client whose own timeout equals the bound gives up first."""
_REPEATS: Final = 10
"""Identical requests in a row may be this many times the limit: a load test repeats a request too."""
_EXPLAINED: Final = 10
"""Refusals of a looping client that are answered in words; later connections are reset, for clients that ignore answers."""
_LISTS: Final = 32
_PAGES: Final = 1_000
_SMALL: Final = 1_024
"""Bytes of an answer beyond which it has rows."""
_OK: Final = 200
_SILENT: Final = Response(headers=CIMultiDict(), head=False, sent=0, end="stall", patience=0)
"""A reset without any answer."""
_log = logging.getLogger("mockserver")


class _Progress(Struct):
    """What a client has seen of a list since it began the list."""

    seen: dict[Any, None]
    """The pages that it was given last."""
    body: bytes
    """The answer that it was given last."""
    idle: int = 0
    """Requests in a row that brought no new row."""


class Watchdog:
    """Bounds for one tenant: *stall_timeout* seconds of real time and *loop_limit* requests; 0 sets no bound."""

    def __init__(self, stall_timeout: float = 0, loop_limit: int = 0) -> None:
        self._stall = stall_timeout
        self._limit = loop_limit
        self.reset()

    def reset(self) -> None:
        """Forget what clients did."""
        self._stalled = False
        self._loop: str | None = None
        self._refused = 0
        self._last: RawRequest | None = None
        self._same = 0
        self._lists: dict[Any, _Progress] = {}

    async def waits(self, slot: Awaitable[None]) -> bool:
        """Wait for a slot; return False if that takes longer than the bound."""
        if not self._stall:
            await slot
            return True
        try:
            async with asyncio.timeout(self._stall * _GRACE):
                await slot
        except TimeoutError:
            return False
        return True

    @property
    def silent(self) -> Response:
        """The end of an exchange that waited too long for its slot."""
        return _SILENT

    def refusal(self) -> Response | None:
        """Return the answer to every request of a client that loops; None for other clients."""
        if self._loop is None:
            return None
        self._refused += 1
        if self._refused > _EXPLAINED:
            return _SILENT
        # Clients do not retry a 400, as they do a 5xx or a reset; text that is no JSON stops those that ignore the status.
        return Response(
            status=400,
            headers=CIMultiDict({"Content-Type": "text/plain; charset=utf-8"}),
            body=f"{self._loop}\n".encode(),
        )

    def bound(self, reply: Response, hold: float) -> Response:
        """Return a reply that ends by a reset if it would stall for longer than the bound, else the same one.

        *hold* is the time in seconds for which its slot is held before it is sent.
        """
        longest = self._stall * _GRACE
        if not longest or (reply.end != "stall" and reply.delay + hold <= longest and reply.pause <= longest):
            return reply
        patience = 0 if self._stalled else longest  # A client that retries must not hang once per attempt.
        if reply.delay + hold > longest:
            return replace(_SILENT, patience=patience)
        pieces = min(reply.pieces, len(reply.sent_body))
        if reply.pause > longest and pieces > 1:
            first = len(reply.sent_body) // pieces
            return replace(
                reply, sent=first, declared=reply.declared_length, pieces=1, end="stall", patience=patience
            )
        return replace(reply, patience=patience) if reply.end == "stall" else reply

    def judge(self, known: "CachedRequest", exchange: Exchange, reply: Response | None) -> None:
        """Record whether a closed exchange was ended by the bounds, and count requests without progress."""
        try:
            if (
                reply is not None
                and reply.patience is not None
                and not exchange.client_disconnected
                and self._loop is None
            ):
                self._stalled = True
                exchange.findings += (Finding(STALLED, self._says_stalled(exchange)),)
            if self._limit and self._loop is None:
                self._count(known, exchange, reply)
            if self._loop is not None:
                exchange.findings += (Finding(ENDLESS, self._loop),)
        except Exception as error:  # noqa: BLE001 -- an answer is never lost because its request could not be judged
            _log.error("no bounds for %s %s: %s", exchange.vendor, exchange.endpoint, type(error).__name__)

    def _says_stalled(self, exchange: Exchange) -> str:
        cause = (
            f"fault {', '.join(exchange.faults)}"
            if exchange.faults
            else "another request held the slot"
            if exchange.blocked
            else "its hold"
        )
        return (
            f"The answer stalled for over {self._stall:g} s of real time ({cause}), and the mock reset the connection:"
            " give the client a shorter timeout, or raise stall_timeout."
        )

    def _count(self, known: "CachedRequest", exchange: Exchange, reply: Response | None) -> None:
        """Count a request, and stop the client at the limit."""
        named = f"{exchange.vendor} {exchange.endpoint}"
        self._same = self._same + 1 if known.raw == self._last else 1
        self._last = known.raw
        if self._same >= self._limit * _REPEATS:
            self._loop = f"The client sent {self._same} identical requests to {named} in a row, and the mock refuses the rest: {_REMEDY}"
        if (
            known.page is None
            or reply is None
            or reply.status != _OK
            or exchange.client_disconnected
            or exchange.raw.method == "HEAD"
        ):
            return
        idle = self._idle(known, reply)
        if idle >= self._limit:
            self._loop = (
                f"The client sent {idle} requests to {named} in a row that brought no new row, for pages past the end or pages that it had,"
                f" and the mock refuses the rest: {_REMEDY}"
            )

    def _idle(self, known: "CachedRequest", reply: Response) -> int:
        """Return the number of requests in a row for a list that brought no new row, since its first page was requested."""
        number, first, rest = known.page or (None, None, b"")
        name = (known.reading.vendor.name, known.reading.endpoint.name, known.reading.site, rest)
        body = reply.body
        progress = self._lists.pop(name, None)
        if progress is None or number == first:
            progress = _Progress({}, b"")
        elif (
            number in progress.seen
            or body == progress.body
            or _is_empty(body, known.reading.endpoint.rows_path)
        ):
            progress.idle += 1
        else:
            progress.idle = 0
        progress.body = body
        progress.seen[number] = None
        if len(progress.seen) > _PAGES:
            del progress.seen[next(iter(progress.seen))]
        self._lists[name] = progress
        if len(self._lists) > _LISTS:
            del self._lists[next(iter(self._lists))]
        return progress.idle


_REMEDY: Final = "let the client stop at the last page and after some retries, or raise loop_limit."


def _is_empty(body: bytes, rows: str | None) -> bool:
    """Return whether an answer has no rows; False for one that is no JSON."""
    try:
        return len(body) < _SMALL and not at(json.decode(body), rows)
    except DecodeError:
        return False
