"""State of a tenant's limits: requests per window, tokens of buckets, and slots of open requests."""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any, Final

from msgspec import Struct, field

from mockserver.contract.errors import ApiError, VendorError
from mockserver.contract.limits import RateLimit, TokenBucket, WindowLimit

_NEVER: Final = 31_536_000
"""Reported seconds until a bucket without refill is full."""


_TOKEN: Final = 1000
"""Tokens are counted in thousandths, because one token per second is one thousandth per millisecond."""


class Limits(Struct):
    """A tenant's changes to its limits, by ``<vendor>.<pool>`` or ``<vendor>.<endpoint>``."""

    off: set[str] = field(default_factory=set)
    """Limits that are switched off."""
    seconds: dict[str, int] = field(default_factory=dict)
    """Changed lengths of windows."""


class LimitStatus(Struct, frozen=True):
    """State of a limit for a key after a request."""

    limit: RateLimit
    allowed: int
    """0 for unlimited."""
    remaining: int
    reset: int
    """Unix second at which the window ends, or the bucket is full."""
    wait: int
    """Seconds until a request is allowed."""
    refused: bool = False

    def error(self) -> VendorError:
        """Return the error for a request that exceeds the limit."""
        many = f"over {self.allowed} requests"
        if isinstance(self.limit, WindowLimit):
            message = f"{many} in {self.limit.seconds} seconds; the window ends at Unix second {self.reset}"
        else:
            message = f"{many} at once; the next is let through in {self.wait} seconds"
        details = {"message": message, "scope": self.limit.pool}
        return VendorError("rate_limited", details, numbers={"limit": self.allowed, "retryAfter": self.wait})

    def headers(self, names: tuple[str, str, str], now: int) -> dict[str, str]:
        """Return headers with the limit, the remaining requests and the reset, in this order of *names*."""
        reset = self.reset if self.limit.resets == "instant" else max(self.reset - now // 1000, 0)
        return dict(zip(names, (str(self.allowed), str(self.remaining), str(reset)), strict=True))


def reported(found: Sequence[LimitStatus], now: int) -> dict[str, str]:
    """Return the headers that report the state of limits."""
    headers: dict[str, str] = {}
    limited = [left for left in found if left.allowed]
    for left in limited:
        headers |= left.headers(left.limit.headers, now) if left.limit.headers else {}
    shared = [left for left in limited if left.limit.tightest]
    tightest = min(shared, key=lambda left: (not left.refused, left.remaining), default=None)
    if tightest is not None and tightest.limit.tightest:
        headers |= tightest.headers(tightest.limit.tightest, now)
    return headers


class RateLimiter:
    """Counts requests of each key in its current window, and the tokens left in its buckets."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, str], tuple[int, int]] = {}
        self._levels: dict[tuple[str, str], tuple[int, int]] = {}

    def charge(
        self, window: WindowLimit, allowed: int, key: str, now: int, *, counts: bool = True
    ) -> LimitStatus:
        """Count a request if it is allowed; with *counts* false, only return the status."""
        length = window.seconds * 1000
        opened, count = self._open.get((window.pool, key), (None, 0))
        if opened is None or not opened <= now < opened + length:
            opened, count = (now - now % length if window.opens == "clock" else now), 0
        refused = 0 < allowed <= count
        if counts:
            count += not refused
            opened = now if window.opens == "idle" and not refused else opened
            self._open[window.pool, key] = (opened, count)
        end = opened + length
        wait = -((now - end) // 1000) if refused else 0
        return LimitStatus(window, allowed, max(allowed - count, 0), end // 1000, wait, refused)

    def take(  # noqa: PLR0913
        self, bucket: TokenBucket, allowed: int, refill: int, key: str, now: int, *, counts: bool = True
    ) -> LimitStatus:
        """Take a token for a request that is let through; with ``counts`` false, only look."""
        level = self._level(bucket, allowed, refill, key, now)
        refused = allowed > 0 and level < _TOKEN
        if counts and allowed:  # An unlimited bucket loses no tokens.
            level -= 0 if refused else _TOKEN
            self._levels[bucket.pool, key] = (now, level)
        full = _seconds(allowed * _TOKEN - level, refill)
        wait = _seconds(_TOKEN - level, refill) if refused else 0
        return LimitStatus(bucket, allowed, max(level // _TOKEN, 0), now // 1000 + full, wait, refused)

    def _level(self, bucket: TokenBucket, allowed: int, refill: int, key: str, now: int) -> int:
        """Return the thousandths of tokens in a bucket."""
        at, level = self._levels.get((bucket.pool, key), (now, allowed * _TOKEN))
        return min(level + max(now - at, 0) * refill, allowed * _TOKEN)

    def forget(self, vendor: str) -> None:
        """Reset the counters of a vendor."""
        for counted in (self._open, self._levels):
            for which in [(pool, key) for pool, key in counted if key.partition(" ")[0] == vendor]:
                del counted[which]

    def used(self, window: WindowLimit, now: int) -> dict[str, int]:
        """Return the number of requests of each key in its current window."""
        length = window.seconds * 1000
        found = (
            (key, opened, count) for (pool, key), (opened, count) in self._open.items() if pool == window.pool
        )
        return {key: count for key, opened, count in found if opened <= now < opened + length}

    def taken(self, bucket: TokenBucket, allowed: int, refill: int, now: int) -> dict[str, int]:
        """Return the number of tokens missing from each key's bucket."""
        keys = [key for pool, key in self._levels if pool == bucket.pool]
        return {
            key: -(-(allowed * _TOKEN - self._level(bucket, allowed, refill, key, now)) // _TOKEN)
            for key in keys
        }


def _seconds(thousandths: int, refill: int) -> int:
    """Return the seconds until a number of thousandths of tokens is refilled."""
    return -(-thousandths // (refill * _TOKEN)) if refill else _NEVER


class ConcurrencyLimiter:
    """One slot per site of a tenant, held while a request to an endpoint with a concurrency limit is open."""

    def __init__(self) -> None:
        self._waiting: dict[Any, deque[asyncio.Future[None]]] = {}

    async def acquire(self, key: Any, busy: str) -> None:
        """Take the slot; if it is held, wait with ``busy="queue"``, else raise ``ApiError("busy")``."""
        waiting = self._waiting.get(key)
        if waiting is None:
            self._waiting[key] = deque()
            return
        if busy != "queue":
            raise ApiError(
                "busy", message="another request is open: wait for its answer before sending the next"
            )
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # It got the slot while being cancelled: pass it on.
                self.release(key)
            raise

    def is_held(self, key: Any) -> bool:
        """Return whether a request holds the slot."""
        return key in self._waiting

    def release(self, key: Any) -> None:
        """Give the slot to the request that has waited longest, or free it."""
        waiting = self._waiting[key]
        while waiting:
            turn = waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        del self._waiting[key]

    def held(self, vendor: str | None = None) -> int:
        """Return the number of held slots, of one vendor or of all."""
        return sum(vendor in (None, key[0]) for key in self._waiting)
