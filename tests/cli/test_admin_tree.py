"""Properties that hold for every command of `session-mock admin`."""

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from os import devnull
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from mockserver.cli.main import cli
from mockserver.client.http_transport import Connection
from mockserver.server.admin.routes import ROUTES
from mockserver.vendors import load
from tests.cli.conftest import PAIR, Shell
from tests.support.limits import has_limit

NAME = f"{PAIR[0].name} {PAIR[1].name}"
BEHAVIOR = next(behavior for behavior in PAIR[0].contract.behaviors if len(behavior.options) > 1)
OTHER = next(option for option in BEHAVIOR.options if option != BEHAVIOR.default)
LIMIT = next(
    f"{vendor.name}.{endpoint.name}"
    for vendor in load()
    for endpoint in vendor.contract.endpoints
    if has_limit(endpoint)
)
DEFAULT = "/tenants/default"
EXPECTED = f"{DEFAULT}/expected?vendor={PAIR[0].name}&endpoint={PAIR[1].name}"

READS = {
    "health": "/health",
    "version": "/version",
    "openapi": "/openapi.json",
    "tenant list": "/tenants",
    "tenant show": DEFAULT,
    "tenant show default": DEFAULT,
    "world show": f"{DEFAULT}/world",
    "session show --index -1 --site 1": f"{DEFAULT}/world/session?index=-1&site=1",
    "clock show": f"{DEFAULT}/clock",
    "snapshot": f"{DEFAULT}/snapshot",
    "fault list": f"{DEFAULT}/faults",
    "fault show 1": f"{DEFAULT}/faults/1",
    "fault kinds": "/faults",
    "limit list": f"{DEFAULT}/limits",
    "behavior list": f"{DEFAULT}/behaviors",
    "journal list": f"{DEFAULT}/journal?results=true",
    "journal list --unmatched": "/journal",
    "journal list --count": f"{DEFAULT}/journal/count",
    "journal list --status 2xx --any-endpoint --after 1 --limit 1": (
        f"{DEFAULT}/journal?results=true&status=2xx&no_endpoint=false&after=1&limit=1"
    ),
    "journal export --format har": f"{DEFAULT}/journal?format=har",
    "journal export --unmatched": "/journal?format=ndjson",
    "journal follow --limit 1": f"{DEFAULT}/journal?format=ndjson&results=true&limit=1",
    "journal show 1": f"{DEFAULT}/journal/1",
    "findings": f"{DEFAULT}/journal/findings",
    f"rows trace {NAME} {devnull}": f"{DEFAULT}/journal/trace",
    f"rows coverage {NAME}": f"{EXPECTED.replace('expected', 'coverage')}",
    f"rows expected {NAME}": EXPECTED,
    f"rows expected {NAME} --site 1 --labels": f"{EXPECTED}&site=1&labels=true",
}
"""Commands that only read, with the route whose response they print."""
FAILING_READS = {"verify": f"{DEFAULT}/verification"}
"""Commands that only read and exit with 1, because a fault of the busy server never triggers."""
CHANGES = {
    "tenant create acme": "/tenants/acme",
    "world replace --profile single": f"{DEFAULT}/world",
    "clock freeze 2026-09-20": f"{DEFAULT}/clock",
    "clock set 2026-09-20": f"{DEFAULT}/clock",
    "clock advance 1h": f"{DEFAULT}/clock",
    "fault add status times=2": f"{DEFAULT}/faults",
    f"limit set {LIMIT} --off": f"{DEFAULT}/limits",
    f"behavior set {BEHAVIOR.name}={OTHER}": f"{DEFAULT}/behaviors",
}
"""Commands that change something, with the route that returns the new state."""
CLOCK_MODES = ("clock rate 60", "clock system", "clock reset")
"""Commands whose result depends on real time, or is the initial state."""
ADDS = ("world add --start 2026-09-10T08:00Z",)
"""Commands whose result no route returns later."""
OWN = ("env",)
"""Commands that print more than the response of a route; test_env.py has their output."""
SILENT = (
    "fault remove 1",
    "fault remove --all",
    "journal clear",
    "journal clear --unmatched",
    "tenant delete acme",
    "tenant reset",
)
"""Commands without a result."""
COMPARISON = f"rows reconcile {NAME} {devnull}"
"""Exits with 1: the file has no rows."""
EVERY = (*READS, *FAILING_READS, COMPARISON, *CHANGES, *CLOCK_MODES, *ADDS, *OWN, *SILENT)


