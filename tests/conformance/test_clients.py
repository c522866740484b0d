"""The careful client passes every case of four lists; each wrong client fails the cases of its bug only."""

import pytest

from tests.conformance.clients.careful import BUGS, TARGETS
from tests.conformance.known_bugs import FAILURES
from tests.conformance.running import check, find_failures


@pytest.mark.parametrize("target", TARGETS)
def test_careful_client_passes_every_case(target: str) -> None:
    report = check(target)

    assert find_failures(report) == {}
    assert report.counts["right"] >= 60


@pytest.mark.parametrize("bug", BUGS)
def test_wrong_client_fails_cases_of_its_bug_only(bug: str) -> None:
    target, expected = FAILURES[bug]

    assert find_failures(check(target, bug)) == expected


def test_rows_with_several_forms_are_expected_once() -> None:
    [result] = check(
        "sparklytics/list_sessions", "reads-numbers-as-floats", cases=["data/large-number"]
    ).results

    assert "; 12 delivered, 12 expected" in result.reason
