"""A server in a process of its own, and the admin commands run against it."""

import json
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.request import Request, urlopen

import pytest
from click.testing import CliRunner, Result

from mockserver.cli.admin import tail
from mockserver.cli.curl import format_curl
from mockserver.cli.main import cli
from mockserver.server.configuration.config import Config
from mockserver.server.configuration.tenants import tenants
from mockserver.vendors import load

COMMAND = (sys.executable, "-m", "mockserver")
PAIR = next(
    (vendor, endpoint) for vendor in load() for endpoint in vendor.contract.endpoints if endpoint.start_field
)
"""A vendor with an endpoint that lists sessions."""
NAMES = tenants(Config())[0].identifiers
"""The default tenant's credentials and ids, by vendor."""


class Shell:
    """Runs `session-mock admin` against a server."""

    def __init__(self, url: str) -> None:
        self.url = url

    def run(self, *words: str, code: int = 0, env: Mapping[str, str] | None = None) -> Result:
        """Run a command in this process; it must exit with *code* and without a traceback."""
        variables = {"SESSION_MOCK_URL": self.url, **(env or {})}
        result = CliRunner(env=variables).invoke(cli, ["admin", *words], prog_name="session-mock")
        assert result.exit_code == code, result.output
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result

    def __call__(self, *words: str) -> str:
        """Run a command that succeeds, and return what it printed."""
        return self.run(*words).stdout

    def json(self, *words: str) -> Any:
        """Run a command that succeeds with --json, and return the parsed output."""
        return json.loads(self(*words, "--json"))

    def error(self, *words: str, code: int = 1) -> str:
        """Run a command that fails, and return its stderr; stdout must be empty."""
        result = self.run(*words, code=code)
        assert result.stdout == ""
        return result.stderr

    def start(self, *words: str) -> "subprocess.Popen[str]":
        """Start a command in a process of its own."""
        command = [*COMMAND, "admin", *words, "--url", self.url]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def raw(self, path: str, body: Any = None) -> bytes:
        """Return the admin API's response to a GET, or to a POST if there is a body."""
        data = None if body is None else json.dumps(body).encode()
        with urlopen(Request(f"{self.url}/__admin{path}", data)) as response:  # noqa: S310 -- our own server
            return bytes(response.read())

    def request_sessions(self) -> None:
        """Send a valid request as a client of the default tenant."""
        vendor, endpoint = PAIR
        self._send(shlex.split(format_curl(self.url, endpoint, NAMES[vendor.name])))

    def request_unknown_path(self) -> None:
        """Send a request that matches no tenant."""
        self._send(["curl", "-s", f"{self.url}/no/such/path"], "--unmatched")

    def _send(self, line: list[str], *journal: str) -> None:
        """Run curl and wait until the journal has the exchange; curl has the response a moment earlier."""
        before = self.json("journal", "list", *journal, "--limit", "0")["count"]
        subprocess.run(line, capture_output=True, check=True)
        self("journal", "follow", *journal, "--limit", "1", "--after", str(before))


Serve = Callable[..., Shell]


@pytest.fixture(name="serve", scope="session")
def _serve() -> Iterator[Serve]:
    """Start servers: ``serve("--admin-port", "0")``."""
    started: list[subprocess.Popen[str]] = []

    def serve(*words: str) -> Shell:
        command = [*COMMAND, "serve", "--port", "0", "--json", *words]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout is not None
        return Shell(json.loads(process.stdout.readline())["admin"]["url"])

    yield serve
    for process in started:
        process.terminate()
        process.communicate()


@pytest.fixture(name="served", scope="session")
def _served(serve: Serve) -> Shell:
    """Return one server for all tests; it is also a proxy."""
    return serve("--proxy")


@pytest.fixture(name="admin")
def _admin(served: Shell, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """Return the server in its initial state; `journal follow` does not pause."""
    pauses = iter(range(5_000))

    def skip_pause(_: float) -> None:
        assert next(pauses, None) is not None, "the exchange that the command waits for never ends"

    monkeypatch.setattr(tail, "sleep", skip_pause)
    for tenant in served.json("tenant", "list"):
        if tenant["id"] != "default":
            served("tenant", "delete", tenant["id"])
    served("tenant", "reset", "default")
    return served
