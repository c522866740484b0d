"""Tests of the paging faults with clients that follow the responses."""

from typing import Any

import pytest
from msgspec import json

from mockserver._util.json_paths import get_at
from mockserver.contract.pagination import OffsetPagination, PageNumberPagination
from mockserver.server.expected.rows import all_rows_params, rows
from mockserver.server.faults.paging import PagingFault
from mockserver.server.faults.registry import kinds, read
from mockserver.server.review.returned_rows import ExchangeReader
from mockserver.server.tenancy.active_faults import FaultError
from mockserver.server.tenancy.tenant import Tenants
from mockserver.vendors import load
from tests.server.faults.seen import LISTS, Pair, name
from tests.support.pages import next_page_params, with_page_size

SIZE, COUNT = 7, 30
MOST = 15
"""Requests after which a client gives up."""
PAGING = {kind: model for kind, model in kinds().items() if issubclass(model, PagingFault)}
ENDPOINTS = [(vendor, endpoint) for vendor in load() for endpoint in vendor.contract.endpoints]


def able(kind: str) -> list[Pair]:
    """Return the lists of sessions that a kind can trigger."""
    return [pair for pair in LISTS if PAGING[kind].supports(pair[1])]


async def crawled(mock: Any, pair: Pair) -> list[Any]:
    """Return the responses that such a client gets, one a page; it asks a page again once that was refused."""
    page: dict[str, Any] | None = with_page_size(pair[1], all_rows_params(mock.tenant, pair[1]), SIZE)
    answers: list[Any] = []
    for _ in range(MOST):
        if page is None:
            break
        status, body = await mock.ask(*pair, page)
        if status == 200:
            answers.append(json.decode(body))
            page = next_page_params(pair[1], page, answers[-1])
    return answers


async def met(serve: Any, pair: Pair, **fault: Any) -> tuple[list[list[Any]], list[Any], list[Any], Any]:
    """Return the rows of each page that the client got, its responses, all rows there are, and the fault that it met."""
    mock = await serve(world={"sessions": COUNT})
    expected = [row for _, row in rows(mock.tenant, *pair, all_rows_params(mock.tenant, pair[1]))]
    (active,) = mock.tenant.faults.add(read(fault))
    answers = await crawled(mock, pair)
    return [get_at(answer, pair[1].rows_path) for answer in answers], answers, expected, active


def cut(told: list[Any]) -> list[list[Any]]:
    """Rows in pages."""
    return [told[start : start + SIZE] for start in range(0, len(told), SIZE)]


@pytest.mark.parametrize("pair", able("same_page"), ids=name)
async def test_same_page_repeats_page_and_loses_one_of_numbered_pages(serve: Any, pair: Pair) -> None:
    pages, _, expected, _ = await met(serve, pair, kind="same_page", page=2, times=1)
    one, two, *rest = cut(expected)

    assert pages == ([one, one, *rest] if pair[1].pagination.next is None else [one, one, two, *rest])


@pytest.mark.parametrize("pair", able("same_page"), ids=name)
async def test_same_page_never_triggers_for_first_page(serve: Any, pair: Pair) -> None:
    pages, _, expected, active = await met(serve, pair, kind="same_page")
    counts = pair[1].pagination.next is None
    before = [1, *range(1, len(cut(expected)))] if counts else [1] * MOST

    assert pages[: len(before)] == [cut(expected)[number - 1] for number in before]
    assert active.triggered >= len(before) - 1


@pytest.mark.parametrize(
    "pair",
    [pair for pair in able("same_page") if not pair[1].pagination.has_cursors],
    ids=name,
)
async def test_same_page_with_reduced_limit_returns_previous_page(serve: Any, pair: Pair) -> None:
    mock, paging = await serve(world={"sessions": 350}), pair[1].pagination
    asked = with_page_size(pair[1], all_rows_params(mock.tenant, pair[1]), 500)
    third = [
        {**asked, str(paging.key_field): at}
        for at in ((100, 200) if isinstance(paging, OffsetPagination) else (2, 3))
    ]
    plain = [await mock.ask(*pair, each) for each in third]
    mock.tenant.faults.add(read({"kind": "same_page", "page": 3}))

    assert [await mock.ask(*pair, each) for each in third] == [plain[0], plain[0]]


