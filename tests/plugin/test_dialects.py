"""A marker says which dialect a test's vendors speak, and the report of a failure tells it."""

import re
import subprocess
import sys
from typing import Any

import pytest
from msgspec import json

from mockserver.contract.behaviors import DIALECT, DOCUMENTED
from mockserver.vendors import every
from mockserver.vendors.base import Vendor
from tests.plugin.conftest import Run

OTHER: Vendor = next(vendor for vendor in every() if vendor.dialect != DOCUMENTED)
BEHAVIOR = f"{OTHER.name}.{DIALECT}"


def test_closest_marker_says_the_dialect(run: Run) -> None:
    """A function's wins over its module's; without a marker it is the documented one."""
    told = run(f"""
pytestmark = pytest.mark.session_mock(sessions=1, dialect={{{OTHER.name!r}: {OTHER.dialect!r}}})

def test_module(session_mock):
    assert session_mock.behaviors[{BEHAVIOR!r}] == {OTHER.dialect!r}

@pytest.mark.session_mock(dialect={DOCUMENTED!r})
def test_function(session_mock):
    assert session_mock.behaviors[{BEHAVIOR!r}] == {DOCUMENTED!r}
""")

    told.assert_outcomes(passed=2)


def test_unknown_dialect_fails_with_the_list(run: Run) -> None:
    """Whose test it is, sees what there is."""
    told = run("@pytest.mark.session_mock(dialect='no-such')\ndef test_one(session_mock): pass")

    told.assert_outcomes(errors=1)
    told.stdout.fnmatch_lines([f"*no vendor has a dialect 'no-such'*{OTHER.dialect}*"])


@pytest.mark.parametrize("said", [OTHER.dialect, {OTHER.name: OTHER.dialect}], ids=repr)
def test_report_names_the_dialect_and_reproduces_it(run: Run, said: Any) -> None:
    """Above the exchanges, beside each that was answered in it, and in the line that serves the same world."""
    told = run(f"""
@pytest.mark.session_mock(sessions=1, dialect={said!r})
def test_one(session_mock):
    vendor = session_mock.vendor({OTHER.name!r})
    requests.post(vendor.base_url + "/{OTHER.name}/no/such/path", headers=vendor.headers, json=dict(vendor.body), timeout=60)
    assert ask is None
""").stdout.str()
    [line] = re.findall(r"^the same world: session-mock serve (.*)$", told, re.MULTILINE)
    command = ["bash", "-c", f"{sys.executable} -m mockserver world --json {line}"]
    printed = subprocess.run(command, capture_output=True, text=True, check=False)

    assert re.search(rf"^dialect: .*{OTHER.name}={OTHER.dialect}", told, re.MULTILINE)
    assert f"in dialect {OTHER.dialect}" in told
    assert f"--dialect {OTHER.name}={OTHER.dialect}" in line
    assert json.decode(printed.stdout)["sites"][0]["sessions"] == 1


def test_report_of_documented_vendors_names_no_dialect(run: Run) -> None:
    """What is usual is not said."""
    told = run("def test_one(session_mock):\n    assert ask is None\n").stdout.str()

    assert "the same world:" in told
    assert "dialect:" not in told


def test_report_tells_the_dialect_that_was_chosen_at_last(run: Run) -> None:
    """Also one that the test itself chose while it ran."""
    told = run(
        f"def test_one(session_mock):\n    session_mock.behaviors[{BEHAVIOR!r}] = {OTHER.dialect!r}\n    assert ask is None\n"
    )

    told.stdout.fnmatch_lines([f"dialect: {OTHER.name}={OTHER.dialect}"])
