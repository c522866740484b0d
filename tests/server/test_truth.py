"""What a correct client had to see, could see, and must not have seen."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import json

from mockserver.contract.pagination import CursorPagination
from mockserver.server.expected.merge import MergedRow, merge_rows
from mockserver.server.expected.rows import all_rows_params, expected_rows, rows
from mockserver.server.faults.registry import read
from mockserver.server.http.pagination import at, page_field
from mockserver.server.tenancy.config import TenantConfig, make_tenant
from mockserver.server.tenancy.world_history import MOST_LISTS, MOST_WORLDS, WorldHistory, WorldSnapshot
from mockserver.world.generator.tracked import TrackedEvent
from mockserver.world.model.spec import spec
from mockserver.world.world import build, with_events
from tests.server.asking import ALL, LISTS, Pair, name

COUNTS = [pair for pair in ALL if pair[1].count_field]
SIZE, COUNT = 7, 30


def told(mock: Any, pair: Pair, **other: Any) -> list[Any]:
    """The rows of a list as it is now."""
    return [row for _, row in rows(mock.tenant, *pair, {**all_rows_params(mock.tenant, pair[1]), **other})]


def labels(mock: Any, pair: Pair, **other: Any) -> dict[str, list[Any]]:
    """The rows of a list by verification, in its order."""
    found: dict[str, list[Any]] = {"required": [], "optional": [], "forbidden": []}
    for verification, row in expected_rows(
        mock.tenant, *pair, {**all_rows_params(mock.tenant, pair[1]), **other}
    ):
        found[verification].append(row)
    return found


async def asked(mock: Any, pair: Pair, **page: Any) -> Any:
    """A page of everything."""
    limit = getattr(pair[1].pagination, "limit", None)
    status, body = await mock.ask(
        *pair, {**all_rows_params(mock.tenant, pair[1]), **({limit: SIZE} if limit else {}), **page}
    )
    assert status == 200, body
    return json.decode(body)


async def crawled(mock: Any, pair: Pair) -> list[Any]:
    """Every row by cursor."""
    found: list[Any] = []
    page: dict[str, Any] = {}
    while True:
        answer = await asked(mock, pair, **page)
        found += at(answer, pair[1].rows_path)
        page = {str(page_field(pair[1].pagination)): at(answer, getattr(pair[1].pagination, "next", None))}
        if None in page.values():
            return found


@pytest.mark.parametrize("pair", LISTS + COUNTS, ids=name)
async def test_without_events_every_row_is_a_must_and_nothing_is_remembered(serve: Any, pair: Pair) -> None:
    """A tenant whose faults leave its world alone has lived in one world, and the labels are the expected rows."""
    mock = await serve(world={"sessions": COUNT})
    mock.tenant.faults.add(read({"kind": "latency", "seconds": 0}))
    await asked(mock, pair)

    assert labels(mock, pair) == {"required": told(mock, pair), "optional": [], "forbidden": []}
    assert not mock.tenant.lived.changed


@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_what_goes_while_a_client_pages_may_be_seen_and_later_must_not(serve: Any, pair: Pair) -> None:
    """A session deleted after the first page is a may, until the first page is asked again: then it must not be seen."""
    mock = await serve(world={"sessions": COUNT})
    mock.tenant.faults.add(read({"kind": "session_deleted", "place": 0.5, "nth": 2}))
    before = told(mock, pair)
    await asked(mock, pair)
    await asked(mock, pair, **{str(getattr(pair[1].pagination, "limit", "")): SIZE + 1, **later(pair)})
    after = told(mock, pair)
    gone = [row for row in before if row not in after]
    paging = labels(mock, pair)
    await asked(mock, pair)

    assert len(gone) == 1
    assert paging == {"required": after, "optional": gone, "forbidden": []}
    assert labels(mock, pair) == {"required": after, "optional": [], "forbidden": gone}


def later(pair: Pair) -> dict[str, Any]:
    """A page that is not the first; by cursor there is none to name, and a filter does as well: it is another list."""
    field = page_field(pair[1].pagination)
    return (
        {str(field): 2}
        if not isinstance(pair[1].pagination, CursorPagination)
        else dict(pair[1].filtered_example)
    )


@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_what_goes_as_the_first_page_is_asked_must_not_be_seen(serve: Any, pair: Pair) -> None:
    """An event on the first page happens before it is answered: what is gone could not be seen, what came had to be."""
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
async def test_what_changes_is_told_as_it_was_and_as_it_is(serve: Any, pair: Pair) -> None:
    """A session that grows while a client pages may be seen in either form; all others must be, in their order."""
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
async def test_counts_that_change_may_be_either(serve: Any, pair: Pair) -> None:
    """Where a row counts sessions, an arrival changes one row, and leaves the others a must."""
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


@pytest.mark.parametrize(
    "pair", [pair for pair in LISTS if isinstance(pair[1].pagination, CursorPagination)], ids=name
)
async def test_a_client_that_follows_cursors_sees_what_it_must(serve: Any, pair: Pair) -> None:
    """Whatever comes, goes and grows on every page, such a client has every must, and else only mays."""
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
async def test_every_list_has_its_own_beginning(serve: Any, pair: Pair) -> None:
    """What went before one list was begun is a may of the list that was begun earlier, and of one that nobody began."""
    mock = await serve(world={"sessions": COUNT})
    mock.tenant.faults.add(read({"kind": "session_deleted", "nth": 2}))
    await asked(mock, pair)
    others = [each for each in LISTS if each != pair]
    for other in others[:-1]:
        await asked(mock, other)
    kinds = [[len(rows) for rows in labels(mock, each).values()] for each in (pair, *others)]

    assert kinds == [[COUNT - 1, 1, 0], *[[COUNT - 1, 0, 1]] * (len(others) - 1), [COUNT - 1, 1, 0]]


@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_what_is_sent_meanwhile_counts_alike(serve: Any, pair: Pair) -> None:
    """While something may trigger, what comes over HTTP changes the world as an event does."""
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


async def test_faults_that_are_disarmed_leave_what_was_lived(serve: Any) -> None:
    """After the last fault is gone, labels stand, lists are still begun, and only a reset forgets."""
    mock, pair = await serve(world={"sessions": COUNT}), LISTS[0]
    mock.tenant.faults.add(read({"kind": "session_deleted", "nth": 2}))
    await asked(mock, pair)
    await asked(mock, pair, **later(pair))
    mock.tenant.faults.clear()
    kept = [len(each) for each in labels(mock, pair).values()]
    await asked(mock, pair)
    begun = [len(each) for each in labels(mock, pair).values()]
    mock.tenant.reset()

    assert kept == [COUNT - 1, 1, 0]
    assert begun == [COUNT - 1, 0, 1]
    assert [len(each) for each in labels(mock, pair).values()] == [COUNT, 0, 0]


async def test_another_world_is_a_new_beginning(serve: Any) -> None:
    """Rows of a world of another spec are no rows of this one's."""
    mock, pair = await serve(world={"sessions": COUNT}), LISTS[0]
    mock.tenant.faults.add(read({"kind": "session_deleted", "times": 1}))
    await asked(mock, pair)
    mock.tenants["default"].use(build(spec(sessions=3)))

    assert [len(each) for each in labels(mock, pair).values()] == [3, 0, 0]


