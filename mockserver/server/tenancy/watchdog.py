"""Stop clients that would wait or loop forever; the pytest plugin enables this, so that no test run hangs.

The connection of a stalled response is reset. Further requests of a looping client get an error.
Endless paging is found for every tenant; without a bound, the client is not stopped.
"""

import asyncio
import logging
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any, Final

from msgspec import DecodeError, Struct, json
from multidict import CIMultiDict

from mockserver._util.json_paths import get_at
from mockserver.server.http.response import Delivery, Response
from mockserver.server.journal.journal import Exchange, Finding

if TYPE_CHECKING:
    from mockserver.server.http.raw_request import RawRequest
    from mockserver.server.requests.cache import CachedRequest

NO_TIMEOUT: Final = "no-timeout"
ENDLESS_PAGING: Final = "endless-paging"
BOUNDS: Final = (NO_TIMEOUT, ENDLESS_PAGING)
"""Findings about clients that the server had to stop."""
_GRACE: Final = 1.1
"""Stalls are ended at the bound times this, so that a client whose own timeout equals the bound gives up
first."""
_FAR: Final = 100
"""Requests without a new row after which a client is paging endlessly, if the tenant has no limit."""
_REPEATS: Final = 100
"""Consecutive identical requests may be this many times the limit: a load test repeats a request too."""
_POLL_MS: Final = 60_000
"""A client that waits so long on the tenant's clock looks for new rows, ..."""
_POLL_NS: Final = 10 * 10**9
"""... and also if it waits so long in real time."""
_EXPLAINED: Final = 10
"""Number of rejected requests that get an explanation; later connections are reset, for clients that ignore
errors."""
_LISTS: Final = 32
_PAGES: Final = 200
_CLIENTS: Final = 1_000
"""Number of clients that may read a list at the same time."""
_SMALL: Final = 1_024
"""A response with more bytes has rows."""
_OK: Final = 200
SILENT: Final = Response(
    headers=CIMultiDict(), delivery=Delivery(head=False, sent=0, end="stall", patience=0)
)
"""Reset the connection instead of responding."""
_log = logging.getLogger("mockserver")


class _Progress(Struct):
    """How far the clients of a tenant have read a list."""

    returned: dict[Any, int] = {}
    """How often the most recent pages were returned."""
    begun: int = 0
    """Number of requests for the first page: as many clients may be reading the list."""
    last: Any = None
    """The size and the end of the last response body."""
    at: tuple[int, int] = (0, 0)
    """When the last page was requested: the tenant's clock in ms, and real time in ns."""
    idle: int = 0
    """Consecutive requests without a new row."""


