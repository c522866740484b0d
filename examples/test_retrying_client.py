"""Retry an export of Browsee as `Retry-After` demands, without waiting in real time."""

from collections.abc import Callable
from typing import Any

import pytest
import requests

from mockserver import CheckedTenant, VendorHandle

RETRIED = (429, 503)


def read_sessions(
    browsee: VendorHandle, sleep: Callable[[float], object], attempts: int = 5
) -> list[dict[str, Any]]:
    """Return every session: the client under test.

    It waits for `Retry-After` with *sleep* after a 429 or 503.
    """
    rows: list[dict[str, Any]] = []
    while True:
        body = {**browsee.body, "start": 0, "from": len(rows)}
        for _ in range(attempts):
            response = requests.post(f"{browsee.base_url}/api/v1/export/sessions", json=body, timeout=10)
            if response.status_code not in RETRIED:
                break
            sleep(float(response.headers.get("Retry-After", "1")))
        response.raise_for_status()
        exports = response.json()["exports"]
        rows += exports["data"]
        if len(rows) >= exports["total"]:
            return rows


@pytest.mark.session_mock(
    faults=[{"kind": "status", "status": 503, "retry_after": 30, "page": 2, "times": 2}]
)
def test_client_waits_for_retry_after(session_mock: CheckedTenant) -> None:
    # The clock of a test is frozen: a sleep that advances it is over at once.
    rows = read_sessions(session_mock.vendor("browsee"), sleep=session_mock.clock.advance)

    session_mock.reconcile(rows, vendor="browsee", endpoint="export_sessions")
