"""Handle signals for a while."""

import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


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
