"""Findings about pages and lists: every list endpoint in every dialect, with correct and with wrong clients."""

from collections.abc import Sequence
from itertools import product
from typing import Any

import pytest
from msgspec import json
from msgspec.structs import replace

from mockserver.contract.pagination import OffsetPagination
from mockserver.server.expected.rows import all_rows_params
from mockserver.server.faults.registry import read
from mockserver.server.journal.client_history import FAILURES, LISTS, PAGES, Attempt, History, ListPage
from mockserver.server.review.unfinished import find_unfinished
from mockserver.vendors import load_dialects
from mockserver.vendors.base import Vendor
from mockserver.world.model.spec import spec
from mockserver.world.world import build
from tests.server.asking import Pair, crawl, name
from tests.support.dialects import cross
from tests.support.pages import field_at, with_page_number, with_page_size

SIZE = 4
ENDPOINTS: list[Pair] = [
    (vendor, endpoint)
    for vendor in load_dialects()
    for endpoint in vendor.contract.endpoints
    if endpoint.start_field and endpoint.pagination.key_field
]
NUMBERED = [pair for pair in ENDPOINTS if not pair[1].pagination.has_cursors]
CURSORS = [pair for pair in ENDPOINTS if pair[1].pagination.has_cursors]
FAULTS: list[dict[str, Any]] = [
    {"kind": "status", "status": 503},
    {"kind": "truncate"},
    {"kind": "reset", "where": "before"},
    {"kind": "malformed"},
    {"kind": "empty_page"},
    {"kind": "same_page"},
]
FAILURES_OF_PAGES = [
    (fault, failed) for fault in FAULTS for failed in range(3) if failed or fault["kind"] != "same_page"
]
"""Each fault on each page that can have it: the first page has no page before."""
OFFSETS = [pair for pair in NUMBERED if isinstance(pair[1].pagination, OffsetPagination)]
DAY = 86_400_000
HOUR = 3_600_000
Pages = Sequence[dict[str, Any]]
Failure = tuple[dict[str, Any], int]


def name_or_text(value: Any) -> str:
    """Return a readable test id of an endpoint or of a failure."""
    return name(value) if isinstance(value[0], Vendor) else str(value)


async def serve_pages(serve: Any, pair: Pair, sessions: int = 12) -> tuple[Any, Pages]:
    """Serve a world; return the parameters of each page of the list of all sessions, with a new journal."""
    mock = await serve(pair[0], world={"sessions": sessions})
    pages = await crawl(mock, pair, SIZE)
    mock.tenant.journal.clear()
    return mock, pages


async def request(mock: Any, pair: Pair, pages: Pages, order: Sequence[int]) -> None:
    """Request pages, counted from 0, and ignore failed responses."""
    for number in order:
        try:
            await mock.ask(*pair, pages[number])
        except Exception:  # noqa: BLE001, S112 -- a response that was cut off
            continue


def found(mock: Any, finding: str) -> list[int]:
    """Return the numbers of the exchanges with a finding."""
    return [
        exchange.number
        for exchange in mock.tenant.journal
        if finding in [each.name for each in exchange.findings]
    ]


def unfinished(mock: Any) -> list[tuple[str, str, int]]:
    """Return name, level and exchange of each finding about an unfinished list."""
    findings = find_unfinished(mock.served, mock.tenant)
    return [(finding.name, finding.level, number) for finding, number in findings]


@pytest.mark.parametrize("pair", ENDPOINTS, ids=name)
@pytest.mark.parametrize(
    ("order", "repeated"),
    [([0, 1, 1, 2], [3]), ([0, 1, 2, 2], [4]), ([0, 1, 2, 0, 1, 2, 2], [7]), ([0, 1, 1, 1, 2], [3, 4])],
    ids=str,
)
async def test_page_requested_again_directly_is_error(
    serve: Any, pair: Pair, order: list[int], repeated: list[int]
) -> None:
    mock, pages = await serve_pages(serve, pair)
    await request(mock, pair, pages, order)

    assert found(mock, "page-requested-twice") == repeated


