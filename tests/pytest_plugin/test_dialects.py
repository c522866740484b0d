"""The dialect of a marker, and dialects in the report of a failure."""

import re
import subprocess
import sys
from typing import Any

import pytest
from msgspec import json

from mockserver.contract.behaviors import DIALECT, DOCUMENTED
from mockserver.vendors import load_dialects
from mockserver.vendors.base import Vendor
from tests.pytest_plugin.conftest import Run

OTHER: Vendor = next(vendor for vendor in load_dialects() if vendor.dialect != DOCUMENTED)
BEHAVIOR = f"{OTHER.name}.{DIALECT}"


def test_dialect_of_closest_marker_wins(run: Run) -> None:
    result = run(f"""
pytestmark = pytest.mark.session_mock(sessions=1, dialect={{{OTHER.name!r}: {OTHER.dialect!r}}})

def test_module(session_mock):
    assert session_mock.behaviors[{BEHAVIOR!r}] == {OTHER.dialect!r}

@pytest.mark.session_mock(dialect={DOCUMENTED!r})
def test_function(session_mock):
    assert session_mock.behaviors[{BEHAVIOR!r}] == {DOCUMENTED!r}
""")

    result.assert_outcomes(passed=2)


def test_unknown_dialect_is_error_with_known_ones(run: Run) -> None:
    result = run("@pytest.mark.session_mock(dialect='no-such')\ndef test_one(session_mock): pass")

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"*dialect 'no-such'*{OTHER.dialect}*"])


@pytest.mark.parametrize("dialect", [OTHER.dialect, {OTHER.name: OTHER.dialect}], ids=repr)
def test_report_shows_dialect_and_command_with_it(run: Run, dialect: Any) -> None:
    output = run(f"""
@pytest.mark.session_mock(sessions=1, dialect={dialect!r})
def test_one(session_mock):
    vendor = session_mock.vendor({OTHER.name!r})
    requests.post(vendor.base_url + "/{OTHER.name}/no/such/path", headers=vendor.headers, json=dict(vendor.body), timeout=60)
    assert ask is None
""").stdout.str()
    [line] = re.findall(r"^reproduce with: session-mock serve (.*)$", output, re.MULTILINE)
    command = ["bash", "-c", f"{sys.executable} -m mockserver world --json {line}"]
    printed = subprocess.run(command, capture_output=True, text=True, check=False)

    assert re.search(rf"^dialect: .*{OTHER.name}={OTHER.dialect}", output, re.MULTILINE)
    assert f"in dialect {OTHER.dialect}" in output
    assert f"--dialect {OTHER.name}={OTHER.dialect}" in line
    assert json.decode(printed.stdout)["sites"][0]["sessions"] == 1


def test_report_of_documented_dialects_shows_none(run: Run) -> None:
    output = run("def test_one(session_mock):\n    assert ask is None\n").stdout.str()

    assert "reproduce with:" in output
    assert "dialect:" not in output


def test_report_shows_last_dialect(run: Run) -> None:
    result = run(
        f"def test_one(session_mock):\n    session_mock.behaviors[{BEHAVIOR!r}] = {OTHER.dialect!r}\n    assert ask is None\n"
    )

    result.stdout.fnmatch_lines([f"dialect: {OTHER.name}={OTHER.dialect}"])
