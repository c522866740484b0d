"""A server in a thread, and a fresh tenant of it."""

from collections.abc import Iterator

import pytest

from mockserver import SessionMock, TenantHandle
from tests.conftest import QUICK


@pytest.fixture(name="mock", scope="package")
def _mock() -> Iterator[SessionMock]:
    """A server whose own tenant no test touches."""
    with SessionMock(sessions=10, behaviors=QUICK) as mock:
        yield mock


@pytest.fixture(name="tenant")
def _tenant(mock: SessionMock) -> Iterator[TenantHandle]:
    """A tenant with a small world."""
    with mock.tenant(sessions=10, seed=11, behaviors=QUICK) as tenant:
        yield tenant
