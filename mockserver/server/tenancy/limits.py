"""Enforces what contracts limit: requests counted on the tenant's clock, and one open request at a time."""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any, Final

from msgspec import Struct, field

from mockserver.contract.errors import ApiError, VendorError
from mockserver.contract.limits import RateLimit, TokenBucket, WindowLimit

_NEVER: Final = 31_536_000
"""Seconds after which a bucket is said to be full again that nothing fills."""


_TOKEN: Final = 1000
"""Thousandths: a token a second is one of them a millisecond."""


class Limits(Struct):
    """What a tenant has changed about its limits, by ``<vendor>.<pool>`` or ``<vendor>.<endpoint>``."""

    off: set[str] = field(default_factory=set)
    """Those that are switched off."""
    seconds: dict[str, int] = field(default_factory=dict)
    """Other lengths of windows."""


class LimitStatus(Struct, frozen=True):
    """What a limit leaves to a key."""

    limit: RateLimit
    allowed: int
    """0 for any number."""
    remaining: int
    reset: int
    """Unix second at which the window ends, or the bucket is full."""
    wait: int
    """Seconds until a request is let through."""
    refused: bool = False

    def error(self) -> VendorError:
        """What is said of the request that was one too many."""
        many = f"over {self.allowed} requests"
        if isinstance(self.limit, WindowLimit):
            message = f"{many} in {self.limit.seconds} seconds; the window ends at Unix second {self.reset}"
        else:
            message = f"{many} at once; the next is let through in {self.wait} seconds"
        details = {"message": message, "scope": self.limit.pool}
        return VendorError("rate_limited", details, numbers={"limit": self.allowed, "retryAfter": self.wait})

    def headers(self, names: tuple[str, str, str], now: int) -> dict[str, str]:
        """Limit, remaining and reset under the names of headers."""
        reset = self.reset if self.limit.resets == "instant" else max(self.reset - now // 1000, 0)
        return dict(zip(names, (str(self.allowed), str(self.remaining), str(reset)), strict=True))


def reported(found: Sequence[LimitStatus], now: int) -> dict[str, str]:
    """The headers that report what some limits leave."""
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
    """How many requests each key has made in the window that is open for it, and how much of its buckets is left."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, str], tuple[int, int]] = {}
        self._levels: dict[tuple[str, str], tuple[int, int]] = {}

    def charge(
        self, window: WindowLimit, allowed: int, key: str, now: int, *, counts: bool = True
    ) -> LimitStatus:
        """Count a request that is let through; with ``counts`` false, only look."""
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
        if counts and allowed:  # Where any number is let through, nothing is taken.
            level -= 0 if refused else _TOKEN
            self._levels[bucket.pool, key] = (now, level)
        full = _seconds(allowed * _TOKEN - level, refill)
        wait = _seconds(_TOKEN - level, refill) if refused else 0
        return LimitStatus(bucket, allowed, max(level // _TOKEN, 0), now // 1000 + full, wait, refused)

    def _level(self, bucket: TokenBucket, allowed: int, refill: int, key: str, now: int) -> int:
        """Thousandths of tokens that are in a bucket."""
        at, level = self._levels.get((bucket.pool, key), (now, allowed * _TOKEN))
        return min(level + max(now - at, 0) * refill, allowed * _TOKEN)

    def forget(self, vendor: str) -> None:
        """Count the requests to a vendor from the beginning."""
        for counted in (self._open, self._levels):
            for which in [(pool, key) for pool, key in counted if key.partition(" ")[0] == vendor]:
                del counted[which]

    def used(self, window: WindowLimit, now: int) -> dict[str, int]:
        """Requests counted for each key in the window that is open for it."""
        length = window.seconds * 1000
        found = (
            (key, opened, count) for (pool, key), (opened, count) in self._open.items() if pool == window.pool
        )
        return {key: count for key, opened, count in found if opened <= now < opened + length}

    def taken(self, bucket: TokenBucket, allowed: int, refill: int, now: int) -> dict[str, int]:
        """Tokens that each key's bucket lacks."""
        keys = [key for pool, key in self._levels if pool == bucket.pool]
        return {
            key: -(-(allowed * _TOKEN - self._level(bucket, allowed, refill, key, now)) // _TOKEN)
            for key in keys
        }


def _seconds(thousandths: int, refill: int) -> int:
    """Until so many thousandths of tokens have come back."""
    return -(-thousandths // (refill * _TOKEN)) if refill else _NEVER


class ConcurrencyLimiter:
    """One slot for each site of a tenant: held while a one-at-a-time request is open."""

    def __init__(self) -> None:
        self._waiting: dict[Any, deque[asyncio.Future[None]]] = {}

    async def acquire(self, key: Any, busy: str) -> None:
        """Take the slot, or raise ``ApiError("busy")`` while another request holds it; with ``queue``, wait for it."""
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
            if turn.done() and not turn.cancelled():  # Its turn had come: the next one's has.
                self.release(key)
            raise

    def is_held(self, key: Any) -> bool:
        """Whether a request holds the slot."""
        return key in self._waiting

    def release(self, key: Any) -> None:
        """Give the slot to whoever has waited longest, or leave it free."""
        waiting = self._waiting[key]
        while waiting:
            turn = waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        del self._waiting[key]

    def held(self, vendor: str | None = None) -> int:
        """How many slots are held, those of one vendor or all."""
        return sum(vendor in (None, key[0]) for key in self._waiting)
