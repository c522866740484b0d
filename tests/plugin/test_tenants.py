"""Every test has a tenant of its own, and a world that follows from the base seed and the test's id alone."""

from collections.abc import Callable

import pytest

from mockserver import SessionMock
from tests.plugin.conftest import Run

Properties = Callable[[], dict[str, dict[str, str]]]
THREE = """
@pytest.mark.parametrize("page", [1, 2])
def test_page(session_mock, page):
    assert ask(session_mock, **{PAGE: page}).status_code == 200

def test_list(session_mock):
    assert ask(session_mock).status_code == 200
"""


def test_each_test_has_a_fresh_tenant(run: Run) -> None:
    """Named after the test, with a clock that stands, and nothing of what others did."""
    told = run("""
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

    told.assert_outcomes(passed=4)


@pytest.mark.parametrize(
    "arguments",
    [("-n", "2"), ("-k", "test_page"), ("test_it.py::test_list", "test_it.py::test_page")],
    ids=str,
)
def test_world_follows_from_seed_and_id(run: Run, properties: Properties, arguments: tuple[str, ...]) -> None:
    """Neither workers nor a selection nor another order changes a test's seed, nor what its clients were told."""
    run(THREE).assert_outcomes(passed=3)
    alone = properties()
    run(THREE, *arguments)
    found = properties()

    assert found
    assert {name: alone[name] for name in found} == found
    assert (
        len({each["seed"] for each in alone.values()})
        == len({each["digest"] for each in alone.values()})
        == 3
    )
    assert {each["profile"] for each in alone.values()} == {"default"}


def test_another_base_seed_is_another_world(run: Run, properties: Properties) -> None:
    """Every test's seed changes with it; a seed of a marker stays."""
    fixed = THREE + "\n@pytest.mark.session_mock(seed=5)\ndef test_fixed(session_mock): pass\n"
    run(fixed)
    first = properties()
    run(fixed, "--session-mock-seed=8")
    second = properties()
    differing = {name for name in first if first[name]["seed"] != second[name]["seed"]}

    assert differing == {"test_page[1]", "test_page[2]", "test_list"}
    assert second["test_fixed"]["seed"] == "5"


def test_long_and_odd_ids_are_names(run: Run) -> None:
    """A parameter of any length in any script makes no test fail."""
    told = run("""
@pytest.mark.parametrize("text", ["x" * 500, "a/b?c#d%20", "ü" * 300, "new\\nline", ".."])
def test_one(session_mock, text):
    assert ask(session_mock).status_code == 200
""")

    told.assert_outcomes(passed=5)


def test_test_may_drop_and_steer_its_tenant(run: Run) -> None:
    """What a test does to its own tenant is its own affair: deleting it early is no error."""
    told = run("""
def test_dropped(session_mock):
    session_mock.delete()

def test_dropped_and_failed(session_mock):
    session_mock.delete()
    assert ask is None

def test_other_world(session_mock):
    session_mock.replace_world(sessions=1)
    assert session_mock.world.counts[0] == 1
""")

    told.assert_outcomes(passed=2, failed=1)
    told.stdout.fnmatch_lines(
        ["*the test deleted its tenant itself*", "the same world: session-mock serve *"]
    )


def test_fixture_may_be_replaced(run: Run) -> None:
    """A project that starts its own server in place of ours gets tenants of that."""
    with SessionMock() as mock:
        told = run(f"""
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
    told.assert_outcomes(passed=1)
