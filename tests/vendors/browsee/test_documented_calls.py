"""The requests of the vendor's documents pass the strict checks."""

from typing import Any

import httpx
import pytest

from mockserver import SessionMock
from mockserver.vendors import get_vendor
from tests.clients.lists import find_errors, strict_tenant

EXPORTS: list[dict[str, Any]] = [
    {},
    {"from": 100},
    {"start": 1788220800, "end": 1790812800},
    {"start": 1788220800, "from": 900, "limit": 100},
    {"options": {"select": ["userId", "urls", "duration"]}},
]
CALLS: list[tuple[str, dict[str, Any]]] = [
    *(("/api/v1/export/sessions", fields) for fields in EXPORTS),
    (
        "/api/v1/track",
        {"event": "CLICKED_CHECKOUT", "userId": "u1", "properties": {"price": 100, "category": "Apparel"}},
    ),
    (
        "/api/v1/track",
        {"event": "CLICKED_CHECKOUT", "anonymousId": "a1", "timestamp": "2026-09-30T00:30:08.276Z"},
    ),
]


@pytest.mark.parametrize(("path", "fields"), CALLS, ids=str)
def test_documented_call_passes(path: str, fields: dict[str, Any]) -> None:
    with SessionMock() as mock, strict_tenant(mock, get_vendor("browsee"), sessions=1000) as tenant:
        vendor = tenant.vendor("browsee")
        body = vendor.body if "export" in path else {"apiKey": vendor.body["apiKey"]}
        response = httpx.post(vendor.base_url + path, json={**body, **fields})

        assert (response.status_code, response.json()["status"]) == (200, "success")
        assert find_errors(tenant) == []


def test_documented_paging_passes() -> None:
    """The first response has the total; later requests send the index up to which rows were exported."""
    with SessionMock() as mock, strict_tenant(mock, get_vendor("browsee"), sessions=250) as tenant:
        vendor = tenant.vendor("browsee")
        rows: list[Any] = []
        total = 1
        place = 0
        while place < total:
            body = {**vendor.body, "start": 1788220800, "from": place}
            exports = httpx.post(f"{vendor.base_url}/api/v1/export/sessions", json=body).json()["exports"]
            rows += exports["data"]
            place = exports["to"]
            total = exports["total"]

        assert len(rows) == total == 250
        assert find_errors(tenant) == []
