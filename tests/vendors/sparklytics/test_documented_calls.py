"""The requests of the vendor's documents pass the strict checks."""

import httpx

from mockserver import SessionMock
from mockserver.vendors import get_vendor
from tests.clients.lists import find_errors, strict_tenant
from tests.support.tls import TLS


def test_documented_calls_pass() -> None:
    with (
        SessionMock() as mock,
        strict_tenant(mock, get_vendor("sparklytics"), now="2026-10-01T00:00:00Z", sessions=200) as tenant,
    ):
        vendor = tenant.vendor("sparklytics")
        url = f"{vendor.base_url}/api/websites/{vendor.sites[0]}/sessions"
        with httpx.Client(headers=vendor.headers, verify=TLS) as http:
            page = http.get(f"{url}?limit=10").json()
            first = page["sessions"][0]
            found = list(page["sessions"])
            while page["next_cursor"] is not None:
                page = http.get(url, params={"limit": 10, "cursor": page["next_cursor"]}).json()
                found += page["sessions"]
            detail = http.get(f"{url}/{first['session_id']}").json()

        assert detail["session"]["session_id"] == first["session_id"]
        days = {"start_date": "2026-09-24", "end_date": "2026-10-01"}
        assert found == tenant.expected_rows("sparklytics", "list_sessions", **days)
        assert find_errors(tenant) == []
