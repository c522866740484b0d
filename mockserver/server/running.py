"""Runs a server until it is told to stop."""

import asyncio
import signal
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web
from aiohttp.web_log import AccessLogger
from msgspec import to_builtins

from mockserver.server.addresses import Addresses, bracketed
from mockserver.server.admin import Admin
from mockserver.server.app import create_app
from mockserver.server.config import Config, check_access, tenants
from mockserver.server.tenants import Tenant, Tenants

_STOP_SECONDS = 0.1
_BACKLOG = 4096


class Running:
    """A server that accepts requests: the ports it was given, and its tenants."""

    def __init__(self, host: str, port: int, vendor_ports: Mapping[str, int], served: list[Tenant], admin_port: int | None = None) -> None:
        self.port, self.vendor_ports, self.tenants = port, vendor_ports, served
        start = f"http://{bracketed(host)}:"
        self.url = f"{start}{port}"
        self.admin_url = None if admin_port is None else f"{start}{admin_port}"
        """Where the admin API is; ``None`` where there is none."""
        self.addresses = Addresses(self.url, {vendor: f"{start}{number}" for vendor, number in vendor_ports.items()})

    def vendor_url(self, vendor: str) -> str:
        """Where a client of a vendor is pointed: the vendor's own port, or its paths at the root."""
        return self.addresses.vendor_url(vendor)

    def described(self, tenant: Tenant) -> dict[str, Any]:
        """What a client needs to know of a tenant and of the server, as one JSON object."""
        admin = {} if self.admin_url is None else {"admin": {"url": self.admin_url}}
        return {**to_builtins(self.addresses.described(tenant)), **admin}


async def run(config: Config, ready: Callable[[Running], None]) -> None:
    """Serve until SIGINT or SIGTERM; ``ready`` is called once every port accepts connections.

    Raises :class:`~mockserver.server.config.ConfigError` where anybody could steer, and ``OSError`` where a port cannot be had.
    """
    check_access(config)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    served = Tenants(tenants(config))
    admin = None if config.no_admin else Admin(served, token=config.admin_token)
    runners: list[web.AppRunner] = []
    try:
        joined = admin if admin is not None and config.admin_port is None else False
        port = admin_port = await _listen(runners, create_app(served, admin=joined), config, config.port)
        own = {vendor: await _listen(runners, create_app(served, only=vendor), config, at) for vendor, at in config.vendor_ports.items()}
        if admin is not None:
            admin.vendor_ports = own
            if config.admin_port is not None:
                admin.port = port
                admin_port = await _listen(runners, admin.alone(), config, config.admin_port)
        ready(Running(config.host, port, own, list(served.all.values()), None if admin is None else admin_port))
        await stop.wait()
    finally:
        for runner in runners:
            await runner.cleanup()


async def _listen(runners: list[web.AppRunner], app: web.Application, config: Config, port: int) -> int:
    """Start an application on a port (0 picks one) and return the port."""
    logger: dict[str, Any] = {} if config.access_log else {"access_log": None}
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=_STOP_SECONDS, access_log_class=AccessLogger, **logger)
    runners.append(runner)
    await runner.setup()
    await web.TCPSite(runner, config.host, port, backlog=_BACKLOG).start()
    return int(runner.addresses[0][1])
