"""Sessions of Sparklytics."""

import asyncio
from typing import Any

import pytest
from visits.retrying import GaveUp
from visits.sparklytics import Sparklytics, Stuck

from mockserver import TenantHandle
from mockserver.pytest_plugin.checked_tenant import CheckedTenant

DAYS = ("2026-09-01", "2026-09-30")


def client(mock: TenantHandle) -> Sparklytics:
    """Return a client of the first site of the test's tenant."""
    vendor = mock.vendor("sparklytics")
    return Sparklytics(vendor.base_url, vendor.credentials["token"], vendor.sites[0])


@pytest.mark.parametrize(
    "profile",
    [pytest.param(name, marks=pytest.mark.session_mock(profile=name)) for name in ("page-exact", "single")],
)
def test_client_collects_every_session_once(session_mock: TenantHandle, profile: str) -> None:
    rows = asyncio.run(client(session_mock).sessions(*DAYS))

    session_mock.reconcile(
        rows,
        vendor="sparklytics",
        endpoint="list_sessions",
        timezone="UTC",
        start_date=DAYS[0],
        end_date=DAYS[1],
    )
    assert len(rows) == {"page-exact": 400, "single": 1}[profile]


@pytest.mark.session_mock(sessions=250)
def test_client_notices_repeated_cursor(session_mock: TenantHandle) -> None:
    session_mock.faults.add("stuck_cursor", page=2)
    with pytest.raises(Stuck):
        asyncio.run(client(session_mock).sessions(*DAYS))


@pytest.mark.session_mock(sessions=250, faults=[{"kind": "expired_cursor", "page": 2, "times": 1}])
def test_expired_cursor_raises_vendor_error(session_mock: TenantHandle) -> None:
    with pytest.raises(GaveUp, match="400"):
        asyncio.run(client(session_mock).sessions(*DAYS))


def test_concurrent_clients_collect_same_rows(session_mock: CheckedTenant) -> None:
    sparklytics = client(session_mock)

    async def crawls() -> list[list[dict[str, Any]]]:
        return await asyncio.gather(*(sparklytics.sessions(*DAYS) for _ in range(4)))

    found = asyncio.run(crawls())

    assert len(found[0]) == session_mock.world.counts[0]
    assert found[1:] == found[:1] * 3
