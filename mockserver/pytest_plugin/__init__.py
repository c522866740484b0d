"""The pytest plugin, for pytest 8.0 and later.

Every run of pytest loads it, so this module imports only pytest and the standard library.
"""

from collections import Counter
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from mockserver.pytest_plugin import plain_imports, settings

if TYPE_CHECKING:
    from mockserver.embedded import SessionMock
    from mockserver.pytest_plugin.checked_tenant import CheckedTenant
    from mockserver.pytest_plugin.fixtures import Run, TenantUnderTest

_SETTINGS: pytest.StashKey[dict[str, Any]] = pytest.StashKey()
_RUN: "pytest.StashKey[Run]" = pytest.StashKey()
_TESTED: "pytest.StashKey[TenantUnderTest]" = pytest.StashKey()
_INTERRUPTED: pytest.StashKey[tuple[str, str]] = pytest.StashKey()
_LATE: pytest.StashKey[Counter[str]] = pytest.StashKey()
_WORKER_SEED = "session_mock_seed"
_WORKER_LATE = "session_mock_late"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the settings to the command line and to ini files."""
    settings.add_options(parser)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Let imports of this package be fast, before a conftest imports it."""
    early_config.add_cleanup(plain_imports.install())


def pytest_configure(config: pytest.Config) -> None:
    """Read the settings, and register the marker."""
    config.addinivalue_line(
        "markers",
        "session_mock(profile, sessions, seed, now, dialect, behaviors, faults, strict, allow, cases, …):"
        " configure the tenant of a test.",
    )
    values = settings.read(config)
    worker: dict[str, Any] = getattr(config, "workerinput", {})
    values["seed"] = worker.get(_WORKER_SEED, values["seed"])
    config.stash[_SETTINGS] = values
    config.stash[_LATE] = Counter()


def pytest_report_header(config: pytest.Config) -> str:
    """Show the base seed, and the URL of the server if the run does not start one."""
    values = config.stash[_SETTINGS]
    server = f", server {values['url']}" if values["url"] else ""
    return f"session-mock: base seed {values['seed']}{server}"


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Check the settings of a run of pytest-xdist, whose controller collects no tests."""
    if session.config.pluginmanager.hasplugin("dsession"):
        _check_settings(session.config)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Check the settings before the first test if any test needs a server."""
    if any("session_mock_server" in getattr(item, "fixturenames", ()) for item in session.items):
        _check_settings(session.config)


def _check_settings(config: pytest.Config) -> None:
    """Raise ``pytest.UsageError`` for an invalid setting; a controller checks those of its workers."""
    if not (config.option.collectonly or hasattr(config, "workerinput")):
        from mockserver.pytest_plugin.preflight import check  # noqa: PLC0415 -- slow

        values = config.stash[_SETTINGS]
        check(config, values)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Pass the base seed, which may be random, to a worker of pytest-xdist."""
    node.workerinput[_WORKER_SEED] = node.config.stash[_SETTINGS]["seed"]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Collect the numbers of late requests from a worker of pytest-xdist."""
    node.config.stash[_LATE].update(getattr(node, "workeroutput", {}).get(_WORKER_LATE, {}))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test with the fixture ``session_mock_case`` once for each case that its marker names."""
    if "session_mock_case" in metafunc.fixturenames:
        from mockserver.pytest_plugin.cases import parametrize  # noqa: PLC0415 -- slow

        parametrize(metafunc)


@pytest.fixture(scope="session")
def session_mock_server(request: pytest.FixtureRequest) -> Iterator["SessionMock"]:
    """Start a server, or connect to the configured one. Its default tenant belongs to no test."""
    from mockserver.client import AdminError  # noqa: PLC0415 -- slow
    from mockserver.embedded import SessionMock  # noqa: PLC0415 -- as above
    from mockserver.pytest_plugin.fixtures import Run  # noqa: PLC0415 -- as above

    values = request.config.stash[_SETTINGS]
    is_worker = hasattr(request.config, "workerinput")
    port = 0 if is_worker else values["port"]  # Workers of pytest-xdist cannot share one.
    try:
        if values["url"]:
            mock = SessionMock.connect(values["url"], values["admin_token"])
        else:
            mock = SessionMock(port=port).start()
    except OSError as error:
        reason = error.strerror or error
        pytest.fail(
            f"session-mock cannot listen on port {port}: {reason}; use another port, or 0 for a free one",
            pytrace=False,
        )
    except AdminError as error:
        pytest.fail(f"session-mock cannot use the server at {values['url']}: {error.detail}", pytrace=False)
    try:
        run = request.config.stash[_RUN] = Run(mock, values)
        yield mock
        run.count_late_requests()
        request.config.stash[_LATE].update(run.late)
    finally:
        mock.stop()


@pytest.fixture
def session_mock(
    request: pytest.FixtureRequest, session_mock_server: "SessionMock"
) -> Iterator["CheckedTenant"]:
    """Create a tenant with its own world and a frozen clock, and fail the test for its violations."""
    with _find_run(session_mock_server, request.config).provide_tenant(request.node) as tested:
        request.node.stash[_TESTED] = tested
        try:
            yield tested.tenant
            tested.verify()
        finally:
            del request.node.stash[_TESTED]


def _find_run(server: "SessionMock", config: pytest.Config) -> "Run":
    """Return the run of a server, which may come from a fixture that overrides ours."""
    from mockserver.pytest_plugin.fixtures import Run  # noqa: PLC0415 -- slow

    values = config.stash[_SETTINGS]
    run = config.stash.get(_RUN, None)
    if run is None or run.mock is not server:
        run = config.stash[_RUN] = Run(server, values)
    return run


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, Any, Any]:
    """Keep the description of a test that Ctrl-C interrupts: pytest creates no report for it."""
    try:
        return (yield)
    except KeyboardInterrupt:
        if _TESTED in item.stash:
            title = f"interrupted in {item.nodeid}"
            item.config.stash[_INTERRUPTED] = (title, item.stash[_TESTED].describe())
        raise


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Verify after the call, so that violations fail the test itself and not its teardown."""
    result = yield
    if _TESTED in item.stash:
        item.stash[_TESTED].verify()
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the section of session-mock to a failure report; the test gets no further violations."""
    report = yield
    if report.when != "teardown" and not report.passed and _TESTED in item.stash:
        tested = item.stash[_TESTED]
        tested.ended = True
        if report.failed:
            report.sections.append(("session-mock", _describe(tested)))
    return report


def _describe(tested: "TenantUnderTest") -> str:
    """Return the description of a tenant; an exception here would end the run with INTERNALERROR."""
    try:
        return tested.report()
    except Exception as error:  # noqa: BLE001 -- see above
        text = f"session-mock cannot describe the tenant of this test: {type(error).__name__}: {error}"
        return ascii(text)[1:-1]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Pass the numbers of late requests to the controller of pytest-xdist."""
    if hasattr(session.config, "workeroutput"):
        late: Counter[str] = session.config.stash[_LATE]
        session.config.workeroutput[_WORKER_LATE] = dict(late)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Show the description of an interrupted test, and which tests had late requests."""
    if _INTERRUPTED in config.stash:
        title, text = config.stash[_INTERRUPTED]
        terminalreporter.section(f"session-mock: {title}")
        terminalreporter.line(text)
    late = config.stash[_LATE]
    if late:
        terminalreporter.section("session-mock: late requests")
    for name, count in sorted(late.items()):
        terminalreporter.line(
            f"{count} request{'s' * (count > 1)} arrived after the end of {name}; is a client still running?"
        )
