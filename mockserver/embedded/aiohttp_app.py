"""The aiohttp application itself, for whoever runs it in an event loop of their own."""

import os
from collections.abc import Callable
from typing import Any, Final, TypeVar

from aiohttp import web

from mockserver.client import AdminClient
from mockserver.embedded.controls import settled
from mockserver.embedded.in_process_transport import Local
from mockserver.embedded.tenant import TenantHandle
from mockserver.server import app as server
from mockserver.server.runner import Running
from mockserver.server.tenancy.config import read_config, tenants
from mockserver.server.tenancy.tenant import Tenants
from mockserver.server.tenancy.urls import Addresses

T = TypeVar("T")
_HANDLE: Final = web.AppKey("session_mock", TenantHandle)


class _Here:
    """A server whose application runs in the caller's own thread."""

    def __init__(self, served: Tenants) -> None:
        self.running = Running("127.0.0.1", 0, {}, served)
        self.running.addresses = Addresses("")
        self._pid: int | None = None

    async def pin(self, _app: web.Application) -> None:
        """Remember the process in which the application starts."""
        self._pid = os.getpid()

    def call(self, function: Callable[[], T]) -> T:
        """Call a function at once; raises ``RuntimeError`` in a child that was forked after the application had started."""
        if self._pid not in (None, os.getpid()):
            raise RuntimeError(
                f"the application runs in process {self._pid}, from which this process, {os.getpid()}, was forked;"
                " create an application in this process with create_app(), or use the URL of the first"
            )
        return function()


def create_app(**settings: Any) -> web.Application:
    """Make the application that serves a world, for example for ``aiohttp_client(create_app(sessions=250))``.

    Settings are those of :class:`~mockserver.SessionMock`, ports and host aside: ``profile``, ``now``, ``dialect``, ``behaviors``,
    ``credentials``, and fields of a world's spec. :func:`tenant_of` gives the handle of its tenant.
    """
    own: dict[str, Any] = {
        name: settings.pop(name)
        for name in ("profile", "now", "dialect", "behaviors", "credentials")
        if name in settings
    }
    served = Tenants(tenants(read_config(None, {**settled(own), "world": settled(settings)})))
    here = _Here(served)
    client = AdminClient(transport=Local(here))
    app = server.create_app(served)
    app.on_startup.append(here.pin)
    app[_HANDLE] = TenantHandle(client, client.tenant())
    return app


def tenant_of(app: web.Application) -> TenantHandle:
    """The handle of an application's tenant, to be used in the thread of its event loop; base URLs are empty, paths are what counts."""
    return app[_HANDLE]
