"""Violations fail a test unless it allows them."""

import pytest

from tests.pytest_plugin.conftest import Run

# Tests with a violation, and lines of their output.
VIOLATIONS: dict[str, tuple[str, list[str]]] = {
    "page-requested-twice": (
        "def test_one(session_mock):\n    for page in (1, 2, 2, 2): ask(session_mock, **{LIMIT: 4, PAGE: page})\n",
        [
            "page-requested-twice: *",
            "*3  GET /*=4&page=2 -> 200, 4 rows, *",
            "    and request #4",
        ],
    ),
    "unknown_path": (
        "def test_one(session_mock): requests.get(session_mock.url + '/api/nothing/at/all')\n",
        ["unknown_path (request #1): GET /api/nothing/at/all: *"],
    ),
    "wrong_credential": (
        "def test_one(session_mock): ask(session_mock, {'Authorization': 'Bearer unknown'})\n",
        ["wrong_credential (request #1): GET /*: *send the header Authorization: Bearer <token>"],
    ),
    "missing_credential": (
        "def test_one(session_mock): ask(session_mock, {})\n",
        ["missing_credential (request #1): GET /*: *send the header Authorization: Bearer <token>"],
    ),
    "violation": (
        "def test_one(session_mock): ask(session_mock, **{PAGE: 'first'})\n",
        ["violation (request #1): GET /*"],
    ),
    "unused-fault": (
        "@pytest.mark.session_mock(faults={'kind': 'status', 'status': 503, 'page': 9})\ndef test_one(session_mock): ask(session_mock)\n",
        ["unused-fault: kind='status'*page=9*status=503* was never triggered; no request met its conditions"],
    ),
    "internal": (
        """
from mockserver.vendors.base import Vendor

def boom(*_): raise ZeroDivisionError

def test_one(session_mock, monkeypatch):
    monkeypatch.setattr(Vendor, 'respond', boom)
    assert ask(session_mock).status_code == 500
""",
        ["internal (request #1): *log*"],
    ),
}
ALLOWED = "\n@pytest.fixture(autouse=True)\ndef allowed(session_mock): session_mock.allow({name!r})\n"
MARKED = "\npytestmark = pytest.mark.session_mock(allow={name!r})\n"


@pytest.mark.parametrize("name", VIOLATIONS)
def test_violation_fails_test(run: Run, name: str) -> None:
    tests, lines = VIOLATIONS[name]
    result = run(tests)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([*lines, f"If this is intended: session_mock.allow('{name}')"])
    result.stdout.fnmatch_lines([f"FAILED test_it.py::test_one - Failed: {name}*"])


@pytest.mark.parametrize("how", [ALLOWED, MARKED], ids=["call", "marker"])
@pytest.mark.parametrize("name", VIOLATIONS)
def test_allowed_violation_passes(run: Run, name: str, how: str) -> None:
    run(VIOLATIONS[name][0] + how.format(name=name)).assert_outcomes(passed=1)


def test_answered_preflight_is_not_a_violation(run: Run) -> None:
    """Browsers send it before the request of a correct client."""
    result = run("""
from mockserver.vendors import load_dialects

OTHER = next(vendor for vendor in load_dialects() if "preflight" in vendor.contract.errors)

@pytest.mark.session_mock(dialect={OTHER.name: OTHER.dialect})
def test_one(session_mock):
    vendor = session_mock.vendor(OTHER.name)
    endpoint = OTHER.contract.endpoints[0]
    url = vendor.base_url + endpoint.paths[0].format_map({endpoint.site: vendor.sites[0]})
    assert requests.options(url, headers=vendor.headers, timeout=60).status_code == 200
""")

    result.assert_outcomes(passed=1)


@pytest.mark.parametrize("lax", [["--session-mock-strict=no"], []], ids=str)
def test_violation_in_lax_test_passes(run: Run, lax: list[str]) -> None:
    marker = "" if lax else "@pytest.mark.session_mock(strict=False)\n"
    run(marker + VIOLATIONS["violation"][0], *lax).assert_outcomes(passed=1)


def test_strict_marker_overrides_lax_setting(run: Run) -> None:
    run(
        "@pytest.mark.session_mock(strict=True)\n" + VIOLATIONS["violation"][0], "--session-mock-strict=no"
    ).assert_outcomes(failed=1)


INEFFECTIVE = """
@pytest.mark.session_mock(faults={{'kind': 'latency', 'seconds': 0}}{marker})
def test_one(session_mock):
    ask(session_mock)
    ask(session_mock)
"""


@pytest.mark.parametrize(
    ("marker", "outcome"),
    [
        ("", "passed"),
        (", strict='warnings'", "failed"),
        (", strict='warnings', allow='ineffective-fault'", "passed"),
    ],
)
def test_fault_without_effect_is_warning(run: Run, marker: str, outcome: str) -> None:
    result = run(INEFFECTIVE.format(marker=marker))

    result.assert_outcomes(**{outcome: 1})
    if outcome == "failed":
        result.stdout.fnmatch_lines(
            [
                "ineffective-fault: kind='latency'* triggered 2 times, but never changed a response or expected rows",
                "If this is intended: session_mock.allow('ineffective-fault')",
            ]
        )


def test_all_violations_are_reported_once(run: Run) -> None:
    result = run("""
@pytest.mark.session_mock(faults={"kind": "status", "status": 503, "page": 9})
def test_one(session_mock):
    ask(session_mock, **{PAGE: "first"})
    ask(session_mock, **{PAGE: "second"})
    for _ in range(120): requests.get(session_mock.url + "/nothing")
""")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "violation (requests #1, #2): *",
            "unknown_path (requests #1, #2, #3, #4, #5 and 115 more): GET /nothing: *",
            "unused-fault: *",
            "If this is intended: session_mock.allow('violation', 'unknown_path', 'unused-fault')",
        ]
    )


