"""The report of a failure has a section that shows what happened, and how to have the same world again."""

import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from msgspec import json

from mockserver import SessionMock
from mockserver.admin_schemas import ClockState
from mockserver.client import AdminClient
from mockserver.pytest_plugin.reproduce import command
from mockserver.server.tenancy.config import Config, tenants
from mockserver.vendors import load
from tests.plugin.conftest import Run

CREDENTIALS = {name: list(names.credentials) for name, names in tenants(Config())[0].identifiers.items()}
FAILING = """
@pytest.mark.session_mock({marker})
def test_one(session_mock):
    session_mock.allow("unused-fault")
    for number in range(12): ask(session_mock, **{{PAGE: number % 3 + 1}})
    ask(session_mock, **{{PAGE: "first"}})
    requests.get(session_mock.url + "/api/nothing")
    print("COUNTS", session_mock.world.counts)
    assert ask is None
"""


def test_section_shows_what_happened(run: Run) -> None:
    """The last exchanges with what is odd about them, the faults that triggered, near misses, the world, and the clock."""
    told = run(FAILING.format(marker="faults=[{'kind': 'latency', 'seconds': 0, 'page': 2}]"))

    told.assert_outcomes(failed=1)
    told.stdout.fnmatch_lines(
        [
            "*- session-mock -*",
            "tenant 'test_it.py::test_one' at http://127.0.0.1:*, clock 2026-10-01T00:00:00+00:00",
            "world: seed=*, sessions=1000, *",
            "the last 10 of 13 exchanges, and before them those that are odd:",
            "     5  GET /*=2 -> 200, triggered by 1:latency",
            "     7  GET /*=1 -> 200*",
            "    13  GET /*=first -> 400 violation (documented, *documentation*)",
            "requests that led nowhere:",
            "     1  GET /api/nothing -> 404*unknown_path*",
            "        near: GET /api/*: the path has fewer segments*",
            "the same world: session-mock serve --profile default --seed *",
        ]
    )


def test_section_shows_no_credential(run: Run) -> None:
    """A report may be sent to anybody."""
    told = run("""
def test_one(session_mock):
    token = session_mock.vendor(VENDOR).headers["Authorization"].split()[-1]
    print("TOKEN", token)
    ask(session_mock)
    ask(session_mock, {"Authorization": "Basic " + token})
    pytest.fail("on purpose", pytrace=False)
""")
    said = told.stdout.str()
    token = re.search(r"TOKEN (\S+)", said)

    assert token
    assert "the last 1 of 1 exchanges" in said
    assert "requests that led nowhere" in said
    assert said.count(token[1]) == 1


@pytest.mark.parametrize(
    "marker",
    [
        "",
        "sessions=33, sites=3",
        "profile='flowing', start='2026-05-01'",
        "now=1789000000000, sessions=77",
        "sessions=50, bots_percent=40, quiet_days=[0, 6], grain=1000, segments={'it\\'s': {'country': ['DE', 'FR']}}",
    ],
)
def test_command_gives_the_same_world(run: Run, marker: str) -> None:
    """The line that the section ends with serves a world of the same size, fields that have no option among them."""
    told = run(FAILING.format(marker=marker)).stdout.str()
    [line] = re.findall(r"^the same world: session-mock serve (.*)$", told, re.MULTILINE)
    counts = re.search(r"COUNTS (.*)", told)
    shell = ["bash", "-c", f"{sys.executable} -m mockserver world --json {line}"]
    printed = subprocess.run(shell, capture_output=True, text=True, check=False)

    assert counts
    assert printed.returncode == 0, printed.stderr
    assert [site["sessions"] for site in json.decode(printed.stdout)["sites"]] == json.decode(counts[1])


def test_seed_gives_the_same_rows(run: Run) -> None:
    """The command's seed is all that a world of the profile needs."""
    told = run(
        "def test_one(session_mock):\n    print('FIRST', session_mock.world.session(0)['number'])\n    assert ask is None\n"
    ).stdout.str()
    seed, first = re.search(r"serve --profile default --seed (\d+)", told), re.search(r"FIRST (\d+)", told)

    assert seed
    assert first
    with SessionMock(seed=int(seed[1])) as mock:
        assert mock.world.session(0)["number"] == int(first[1])


def test_command_is_one_line_of_shell() -> None:
    """Texts are quoted, instants are readable, no credential is told, and what is usual is left out."""
    usual = tenants(Config())[0].all_behaviors()
    fields = {"seed": 5, "sites": 3, "locales": ["de_DE"]}
    behavior = next(behavior for vendor in load() for behavior in vendor.contract.behaviors if behavior.unit)
    clock = ClockState(now="2026-09-10T00:26:40Z", rate=0, mode="frozen")
    line = command("default", fields, clock, {**usual, behavior.name: 123}, ["a.b"])
    words, _, rest = line.partition(" --config <(")
    table = shlex.split(rest.removesuffix(")"))[-1]

    assert shlex.split(words) == [
        *("session-mock", "serve", "--profile", "default", "--seed", "5", "--sites", "3"),
        *("--now", "2026-09-10T00:26:40Z", "--behavior", f"{behavior.name}=123", "--credential", "a.b=<a.b>"),
    ]
    assert tomllib.loads(table) == {"world": {"locales": ["de_DE"]}}
    assert "\n" not in line


