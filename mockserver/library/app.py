"""The aiohttp application itself, for whoever runs it in an event loop of their own."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

from aiohttp import web

from mockserver.client import AdminClient
from mockserver.library.local import Local
from mockserver.library.parts import settled
from mockserver.library.tenant import TenantHandle
from mockserver.server import app as server
from mockserver.server.addresses import Addresses
from mockserver.server.config import read_config, tenants
from mockserver.server.running import Running
from mockserver.server.tenants import Tenants

T = TypeVar("T")
_HANDLE: Final = web.AppKey("session_mock", TenantHandle)


class _Here:
    """A server whose application runs in the caller's own thread."""

    def __init__(self, served: Tenants) -> None:
        self.running = Running("127.0.0.1", 0, {}, served)
        self.running.addresses = Addresses("")

    def call(self, function: Callable[[], T]) -> T:
        """Call a function here and now."""
        return function()


def create_app(**settings: Any) -> web.Application:
    """Make the application that serves a world, for example for ``aiohttp_client(create_app(sessions=250))``.

    Settings are those of :class:`~mockserver.SessionMock`, ports and host aside: ``profile``, ``now``, ``dialect``, ``choices``,
    ``credentials``, and fields of a world's spec. :func:`tenant_of` gives the handle of its tenant.
    """
    own: dict[str, Any] = {name: settings.pop(name) for name in ("profile", "now", "dialect", "choices", "credentials") if name in settings}
    served = Tenants(tenants(read_config(None, {**settled(own), "world": settled(settings)})))
    client = AdminClient(transport=Local(_Here(served)))
    app = server.create_app(served)
    app[_HANDLE] = TenantHandle(client, client.tenant())
    return app


def tenant_of(app: web.Application) -> TenantHandle:
    """The handle of an application's tenant, to be used in the thread of its event loop; base URLs are empty, paths are what counts."""
    return app[_HANDLE]
