"""A server in its own thread and event loop, independent of the caller's."""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import Future
from selectors import DefaultSelector, SelectorKey
from threading import Event, Lock, Thread
from typing import Any, Final, TypeVar
from weakref import WeakSet

from mockserver.server.configuration.config import Config
from mockserver.server.event_loop import ServerLoop
from mockserver.server.runner import Running, serving

_PATIENCE: Final = 0.02
"""Seconds that requests in progress have to finish when the server stops."""
_STOPPED: Final = "the server has stopped, or was never started"
T = TypeVar("T")


class _IdleLockSelector(DefaultSelector):
    """A selector that releases a lock while the server's thread waits for events.

    Another thread that holds the lock may access the server's state without a thread switch. That saves 0.2
    ms of the calls of a test (create, verify and delete a tenant), and 6 ms while other processes use all
    cores, as pytest-xdist does; ``tests/bench/fixtures.py`` measures whole test suites.
    """

    def __init__(self) -> None:
        super().__init__()
        self.idle_lock = Lock()
        """Held by the server's thread except while it waits."""
        self.idle_lock.acquire()
        self.has_events = False
        """True if the server's thread waits for the lock; other threads must not take it then."""

    def select(self, timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
        self.has_events = False
        self.idle_lock.release()
        try:
            return super().select(timeout)
        finally:
            self.has_events = True
            self.idle_lock.acquire()

    def release_in_child(self) -> None:
        """Point all descriptors to the null device, so that a forked child holds no socket open.

        Closing them would change the parent's epoll set and free numbers that objects of the child still own.
        """
        descriptors = [key.fd for key in self.get_map().values()]
        if hasattr(self, "fileno"):
            descriptors.append(self.fileno())
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in descriptors:
            os.dup2(null, descriptor, inheritable=False)
        os.close(null)


class ServerThread:
    """A server that runs from :meth:`start` to :meth:`stop`."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._pid = os.getpid()
        self._settled = Event()
        self._failure: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._running: Running | None = None
        self._lock = Lock()
        self._pending: set[Future[Any]] = set()
        """Calls without a result yet; they must fail when the server stops."""
        self._selector = _IdleLockSelector()
        self._thread = Thread(target=self._main, name="session-mock", daemon=True)

    @property
    def running(self) -> Running:
        """The running server; raises ``RuntimeError`` before its start and after its end."""
        if self._running is None:
            raise RuntimeError(_STOPPED)
        return self._running

    def start(self) -> None:
        """Return once every port accepts connections; raises ``OSError`` if a port is not available.

        An interrupt ends the server. A thread that still runs when the interpreter exits is killed, which
        aborts the process if it happens within some extension modules.
        """
        try:
            self._thread.start()
            self._settled.wait()
        except BaseException:
            if self._thread.ident is not None:
                self._settled.wait()
                self.stop()
            raise
        if self._failure is not None:
            self._thread.join()
            raise self._failure

    def stop(self) -> None:
        """Close every connection, and return once the thread has ended; in a forked child, do nothing."""
        if self._pid != os.getpid():
            return
        with self._lock:
            running = self._running
            self._running = None
        if running is not None and self._loop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def check_process(self) -> None:
        """Raise ``RuntimeError`` in a forked child."""
        if self._running is not None and self._pid != os.getpid():
            raise RuntimeError(
                f"the server runs in process {self._pid}, from which this process, {os.getpid()}, was forked;"
                f" use SessionMock.connect({self._running.url!r}) here,"
                " or start another SessionMock in this process"
            )

    def call(self, function: Callable[[], T]) -> T:
        """Call *function* between two requests, and return its result.

        While the server waits for events, this thread calls it, else the server's thread.

        Raises ``RuntimeError`` in a forked child, and if the server has stopped.
        """
        self.check_process()
        if not self._selector.has_events and self._selector.idle_lock.acquire(blocking=False):
            try:
                if self._running is None:
                    raise RuntimeError(_STOPPED)
                return function()
            finally:
                self._selector.idle_lock.release()
        return self._call_in_server_thread(function)

    def start_tls(self) -> None:
        """Accept https, unless the server does so; raises ``ConfigError`` if a package is missing."""
        self.check_process()
        with self._lock:
            if self._running is None or self._loop is None:
                raise RuntimeError(_STOPPED)
            started = asyncio.run_coroutine_threadsafe(self._running.start_tls(), self._loop)
        started.result()

    def _call_in_server_thread(self, function: Callable[[], T]) -> T:
        future: Future[T] = Future()

        def run() -> None:
            try:
                result = function()
            except BaseException as error:  # noqa: BLE001 -- it is raised in the caller's thread
                future.set_exception(error)
            else:
                future.set_result(result)

        with self._lock:
            if self._running is None or self._loop is None:
                raise RuntimeError(_STOPPED)
            self._pending.add(future)
            self._loop.call_soon_threadsafe(run)
        try:
            return future.result()
        finally:
            self._pending.discard(future)

    def _main(self) -> None:
        try:
            with asyncio.Runner(loop_factory=lambda: ServerLoop(self._selector)) as runner:
                runner.run(self._serve())
        except BaseException as error:  # noqa: BLE001 -- start() raises it
            self._failure = error
        finally:
            with self._lock:
                self._running = None
            for future in list(self._pending):
                if not future.done():
                    future.set_exception(RuntimeError(_STOPPED))
            self._settled.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        async with serving(self._config, patience=_PATIENCE) as self._running:
            _running_servers.add(self)
            self._settled.set()
            await self._stop.wait()
            _running_servers.discard(self)

    def release_in_child(self) -> None:
        """Release the server's sockets in a child that was just forked."""
        self._selector.release_in_child()


_running_servers: Final[WeakSet[ServerThread]] = WeakSet()


def _release_servers_in_child() -> None:
    for server in list(_running_servers):
        server.release_in_child()
    _running_servers.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_release_servers_in_child)
