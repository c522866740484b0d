"""What holds for every command of `session-mock admin`."""

import json
import re
import subprocess
import sys
from os import devnull
from typing import Any

import click
import pytest

from mockserver.cli import cli
from mockserver.client.connection import Connection
from mockserver.contract.limits import OneAtATime
from mockserver.server.admin.routes import ROUTES
from mockserver.vendors import load
from tests.cli.conftest import PAIR, Shell

NAME = f"{PAIR[0].name} {PAIR[1].name}"
CHOICE = next(choice for choice in PAIR[0].contract.choices if len(choice.options) > 1)
OTHER = next(option for option in CHOICE.options if option != CHOICE.default)
LIMIT = next(
    f"{vendor.name}.{endpoint.name}"
    for vendor in load()
    for endpoint in vendor.contract.endpoints
    if any(isinstance(limit, OneAtATime) for limit in endpoint.limits)
)
DEFAULT = "/tenants/default"
TRUTH = f"{DEFAULT}/truth?vendor={PAIR[0].name}&endpoint={PAIR[1].name}"

READS = {
    "health": "/health",
    "version": "/version",
    "openapi": "/openapi.json",
    "tenants": "/tenants",
    "tenant": DEFAULT,
    "world": f"{DEFAULT}/world",
    "clock": f"{DEFAULT}/clock",
    "faults": f"{DEFAULT}/faults",
    "faults 1": f"{DEFAULT}/faults/1",
    "fault-kinds": "/faults",
    "limits": f"{DEFAULT}/limits",
    "choices": f"{DEFAULT}/choices",
    "journal": f"{DEFAULT}/journal",
    "journal --nobody": "/journal",
    "journal --count": f"{DEFAULT}/journal/count",
    "journal --status 2xx --matched --after 1 --limit 1": f"{DEFAULT}/journal?status=2xx&unmatched=false&after=1&limit=1",
    "journal --har -": f"{DEFAULT}/journal?format=har",
    "journal --ndjson - --nobody": "/journal?format=ndjson",
    "journal --follow --limit 1": f"{DEFAULT}/journal?format=ndjson&limit=1",
    "exchange 1": f"{DEFAULT}/journal/1",
    "findings": f"{DEFAULT}/journal/findings",
    "session --index -1 --site 1": f"{DEFAULT}/world/session?index=-1&site=1",
    "verdict": f"{DEFAULT}/verdict",
    f"carriers {NAME} {devnull}": f"{DEFAULT}/journal/carriers",
    f"truth {NAME}": TRUTH,
    f"truth {NAME} --site 1 --verdicts": f"{TRUTH}&site=1&verdicts=true",
}
"""Commands that only read, with the route whose answer they print."""
CHANGES = {
    "mint acme": "/tenants/acme",
    "world --profile single": f"{DEFAULT}/world",
    "clock advance 1h": f"{DEFAULT}/clock",
    "fault status times=2": f"{DEFAULT}/faults",
    f"limit {LIMIT} --off": f"{DEFAULT}/limits",
    f"choose {CHOICE.name}={OTHER}": f"{DEFAULT}/choices",
}
"""Commands that change something, with the route that tells it from then on."""
SILENT = ("disarm 1", "disarm --all", "journal --clear", "drop acme", "reset")
"""Commands to which the admin API answers nothing."""
EVERY = (*READS, *CHANGES, *SILENT)


def busy(admin: Shell) -> Shell:
    """A server with a second tenant, two faults that never strike, and something in its journals."""
    for words in ("mint acme", "fault latency seconds=1 nth=1000", "fault status nth=1000"):
        admin(*words.split())
    admin.visit()
    admin.visit()
    admin.stray()
    return admin


def parsed(lines: str | bytes) -> list[Any]:
    """What lines of JSON say."""
    return [json.loads(line) for line in lines.splitlines()]


def group() -> click.Group:
    """The group of all admin commands."""
    found = cli.get_command(click.Context(cli), "admin")
    assert isinstance(found, click.Group)
    return found


def test_the_tables_of_this_test_name_every_command() -> None:
    """No command escapes the sweeps below."""
    assert {words.split()[0] for words in EVERY} == set(group().list_commands(click.Context(group())))


