"""The pytest plugin, for pytest 8.0 and later. Every run loads it, so that only pytest and the standard library are imported up here."""

from collections import Counter
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from mockserver.pytest_plugin import settings

if TYPE_CHECKING:
    from mockserver.embedded import SessionMock
    from mockserver.pytest_plugin.checked_tenant import CheckedTenant
    from mockserver.pytest_plugin.fixtures import Run, TenantUnderTest

_SETTINGS: pytest.StashKey[dict[str, Any]] = pytest.StashKey()
_RUN: "pytest.StashKey[Run]" = pytest.StashKey()
_WATCHED: "pytest.StashKey[TenantUnderTest]" = pytest.StashKey()
_INTERRUPTED: pytest.StashKey[tuple[str, str]] = pytest.StashKey()
_LATE: pytest.StashKey[Counter[str]] = pytest.StashKey()
_WORKER_SEED, _WORKER_LATE = "session_mock_seed", "session_mock_late"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the settings to the command line and to ini files."""
    settings.add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Read the settings, and register the marker."""
    config.addinivalue_line(
        "markers",
        "session_mock(profile, sessions, seed, now, dialect, behaviors, faults, strict, allow, …): the world of a test.",
    )
    config.stash[_SETTINGS] = settings.read(config)
    config.stash[_LATE] = Counter()
    worker: dict[str, Any] = getattr(config, "workerinput", {})
    config.stash[_SETTINGS]["seed"] = worker.get(_WORKER_SEED, config.stash[_SETTINGS]["seed"])


def pytest_report_header(config: pytest.Config) -> str:
    """Tell the seed from which all worlds follow, and the server where it is not the run's own."""
    asked = config.stash[_SETTINGS]
    return f"session-mock: base seed {asked['seed']}" + (f", server {asked['url']}" if asked["url"] else "")


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """End a run of pytest-xdist whose settings cannot be; what its workers will need is not known here."""
    if session.config.pluginmanager.hasplugin("dsession"):
        _check(session.config)


def pytest_collection_finish(session: pytest.Session) -> None:
    """End a run whose settings cannot be before its first test, if any of its tests needs a server."""
    if any("session_mock_server" in getattr(item, "fixturenames", ()) for item in session.items):
        _check(session.config)


def _check(config: pytest.Config) -> None:
    """Raise ``pytest.UsageError`` for a setting that cannot be; workers are told nothing that their controller does not know."""
    if not (config.option.collectonly or hasattr(config, "workerinput")):
        from mockserver.pytest_plugin.preflight import check  # noqa: PLC0415 -- it is felt in every run that uses none of this

        check(config, config.stash[_SETTINGS])


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Give every worker of pytest-xdist the same base seed, a made-up one too."""
    node.workerinput[_WORKER_SEED] = node.config.stash[_SETTINGS]["seed"]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Hear from a worker of pytest-xdist which requests came late."""
    node.config.stash[_LATE].update(getattr(node, "workeroutput", {}).get(_WORKER_LATE, {}))


@pytest.fixture(scope="session")
def session_mock_server(request: pytest.FixtureRequest) -> Iterator["SessionMock"]:
    """A running server; its own tenant is of no test, so that tests share nothing but what they create on it."""
    from mockserver.client import AdminError  # noqa: PLC0415 -- it is felt in every run that uses none of this
    from mockserver.embedded import SessionMock  # noqa: PLC0415 -- the same
    from mockserver.pytest_plugin.fixtures import Run  # noqa: PLC0415 -- the same

    asked = request.config.stash[_SETTINGS]
    port = (
        0 if hasattr(request.config, "workerinput") else asked["port"]
    )  # Workers of pytest-xdist cannot share one.
    mock = SessionMock.connect(asked["url"], asked["admin_token"]) if asked["url"] else SessionMock(port=port)
    try:
        mock.start()
    except OSError as error:
        pytest.fail(
            f"session-mock cannot listen on port {port}: {error.strerror or error}; choose another, or 0",
            pytrace=False,
        )
    except AdminError as error:
        pytest.fail(f"session-mock cannot use the server at {asked['url']}: {error.detail}", pytrace=False)
    try:
        run = request.config.stash[_RUN] = Run(mock, asked)
        yield mock
        run.collect()
        request.config.stash[_LATE].update(run.late)
    finally:
        mock.stop()


@pytest.fixture
def session_mock(
    request: pytest.FixtureRequest, session_mock_server: "SessionMock"
) -> Iterator["CheckedTenant"]:
    """A fresh tenant with a world of its own and a clock that stands; the test fails for what it did not allow."""
    with _run_on(session_mock_server, request.config).watched(request.node) as watched:
        request.node.stash[_WATCHED] = watched
        try:
            yield watched.tenant
            watched.verify()
        finally:
            del request.node.stash[_WATCHED]


def _run_on(server: "SessionMock", config: pytest.Config) -> "Run":
    """The run on a server, which may be that of a fixture somebody put in place of ours."""
    from mockserver.pytest_plugin.fixtures import Run  # noqa: PLC0415 -- it is felt in every run that uses none of this

    run, asked = config.stash.get(_RUN, None), config.stash[_SETTINGS]
    if run is None or run.mock is not server:
        run = config.stash[_RUN] = Run(server, asked)
    return run


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, Any, Any]:
    """Keep the report of the test that Ctrl-C interrupts, which pytest makes no report of."""
    try:
        return (yield)
    except KeyboardInterrupt:
        if _WATCHED in item.stash:
            item.config.stash[_INTERRUPTED] = f"interrupted in {item.nodeid}", item.stash[_WATCHED].section()
        raise


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Fail the test itself for what its client did, rather than its teardown."""
    result = yield
    if _WATCHED in item.stash:
        item.stash[_WATCHED].verify()
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tell what happened in the report of a failure; a test that did not come to its end is blamed for nothing more."""
    report = yield
    if report.when != "teardown" and not report.passed and _WATCHED in item.stash:
        watched = item.stash[_WATCHED]
        watched.ended = True
        if report.failed:
            report.sections.append(("session-mock", _section(watched)))
    return report


def _section(watched: "TenantUnderTest") -> str:
    """Return what the report of a failure tells; a report that cannot be made must not end the run."""
    try:
        return watched.section()
    except Exception as error:  # noqa: BLE001 -- pytest would end the run with INTERNALERROR
        return ascii(
            f"session-mock: the requests of this test cannot be listed; {type(error).__name__}: {error}"
        )[1:-1]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Tell the controller of pytest-xdist which requests came late."""
    if hasattr(session.config, "workeroutput"):
        late: Counter[str] = session.config.stash[_LATE]
        session.config.workeroutput[_WORKER_LATE] = dict(late)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Show the report of an interrupted test, and which tests' clients went on after their test had finished."""
    if _INTERRUPTED in config.stash:
        title, told = config.stash[_INTERRUPTED]
        terminalreporter.section(f"session-mock: {title}")
        terminalreporter.line(told)
    late = config.stash[_LATE]
    if late:
        terminalreporter.section("session-mock: late requests")
    for name, count in sorted(late.items()):
        terminalreporter.line(
            f"{count} request{'s' * (count > 1)} came after the end of {name}; was a client left running?"
        )
