"""Correct ways to call the APIs that are not those of the careful client; each passes the strict checks."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from mockserver import SessionMock
from mockserver.contract.lint_rules import MissingCompanion
from tests.clients.careful import CarefulClient, Page, PageError
from tests.clients.lists import (
    LISTS,
    PAGED,
    SIZE,
    Pair,
    find_difference,
    find_errors,
    find_problems,
    list_params,
    make_client,
    name,
    strict_limits,
    strict_tenant,
    window_params,
)
from tests.support.pages import Params, with_page_number, with_page_size

NUMBERED: Final = [
    pair for pair in LISTS if pair[1].pagination.key_field and not pair[1].pagination.has_cursors
]
ZONED: Final = [
    pair for pair in LISTS if any(isinstance(rule.when, MissingCompanion) for rule in pair[1].lint_rules)
]
WORKERS: Final = 6


class UntilEmptyPage(CarefulClient):
    """Takes nothing but an empty page for the end of the list."""

    def next_params(self, page: Page, previous: Page | None, count: int) -> Params | None:  # noqa: ARG002 -- inherited
        key = self.endpoint.pagination.key_field
        first = self.endpoint.pagination.first
        if not page.rows or key is None:
            return None
        is_offset = self.endpoint.pagination.total is not None
        return {**page.params, key: count if is_offset else int(page.params.get(key, first or 0)) + 1}


class BeginsAnew(CarefulClient):
    """Begins the list anew after any failed page."""

    def fetch(self, params: Params) -> Page:
        response = self.send(params)
        if response.status_code != 200:
            raise PageError(response.text)
        try:
            return self.read(params, response.json())
        except ValueError:
            raise PageError(response.text) from None


@pytest.mark.parametrize("pair", NUMBERED, ids=name)
def test_paging_until_empty_page_passes(mock: SessionMock, pair: Pair) -> None:
    with strict_tenant(mock, pair[0]) as tenant, make_client(UntilEmptyPage, tenant, pair) as client:
        rows = client.collect()

        assert find_difference(tenant, pair, rows) == ""
        assert find_errors(tenant) == []


@pytest.mark.parametrize("size", [1, SIZE])
@pytest.mark.parametrize("pair", PAGED, ids=name)
def test_check_and_then_read_passes(mock: SessionMock, pair: Pair, size: int) -> None:
    with strict_tenant(mock, pair[0]) as tenant, make_client(CarefulClient, tenant, pair) as client:
        checked = client.fetch(with_page_size(pair[1], client.first_params(), size))
        rows = client.collect()

        assert len(checked.rows) == size
        assert find_difference(tenant, pair, rows) == ""
        assert find_errors(tenant) == []


@pytest.mark.parametrize("fault", [{"kind": "status", "status": 500}, {"kind": "malformed"}], ids=str)
@pytest.mark.parametrize("page", [1, 2, 3])
@pytest.mark.parametrize("pair", PAGED, ids=name)
def test_restart_after_failed_page_passes(
    mock: SessionMock, pair: Pair, page: int, fault: dict[str, Any]
) -> None:
    faults = [{**fault, "page": page, "times": 1}]
    with strict_tenant(mock, pair[0], faults) as tenant, make_client(BeginsAnew, tenant, pair) as client:
        rows = client.collect()

        assert find_difference(tenant, pair, rows) == ""
        assert find_errors(tenant) == []


@pytest.mark.parametrize("pair", LISTS, ids=name)
def test_polling_of_newest_page_passes(mock: SessionMock, pair: Pair) -> None:
    with strict_tenant(mock, pair[0]) as tenant, make_client(CarefulClient, tenant, pair) as client:
        for _ in range(3):
            client.fetch(client.first_params())
            time.sleep(3600)

        assert find_errors(tenant) == []


@pytest.mark.parametrize("with_zone", [False, True])
@pytest.mark.parametrize("pair", ZONED, ids=name)
def test_days_in_documented_default_zone_pass(mock: SessionMock, pair: Pair, *, with_zone: bool) -> None:
    params = window_params(pair[1], datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 9, 29, tzinfo=UTC))
    if not with_zone:
        params = {key: value for key, value in params.items() if key in pair[1].range_fields}
    with strict_tenant(mock, pair[0]) as tenant, make_client(CarefulClient, tenant, pair, params) as client:
        rows = client.collect()

        assert find_difference(tenant, pair, rows, params) == ""
        assert find_problems(tenant).get("range-without-zone") in (
            [None] if with_zone else ["note", "warning"]
        )


@pytest.mark.parametrize("pair", [pair for pair in NUMBERED if strict_limits(*pair)], ids=name)
def test_parallel_requests_that_wait_after_429_pass(mock: SessionMock, pair: Pair) -> None:
    vendor, endpoint = pair
    settings: dict[str, Any] = {"behaviors": strict_limits(vendor, endpoint), "sessions": WORKERS * SIZE}
    with strict_tenant(mock, vendor, **settings) as tenant:
        with make_client(CarefulClient, tenant, pair) as client, ThreadPoolExecutor(WORKERS) as pool:
            pages = [with_page_number(endpoint, list_params(endpoint), number) for number in range(WORKERS)]
            rows = [row for page in pool.map(client.fetch, pages) for row in page.rows]

        assert tenant.journal.count(status=429) > 0
        assert find_difference(tenant, pair, rows) == ""
        assert find_errors(tenant) == []
