"""A server in a thread of this process, or a connection to a running one."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from mockserver.admin_schemas.tenants import Dialect
from mockserver.client import AdminClient
from mockserver.client.client import InstantLike
from mockserver.client.http_transport import is_admin_error
from mockserver.client.plain_values import to_plain
from mockserver.embedded.in_process_transport import InProcessTransport
from mockserver.embedded.server_thread import ServerThread
from mockserver.embedded.tenant import TenantHandle, create_from_arguments
from mockserver.server.configuration.config import read_config

__tracebackhide__ = is_admin_error
_NOT_RUNNING: Final = (
    "the server is not running; use it within `with SessionMock() as mock`, or after mock.start()"
)
_NOT_CONNECTED: Final = (
    "the connection to {url} is closed; use it within `with SessionMock.connect(url) as mock`,"
    " or after mock.start()"
)


class SessionMock(TenantHandle):
    """A mock server, and the handle of its default tenant; ``create_tenant()`` creates others.

    >>> with SessionMock(sessions=250, seed=7) as mock:
    ...     mock.world.counts
    [250, 250]

    Arguments are those of ``session-mock serve``: ``profile``, fields of a world's spec (``seed``,
    ``sessions``, …), ``now`` (the time at which the clock is frozen), ``dialect``, ``behaviors``,
    ``credentials``, ``faults``, ``limits``, ``scenario``, ``restore``, ``sessions_from`` with
    ``sessions_as``, ``keep_people`` and ``new_ids``, ``host``, ``port`` (0 picks a free one),
    ``vendor_ports``, ``tls``, ``tls_port``, ``proxy``, ``pass_hosts`` and ``answer_hosts``; ``add`` is a
    list of sessions to add.
    Raises :class:`~mockserver.server.configuration.config.ConfigError` for an invalid one.

    The server belongs to the process that starts it. A forked child can send requests to its URL, but calls
    of the handle raise ``RuntimeError`` there: use :meth:`connect` with the URL, or start another server.
    """

    def __init__(
        self,
        *,
        profile: str | None = None,
        now: InstantLike | None = None,
        dialect: Dialect | None = None,
        behaviors: Mapping[str, str | int] | None = None,
        credentials: Mapping[str, str] | None = None,
        sessions_from: str | Path | None = None,
        sessions_as: str | None = None,
        keep_people: bool = False,
        new_ids: bool = False,
        faults: Sequence[Mapping[str, Any]] = (),
        limits: Mapping[str, Mapping[str, Any]] | None = None,
        scenario: str | Path | None = None,
        restore: str | Path | Mapping[str, Any] | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        vendor_ports: Mapping[str, int] | None = None,
        admin_token: str | None = None,
        tls: bool = False,
        tls_port: int = 0,
        proxy: bool = False,
        pass_hosts: Sequence[str] = (),
        answer_hosts: Sequence[str] = (),
        **world: Any,
    ) -> None:
        settings = {
            "scenario": None if scenario is None else str(scenario),
            "profile": profile,
            "now": now,
            "dialect": dialect,
            "behaviors": behaviors,
            "credentials": credentials,
            "sessions_from": None if sessions_from is None else str(sessions_from),
            "sessions_as": sessions_as,
            "keep_people": keep_people,
            "new_ids": new_ids,
            "faults": [dict(fault) for fault in faults] or None,
            "limits": limits,
            "restore": str(restore) if isinstance(restore, Path) else restore,
            "host": host,
            "port": port,
            "vendor_ports": vendor_ports,
            "admin_token": admin_token,
            "tls": tls,
            "tls_port": tls_port if tls else None,
            "proxy": proxy,
            "pass_hosts": list(pass_hosts),
            "answer_hosts": list(answer_hosts),
            "world": to_plain(world),
        }
        given = {name: value for name, value in settings.items() if value is not None}
        self._config = read_config(None, to_plain(given))
        self._server: ServerThread | None = None
        self._remote: AdminClient | None = None

    @classmethod
    def connect(cls, url: str, token: str | None = None) -> Self:
        """Connect to the server at *url*; raises :class:`~mockserver.AdminError` if none responds there.

        The result is connected and needs no ``with``; leaving ``with``, or :meth:`stop`, closes the
        connection only.
        """
        mock = cls()
        mock._remote = AdminClient(url, token)
        return mock.start()

    if not TYPE_CHECKING:  # A type checker reports unknown names only without this method.

        def __getattr__(self, name: str) -> Any:
            if name in {"_client", "_access"}:
                raise RuntimeError(
                    _NOT_RUNNING if self._remote is None else _NOT_CONNECTED.format(url=self._remote.url)
                )
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __repr__(self) -> str:
        state = f" at {self.url}" if self._is_started() else ", not running"
        return f"<{type(self).__name__}{state}>"

    def _is_started(self) -> bool:
        return "_access" in vars(self)

    def start(self) -> Self:
        """Start the server, or connect again, and return once it accepts connections.

        Raises ``OSError`` if a port is not available, ``RuntimeError`` if the server is running.
        """
        if self._is_started():
            if self._remote is not None:
                return self
            if self._server is not None:
                self._server.check_process()
            raise RuntimeError(
                f"the server is already running at {self.url}; stop it first, or create another SessionMock"
            )
        client = self._remote
        if client is None:
            server = ServerThread(self._config)
            server.start()
            self._server = server
            client = AdminClient(transport=InProcessTransport(server))
        TenantHandle.__init__(self, client, client.tenant())
        return self

    def stop(self) -> None:
        """Stop the server and delete its tenants, or close the connection; :meth:`start` starts it again."""
        vars(self).pop("_access", None)
        vars(self).pop("_client", None)
        if self._remote is not None:
            self._remote.close()
        if self._server is not None:
            self._server.stop()
            self._server = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_error: object) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        # Blocks the event loop for 2 ms; the first start in a process takes 100 ms, most of it for imports.
        return self.start()

    async def __aexit__(self, *_error: object) -> None:
        self.stop()

    @property
    def owns_server(self) -> bool:
        """True if this object starts and stops the server; False if it is connected to a running one."""
        return self._remote is None

    @property
    def admin(self) -> AdminClient:
        """The client of the admin API."""
        return self._client

    def create_tenant(
        self,
        name: str | None = None,
        *,
        profile: str | None = None,
        now: InstantLike | None = None,
        dialect: Dialect | None = None,
        behaviors: Mapping[str, str | int] | None = None,
        credentials: Mapping[str, str] | None = None,
        faults: Sequence[Mapping[str, Any]] = (),
        limits: Mapping[str, Mapping[str, Any]] | None = None,
        scenario: str | Path | None = None,
        **world: Any,
    ) -> TenantHandle:
        """Create an isolated tenant with its own world, clock, faults, credentials and journal."""
        arguments = {
            "profile": profile,
            "now": now,
            "dialect": dialect,
            "behaviors": behaviors,
            "credentials": credentials,
            "faults": list(faults) or None,
            "limits": limits,
            "scenario": scenario,
            **world,
        }
        return TenantHandle(self._client, create_from_arguments(self._client, name, arguments))
