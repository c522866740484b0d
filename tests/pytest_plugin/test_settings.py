"""Settings from the command line, the environment and the ini file."""

import re
import socket
from collections.abc import Callable

import pytest

from mockserver.contract.behaviors import DOCUMENTED
from mockserver.pytest_plugin.settings import SETTINGS
from mockserver.vendors import load
from mockserver.vendors.base import Vendor
from tests.pytest_plugin.conftest import INI, Run

ONE = "def test_one(session_mock): assert ask(session_mock).status_code == 200\n"
PROFILE = "def test_one(session_mock): print('PROFILE', session_mock.arguments['profile'])\n"


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        ("", "default"),
        ("ini", "single"),
        ("ini variable", "empty"),
        ("ini variable option", "page-exact"),
        ("variable", "empty"),
        ("ini option", "page-exact"),
    ],
)
def test_setting_precedence(
    run: Run, project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, places: str, expected: str
) -> None:
    if "ini" in places:
        project.makeini(INI + "session_mock_profile = single\n")
    if "variable" in places:
        monkeypatch.setenv("SESSION_MOCK_PROFILE", "empty")
    result = run(PROFILE, "-s", *(["--session-mock-profile=page-exact"] if "option" in places else []))

    result.stdout.fnmatch_lines([f"*PROFILE {expected}"])


@pytest.mark.parametrize(
    "vendor", [vendor for vendor in load() if len(vendor.dialects) > 1], ids=lambda vendor: vendor.name
)
def test_dialect_setting_is_default_of_markers(run: Run, vendor: Vendor) -> None:
    other = next(name for name in vendor.dialects if name != DOCUMENTED)
    tests = f"""
def test_any(session_mock): print('ANY', session_mock.behaviors['{vendor.name}.dialect'])

@pytest.mark.session_mock(dialect={DOCUMENTED!r})
def test_own(session_mock): print('OWN', session_mock.behaviors['{vendor.name}.dialect'])
"""
    for setting_text in (other, f"{vendor.name}={other}"):
        result = run(tests, "-s", f"--session-mock-dialect={setting_text}")

        result.stdout.fnmatch_lines([f"*ANY {other}", f"*OWN {DOCUMENTED}"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--session-mock-seed=x"], "*--session-mock-seed: *'x'*random*"),
        (["--session-mock-strict=perhaps"], "*--session-mock-strict: *'perhaps'*yes, warnings or no*"),
        (
            ["--session-mock-dialect=a=b,=c"],
            "*--session-mock-dialect: *'a=b,=c'*VENDOR=DIALECT*",
        ),
        (["--session-mock-port=http"], "*--session-mock-port: *'http'*port*"),
        (
            ["--session-mock-port=99999"],
            "*--session-mock-port: *'99999'*65535*",
        ),
        (
            ["--session-mock-url=nope"],
            "*--session-mock-url: *'nope'*http://127.0.0.1:8080*",
        ),
        (
            ["--session-mock-profile=awkwrd"],
            "*--session-mock-profile: unknown profile 'awkwrd'; did you mean 'awkward'[?]",
        ),
        (
            ["--session-mock-dialect=nope"],
            "*--session-mock-dialect: *dialect 'nope'*",
        ),
        (
            ["--session-mock-journal=test_it.py"],
            "*--session-mock-journal: cannot create the directory 'test_it.py': *; name another one",
        ),
        (["--session-mock-admin-token= "], "*--session-mock-admin-token: *token*"),
    ],
    ids=str,
)
def test_invalid_setting_is_usage_error(run: Run, arguments: list[str], message: str) -> None:
    result = run(ONE, *arguments)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([message])


def test_invalid_setting_names_its_place(
    run: Run, project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.makeini(INI + "session_mock_strict = perhaps\n")
    run(ONE).stderr.fnmatch_lines(["*ini session_mock_strict: *'perhaps'*"])
    monkeypatch.setenv("SESSION_MOCK_STRICT", "maybe")
    run(ONE).stderr.fnmatch_lines(["*SESSION_MOCK_STRICT: *'maybe'*"])


def test_help_lists_every_setting(run: Run) -> None:
    output = run(ONE, "--help").stdout.str()

    assert [setting.option for setting in SETTINGS if setting.option not in output] == []
    assert [setting.ini for setting in SETTINGS if setting.ini not in output] == []


@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=str)
def test_random_seed_is_shown_and_shared_by_workers(
    run: Run, properties: Callable[[], dict[str, dict[str, str]]], workers: list[str]
) -> None:
    tests = ONE + ONE.replace("one", "two")
    header = run(tests, "--session-mock-seed=random", *workers).stdout.str()
    first = properties()
    match = re.search(r"session-mock: base seed (\d+)", header)
    assert match
    run(tests, f"--session-mock-seed={match[1]}")

    assert first == properties() != {}


def test_port_setting_is_used(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    result = run(
        f"def test_one(session_mock): assert session_mock.url.endswith(':{port}')\n",
        f"--session-mock-port={port}",
    )

    result.assert_outcomes(passed=1)
