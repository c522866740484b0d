"""A server in a thread."""

from collections.abc import Iterator

import pytest

from mockserver import SessionMock


@pytest.fixture(name="mock", scope="package")
def _mock() -> Iterator[SessionMock]:
    """Start a server; each test creates a tenant."""
    with SessionMock(sessions=1) as mock:
        yield mock