@pytest.mark.parametrize("name", dict.fromkeys(words.split()[0] for words in EVERY))
def test_every_command_has_help_that_says_what_the_list_says(name: str, admin: Shell) -> None:
    """A command's help begins with its summary, and explains each option."""
    told, listed = " ".join(admin(name, "--help").split()), " ".join(admin("--help").split())
    command = group().get_command(click.Context(group()), name)
    assert command is not None
    summary = (command.help or "").partition("\n")[0]

    assert summary in told
    assert f"{name} {summary}" in listed
    assert [option.name for option in command.params if isinstance(option, click.Option) and not option.help] == []


@pytest.mark.parametrize("words", READS)
def test_what_reads_prints_what_the_api_answers(words: str, admin: Shell) -> None:
    """With --json, output is the answer; without, it is something for people."""
    busy(admin)

    body = {"vendor": PAIR[0].name, "endpoint": PAIR[1].name, "rows": []} if READS[words].endswith("/carriers") else None

    assert parsed(admin(*words.split(), "--json")) == parsed(admin.raw(READS[words], body))
    assert admin(*words.split()).strip()


@pytest.mark.parametrize("words", CHANGES)
@pytest.mark.parametrize("more", [["--json"], []], ids=["json", "people"])
def test_what_changes_prints_what_is_so_from_then_on(words: str, more: list[str], admin: Shell) -> None:
    """The answer to a change is what the admin API tells afterwards, and it is not what it told before."""
    before = admin.raw(CHANGES[words]) if words != "mint acme" else b""
    told = admin(*words.split(), *more)
    after = admin.raw(CHANGES[words])

    assert after != before
    assert json.loads(told) == json.loads(after) if more else told


@pytest.mark.parametrize("words", SILENT)
@pytest.mark.parametrize("more", [["--json"], []], ids=["json", "people"])
def test_what_answers_nothing_prints_nothing(words: str, more: list[str], admin: Shell) -> None:
    """Silence is success, for people and for programs."""
    assert busy(admin)(*words.split(), *more) == ""


@pytest.mark.parametrize("words", EVERY)
def test_where_no_server_answers_it_is_said_how_to_start_one(words: str) -> None:
    """Every command ends with 1 and one line."""
    told = Shell("http://127.0.0.1:1").refusal(*words.split())

    assert re.fullmatch(
        r"Error: No answer: .* http://127\.0\.0\.1:1 \(Connection refused\); is `session-mock serve` running there\?\n", told
    )


def test_every_route_is_reached_by_a_command(admin: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the admin API can do, a shell can; rows of truth are asked for with POST, which can say all that GET can."""
    answered = Connection._answered  # noqa: SLF001 -- each request goes through it
    reached: set[tuple[str, str]] = set()

    def recorded(self: Connection, method: str, path: str, body: Any) -> Any:
        reached.update(
            (route.method, route.path)
            for route in ROUTES
            if route.method == method and re.fullmatch(re.sub(r"{\w+}", r"[^/]+", route.path), path.partition("?")[0])
        )
        return answered(self, method, path, body)

    monkeypatch.setattr(Connection, "_answered", recorded)
    busy(admin)
    for words in (*READS, "drop acme", *CHANGES, *SILENT):
        admin(*words.split())

    assert {(route.method, route.path) for route in ROUTES} - reached == {("GET", "/tenants/{id}/truth")}


@pytest.mark.parametrize(
    ("words", "heavy"),
    [("--version", "mockserver.cli.admin mockserver.client"), ("serve --help", "mockserver.cli.admin mockserver.client rich"),
     ("admin health --url http://127.0.0.1:1", "numpy aiohttp asyncio rich mockserver.server mockserver.vendors")],
)  # fmt: skip
def test_a_command_imports_what_it_needs_and_no_more(words: str, heavy: str) -> None:
    """Start-up is felt: nothing of the admin commands is imported for others, nor the server for them."""
    script = "import atexit, sys; atexit.register(lambda: print('', *sys.modules, file=sys.stderr)); import mockserver.cli as it; it.main()"
    told = subprocess.run([sys.executable, "-c", script, *words.split()], capture_output=True, text=True, check=False)
    imported = set(told.stderr.splitlines()[-1].split())

    assert "mockserver.cli" in imported
    assert imported & set(heavy.split()) == set()
