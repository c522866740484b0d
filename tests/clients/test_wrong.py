"""Each wrong client fails with the right finding or with the right difference; the careful one does not."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import pytest
from msgspec import Struct

from mockserver import SessionMock
from mockserver.contract.limits import ConcurrencyLimit
from mockserver.contract.lint_rules import LooksLikeMilliseconds
from tests.clients import wrong
from tests.clients.careful import CarefulClient, GaveUp
from tests.clients.lists import (
    PAGED,
    Pair,
    find_difference,
    find_errors,
    list_params,
    make_client,
    name,
    strict_tenant,
)
from tests.support.limits import has_limit

LOST: Final = "reconcile"


def has_pages(pair: Pair) -> bool:
    return pair[1].pagination.key_field is not None


def is_numbered(pair: Pair) -> bool:
    return not pair[1].pagination.has_cursors


def names_next_page(pair: Pair) -> bool:
    return pair[1].pagination.next is not None


def takes_seconds(pair: Pair) -> bool:
    return any(isinstance(rule.when, LooksLikeMilliseconds) for rule in pair[1].lint_rules)


def can_filter(pair: Pair) -> bool:
    return bool(pair[1].filtered_example)


class Case(Struct, frozen=True, kw_only=True):
    """A wrong client, the situation in which it fails, and how."""

    client: type[CarefulClient]
    applies: Callable[[Pair], bool] = has_pages
    fault: Mapping[str, Any] | None = None
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
    Case(client=wrong.SendsMilliseconds, applies=takes_seconds, expected="milliseconds-for-seconds"),
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
)
PAIRS: Final = [(case, pair) for case in CASES for pair in PAGED if case.applies(pair)]


def pair_name(value: Any) -> str | None:
    """Return a readable test id."""
    return value.client.__name__ if isinstance(value, Case) else name(value)


def prepare(case: Case, pair: Pair) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the settings of the tenant and the parameters of the list."""
    vendor, endpoint = pair
    settings: dict[str, Any] = {"faults": [dict(case.fault)] if case.fault else []}
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
        errors = find_errors(tenant)

    assert difference or case.expected != LOST
    assert case.expected in {LOST, *errors}


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
        assert find_errors(tenant) == []


def test_there_are_twelve_wrong_clients() -> None:
    assert len({case.client for case in CASES}) == 12
    assert {case.client for case, _ in PAIRS} == {case.client for case in CASES}
