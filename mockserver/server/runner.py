"""Runs a server until it is told to stop."""

import asyncio
import errno
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any, Final

from aiohttp import web
from msgspec import to_builtins

from mockserver.server.admin.app import Admin
from mockserver.server.app import create_app
from mockserver.server.http.access_log import AcceptLog, access_log, server_log
from mockserver.server.http.known_credentials import KnownCredentials
from mockserver.server.tenancy.config import Config, ConfigError, check_access, tenants
from mockserver.server.tenancy.tenant import Tenant, TenantError, Tenants
from mockserver.server.tenancy.urls import Addresses, bracketed

IDLE_SECONDS = 75.0
"""Seconds of real time for which a connection may wait for the head of its next request; nginx has the same bound."""
_ACCEPTED_AT_ONCE: Final = 100
"""Connections that are accepted in a turn of the event loop, asyncio's own default: out of descriptors, it tries and logs each."""
_BACKLOG: Final = 4096
"""Connections that wait to be accepted; the system may allow fewer."""
_TRIES: Final = 20
"""Ports that are tried until one is free in every address of a host."""
_ACCEPTING = 4
"""Turns of the event loop in which a connection that was accepted last becomes one that can be closed."""


class Running:
    """A server that accepts requests: the ports it was given, and its tenants."""

    def __init__(
        self,
        host: str,
        port: int,
        vendor_ports: Mapping[str, int],
        served: Tenants,
        admin_port: int | None = None,
    ) -> None:
        self.port, self.vendor_ports, self.served = port, vendor_ports, served
        start = f"http://{bracketed(host)}:"
        self.url = f"{start}{port}"
        self.admin_url = None if admin_port is None else f"{start}{admin_port}"
        """Where the admin API is; ``None`` where there is none."""
        self.addresses = Addresses(
            self.url, {vendor: f"{start}{number}" for vendor, number in vendor_ports.items()}
        )

    @property
    def tenants(self) -> list[Tenant]:
        """The tenants, the default one first."""
        return list(self.served.by_name.values())

    def vendor_url(self, vendor: str) -> str:
        """Where a client of a vendor is pointed: the vendor's own port, or its paths at the root."""
        return self.addresses.vendor_url(vendor)

    def described(self, tenant: Tenant) -> dict[str, Any]:
        """What a client needs to know of a tenant and of the server, as one JSON object."""
        admin = {} if self.admin_url is None else {"admin": {"url": self.admin_url}}
        return {**to_builtins(self.addresses.described(tenant)), **admin}


async def run(config: Config, ready: Callable[[Running], None]) -> None:
    """Serve until SIGINT or SIGTERM; ``ready`` is called once every port accepts connections.

    Raises :class:`~mockserver.server.tenancy.config.ConfigError` where anybody could steer, and ``OSError`` where a port cannot be had.
    """
    stop = asyncio.Event()
    with _stopping(stop):
        async with serving(config) as running:
            ready(running)
            await stop.wait()


@contextmanager
def _stopping(stop: asyncio.Event) -> Iterator[None]:
    """Set an event at SIGINT and SIGTERM; event loops without signal handlers, as on Windows, are woken by :func:`signal.signal`."""
    loop = asyncio.get_running_loop()
    before: dict[signal.Signals, Any] = {}
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, stop.set)
        except NotImplementedError:
            before[number] = signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@asynccontextmanager
async def serving(config: Config, *, patience: float = 0.1) -> AsyncIterator[Running]:
    """Serve as long as the context is open; at its end, requests under way have so many seconds to be answered."""
    check_access(config)
    try:
        served = Tenants(tenants(config))
    except TenantError as error:
        raise ConfigError(str(error)) from None
    admin = None if config.no_admin else Admin(served, token=config.admin_token)
    runners: list[web.AppRunner] = []
    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler()
    loop.set_exception_handler(AcceptLog())

    async def listen(app: web.Application, port: int) -> int:
        return await _listen(runners, app, config, port, patience, known=served.known)

    try:
        joined = admin if admin is not None and config.admin_port is None else False
        port = admin_port = await listen(create_app(served, admin=joined, decompress=True), config.port)
        own = {
            vendor: await listen(create_app(served, only=vendor, admin=joined, decompress=True), at)
            for vendor, at in config.vendor_ports.items()
        }
        if admin is not None:
            admin.vendor_ports = own
            if config.admin_port is not None:
                admin.port = port
                admin_port = await listen(admin.alone(), config.admin_port)
        yield Running(config.host, port, own, served, None if admin is None else admin_port)
    finally:
        await _accept_no_more(runners)
        for runner in runners:
            await runner.cleanup()
        loop.set_exception_handler(before)


async def _accept_no_more(runners: Iterable[web.AppRunner]) -> None:
    """Let what was accepted become connections: one that the end of its server overtakes is never closed (asyncio up to 3.13 at least)."""
    for listening in _listening(runners):
        with suppress(NotImplementedError):  # The event loop of Windows.
            asyncio.get_running_loop().remove_reader(listening)
    for _ in range(_ACCEPTING):
        await asyncio.sleep(0)


def _listening(runners: Iterable[web.AppRunner]) -> list[Any]:
    """Return the sockets that accept connections."""
    servers = [site._server for runner in runners for site in runner.sites]  # noqa: SLF001 -- there is no other way to its sockets
    return [each for server in servers if isinstance(server, asyncio.Server) for each in server.sockets]


async def _listen(  # noqa: PLR0913 -- what a port is opened with
    runners: list[web.AppRunner],
    app: web.Application,
    config: Config,
    port: int,
    patience: float,
    *,
    known: KnownCredentials,
) -> int:
    """Start an application on a port (0 picks one) and return the port."""
    logger: dict[str, Any] = {"logger": server_log(), **({} if config.access_log else {"access_log": None})}
    runner = web.AppRunner(
        app,
        auto_decompress=False,
        handler_cancellation=True,
        keepalive_timeout=IDLE_SECONDS,
        shutdown_timeout=patience,
        access_log_class=access_log(known),
        **logger,
    )
    runners.append(runner)
    await runner.setup()
    await _bind(runner, config.host, port)
    for listening in _listening([runner]):
        with suppress(OSError), listening.dup() as same:
            same.listen(_BACKLOG)
    return int(runner.addresses[0][1])


async def _bind(runner: web.AppRunner, host: str, port: int) -> None:
    """Accept connections at a host; where it has several addresses and the port is 0, they get the same port."""
    loop = asyncio.get_running_loop()
    found = (
        await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        if port == 0
        else []
    )
    first, *others = dict.fromkeys(address[0] for *_, address in found) or [host]
    if not others:
        await _site(runner, host, port).start()
    for tried in range(1, _TRIES + 1) if others else ():
        try:
            await _site(runner, str(first), 0).start()
            for other in others:
                await _site(runner, str(other), int(runner.addresses[0][1])).start()
        except OSError as error:
            if error.errno != errno.EADDRINUSE or tried == _TRIES:
                raise
            for site in runner.sites:
                await site.stop()
        else:
            return


def _site(runner: web.AppRunner, host: str, port: int) -> web.TCPSite:
    return web.TCPSite(runner, host, port, backlog=_ACCEPTED_AT_ONCE)
