"""Enforces what contracts limit: requests in a window of the tenant's clock, and one open request at a time."""

import asyncio
from collections import defaultdict
from typing import Any

from mockserver.contract.errors import Refused
from mockserver.contract.limits import Window


class Windows:
    """How many requests each key has made in the window that is open for it."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, str], tuple[int, int]] = {}

    def charge(self, window: Window, allowed: int, key: str, now: int) -> dict[str, str]:
        """Count a request and return the headers that report it; raise ``Refused("rate_limited")`` beyond the limit."""
        length = window.seconds * 1000
        opened, count = self._open.get((window.pool, key), (None, 0))
        if opened is None or not opened <= now < opened + length:
            opened, count = (now - now % length if window.opens == "clock" else now), 0
        refused = 0 < allowed <= count
        self._open[window.pool, key] = (opened, count + (not refused))
        reset = (opened + length) // 1000
        headers = self._headers(window, allowed, count + 1, reset)
        if refused:
            message = f"over {allowed} requests in {window.seconds} seconds; the window ends at Unix second {reset}"
            raise Refused("rate_limited", message=message, headers=headers)
        return headers

    @staticmethod
    def _headers(window: Window, allowed: int, count: int, reset: int) -> dict[str, str]:
        if window.headers is None or not allowed:
            return {}
        return dict(zip(window.headers, (str(allowed), str(max(allowed - count, 0)), str(reset)), strict=True))


class Slots:
    """One slot for each site of a tenant: held while a one-at-a-time request is open."""

    def __init__(self) -> None:
        self._locks: defaultdict[Any, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def take(self, key: Any, busy: str) -> asyncio.Lock:
        """Take the slot, or raise ``Refused("busy")`` while another request holds it; with ``queue``, wait for it."""
        lock = self._locks[key]
        if lock.locked() and busy != "queue":
            message = "another request is open: wait for its answer before sending the next"
            raise Refused("busy", message=message)
        await lock.acquire()
        return lock

    def held(self) -> int:
        """How many slots are held."""
        return sum(lock.locked() for lock in self._locks.values())
