"""Servers in threads, for clients that use sockets."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from socket import SHUT_WR
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any

from mockserver.server.configuration.config import Config
from mockserver.server.runner import Running, serving
from tests.conftest import QUICK


@contextmanager
def serve_in_thread(port: int = 0, **settings: Any) -> Iterator[Running]:
    """Run a server while the context is open."""
    ready: Future[tuple[Running, asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def serve() -> None:
        stop = asyncio.Event()
        async with serving(Config(port=port, behaviors={**QUICK}, **settings)) as running:
            ready.set_result((running, asyncio.get_running_loop(), stop))
            await stop.wait()

    def work() -> None:
        try:
            asyncio.run(serve())
        except BaseException as error:
            if ready.done():
                raise
            ready.set_exception(error)

    thread = threading.Thread(target=work)
    thread.start()
    running, loop, stop = ready.result(30)
    try:
        yield running
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()


@contextmanager
def serve_bytes(content: bytes, *, silent: bool = False) -> Iterator[str]:
    """Run a server that sends *content* to every client, then disconnects or stays silent."""
    done = threading.Event()

    class Handler(StreamRequestHandler):
        timeout = 5

        def handle(self) -> None:
            while self.rfile.readline() not in (b"\r\n", b""):
                pass
            self.wfile.write(content)
            if silent:
                done.wait(30)
            with suppress(OSError):
                self.connection.shutdown(SHUT_WR)
                while self.rfile.read1():  # Unread data would cause a connection reset.
                    pass

    with ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            done.set()
            server.shutdown()
            thread.join()
