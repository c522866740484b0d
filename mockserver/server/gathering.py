"""Requests that wait for each other a moment, so that what they ask for is made together."""

import asyncio
from typing import Final

from mockserver.vendor.ahead import PAGES

_QUIET: Final = 2
"""Turns of the event loop: in one of them what was sent is received, in the next it is read."""


class Gathering:
    """The requests of one event loop for what is made together."""

    def __init__(self) -> None:
        self._come = 0
        """How many there were."""

    async def others(self) -> None:
        """Wait until no other comes for some turns of the event loop, or as many have come as are made at once."""
        self._come += 1
        first = before = self._come
        quiet = 0
        while quiet < _QUIET and before < first + PAGES:
            await asyncio.sleep(0)
            quiet = quiet + 1 if self._come == before else 0
            before = self._come