@pytest.mark.parametrize(
    ("steps", "last"),
    [
        ("session_mock.clock.advance('1h')", "assert ask is None"),
        ("session_mock.clock.follow()", "assert ask is None"),
        ("session_mock.replace_world(profile='awkward', sessions=33)", "assert ask is None"),
        ("session_mock.replace_world(profile='flowing')", "assert ask is None"),
        ("session_mock.behaviors[BEHAVIOR.name] = OTHER", "assert session_mock.delete()"),
        (
            "session_mock.behaviors[VENDOR + '.dialect'] = DIALECT; session_mock.behaviors[BEHAVIOR.name] = OTHER",
            "assert ask is None",
        ),
    ],
)
def test_command_serves_what_the_test_made_of_it(run: Run, steps: str, last: str) -> None:
    """World, clock, dialects and behaviors of the served default tenant are those that the test had at last, with the credential's name."""
    told = run(f"""
import json
from mockserver.contract.behaviors import DIALECT as NAME, short_name
FAMILY = next(vendor for vendor in load() if vendor.name == VENDOR)
BEHAVIOR = next(each for each in FAMILY.contract.behaviors if each.options and short_name(each.name) != NAME)
OTHER, DIALECT = next(each for each in BEHAVIOR.options if each != BEHAVIOR.default), list(FAMILY.dialects)[-1]
KEY = next(iter(load()[0].name + "." + each for each in {CREDENTIALS!r}[load()[0].name]))

@pytest.mark.session_mock(profile="page-exact", credentials={{KEY: "our-secret"}})
def test_one(session_mock):
    {steps}
    totals = session_mock.world.totals
    print("STATE", json.dumps([totals.spec, dict(session_mock.behaviors), totals.now]), KEY)
    {last}
""").stdout.str()
    [line] = re.findall(r"^the same world: session-mock serve (.*)$", told, re.MULTILINE)
    state, key = next(iter(re.findall(r"STATE (.*) (\S+)$", told, re.MULTILINE)))
    shell = ["bash", "-c", f"exec {sys.executable} -m mockserver serve --port 0 --json {line}"]
    with subprocess.Popen(shell, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        served = json.decode(process.stdout.readline())
        with AdminClient(served["url"]) as admin:
            totals, mode = admin.world(), admin.clock().mode
            found = [totals.spec, admin.behaviors(), totals.now]
        process.terminate()
    vendor, _, credential = key.partition(".")

    assert mode == ("system" if "follow" in steps else "frozen")
    assert json.decode(state)[: 3 if mode == "frozen" else 2] == found[: 3 if mode == "frozen" else 2]
    assert served["vendors"][vendor]["credentials"][credential] == f"<{key}>"
    assert "our-secret" not in line


def test_journal_of_every_test_is_kept(run: Run, project: pytest.Pytester) -> None:
    """With a directory, each test's exchanges stand there as an HTTP Archive; a failing test's too."""
    told = run(
        """
@pytest.mark.parametrize("name", ["a/b", "a b", "x" * 300])
def test_one(session_mock, name):
    ask(session_mock)

def test_bad(session_mock):
    ask(session_mock)
    assert ask is None
""",
        "--session-mock-journal=kept/here",
    )
    kept = sorted(Path(project.path, "kept/here").glob("*.har"))

    told.assert_outcomes(passed=3, failed=1)
    assert len(kept) == 4
    assert [len(json.decode(each.read_bytes())["log"]["entries"]) for each in kept] == [1] * 4
    assert max(len(each.name) for each in kept) < 130


def test_section_shows_what_is_odd_however_long_ago(run: Run) -> None:
    """A finding is not lost behind the pages that came after it; a wait that was asked for is told."""
    told = run("""
@pytest.mark.session_mock(faults=[{'kind': 'status', 'status': 503, 'retry_after': 30, 'times': 1}])
def test_one(session_mock):
    for page in range(1, 15):
        ask(session_mock, **{PAGE: page, LIMIT: 10})
    raise ValueError("on purpose")
""")

    told.stdout.fnmatch_lines(
        [
            "the last 10 of 14 exchanges, and before them those that are odd:",
            "     1  GET * -> 503, triggered by 1:status, Retry-After: 30",
            "     2  GET * -> 200",
            "        retry-too-soon: *",
            "     5  GET * -> 200",
        ]
    )


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"])
@pytest.mark.parametrize(
    ("bypass", "named"), [("", True), ("example.com", True), ("127.0.0.1", False), ("*", False)]
)
def test_section_without_exchange_names_proxy_variables(
    run: Run, monkeypatch: pytest.MonkeyPatch, variable: str, bypass: str, *, named: bool
) -> None:
    """Only variables that apply to the server's host, and only where no request arrived."""
    for name in (
        "http_proxy",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "https_proxy",
        "ALL_PROXY",
        "all_proxy",
        "NO_PROXY",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, "http://192.0.2.1:3128")
    monkeypatch.setenv("no_proxy", bypass)
    told = run("def test_one(session_mock): assert ask is None\n")

    told.assert_outcomes(failed=1)
    line = f"{variable} may send requests to a proxy instead of 127.0.0.1; set NO_PROXY=127.0.0.1, *"
    if named:
        told.stdout.fnmatch_lines(["no exchange", line])
    else:
        told.stdout.no_fnmatch_line(line)
