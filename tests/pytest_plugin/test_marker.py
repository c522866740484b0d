"""The arguments of the marker: merging and errors."""

import pytest

from tests.pytest_plugin.conftest import Run

MERGED = """
BEHAVIORS = [behavior for vendor in load() for behavior in vendor.contract.behaviors if len(behavior.options) > 1]
FIRST, SECOND = BEHAVIORS[0], BEHAVIORS[1]

def last(behavior):
    return list(behavior.options)[-1]

QUICK = {"kind": "latency", "seconds": 0}
pytestmark = pytest.mark.session_mock(sessions=5, sites=1, behaviors={FIRST.name: last(FIRST)}, faults=[QUICK], allow="unused-fault")

@pytest.mark.session_mock(sessions=6, behaviors={SECOND.name: last(SECOND)}, faults={"kind": "status", "status": 503})
class TestClass:
    @pytest.mark.session_mock(sessions=7, faults=[{"kind": "no_end"}], now="2026-09-30T00:00:00Z", allow=["violation", "page-after-last"])
    def test_all(self, session_mock):
        assert len(session_mock.world.counts) == 1
        assert session_mock.world.spec["sessions"] == 7
        assert session_mock.clock.now.isoformat() == "2026-09-30T00:00:00+00:00"
        assert [fault["kind"] for fault in session_mock.faults] == ["latency", "status", "no_end"]
        assert (session_mock.behaviors[FIRST.name], session_mock.behaviors[SECOND.name]) == (last(FIRST), last(SECOND))

    def test_class(self, session_mock):
        assert session_mock.world.spec["sessions"] == 6
        assert [fault["kind"] for fault in session_mock.faults] == ["latency", "status"]

def test_module(session_mock):
    assert session_mock.world.counts == [5]
    assert [fault["kind"] for fault in session_mock.faults] == ["latency"]
"""


def test_markers_of_module_class_and_function_are_merged(run: Run) -> None:
    run(MERGED).assert_outcomes(passed=3)


SCENARIO = """
@pytest.mark.session_mock(scenario="rate-limited", limits={"rybbit.api": {"allowed": 9}}, faults={"kind": "reset"}, strict=False)
class TestClass:
    @pytest.mark.session_mock(sessions=7, limits={"braze.shared": {"enabled": False}})
    def test_one(self, session_mock):
        limits = {limit.name: limit for limit in session_mock.limits}
        assert session_mock.world.counts == [7, 7]
        assert (limits["rybbit.api"].allowed, limits["sparklytics.sessions"].allowed) == (9, 2)
        assert not limits["braze.shared"].enabled
        assert [fault["kind"] for fault in session_mock.faults] == ["status", "reset"]

    @pytest.mark.session_mock(scenario="one-row-more")
    def test_profile(self, session_mock):
        assert session_mock.world.counts == [401, 401]
"""


def test_scenario_is_the_base_of_the_other_arguments(run: Run) -> None:
    run(SCENARIO).assert_outcomes(passed=2)


@pytest.mark.parametrize(
    ("marker", "message"),
    [
        ("scenario='rate-limit'", "*scenario: unknown scenario 'rate-limit'; did you mean 'rate-limited'?*"),
        ("sesions=3", "*@pytest.mark.session_mock: unknown argument 'sesions'; did you mean 'sessions'?"),
        ("xyz=3", "*@pytest.mark.session_mock: unknown argument 'xyz'; * scenario, profile, now, *"),
        ("3", "*@pytest.mark.session_mock: unexpected positional argument 3; use keyword arguments"),
        ("sessions=-3", "cannot create the tenant of this test: *sessions*"),
        ("profile='emty'", "cannot create the tenant of this test: *did you mean 'empty'?"),
        ("behaviors={'nothing': 'x'}", "cannot create the tenant of this test: *behavior 'nothing'*"),
        ("faults={'kind': 'latncy'}", "cannot create the tenant of this test: *latency*"),
        ("now='whenever'", "cannot create the tenant of this test: *whenever*"),
        (
            "allow='page-asked-twise'",
            "*allow: unknown finding or error 'page-asked-twise'; did you mean 'page-requested-twice'?",
        ),
    ],
)
def test_invalid_marker_is_error_in_one_line(run: Run, marker: str, message: str) -> None:
    result = run(f"@pytest.mark.session_mock({marker})\ndef test_one(session_mock): pass\n")

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([message])
    result.stdout.no_fnmatch_line("*Error: *")
    result.stdout.no_fnmatch_line("*During handling*")


def test_marker_is_registered(run: Run) -> None:
    run(
        "@pytest.mark.session_mock(sessions=1)\ndef test_one(session_mock): pass\n", "--strict-markers"
    ).assert_outcomes(passed=1)

    run("", "--markers").stdout.fnmatch_lines(["@pytest.mark.session_mock(*configure the tenant of a test*"])


@pytest.mark.parametrize(
    "marker", ["profile='flowing'", "sessions_per_day=300", "sessions_per_day=300, start='2026-01-01'"]
)
def test_clock_of_flowing_world_is_frozen(run: Run, marker: str) -> None:
    """It is frozen when the world has sessions, unless the marker sets a time."""
    result = run(f"""
@pytest.mark.session_mock({marker})
def test_one(session_mock):
    assert session_mock.clock.now == session_mock.clock.now
    assert session_mock.world.counts[0] > 1000

@pytest.mark.session_mock(profile="flowing", sessions=40)
def test_exact(session_mock):
    assert session_mock.world.counts[0] == 40
""")

    result.assert_outcomes(passed=2)


def test_datetimes_are_accepted_as_instants(run: Run) -> None:
    result = run("""
from datetime import UTC, datetime

START, NOW, END = (datetime(2026, 1, day, tzinfo=UTC) for day in (1, 5, 20))

@pytest.mark.session_mock(start=START, end=END, now=NOW)
def test_one(session_mock):
    assert session_mock.clock.now == NOW
    assert session_mock.world.spec["start"] == "2026-01-01T00:00:00Z"
""")

    result.assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("strict='no'", "strict: invalid value 'no'; use True, False or 'warnings'"),
        ("behaviors='a=b'", "behaviors: invalid value 'a=b'; use a dict of behaviors by name"),
    ],
)
def test_argument_of_wrong_type_is_error(run: Run, argument: str, message: str) -> None:
    result = run(f"@pytest.mark.session_mock({argument})\ndef test_one(session_mock): pass\n")

    result.stdout.fnmatch_lines([f"*{message}*"])
