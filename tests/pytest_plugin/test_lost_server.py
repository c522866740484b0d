"""A lost server, tenant or journal fails only the tests that need it, with a one-sentence message."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.pytest_plugin.conftest import Run

TRIGGER: Final = """
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

def test_lost(session_mock):
    {trigger}(session_mock)
    {then}

def test_plain(): pass
"""
SENTENCE: Final = {
    "kill": "no response from http://127.0.0.1:*; is `session-mock serve` running there?*",
    "restart": "*tenant*'test_it.py::test_lost'*was the server restarted, or the tenant deleted elsewhere?*",
    "delete": "*tenant*'test_it.py::test_lost'*was the server restarted, or the tenant deleted elsewhere?*",
}
ENDS: Final = (
    "pass",
    "assert ask is None",
    "pytest.skip('for a reason')",
    "ask(session_mock).json()['data']",
)
"""How a test ends after it lost the server."""
FILL: Final = """
import os

@pytest.fixture
def leak():
    held = []
    yield lambda: held.extend(_all_descriptors())
    for descriptor in held:
        os.close(descriptor)

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
    """Start a server in another process, which ``trigger.py`` can kill, and return its URL."""
    pids = tmp_path / "pids"
    project.makepyfile(trigger=TRIGGER)
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


def check(result: pytest.RunResult, *sentences: str, **outcomes: int) -> None:
    """Assert the outcomes and messages, and that the output has no internal error and no traceback of session-mock."""
    text = result.stdout.str() + result.stderr.str()

    assert "INTERNALERROR" not in text
    assert "mockserver/pytest_plugin" not in text
    assert "mockserver/client" not in text
    result.assert_outcomes(**outcomes)
    result.stdout.fnmatch_lines([f"*{sentence}" for sentence in sentences])


@pytest.mark.parametrize(
    ("trigger", "then", "workers"),
    [
        *[(trigger, then, []) for trigger in ("kill", "delete") for then in ENDS],
        ("restart", ENDS[0], []),
        ("kill", "pass", ["-n", "1"]),
        ("delete", "assert ask is None", ["-n", "1"]),
    ],
    ids=str,
)
def test_loss_during_test_fails_only_that_test(
    run: Run, server: str, trigger: str, then: str, workers: list[str]
) -> None:
    """A restarted server is to the plugin like one whose tenant was deleted, so it meets one end of a test."""
    result = run(TESTS.format(trigger=trigger, then=then), f"--session-mock-url={server}", *workers)

    if "skip" in then:
        check(result, passed=2, skipped=1)
    else:
        check(result, SENTENCE[trigger], passed=2, failed=1)


@pytest.mark.parametrize("workers", [[], ["-n", "1"]], ids=["here", "xdist"])
def test_loss_between_tests_fails_later_tests(run: Run, server: str, workers: list[str]) -> None:
    result = run(
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

    check(result, f"cannot create the tenant of this test: {SENTENCE['kill']}", passed=3, errors=1)


def test_loss_before_first_test_fails_tests(run: Run, server: str) -> None:
    result = run(
        """
from trigger import *

def test_kill(): kill(None)
def test_first(session_mock): pass
def test_second(session_mock): pass
def test_plain(): pass
""",
        f"--session-mock-url={server}",
    )

    check(result, SENTENCE["kill"], passed=2, errors=2)


@pytest.mark.parametrize(
    ("trigger", "then"), [*((trigger, "pass") for trigger in SENTENCE), ("kill", "assert ask is None")]
)
def test_loss_during_teardown_is_error(run: Run, server: str, trigger: str, then: str) -> None:
    result = run(
        f"""
from trigger import *

@pytest.fixture
def lost(session_mock):
    yield
    {trigger}(session_mock)

def test_lost(session_mock, lost):
    {then}

def test_plain(): pass
""",
        f"--session-mock-url={server}",
    )

    if then == "pass":
        check(result, SENTENCE[trigger], passed=2, errors=1)
    else:
        check(result, passed=1, failed=1)


def test_server_stopped_by_test_fails_later_tests(run: Run) -> None:
    result = run("""
def test_first(session_mock): pass
def test_lost(session_mock, session_mock_server): session_mock_server.stop()
def test_second(session_mock): pass
def test_plain(): pass
""")

    check(
        result,
        "*cannot create the tenant of this test: the server is not running*",
        passed=2,
        failed=1,
        errors=1,
    )


@pytest.mark.parametrize("away", [False, True], ids=["here", "there"])
@pytest.mark.parametrize("then", ["pass", "assert ask is None", "ask(session_mock)"])
def test_leaked_descriptors_fail_only_that_test(
    run: Run, request: pytest.FixtureRequest, then: str, *, away: bool
) -> None:
    """The limit of descriptors is lowered in a process of its own."""
    options = [f"--session-mock-url={request.getfixturevalue('server')}"] if away else []
    result = run(FILL.format(then=then), *options, subprocess=True)
    fine = then == "pass" and not away  # Calls of a server in the same process need no descriptor.

    check(result, *([] if fine else ["Too many open files*"]), passed=1 + fine, failed=1 - fine)


JOURNAL: Final = """
@pytest.mark.parametrize("number", range(2))
def test_one(session_mock, number):
    assert ask(session_mock).status_code == 200

def test_server(session_mock_server):
    assert len(session_mock_server.admin.tenants()) == 1
"""


@pytest.mark.parametrize("workers", [[], ["-n", "1"]], ids=["here", "xdist"])
def test_journal_on_full_disk_is_error(run: Run, project: pytest.Pytester, workers: list[str]) -> None:
    run(JOURNAL, "--session-mock-journal=journal").assert_outcomes(passed=3)
    [path, _] = (project.path / "journal").iterdir()
    path.unlink()
    path.symlink_to("/dev/full")
    result = run(JOURNAL, "--session-mock-journal=journal", *workers)

    message = "session-mock cannot write the journal of this test to *: No space left on device; *--session-mock-journal *"
    check(result, message, passed=3, errors=1)


def test_removed_journal_directory_is_created_again(run: Run, project: pytest.Pytester) -> None:
    result = run(
        "def test_gone(): __import__('os').rmdir('journal')\n" + JOURNAL, "--session-mock-journal=journal"
    )

    check(result, passed=4)
    assert len(list((project.path / "journal").iterdir())) == 2


def test_unwritable_journal_keeps_report_of_failure(run: Run) -> None:
    result = run(
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
        result,
        "session-mock cannot write the journal of this test*",
        "reproduce with: session-mock serve *",
        passed=1,
        failed=1,
        errors=1,
    )


@pytest.mark.parametrize("workers", [[], ["-n", "1"]], ids=["here", "xdist"])
def test_failing_report_is_one_sentence(run: Run, workers: list[str]) -> None:
    result = run(
        """
def broken(*arguments, **others):
    raise OSError("broken \\udcff")

@pytest.mark.parametrize("fails", [True, False])
def test_one(session_mock, fails, monkeypatch):
    for name in ("verify", "reproduce_command"):
        monkeypatch.setattr(type(session_mock), name, broken)
    assert not fails

def test_plain(): pass
""",
        *workers,
    )

    check(result, "*cannot describe*broken ?udcff*", passed=1, failed=2)