@pytest.mark.parametrize("pair", ENDPOINTS, ids=name)
@pytest.mark.parametrize(
    "order",
    [
        pytest.param([0, 0, 1, 2], id="check first page, then read"),
        pytest.param([0, 1, 0, 1, 2], id="check two pages, then read"),
        pytest.param([0, 0, 0, 0], id="poll"),
        pytest.param([0, 0, 1, 1, 2, 2], id="two clients in turn"),
        pytest.param([0, 1, 0, 1, 2, 2], id="second client catches up"),
        pytest.param([1, 0, 2, 1, 0, 2], id="parallel pages, first page late"),
        pytest.param([0, 1, 1, 0], id="parallel pages, last before first"),
        pytest.param([0, 1, 2, 2, 1, 0], id="parallel pages in reverse"),
        pytest.param([0, 1, 2, 1, 2], id="step back to another page"),
    ],
)
async def test_list_begun_anew_is_no_repeated_page(serve: Any, pair: Pair, order: list[int]) -> None:
    mock, pages = await serve_pages(serve, pair)
    await request(mock, pair, pages, order)

    assert found(mock, "page-requested-twice") == []


@pytest.mark.parametrize(("seconds", "repeated"), [(0.3, [3]), (1.1, [])])
@pytest.mark.parametrize("pair", ENDPOINTS, ids=name)
async def test_page_refreshed_after_pause_is_no_repeated_page(
    serve: Any, pair: Pair, seconds: float, repeated: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    mock, pages = await serve_pages(serve, pair)
    monkeypatch.setattr("mockserver.server.review.pages.stopwatch", lambda: 0)
    monkeypatch.setattr("mockserver.server.handler.stopwatch", lambda: int(seconds * 1e9))
    await request(mock, pair, pages, [0, 1, 1])

    assert found(mock, "page-requested-twice") == repeated


@pytest.mark.parametrize(
    ("pair", "failure"), cross(ENDPOINTS, [*product(FAILURES_OF_PAGES, (False, True))]), ids=name_or_text
)
async def test_recovery_from_failed_page_is_not_found(
    serve: Any, pair: Pair, failure: tuple[Failure, bool]
) -> None:
    (fault, failed), restarts = failure
    mock, pages = await serve_pages(serve, pair, 16)
    mock.tenant.faults.add(read({**fault, "page": failed + 1, "times": 1}))
    await request(mock, pair, pages, range(failed + 1))
    assert mock.tenant.faults.active[0].triggered == 1
    mock.tenant.faults.clear()
    await request(mock, pair, pages, range(0 if restarts else failed, len(pages)))

    assert found(mock, "page-requested-twice") == []
    assert unfinished(mock) == []


@pytest.mark.parametrize("pair", ENDPOINTS, ids=name)
@pytest.mark.parametrize("order", [[0, 1, 1], [0, 1, 2, 2, 2]], ids=str)
async def test_page_after_move_of_clock_or_world_is_no_repeated_page(
    serve: Any, pair: Pair, order: list[int]
) -> None:
    mock, pages = await serve_pages(serve, pair)
    for number in order:
        await request(mock, pair, pages, [number])
        mock.tenant.clock.advance(HOUR)
    mock.tenant.faults.add(read({"kind": "session_arrives_late"}))
    await request(mock, pair, pages, order)

    assert found(mock, "page-requested-twice") == []


@pytest.mark.parametrize("pair", ENDPOINTS, ids=name)
async def test_default_window_a_day_later_is_no_repeated_page(serve: Any, pair: Pair) -> None:
    mock, _ = await serve_pages(serve, pair, 400)
    first = with_page_size(pair[1], dict(pair[1].example), 1)
    pages = [first, first if pair[1].pagination.has_cursors else with_page_number(pair[1], first, 1)]
    await request(mock, pair, pages, [0, 1])
    mock.tenant.clock.advance(DAY)
    await request(mock, pair, pages, [1, 0, 1])

    assert found(mock, "page-requested-twice") == []


@pytest.mark.parametrize("pair", ENDPOINTS, ids=name)
@pytest.mark.parametrize("sessions", [0, 3, 8, 11])
async def test_paging_until_empty_page_is_never_error(serve: Any, pair: Pair, sessions: int) -> None:
    mock, pages = await serve_pages(serve, pair, sessions)
    await request(mock, pair, pages, range(len(pages)))
    if pair in NUMBERED:
        await mock.ask(*pair, with_page_number(pair[1], pages[0], sessions // SIZE + 1))
        if sessions % SIZE == 0:
            await mock.ask(*pair, with_page_number(pair[1], pages[0], sessions // SIZE))

    assert {each.level for exchange in mock.tenant.journal for each in exchange.findings} <= {"note"}


@pytest.mark.parametrize("pair", NUMBERED, ids=name)
async def test_empty_page_confirmed_once_is_no_repeated_page(serve: Any, pair: Pair) -> None:
    mock, pages = await serve_pages(serve, pair, 8)
    first_empty = with_page_number(pair[1], pages[0], 8 // SIZE)
    for page in (*pages[:2], first_empty, first_empty):
        await mock.ask(*pair, page)
    assert found(mock, "page-requested-twice") == []

    await mock.ask(*pair, first_empty)
    assert found(mock, "page-requested-twice") == [len(mock.tenant.journal)]


@pytest.mark.parametrize("pair", NUMBERED, ids=name)
async def test_pages_requested_before_first_response_are_not_after_last(serve: Any, pair: Pair) -> None:
    mock, pages = await serve_pages(serve, pair, 3)
    for number in (2, 1, 0):
        await mock.ask(*pair, with_page_number(pair[1], pages[0], number))

    assert 1 not in found(mock, "page-after-last")
    assert found(mock, "page-requested-twice") == []


@pytest.mark.parametrize(("pair", "failure"), cross(ENDPOINTS, FAILURES_OF_PAGES), ids=name_or_text)
async def test_failed_page_never_retried_is_warning(serve: Any, pair: Pair, failure: Failure) -> None:
    fault, failed = failure
    mock, pages = await serve_pages(serve, pair, 16)
    mock.tenant.faults.add(read({**fault, "page": failed + 1, "times": 1}))
    await request(mock, pair, pages, range(4))
    assert unfinished(mock) == [("failed-page-never-retried", "warning", failed + 1)]

    mock.tenant.clock.advance(HOUR)
    await request(mock, pair, pages, [failed])
    assert unfinished(mock) == []


@pytest.mark.parametrize("pair", ENDPOINTS, ids=name)
@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "latency", "seconds": 0},
        {"kind": "duplicate_header", "header": "X-Other"},
        {"kind": "dribble", "pause": 0},
    ],
    ids=lambda fault: fault["kind"],
)
async def test_fault_that_loses_no_row_needs_no_retry(serve: Any, pair: Pair, fault: dict[str, Any]) -> None:
    mock, pages = await serve_pages(serve, pair)
    mock.tenant.faults.add(read({**fault, "nth": 2}))
    await request(mock, pair, pages, range(3))

    assert [bool(exchange.faults) for exchange in mock.tenant.journal] == [False, True, False]
    assert unfinished(mock) == []


@pytest.mark.parametrize("pair", ENDPOINTS, ids=name)
async def test_rows_received_with_other_parameters_need_no_retry(serve: Any, pair: Pair) -> None:
    mock, pages = await serve_pages(serve, pair)
    mock.tenant.faults.add(read({"kind": "status", "status": 503, "nth": 2}))
    await request(mock, pair, pages, [0, 1])
    assert len(unfinished(mock)) == 1
    await mock.ask(*pair, with_page_size(pair[1], dict(pages[0]), 50))

    assert unfinished(mock) == []


@pytest.mark.parametrize("pair", ENDPOINTS, ids=name)
@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ([0, 1], [("list-abandoned", "warning", 2)]),
        ([0, 1, 2, 0, 1], []),
        ([0], []),
        ([0, 0, 0], []),
        ([0, 1, 2], []),
        ([2, 1, 0], []),
    ],
    ids=str,
)
async def test_list_abandoned_in_the_middle_is_warning(
    serve: Any, pair: Pair, order: list[int], expected: list[Any]
) -> None:
    mock, pages = await serve_pages(serve, pair)
    await request(mock, pair, pages, order)

    assert unfinished(mock) == expected


@pytest.mark.parametrize("pair", CURSORS, ids=name)
async def test_client_that_stops_at_stuck_cursor_has_not_abandoned_list(serve: Any, pair: Pair) -> None:
    mock, pages = await serve_pages(serve, pair)
    mock.tenant.faults.add(read({"kind": "stuck_cursor", "page": 2}))
    await request(mock, pair, pages, [0, 1, 1])

    assert unfinished(mock) == []
    assert found(mock, "page-requested-twice") == []


@pytest.mark.parametrize("pair", OFFSETS, ids=name)
async def test_last_page_with_smaller_size_is_no_abandoned_list(serve: Any, pair: Pair) -> None:
    mock, pages = await serve_pages(serve, pair, 11)
    last = with_page_size(pair[1], pages[2], 3)
    await request(mock, pair, [*pages[:2], last], range(3))

    assert unfinished(mock) == []


@pytest.mark.parametrize("pair", ENDPOINTS, ids=name)
async def test_full_last_page_is_no_abandoned_list(serve: Any, pair: Pair) -> None:
    mock, pages = await serve_pages(serve, pair, 8)
    await request(mock, pair, pages, [0, 1])

    assert unfinished(mock) == []


async def test_replaced_world_has_no_unfinished_lists(serve: Any) -> None:
    mock, pages = await serve_pages(serve, ENDPOINTS[0])
    await request(mock, ENDPOINTS[0], pages, [0, 1])
    assert unfinished(mock) != []
    world = build(replace(mock.tenant.world.spec, seed=77))
    mock.served.replace_settings(mock.tenant, mock.tenant.settings.with_world(world))

    assert unfinished(mock) == []


async def new_session_is_on_first_page(serve: Any, pair: Pair, wait: int, first: dict[str, Any]) -> bool:
    """Return whether a session that arrives after the first request is on the first page."""
    mock = await serve(pair[0], world={"sessions": 12})
    mock.tenant.clock.advance(wait)
    _, before = await mock.ask(*pair, first)
    mock.tenant.clock.advance(2_000)
    mock.tenant.faults.add(read({"kind": "session_arrives"}))
    _, after = await mock.ask(*pair, first)
    path = str(pair[1].rows_path)
    return bool(field_at(json.decode(before), path) != field_at(json.decode(after), path))


@pytest.mark.parametrize("pair", ENDPOINTS, ids=name)
@pytest.mark.parametrize("clock", ["runs", "moved", "frozen"])
@pytest.mark.parametrize("wait", [0, 400 * DAY])
async def test_moving_window_is_found_only_if_new_sessions_move_pages(
    serve: Any, pair: Pair, clock: str, wait: int
) -> None:
    mock, pages = await serve_pages(serve, pair)
    moves = await new_session_is_on_first_page(serve, pair, wait, pages[0])
    mock.tenant.clock.advance(wait)
    if clock == "runs":
        mock.tenant.clock.set_rate(1)
    for number in range(3):
        await request(mock, pair, pages, [number])
        if clock == "moved":
            mock.tenant.clock.advance(1_000)
    expected = [2] if moves and clock != "frozen" and pair in NUMBERED else []

    assert found(mock, "moving-window") == expected


@pytest.mark.parametrize("pair", OFFSETS, ids=name)
async def test_moving_window_is_warning_for_default_window_only(serve: Any, pair: Pair) -> None:
    levels = []
    for window in ("default", "before"):
        mock = await serve(pair[0], world={"sessions": 400})
        params = all_rows_params(mock.tenant, pair[1]) if window == "before" else {}
        if window == "before":
            params["end"] = mock.tenant.clock.now() // 1000
        first = with_page_size(pair[1], params, SIZE)
        mock.tenant.clock.set_rate(1)
        for number in range(2):
            await mock.ask(*pair, with_page_number(pair[1], first, number))
        exchange = mock.tenant.journal.get(2)
        levels.append([each.level for each in exchange.findings if each.name == "moving-window"])

    assert levels == [["warning"], []]


async def moves_second_page(serve: Any, pair: Pair, fault: dict[str, Any], pages: Pages) -> bool:
    """Return whether a change of the world changes which rows are on the second page."""
    mock = await serve(pair[0], world={"sessions": 12})
    _, before = await mock.ask(*pair, pages[1])
    mock.tenant.faults.add(read({**fault, "times": 1}))
    _, after = await mock.ask(*pair, pages[1])
    path = str(pair[1].rows_path)
    return bool(field_at(json.decode(before), path) != field_at(json.decode(after), path))


@pytest.mark.parametrize("pair", ENDPOINTS, ids=name)
@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "session_arrives_late", "seconds": 1},
        {"kind": "session_arrives_late", "seconds": 86_400 * 365},
        {"kind": "session_deleted", "place": 0},
        {"kind": "session_deleted", "place": 1},
    ],
    ids=str,
)
async def test_list_that_moves_under_pages_is_reported(serve: Any, pair: Pair, fault: dict[str, Any]) -> None:
    mock, pages = await serve_pages(serve, pair)
    has_moved = await moves_second_page(serve, pair, fault, pages)
    mock.tenant.faults.add(read({**fault, "nth": 3}))
    await request(mock, pair, pages, [0, 1, 2])
    expected = [3] if pair in NUMBERED and has_moved else []
    has_cursors = any(other.pagination.has_cursors for other in pair[0].contract.endpoints)

    assert found(mock, "list-moved") == expected
    for number in expected:
        exchange = mock.tenant.journal.get(number)
        (finding,) = [each for each in exchange.findings if each.name == "list-moved"]
        assert "between requests #2 and #3" in finding.message
        assert finding.level == ("warning" if has_cursors else "note")


