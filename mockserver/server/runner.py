"""Run a server until it is stopped."""

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
from mockserver.server.http.access_log import AcceptLog, create_access_log, server_log
from mockserver.server.http.known_credentials import KnownCredentials
from mockserver.server.provisioning.configured import create_tenants
from mockserver.server.tenancy.config import Config, ConfigError, check_access
from mockserver.server.tenancy.settings import TenantError
from mockserver.server.tenancy.tenant import Tenant, Tenants
from mockserver.server.tenancy.urls import Addresses, format_host

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
_ACCEPT_TURNS = 4
"""Turns of the event loop until an accepted connection can be closed."""


class Running:
    """A server that accepts requests: its ports, URLs and tenants."""

    def __init__(
        self,
        host: str,
        port: int,
        vendor_ports: Mapping[str, int],
        served: Tenants,
        admin_port: int | None = None,
    ) -> None:
        self.port = port
        self.vendor_ports = vendor_ports
        self.served = served
        base = f"http://{format_host(host)}:"
        self.url = f"{base}{port}"
        self.admin_url = None if admin_port is None else f"{base}{admin_port}"
        """Base URL of the admin API; ``None`` if it is disabled."""
        vendor_urls = {vendor: f"{base}{vendor_port}" for vendor, vendor_port in vendor_ports.items()}
        self.addresses = Addresses(self.url, vendor_urls)

    @property
    def tenants(self) -> list[Tenant]:
        """The tenants, the default one first."""
        return list(self.served.by_name.values())

    def vendor_url(self, vendor: str) -> str:
        """Return the base URL for clients of a vendor: its own port, or its prefix on the shared port."""
        return self.addresses.vendor_url(vendor)

    def described(self, tenant: Tenant) -> dict[str, Any]:
        """Return what a client needs to use a tenant: URLs and credentials, as one JSON object."""
        admin = {} if self.admin_url is None else {"admin": {"url": self.admin_url}}
        return {**to_builtins(self.addresses.describe(tenant)), **admin}


async def run(config: Config, ready: Callable[[Running], None]) -> None:
    """Serve until SIGINT or SIGTERM; call *ready* when every port accepts connections.

    Raise :class:`~mockserver.server.tenancy.config.ConfigError` if the admin API would be open to everyone,
    and ``OSError`` if a port is not available.
    """
    stop = asyncio.Event()
    with _set_on_signal(stop):
        async with serving(config) as running:
            ready(running)
            await stop.wait()


@contextmanager
def _set_on_signal(event: asyncio.Event) -> Iterator[None]:
    """Set an event on SIGINT and SIGTERM, also on event loops without signal handlers, as on Windows."""
    loop = asyncio.get_running_loop()
    previous: dict[signal.Signals, Any] = {}
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, event.set)
        except NotImplementedError:
            previous[number] = signal.signal(number, lambda *_: loop.call_soon_threadsafe(event.set))
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


@asynccontextmanager
async def serving(config: Config, *, patience: float = 0.1) -> AsyncIterator[Running]:
    """Serve while the context is open; at its end, open requests have *patience* seconds to finish."""
    check_access(config)
    try:
        shared_tenants = Tenants(create_tenants(config))
    except TenantError as error:
        raise ConfigError(str(error)) from None
    admin = None if config.no_admin else Admin(shared_tenants, token=config.admin_token)
    runners: list[web.AppRunner] = []
    loop = asyncio.get_running_loop()
    previous_exception_handler = loop.get_exception_handler()
    loop.set_exception_handler(AcceptLog())

    async def listen(app: web.Application, port: int) -> int:
        return await _listen(runners, app, config, port, patience, known=shared_tenants.known)

    try:
        joined_admin = admin if admin is not None and config.admin_port is None else False
        port = await listen(create_app(shared_tenants, admin=joined_admin, decompress=True), config.port)
        admin_port = port
        vendor_ports: dict[str, int] = {}
        for vendor, vendor_port in config.vendor_ports.items():
            app = create_app(shared_tenants, only=vendor, admin=joined_admin, decompress=True)
            vendor_ports[vendor] = await listen(app, vendor_port)
        if admin is not None:
            admin.vendor_ports = vendor_ports
            if config.admin_port is not None:
                admin.port = port
                admin_port = await listen(admin.create_app(), config.admin_port)
        yield Running(config.host, port, vendor_ports, shared_tenants, None if admin is None else admin_port)
    finally:
        await _stop_accepting(runners)
        for runner in runners:
            await runner.cleanup()
        loop.set_exception_handler(previous_exception_handler)


async def _stop_accepting(runners: Iterable[web.AppRunner]) -> None:
    """Accept no more connections, and wait until the accepted ones can be closed.

    A server that ends earlier never closes them (asyncio up to 3.13 at least).
    """
    for runner in runners:
        for listening in _get_sockets(runner):
            with suppress(NotImplementedError):  # The event loop of Windows.
                asyncio.get_running_loop().remove_reader(listening)
    for _ in range(_ACCEPT_TURNS):
        await asyncio.sleep(0)


def _get_sockets(runner: web.AppRunner) -> list[Any]:
    """Return the sockets on which a runner accepts connections."""
    sockets: list[Any] = []
    for site in runner.sites:
        server = site._server  # noqa: SLF001 -- aiohttp has no other way to its sockets
        if isinstance(server, asyncio.Server):
            sockets += server.sockets
    return sockets


async def _listen(  # noqa: PLR0913 -- everything that a port needs
    runners: list[web.AppRunner],
    app: web.Application,
    config: Config,
    port: int,
    patience: float,
    *,
    known: KnownCredentials,
) -> int:
    """Start an application on a port (0 picks one) and return the port."""
    loggers: dict[str, Any] = {"logger": server_log()}
    if not config.access_log:
        loggers["access_log"] = None
    runner = web.AppRunner(
        app,
        auto_decompress=False,
        handler_cancellation=True,
        keepalive_timeout=IDLE_SECONDS,
        shutdown_timeout=patience,
        access_log_class=create_access_log(known),
        **loggers,
    )
    runners.append(runner)
    await runner.setup()
    await _bind(runner, config.host, port)
    for listening in _get_sockets(runner):
        with suppress(OSError), listening.dup() as duplicate:
            duplicate.listen(_BACKLOG)
    return int(runner.addresses[0][1])


async def _bind(runner: web.AppRunner, host: str, port: int) -> None:
    """Accept connections at a host; with port 0, all addresses of the host get the same free port."""
    addresses = [host]
    if port == 0:
        loop = asyncio.get_running_loop()
        infos = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        addresses = list(dict.fromkeys(str(address[0]) for *_, address in infos)) or [host]
    if len(addresses) == 1:
        await _create_site(runner, host, port).start()
        return
    for attempt in range(1, _MAX_PORTS + 1):
        try:
            await _create_site(runner, addresses[0], 0).start()
            for address in addresses[1:]:
                await _create_site(runner, address, int(runner.addresses[0][1])).start()
        except OSError as error:
            if error.errno != errno.EADDRINUSE or attempt == _MAX_PORTS:
                raise
            for site in runner.sites:
                await site.stop()
        else:
            return


def _create_site(runner: web.AppRunner, host: str, port: int) -> web.TCPSite:
    return web.TCPSite(runner, host, port, backlog=_MAX_ACCEPTS)
