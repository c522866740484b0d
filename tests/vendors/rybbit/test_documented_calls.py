"""The requests of the vendor's documents pass the strict checks."""

import httpx
import pytest

from mockserver import SessionMock
from mockserver.vendors import get_vendor
from tests.clients.lists import find_errors, strict_tenant

CALLS = [
    "/api/sessions/{site}?page=1&limit=20&start_date=2026-09-01&end_date=2026-09-30",
    "/api/sessions/{session}/{site}?limit=50",
    "/api/session-locations/{site}?start_date=2026-09-01&end_date=2026-09-30",
]


@pytest.mark.parametrize("call", CALLS)
def test_documented_call_passes(call: str) -> None:
    with SessionMock() as mock, strict_tenant(mock, get_vendor("rybbit")) as tenant:
        vendor = tenant.vendor("rybbit")
        session = tenant.expected_rows("rybbit", "list_sessions")[0]["session_id"]
        path = call.format(site=vendor.sites[0], session=session)
        response = httpx.get(vendor.base_url + path, headers=vendor.headers)

        assert (response.status_code, bool(response.json()["data"])) == (200, True)
        assert find_errors(tenant) == []