@pytest.mark.parametrize("pair", able("stuck_cursor"), ids=name)
async def test_stuck_cursor_keeps_client_on_page(serve: Any, pair: Pair) -> None:
    pages, _, expected, _ = await met(serve, pair, kind="stuck_cursor", page=2, times=3)
    one, two, *rest = cut(expected)

    assert pages == [one, two, two, two, two, *rest]


@pytest.mark.parametrize("pair", able("expired_cursor"), ids=name)
async def test_expired_cursor_is_rejected_like_unknown_cursor(serve: Any, pair: Pair) -> None:
    mock = await serve(world={"sessions": COUNT})
    asked = {**all_rows_params(mock.tenant, pair[1]), str(pair[1].pagination.limit): SIZE}
    refused = await mock.ask(*pair, {**asked, str(pair[1].pagination.key_field): "unknown"})
    mock.tenant.faults.add(read({"kind": "expired_cursor", "nth": 1}))
    pages = [get_at(answer, pair[1].rows_path) for answer in await crawled(mock, pair)]
    _, _, second, *_ = mock.tenant.journal

    assert refused[0] >= 400
    assert (second.response.status, second.response.body, second.error) == (*refused, "violation")
    assert pages == cut([row for _, row in rows(mock.tenant, *pair, all_rows_params(mock.tenant, pair[1]))])


@pytest.mark.parametrize("pair", able("empty_page"), ids=name)
async def test_empty_page_is_skipped_or_ends_paging(serve: Any, pair: Pair) -> None:
    pages, answers, expected, _ = await met(serve, pair, kind="empty_page", page=2)
    one, _, *rest = cut(expected)

    assert pages == ([one, []] if isinstance(pair[1].pagination, PageNumberPagination) else [one, [], *rest])
    if isinstance(pair[1].pagination, OffsetPagination):
        assert {get_at(answer, pair[1].pagination.total) for answer in answers} == {COUNT}


