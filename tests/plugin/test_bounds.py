"""A client that hangs or loops fails its test instead of the run, and Ctrl-C ends with the report of the test."""

import pytest

from tests.plugin.conftest import INI, Run

HANG = """
@pytest.mark.session_mock(faults=[{{"kind": "stall"}}], allow=["unused-fault"]{marker})
def test_hang(session_mock):
    try:
        requests.get(url(session_mock), headers=session_mock.vendor(VENDOR).headers)  # noqa: S113
    except requests.ConnectionError:
        if {raises}: raise

def test_plain(session_mock):
    assert ask(session_mock).status_code == 200
"""
SAYS = "stalled: The answer stalled for over 0.2 s of real time (fault 1:stall), and the mock reset the connection: *raise stall_timeout."
LOOP = """
@pytest.mark.session_mock(loop_limit=20, sessions=10)
def test_loop(session_mock):
    page = LIST.paging.first
    while ask(session_mock, **{PAGE: page}).ok:
        page += 1

def test_plain(session_mock):
    assert ask(session_mock).status_code == 200
"""
INTERRUPTED = """
import os, signal, threading

@pytest.mark.session_mock(faults=[{"kind": "stall"}])
def test_hang(session_mock):
    def interrupt():
        while not len(session_mock.journal):
            pass
        os.kill(os.getpid(), signal.SIGINT)
    threading.Thread(target=interrupt).start()
    requests.get(url(session_mock), headers=session_mock.vendor(VENDOR).headers)
"""


@pytest.mark.parametrize("raises", [True, False])
@pytest.mark.parametrize("way", ["marker", "option", "ini", "variable"])
def test_stalled_client_fails_its_test_in_a_sentence(
    run: Run, project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, way: str, *, raises: bool
) -> None:
    """Whether the client raises or not, and wherever the bound is set."""
    if way == "ini":
        project.makeini(f"{INI}session_mock_stall_timeout = 0.2\n")
    if way == "variable":
        monkeypatch.setenv("SESSION_MOCK_STALL_TIMEOUT", "0.2")
    tests = HANG.format(raises=raises, marker=", stall_timeout=0.2" if way == "marker" else "")
    told = run(tests, *(["--session-mock-stall-timeout=0.2"] if way == "option" else []))

    told.assert_outcomes(failed=1, passed=1)
    told.stdout.fnmatch_lines([SAYS])


@pytest.mark.parametrize(("strict", "allow", "passed"), [(False, "", 1), (True, ", 'stalled'", 2)], ids=str)
def test_stalled_client_fails_unless_that_is_allowed(
    run: Run, *, strict: bool, allow: str, passed: int
) -> None:
    """A test that is not strict fails all the same: without the bound it would have hung."""
    tests = HANG.format(raises=False, marker=f", stall_timeout=0.2, strict={strict}").replace(
        "'unused-fault'", f"'unused-fault'{allow}"
    )
    told = run(tests.replace('["unused-fault"]', f"['unused-fault'{allow}]"))

    told.assert_outcomes(passed=passed, failed=2 - passed)


def test_looping_client_fails_its_test_in_a_sentence(run: Run) -> None:
    """It pages on behind the end of the list, whatever it is answered, as long as that is no error."""
    told = run(LOOP)

    told.assert_outcomes(failed=1, passed=1)
    told.stdout.fnmatch_lines(
        [
            "endless-loop: The client sent 20 requests to * in a row that brought no new row, *, or raise loop_limit."
        ]
    )


def test_interrupted_run_ends_with_the_report_of_the_test(run: Run) -> None:
    """The client hangs in an answer that stalls."""
    told = run(INTERRUPTED, subprocess=True)

    assert told.ret == pytest.ExitCode.INTERRUPTED
    told.stdout.fnmatch_lines(
        [
            "*session-mock: interrupted in test_it.py::test_hang*",
            "the last 1 of 1 exchanges:",
            "*1  GET *, triggered by 1:stall",
            "the same world: *",
        ]
    )


@pytest.mark.parametrize(
    "setting",
    ["--session-mock-stall-timeout=-1", "--session-mock-stall-timeout=x", "--session-mock-loop-limit=1.5"],
)
def test_bound_that_is_no_number_is_a_usage_error(run: Run, setting: str) -> None:
    """The message names the option and what is right."""
    told = run(LOOP, setting)

    assert told.ret == pytest.ExitCode.USAGE_ERROR
    told.stderr.fnmatch_lines(
        [
            f"*{setting.partition('=')[0]}: '{setting.partition('=')[2]}' is not a number of *; use a * 0 for no *"
        ]
    )
