"""A server in a process of its own, and the command that steers it."""

import json
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.request import Request, urlopen

import pytest
from click.testing import CliRunner, Result

from mockserver.cli import cli
from mockserver.cli.admin import follow
from mockserver.cli.curl import curl
from mockserver.server.config import Config, tenants
from mockserver.vendors import load

COMMAND = (sys.executable, "-m", "mockserver")
PAIR = next((vendor, endpoint) for vendor in load() for endpoint in vendor.contract.endpoints if endpoint.starts)
"""A vendor with an endpoint that lists sessions."""
NAMES = tenants(Config())[0].names
"""The default tenant's credentials and ids, for each vendor."""


class Shell:
    """Runs `session-mock admin` against a server."""

    def __init__(self, url: str) -> None:
        self.url = url

    def ran(self, *words: str, code: int = 0, env: Mapping[str, str] | None = None) -> Result:
        """Run a command in this process, which must exit with a code and no traceback."""
        told = CliRunner(env={"SESSION_MOCK_URL": self.url, **(env or {})}).invoke(cli, ["admin", *words], prog_name="session-mock")
        assert told.exit_code == code, told.output
        assert told.exception is None or isinstance(told.exception, SystemExit)
        return told

    def __call__(self, *words: str) -> str:
        """Run a command that succeeds, and return what it printed."""
        return self.ran(*words).stdout

    def json(self, *words: str) -> Any:
        """Run a command that succeeds, and return what the admin API answered."""
        return json.loads(self(*words, "--json"))

    def refusal(self, *words: str, code: int = 1) -> str:
        """Run a command that fails, and return what stands on stderr; stdout must be empty."""
        told = self.ran(*words, code=code)
        assert told.stdout == ""
        return told.stderr

    def start(self, *words: str) -> "subprocess.Popen[str]":
        """Start a command in a process of its own."""
        command = [*COMMAND, "admin", *words, "--url", self.url]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def raw(self, path: str, body: Any = None) -> bytes:
        """What the admin API itself answers to a GET, or, with a body, to a POST."""
        data = None if body is None else json.dumps(body).encode()
        with urlopen(Request(f"{self.url}/__admin{path}", data)) as answer:  # noqa: S310 -- our own server
            return bytes(answer.read())

    def visit(self) -> None:
        """Ask for sessions as a client of the default tenant."""
        vendor, endpoint = PAIR
        self._traffic(shlex.split(curl(self.url, endpoint, NAMES[vendor.name])))

    def stray(self) -> None:
        """Ask for what there is not, as nobody."""
        self._traffic(["curl", "-s", f"{self.url}/no/such/path"], "--nobody")

    def _traffic(self, line: list[str], *whose: str) -> None:
        """Send a request, and wait until its exchange is closed: its client has the answer a moment before."""
        before = self.json("journal", *whose, "--limit", "0")["count"]
        subprocess.run(line, capture_output=True, check=True)
        self("journal", *whose, "--follow", "--limit", "1", "--after", str(before))


Serve = Callable[..., Shell]


@pytest.fixture(name="serve", scope="session")
def _serve() -> Iterator[Serve]:
    """Start servers: ``serve("--admin-port", "0")``."""
    started: list[subprocess.Popen[str]] = []

    def serve(*words: str) -> Shell:
        process = subprocess.Popen([*COMMAND, "serve", "--port", "0", "--json", *words], stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout is not None
        return Shell(json.loads(process.stdout.readline())["admin"]["url"])

    yield serve
    for process in started:
        process.terminate()
        process.communicate()


@pytest.fixture(name="served", scope="session")
def _served(serve: Serve) -> Shell:
    """One server for all tests."""
    return serve()


@pytest.fixture(name="admin")
def _admin(served: Shell, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """The server with nothing but its default tenant, as it was at first; who follows does not pause."""
    pauses = iter(range(5_000))

    def hurry(_: float) -> None:
        assert next(pauses, None) is not None, "what is waited for never comes"

    monkeypatch.setattr(follow, "sleep", hurry)
    for tenant in served.json("tenants"):
        if tenant["id"] != "default":
            served("drop", tenant["id"])
    served("reset")
    return served