def make_busy(admin: Shell) -> Shell:
    """Return a server with a second tenant, two faults that never trigger, and entries in its journals."""
    for words in ("tenant create acme", "fault add latency seconds=1 nth=1000", "fault add status nth=1000"):
        admin(*words.split())
    admin.request_sessions()
    admin.request_sessions()
    admin.request_unknown_path()
    return admin


def parse_lines(lines: str | bytes) -> list[Any]:
    """Parse lines of JSON."""
    return [json.loads(line) for line in lines.splitlines()]


def walk(command: click.Command, *words: str) -> Iterator[tuple[str, click.Command]]:
    """Yield a command and all commands below it, with the words that call them."""
    yield " ".join(words), command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from walk(below, *words, name)


COMMANDS = {words: command for words, command in walk(cli) if words}
LEAVES = [words for words, command in COMMANDS.items() if not isinstance(command, click.Group)]
EXAMPLES = [
    line
    for command in COMMANDS.values()
    for line in re.findall(r"^  (.+)$", command.epilog or "", re.MULTILINE)
]


def test_tables_of_this_module_contain_every_admin_command() -> None:
    used = {name for name in LEAVES for words in EVERY if f"admin {words} ".startswith(f"{name} ")}

    assert used == {name for name in LEAVES if name.startswith("admin ")}


@pytest.mark.parametrize("words", COMMANDS)
def test_help_of_each_command_has_summary_and_describes_each_option(words: str) -> None:
    command = COMMANDS[words]
    *group, name = words.split()
    shown, listed = (
        " ".join(CliRunner().invoke(cli, [*called, "--help"], prog_name="session-mock").output.split())
        for called in (words.split(), group)
    )
    summary = (command.help or "").partition("\n")[0]

    assert summary.endswith(".")
    assert summary in shown
    assert f"{name} {summary}" in listed
    assert [
        param.name for param in command.params if isinstance(param, click.Option) and not param.help
    ] == []


def test_option_of_all_commands_has_one_meaning() -> None:
    """The same name is the same thing everywhere, except --limit (of requests, of a list) and --json (to print, to a file)."""
    meanings: dict[str, set[str]] = {}
    for command in COMMANDS.values():
        for param in command.params:
            if isinstance(param, click.Option):
                for name in (*param.opts, *param.secondary_opts):
                    meanings.setdefault(name, set()).add(param.name or "")

    assert {name: parameters for name, parameters in meanings.items() if len(parameters) > 1} == {
        "--json": {"as_json", "json_file"},
        "--limit": {"limit", "limits"},
    }


