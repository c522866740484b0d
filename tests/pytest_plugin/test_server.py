"""Start of a server, use of a running one, and late requests."""

import pytest

from mockserver import SessionMock
from tests.pytest_plugin.conftest import Run

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


def test_url_setting_uses_running_server(run: Run) -> None:
    with SessionMock() as mock:
        result = run(
            ONE + "\ndef test_own(session_mock_server): assert not session_mock_server.owns_server\n",
            "-s",
            f"--session-mock-url={mock.url}",
        )
        address, left = mock.url, [tenant.id for tenant in mock.admin.tenants()]

    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(
        [f"session-mock: base seed 7, server {address}", f"*AT {address} test_it.py::test_one*"]
    )
    assert left == ["default"]


def test_unmatched_request_fails_only_test_of_its_credential(run: Run) -> None:
    """On a server that other clients use, requests without the credential of a test may be theirs."""
    tests = """
@pytest.fixture
def other(session_mock_server):
    with session_mock_server.create_tenant() as tenant: yield tenant

def test_own(session_mock):
    requests.get(url(session_mock) + "/no/such", headers=session_mock.vendor(VENDOR).headers)

def test_foreign(session_mock, other):
    requests.get(url(session_mock) + "/no/such", headers=other.vendor(VENDOR).headers)
    requests.get(url(session_mock) + "/no/such")
"""
    with SessionMock() as mock:
        result = run(tests, f"--session-mock-url={mock.url}")

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["FAILED test_it.py::test_own - Failed: unknown_path*"])


def test_missing_admin_token_is_usage_error(run: Run) -> None:
    with SessionMock(admin_token="open") as mock:
        run(ONE, f"--session-mock-url={mock.url}", "--session-mock-admin-token=open").assert_outcomes(
            passed=2
        )
        mock_url, result = mock.url, run(ONE, f"--session-mock-url={mock.url}")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        [f"ERROR: --session-mock-url: the server at {mock_url} requires its admin token; set * or *_TOKEN"]
    )


def test_port_in_use_is_usage_error(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with SessionMock() as mock:
        port = mock.url.rpartition(":")[2]
        monkeypatch.setenv("SESSION_MOCK_PORT", port)
        result = run(ONE)
        late = run("def test_one(request): request.getfixturevalue('session_mock')\n")
        run(ONE, "-n", "2").assert_outcomes(passed=2)
        run(ONE, f"--session-mock-url={mock.url}").assert_outcomes(passed=2)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    late.stdout.fnmatch_lines(
        [f"session-mock cannot listen on port {port}: *; use another port, or 0 for a free one"]
    )
    result.stderr.fnmatch_lines(
        [f"ERROR: SESSION_MOCK_PORT: cannot listen on port {port}: *; use another port, or 0 for a free one"]
    )
    assert "Traceback" not in result.stdout.str() + result.stderr.str()


@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=str)
def test_unreachable_server_is_usage_error(
    run: Run, monkeypatch: pytest.MonkeyPatch, workers: list[str]
) -> None:
    monkeypatch.setenv("SESSION_MOCK_URL", NOWHERE)
    result = run(ONE, *workers)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        [f"ERROR: SESSION_MOCK_URL: no response from {NOWHERE} (*); is `session-mock serve` running there?"]
    )
    assert "Traceback" not in result.stdout.str() + result.stderr.str()


def test_tests_without_fixture_run_without_server(run: Run) -> None:
    """Tests without the fixture run, and all tests can be listed."""
    run("def test_none(): pass\n", f"--session-mock-url={NOWHERE}").assert_outcomes(passed=1)

    assert run(ONE, f"--session-mock-url={NOWHERE}", "--collect-only").ret == pytest.ExitCode.OK


def test_runs_on_shared_server_use_different_tenants(run: Run) -> None:
    with SessionMock() as mock, mock.create_tenant("test_it.py::test_one[0]"):
        result = run(ONE, "-s", "-n", "2", f"--session-mock-url={mock.url}")
        again = run(ONE, "-s", f"--session-mock-url={mock.url}")

    result.assert_outcomes(passed=2)
    again.stdout.fnmatch_lines(["*test_one[[]0] (attempt 2)"])


def test_credential_of_other_tenant_is_error(run: Run) -> None:
    with SessionMock() as mock:
        vendor = mock.vendors[0]
        [(name, value), *_] = mock.vendor(vendor).credentials.items()
        result = run(
            f"@pytest.mark.session_mock(credentials={{'{vendor}.{name}': {value!r}}})\n{ONE.strip()}\n",
            f"--session-mock-url={mock.url}",
        )

    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(["cannot create the tenant of this test: *credential*tenant 'default'*"])


@pytest.mark.parametrize("workers", [[], ["-n", "2", "--dist=loadfile"]], ids=str)
def test_late_request_is_shown_in_summary(run: Run, workers: list[str]) -> None:
    result = run(LATE, *workers)

    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(
        ["*session-mock: late requests*", "2 requests arrived after the end of test_it.py::test_hasty; *"]
    )


def test_summary_without_late_requests_has_no_section(run: Run) -> None:
    run(ONE).stdout.no_fnmatch_line("*late requests*")


def test_unused_plugin_imports_nothing_heavy(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
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
    result = project.runpytest_subprocess("-p", "mockserver.pytest_plugin", "-p", "no:cacheprovider")

    result.assert_outcomes(passed=1)


def test_run_leaves_nothing_open(run: Run) -> None:
    result = run(ONE, "-W", "error", subprocess=True)

    result.assert_outcomes(passed=2)
    result.stdout.no_fnmatch_line("*Warning*")
    result.stderr.no_fnmatch_line("*Warning*")


def test_modules_of_the_package_are_imported_without_rewriting(run: Run, project: pytest.Pytester) -> None:
    project.makeconftest("import mockserver.embedded")
    tests = f"""
import sys
{ONE}
def test_loaders(session_mock):
    names = [name for name in sys.modules if name.startswith(("mockserver.server.", "mockserver.world."))]
    assert len(names) > 100
    assert {{type(sys.modules[name].__spec__.loader).__name__ for name in names}} == {{"SourceFileLoader"}}
    assert type(sys.modules[__name__].__spec__.loader).__name__ == "AssertionRewritingHook"
"""
    result = run(tests, subprocess=True)

    result.assert_outcomes(passed=3)
