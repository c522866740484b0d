"""What is called of a server's thread happens between two requests, whoever calls and in whichever thread it runs."""

import sys
import threading
from collections.abc import Iterator

import httpx
import pytest

from mockserver.embedded.server_thread import ServerThread
from mockserver.server.tenancy.config import read_config


@pytest.fixture
def hasty() -> Iterator[None]:
    """Threads that take turns as often as they can."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.fixture
def server() -> Iterator[ServerThread]:
    """A server that runs."""
    running = ServerThread(read_config(None, {"port": 0}))
    running.start()
    yield running
    running.stop()


@pytest.mark.usefixtures("hasty")
def test_no_two_calls_happen_at_once(server: ServerThread) -> None:
    """Threads that call while the server rests, and while it answers, never meet in the middle of what another one does."""
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
        with httpx.Client(base_url=server.running.url) as http:
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


def test_a_call_is_done_by_the_caller_while_the_server_rests(server: ServerThread) -> None:
    """Sooner or later it rests, and what is called then happens in the caller's own thread."""
    while server.call(threading.current_thread) is not threading.current_thread():
        pass


def test_what_a_call_raises_is_raised_here(server: ServerThread) -> None:
    """An error reaches whoever called, and the server goes on."""

    def fail() -> None:
        raise LookupError("no such thing")

    for _ in range(3):
        with pytest.raises(LookupError, match="no such thing"):
            server.call(fail)
    assert server.call(lambda: 42) == 42
