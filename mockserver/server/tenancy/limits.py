"""State of a tenant's limits: changes, counters of requests, and slots of open requests."""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from mockserver.contract.endpoint import Endpoint
from mockserver.contract.errors import ApiError
from mockserver.contract.limits import Behaviors, Counter, Limit, LimitStatus, RateLimit


class Limits(Struct):
    """A tenant's changes to its limits, by ``<vendor>.<pool>`` or ``<vendor>.<endpoint>``."""

    off: set[str] = field(default_factory=set)
    """Limits that are switched off."""
    seconds: dict[str, int] = field(default_factory=dict)
    """Changed lengths of windows."""

    def copy(self) -> "Limits":
        return Limits(set(self.off), dict(self.seconds))

    def apply(self, name: str, limit: Limit) -> Limit:
        if name not in self.seconds or "seconds" not in limit.settings:
            return limit
        return replace(limit, seconds=self.seconds[name])

    def active(self, vendor: str, endpoint: Endpoint) -> list[Limit]:
        """Return the limits of an endpoint that are on, with the changes."""
        named = [(limit.name(vendor, endpoint.name), limit) for limit in endpoint.limits]
        return [self.apply(name, limit) for name, limit in named if name not in self.off]


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
    """The counters of a tenant's rate limits, by pool and key."""

    def __init__(self) -> None:
        self.counters: dict[tuple[str, str], Counter] = {}
        """By pool and key."""

    def charge(
        self, limit: RateLimit, behaviors: Behaviors, key: str, now: int, *, counts: bool = True
    ) -> LimitStatus:
        """Count a request if it is allowed; with *counts* false, only return the status."""
        counter, status = limit.charge(self.counters.get((limit.pool, key)), behaviors, now, counts=counts)
        if counter is not None:
            self.counters[limit.pool, key] = counter
        return status

    def forget(self, vendor: str) -> None:
        """Reset the counters of a vendor."""
        for pool, key in list(self.counters):
            if key.partition(" ")[0] == vendor:
                del self.counters[pool, key]

    def used(self, limit: RateLimit, behaviors: Behaviors, now: int) -> dict[str, int]:
        """Return the number of requests of each key that are counted now."""
        counts = {
            key: limit.used(counter, behaviors, now)
            for (pool, key), counter in self.counters.items()
            if pool == limit.pool
        }
        return {key: count for key, count in counts.items() if count is not None}


class ConcurrencyLimiter:
    """One slot per site of a tenant, held while a request to an endpoint with a concurrency limit is open."""

    def __init__(self) -> None:
        self._waiting: dict[Any, deque[asyncio.Future[None]]] = {}

    async def acquire(self, key: Any, busy: str, refusal_headers: Mapping[str, str]) -> None:
        """Take the slot; if it is held, wait with ``busy="queue"``, else raise ``ApiError("busy")``."""
        waiting = self._waiting.get(key)
        if waiting is None:
            self._waiting[key] = deque()
            return
        if busy != "queue":
            raise ApiError(
                "busy",
                headers=refusal_headers,
                message="another request is open: wait for its response before sending the next",
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
