"""The event loop of a server that shares its process with the code under test."""

import asyncio

from mockserver._util.clock import monotonic


class ServerLoop(asyncio.SelectorEventLoop):
    """Wait in real time, also while freezegun has frozen ``time.monotonic``, from which asyncio takes its time."""

    def time(self) -> float:
        """Return seconds of real time since some instant."""
        return monotonic()
