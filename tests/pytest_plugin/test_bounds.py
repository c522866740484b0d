"""A client that hangs or loops fails its test instead of the run, and Ctrl-C ends with the report of the test."""

import pytest

from tests.pytest_plugin.conftest import INI, Run

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
NO_TIMEOUT = "no-timeout: *0.2 s of real time*stall_timeout*"
LOOP = """
@pytest.mark.session_mock(loop_limit=20, sessions=10)
def test_loop(session_mock):
    page = LIST.pagination.first
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
def test_stalled_client_fails_its_test(
    run: Run, project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, way: str, *, raises: bool
) -> None:
    if way == "ini":
        project.makeini(f"{INI}session_mock_stall_timeout = 0.2\n")
    if way == "variable":
        monkeypatch.setenv("SESSION_MOCK_STALL_TIMEOUT", "0.2")
    tests = HANG.format(raises=raises, marker=", stall_timeout=0.2" if way == "marker" else "")
    result = run(tests, *(["--session-mock-stall-timeout=0.2"] if way == "option" else []))

    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines([NO_TIMEOUT])


@pytest.mark.parametrize(
    ("strict", "allow", "passed"), [(False, "", 1), (True, ", 'no-timeout'", 2)], ids=str
)
def test_stalled_client_fails_unless_allowed(run: Run, *, strict: bool, allow: str, passed: int) -> None:
    """A test that is not strict fails as well: without the timeout it would have hung."""
    tests = HANG.format(raises=False, marker=f", stall_timeout=0.2, strict={strict}").replace(
        "'unused-fault'", f"'unused-fault'{allow}"
    )
    result = run(tests.replace('["unused-fault"]', f"['unused-fault'{allow}]"))

    result.assert_outcomes(passed=passed, failed=2 - passed)


def test_looping_client_fails_its_test(run: Run) -> None:
    """It requests pages behind the end of the list as long as it gets no error."""
    result = run(LOOP)

    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines(["endless-paging: *20 consecutive requests*loop_limit*"])


def test_interrupted_run_shows_report_of_test(run: Run) -> None:
    result = run(INTERRUPTED, subprocess=True)

    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(
        [
            "*session-mock: interrupted in test_it.py::test_hang*",
            "1 request:",
            "*1  GET *, fault #1 (stall)",
            "reproduce with: *",
        ]
    )


@pytest.mark.parametrize(
    "setting",
    ["--session-mock-stall-timeout=-1", "--session-mock-stall-timeout=x", "--session-mock-loop-limit=1.5"],
)
def test_invalid_bound_is_usage_error(run: Run, setting: str) -> None:
    result = run(LOOP, setting)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*{setting.partition('=')[0]}: '{setting.partition('=')[2]}' *0 for no *"])
