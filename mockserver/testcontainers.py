"""The server in a container, for tests with testcontainers-python.

Needs the extra ``session-mock[testcontainers]`` and an image, which ``docker build -t session-mock .`` makes.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

try:
    from testcontainers.core.container import DockerContainer
    from testcontainers.core.wait_strategies import HttpWaitStrategy
except ImportError as error:
    raise ImportError(
        "mockserver.testcontainers needs testcontainers; install session-mock[testcontainers]"
    ) from error

from mockserver.embedded import SessionMock

__all__ = ["SessionMockContainer"]

_PREFIX: Final = "SESSION_MOCK_"
_SECONDS: Final = 30
"""Time to start; a container with invalid settings ends at once, and the error has its log."""


class SessionMockContainer(DockerContainer):
    """A container with the server; the settings are those of ``session-mock serve``.

    ``SessionMockContainer(sessions=250, scenario="short-outage")`` sets ``SESSION_MOCK_SESSIONS`` and
    ``SESSION_MOCK_SCENARIO``. Use it as a context manager, which waits until the server accepts connections.
    """

    def __init__(
        self,
        image: str = "session-mock",
        *,
        port: int = 8080,
        admin_token: str = "testcontainers",  # noqa: S107 -- of a server for one test
        docker: Mapping[str, Any] | None = None,
        **settings: object,
    ) -> None:
        """Prepare a container of *image*.

        Args:
            image: Name of the image.
            port: Port of the server in the container.
            admin_token: Token of the admin API.
            docker: Further arguments of ``DockerContainer``.
            settings: Settings by their names in the table of docs/settings.md, in lower case. Flags are
                bools, and several values are a list. ``None`` leaves a setting out.
        """
        super().__init__(image, **(docker or {}))
        self.port: Final = port
        self.admin_token: Final = admin_token
        own = {"port": port, "admin_token": admin_token}
        for name, value in {**settings, **own}.items():
            if value is not None:
                self.with_env(f"{_PREFIX}{name}".upper(), _format(value))
        self.with_exposed_ports(port)
        self.with_kwargs(read_only=True)
        self.with_tmpfs_mount("/tmp")  # noqa: S108 -- in the container
        # Without the token, the server answers 401; with it, 200.
        ready = HttpWaitStrategy(port, "/__admin/health").with_header(
            "Authorization", f"Bearer {admin_token}"
        )
        self.waiting_for(ready.with_startup_timeout(_SECONDS))

    @property
    def url(self) -> str:
        """URL of the server, as this process reaches it."""
        return f"http://{self.get_container_host_ip()}:{self.get_exposed_port(self.port)}"

    def connect(self) -> SessionMock:
        """Return a :class:`~mockserver.SessionMock` that is connected to the server."""
        return SessionMock.connect(self.url, self.admin_token)


def _format(value: object) -> str:
    """Return a setting as the text of its variable."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return " ".join(f"{name}={each}" for name, each in value.items())
    if isinstance(value, Iterable) and not isinstance(value, str):
        return " ".join(map(str, value))
    return str(value)
