"""Each wrong client fails with the right finding or with the right difference; the careful one does not."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from msgspec import Struct

from mockserver import SessionMock
from mockserver.contract.findings import FINDINGS
from mockserver.contract.limits import ConcurrencyLimit
from mockserver.contract.lint_rules import Condition, ExceedsMaximum, InQuery, IsSet, LooksLikeMilliseconds
from tests.clients import wrong
from tests.clients.careful import CarefulClient, GaveUp
from tests.clients.lists import (
    PAGED,
    Pair,
    find_difference,
    find_problems,
    list_params,
    make_client,
    name,
    strict_tenant,
)
from tests.support.limits import has_limit

LOST: Final = "reconcile"
ROOT: Final = Path(__file__).parents[2]


def has_pages(pair: Pair) -> bool:
    return pair[1].pagination.key_field is not None


def is_numbered(pair: Pair) -> bool:
    return not pair[1].pagination.has_cursors


def names_next_page(pair: Pair) -> bool:
    return pair[1].pagination.next is not None


def has_rule(condition: type[Condition]) -> Callable[[Pair], bool]:
    """Return a function that returns whether a list has a lint rule with a condition of a class."""
    return lambda pair: any(isinstance(rule.when, condition) for rule in pair[1].lint_rules)


def has_default_window(pair: Pair) -> bool:
    return any(window.default_hours for window in pair[1].time_windows)


def can_filter(pair: Pair) -> bool:
    return bool(pair[1].filtered_example)


class Case(Struct, frozen=True, kw_only=True):
    """A wrong client, the situation in which it fails, and how."""

    client: type[CarefulClient]
    applies: Callable[[Pair], bool] = has_pages
    fault: Mapping[str, Any] | None = None
    settings: Mapping[str, Any] = {}
    """Further settings of the tenant."""
    expected: str
    """The name of the finding, or :data:`LOST` if its rows differ from the expected rows."""
    hopeless: bool = False
    """True if the careful client gives up in the same situation."""


CASES: Final = (
    Case(client=wrong.OffByOnePage, applies=is_numbered, expected=LOST),
    Case(client=wrong.StopsAtShortPage, fault={"kind": "empty_page", "page": 2, "times": 1}, expected=LOST),
    Case(client=wrong.DropsLastPage, expected=LOST),
    Case(
        client=wrong.NeverWaits,
        fault={"kind": "status", "status": 503, "page": 2, "times": 5},
        expected="hammering",
    ),
    Case(
        client=wrong.IgnoresRetryAfter,
        fault={"kind": "status", "status": 503, "page": 2, "retry_after": 60, "times": 2},
        expected="retry-too-soon",
    ),
    Case(
        client=wrong.FollowsStuckCursor,
        applies=names_next_page,
        fault={"kind": "stuck_cursor", "page": 2},
        expected="endless-paging",
        hopeless=True,
    ),
    Case(
        client=wrong.SwallowsUnauthorized,
        fault={"kind": "status", "status": 401, "page": 2},
        expected=LOST,
        hopeless=True,
    ),
    Case(client=wrong.MalformedIsEnd, fault={"kind": "malformed", "page": 2, "times": 1}, expected=LOST),
    Case(
        client=wrong.SendsMilliseconds,
        applies=has_rule(LooksLikeMilliseconds),
        expected="milliseconds-for-seconds",
    ),
    Case(client=wrong.MisspellsFilter, applies=can_filter, expected="unknown-parameter"),
    Case(
        client=wrong.ExportsInParallel,
        applies=lambda pair: has_limit(pair[1], ConcurrencyLimit),
        expected="request-during-open",
    ),
    Case(
        client=wrong.RepeatsRowsAfterRetry,
        fault={"kind": "malformed", "page": 3, "times": 1},
        expected=LOST,
    ),
    Case(client=wrong.AsksForTooManyRows, applies=has_rule(ExceedsMaximum), expected="limit-above-maximum"),
    Case(client=wrong.SendsKeyInQuery, applies=has_rule(InQuery), expected="key-in-query"),
    Case(client=wrong.SendsToOldPlace, applies=has_rule(IsSet), expected="deprecated-place"),
    Case(client=wrong.FetchesPagesTwice, expected="page-requested-twice"),
    Case(
        client=wrong.SkipsFailedPage,
        applies=is_numbered,
        fault={"kind": "status", "status": 500, "page": 2, "times": 1},
        expected="failed-page-never-retried",
    ),
    Case(client=wrong.StopsInTheMiddle, expected="list-abandoned"),
    Case(
        client=wrong.RepeatsRefused,
        fault={"kind": "status", "status": 401, "page": 2},
        expected="retry-of-permanent-refusal",
        hopeless=True,
    ),
    Case(
        client=wrong.SleepsUntilEpoch,
        fault={"kind": "status", "status": 429, "page": 2, "retry_after": 60, "times": 1},
        expected="absurd-wait",
    ),
    Case(
        client=wrong.ReadsDefaultWindowSlowly,
        applies=is_numbered,
        settings={"sessions": 400},
        expected="moving-window",
    ),
    Case(
        client=wrong.ReadsDefaultWindow,
        applies=has_default_window,
        settings={"now": "2027-01-01"},
        expected="window-outside-world",
    ),
)
ELSEWHERE: Final = {
    "no-timeout": (
        "tests/embedded/test_bounds.py",
        "test_stalled_response_is_reset_and_reported",
        "test_correct_client_is_not_reported_as_stalled",
    ),
    "deleted-tenant": (
        "tests/server/test_findings.py",
        "test_request_of_deleted_tenant_is_found",
        "test_request_of_living_tenant_or_stranger_is_not_of_deleted_tenant",
    ),
}
"""Findings that need more than a list and a client: a file, a test of a wrong client, and of a correct one."""
PAIRS: Final = [(case, pair) for case in CASES for pair in PAGED if case.applies(pair)]


def pair_name(value: Any) -> str | None:
    """Return a readable test id."""
    return value.client.__name__ if isinstance(value, Case) else name(value)


def prepare(case: Case, pair: Pair) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the settings of the tenant and the parameters of the list."""
    vendor, endpoint = pair
    settings: dict[str, Any] = {**case.settings, "faults": [dict(case.fault)] if case.fault else []}
    holds = [limit.hold for limit in endpoint.limits if isinstance(limit, ConcurrencyLimit)]
    if case.client is wrong.ExportsInParallel:
        settings["behaviors"] = dict.fromkeys(holds, 100)
    params = list_params(endpoint)
    if case.client is wrong.MisspellsFilter:
        first = next(iter(endpoint.filtered_example))
        params[first] = endpoint.filtered_example[first]
    return {"vendor": vendor, **settings}, params


