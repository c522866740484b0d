"""Tests of expected rows: required, optional and forbidden."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import json

from mockserver.server.expected.merge import MergedRow, merge_rows
from mockserver.server.expected.rows import all_rows_params, expected_rows, rows
from mockserver.server.faults.registry import read
from mockserver.server.tenancy.world_history import MAX_LISTS, MAX_WORLDS, WorldHistory, WorldSnapshot
from mockserver.world.generator.tracked import TrackedEvent
from mockserver.world.model.spec import spec
from mockserver.world.world import build, with_events
from tests.server.asking import ALL, LISTS, Pair, name
from tests.support.pages import walk_pages, with_page_size

COUNTS = [pair for pair in ALL if pair[1].count_field]
SIZE, COUNT = 7, 30


def told(mock: Any, pair: Pair, **other: Any) -> list[Any]:
    """Return the rows of a list as it is now."""
    return [row for _, row in rows(mock.tenant, *pair, {**all_rows_params(mock.tenant, pair[1]), **other})]


def labels(mock: Any, pair: Pair, **other: Any) -> dict[str, list[Any]]:
    """Return the rows of a list by verification, in its order."""
    found: dict[str, list[Any]] = {"required": [], "optional": [], "forbidden": []}
    for verification, row in expected_rows(
        mock.tenant, *pair, {**all_rows_params(mock.tenant, pair[1]), **other}
    ):
        found[verification].append(row)
    return found


async def asked(mock: Any, pair: Pair, **page: Any) -> Any:
    """Return a page of everything."""
    params = with_page_size(pair[1], all_rows_params(mock.tenant, pair[1]), SIZE)
    status, body = await mock.ask(*pair, {**params, **page})
    assert status == 200, body
    return json.decode(body)


async def crawled(mock: Any, pair: Pair) -> list[Any]:
    """Return every row."""
    found: list[Any] = []
    first = with_page_size(pair[1], {}, SIZE)
    async for page in walk_pages(pair[1], first, lambda params: asked(mock, pair, **params)):
        found += page.rows
    return found


@pytest.mark.parametrize("pair", LISTS + COUNTS, ids=name)
async def test_expected_rows_without_changes_are_all_required(serve: Any, pair: Pair) -> None:
    mock = await serve(world={"sessions": COUNT})
    mock.tenant.faults.add(read({"kind": "latency", "seconds": 0}))
    await asked(mock, pair)

    assert labels(mock, pair) == {"required": told(mock, pair), "optional": [], "forbidden": []}
    assert not mock.tenant.world_history.changed


@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_row_deleted_while_paging_is_optional_then_forbidden(serve: Any, pair: Pair) -> None:
    mock = await serve(world={"sessions": COUNT})
    mock.tenant.faults.add(read({"kind": "session_deleted", "place": 0.5, "nth": 2}))
    before = told(mock, pair)
    await asked(mock, pair)
    await asked(mock, pair, **{str(pair[1].pagination.limit): SIZE + 1, **later(pair)})
    after = told(mock, pair)
    gone = [row for row in before if row not in after]
    paging = labels(mock, pair)
    await asked(mock, pair)

    assert len(gone) == 1
    assert paging == {"required": after, "optional": gone, "forbidden": []}
    assert labels(mock, pair) == {"required": after, "optional": [], "forbidden": gone}


def later(pair: Pair) -> dict[str, Any]:
    """Return a page that is not the first; by cursor there is none to name, and a filter does as well.

    It is another list.
    """
    field = pair[1].pagination.key_field
    return {str(field): 2} if not pair[1].pagination.has_cursors else dict(pair[1].filtered_example)


@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_row_deleted_with_first_page_is_forbidden(serve: Any, pair: Pair) -> None:
    mock = await serve(world={"sessions": COUNT})
    mock.tenant.faults.add(
        read([{"kind": "session_deleted", "times": 1}, {"kind": "session_arrives", "times": 1}])
    )
    before = told(mock, pair)
    await asked(mock, pair)
    after = told(mock, pair)

    assert labels(mock, pair) == {
        "required": after,
        "optional": [],
        "forbidden": [row for row in before if row not in after],
    }


@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_changed_row_is_expected_in_both_forms(serve: Any, pair: Pair) -> None:
    mock = await serve(world={"sessions": COUNT})
    mock.tenant.faults.add(
        read([{"kind": "session_arrives_late", "times": 1}, {"kind": "session_grows", "nth": 2}])
    )
    await asked(mock, pair)
    before = told(mock, pair)
    await asked(mock, pair, **later(pair))
    after = told(mock, pair)
    found = [
        (verification, row)
        for verification, row in expected_rows(mock.tenant, *pair, all_rows_params(mock.tenant, pair[1]))
    ]
    [place] = [n for n, (one, other) in enumerate(zip(before, after, strict=True)) if one != other]

    assert found == [
        *(("required", row) for row in before[:place]),
        ("optional", before[place]),
        ("optional", after[place]),
        *(("required", row) for row in before[place + 1 :]),
    ]


@pytest.mark.parametrize("pair", COUNTS, ids=name)
async def test_changed_count_is_optional_in_both_forms(serve: Any, pair: Pair) -> None:
    mock = await serve(world={"sessions": COUNT})
    mock.tenant.faults.add(read({"kind": "session_arrives_late", "endpoint": LISTS[0][1].name, "times": 1}))
    before = told(mock, pair)
    await asked(mock, pair)
    await asked(mock, LISTS[0])
    after, found = told(mock, pair), labels(mock, pair)

    assert found["required"] == [row for row in before if row in after]
    assert sorted(map(str, found["optional"])) == sorted(
        str(row) for row in [*before, *after] if not (row in before and row in after)
    )
    assert found["forbidden"] == []


@pytest.mark.parametrize("pair", [pair for pair in LISTS if pair[1].pagination.has_cursors], ids=name)
async def test_cursor_client_collects_all_required_rows(serve: Any, pair: Pair) -> None:
    mock = await serve(world={"sessions": 60})
    kinds = ("session_arrives", "session_arrives_late", "session_deleted", "session_grows")
    mock.tenant.faults.add(read([{"kind": kind} for kind in kinds]))
    await crawled(mock, pair)
    seen = await crawled(mock, pair)
    found = labels(mock, pair)

    assert [row for row in seen if row not in found["optional"]] == found["required"]
    assert found["optional"]
    assert len(found["forbidden"]) > 5


@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_lists_are_started_independently(serve: Any, pair: Pair) -> None:
    mock = await serve(world={"sessions": COUNT})
    mock.tenant.faults.add(read({"kind": "session_deleted", "nth": 2}))
    await asked(mock, pair)
    others = [each for each in LISTS if each != pair]
    for other in others[:-1]:
        await asked(mock, other)
    kinds = [[len(rows) for rows in labels(mock, each).values()] for each in (pair, *others)]

    assert kinds == [[COUNT - 1, 1, 0], *[[COUNT - 1, 0, 1]] * (len(others) - 1), [COUNT - 1, 0, 0]]


@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_tracked_data_counts_like_world_events(serve: Any, pair: Pair) -> None:
    mock = await serve(world={"sessions": COUNT})
    mock.tenant.faults.add(read({"kind": "session_deleted", "probability": 0}))
    before = told(mock, pair)
    await asked(mock, pair)
    for vendor, endpoint in [pair for pair in ALL if pair[1].method == "POST" and pair[1].rows_path is None]:
        await mock.ask(vendor, endpoint, dict(endpoint.example))
    found = labels(mock, pair)

    assert found["required"] == before
    assert [row for row in told(mock, pair) if row not in before] == found["optional"][-1:]
    assert found["forbidden"] == []


async def test_removed_faults_keep_world_history(serve: Any) -> None:
    mock, pair = await serve(world={"sessions": COUNT}), LISTS[0]
    mock.tenant.faults.add(read({"kind": "session_deleted", "nth": 2}))
    await asked(mock, pair)
    await asked(mock, pair, **later(pair))
    mock.tenant.faults.clear()
    kept = [len(each) for each in labels(mock, pair).values()]
    await asked(mock, pair)
    begun = [len(each) for each in labels(mock, pair).values()]
    mock.served.reset(mock.tenant)

    assert kept == [COUNT - 1, 1, 0]
    assert begun == [COUNT - 1, 0, 1]
    assert [len(each) for each in labels(mock, pair).values()] == [COUNT, 0, 0]


async def test_replaced_world_resets_world_history(serve: Any) -> None:
    mock, pair = await serve(world={"sessions": COUNT}), LISTS[0]
    mock.tenant.faults.add(read({"kind": "session_deleted", "times": 1}))
    await asked(mock, pair)
    mock.served.replace_settings(mock.tenant, mock.tenant.settings.with_world(build(spec(sessions=3))))

    assert [len(each) for each in labels(mock, pair).values()] == [3, 0, 0]


async def test_expected_rows_with_running_clock_are_optional_since_first_page(serve: Any) -> None:
    pair = next(pair for pair in LISTS if "{end}" in pair[1].all_rows_params.values())
    [end] = [name for name, value in pair[1].all_rows_params.items() if value == "{end}"]
    mock = await serve(world={"sessions_per_day": 24}, now="2026-09-10")
    mock.tenant.faults.add(read({"kind": "session_arrives", "times": 1}))
    parameters = all_rows_params(mock.tenant, pair[1]) | {end: mock.tenant.clock.now() // 1000 + 10**6}
    status, _ = await mock.ask(*pair, parameters)
    before = [row for _, row in rows(mock.tenant, *pair, parameters)]
    mock.tenant.clock.advance(6 * 3_600_000)
    after = [row for _, row in rows(mock.tenant, *pair, parameters)]
    found = list(expected_rows(mock.tenant, *pair, parameters))

    assert status == 200
    assert len(after) > len(before)
    assert [row for verification, row in found if verification == "required"] == [
        row for row in before if row in after
    ]
    assert {verification for verification, row in found if row not in before} == {"optional"}


async def test_world_history_is_bounded_and_requires_no_more_rows(serve: Any) -> None:
    mock, pair = await serve(world={"sessions": 5}), LISTS[0]
    await asked(mock, pair)
    tenant = mock.tenant
    lived, world, now = tenant.world_history, tenant.world, tenant.clock.now()
    parameters = all_rows_params(tenant, pair[1])
    for number in range(3 * MAX_WORLDS):
        world = with_events(world, 0, [TrackedEvent(now - 10**6 * number, "a", anonymous_id=str(number))])
        lived.record(WorldSnapshot(world, now))
    tenant.world = world
    found = [verification for verification, _ in expected_rows(tenant, *pair, parameters)]

    assert len(lived.snapshots_for("nobody's", WorldSnapshot(world, now))[1]) <= MAX_WORLDS
    assert (found.count("required"), found.count("optional")) == (5, 3 * MAX_WORLDS)


def test_list_started_in_forgotten_world_counts_as_older() -> None:
    lived, world = WorldHistory(), build(spec(sessions=5))
    for number in range(MAX_LISTS + 10):
        world = with_events(world, 0, [TrackedEvent(number, "a", anonymous_id=str(number))])
        lived.start_list(str(number), WorldSnapshot(world, number))
    firsts = [
        lived.snapshots_for(str(number), WorldSnapshot(world, MAX_LISTS + 10))[1][0].now
        for number in range(MAX_LISTS + 10)
    ]

    assert firsts[:10] == [0] * 10
    assert all(first <= number for number, first in enumerate(firsts))
    assert firsts[-1] == MAX_LISTS + 9


@given(here=st.lists(st.sampled_from([1, 2, 3]), max_size=30))
def test_merge_rows_keeps_order_of_both_lists(here: list[int]) -> None:
    lists = [[number for number, worlds in enumerate(here) if worlds & bit] for bit in (1, 2)]
    told = [
        iter([MergedRow(str(row).encode(), row, bit) for row in each])
        for each, bit in zip(lists, (1, 2), strict=True)
    ]
    found = list(merge_rows(*told))

    assert sorted((each.row, each.worlds) for each in found) == list(enumerate(here))
    assert [[each.row for each in found if each.worlds & bit] for bit in (1, 2)] == lists


def test_merge_rows_counts_equal_rows() -> None:
    told = [iter([MergedRow(b"x", "x", bit)] * count) for bit, count in ((1, 2), (2, 3))]

    assert [each.worlds for each in merge_rows(*told)] == [3, 3, 2]
