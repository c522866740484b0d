"""Settings: the command line before the environment before the ini file, each with the same name."""

import re
import socket
from collections.abc import Callable

import pytest

from mockserver.contract.behaviors import DOCUMENTED
from mockserver.pytest_plugin.settings import SETTINGS
from mockserver.vendors import load
from mockserver.vendors.base import Vendor
from tests.plugin.conftest import INI, Run

ONE = "def test_one(session_mock): assert ask(session_mock).status_code == 200\n"
PROFILE = "def test_one(session_mock): print('PROFILE', session_mock.made['profile'])\n"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("", "default"),
        ("ini", "single"),
        ("ini variable", "empty"),
        ("ini variable option", "page-exact"),
        ("variable", "empty"),
        ("ini option", "page-exact"),
    ],
)
def test_precedence(
    run: Run, project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, given: str, told: str
) -> None:
    """Whichever is given, the first of command line, environment and ini file counts."""
    if "ini" in given:
        project.makeini(INI + "session_mock_profile = single\n")
    if "variable" in given:
        monkeypatch.setenv("SESSION_MOCK_PROFILE", "empty")
    result = run(PROFILE, "-s", *(["--session-mock-profile=page-exact"] if "option" in given else []))

    result.stdout.fnmatch_lines([f"*PROFILE {told}"])


@pytest.mark.parametrize(
    "vendor", [vendor for vendor in load() if len(vendor.dialects) > 1], ids=lambda vendor: vendor.name
)
def test_dialect_is_that_of_every_test_whose_marker_names_none(run: Run, vendor: Vendor) -> None:
    """For all vendors that have it, or for those that it names; a marker's own wins."""
    other = next(name for name in vendor.dialects if name != DOCUMENTED)
    tests = f"""
def test_any(session_mock): print('ANY', session_mock.behaviors['{vendor.name}.dialect'])

@pytest.mark.session_mock(dialect={DOCUMENTED!r})
def test_own(session_mock): print('OWN', session_mock.behaviors['{vendor.name}.dialect'])
"""
    for said in (other, f"{vendor.name}={other}"):
        told = run(tests, "-s", f"--session-mock-dialect={said}")

        told.stdout.fnmatch_lines([f"*ANY {other}", f"*OWN {DOCUMENTED}"])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--session-mock-seed=x"], "*--session-mock-seed: 'x' is no seed: *'random', which makes one up"),
        (["--session-mock-strict=perhaps"], "*--session-mock-strict: 'perhaps' is neither: write yes or no"),
        (
            ["--session-mock-dialect=a=b,=c"],
            "*--session-mock-dialect: 'a=b,=c' names no dialects: write DIALECT, or VENDOR=DIALECT*",
        ),
        (["--session-mock-port=http"], "*--session-mock-port: 'http' is no port: *"),
        (
            ["--session-mock-port=99999"],
            "*--session-mock-port: '99999' is no port: write a number from 0 to 65535; *",
        ),
        (
            ["--session-mock-url=nope"],
            "*--session-mock-url: 'nope' is no URL of a server, such as http://127.0.0.1:8080",
        ),
        (
            ["--session-mock-profile=awkwrd"],
            "*--session-mock-profile: there is no profile 'awkwrd'; did you mean 'awkward'[?]",
        ),
        (
            ["--session-mock-dialect=nope"],
            "*--session-mock-dialect: no vendor has a dialect 'nope'; known are *",
        ),
        (
            ["--session-mock-journal=test_it.py"],
            "*--session-mock-journal: test_it.py cannot be a directory: *; name another one",
        ),
        (["--session-mock-admin-token= "], "*--session-mock-admin-token: a token has no control characters*"),
    ],
    ids=str,
)
def test_setting_that_cannot_be_is_a_usage_error(run: Run, arguments: list[str], says: str) -> None:
    """Nothing is run, and the message says where it stands and what would be right."""
    told = run(ONE, *arguments)

    assert told.ret == pytest.ExitCode.USAGE_ERROR
    told.stderr.fnmatch_lines([says])


def test_wrong_variable_and_wrong_ini_are_named(
    run: Run, project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message names the variable, or the key of the ini file."""
    project.makeini(INI + "session_mock_strict = perhaps\n")
    run(ONE).stderr.fnmatch_lines(["*ini session_mock_strict: 'perhaps' is neither*"])
    monkeypatch.setenv("SESSION_MOCK_STRICT", "maybe")
    run(ONE).stderr.fnmatch_lines(["*SESSION_MOCK_STRICT: 'maybe' is neither*"])


def test_every_setting_is_explained(run: Run) -> None:
    """``--help`` lists each option and each key of the ini file."""
    told = run(ONE, "--help").stdout.str()

    assert [each.option for each in SETTINGS if each.option not in told] == []
    assert [each.ini for each in SETTINGS if each.ini not in told] == []


@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=str)
def test_random_seed_is_told_and_shared(
    run: Run, properties: Callable[[], dict[str, dict[str, str]]], workers: list[str]
) -> None:
    """The header tells the seed that was made up; with it, the same worlds come again, whoever worked on them."""
    tests = ONE + ONE.replace("one", "two")
    header = run(tests, "--session-mock-seed=random", *workers).stdout.str()
    first = properties()
    found = re.search(r"session-mock: base seed (\d+)", header)
    assert found
    run(tests, f"--session-mock-seed={found[1]}")

    assert first == properties() != {}


def test_port_is_taken(run: Run) -> None:
    """The server has the port that was asked for."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    told = run(
        f"def test_one(session_mock): assert session_mock.url.endswith(':{port}')\n",
        f"--session-mock-port={port}",
    )

    told.assert_outcomes(passed=1)
