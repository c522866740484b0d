"""Read all sessions of a Rybbit site page by page and compare them with the expected rows."""

from typing import Any

import requests

from mockserver import CheckedTenant, VendorHandle

PAGE_SIZE = 100


def read_sessions(rybbit: VendorHandle) -> list[dict[str, Any]]:
    """Return every session: the client under test. A page with fewer rows than requested is the last."""
    rows: list[dict[str, Any]] = []
    page = 1
    while True:
        response = requests.get(
            f"{rybbit.base_url}/api/sessions/{rybbit.sites[0]}",
            params={"page": str(page), "limit": str(PAGE_SIZE), "time_zone": "UTC"},
            headers=rybbit.headers,
            timeout=10,
        )
        response.raise_for_status()
        batch = response.json()["data"]
        rows += batch
        if len(batch) < PAGE_SIZE:
            return rows
        page += 1


def test_client_reads_all_sessions(session_mock: CheckedTenant) -> None:
    rows = read_sessions(session_mock.vendor("rybbit"))

    session_mock.reconcile(rows, vendor="rybbit", endpoint="list_sessions")