@pytest.mark.parametrize("line", [line for line in EXAMPLES if "session-mock serve" not in line])
def test_example_in_help_runs(line: str, admin: Shell, tmp_path: Path) -> None:
    """Paste the example into a shell, with a server and a tenant that it may name."""
    if "tenant create" not in line:
        admin("tenant", "create", "nightly")
    admin("fault", "add", "status", "nth=1000")
    admin.request_sessions()
    named = re.search(r"reconcile (\w+) (\w+)", line)
    names = named.groups() if named else NAME.split()
    (tmp_path / "collected.ndjson").write_text(admin("rows", "expected", *names))
    (tmp_path / "mock.toml").write_text("[world]\nsessions = 5\n")
    (tmp_path / "client.sh").write_text('test -n "$SESSION_MOCK_URL"\n')
    line = line.replace("http://mock.test:8080", admin.url).replace(
        "journal follow", "journal follow --limit 1"
    )
    program = shlex.join([sys.executable, "-m", "mockserver"])
    script = f'session-mock() {{ {program} "$@"; }}; {line}'
    done = subprocess.run(
        ["bash", "-c", script],  # noqa: S607 -- the reader's shell
        cwd=tmp_path,
        env={
            "SESSION_MOCK_URL": admin.url,
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": str(Path(__file__).parents[2]),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 0, done.stderr


def test_example_of_serve_is_accepted() -> None:
    """Parse without serving."""
    for line in EXAMPLES:
        if line.startswith("session-mock serve"):
            COMMANDS["serve"].make_context("serve", shlex.split(line)[2:])


@pytest.mark.parametrize("words", READS | FAILING_READS)
def test_reading_command_prints_response_of_api(words: str, admin: Shell) -> None:
    """With --json the output is the response; without it there is output for people."""
    make_busy(admin)
    route = (READS | FAILING_READS)[words]
    code = 1 if words in FAILING_READS else 0
    body = (
        {"vendor": PAIR[0].name, "endpoint": PAIR[1].name, "rows": []} if route.endswith("/trace") else None
    )

    assert parse_lines(admin.run(*words.split(), "--json", code=code).stdout) == parse_lines(
        admin.raw(route, body)
    )
    assert admin.run(*words.split(), code=code).stdout.strip()


@pytest.mark.parametrize("words", CHANGES)
@pytest.mark.parametrize("more", [["--json"], []], ids=["json", "people"])
def test_changing_command_prints_new_state(words: str, more: list[str], admin: Shell) -> None:
    before = admin.raw(CHANGES[words]) if words != "tenant create acme" else b""
    printed = admin(*words.split(), *more)
    after = admin.raw(CHANGES[words])

    assert after != before
    assert json.loads(printed) == json.loads(after) if more else printed


@pytest.mark.parametrize("words", SILENT)
@pytest.mark.parametrize("more", [["--json"], []], ids=["json", "people"])
def test_command_without_result_prints_nothing(words: str, more: list[str], admin: Shell) -> None:
    assert make_busy(admin)(*words.split(), *more) == ""


@pytest.mark.parametrize("words", EVERY)
def test_command_without_server_says_how_to_start_one(words: str) -> None:
    error = Shell("http://127.0.0.1:1").error(*words.split())

    assert error.startswith("Error: ")
    assert error.count("\n") == 1
    assert "http://127.0.0.1:1 (Connection refused); is `session-mock serve` running there?" in error


def test_every_route_is_reached_by_a_command(
    admin: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Expected rows are requested with POST, which accepts everything that GET does."""
    send = Connection._send  # noqa: SLF001 -- each request goes through it
    reached: set[tuple[str, str]] = set()

    def recorded(self: Connection, method: str, path: str, body: Any) -> Any:
        reached.update(
            (route.method, route.path)
            for route in ROUTES
            if route.method == method
            and re.fullmatch(re.sub(r"{\w+}", r"[^/]+", route.path), path.partition("?")[0])
        )
        return send(self, method, path, body)

    monkeypatch.setattr(Connection, "_send", recorded)
    make_busy(admin)
    admin.run("verify", code=1)
    admin.run(*COMPARISON.split(), code=1)
    admin("env", "--ca-folder", str(tmp_path))
    for words in (*READS, "tenant delete acme", *CHANGES, *ADDS, *SILENT):
        admin(*words.split())

    assert {(route.method, route.path) for route in ROUTES} - reached == {("GET", "/tenants/{id}/expected")}


@pytest.mark.parametrize(
    ("words", "heavy"),
    [
        ("--version", "mockserver.cli.admin mockserver.client"),
        ("--help", "mockserver.cli.admin mockserver.client mockserver.server numpy rich"),
        ("serve --help", "mockserver.cli.admin mockserver.client rich"),
        (
            "admin --help",
            "mockserver.cli.admin.tenants mockserver.cli.admin.journal numpy rich mockserver.server",
        ),
        (
            "admin health --url http://127.0.0.1:1",
            "mockserver.cli.admin.tenants numpy aiohttp asyncio rich mockserver.server mockserver.vendors",
        ),
    ],
)
def test_command_imports_only_what_it_needs(words: str, heavy: str) -> None:
    lines = [
        "import atexit, sys, mockserver.cli.main as it",
        "atexit.register(lambda: print('', *sys.modules, file=sys.stderr))",
        "it.main()",
    ]
    command = [sys.executable, "-c", "\n".join(lines), *words.split()]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    imported = set(done.stderr.splitlines()[-1].split())

    assert "mockserver.cli.main" in imported
    assert imported & set(heavy.split()) == set()
