"""The tenants of tests, whose worlds depend only on the base seed and the test's id."""

from collections.abc import Callable

import pytest

from mockserver import SessionMock
from tests.pytest_plugin.conftest import Run

Properties = Callable[[], dict[str, dict[str, str]]]
THREE = """
@pytest.mark.parametrize("page", [1, 2])
def test_page(session_mock, page):
    assert ask(session_mock, **{PAGE: page}).status_code == 200

def test_list(session_mock):
    assert ask(session_mock).status_code == 200
"""


def test_every_test_has_fresh_tenant(run: Run) -> None:
    result = run("""
seen = set()

@pytest.mark.parametrize("number", range(3))
def test_one(session_mock, number, request):
    session_mock.clock.advance(60)
    ask(session_mock)
    seen.add((session_mock.id, session_mock.seed, str(session_mock.vendor(VENDOR).credentials)))
    assert (len(session_mock.journal), len(seen), session_mock.id) == (1, number + 1, request.node.nodeid)
    assert session_mock.clock.now == session_mock.clock.now

def test_server(session_mock_server, session_mock):
    tenants = [tenant.id for tenant in session_mock_server.admin.tenants()]
    assert tenants == ["default", session_mock.id]
""")

    result.assert_outcomes(passed=4)


@pytest.mark.parametrize(
    "arguments",
    [("-n", "2"), ("-k", "test_page"), ("test_it.py::test_list", "test_it.py::test_page")],
    ids=str,
)
def test_world_depends_only_on_seed_and_test_id(
    run: Run, properties: Properties, arguments: tuple[str, ...]
) -> None:
    run(THREE).assert_outcomes(passed=3)
    alone = properties()
    run(THREE, *arguments)
    selected = properties()

    assert selected
    assert {name: alone[name] for name in selected} == selected
    assert (
        len({values["seed"] for values in alone.values()})
        == len({values["digest"] for values in alone.values()})
        == 3
    )
    assert {values["profile"] for values in alone.values()} == {"default"}


def test_other_base_seed_changes_worlds(run: Run, properties: Properties) -> None:
    fixed = THREE + "\n@pytest.mark.session_mock(seed=5)\ndef test_fixed(session_mock): pass\n"
    run(fixed)
    first = properties()
    run(fixed, "--session-mock-seed=8")
    second = properties()
    differing = {name for name in first if first[name]["seed"] != second[name]["seed"]}

    assert differing == {"test_page[1]", "test_page[2]", "test_list"}
    assert second["test_fixed"]["seed"] == "5"


def test_long_and_unusual_test_ids_work(run: Run) -> None:
    result = run("""
@pytest.mark.parametrize("text", ["x" * 500, "a/b?c#d%20", "ü" * 300, "new\\nline", ".."])
def test_one(session_mock, text):
    assert ask(session_mock).status_code == 200
""")

    result.assert_outcomes(passed=5)


def test_tenant_can_be_deleted_and_changed_by_test(run: Run) -> None:
    result = run("""
def test_dropped(session_mock):
    session_mock.delete()

def test_dropped_and_failed(session_mock):
    session_mock.delete()
    assert ask is None

def test_other_world(session_mock):
    session_mock.replace_world(sessions=1)
    assert session_mock.world.counts[0] == 1
""")

    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["*the test deleted its tenant*", "reproduce with: session-mock serve *"])


def test_overridden_server_fixture_is_used(run: Run) -> None:
    with SessionMock() as mock:
        result = run(f"""
from mockserver import SessionMock

@pytest.fixture(scope="session")
def session_mock_server():
    with SessionMock.connect({mock.url!r}) as mock:
        yield mock

def test_one(session_mock):
    assert session_mock.url == {mock.url!r}
    assert ask(session_mock).status_code == 200
""")

        assert [tenant.id for tenant in mock.admin.tenants()] == ["default"]
    result.assert_outcomes(passed=1)
