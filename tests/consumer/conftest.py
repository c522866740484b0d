"""Fixtures of the tests of all clients."""

from pathlib import Path

import pytest
from visits import retrying

import mockserver


def pytest_report_header() -> str:
    """Return the folder of the installed session-mock."""
    return f"mockserver: {Path(mockserver.__file__).parent}"


@pytest.fixture(name="slept", autouse=True)
def _slept(session_mock: mockserver.TenantHandle, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Let each wait of a client advance the tenant's clock, and return the list of waits."""
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        session_mock.clock.advance(seconds)

    monkeypatch.setattr(retrying, "sleep", sleep)
    monkeypatch.setattr(retrying, "now", lambda: session_mock.clock.now.timestamp())  # noqa: PLW0108 -- the clock is read at each call
    return waits
