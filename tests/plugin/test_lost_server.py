"""A server, a tenant or a journal that is lost fails the test that needs it, in a sentence; the other tests go on."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.plugin.conftest import Run

STRIKE: Final = """
import json, os, signal, socket, subprocess, sys
from mockserver import SessionMock
from mockserver.client import AdminClient

def kill(mock):
    os.kill(int(os.environ["SERVER_PID"]), signal.SIGKILL)
    while is_served():
        pass

def is_served():
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", int(os.environ["SERVER_PORT"]))) == 0

def restart(mock):
    kill(mock)
    command = [sys.executable, "-m", "mockserver", "serve", "--json", "--port", os.environ["SERVER_PORT"]]
    again = subprocess.Popen(command, stdout=subprocess.PIPE)
    json.loads(again.stdout.readline())
    again.stdout.close()
    with open(os.environ["PIDS"], "a") as pids:
        pids.write(f"{again.pid}\\n")
    again.returncode = 0  # Another process stops it.

def delete(mock):
    with AdminClient(f"http://127.0.0.1:{os.environ['SERVER_PORT']}") as admin:
        for tenant in admin.tenants():
            if tenant.id != "default":
                admin.delete_tenant(tenant.id)
"""
TESTS: Final = """
from trigger import *

def test_first(session_mock):
    assert ask(session_mock).status_code == 200

def test_struck(session_mock):
    {trigger}(session_mock)
    {then}

def test_plain(): pass
"""
SENTENCE: Final = {
    "kill": "no session-mock answers at http://127.0.0.1:*; is `session-mock serve` running there?*",
    "restart": "*there is no tenant 'test_it.py::test_struck'*was the server restarted, or the tenant deleted elsewhere?*",
    "delete": "*there is no tenant 'test_it.py::test_struck'*was the server restarted, or the tenant deleted elsewhere?*",
}
FILL: Final = """
import os

@pytest.fixture
def leak():
    held = []
    yield lambda: held.extend(_all_descriptors())
    for each in held:
        os.close(each)

def _all_descriptors():
    import resource
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, limits[1]))
    try:
        while True:
            yield os.dup(1)
    except OSError:
        return

@pytest.fixture(autouse=True)
def _limits():
    import resource
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, limits)

def test_leaky(session_mock, leak):
    leak()
    {then}

def test_plain(session_mock): pass
"""


@pytest.fixture(name="server")
def _server(project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """The URL of a server in a process of its own, which ``trigger.py`` can kill."""
    pids = tmp_path / "pids"
    project.makepyfile(trigger=STRIKE)
    command = [sys.executable, "-m", "mockserver", "serve", "--port", "0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url: str = json.loads(process.stdout.readline())["url"]
        monkeypatch.setenv("SERVER_PID", str(process.pid))
        monkeypatch.setenv("SERVER_PORT", url.rpartition(":")[2])
        monkeypatch.setenv("PIDS", str(pids))
        yield url
        process.kill()
        for pid in pids.read_text("utf-8").split() if pids.exists() else ():
            os.kill(int(pid), 9)


def check(told: pytest.RunResult, *sentences: str, **outcomes: int) -> None:
    """Assert the outcomes, that pytest itself did not fail, that no traceback of ours is shown, and the sentences."""
    text = told.stdout.str() + told.stderr.str()

    assert "INTERNALERROR" not in text
    assert "mockserver/testing" not in text
    assert "mockserver/client" not in text
    told.assert_outcomes(**outcomes)
    told.stdout.fnmatch_lines([f"*{sentence}" for sentence in sentences])


@pytest.mark.parametrize(
    ("trigger", "then", "workers"),
    [
        *[(trigger, then, []) for trigger in SENTENCE for then in ("pass", "assert ask is None")],
        *[(trigger, "pytest.skip('for a reason')", []) for trigger in SENTENCE],
        *[(trigger, "ask(session_mock).json()['rows']", []) for trigger in SENTENCE],
        ("kill", "pass", ["-n", "1"]),
        ("delete", "assert ask is None", ["-n", "1"]),
    ],
    ids=str,
)
def test_loss_during_a_test_fails_that_test_alone(
    run: Run, server: str, trigger: str, then: str, workers: list[str]
) -> None:
    """Whatever the test does then: a client that fails, a test that fails, is skipped or would have passed."""
    told = run(TESTS.format(trigger=trigger, then=then), f"--session-mock-url={server}", *workers)

    if "skip" in then:
        check(told, passed=2, skipped=1)
    else:
        check(told, SENTENCE[trigger], passed=2, failed=1)


@pytest.mark.parametrize("workers", [[], ["-n", "1"]], ids=["here", "xdist"])
def test_loss_between_tests_fails_later_tests_in_a_sentence(
    run: Run, server: str, workers: list[str]
) -> None:
    """Tests that need no server pass."""
    told = run(
        """
from trigger import *

