"""A test fails for what its client did and it did not allow, and the text alone says what that was."""

import pytest

from tests.plugin.conftest import Run

# What a client does wrong, and lines of what is said of it; the first is that of the summary.
WRONGS: dict[str, tuple[str, list[str]]] = {
    "page-requested-twice": (
        "def test_one(session_mock):\n    for _ in range(3): ask(session_mock, **{LIMIT: 4})\n",
        [
            "page-requested-twice: A page was given already*",
            "*2  GET /*=4 -> 200",
            "    and 1 more: exchanges 2, 3",
        ],
    ),
    "unknown_path": (
        "def test_one(session_mock): requests.get(session_mock.url + '/api/nothing/at/all')\n",
        ["unknown_path (exchange 1): GET /api/nothing/at/all: *"],
    ),
    "wrong_credential": (
        "def test_one(session_mock): ask(session_mock, {'Authorization': 'Bearer nobody'})\n",
        [
            "wrong_credential (exchange 1): GET /*: it carries no tenant's credential: send the header Authorization: Bearer <token>"
        ],
    ),
    "missing_credential": (
        "def test_one(session_mock): ask(session_mock, {})\n",
        [
            "missing_credential (exchange 1): GET /*: it carries no tenant's credential: send the header Authorization: Bearer <token>"
        ],
    ),
    "violation": (
        "def test_one(session_mock): ask(session_mock, **{PAGE: 'first'})\n",
        ["violation (exchange 1): GET /*"],
    ),
    "unused-fault": (
        "@pytest.mark.session_mock(faults={'kind': 'status', 'status': 503, 'page': 9})\ndef test_one(session_mock): ask(session_mock)\n",
        ["unused-fault: kind='status'*page=9*status=503* never triggered; no exchange met its conditions"],
    ),
    "internal": (
        """
from mockserver.vendors.base import Vendor

def boom(*_): raise ZeroDivisionError

def test_one(session_mock, monkeypatch):
    monkeypatch.setattr(Vendor, 'answer', boom)
    assert ask(session_mock).status_code == 500
""",
        ["internal (exchange 1): the mock itself failed: its log says why"],
    ),
}
ALLOWED = "\n@pytest.fixture(autouse=True)\ndef allowed(session_mock): session_mock.allow({name!r})\n"
MARKED = "\npytestmark = pytest.mark.session_mock(allow={name!r})\n"


@pytest.mark.parametrize("name", WRONGS)
def test_what_was_not_allowed_fails_the_test(run: Run, name: str) -> None:
    """The test fails in its call, neither its setup nor its teardown; the first line names what it is and where."""
    tests, lines = WRONGS[name]
    told = run(tests)

    told.assert_outcomes(failed=1)
    told.stdout.fnmatch_lines([*lines, f"The test did not allow it; session_mock.allow('{name}') does."])
    told.stdout.fnmatch_lines([f"FAILED test_it.py::test_one - Failed: {name}*"])


@pytest.mark.parametrize("how", [ALLOWED, MARKED], ids=["call", "marker"])
@pytest.mark.parametrize("name", WRONGS)
def test_what_was_allowed_fails_nothing(run: Run, name: str, how: str) -> None:
    """Allowed by a call or by a marker."""
    run(WRONGS[name][0] + how.format(name=name)).assert_outcomes(passed=1)


@pytest.mark.parametrize("lax", [["--session-mock-strict=no"], []], ids=str)
def test_nothing_fails_where_nobody_is_strict(run: Run, lax: list[str]) -> None:
    """By the setting for all tests, or by the marker for one."""
    marker = "" if lax else "@pytest.mark.session_mock(strict=False)\n"
    run(marker + WRONGS["violation"][0], *lax).assert_outcomes(passed=1)


def test_marker_is_strict_where_the_setting_is_not(run: Run) -> None:
    """One test of a lax project may be strict."""
    run(
        "@pytest.mark.session_mock(strict=True)\n" + WRONGS["violation"][0], "--session-mock-strict=no"
    ).assert_outcomes(failed=1)


def test_everything_that_is_wrong_is_told_once(run: Run) -> None:
    """Several complaints are told together, and what allows them."""
    told = run("""
@pytest.mark.session_mock(faults={"kind": "status", "status": 503, "page": 9})
def test_one(session_mock):
    ask(session_mock, **{PAGE: "first"})
    ask(session_mock, **{PAGE: "second"})
    for _ in range(120): requests.get(session_mock.url + "/nothing")
""")

    told.assert_outcomes(failed=1)
    told.stdout.fnmatch_lines(
        [
            "violation (exchanges 1, 2): *",
            "unknown_path (exchanges 1, 2, 3, 4, 5 …): GET /nothing: *",
            "unused-fault: *",
            "The test did not allow it; session_mock.allow('violation', 'unknown_path', 'unused-fault') does.",
        ]
    )


def test_unknown_name_to_allow_is_told(run: Run) -> None:
    """With the nearest that there is."""
    told = run("def test_one(session_mock): session_mock.allow('violaton')\n")

    told.assert_outcomes(failed=1)
    told.stdout.fnmatch_lines(
        ["E*ValueError: there is nothing called 'violaton' to allow; did you mean 'violation'?"]
    )


def test_own_failure_of_a_test_is_what_is_told(run: Run) -> None:
    """A test that fails, or skips itself, or whose setup fails, is blamed for nothing more."""
    told = run("""
pytestmark = pytest.mark.session_mock(faults={"kind": "status", "status": 503, "page": 9})

def test_failing(session_mock):
    assert ask(session_mock) is None

def test_skipping(session_mock):
    pytest.skip("not today")

@pytest.fixture
def broken(session_mock):
    raise ValueError("the setup is broken")

def test_broken(broken): pass
""")

    told.assert_outcomes(failed=1, skipped=1, errors=1)
    told.stdout.no_fnmatch_line("*unused-fault*")


def test_request_after_the_call_is_an_error_of_the_teardown(run: Run) -> None:
    """What a fixture's teardown asks is judged as well."""
    told = run("""
@pytest.fixture
def client(session_mock):
    yield
    ask(session_mock, **{PAGE: "first"})

def test_one(client): pass
""")

    told.assert_outcomes(passed=1, errors=1)
    told.stdout.fnmatch_lines(["violation (exchange 1): *"])


def test_tests_of_unittest_are_judged(run: Run) -> None:
    """A test of ``unittest`` that uses the fixture fails alike."""
    told = run("""
import unittest

class TestIt(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def mock(self, session_mock):
        self.mock = session_mock

    def test_good(self):
        assert ask(self.mock).status_code == 200

    def test_bad(self):
        ask(self.mock, **{PAGE: "first"})
""")

    told.assert_outcomes(passed=1, failed=1)


def test_one_tests_wrongs_are_not_anothers(run: Run) -> None:
    """What one test's client did fails that test only, wherever its requests led."""
    told = run("""
def test_bad(session_mock):
    requests.get(session_mock.url + "/nothing")

def test_good(session_mock):
    assert ask(session_mock).status_code == 200
""")

    told.assert_outcomes(passed=1, failed=1)
    told.stdout.fnmatch_lines(["FAILED test_it.py::test_bad*"])
