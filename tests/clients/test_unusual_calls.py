"""Unusual but correct ways to call the APIs; each passes the strict checks."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from itertools import count, islice
from typing import Any, Final

import httpx
import pytest

from mockserver import SessionMock
from mockserver.contract.limits import ConcurrencyLimit
from mockserver.pytest_plugin.checked_tenant import CheckedTenant
from tests.clients.careful import CarefulClient, Page, Row
from tests.clients.lists import (
    PAGED,
    SESSIONS,
    SIZE,
    Pair,
    find_difference,
    find_errors,
    find_problems,
    list_params,
    make_client,
    name,
    strict_tenant,
    window_params,
)
from tests.support.limits import has_limit
from tests.support.pages import Params, with_page_number, with_page_size
from tests.support.tls import TLS

NUMBERED: Final = [pair for pair in PAGED if not pair[1].pagination.has_cursors]
WINDOWED: Final = [pair for pair in PAGED if pair[1].time_windows]
TOTALS: Final = [pair for pair in PAGED if pair[1].pagination.total]
PARALLEL: Final = [pair for pair in PAGED if not has_limit(pair[1], ConcurrencyLimit)]
PAGES: Final = -(-SESSIONS // SIZE)


class WaitsAtRandom(CarefulClient):
    """Waits for a random part of a growing time, as many libraries do."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.base: float = 1
        self.seed = 0
        self.waits = count()

    def wait(self, seconds: float) -> None:
        digest = blake2b(f"{self.seed} {next(self.waits)}".encode(), digest_size=4).digest()
        time.sleep(self.base * seconds * int.from_bytes(digest) / (1 << 32))


class ContinuesNextDay(CarefulClient):
    """Stores where it is after each page, and continues a day later in a new process."""

    def fetch(self, params: Params) -> Page:
        page = super().fetch(params)
        self._http.close()
        self._http = httpx.Client(trust_env=False, verify=TLS)
        self.wait(86_400)
        return page


class AsksHeadersFirst(CarefulClient):
    """Sends a HEAD request for each page before it requests the page."""

    def fetch(self, params: Params) -> Page:
        assert self.send(params, "HEAD").status_code == httpx.codes.OK
        return super().fetch(params)