def test_first(session_mock): pass
def test_kill(): kill(None)
def test_second(session_mock): pass
def test_plain(): pass
""",
        f"--session-mock-url={server}",
        *workers,
    )

    check(told, f"no tenant for this test: {SENTENCE['kill']}", passed=3, errors=1)


def test_loss_before_the_first_test_fails_tests_in_a_sentence(run: Run, server: str) -> None:
    """The server answered when the tests were collected."""
    told = run(
        """
from trigger import *

def test_kill(): kill(None)
def test_first(session_mock): pass
def test_second(session_mock): pass
def test_plain(): pass
""",
        f"--session-mock-url={server}",
    )

    check(told, SENTENCE["kill"], passed=2, errors=2)


@pytest.mark.parametrize("then", ["pass", "assert ask is None"])
@pytest.mark.parametrize("trigger", SENTENCE)
def test_loss_during_teardown_is_told_in_a_sentence(run: Run, server: str, trigger: str, then: str) -> None:
    """A test that has failed already is told nothing more."""
    told = run(
        f"""
from trigger import *

@pytest.fixture
def lost(session_mock):
    yield
    {trigger}(session_mock)

def test_struck(session_mock, lost):
    {then}

def test_plain(): pass
""",
        f"--session-mock-url={server}",
    )

    if then == "pass":
        check(told, SENTENCE[trigger], passed=2, errors=1)
    else:
        check(told, passed=1, failed=1)


def test_server_stopped_by_a_test_fails_tests_in_a_sentence(run: Run) -> None:
    """The server of the run itself is no exception."""
    told = run("""
def test_first(session_mock): pass
def test_struck(session_mock, session_mock_server): session_mock_server.stop()
def test_second(session_mock): pass
def test_plain(): pass
""")

    check(told, "*no tenant for this test: the server is not running*", passed=2, failed=1, errors=1)


@pytest.mark.parametrize("away", [False, True], ids=["here", "there"])
@pytest.mark.parametrize("then", ["pass", "assert ask is None", "ask(session_mock)"])
def test_leaked_descriptors_fail_that_test_alone(run: Run, server: str, then: str, *, away: bool) -> None:
    """In a process of its own, whose limit is low."""
    told = run(FILL.format(then=then), *([f"--session-mock-url={server}"] if away else []), subprocess=True)
    fine = then == "pass" and not away  # A server in the process needs no descriptor to be asked.

    check(told, *([] if fine else ["Too many open files*"]), passed=1 + fine, failed=1 - fine)


JOURNAL: Final = """
@pytest.mark.parametrize("number", range(2))
def test_one(session_mock, number):
    assert ask(session_mock).status_code == 200

def test_server(session_mock_server):
    assert len(session_mock_server.admin.tenants()) == 1
"""


@pytest.mark.parametrize("workers", [[], ["-n", "1"]], ids=["here", "xdist"])
def test_journal_on_a_full_disk_is_told_in_a_sentence(
    run: Run, project: pytest.Pytester, workers: list[str]
) -> None:
    """The tenant is deleted all the same."""
    run(JOURNAL, "--session-mock-journal=journal").assert_outcomes(passed=3)
    [path, _] = (project.path / "journal").iterdir()
    path.unlink()
    path.symlink_to("/dev/full")
    told = run(JOURNAL, "--session-mock-journal=journal", *workers)

    says = "session-mock cannot write the journal of this test to *: No space left on device; --session-mock-journal *"
    check(told, says, passed=3, errors=1)


def test_journal_whose_directory_is_removed_is_written(run: Run, project: pytest.Pytester) -> None:
    """The directory is made again."""
    told = run(
        "def test_gone(): __import__('os').rmdir('journal')\n" + JOURNAL, "--session-mock-journal=journal"
    )

    check(told, passed=4)
    assert len(list((project.path / "journal").iterdir())) == 2


def test_journal_that_cannot_be_written_spares_the_report_of_a_failure(run: Run) -> None:
    """Both are reported."""
    told = run(
        """
import pathlib

def test_one(session_mock):
    pathlib.Path("journal").rmdir()
    pathlib.Path("journal").write_text("")
    assert ask is None

def test_plain(): pass
""",
        "--session-mock-journal=journal",
    )

    check(
        told,
        "session-mock cannot write the journal of this test*",
        "the same world: session-mock serve *",
        passed=1,
        failed=1,
        errors=1,
    )


@pytest.mark.parametrize("workers", [[], ["-n", "1"]], ids=["here", "xdist"])
def test_report_that_cannot_be_made_is_a_plain_sentence(run: Run, workers: list[str]) -> None:
    """Whatever it is that fails in a report; with text that is no UTF-8 besides."""
    told = run(
        """
def broken(*arguments, **others):
    raise OSError("broken \\udcff")

@pytest.mark.parametrize("fails", [True, False])
def test_one(session_mock, fails, monkeypatch):
    for name in ("label", "same_world"):
        monkeypatch.setattr(type(session_mock), name, broken)
    assert not fails

def test_plain(): pass
""",
        *workers,
    )

    check(told, "*report*broken ?udcff*", passed=1, failed=2)
