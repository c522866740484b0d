"""Run a server until it is stopped."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

from aiohttp import web
from msgspec import to_builtins

from mockserver.server.admin.app import Admin
from mockserver.server.app import create_app
from mockserver.server.configuration.config import DEFAULT_TLS_PORT, Config, ConfigError, check_access
from mockserver.server.http.access_log import AcceptLog
from mockserver.server.listeners import Listeners
from mockserver.server.provisioning.configured import create_tenants
from mockserver.server.tenancy.settings import TenantError
from mockserver.server.tenancy.tenant import Tenant, Tenants
from mockserver.server.tenancy.urls import Ports, format_host

if TYPE_CHECKING:
    from mockserver.server.certificates import Authority
    from mockserver.server.proxy.proxy import Proxy


class Running:
    """A server that accepts requests: its ports, URLs and tenants."""

    def __init__(
        self,
        host: str,
        served: Tenants,
        ports: Ports,
        *,
        has_admin: bool = True,
        start_tls: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._host = host
        self._start_tls = start_tls
        self.ports = ports
        self.served = served
        self.addresses = ports.addresses(host)
        self.admin_url: str | None = None
        """Base URL of the admin API; ``None`` if it is disabled."""
        if has_admin:
            self.admin_url = f"http://{format_host(host)}:{ports.admin_port or ports.port}"

    @property
    def port(self) -> int:
        """The port of all vendors."""
        return self.ports.port

    @property
    def vendor_ports(self) -> Mapping[str, int]:
        """The additional ports, by vendor."""
        return self.ports.vendor_ports

    @property
    def url(self) -> str:
        """The base URL of all vendors."""
        return self.addresses.url

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

    async def start_tls(self) -> None:
        """Accept https on a port of its own, unless the server does so."""
        if self._start_tls is None:
            raise RuntimeError("an application that others serve has no ports")
        await self._start_tls()
        self.addresses = self.ports.addresses(self._host)


async def run(config: Config, ready: Callable[[Running], None]) -> None:
    """Serve until SIGINT, SIGTERM or SIGHUP; call *ready* when every port accepts connections.

    Raise :class:`~mockserver.server.configuration.config.ConfigError` if the admin API would be
    open to everyone, and ``OSError`` if a port is not available.
    """
    stop = asyncio.Event()
    with _set_on_signal(stop):
        async with serving(config) as running:
            ready(running)
            await stop.wait()


@contextmanager
def _set_on_signal(event: asyncio.Event) -> Iterator[None]:
    """Set an event on SIGINT, SIGTERM and SIGHUP, also on event loops without signal handlers, as on Windows.

    SIGHUP, which the end of a terminal sends, stays ignored if it is, as under ``nohup``.
    """
    loop = asyncio.get_running_loop()
    previous: dict[signal.Signals, Any] = {}
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is None or (name == "SIGHUP" and signal.getsignal(number) is signal.SIG_IGN):
            continue
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
    loop = asyncio.get_running_loop()
    previous_exception_handler = loop.get_exception_handler()
    loop.set_exception_handler(AcceptLog())
    server = _Server(config, shared_tenants, patience)
    try:
        yield await server.start()
    finally:
        await server.close()
        loop.set_exception_handler(previous_exception_handler)


class _Server:
    """Everything that a server starts and closes: its ports, its proxy and its certificates."""

    def __init__(self, config: Config, served: Tenants, patience: float) -> None:
        self._config = config
        self._served = served
        self._admin = None if config.no_admin else Admin(served, token=config.admin_token)
        self._joined_admin = self._admin if self._admin is not None and config.admin_port is None else False
        self._listeners = Listeners(config, patience, served.known)
        self._ports = Ports(0, has_proxy=config.proxy)
        self._authority: Authority | None = None
        self._proxy: Proxy | None = None
        self._tls_lock = asyncio.Lock()

    async def start(self) -> Running:
        """Accept connections on all ports."""
        config = self._config
        ports = self._ports
        if config.proxy:
            from mockserver.server.proxy.proxy import Proxy  # noqa: PLC0415 -- keeps start-up fast

            self._proxy = Proxy(
                self._create_authority(), ports, config.host, self._answered_hosts(), config.pass_hosts
            )
        app = create_app(self._served, admin=self._joined_admin, proxy=self._proxy, decompress=True)
        ports.port, server = await self._listeners.listen(app, config.port)
        if self._proxy is not None:
            self._proxy.server = server
        vendor_ports: dict[str, int] = {}
        for vendor, vendor_port in config.vendor_ports.items():
            vendor_ports[vendor], _ = await self._listeners.listen(self._create_app(vendor), vendor_port)
        ports.vendor_ports = vendor_ports
        if self._admin is not None:
            self._admin.ports = ports
            if config.admin_port is not None:
                admin_app = self._admin.create_app()
                ports.admin_port, _ = await self._listeners.listen(admin_app, config.admin_port)
        if config.tls:
            await self.start_tls()
        has_admin = self._admin is not None
        return Running(config.host, self._served, ports, has_admin=has_admin, start_tls=self.start_tls)

    async def start_tls(self) -> None:
        """Accept https on a port of its own, unless the server does so."""
        async with self._tls_lock:
            if self._ports.tls_port is not None:
                return
            port = self._config.tls_port
            if port is None:
                port = DEFAULT_TLS_PORT if self._config.tls else 0
            context = self._create_authority().context
            self._ports.tls_port, _ = await self._listeners.listen(self._create_app(), port, context)

    async def close(self) -> None:
        """Close all ports and connections, and remove the files."""
        if self._proxy is not None:
            await self._proxy.close()
        await self._listeners.close()
        if self._authority is not None:
            self._authority.close()

    def _create_app(self, only: str | None = None) -> web.Application:
        return create_app(self._served, only=only, admin=self._joined_admin, decompress=True)

    def _create_authority(self) -> "Authority":
        """Return the certificate authority of the run."""
        if self._authority is None:
            from mockserver.server.certificates import Authority  # noqa: PLC0415 -- keeps start-up fast

            self._authority = Authority([self._config.host], self._answered_hosts())
            self._ports.certificates = self._authority.files
        return self._authority

    def _answered_hosts(self) -> frozenset[str]:
        """Return the vendors' hosts, and those of the settings."""
        from mockserver.vendors import load  # noqa: PLC0415 -- keeps start-up fast

        hosts = {host for vendor in load() for host in vendor.contract.hosts}
        return frozenset(hosts | {host.lower() for host in self._config.answer_hosts})
