"""The aiohttp application, for callers that run it in their own event loop."""

import os
from collections.abc import Callable
from typing import Any, Final, TypeVar

from aiohttp import web

from mockserver.client import AdminClient
from mockserver.client.plain_values import to_plain
from mockserver.embedded.in_process_transport import InProcessTransport
from mockserver.embedded.tenant import TenantHandle
from mockserver.server import app as server
from mockserver.server.configuration.config import ConfigError, read_config
from mockserver.server.provisioning.configured import create_tenants
from mockserver.server.runner import Running
from mockserver.server.tenancy.tenant import Tenants
from mockserver.server.tenancy.urls import Addresses, Ports

T = TypeVar("T")
_HANDLE: Final = web.AppKey("session_mock", TenantHandle)
_SETTINGS: Final = (
    "profile",
    "now",
    "dialect",
    "behaviors",
    "credentials",
    "faults",
    "limits",
    "scenario",
    "restore",
)
"""Settings that are not fields of the world's spec."""


class _CallingThreadServer:
    """A server whose application runs in the caller's own thread."""

    def __init__(self, served: Tenants) -> None:
        self.running = Running("127.0.0.1", served, Ports(0))
        self.running.addresses = Addresses("")
        self._pid: int | None = None

    async def remember_process(self, _app: web.Application) -> None:
        """Record the process in which the application starts."""
        self._pid = os.getpid()

    def call(self, function: Callable[[], T]) -> T:
        """Call *function* now; raises ``RuntimeError`` in a child that was forked after the start."""
        if self._pid not in (None, os.getpid()):
            raise RuntimeError(
                f"the application runs in process {self._pid}, from which this process, {os.getpid()}, was"
                " forked; create an application in this process with create_app(),"
                " or use the URL of the first"
            )
        return function()

    def start_tls(self) -> None:
        """Raise ``ConfigError``: the caller has the ports."""
        raise ConfigError("this application has no ports of its own, so no https; use SessionMock(tls=True)")


def create_app(**settings: Any) -> web.Application:
    """Create the aiohttp application that serves all vendors: ``aiohttp_client(create_app(sessions=250))``.

    Settings are those of :class:`~mockserver.SessionMock` except host and ports: ``profile``, ``now``,
    ``dialect``, ``behaviors``, ``credentials``, ``faults``, ``limits``, ``scenario``, ``restore``, and
    fields of a world's spec. :func:`tenant_of` returns the handle of its tenant.
    """
    own: dict[str, Any] = {name: settings.pop(name) for name in _SETTINGS if name in settings}
    config = read_config(None, {**to_plain(own), "world": to_plain(settings)})
    served = Tenants(create_tenants(config))
    caller = _CallingThreadServer(served)
    client = AdminClient(transport=InProcessTransport(caller))
    app = server.create_app(served)
    app.on_startup.append(caller.remember_process)
    app[_HANDLE] = TenantHandle(client, client.tenant())
    return app


def tenant_of(app: web.Application) -> TenantHandle:
    """Return the handle of an application's tenant, for use in its event loop; base URLs are only paths."""
    return app[_HANDLE]
