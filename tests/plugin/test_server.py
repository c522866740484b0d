"""A server is started when a test needs one, or one that runs already is used; whoever comes late is told of."""

import pytest

from mockserver import SessionMock
from tests.plugin.conftest import Run

ONE = """
@pytest.mark.parametrize("number", range(2))
def test_one(session_mock, number):
    assert ask(session_mock).status_code == 200
    print("AT", session_mock.url, session_mock.id)
"""
NOWHERE = "http://127.0.0.1:1"
LATE = """
kept = []

def test_hasty(session_mock):
    kept.append((url(session_mock), dict(session_mock.vendor(VENDOR).headers)))

def test_next(session_mock):
    for address, headers in kept:
        requests.get(address, headers=headers)

def test_later(session_mock_server):
    for address, headers in kept:
        requests.get(address, headers=headers)
"""


def test_running_server_is_used(run: Run) -> None:
    """With a URL none is started, the header says so, and no tenant is left behind."""
    with SessionMock() as mock:
        told = run(
            ONE + "\ndef test_own(session_mock_server): assert not session_mock_server.own\n",
            "-s",
            f"--session-mock-url={mock.url}",
        )
        address, left = mock.url, [tenant.id for tenant in mock.admin.tenants()]

    told.assert_outcomes(passed=3)
    told.stdout.fnmatch_lines(
        [f"session-mock: base seed 7, server {address}", f"*AT {address} test_it.py::test_one*"]
    )
    assert left == ["default"]


def test_running_server_may_ask_for_a_token(run: Run) -> None:
    """It is sent; without it the error says what is missing."""
    with SessionMock(admin_token="open") as mock:
        run(ONE, f"--session-mock-url={mock.url}", "--session-mock-admin-token=open").assert_outcomes(
            passed=2
        )
        mock_url, told = mock.url, run(ONE, f"--session-mock-url={mock.url}")

    assert told.ret == pytest.ExitCode.USAGE_ERROR
    told.stderr.fnmatch_lines(
        [
            f"ERROR: --session-mock-url: the server at {mock_url} asks for its admin token; say it as *, or *_TOKEN"
        ]
    )


def test_port_that_is_taken_is_told_in_a_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it stands, and what to do; workers of pytest-xdist have one of their own each, and who uses another server needs none."""
    with SessionMock() as mock:
        port = mock.url.rpartition(":")[2]
        monkeypatch.setenv("SESSION_MOCK_PORT", port)
        told = run(ONE)
        late = run("def test_one(request): request.getfixturevalue('session_mock')\n")
        run(ONE, "-n", "2").assert_outcomes(passed=2)
        run(ONE, f"--session-mock-url={mock.url}").assert_outcomes(passed=2)

    assert told.ret == pytest.ExitCode.USAGE_ERROR
    late.stdout.fnmatch_lines([f"session-mock cannot listen on port {port}: *; choose another, or 0"])
    told.stderr.fnmatch_lines(
        [f"ERROR: SESSION_MOCK_PORT: nobody can listen on port {port}: *; choose another, or 0"]
    )
    assert "Traceback" not in told.stdout.str() + told.stderr.str()


@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=str)
def test_server_that_does_not_run_ends_the_run_in_a_sentence(
    run: Run, monkeypatch: pytest.MonkeyPatch, workers: list[str]
) -> None:
    """It says which setting named it, and nothing is run."""
    monkeypatch.setenv("SESSION_MOCK_URL", NOWHERE)
    told = run(ONE, *workers)

    assert told.ret == pytest.ExitCode.USAGE_ERROR
    told.stderr.fnmatch_lines(
        [
            f"ERROR: SESSION_MOCK_URL: no session-mock answers at {NOWHERE} (*); is `session-mock serve` running there?"
        ]
    )
    assert "Traceback" not in told.stdout.str() + told.stderr.str()


def test_whoever_needs_no_server_does_not_miss_it(run: Run) -> None:
    """Tests without the fixture run, and tests are listed, where no server answers."""
    run("def test_none(): pass\n", f"--session-mock-url={NOWHERE}").assert_outcomes(passed=1)

    assert run(ONE, f"--session-mock-url={NOWHERE}", "--collect-only").ret == pytest.ExitCode.OK


def test_runs_that_share_a_server_do_not_collide(run: Run) -> None:
    """A tenant of that name, left by another run, changes neither the test's world nor what is told of it."""
    with SessionMock() as mock, mock.tenant("test_it.py::test_one[0]"):
        told = run(ONE, "-s", "-n", "2", f"--session-mock-url={mock.url}")
        again = run(ONE, "-s", f"--session-mock-url={mock.url}")

    told.assert_outcomes(passed=2)
    again.stdout.fnmatch_lines(["*test_one[[]0] (attempt 2)"])


def test_credential_of_another_run_is_told(run: Run) -> None:
    """A credential that another tenant has is no reason to try for ever."""
    with SessionMock() as mock:
        vendor = mock.vendors[0]
        [(name, value), *_] = mock.vendor(vendor).credentials.items()
        told = run(
            f"@pytest.mark.session_mock(credentials={{'{vendor}.{name}': {value!r}}})\n{ONE.strip()}\n",
            f"--session-mock-url={mock.url}",
        )

    told.assert_outcomes(errors=2)
    told.stdout.fnmatch_lines(["no tenant for this test: *credential is that of tenant 'default' already*"])


@pytest.mark.parametrize("workers", [[], ["-n", "2", "--dist=loadfile"]], ids=str)
def test_late_request_is_told_with_its_test(run: Run, workers: list[str]) -> None:
    """It fails nobody else's test; the summary says whose client went on."""
    told = run(LATE, *workers)

    told.assert_outcomes(passed=3)
    told.stdout.fnmatch_lines(
        ["*session-mock: late requests*", "2 requests came after the end of test_it.py::test_hasty; *"]
    )


def test_nothing_is_told_where_nobody_is_late(run: Run) -> None:
    """No section without a reason."""
    run(ONE).stdout.no_fnmatch_line("*late requests*")


def test_nothing_is_imported_that_nobody_uses(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that uses no fixture starts nothing, and imports nothing but pytest and the standard library for it."""
    monkeypatch.setenv(
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1"
    )  # Other plugins, such as pytest-randomly, import numpy.
    project.makepyfile("""
import sys

def test_nothing():
    heavy = ("mockserver.embedded", "mockserver.world", "mockserver.server", "mockserver.client", "numpy", "rich", "msgspec")
    assert [name for name in heavy if name in sys.modules] == []
    assert "mockserver.pytest_plugin.settings" in sys.modules
""")
    told = project.runpytest_subprocess("-p", "mockserver.pytest_plugin", "-p", "no:cacheprovider")

    told.assert_outcomes(passed=1)


def test_nothing_is_left_open(run: Run) -> None:
    """With every warning an error, in a process of its own, nothing is told."""
    told = run(ONE, "-W", "error", subprocess=True)

    told.assert_outcomes(passed=2)
    told.stdout.no_fnmatch_line("*Warning*")
    told.stderr.no_fnmatch_line("*Warning*")
