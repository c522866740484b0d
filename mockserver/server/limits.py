"""Enforces what contracts limit: requests in a window of the tenant's clock, and one open request at a time."""

import asyncio
from collections import deque
from typing import Any

from msgspec import Struct, field

from mockserver.contract.errors import Refused
from mockserver.contract.limits import Window


class Limits(Struct):
    """What a tenant has changed about its limits, by ``<vendor>.<pool>`` or ``<vendor>.<endpoint>``."""

    off: set[str] = field(default_factory=set)
    """Those that are switched off."""
    seconds: dict[str, int] = field(default_factory=dict)
    """Other lengths of windows."""


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
        if window.opens == "idle" and not refused:
            opened = now
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

    def used(self, window: Window, now: int) -> dict[str, int]:
        """Requests counted for each key in the window that is open for it."""
        length = window.seconds * 1000
        found = ((key, opened, count) for (pool, key), (opened, count) in self._open.items() if pool == window.pool)
        return {key: count for key, opened, count in found if opened <= now < opened + length}


class Slots:
    """One slot for each site of a tenant: held while a one-at-a-time request is open."""

    def __init__(self) -> None:
        self._waiting: dict[Any, deque[asyncio.Future[None]]] = {}

    async def take(self, key: Any, busy: str) -> None:
        """Take the slot, or raise ``Refused("busy")`` while another request holds it; with ``queue``, wait for it."""
        waiting = self._waiting.get(key)
        if waiting is None:
            self._waiting[key] = deque()
            return
        if busy != "queue":
            raise Refused("busy", message="another request is open: wait for its answer before sending the next")
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # Its turn had come: the next one's has.
                self.give_back(key)
            raise

    def is_taken(self, key: Any) -> bool:
        """Whether a request holds the slot."""
        return key in self._waiting

    def give_back(self, key: Any) -> None:
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
