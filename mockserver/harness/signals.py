"""Let the signals that end this process clean up first."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final

SIGNAL_BASE: Final = 128
"""A command that signal N ended has this exit code plus N, as in shells."""
ENDING: Final = ("SIGTERM", "SIGHUP")
"""Signals that end a process, except that of Ctrl-C."""


class EndedBySignal(KeyboardInterrupt):
    """Raised in the main thread by SIGTERM or SIGHUP, so that what an interrupt cleans up is cleaned up."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Raise an exception for the signals that would end this process before it has cleaned up.

    Signals that this process ignores, as under ``nohup``, stay ignored; after the first, others are too.
    """
    previous: dict[int, Any] = {}

    def end(number: int, _: FrameType | None) -> None:
        for each in previous:
            signal.signal(each, signal.SIG_IGN)
        raise EndedBySignal(number)

    if threading.current_thread() is threading.main_thread():
        for name in ENDING:
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                previous[number] = signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
