"""The tenant that a command gets: of a server of its own, or of a running one."""

from collections.abc import Iterator
from contextlib import contextmanager

from msgspec import to_builtins
from msgspec.structs import replace

from mockserver.client import AdminClient
from mockserver.embedded.in_process_transport import InProcessTransport
from mockserver.embedded.server_thread import ServerThread
from mockserver.embedded.tenant import TenantHandle
from mockserver.server.configuration.config import Config
from mockserver.world.model.spec import WorldSpec


@contextmanager
def serve_tenant(config: Config, port: int = 0) -> Iterator[tuple[AdminClient, TenantHandle]]:
    """Run a server in a thread, and yield a client of its admin API with its default tenant.

    It accepts connections before the context is entered. Port 0 picks a free one. Raises ``ConfigError`` for
    an invalid configuration, and ``OSError`` if the port is not available.
    """
    tls_port = 0 if config.tls and config.tls_port is None else config.tls_port
    own = replace(config, port=port, host="127.0.0.1", admin_port=None, tls_port=tls_port)
    server = ServerThread(own)
    server.start()
    try:
        client = AdminClient(transport=InProcessTransport(server))
        yield client, TenantHandle(client, client.tenant())
    finally:
        server.stop()


@contextmanager
def borrow_tenant(
    url: str, token: str | None, config: Config, tenant: str | None = None
) -> Iterator[tuple[AdminClient, TenantHandle]]:
    """Create a tenant on a running server, and delete it at the end; or use an existing *tenant*.

    A new tenant has the same world as the default tenant of a server of its own would have. Raises
    ``AdminError`` if the server does not respond or refuses the tenant.
    """
    with AdminClient(url, token) as client:
        if tenant is not None:
            yield client, TenantHandle(client, client.tenant(tenant))
            return
        access = client.create_tenant(
            profile=config.profile,
            world={"seed": WorldSpec().seed, **config.world},
            now=config.now,
            clock=config.clock,
            dialect=config.dialect,
            behaviors=config.behaviors,
            credentials=config.credentials,
            faults=config.faults,
            limits=to_builtins(config.limit_changes),
        )
        with TenantHandle(client, access) as handle:
            yield client, handle
