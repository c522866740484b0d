"""The ports on which a server accepts connections."""

import asyncio
import errno
import socket
from collections.abc import Iterable
from contextlib import suppress
from ssl import SSLContext
from typing import Any, Final

from aiohttp import web

from mockserver.server.configuration.config import Config
from mockserver.server.http.access_log import create_access_log, server_log
from mockserver.server.http.known_credentials import KnownCredentials

IDLE_SECONDS = 75.0
"""Seconds of real time for which an idle connection is kept open; nginx has the same default."""
_MAX_ACCEPTS: Final = 100
"""Connections accepted in a turn of the event loop, as by default.

Without file descriptors, asyncio logs each attempt.
"""
_BACKLOG: Final = 4096
"""Maximum number of connections that wait to be accepted; the system may allow fewer."""
_MAX_PORTS: Final = 20
"""Ports to try until one is free at every address of a host."""
_TURNS: Final = 4
"""Turns of the event loop until an accepted connection can be closed, or an aborted one is closed."""


class Listeners:
    """The ports of a server, each with an application."""

    def __init__(self, config: Config, patience: float, known: KnownCredentials) -> None:
        """At the end, open requests have *patience* seconds to finish; logs do not show *known*."""
        self._config = config
        self._patience = patience
        self._known = known
        self._runners: list[web.AppRunner] = []

    async def listen(
        self, app: web.Application, port: int, tls: SSLContext | None = None
    ) -> tuple[int, web.Server]:
        """Start an application on a port (0 picks one), and return the port and aiohttp's server."""
        loggers: dict[str, Any] = {"logger": server_log()}
        if not self._config.access_log:
            loggers["access_log"] = None
        runner = web.AppRunner(
            app,
            auto_decompress=False,
            handler_cancellation=True,
            keepalive_timeout=IDLE_SECONDS,
            shutdown_timeout=self._patience,
            access_log_class=create_access_log(self._known),
            **loggers,
        )
        self._runners.append(runner)
        await runner.setup()
        await _bind(runner, self._config.host, port, tls)
        for listening in _get_sockets(runner):
            with suppress(OSError), listening.dup() as duplicate:
                duplicate.listen(_BACKLOG)
        server = runner.server
        if server is None:
            raise RuntimeError("the runner was not set up")
        return int(runner.addresses[0][1]), server

    async def close(self) -> None:
        """Close all ports and connections."""
        await _stop_accepting(self._runners)
        for runner in self._runners:
            transports = _get_tls_transports(runner)
            await runner.cleanup()
            for transport in transports:  # Otherwise they wait until the client has ended TLS, too.
                transport.abort()
        await _turn()


async def _stop_accepting(runners: Iterable[web.AppRunner]) -> None:
    """Accept no more connections, and wait until the accepted ones can be closed.

    A server that ends earlier never closes them (asyncio up to 3.13 at least).
    """
    for runner in runners:
        for listening in _get_sockets(runner):
            with suppress(NotImplementedError):  # The event loop of Windows.
                asyncio.get_running_loop().remove_reader(listening)
    await _turn()


async def _turn() -> None:
    for _ in range(_TURNS):
        await asyncio.sleep(0)


def _get_tls_transports(runner: web.AppRunner) -> list[asyncio.Transport]:
    connections = [] if runner.server is None else runner.server.connections
    transports = [connection.transport for connection in connections]
    return [each for each in transports if each is not None and each.get_extra_info("sslcontext")]


def _get_sockets(runner: web.AppRunner) -> list[Any]:
    """Return the sockets on which a runner accepts connections."""
    sockets: list[Any] = []
    for site in runner.sites:
        server = site._server  # noqa: SLF001 -- aiohttp has no other way to its sockets
        if isinstance(server, asyncio.Server):
            sockets += server.sockets
    return sockets


async def _bind(runner: web.AppRunner, host: str, port: int, tls: SSLContext | None) -> None:
    """Accept connections at a host; with port 0, all addresses of the host get the same free port."""
    addresses = [host]
    if port == 0:
        loop = asyncio.get_running_loop()
        infos = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        addresses = list(dict.fromkeys(str(address[0]) for *_, address in infos)) or [host]
    if len(addresses) == 1:
        await _create_site(runner, host, port, tls).start()
        return
    for attempt in range(1, _MAX_PORTS + 1):
        try:
            await _create_site(runner, addresses[0], 0, tls).start()
            for address in addresses[1:]:
                await _create_site(runner, address, int(runner.addresses[0][1]), tls).start()
        except OSError as error:
            if error.errno != errno.EADDRINUSE or attempt == _MAX_PORTS:
                raise
            for site in runner.sites:
                await site.stop()
        else:
            return


def _create_site(runner: web.AppRunner, host: str, port: int, tls: SSLContext | None) -> web.TCPSite:
    return web.TCPSite(runner, host, port, ssl_context=tls, backlog=_MAX_ACCEPTS)
