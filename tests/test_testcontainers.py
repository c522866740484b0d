"""`SessionMockContainer`, with a client of docker that starts a server in this process."""

import re
from typing import Any

import freezegun
import pytest
from testcontainers.core.config import ConnectionMode
from testcontainers.core.container import DockerContainer

from mockserver import SessionMock
from mockserver.testcontainers import SessionMockContainer
from tests.docs.running import HOWTO, blocks

# Freezegun reads every attribute of every module; one of testcontainers connects to docker, and the socket stays
# open if there is none.
freezegun.configure(extend_ignore_list=["testcontainers"])


class FakeContainer:
    """A container whose process is a server in this process."""

    id = short_id = "fake"
    status = "running"

    def __init__(self, environment: dict[str, str]) -> None:
        self.server = SessionMock(
            admin_token=environment["SESSION_MOCK_ADMIN_TOKEN"],
            sessions=int(environment["SESSION_MOCK_SESSIONS"]),
        )

    def reload(self) -> None:
        """Do nothing: the state does not change."""

    def remove(self, **_options: Any) -> None:
        self.server.stop()


class FakeDocker:
    """A client of docker that records the containers it creates."""

    created: list[dict[str, Any]]

    def __init__(self, **_options: Any) -> None:
        self.client = self
        self.containers: list[FakeContainer] = []

    def close(self) -> None:
        """Close nothing."""

    def create(self, image: str, **options: Any) -> FakeContainer:
        self.created.append({"image": image, **options})
        self.containers.append(FakeContainer(options["environment"]))
        return self.containers[-1]

    def start(self, container: FakeContainer) -> None:
        container.server.start()

    def get_connection_mode(self) -> ConnectionMode:
        return ConnectionMode.docker_host

    def host(self) -> str:
        return "127.0.0.1"

    def port(self, _container: str, _port: int) -> str:
        return self.containers[-1].server.url.rpartition(":")[2]


@pytest.fixture(name="created")
def _created(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Replace the client of docker; return what it was asked to create."""
    FakeDocker.created = []
    monkeypatch.setattr("testcontainers.core.container.DockerClient", FakeDocker)
    monkeypatch.setattr("testcontainers.core.config.testcontainers_config.ryuk_disabled", True)
    return FakeDocker.created


def test_container_passes_settings_as_variables(created: list[dict[str, Any]]) -> None:
    container = SessionMockContainer(
        "registry.example/session-mock:1",
        port=9000,
        seed=42,
        access_log=True,
        scenario=None,
        behavior={"browsee.busy": "queue", "rybbit.order": "x"},
        vendor_port=["rybbit=1", "braze=2"],
    )

    assert isinstance(container, DockerContainer)
    assert container.env == {
        "SESSION_MOCK_SEED": "42",
        "SESSION_MOCK_ACCESS_LOG": "yes",
        "SESSION_MOCK_BEHAVIOR": "browsee.busy=queue rybbit.order=x",
        "SESSION_MOCK_VENDOR_PORT": "rybbit=1 braze=2",
        "SESSION_MOCK_PORT": "9000",
        "SESSION_MOCK_ADMIN_TOKEN": "testcontainers",
    }
    assert created == []


def test_guide_runs_with_container_that_is_ready_and_read_only(created: list[dict[str, Any]]) -> None:
    guide = blocks((HOWTO / "container.md").read_text(encoding="utf-8"))
    (text,) = (block.text for block in guide if block.file == "test_testcontainers.py")
    (name,) = re.findall(r"^def (\w+)", text, re.MULTILINE)
    namespace: dict[str, Any] = {}

    exec(text, namespace)  # noqa: S102 -- the code of our guide
    namespace[name]()

    (options,) = created
    assert options["image"] == "session-mock"
    assert (options["read_only"], options["tmpfs"], options["ports"]) == (True, {"/tmp": ""}, {"8080": None})  # noqa: S108 -- in the container
