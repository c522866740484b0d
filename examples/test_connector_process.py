"""Run a connector as a process of its own and reconcile what it wrote.

The connector could be written in any language.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mockserver import CheckedTenant

CONNECTOR = Path(__file__).with_name("connector.py")


@pytest.mark.session_mock(sessions=450)
def test_connector_writes_all_sessions(session_mock: CheckedTenant) -> None:
    sparklytics = session_mock.vendor("sparklytics")
    environment = {
        "SPARKLYTICS_URL": sparklytics.base_url,
        "SPARKLYTICS_TOKEN": sparklytics.credentials["token"],
        "SPARKLYTICS_SITE": sparklytics.sites[0],
        "START_DATE": "2026-09-01",
    }

    finished = subprocess.run(
        [sys.executable, CONNECTOR],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )

    rows = [json.loads(line) for line in finished.stdout.splitlines()]
    session_mock.reconcile(
        rows, vendor="sparklytics", endpoint="list_sessions", start_date="2026-09-01", timezone="UTC"
    )