@pytest.mark.parametrize("pair", NUMBERED, ids=name)
@pytest.mark.parametrize(
    ("fault", "order"),
    [
        ({"kind": "session_deleted", "place": 1, "nth": 1}, [0, 1, 2]),
        ({"kind": "session_arrives_late", "nth": 4}, [0, 1, 2, 0, 1, 2]),
        ({"kind": "session_arrives_late", "seconds": 1e9, "nth": 2}, [0, 1]),
    ],
    ids=str,
)
async def test_change_that_moves_no_page_is_not_reported(
    serve: Any, pair: Pair, fault: dict[str, Any], order: list[int]
) -> None:
    mock, pages = await serve_pages(serve, pair)
    mock.tenant.faults.add(read(fault))
    await request(mock, pair, pages, order)

    assert found(mock, "list-moved") == []


def test_history_of_lists_is_bounded() -> None:
    history = History()
    for number in range(2 * LISTS):
        history.progress(str(number)).begin()
    progress = history.progress("long")
    world = build(spec(sessions=1))
    for number in range(2 * PAGES):
        page = ListPage("long", number, 4, is_first=False)
        assert progress.record_return(page, 0) == 1
        progress.record_failure(
            Attempt(number=number, page=page, request=None, world=world, now=0, moves=0, faulted=True)
        )

    assert len(history.lists) == LISTS
    assert history.progress(str(2 * LISTS - 1)).begun == 1
    assert history.progress("0").begun == 0
    assert (len(progress.returned), len(progress.failed)) == (PAGES, FAILURES)
    assert progress.record_return(ListPage("long", 2 * PAGES - 1, 4, is_first=False), 0) == 2
    assert progress.record_return(ListPage("long", 0, 4, is_first=False), 0) == 1
