"""Calls of a server's thread happen between two requests, whichever thread runs them."""

import sys
import threading
from collections.abc import Iterator

import httpx
import pytest

from mockserver.embedded.server_thread import ServerThread
from mockserver.server.configuration.config import read_config
from tests.support.tls import TLS


@pytest.fixture
def frequent_switches() -> Iterator[None]:
    """Let threads switch as often as possible."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.fixture
def server() -> Iterator[ServerThread]:
    """Start a server."""
    running = ServerThread(read_config(None, {"port": 0}))
    running.start()
    yield running
    running.stop()


@pytest.mark.usefixtures("frequent_switches")
def test_concurrent_calls_never_overlap(server: ServerThread) -> None:
    """Threads call while the server waits and while it handles requests."""
    done, stop = [0], threading.Event()

    def bump() -> None:
        before = done[0]
        for _ in range(300):  # Long enough for another thread to have its turn.
            pass
        done[0] = before + 1

    def call() -> None:
        for _ in range(300):
            server.call(bump)

    def ask() -> None:
        with httpx.Client(base_url=server.running.url, verify=TLS) as http:
            while not stop.is_set():
                http.get("/__admin/health")

    callers, asking = [threading.Thread(target=call) for _ in range(4)], threading.Thread(target=ask)
    for thread in (*callers, asking):
        thread.start()
    for thread in callers:
        thread.join()
    stop.set()
    asking.join()

    assert done == [1200]


def test_call_while_server_waits_runs_in_calling_thread(server: ServerThread) -> None:
    while server.call(threading.current_thread) is not threading.current_thread():
        pass


def test_call_raises_error_of_function(server: ServerThread) -> None:
    def fail() -> None:
        raise LookupError("no such thing")

    for _ in range(3):
        with pytest.raises(LookupError, match="no such thing"):
            server.call(fail)
    assert server.call(lambda: 42) == 42
