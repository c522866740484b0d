"""Signals are handled while a context is open, and afterwards as before."""

import signal
from collections.abc import Iterator
from typing import Any

import pytest

from mockserver.harness.signals import handled_signals


@pytest.fixture(autouse=True, name="_handlers")
def restore_handlers() -> Iterator[None]:
    numbers = (signal.SIGHUP, signal.SIGUSR1)
    before: dict[int, Any] = {number: signal.signal(number, signal.SIG_DFL) for number in numbers}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_handler_gets_signals_until_the_context_is_left() -> None:
    handled: list[int] = []
    with handled_signals(("SIGHUP", "SIGUSR1", "SIGNONE"), handled.append):
        signal.raise_signal(signal.SIGUSR1)
        signal.raise_signal(signal.SIGHUP)

    assert handled == [signal.SIGUSR1, signal.SIGHUP]
    assert signal.getsignal(signal.SIGUSR1) is signal.getsignal(signal.SIGHUP) is signal.SIG_DFL


def test_ignored_signal_stays_ignored_and_exception_restores_handlers() -> None:
    def end(number: int) -> None:
        raise KeyboardInterrupt(number)

    def send_both() -> None:
        with handled_signals(("SIGHUP", "SIGUSR1"), end):
            signal.raise_signal(signal.SIGHUP)
            signal.raise_signal(signal.SIGUSR1)

    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with pytest.raises(KeyboardInterrupt):
        send_both()

    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    assert signal.getsignal(signal.SIGUSR1) is signal.SIG_DFL