@pytest.mark.parametrize(("case", "pair"), PAIRS, ids=pair_name)
def test_wrong_client_fails(mock: SessionMock, case: Case, pair: Pair) -> None:
    settings, params = prepare(case, pair)
    rows: list[Any] = []
    with strict_tenant(mock, **settings) as tenant, make_client(case.client, tenant, pair, params) as client:
        try:
            rows = client.collect()
        except GaveUp:
            assert case.expected != LOST
        difference = find_difference(tenant, pair, rows, params)
        problems = find_problems(tenant)

    assert difference or case.expected != LOST
    assert case.expected in {LOST, *problems}


@pytest.mark.parametrize(("case", "pair"), PAIRS, ids=pair_name)
def test_careful_client_passes_where_wrong_client_fails(mock: SessionMock, case: Case, pair: Pair) -> None:
    settings, params = prepare(case, pair)
    with (
        strict_tenant(mock, **settings) as tenant,
        make_client(CarefulClient, tenant, pair, params) as client,
    ):
        if case.hopeless:
            with pytest.raises(GaveUp):
                client.collect()
        else:
            rows = client.collect()

            assert find_difference(tenant, pair, rows, params) == ""
        problems = find_problems(tenant)

        assert "error" not in problems.values()
        assert case.expected not in problems


def test_every_wrong_client_reads_some_list() -> None:
    assert {case.client for case, _ in PAIRS} == {case.client for case in CASES}


def test_every_error_and_warning_has_wrong_and_correct_client() -> None:
    judged = {finding for finding, kind in FINDINGS.items() if kind.level != "note"}

    assert judged - ELSEWHERE.keys() == {case.expected for case in CASES} - {LOST}
    for finding, (file, *tests) in ELSEWHERE.items():
        text = (ROOT / file).read_text(encoding="utf-8")
        assert finding in judged
        assert f'"{finding}"' in text
        assert all(f"def {test}(" in text for test in tests), tests
