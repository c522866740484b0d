"""The event loop of a server that shares its process with the code under test."""

import asyncio

from mockserver._util.clock import monotonic


class ServerLoop(asyncio.SelectorEventLoop):
    """An event loop on real time, even if freezegun has frozen ``time.monotonic``, which asyncio uses."""

    def time(self) -> float:
        """Return real seconds from an arbitrary start."""
        return monotonic()
