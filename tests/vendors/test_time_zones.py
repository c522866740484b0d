"""Time zones work without a time zone database of the system, through the package tzdata."""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
ZONES = (
    "UTC",
    "Europe/Berlin",
    "US/Pacific",
    "America/Argentina/Buenos_Aires",
    "Asia/Kolkata",
    "Pacific/Kiritimati",
)
PROGRAM = """
import json, sys
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen
from mockserver import SessionMock

CASES = [
    ("rybbit", "/api/sessions/{site}", "time_zone", {"start_date": "2026-09-01", "end_date": "2026-09-30"}),
    ("sparklytics", "/api/websites/{site}/sessions", "timezone", {"start_date": "2026-09-01"}),
    ("sparklytics", "/api/websites/{site}/sessions", None, {}),
]

def ask(vendor, path, query):
    url = vendor.base_url + path.format(site=vendor.sites[0]) + "?" + urlencode(query)
    try:
        with urlopen(Request(url, headers=dict(vendor.headers)), timeout=60) as answer:
            return [answer.status, answer.read().decode()]
    except HTTPError as error:
        return [error.code, error.read().decode()]

with SessionMock(sessions=20) as mock:
    told = []
    for name, path, field, query in CASES:
        for zone in [*json.loads(sys.argv[1]), "Nowhere/Land"] if field else [None]:
            told.append([name, zone, *ask(mock.vendor(name), path, query | ({field: zone} if field else {}))])
print(json.dumps(told))
"""


def request_every_zone(**environment: str) -> list[list[Any]]:
    """Request every zone in a new Python process; return vendor, zone, status and body of each response."""
    completed = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(ZONES)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert completed.returncode == 0, completed.stderr
    responses: list[list[Any]] = json.loads(completed.stdout)
    return responses


def test_server_without_time_zone_database_responds_the_same() -> None:
    without_database = request_every_zone(PYTHONTZPATH="/nonexistent")

    assert [
        (name, zone)
        for name, zone, status, _ in without_database
        if (status == 200) is (zone == "Nowhere/Land")
    ] == []
    assert without_database == request_every_zone()


def test_tzdata_is_required_on_every_platform() -> None:
    dependencies = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]

    assert [each for each in dependencies if each.startswith("tzdata")] == ["tzdata>=2025.1"]