class HedgesRequests(CarefulClient):
    """Requests each later page on two connections at once, and uses one of the responses."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.other = CarefulClient(*arguments)
        self.pool = ThreadPoolExecutor(1)

    def fetch(self, params: Params) -> Page:
        if params == self.first_params():
            return super().fetch(params)
        copy = self.pool.submit(self.other.fetch, params)
        page = super().fetch(params)
        copy.result()
        return page

    def __exit__(self, *error: object) -> None:
        self.pool.shutdown()
        self.other.__exit__()
        super().__exit__(*error)


class HalvesPagesAfterFailure(CarefulClient):
    """Requests half as many rows after a page has failed."""

    def pages(self) -> Iterator[Page]:
        params, rows = self.first_params(), 0
        while True:
            response = self.send(params)
            if response.status_code != httpx.codes.OK:
                params = with_page_size(
                    self.endpoint, params, self.endpoint.pagination.page_size(params) // 2
                )
                self.wait(1)
                continue
            page = self.read(params, response.json())
            yield page
            rows += len(page.rows)
            following = self.next_params(page, None, rows)
            if following is None:
                return
            params = following


class OverlapsPages(CarefulClient):
    """Begins each page with the last row of the page before, and drops repeated rows."""

    def collect(self) -> list[Row]:
        rows: dict[object, Row] = {}
        params: Params | None = self.first_params()
        while params is not None:
            page = self.fetch(params)
            rows |= {tuple(row[key] for key in self.endpoint.row_key): row for row in page.rows}
            following = self.next_params(page, None, len(rows))
            params = following and {**following, self.endpoint.pagination.key_field or "": len(rows) - 1}
        return list(rows.values())


def find_complaints(tenant: CheckedTenant) -> list[str]:
    """Return the names of the errors and warnings."""
    return [name for name, level in find_problems(tenant).items() if level != "note"]


@pytest.mark.parametrize("pair", [pair for pair in NUMBERED if pair in PARALLEL], ids=name)
def test_prefetching_of_pages_in_any_order_passes(mock: SessionMock, pair: Pair) -> None:
    with strict_tenant(mock, pair[0]) as tenant, make_client(CarefulClient, tenant, pair) as client:
        numbers = [*reversed(range(PAGES))]
        with ThreadPoolExecutor(PAGES) as pool:
            params = [with_page_number(pair[1], client.first_params(), number) for number in numbers]
            pages = dict(zip(numbers, pool.map(client.fetch, params), strict=True))
        rows = [row for number in range(PAGES) for row in pages[number].rows]

        assert find_difference(tenant, pair, rows) == ""
        assert find_complaints(tenant) == []


@pytest.mark.parametrize("base", [1, 0.1])
def test_retries_after_random_waits_pass(mock: SessionMock, base: float) -> None:
    faults = [{"kind": "status", "status": 500, "page": page, "times": 6} for page in range(1, PAGES + 1)]
    pair = PAGED[0]
    for seed in range(5):
        with (
            strict_tenant(mock, pair[0], faults) as tenant,
            WaitsAtRandom(tenant.vendor(pair[0].name), pair[1], list_params(pair[1])) as client,
        ):
            client.base = base
            client.seed = seed
            client.collect()

            assert find_errors(tenant) == [], seed


@pytest.mark.parametrize("pair", WINDOWED, ids=name)
def test_crawl_that_continues_next_day_passes(mock: SessionMock, pair: Pair) -> None:
    window = window_params(pair[1], datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 9, 29, tzinfo=UTC))
    params = with_page_size(pair[1], window, SIZE)
    with (
        strict_tenant(mock, pair[0]) as tenant,
        make_client(ContinuesNextDay, tenant, pair, params) as client,
    ):
        rows = client.collect()

        assert find_difference(tenant, pair, rows, params) == ""
        assert find_complaints(tenant) == []


@pytest.mark.parametrize("pair", PAGED, ids=name)
def test_workers_for_two_sites_with_one_credential_pass(mock: SessionMock, pair: Pair) -> None:
    with strict_tenant(mock, pair[0], sites=2) as tenant:
        vendor = tenant.vendor(pair[0].name)

        def collect(site: int) -> list[Row]:
            params = list_params(pair[1])
            if pair[1].site in pair[1].path:
                params[str(pair[1].site)] = vendor.sites[site]
            with CarefulClient(vendor.for_site(site), pair[1], params) as client:
                return client.collect()

        with ThreadPoolExecutor(2) as pool:
            rows = [*pool.map(collect, range(2))]

        assert rows[0] != rows[1]
        assert find_complaints(tenant) == []


@pytest.mark.parametrize("pair", [pair for pair in PAGED if pair[1].method == "GET"], ids=name)
def test_head_before_get_passes(mock: SessionMock, pair: Pair) -> None:
    with strict_tenant(mock, pair[0]) as tenant, make_client(AsksHeadersFirst, tenant, pair) as client:
        rows = client.collect()

        assert find_difference(tenant, pair, rows) == ""
        assert find_complaints(tenant) == []


@pytest.mark.parametrize("pair", WINDOWED, ids=name)
def test_incremental_sync_with_overlapping_windows_passes(mock: SessionMock, pair: Pair) -> None:
    rows: dict[object, Row] = {}
    size = with_page_size(pair[1], {}, SIZE)
    with strict_tenant(mock, pair[0]) as tenant:
        for week in range(5):
            start = datetime(2026, 9, 1, tzinfo=UTC) + timedelta(days=7 * week - 1)
            params = {**window_params(pair[1], start, start + timedelta(days=9)), **size}
            with make_client(CarefulClient, tenant, pair, params) as client:
                rows |= {tuple(row[key] for key in pair[1].row_key): row for row in client.collect()}
            time.sleep(7 * 86_400)

        assert len(rows) == SESSIONS
        assert find_complaints(tenant) == []


@pytest.mark.parametrize("pair", [pair for pair in NUMBERED if pair in WINDOWED], ids=name)
def test_polling_of_last_page_until_it_fills_passes(mock: SessionMock, pair: Pair) -> None:
    faults = [{"kind": "session_arrives", "nth": 6}, {"kind": "session_arrives", "nth": 8}]
    window = window_params(pair[1], datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC))
    params = with_page_size(pair[1], window, SIZE)
    with (
        strict_tenant(mock, pair[0], faults) as tenant,
        make_client(CarefulClient, tenant, pair, params) as client,
    ):
        for number in range(PAGES):
            page = client.fetch(with_page_number(pair[1], params, number))
        while len(page.rows) < SIZE:
            time.sleep(60)
            page = client.fetch(page.params)

        assert find_errors(tenant) == []


@pytest.mark.parametrize("pair", PARALLEL, ids=name)
def test_hedged_requests_pass(mock: SessionMock, pair: Pair) -> None:
    with strict_tenant(mock, pair[0]) as tenant, make_client(HedgesRequests, tenant, pair) as client:
        rows = client.collect()

        assert find_difference(tenant, pair, rows) == ""
        assert find_complaints(tenant) == []


@pytest.mark.parametrize("pair", TOTALS, ids=name)
def test_overlapping_pages_pass(mock: SessionMock, pair: Pair) -> None:
    with strict_tenant(mock, pair[0]) as tenant, make_client(OverlapsPages, tenant, pair) as client:
        rows = client.collect()

        assert find_difference(tenant, pair, rows) == ""
        assert find_complaints(tenant) == []


@pytest.mark.parametrize("pair", PAGED, ids=name)
def test_second_run_that_stops_at_known_rows_passes(mock: SessionMock, pair: Pair) -> None:
    with strict_tenant(mock, pair[0]) as tenant, make_client(CarefulClient, tenant, pair) as client:
        rows = client.collect()
        again = [row for page in islice(client.pages(), 2) for row in page.rows]

        assert again == rows[: 2 * SIZE]
        assert find_complaints(tenant) == []


@pytest.mark.parametrize(
    "pair", [pair for pair in PAGED if pair in TOTALS or pair[1].pagination.has_cursors], ids=name
)
def test_smaller_pages_after_failure_pass(mock: SessionMock, pair: Pair) -> None:
    faults = [{"kind": "status", "status": 503, "page": 2, "times": 1}]
    with (
        strict_tenant(mock, pair[0], faults) as tenant,
        make_client(HalvesPagesAfterFailure, tenant, pair) as client,
    ):
        rows = client.collect()

        assert find_difference(tenant, pair, rows) == ""
        assert find_complaints(tenant) == []


@pytest.mark.parametrize("pair", NUMBERED, ids=name)
def test_pages_in_descending_order_pass(mock: SessionMock, pair: Pair) -> None:
    with strict_tenant(mock, pair[0]) as tenant, make_client(CarefulClient, tenant, pair) as client:
        pages = [
            client.fetch(with_page_number(pair[1], client.first_params(), number))
            for number in [0, *reversed(range(1, PAGES))]
        ]
        rows = [row for page in [pages[0], *reversed(pages[1:])] for row in page.rows]

        assert find_difference(tenant, pair, rows) == ""
        assert find_complaints(tenant) == []
