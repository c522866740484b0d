"""What the tests of the clients share."""

from pathlib import Path

import pytest
from visits import retrying

import mockserver


def pytest_report_header() -> str:
    """Tell which session-mock it is."""
    return f"mockserver: {Path(mockserver.__file__).parent}"


@pytest.fixture(name="slept", autouse=True)
def _slept(session_mock: mockserver.TenantHandle, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits of a client, each of which advances the tenant's clock and takes no time."""
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        session_mock.clock.advance(seconds)

    monkeypatch.setattr(retrying, "sleep", sleep)
    monkeypatch.setattr(retrying, "now", lambda: session_mock.clock.now.timestamp())  # noqa: PLW0108 -- the clock is read anew each time
    return waits
