"""Tests that run once for each case of the conformance check."""

import pytest

from mockserver.conformance.case import load_cases
from mockserver.conformance.target import list_targets
from tests.pytest_plugin.conftest import ImportedModules

TARGET = next(target.label for target in list_targets() if target.style == "cursor")
BODY = """
import json, urllib.error, urllib.request
from datetime import timedelta
from urllib.parse import urlencode

def collect(situation, attempts=3):
    vendor = situation.vendor
    rows, cursor = [], {}
    while cursor is not None:
        query = {"start_date": situation.start.date(), "end_date": (situation.end - timedelta(seconds=1)).date(), "limit": 3, **cursor}
        url = f"{vendor.base_url}/api/websites/{vendor.sites[0]}/sessions?{urlencode(query)}"
        for attempt in range(attempts):
            try:
                answer = urllib.request.urlopen(urllib.request.Request(url, headers=dict(vendor.headers)), timeout=1)
                break
            except urllib.error.HTTPError as error:
                if error.code < 429 or attempt + 1 == attempts:
                    raise
                situation.tenant.clock.advance(float(error.headers.get("Retry-After", 1)))
        page = json.load(answer)
        rows += page["sessions"]
        cursor = {"cursor": page["next_cursor"]} if page.get("next_cursor") else None
    return rows
"""


def test_function_runs_once_for_each_case(project: pytest.Pytester, imported: ImportedModules) -> None:
    project.makepyfile(
        f"{BODY}\nimport pytest\n"
        f"@pytest.mark.session_mock(cases=['{TARGET}:data', '{TARGET}:retry/503-seconds'])\n"
        "def test_client(session_mock_case):\n    session_mock_case.check(collect, timeout=2)\n"
    )
    count = sum(case.topic == "data" for case in load_cases().values())

    result = project.runpytest_inprocess(
        "-p", "session_mock", "-p", "no:cacheprovider", "-v", plugins=[imported]
    )

    result.assert_outcomes(passed=count + 1)
    result.stdout.fnmatch_lines([f"*test_client?{TARGET}:data/awkward-texts? PASSED*"])


def test_wrong_client_fails_with_report_of_case(project: pytest.Pytester, imported: ImportedModules) -> None:
    project.makepyfile(
        f"{BODY}\nimport pytest\n"
        f"@pytest.mark.session_mock(cases='{TARGET}:paging/exact-pages')\n"
        "def test_client(session_mock_case):\n"
        "    session_mock_case.check(lambda situation: collect(situation)[:-1], timeout=2)\n"
    )

    result = project.runpytest_inprocess("-p", "session_mock", "-p", "no:cacheprovider", plugins=[imported])

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["paging/exact-pages: wrong (lost)", "*1 row missing*", "*reproduce with: *"])


@pytest.mark.parametrize(
    ("marker", "message"),
    [
        ("", "*the fixture session_mock_case needs cases; use @pytest.mark.session_mock(cases=*"),
        (f"cases='{TARGET}:retries'", "*cases: unknown topic 'retries'; did you mean 'retry'?*"),
        ("cases='nothing:retry'", "*cases: invalid target 'nothing'; use VENDOR/ENDPOINT*"),
    ],
    ids=["none", "topic", "target"],
)
def test_wrong_marker_is_explained(
    project: pytest.Pytester, imported: ImportedModules, marker: str, message: str
) -> None:
    project.makepyfile(
        f"import pytest\n@pytest.mark.session_mock({marker})\ndef test_client(session_mock_case):\n    pass\n"
    )

    result = project.runpytest_inprocess("-p", "session_mock", "-p", "no:cacheprovider", plugins=[imported])

    (result.stdout if result.parseoutcomes() else result.stderr).fnmatch_lines([message])