@pytest.mark.parametrize(("rows", "size"), [(2, 2), (None, 3), (9, 7)])
@pytest.mark.parametrize("pair", able("clamped_limit"), ids=name)
async def test_clamped_limit_makes_pages_short_and_keeps_their_rows(
    serve: Any, pair: Pair, rows: int | None, size: int
) -> None:
    arguments = {} if rows is None else {"rows": rows}
    pages, _, expected, active = await met(serve, pair, kind="clamped_limit", **arguments)
    is_numbered = isinstance(pair[1].pagination, PageNumberPagination)
    # A client that counts pages takes the first short one for the last.
    count = 1 if is_numbered and size < SIZE else min(MOST, -(-COUNT // size))

    assert pages[:count] == [expected[start : start + size] for start in range(0, COUNT, size)][:count]
    assert active.effective == (0 if size == SIZE else count - (not is_numbered))


@pytest.mark.parametrize("pair", able("clamped_limit"), ids=name)
async def test_clamped_limit_is_in_later_pages_and_traces(serve: Any, pair: Pair) -> None:
    mock = await serve(world={"sessions": COUNT})
    params = with_page_size(pair[1], all_rows_params(mock.tenant, pair[1]), SIZE)
    expected = [row for _, row in rows(mock.tenant, *pair, params)]
    mock.tenant.faults.add(read({"kind": "clamped_limit", "rows": 2}))
    _, body = await mock.ask(*pair, params)
    if not pair[1].pagination.has_cursors:
        _, body = await mock.ask(*pair, {**params, str(pair[1].pagination.key_field): 2})
        assert get_at(json.decode(body), pair[1].rows_path) == expected[2:4]
    reader = ExchangeReader(Tenants([mock.tenant]), mock.tenant)
    returned = reader.rows(list(mock.tenant.journal)[-1])
    assert all(row in returned for row in get_at(json.decode(body), pair[1].rows_path))


@pytest.mark.parametrize("pair", able("empty_page"), ids=name)
async def test_empty_page_never_triggers_for_last_page(serve: Any, pair: Pair) -> None:
    pages, _, expected, active = await met(serve, pair, kind="empty_page", after=1)

    assert pages[:2] == [cut(expected)[0], []]
    if not isinstance(pair[1].pagination, PageNumberPagination):
        assert pages == [cut(expected)[0], [], [], [], cut(expected)[-1]]
        assert (active.matched, active.triggered) == (4, 3)


@pytest.mark.parametrize("pair", able("changing_total"), ids=name)
async def test_changing_total_grows_with_every_trigger(serve: Any, pair: Pair) -> None:
    pages, answers, expected, _ = await met(serve, pair, kind="changing_total", by=10)
    total = pair[1].pagination.total

    assert [get_at(answer, total) for answer in answers] == [COUNT + 10 * n for n in range(1, MOST + 1)]
    assert pages[: len(cut(expected)) + 1] == [*cut(expected), []]


@pytest.mark.parametrize("pair", able("no_end"), ids=name)
async def test_no_end_makes_client_request_more_pages(serve: Any, pair: Pair) -> None:
    pages, _, expected, active = await met(serve, pair, kind="no_end", times=3)
    again = cut(expected)[-1] if pair[1].pagination.has_cursors else []

    assert pages == [*cut(expected), again, again, again]
    assert active.remaining == 0


@pytest.mark.parametrize("pair", [pair for pair in LISTS if pair[1].pagination.has_cursors], ids=name)
@pytest.mark.parametrize("kind", PAGING)
async def test_cursor_faults_never_trigger_for_list_of_one_page(serve: Any, kind: str, pair: Pair) -> None:
    mock = await serve(world={"sessions": 3})
    (active,) = mock.tenant.faults.add(read({"kind": kind}))

    assert len(await crawled(mock, pair)) == 1
    assert active.triggered == 0


@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_paging_faults_leave_errors_unchanged(serve: Any, pair: Pair) -> None:
    mock = await serve(world={"sessions": COUNT})
    asked = {**all_rows_params(mock.tenant, pair[1]), str(pair[1].pagination.limit): SIZE}
    mock.tenant.faults.add(read({"kind": "status", "status": 503}))
    refused = await mock.ask(*pair, asked)
    mock.tenant.faults.clear()
    mock.tenant.faults.add(read([{"kind": "empty_page"}, {"kind": "status", "status": 503}]))

    assert await mock.ask(*pair, asked) == refused
    assert refused[0] == 503


@pytest.mark.parametrize(
    ("kind", "pair"),
    [
        pytest.param(kind, pair, id=f"{kind}-{name(pair)}")
        for kind, model in PAGING.items()
        for pair in ENDPOINTS
        if not model.supports(pair[1])
    ],
)
async def test_paging_fault_for_unsupported_endpoint_is_rejected_or_never_matches(
    serve: Any, kind: str, pair: Pair
) -> None:
    vendor, endpoint = pair
    with pytest.raises(
        FaultError, match=f"{kind} needs a list .*, such as .*{able(kind)[0][1].name}.*{endpoint.name}"
    ):
        read({"kind": kind, "vendor": vendor.name, "endpoint": endpoint.name})
    mock = await serve(world={"sessions": COUNT})
    (active,) = mock.tenant.faults.add(read({"kind": kind}))
    await mock.ask(
        *pair, {**endpoint.example, **{each: "0" * 14 for each in endpoint.path if each != endpoint.site}}
    )

    assert (active.matched, active.triggered) == (0, 0)


def test_paging_fault_for_endpoint_of_several_vendors_needs_one_supported() -> None:
    named = {endpoint.name for _, endpoint in LISTS}

    assert all(read({"kind": "same_page", "endpoint": each}) for each in named)


@pytest.mark.parametrize("vendor", load(), ids=lambda vendor: vendor.name)
@pytest.mark.parametrize("kind", PAGING)
def test_paging_fault_for_vendor_without_list_is_rejected(kind: str, vendor: Any) -> None:
    raw = {"kind": kind, "vendor": vendor.name}
    if any(PAGING[kind].supports(endpoint) for endpoint in vendor.contract.endpoints):
        assert read(raw)
    else:
        with pytest.raises(FaultError, match="does not have one"):
            read(raw)
