"""Runs a server until it is told to stop."""

import asyncio
import signal
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web
from aiohttp.web_log import AccessLogger

from mockserver.server.app import create_app
from mockserver.server.config import Config, tenants
from mockserver.server.tenants import Tenant, Tenants

_STOP_SECONDS = 0.1
_BACKLOG = 4096


class Running:
    """A server that accepts requests: the ports it was given, and its tenants."""

    def __init__(self, host: str, port: int, vendor_ports: Mapping[str, int], served: list[Tenant]) -> None:
        self.port, self.vendor_ports, self.tenants = port, vendor_ports, served
        name = f"[{host}]" if ":" in host else host
        self.url = f"http://{name}:{port}"
        self._vendor_urls = {vendor: f"http://{name}:{number}" for vendor, number in vendor_ports.items()}

    def vendor_url(self, vendor: str) -> str:
        """Where a client of a vendor is pointed: the vendor's own port, or its paths at the root."""
        return self._vendor_urls.get(vendor, self.url)

    def described(self, tenant: Tenant) -> dict[str, Any]:
        """What a client needs to know of a tenant, as one JSON object."""
        vendors = {
            vendor: {
                "url": self.vendor_url(vendor),
                "credentials": names.credentials,
                "sites": [ids[0] for ids in names.sites],
                "segments": names.segments,
            }
            for vendor, names in tenant.names.items()
        }
        return {"url": self.url, "tenant": tenant.name, "vendors": vendors}


async def run(config: Config, ready: Callable[[Running], None]) -> None:
    """Serve until SIGINT or SIGTERM; ``ready`` is called once every port accepts connections.

    Raises ``OSError`` where a port cannot be had.
    """
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    served = Tenants(tenants(config))
    runners: list[web.AppRunner] = []
    try:
        port = await _listen(runners, create_app(served), config, config.port)
        own = {vendor: await _listen(runners, create_app(served, only=vendor), config, at) for vendor, at in config.vendor_ports.items()}
        ready(Running(config.host, port, own, list(served.all.values())))
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
