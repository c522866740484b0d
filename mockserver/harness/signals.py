"""Handle signals for a while, and let those that end this process clean up first."""

import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
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
def handled_signals(names: Iterable[str], handle: Callable[[int], None]) -> Iterator[None]:
    """Call *handle* with the number of each signal that arrives while the context is open.

    Signals that the platform lacks are left out. Signals that this process ignores, as under ``nohup``, stay
    ignored. In other threads than the main one, do nothing.
    """
    previous: dict[int, Any] = {}

    def call(number: int, _: FrameType | None) -> None:
        handle(number)

    try:
        if threading.current_thread() is threading.main_thread():
            for name in names:
                number = getattr(signal, name, None)
                if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                    previous[number] = signal.signal(number, call)
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def ended_by_signals() -> AbstractContextManager[None]:
    """Raise an exception for the signals that would end this process before it has cleaned up.

    After the first, others are ignored.
    """

    def end(number: int) -> None:
        for name in ENDING:
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), signal.SIG_IGN)
        raise EndedBySignal(number)

    return handled_signals(ENDING, end)
