"""Coverage: which rows of a list were on whole responses since it was begun."""

from typing import Any

import pytest

from mockserver.admin_schemas.expected import Coverage
from mockserver.server.expected.coverage import UnknownListError, compute_coverage
from mockserver.server.expected.rows import all_rows_params, rows
from mockserver.server.faults.registry import read
from tests.server.asking import ALL, Pair, name
from tests.server.test_pages import ENDPOINTS, NUMBERED, SIZE, request, serve_pages

ROWS = [pair for pair in ALL if pair[1].rows_path is not None]


def coverage_of(mock: Any, pair: Pair, begun: int | None = None) -> Coverage:
    """Return the coverage of a list of the first tenant."""
    return compute_coverage(mock.served, mock.tenant, pair, begun)


def counts(coverage: Coverage) -> tuple[int | None, int, int]:
    """Return the exchange that began the list, and the numbers of returned and missing rows."""
    return coverage.begun, len(coverage.returned), len(coverage.missing)


@pytest.mark.parametrize("pair", ROWS, ids=name)
async def test_coverage_without_requests_misses_all_rows(serve: Any, pair: Pair) -> None:
    mock = await serve(world={"sessions": 12})
    expected = list(rows(mock.tenant, *pair, all_rows_params(mock.tenant, pair[1])))

    assert counts(coverage_of(mock, pair)) == (None, 0, len(expected))


@pytest.mark.parametrize("pair", ROWS, ids=name)
async def test_coverage_of_one_response_has_its_rows(serve: Any, pair: Pair) -> None:
    mock = await serve(world={"sessions": 12})
    await mock.ask(*pair, dict(pair[1].example))
    coverage = coverage_of(mock, pair)

    assert (coverage.begun, coverage.missing) == (1, [])


@pytest.mark.parametrize("pair", ENDPOINTS, ids=name)
@pytest.mark.parametrize(
    ("order", "begun", "returned"),
    [
        ([0, 1, 2], 1, 12),
        ([0, 1], 1, 8),
        ([0, 2], 1, 8),
        ([0, 1, 2, 0], 4, 4),
        ([0, 0, 1, 1, 2], 2, 12),
    ],
    ids=str,
)
async def test_coverage_counts_rows_since_list_was_begun(
    serve: Any, pair: Pair, order: list[int], begun: int, returned: int
) -> None:
    mock, pages = await serve_pages(serve, pair)
    await request(mock, pair, pages, order)

    assert counts(coverage_of(mock, pair)) == (begun, returned, 12 - returned)


@pytest.mark.parametrize("pair", ENDPOINTS, ids=name)
@pytest.mark.parametrize(
    ("fault", "returned"),
    [
        ({"kind": "truncate"}, 8),
        ({"kind": "status", "status": 500}, 8),
        ({"kind": "same_page"}, 8),
        ({"kind": "latency", "seconds": 0}, 12),
    ],
    ids=str,
)
async def test_coverage_counts_whole_responses_only(
    serve: Any, pair: Pair, fault: dict[str, Any], returned: int
) -> None:
    mock, pages = await serve_pages(serve, pair)
    mock.tenant.faults.add(read({**fault, "page": 2, "times": 1}))
    await request(mock, pair, pages, range(3))

    coverage = coverage_of(mock, pair)
    assert counts(coverage) == (1, returned, 12 - returned)
    await request(mock, pair, pages, [1])
    assert coverage_of(mock, pair).missing == []
    assert len(coverage.missing) in (0, SIZE)
    assert all(set(row) == set(pair[1].row_key) for row in coverage.missing)


@pytest.mark.parametrize("pair", NUMBERED, ids=name)
async def test_row_that_moved_off_the_pages_is_missing(serve: Any, pair: Pair) -> None:
    """The first row of the second page moved to the first page, which the client already had."""
    mock, pages = await serve_pages(serve, pair)
    first_row = coverage_of(mock, pair).missing[SIZE]
    every = [row for _, row in rows(mock.tenant, *pair, all_rows_params(mock.tenant, pair[1]))]
    is_ascending = every[0][str(pair[1].start_field)] < every[-1][str(pair[1].start_field)]
    place = 0 if is_ascending else 1
    mock.tenant.faults.add(read({"kind": "session_deleted", "place": place, "nth": 2}))
    await request(mock, pair, pages, range(3))

    assert coverage_of(mock, pair).missing == [first_row]


async def test_coverage_of_another_list_is_selected_by_its_first_exchange(serve: Any) -> None:
    pair = ENDPOINTS[0]
    mock, pages = await serve_pages(serve, pair)
    await request(mock, pair, pages, [0, 1, 2, 0])

    assert counts(coverage_of(mock, pair, 1)) == (1, 12, 0)
    with pytest.raises(UnknownListError, match="request 2 did not begin a list; those that did: 1, 4"):
        coverage_of(mock, pair, 2)


async def test_coverage_of_running_clock_expects_rows_of_the_beginning(serve: Any) -> None:
    pair = next(pair for pair in NUMBERED if not all_rows_params_of_window(pair))
    mock, pages = await serve_pages(serve, pair)
    mock.tenant.clock.advance(-86_400_000 * 10)
    await mock.ask(*pair, {})
    seen = len(coverage_of(mock, pair).returned)
    mock.tenant.clock.advance(86_400_000 * 10)

    assert counts(coverage_of(mock, pair)) == (1, seen, 0)
    assert 0 < seen < 12
    assert pages


def all_rows_params_of_window(pair: Pair) -> set[str]:
    """Return the parameters of the window of all rows."""
    return set(pair[1].all_rows_params) - set(pair[1].pagination.request_fields)
