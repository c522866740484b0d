"""A server in a thread and an event loop of its own, so that neither the caller's loop nor its blocking calls matter."""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import Future
from selectors import DefaultSelector, SelectorKey
from threading import Event, Lock, Thread
from typing import Any, Final, TypeVar
from weakref import WeakSet

from mockserver.server.event_loop import ServerLoop
from mockserver.server.runner import Running, serving
from mockserver.server.tenancy.config import Config

_PATIENCE: Final = 0.02
"""Seconds for which requests under way may still be answered at the end."""
_STOPPED: Final = "the server has stopped, or was never started"
T = TypeVar("T")


class _Selector(DefaultSelector):
    """Waits for something to happen, and meanwhile leaves the server's state to whoever takes :attr:`resting`."""

    def __init__(self) -> None:
        super().__init__()
        self.resting = Lock()
        """Held by the server's thread unless it waits."""
        self.resting.acquire()
        self.called = False
        """Whether something has happened: then nobody else is to take the lock, for whoever asks again and again would keep it."""

    def select(self, timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
        self.called = False
        self.resting.release()
        try:
            return super().select(timeout)
        finally:
            self.called = True
            self.resting.acquire()

    def release_in_child(self) -> None:
        """Replace the descriptors that a forked child has inherited, so that it holds no socket of its parent's server open.

        Closing them would change the parent's epoll set and free numbers that objects of the child still own.
        """
        null = os.open(os.devnull, os.O_RDWR)
        own = [self.fileno()] if hasattr(self, "fileno") else []
        for descriptor in [*(key.fd for key in self.get_map().values()), *own]:
            os.dup2(null, descriptor, inheritable=False)
        os.close(null)


class ServerThread:
    """Serves from :meth:`start` to :meth:`stop`."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._pid = os.getpid()
        self._settled = Event()
        self._failure: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._running: Running | None = None
        self._lock = Lock()
        self._waiting: set[Future[Any]] = set()
        """Who waits for an answer: the end of the server must not leave anybody waiting."""
        self._selector = _Selector()
        self._thread = Thread(target=self._main, name="session-mock", daemon=True)

    @property
    def running(self) -> Running:
        """The server, once it is started."""
        if self._running is None:
            raise RuntimeError(_STOPPED)
        return self._running

    def start(self) -> None:
        """Return once every port accepts connections; raises what stands in the way, such as ``OSError`` for a port that is taken."""
        self._thread.start()
        self._settled.wait()
        if self._failure is not None:
            self._thread.join()
            raise self._failure

    def stop(self) -> None:
        """Close every connection, and return once the thread has ended; in a forked child, do nothing."""
        if self._pid != os.getpid():
            return
        with self._lock:
            running, self._running = self._running, None
        if running is not None and self._loop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def check_process(self) -> None:
        """Raise ``RuntimeError`` in a forked child."""
        if self._running is not None and self._pid != os.getpid():
            raise RuntimeError(
                f"the server runs in process {self._pid}, from which this process, {os.getpid()}, was forked;"
                f" use SessionMock.connect({self._running.url!r}) here, or start another SessionMock in this process"
            )

    def call(self, function: Callable[[], T]) -> T:
        """Call a function between two requests, and return what it returns: here while the server rests, else in its thread.

        Threads that wait for each other are what most of a short call costs. Raises ``RuntimeError`` in a forked child.
        """
        self.check_process()
        if not self._selector.called and self._selector.resting.acquire(blocking=False):
            try:
                if self._running is None:
                    raise RuntimeError(_STOPPED)
                return function()
            finally:
                self._selector.resting.release()
        return self._called(function)

    def _called(self, function: Callable[[], T]) -> T:
        """Call a function in the server's thread when its turn has come."""
        told: Future[T] = Future()

        def run() -> None:
            try:
                answer = function()
            except BaseException as error:  # noqa: BLE001 -- whoever waits shall have it
                told.set_exception(error)
            else:
                told.set_result(answer)

        with self._lock:
            if self._running is None or self._loop is None:
                raise RuntimeError(_STOPPED)
            self._waiting.add(told)
            self._loop.call_soon_threadsafe(run)
        try:
            return told.result()
        finally:
            self._waiting.discard(told)

    def _main(self) -> None:
        try:
            with asyncio.Runner(loop_factory=lambda: ServerLoop(self._selector)) as runner:
                runner.run(self._serve())
        except BaseException as error:  # noqa: BLE001 -- whoever waits shall have it
            self._failure = error
        finally:
            with self._lock:
                self._running = None
            for told in list(self._waiting):
                if not told.done():
                    told.set_exception(RuntimeError(_STOPPED))
            self._settled.set()

    def release_in_child(self) -> None:
        """Let go of the server's sockets in a child that was just forked."""
        self._selector.release_in_child()

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        async with serving(self._config, patience=_PATIENCE) as self._running:
            _running.add(self)
            self._settled.set()
            await self._stop.wait()
            _running.discard(self)


_running: Final[WeakSet[ServerThread]] = WeakSet()


def _release_in_child() -> None:
    for server in list(_running):
        server.release_in_child()
    _running.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_release_in_child)
