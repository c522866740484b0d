"""The section of a failure report: requests, findings, and the command that reproduces the data."""

import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec import json

from mockserver import SessionMock
from mockserver.admin_schemas.clocks import ClockState
from mockserver.admin_schemas.worlds import WorldTotals
from mockserver.client import AdminClient
from mockserver.pytest_plugin.reproduce import build_command
from mockserver.server.configuration.config import Config
from mockserver.server.configuration.tenants import tenants
from mockserver.vendors import load
from tests.pytest_plugin.conftest import Run

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


def test_section_shows_requests_faults_and_near_misses(run: Run) -> None:
    result = run(FAILING.format(marker="faults=[{'kind': 'latency', 'seconds': 0, 'page': 2}]"))

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*- session-mock -*",
            "tenant 'test_it.py::test_one' at http://127.0.0.1:*, clock 2026-10-01T00:00:00+00:00",
            "world: seed=*, sessions=1000, *",
            "last 10 of 13 requests, plus earlier ones with findings:",
            "     5  GET /*=2 -> 200, * rows, *fault #1 (latency, no effect)",
            "     7  GET /*=1 -> 200*",
            '    13  GET /*=first -> 400 violation (documented, *documentation*), "*"',
            "unmatched requests:",
            "     1  GET /api/nothing -> 404*unknown_path*",
            "        closest match: GET /api/*: *segment*",
            "reproduce with: session-mock serve --profile default --seed *",
            "to continue from its last state, run pytest with --session-mock-snapshots DIR",
        ]
    )


def test_section_masks_credentials(run: Run) -> None:
    result = run("""
def test_one(session_mock):
    token = session_mock.vendor(VENDOR).headers["Authorization"].split()[-1]
    print("TOKEN", token)
    ask(session_mock)
    ask(session_mock, {"Authorization": "Basic " + token})
    pytest.fail("on purpose", pytrace=False)
""")
    output = result.stdout.str()
    token = re.search(r"TOKEN (\S+)", output)

    assert token
    assert "\n2 requests:\n" in output
    assert output.count(token[1]) == 1


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
def test_reproduce_command_serves_same_world(run: Run, marker: str) -> None:
    output = run(FAILING.format(marker=marker)).stdout.str()
    [line] = re.findall(r"^reproduce with: session-mock serve (.*)$", output, re.MULTILINE)
    counts = re.search(r"COUNTS (.*)", output)
    shell = ["bash", "-c", f"{sys.executable} -m mockserver world --json {line}"]
    printed = subprocess.run(shell, capture_output=True, text=True, check=False)

    assert counts
    assert printed.returncode == 0, printed.stderr
    assert [site["sessions"] for site in json.decode(printed.stdout)["sites"]] == json.decode(counts[1])


def test_seed_of_command_gives_same_rows(run: Run) -> None:
    output = run(
        "def test_one(session_mock):\n    print('FIRST', session_mock.world.session(0)['number'])\n    assert ask is None\n"
    ).stdout.str()
    seed, first = (
        re.search(r"serve --profile default --seed (\d+)", output),
        re.search(r"FIRST (\d+)", output),
    )

    assert seed
    assert first
    with SessionMock(seed=int(seed[1])) as mock:
        assert mock.world.session(0)["number"] == int(first[1])


def test_build_command_quotes_and_omits_defaults() -> None:
    usual = tenants(Config())[0].settings.all_behaviors()
    fields = {"seed": 5, "sites": 3, "locales": ["de_DE"]}
    behavior = next(behavior for vendor in load() for behavior in vendor.contract.behaviors if behavior.unit)
    clock = ClockState(now="2026-09-10T00:26:40Z", rate=0, mode="frozen")
    totals = WorldTotals(spec=fields, now=clock.now, sites=[])
    line = build_command("default", totals, clock, {**usual, behavior.name: 123}, ["a.b"])
    words, _, rest = line.partition(" --config <(")
    table = shlex.split(rest.removesuffix(")"))[-1]

    assert shlex.split(words) == [
        *("session-mock", "serve", "--profile", "default", "--seed", "5", "--sites", "3"),
        *("--now", "2026-09-10T00:26:40Z", "--behavior", f"{behavior.name}=123", "--credential", "a.b=<a.b>"),
    ]
    assert tomllib.loads(table) == {"world": {"locales": ["de_DE"]}}
    assert "\n" not in line

    totals.added = [{"start": 1, "traits": {"a": [None]}}, {"start": 2}]
    line = build_command("default", totals, clock, usual, [])
    assert '"add" = [{"start" = 2}]' in line
    assert line.endswith(" # TOML has no null: without 1 of the added sessions")