class Watchdog:
    """Bounds for one tenant: *stall_timeout* seconds of real time and *loop_limit* requests.

    0 sets no bound.
    """

    def __init__(self, stall_timeout: float = 0, loop_limit: int = 0) -> None:
        self.stall_timeout = stall_timeout
        self.loop_limit = loop_limit
        self.reset()

    def reset(self) -> None:
        """Forget all earlier requests."""
        self._stalled = False
        self._loop: str | None = None
        self._rejected = 0
        self._last: RawRequest | None = None
        self._same = 0
        self._lists: dict[Any, _Progress] = {}

    async def wait_for(self, slot: Awaitable[None]) -> bool:
        """Wait for a slot; return False if that takes longer than the bound."""
        if not self.stall_timeout:
            await slot
            return True
        try:
            async with asyncio.timeout(self.stall_timeout * _GRACE):
                await slot
        except TimeoutError:
            return False
        return True

    def reject(self) -> Response | None:
        """Return the error response for a request of a looping client; None for other clients."""
        if self._loop is None:
            return None
        self._rejected += 1
        if self._rejected > _EXPLAINED:
            return SILENT
        # Clients do not retry a 400, as they do a 5xx or a reset; text that is not JSON stops those that
        # ignore the status.
        return Response(
            status=400,
            headers=CIMultiDict({"Content-Type": "text/plain; charset=utf-8"}),
            body=f"{self._loop}\n".encode(),
        )

    def bound(self, response: Response, hold: float) -> Response:
        """Return the response, with a connection reset if it would stall for longer than the bound.

        *hold* is the time in seconds for which its slot is held before it is sent.
        """
        longest = self.stall_timeout * _GRACE
        if not longest:
            return response
        delivery = response.delivery
        patience = 0 if self._stalled else longest  # A client that retries must not hang once per attempt.
        if delivery.delay + hold > longest:
            return SILENT.with_delivery(patience=patience)
        pieces, pause = response.pace
        if pause > longest and pieces > 1:
            return response.with_delivery(
                sent=len(response.sent_body) // pieces,
                declared=response.declared_length,
                pieces=1,
                rate=None,
                end="stall",
                patience=patience,
            )
        return response.with_delivery(patience=patience) if delivery.end == "stall" else response

    def judge(self, cached: "CachedRequest", exchange: Exchange, response: Response | None) -> None:
        """Record whether a closed exchange was ended by the bounds, and count requests without progress."""
        try:
            if (
                response is not None
                and response.delivery.patience is not None
                and not exchange.client_disconnected
                and self._loop is None
            ):
                self._stalled = True
                exchange.findings += (Finding.of_kind(NO_TIMEOUT, self._describe_stall(exchange)),)
            if self._loop is None:
                self._count(cached, exchange, response)
            if self._loop is not None:
                exchange.findings += (Finding.of_kind(ENDLESS_PAGING, self._loop),)
        except Exception as error:  # noqa: BLE001 -- a failed check must not fail the request
            _log.error("no bounds for %s %s: %s", exchange.vendor, exchange.endpoint, type(error).__name__)

    def _describe_stall(self, exchange: Exchange) -> str:
        cause = (
            f"fault {', '.join(exchange.faults)}"
            if exchange.faults
            else "another request is holding the slot"
            if exchange.blocked
            else "the minimum duration of the endpoint"
        )
        return (
            f"The response stalled for more than {self.stall_timeout:g} s of real time ({cause}),"
            " so the server reset the connection; give the client a shorter timeout,"
            " or increase stall_timeout."
        )

    def _count(self, cached: "CachedRequest", exchange: Exchange, response: Response | None) -> None:
        """Count a request, and stop the client at the limit."""
        endpoint = f"{exchange.vendor} {exchange.endpoint}"
        self._same = self._same + 1 if cached.raw == self._last else 1
        self._last = cached.raw
        if self.loop_limit and self._same >= self.loop_limit * _REPEATS:
            self._loop = (
                f"The client sent {self._same} consecutive identical requests to {endpoint},"
                f" so the server rejects further ones; {_REMEDY}"
            )
        if (
            cached.page is None
            or response is None
            or response.status != _OK
            or exchange.client_disconnected
            or exchange.raw.method == "HEAD"
        ):
            return
        idle = self._idle(cached, exchange, response)
        if idle < (self.loop_limit or _FAR):
            return
        message = (
            f"The client sent {idle} consecutive requests to {endpoint} without a new row,"
            " for pages past the end or earlier pages"
        )
        if self.loop_limit:
            self._loop = f"{message}, so the server rejects further ones; {_REMEDY}"
        else:
            message += "; make the client stop at the last page, and at a page that it has read."
            exchange.findings += (Finding.of_kind(ENDLESS_PAGING, message),)

    def _idle(self, cached: "CachedRequest", exchange: Exchange, response: Response) -> int:
        """Return the number of consecutive requests for a list without a new row, since its first page."""
        number, first, rest = cached.page or (None, None, None)
        name = (cached.parsed.vendor.name, cached.parsed.endpoint.name, cached.parsed.site, rest)
        progress = self._lists.pop(name, None) or _Progress()
        body = response.body
        content = len(body), body[-_SMALL:]
        if number == first:
            progress.begun = min(progress.begun + 1, _CLIENTS)
            progress.idle = 0
        else:
            count = progress.returned.pop(number, 0) + 1
            progress.returned[number] = count
            is_new = count == 1 and content != progress.last
            if is_new and not _is_empty(body, cached.parsed.endpoint.rows_path):
                progress.idle = 0
            elif (count == 1 or count > progress.begun) and not _is_poll(progress, exchange):
                progress.idle += 1
        progress.last = content
        progress.at = exchange.received_at, exchange.started_ns
        if len(progress.returned) > _PAGES:
            del progress.returned[next(iter(progress.returned))]
        self._lists[name] = progress
        if len(self._lists) > _LISTS:
            del self._lists[next(iter(self._lists))]
        return progress.idle


def _is_poll(progress: _Progress, exchange: Exchange) -> bool:
    """Return whether a client waited before it requested a page of a list again, as for new rows."""
    clock_ms, real_ns = progress.at
    return exchange.received_at - clock_ms >= _POLL_MS or exchange.started_ns - real_ns >= _POLL_NS


_REMEDY: Final = "make the client stop at the last page and after some retries, or increase loop_limit."


def _is_empty(body: bytes, rows_path: str | None) -> bool:
    """Return whether a response has no rows; False if it is not JSON."""
    if len(body) >= _SMALL:
        return False
    try:
        return not get_at(json.decode(body), rows_path)
    except (DecodeError, UnicodeDecodeError):
        return False
