"""What a marker says is merged from the module to the function, and a word that it does not know is an error."""

import pytest

from tests.plugin.conftest import Run

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


def test_markers_are_merged(run: Run) -> None:
    """The closest wins; behaviors, faults and what is allowed add up; one fault or one name needs no list."""
    run(MERGED).assert_outcomes(passed=3)


@pytest.mark.parametrize(
    ("marker", "says"),
    [
        ("sesions=3", "*@pytest.mark.session_mock has no argument 'sesions'; did you mean 'sessions'?"),
        ("xyz=3", "*@pytest.mark.session_mock has no argument 'xyz'; known are profile, now, *"),
        ("3", "*@pytest.mark.session_mock takes no positional arguments, such as 3; name them"),
        ("sessions=-3", "no tenant for this test: *sessions*"),
        ("profile='emty'", "no tenant for this test: *did you mean 'empty'?"),
        ("behaviors={'nothing': 'x'}", "no tenant for this test: *there is no behavior 'nothing'*"),
        ("faults={'kind': 'latncy'}", "no tenant for this test: *latency*"),
        ("now='whenever'", "no tenant for this test: *whenever*"),
        (
            "allow='page-asked-twise'",
            "*there is nothing called 'page-asked-twise' to allow; did you mean 'page-requested-twice'?",
        ),
    ],
)
def test_marker_that_cannot_be_is_told(run: Run, marker: str, says: str) -> None:
    """The test does not begin, and the error is one line that says what would be right."""
    told = run(f"@pytest.mark.session_mock({marker})\ndef test_one(session_mock): pass\n")

    told.assert_outcomes(errors=1)
    told.stdout.fnmatch_lines([says])
    told.stdout.no_fnmatch_line("*Error: *")
    told.stdout.no_fnmatch_line("*During handling*")


def test_marker_is_known_to_strict_markers(run: Run) -> None:
    """It is registered, and ``--markers`` explains it."""
    run(
        "@pytest.mark.session_mock(sessions=1)\ndef test_one(session_mock): pass\n", "--strict-markers"
    ).assert_outcomes(passed=1)

    run("", "--markers").stdout.fnmatch_lines(["@pytest.mark.session_mock(*world of a test*"])


@pytest.mark.parametrize(
    "marker", ["profile='flowing'", "sessions_per_day=300", "sessions_per_day=300, start='2026-01-01'"]
)
def test_clock_stands_in_a_world_without_end(run: Run, marker: str) -> None:
    """It stands where there is something to be seen, unless the marker says otherwise."""
    told = run(f"""
@pytest.mark.session_mock({marker})
def test_one(session_mock):
    assert session_mock.clock.now == session_mock.clock.now
    assert session_mock.world.counts[0] > 1000

@pytest.mark.session_mock(profile="flowing", sessions=40)
def test_exact(session_mock):
    assert session_mock.world.counts[0] == 40
""")

    told.assert_outcomes(passed=2)


def test_instants_may_be_datetimes(run: Run) -> None:
    """In the marker as everywhere."""
    told = run("""
from datetime import UTC, datetime

START, NOW, END = (datetime(2026, 1, day, tzinfo=UTC) for day in (1, 5, 20))

@pytest.mark.session_mock(start=START, end=END, now=NOW)
def test_one(session_mock):
    assert session_mock.clock.now == NOW
    assert session_mock.world.spec["start"] == "2026-01-01T00:00:00Z"
""")

    told.assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("argument", "says"),
    [
        ("strict='no'", "strict is True or False"),
        ("behaviors='a=b'", "behaviors is a dict of settings by name"),
    ],
)
def test_argument_of_another_type_is_refused(run: Run, argument: str, says: str) -> None:
    """In words, and before anything is created."""
    told = run(f"@pytest.mark.session_mock({argument})\ndef test_one(session_mock): pass\n")

    told.stdout.fnmatch_lines([f"*{says}*"])