@pytest.mark.parametrize(
    ("steps", "last"),
    [
        ("session_mock.clock.advance('1h')", "assert ask is None"),
        ("session_mock.clock.use_system_time()", "assert ask is None"),
        ("session_mock.replace_world(profile='awkward', sessions=33)", "assert ask is None"),
        ("session_mock.replace_world(profile='flowing')", "assert ask is None"),
        (
            "session_mock.world.add(start='2026-09-10', country='DE', events=[('a\"b', {'n': [1, {}]})])",
            "assert ask is None",
        ),
        ("session_mock.behaviors[BEHAVIOR.name] = OTHER", "assert session_mock.delete()"),
        (
            "session_mock.behaviors[VENDOR + '.dialect'] = DIALECT; session_mock.behaviors[BEHAVIOR.name] = OTHER",
            "assert ask is None",
        ),
    ],
)
def test_reproduce_command_serves_changed_tenant(run: Run, steps: str, last: str) -> None:
    output = run(f"""
import json
from mockserver.contract.behaviors import DIALECT as NAME, short_name
FAMILY = next(vendor for vendor in load() if vendor.name == VENDOR)
BEHAVIOR = next(behavior for behavior in FAMILY.contract.behaviors if behavior.options and short_name(behavior.name) != NAME)
OTHER, DIALECT = next(option for option in BEHAVIOR.options if option != BEHAVIOR.default), list(FAMILY.dialects)[-1]
KEY = next(iter(load()[0].name + "." + credential for credential in {CREDENTIALS!r}[load()[0].name]))

@pytest.mark.session_mock(profile="page-exact", credentials={{KEY: "our-secret"}})
def test_one(session_mock):
    {steps}
    totals = session_mock.world.totals
    print("STATE", json.dumps([[totals.spec, totals.added], dict(session_mock.behaviors), totals.now]), KEY)
    {last}
""").stdout.str()
    [line] = re.findall(r"^reproduce with: session-mock serve (.*)$", output, re.MULTILINE)
    state, key = next(iter(re.findall(r"STATE (.*) (\S+)$", output, re.MULTILINE)))
    shell = ["bash", "-c", f"exec {sys.executable} -m mockserver serve --port 0 --json {line}"]
    with subprocess.Popen(shell, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        served = json.decode(process.stdout.readline())
        with AdminClient(served["url"]) as admin:
            totals, mode = admin.world(), admin.clock().mode
            served_state = [[totals.spec, totals.added], admin.behaviors(), totals.now]
        process.terminate()
    vendor, _, credential = key.partition(".")

    assert mode == ("system" if "use_system_time" in steps else "frozen")
    assert json.decode(state)[: 3 if mode == "frozen" else 2] == served_state[: 3 if mode == "frozen" else 2]
    assert served["vendors"][vendor]["credentials"][credential] == f"<{key}>"
    assert "our-secret" not in line


def test_journal_of_every_test_is_written(run: Run, project: pytest.Pytester) -> None:
    result = run(
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
    archives = sorted(Path(project.path, "kept/here").glob("*.har"))

    result.assert_outcomes(passed=3, failed=1)
    assert len(archives) == 4
    assert [len(json.decode(archive.read_bytes())["log"]["entries"]) for archive in archives] == [1] * 4
    assert max(len(archive.name) for archive in archives) < 130


def test_section_shows_earlier_findings(run: Run) -> None:
    result = run("""
@pytest.mark.session_mock(faults=[{'kind': 'status', 'status': 503, 'retry_after': 30, 'times': 1}])
def test_one(session_mock):
    for page in (1, *range(1, 14)):
        ask(session_mock, **{PAGE: page, LIMIT: 10})
    raise ValueError("on purpose")
""")

    result.stdout.fnmatch_lines(
        [
            "last 10 of 14 requests, plus earlier ones with findings:",
            '     1  GET * -> 503, "*", fault #1 (status), Retry-After: 30',
            "     2  GET * -> 200, 10 rows*",
            "        error retry-too-soon: *",
            "     5  GET * -> 200, 10 rows*",
        ]
    )


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"])
@pytest.mark.parametrize(
    ("bypass", "shown"), [("", True), ("example.com", True), ("127.0.0.1", False), ("*", False)]
)
def test_section_without_exchange_names_proxy_variables(
    run: Run, monkeypatch: pytest.MonkeyPatch, variable: str, bypass: str, *, shown: bool
) -> None:
    """Only variables that apply to the host of the server, and only if no request arrived."""
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
    result = run("def test_one(session_mock): assert ask is None\n")

    result.assert_outcomes(failed=1)
    line = f"{variable} may send requests to a proxy instead of 127.0.0.1; set NO_PROXY=127.0.0.1, *"
    if shown:
        result.stdout.fnmatch_lines(["no requests", line])
    else:
        result.stdout.no_fnmatch_line(line)


REPORTED = r"""
def test_failed(session_mock):
    ask(session_mock, page2="\x00\x1b[31m<&\u202e\"'")
    requests.get(session_mock.url + "/no/such/path%00%0c%1b", headers=session_mock.vendor(VENDOR).headers)
    assert ask is None

def test_violated(session_mock):
    ask(session_mock, **{PAGE: "first"})

@pytest.fixture
def broken(session_mock):
    raise ValueError("broken")

def test_error(broken): pass

@pytest.fixture
def late(session_mock):
    yield
    ask(session_mock, **{PAGE: "first"})

def test_late(late): pass

def test_warned(session_mock):
    ask(session_mock, api_key="x")

@pytest.mark.session_mock(strict=False)
def test_lax(session_mock):
    ask(session_mock, **{PAGE: "first"})

def test_noted(session_mock):
    [ask(session_mock, **{LIMIT: 9999, PAGE: page}) for page in (1, 2)]

def test_allowed(session_mock):
    session_mock.allow("violation")
    ask(session_mock, **{PAGE: "first"})

def test_passed(session_mock):
    ask(session_mock)
"""


@pytest.mark.parametrize("options", [(), ("-n1",), ("-o", "junit_family=xunit1")], ids=str)
def test_junit_file_has_report_of_each_failed_and_warned_test(
    run: Run, properties: Callable[[], dict[str, dict[str, str]]], options: tuple[str, ...]
) -> None:
    run(REPORTED, "-o", "junit_logging=no", *options)
    reports = {name: values.get("report") for name, values in properties().items()}
    shown = ("failed", "violated", "error", "late", "warned", "lax")

    assert {name for name, report in reports.items() if report} == {f"test_{name}" for name in shown}
    for name in shown:
        lines = str(reports[f"test_{name}"]).splitlines()
        assert lines[0].startswith(f"tenant 'test_it.py::test_{name}' at http://")
        assert lines[-2].startswith("reproduce with: session-mock serve ")
    assert "unknown_path" in str(reports["test_failed"])
    assert "warning key-in-query: " in str(reports["test_warned"])
    assert all(character.isprintable() or character == "\n" for character in str(reports["test_failed"]))


def test_junit_file_has_only_report_of_last_attempt(
    run: Run, properties: Callable[[], dict[str, dict[str, str]]]
) -> None:
    run(
        """
def test_one(request, session_mock):
    request.node.user_properties.append(("session_mock_report", "of an earlier attempt"))
    from mockserver.pytest_plugin.fixtures import TenantUnderTest
    TenantUnderTest(None, session_mock, request.node, strict="errors")
"""
    )

    assert "report" not in properties()["test_one"]


def test_state_of_failed_test_is_written_and_can_be_restored(run: Run, project: pytest.Pytester) -> None:
    tests = """
def test_fails(session_mock):
    ask(session_mock)
    session_mock.faults.add("latency", seconds=0)
    assert False

def test_passes(session_mock):
    ask(session_mock)
"""
    result = run(tests, "--session-mock-snapshots=states")
    [path] = (project.path / "states").iterdir()

    result.stdout.fnmatch_lines([f"continue with: session-mock serve --restore states/{path.name}"])
    result.stdout.no_fnmatch_line("to continue from*")
    with SessionMock(restore=path) as mock:
        assert [fault["kind"] for fault in mock.faults] == ["latency"]
