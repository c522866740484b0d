"""Tests of the faults that change the world while a client is paging."""

from typing import Any

import pytest
from msgspec import json

from mockserver._util.json_paths import get_at
from mockserver.rows.datetimes import parse_instant
from mockserver.server.expected.rows import all_rows_params, rows
from mockserver.server.faults.registry import kinds, read
from mockserver.server.faults.world_events import WorldEvent
from mockserver.vendors import load
from tests.server.faults.seen import LISTS, Pair, name
from tests.support.pages import next_page_params, with_page_size

SIZE, COUNT = 7, 30
EVENTS = [kind for kind, model in kinds().items() if issubclass(model, WorldEvent)]
HOUR = 3600


async def served(serve: Any, *faults: dict[str, Any], **world: Any) -> Any:
    """Return a mock with a small world, and with faults."""
    mock = await serve(world={"sessions": COUNT, **world})
    mock.tenant.faults.add(read(list(faults)))
    return mock


def expected_rows(mock: Any, pair: Pair, site: int = 0) -> list[Any]:
    """Return the rows of a list as it is now."""
    return [row for _, row in rows(mock.tenant, *pair, all_rows_params(mock.tenant, pair[1]), site)]


def starts(pair: Pair, told: list[Any]) -> list[int]:
    """When each session of a list started, in Unix seconds."""
    values = [row[pair[1].start_field] for row in told]
    return [(parse_instant(each) or 0) // 1000 if isinstance(each, str) else each // 1000 for each in values]


async def asked(mock: Any, pair: Pair, site: int = 0, **page: Any) -> Any:
    """Return a page of everything."""
    status, body = await mock.ask(
        *pair,
        {**with_page_size(pair[1], all_rows_params(mock.tenant, pair[1]), SIZE), **page},
        site,
    )
    assert status == 200, body
    return json.decode(body)


async def second(mock: Any, pair: Pair, first: Any) -> Any:
    """Return the second page, after the first."""
    params = next_page_params(pair[1], with_page_size(pair[1], {}, SIZE), first)
    assert params is not None
    return await asked(mock, pair, **params)


@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_session_arrives_before_response(serve: Any, pair: Pair) -> None:
    mock = await served(serve, {"kind": "session_arrives", "page": 2})
    before, now = expected_rows(mock, pair), mock.tenant.clock.now() // 1000
    newest_first = starts(pair, before)[0] > starts(pair, before)[-1]
    first = await asked(mock, pair)
    unmoved = expected_rows(mock, pair) == before
    page, after = get_at(await second(mock, pair, first), pair[1].rows_path), expected_rows(mock, pair)
    shift = newest_first and not pair[1].pagination.has_cursors

    assert unmoved
    assert [row for row in after if row not in before] == [after[0 if newest_first else -1]]
    assert starts(pair, after)[0 if newest_first else -1] == now
    assert page == before[SIZE - shift :][:SIZE]


@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_session_arrives_late_starts_in_past(serve: Any, pair: Pair) -> None:
    ago = 10 * 24 * HOUR
    mock = await served(serve, {"kind": "session_arrives_late", "seconds": ago, "times": 1})
    before = expected_rows(mock, pair)
    await asked(mock, pair)
    after = expected_rows(mock, pair)
    told = starts(pair, after)

    assert [starts(pair, [row]) for row in after if row not in before] == [
        [mock.tenant.clock.now() // 1000 - ago]
    ]
    assert [row for row in after if row in before] == before
    assert told in (sorted(told), sorted(told, reverse=True))


@pytest.mark.parametrize(("place", "which"), [(0, 0), (1, COUNT - 1), (0.5, COUNT // 2)])
@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_session_deleted_removes_session_at_place(
    serve: Any, pair: Pair, place: float, which: int
) -> None:
    mock = await served(serve, {"kind": "session_deleted", "place": place, "times": 1})
    before = {name(each): expected_rows(mock, each) for each in LISTS}
    await asked(mock, pair)
    for each in LISTS:
        told = before[name(each)]
        gone = [row for row in told if row not in expected_rows(mock, each)]
        oldest_first = told if starts(each, told)[0] < starts(each, told)[-1] else told[::-1]

        assert gone == [oldest_first[which]]


@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_session_deleted_on_earlier_page_hides_row_from_offset_client(serve: Any, pair: Pair) -> None:
    mock = await served(serve)
    before = expected_rows(mock, pair)
    newest_first = starts(pair, before)[0] > starts(pair, before)[-1]
    cut = (SIZE - 0.5) / COUNT  # The last row of page 1: the one that a cursor names.
    mock.tenant.faults.add(
        read({"kind": "session_deleted", "page": 2, "place": 1 - cut if newest_first else cut})
    )
    first = await asked(mock, pair)
    page = get_at(await second(mock, pair, first), pair[1].rows_path)

    assert before[SIZE - 1] not in expected_rows(mock, pair)
    assert page == before[SIZE + (not pair[1].pagination.has_cursors) :][:SIZE]


@pytest.mark.parametrize("pair", [pair for pair in LISTS if pair[1].pagination.has_cursors], ids=name)
async def test_cursor_of_deleted_row_stays_valid(serve: Any, pair: Pair) -> None:
    mock = await served(
        serve,
        {"kind": "session_arrives_late", "seconds": 10, "times": 1},
        {"kind": "session_arrives", "times": 1},
    )
    await asked(mock, pair)
    before, limit = expected_rows(mock, pair), str(pair[1].pagination.limit)
    first = await asked(mock, pair, **{limit: 1})
    mock.tenant.faults.add(read({"kind": "session_deleted", "place": 1, "times": 1}))
    cursor = {str(pair[1].pagination.key_field): get_at(first, pair[1].pagination.next)}
    following = await asked(mock, pair, **{limit: COUNT + 2, **cursor})

    assert get_at(following, pair[1].rows_path) == before[1:] == expected_rows(mock, pair)
    assert len(before) == COUNT + 2


@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_session_grows_lengthens_tracked_session(serve: Any, pair: Pair) -> None:
    mock = await served(
        serve,
        {"kind": "session_arrives_late", "seconds": 90, "times": 1},
        {"kind": "session_grows", "seconds": 60},
    )
    now, grown = mock.tenant.clock.now(), []
    for _ in range(3):
        await asked(mock, pair)
        [session] = mock.tenant.world.sites[0].tracked_sessions(now)
        grown.append([now - event.at for event in session.events])
    told = expected_rows(mock, pair)

    assert grown == [[90_000, 30_000], [90_000, 30_000, 0], [90_000, 30_000, 0, 0]]
    assert len(told) == COUNT + 1


async def test_session_grows_without_tracked_session_adds_one(serve: Any) -> None:
    mock = await served(serve, {"kind": "session_grows"})
    counts = []
    for _ in range(2):
        await asked(mock, LISTS[0])
        counts.append(
            [
                len(session.events)
                for session in mock.tenant.world.sites[0].tracked_sessions(mock.tenant.clock.now())
            ]
        )

    assert counts == [[1], [2]]


async def test_session_grows_keeps_user_id(serve: Any) -> None:
    mock = await served(serve)
    [(vendor, endpoint)] = [
        (v, e) for v in load() for e in v.contract.endpoints if e.method == "POST" and "event" in e.example
    ]
    await mock.ask(vendor, endpoint, dict(endpoint.example))
    mock.tenant.faults.add(read({"kind": "session_grows", "times": 1}))
    await asked(mock, LISTS[0])
    [session] = mock.tenant.world.sites[0].tracked_sessions(mock.tenant.clock.now())

    assert (session.identified, len(session.events)) == (True, 2)


@pytest.mark.parametrize("kind", EVENTS)
async def test_world_events_change_requested_site(serve: Any, kind: str) -> None:
    mock = await served(serve, {"kind": kind, "times": 1})
    pair = LISTS[0]
    before = [expected_rows(mock, pair, site) for site in (0, 1)]
    await asked(mock, pair, 1)

    assert expected_rows(mock, pair, 0) == before[0]
    assert expected_rows(mock, pair, 1) != before[1]


@pytest.mark.parametrize("kind", EVENTS)
async def test_world_events_are_deterministic(serve: Any, kind: str) -> None:
    seen = []
    for seed in (1, 1, 2):
        mock = await served(serve, {"kind": kind}, seed=seed)
        for _ in range(3):
            await asked(mock, LISTS[0])
        seen.append([expected_rows(mock, pair) for pair in LISTS])

    assert seen[0] == seen[1]
    assert seen[0] != seen[2]


@pytest.mark.parametrize("kind", EVENTS)
async def test_world_events_happen_also_if_response_fails(serve: Any, kind: str) -> None:
    mock = await served(serve, {"kind": "status", "status": 503}, {"kind": kind})
    before = mock.tenant.world
    status, _ = await mock.ask(*LISTS[0], {})

    assert status == 503
    assert mock.tenant.world is not before


@pytest.mark.parametrize("kind", EVENTS)
async def test_world_events_never_match_invalid_request(serve: Any, kind: str) -> None:
    mock = await served(serve, {"kind": kind})
    before = mock.tenant.world
    status, _ = await mock.ask(*LISTS[0], {str(LISTS[0][1].pagination.limit): "many"})

    assert status >= 400
    assert mock.tenant.world is before
    assert mock.tenant.faults.active[0].matched == 0


async def test_session_deleted_in_empty_site_does_nothing(serve: Any) -> None:
    mock = await served(
        serve, {"kind": "session_deleted"}, {"kind": "session_deleted", "place": 1}, sessions=0
    )

    assert get_at(await asked(mock, LISTS[0]), LISTS[0][1].rows_path) == []


async def test_session_deleted_on_every_page_empties_site(serve: Any) -> None:
    mock = await served(serve, {"kind": "session_deleted"}, sessions=5)
    for _ in range(7):
        await asked(mock, LISTS[0])

    assert [expected_rows(mock, pair) for pair in LISTS] == [[] for _ in LISTS]
