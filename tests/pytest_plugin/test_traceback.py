"""The traceback of an AdminError ends at the line of the test, without frames of session-mock."""

import pytest

from mockserver import SessionMock
from tests.pytest_plugin.conftest import Run

LINES = (
    "session_mock.clock.freeze('yesterday')",
    "session_mock.faults.add('latncy')",
    "session_mock.replace_world(sesions=3)",
    "session_mock.expected_rows('nobody', 'x')",
    "session_mock.journal.exchanges(vendor='x')",
    "session_mock.behaviors['x'] = 1",
    "session_mock_server.create_tenant(profile='emty')",
    "session_mock_server.admin.tenant('nobody')",
    "session_mock.reconcile([1], vendor=VENDOR, endpoint=LIST.name)",
)
TEST = """
@pytest.mark.asyncio
async def test_{number}(session_mock, session_mock_server):
    {line}
"""


@pytest.mark.parametrize("away", [False, True], ids=["here", "there"])
def test_traceback_of_admin_error_ends_in_test(run: Run, *, away: bool) -> None:
    tests = "".join(TEST.format(number=number, line=line) for number, line in enumerate(LINES))
    with SessionMock() as mock:
        result = run(tests, "--show-capture=no", *([f"--session-mock-url={mock.url}"] if away else []))
    shown = [line for line in result.stdout.lines if line.startswith(">")]
    places = [line for line in result.stdout.lines if line.endswith(("AdminError", "AssertionError"))]

    result.assert_outcomes(failed=len(LINES))
    assert shown == [f">       {line}" for line in LINES]
    assert [place.partition(":")[0] for place in places] == ["test_it.py"] * len(LINES)


def test_traceback_of_other_error_is_complete(run: Run) -> None:
    result = run("def test_one(session_mock): session_mock.clock.set(object())\n", "--show-capture=no")

    result.assert_outcomes(failed=1)
    assert "controls.py" in result.stdout.str()