@pytest.mark.parametrize(
    ("count", "numbers"),
    [
        (1, "request #1"),
        (2, "requests #1, #2"),
        (6, "requests #1, #2, #3, #4, #5, #6"),
        (7, "requests #1, #2, #3, #4, #5 and 2 more"),
    ],
)
def test_requests_are_listed_unless_there_are_too_many(run: Run, count: int, numbers: str) -> None:
    """One more request is named, because its number is as short as a remark that there is one."""
    result = run(f"""
def test_one(session_mock):
    for _ in range({count}): requests.get(session_mock.url + "/nothing")
""")

    result.stdout.fnmatch_lines([f"unknown_path ({numbers}): GET /nothing: *"])


def test_allow_unknown_name_raises_with_suggestion(run: Run) -> None:
    result = run("def test_one(session_mock): session_mock.allow('violaton')\n")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["E*ValueError: allow: unknown finding or error 'violaton'; did you mean 'violation'?"]
    )


def test_failed_or_skipped_test_gets_no_violations(run: Run) -> None:
    result = run("""
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

    result.assert_outcomes(failed=1, skipped=1, errors=1)
    result.stdout.no_fnmatch_line("*unused-fault*")


def test_violation_in_teardown_is_error(run: Run) -> None:
    result = run("""
@pytest.fixture
def client(session_mock):
    yield
    ask(session_mock, **{PAGE: "first"})

def test_one(client): pass
""")

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["violation (request #1): *"])


def test_violation_in_unittest_fails_test(run: Run) -> None:
    result = run("""
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

    result.assert_outcomes(passed=1, failed=1)


def test_violation_fails_only_its_own_test(run: Run) -> None:
    result = run("""
def test_bad(session_mock):
    requests.get(session_mock.url + "/nothing")

def test_good(session_mock):
    assert ask(session_mock).status_code == 200
""")

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["FAILED test_it.py::test_bad*"])


FINDINGS_BY_LEVEL = {
    "error": ("retry-too-soon", "ask(session_mock); ask(session_mock)"),
    "warning": ("key-in-query", "ask(session_mock, **{PAGE: 2}, api_key='x')"),
    "note": ("page-after-last", "[ask(session_mock, **{LIMIT: 9999, PAGE: page}) for page in (1, 2)]"),
}
RETRY = "@pytest.mark.session_mock(faults={'kind': 'status', 'status': 503, 'retry_after': 30, 'times': 1})\n"


@pytest.mark.parametrize(
    ("strict", "failing"),
    [("no", []), ("yes", ["error"]), ("errors", ["error"]), ("warnings", ["error", "warning"])],
)
@pytest.mark.parametrize("place", ["option", "marker"])
@pytest.mark.parametrize("level", FINDINGS_BY_LEVEL)
def test_finding_fails_test_by_level_and_strictness(
    run: Run, level: str, place: str, strict: str, failing: list[str]
) -> None:
    finding, call = FINDINGS_BY_LEVEL[level]
    marker = RETRY if level == "error" else ""
    options = [f"--session-mock-strict={strict}"]
    if place == "marker":
        value = {"no": False, "yes": True}.get(strict, strict)
        marker += f"@pytest.mark.session_mock(strict={value!r})\n"
        options = []
    result = run(f"{marker}def test_one(session_mock): {call}\n", *options)

    if level in failing:
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(
            [f"{finding}: *", f"If this is intended: session_mock.allow('{finding}')"]
        )
    else:
        result.assert_outcomes(passed=1)


@pytest.mark.parametrize("how", ["method", "marker"])
@pytest.mark.parametrize(
    ("name", "failing"),
    [("unknown-parameter", 0), ("unknown-parameter:pagee", 0), ("unknown-parameter:limitt", 1)],
)
def test_unknown_parameter_is_allowed_as_whole_or_by_its_name(
    run: Run, name: str, failing: int, how: str
) -> None:
    marker = f"@pytest.mark.session_mock(allow={name!r})\n" if how == "marker" else ""
    statement = f"session_mock.allow({name!r})" if how == "method" else "pass"
    result = run(f"{marker}def test_one(session_mock): {statement}; ask(session_mock, pagee=1)\n")

    result.assert_outcomes(passed=1 - failing, failed=failing)
    if failing:
        result.stdout.fnmatch_lines(
            [
                "unknown-parameter: *'pagee'*did you mean 'page'?*",
                "If this is intended: session_mock.allow('unknown-parameter:pagee')",
            ]
        )


def test_unknown_parameter_without_similar_name_is_a_warning(run: Run) -> None:
    result = run("def test_one(session_mock): ask(session_mock, xyzzy=1)\n")
    strict = run("def test_one(session_mock): ask(session_mock, xyzzy=1)\n", "--session-mock-strict=warnings")

    result.assert_outcomes(passed=1)
    strict.assert_outcomes(failed=1)


def test_report_of_failing_test_shows_findings_of_all_levels(run: Run) -> None:
    result = run(
        f"{RETRY}def test_one(session_mock):\n"
        + "".join(f"    {call}\n" for _, call in FINDINGS_BY_LEVEL.values())
    )

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "retry-too-soon: *",
            "If this is intended: session_mock.allow('retry-too-soon')",
            "warning, does not fail the test: key-in-query: *",
            "note, does not fail the test: page-after-last: *",
        ]
    )
