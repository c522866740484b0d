"""A server in a thread, and a tenant for each test."""

from collections.abc import Iterator

import pytest

from mockserver import SessionMock, TenantHandle
from tests.conftest import QUICK


@pytest.fixture(name="mock", scope="package")
def _mock() -> Iterator[SessionMock]:
    """Start a server; no test changes its default tenant."""
    with SessionMock(sessions=10, behaviors=QUICK) as mock:
        yield mock


@pytest.fixture(name="tenant")
def _tenant(mock: SessionMock) -> Iterator[TenantHandle]:
    """Create a tenant with a small world."""
    with mock.create_tenant(sessions=10, seed=11, behaviors=QUICK) as tenant:
        yield tenant
