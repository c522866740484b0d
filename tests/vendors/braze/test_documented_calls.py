"""The requests of the vendor's documents pass the strict checks."""

import httpx
import pytest

from mockserver import SessionMock
from mockserver.vendors import get_vendor
from tests.clients.lists import find_errors, strict_tenant

CALLS = [
    "/sessions/data_series?length=14",
    "/sessions/data_series?length=14&unit=hour",
    "/sessions/data_series?length=14&ending_at=2026-09-28T23:59:59-5:00",
    "/sessions/data_series?length=14&ending_at=2026-09-28T23:59:59",
    "/segments/list?page=0&sort_direction=desc",
    "/segments/list?page=1",
]


@pytest.mark.parametrize("call", CALLS)
def test_documented_call_passes(call: str) -> None:
    with SessionMock() as mock, strict_tenant(mock, get_vendor("braze")) as tenant:
        vendor = tenant.vendor("braze")
        response = httpx.get(vendor.base_url + call, headers=vendor.headers)

        assert (response.status_code, response.json()["message"]) == (200, "success")
        assert find_errors(tenant) == []
