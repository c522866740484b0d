"""What is refused is told at the line that asked: pytest shows no frame of ours, nor of the way through threads."""

import pytest

from mockserver import SessionMock
from tests.plugin.conftest import Run

LINES = (
    "session_mock.clock.freeze('yesterday')",
    "session_mock.faults.add('latncy')",
    "session_mock.replace_world(sesions=3)",
    "session_mock.expected_rows('nobody', 'x')",
    "session_mock.journal.exchanges(vendor='x')",
    "session_mock.behaviors['x'] = 1",
    "session_mock_server.tenant(profile='emty')",
    "session_mock_server.admin.tenant('nobody')",
    "session_mock.reconcile([1], vendor=VENDOR, endpoint=LIST.name)",
)
TEST = """
@pytest.mark.asyncio
async def test_{number}(session_mock, session_mock_server):
    {line}
"""


@pytest.mark.parametrize("away", [False, True], ids=["here", "there"])
def test_last_line_is_the_users_own(run: Run, *, away: bool) -> None:
    """Whether the server is in this process or elsewhere, and whoever waits for it."""
    tests = "".join(TEST.format(number=number, line=line) for number, line in enumerate(LINES))
    with SessionMock() as mock:
        told = run(tests, "--show-capture=no", *([f"--session-mock-url={mock.url}"] if away else []))
    shown = [line for line in told.stdout.lines if line.startswith(">")]
    places = [line for line in told.stdout.lines if line.endswith(("AdminError", "AssertionError"))]

    told.assert_outcomes(failed=len(LINES))
    assert shown == [f">       {line}" for line in LINES]
    assert [place.partition(":")[0] for place in places] == ["test_it.py"] * len(LINES)


def test_a_failure_of_ours_is_told_in_full(run: Run) -> None:
    """Whatever else goes wrong within shows where."""
    told = run("def test_one(session_mock): session_mock.clock.set(object())\n", "--show-capture=no")

    told.assert_outcomes(failed=1)
    assert "parts.py" in told.stdout.str()