async def test_a_running_clock_is_judged_at_both_ends(serve: Any) -> None:
    """In a flowing world in which something happened, what the clock brought since the first page is a may."""
    mock, pair = await serve(world={"sessions_per_day": 24}, now="2026-09-10"), LISTS[0]
    mock.tenant.faults.add(read({"kind": "session_arrives", "times": 1}))
    parameters = all_rows_params(mock.tenant, pair[1]) | {"end": mock.tenant.clock.now() // 1000 + 10**6}
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


def test_what_is_remembered_is_bounded_and_demands_no_more() -> None:
    """After hundreds of worlds and lists a few are kept; a row that came in between is still no must, one that always was is."""
    tenant, pair = make_tenant("t", TenantConfig(world={"sessions": 5})), LISTS[0]
    lived, world, now = tenant.world_history, tenant.world, tenant.clock.now()
    lived.record(WorldSnapshot(world, now))
    for number in range(3 * MOST_WORLDS):
        world = with_events(world, 0, [TrackedEvent(now - 10**6 * number, "a", anonymous_id=str(number))])
        lived.record(WorldSnapshot(world, now))
    tenant.world = world
    found = [
        verification for verification, _ in expected_rows(tenant, *pair, all_rows_params(tenant, pair[1]))
    ]

    assert len(lived.snapshots_for("nobody's", WorldSnapshot(world, now))[1]) <= MOST_WORLDS
    assert (found.count("required"), found.count("optional")) == (5, 3 * MOST_WORLDS)


def test_a_list_begun_in_a_forgotten_world_is_taken_to_be_older() -> None:
    """Lists are forgotten too, the oldest first, and one whose world is forgotten keeps a neighbour from before."""
    lived, world = WorldHistory(), build(spec(sessions=5))
    for number in range(MOST_LISTS + 10):
        world = with_events(world, 0, [TrackedEvent(number, "a", anonymous_id=str(number))])
        lived.start_list(str(number), WorldSnapshot(world, number))
    firsts = [
        lived.snapshots_for(str(number), WorldSnapshot(world, MOST_LISTS + 10))[1][0].now
        for number in range(MOST_LISTS + 10)
    ]

    assert firsts[:10] == [0] * 10
    assert all(first <= number for number, first in enumerate(firsts))
    assert firsts[-1] == MOST_LISTS + 9


@given(here=st.lists(st.sampled_from([1, 2, 3]), max_size=30))
def test_two_lists_that_agree_on_their_order_are_merged_into_one(here: list[int]) -> None:
    """Every row is told once, by whichever list has it, and each list stands in the merged one in its own order."""
    lists = [[number for number, worlds in enumerate(here) if worlds & bit] for bit in (1, 2)]
    told = [
        iter([MergedRow(str(row).encode(), row, bit) for row in each])
        for each, bit in zip(lists, (1, 2), strict=True)
    ]
    found = list(merge_rows(*told))

    assert sorted((each.row, each.worlds) for each in found) == list(enumerate(here))
    assert [[each.row for each in found if each.worlds & bit] for bit in (1, 2)] == lists


def test_rows_that_say_the_same_are_counted_apart() -> None:
    """Two equal rows in one world and three in another are two that both have and one that only one has."""
    told = [iter([MergedRow(b"x", "x", bit)] * count) for bit, count in ((1, 2), (2, 3))]

    assert [each.worlds for each in merge_rows(*told)] == [3, 3, 2]
