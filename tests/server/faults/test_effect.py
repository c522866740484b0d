"""A fault counts the triggers with which the client got something else than without the fault."""

from typing import Any

import pytest
from msgspec import json

from mockserver.server.expected.rows import all_rows_params
from mockserver.server.faults.paging import PagingFault
from mockserver.server.faults.registry import kinds, read
from mockserver.server.faults.world_events import WorldEvent
from mockserver.vendors import load
from tests.server.faults.conftest import Look
from tests.server.faults.seen import LISTS, Pair, name
from tests.support.pages import walk_pages, with_page_size

SIZE, COUNT = 7, 30
EVENTS = [kind for kind, model in kinds().items() if issubclass(model, WorldEvent)]
OTHERS = [kind for kind in kinds() if kind not in EVENTS]
WINDOWED = [pair for pair in LISTS if pair[1].time_windows]
CLOSE = "Connection: close"
LATER = {"world": {"sessions": 0, "start": "2027-03-01", "end": "2027-03-05"}}


def supported(kind: str, pair: Pair) -> bool:
    model = kinds()[kind]
    return not issubclass(model, PagingFault) or model.supports(pair[1])


async def list_requests(mock: Any, pair: Pair) -> list[dict[str, Any]]:
    """Return the parameters of every page of a list."""

    async def fetch(params: dict[str, Any]) -> Any:
        return json.decode((await mock.ask(*pair, params))[1])

    params = with_page_size(pair[1], all_rows_params(mock.tenant, pair[1]), SIZE)
    return [page.params async for page in walk_pages(pair[1], params, fetch)]


async def run(mock: Any, look: Look, pair: Pair, *faults: dict[str, Any], **options: Any) -> list[Any]:
    """Return the faults after a client without an HTTP library has requested every page."""
    requests = await list_requests(mock, pair)
    mock.tenant.clear_journal()
    active = mock.tenant.faults.add(read(list(faults)))
    for params in requests:
        seen = await look(mock, pair, CLOSE, **params, **options)
        await seen.until(lambda each: each.end != "open" or "stall" in str(faults))
    return list(active)


def outside_params(mock: Any, pair: Pair) -> dict[str, Any]:
    """Return the parameters of a list after all sessions of the first tenant."""
    params = all_rows_params(mock.tenants["later"], pair[1])
    days = {"start_date": "2027-03-01", "end_date": "2027-03-05"}
    return params | {
        name: day for name, day in days.items() if name in pair[1].range_fields and name not in params
    }


def labels(mock: Any) -> list[str]:
    """Return the labels of all effective faults in the journal."""
    return [label for exchange in mock.tenant.journal for label in exchange.effective_faults]


@pytest.mark.parametrize("pair", LISTS, ids=name)
@pytest.mark.parametrize("kind", kinds())
async def test_example_of_each_kind_is_effective_whenever_it_triggers(
    serve: Any, look: Look, kind: str, pair: Pair
) -> None:
    if not supported(kind, pair):
        pytest.skip("the list has no such pages")
    mock = await serve(world={"sessions": COUNT})
    [active] = await run(mock, look, pair, kinds()[kind].EXAMPLE)

    assert active.effective == active.triggered > 0
    assert labels(mock) == [f"1:{kind}"] * active.triggered


@pytest.mark.parametrize("pair", LISTS, ids=name)
@pytest.mark.parametrize("kind", OTHERS)
async def test_fault_behind_reset_has_no_effect(serve: Any, look: Look, kind: str, pair: Pair) -> None:
    if not supported(kind, pair):
        pytest.skip("the list has no such pages")
    if kind in ("latency", "reset", "close", "stall"):
        pytest.skip("the client can tell")
    mock = await serve(world={"sessions": COUNT})
    reset, hidden = await run(mock, look, pair, {"kind": "reset"}, kinds()[kind].EXAMPLE)

    assert reset.effective == reset.triggered > 0
    assert (hidden.triggered > 0, hidden.effective) == (True, 0)


@pytest.mark.parametrize("kind", OTHERS)
async def test_one_of_two_equal_faults_is_effective(serve: Any, look: Look, kind: str) -> None:
    """Together they change the response, so that at least one of them is responsible."""
    pair = next(pair for pair in LISTS if supported(kind, pair))
    mock = await serve(world={"sessions": COUNT})
    first, second = await run(mock, look, pair, kinds()[kind].EXAMPLE, kinds()[kind].EXAMPLE)

    assert first.triggered == second.triggered > 0
    assert first.effective + second.effective >= first.triggered


@pytest.mark.parametrize("pair", [pair for pair in LISTS if pair[1].method == "GET"], ids=name)
@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "stall", "where": "body"},
        {"kind": "dribble", "pause": 0},
        {"kind": "truncate"},
        {"kind": "malformed", "how": "garbled"},
    ],
    ids=str,
)
async def test_fault_in_body_has_no_effect_on_head(serve: Any, look: Look, fault: Any, pair: Pair) -> None:
    mock = await serve(world={"sessions": COUNT})
    [active] = await run(mock, look, pair, fault, method="HEAD")

    assert (active.triggered > 0, active.effective) == (True, 0)


@pytest.mark.parametrize("pair", LISTS, ids=name)
@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "latency", "seconds": 0},
        {"kind": "content_type", "content_type": "application/json; charset=utf-8"},
    ],
    ids=str,
)
async def test_fault_that_changes_nothing_has_no_effect(
    serve: Any, look: Look, fault: Any, pair: Pair
) -> None:
    mock = await serve(world={"sessions": COUNT})
    plain = await (await look(mock, pair, CLOSE)).ended()
    if "content_type" in fault:
        fault = {**fault, "content_type": plain.header("Content-Type")[0]}
    [active] = await run(mock, look, pair, fault)

    assert (active.triggered > 0, active.effective) == (True, 0)
    assert labels(mock) == []


async def test_inner_status_has_no_effect_behind_outer_status(serve: Any, look: Look) -> None:
    mock = await serve(world={"sessions": COUNT})
    outer, inner = await run(mock, look, LISTS[0], {"kind": "status"}, {"kind": "status", "status": 500})

    assert outer.effective == outer.triggered == inner.triggered > 0
    assert inner.effective == 0


@pytest.mark.parametrize("pair", WINDOWED, ids=name)
@pytest.mark.parametrize("kind", EVENTS)
async def test_world_event_outside_window_has_effect_once_list_shows_it(
    serve: Any, kind: str, pair: Pair
) -> None:
    mock = await serve(world={"sessions": COUNT}, tenants={"later": LATER})
    [active] = mock.tenant.faults.add(read({"kind": kind, "times": 1}))
    outside = outside_params(mock, pair)
    statuses = [(await mock.ask(*pair, outside))[0] for _ in range(2)]
    before = active.triggered, active.effective, labels(mock)
    inside = with_page_size(pair[1], all_rows_params(mock.tenant, pair[1]), 1)
    statuses += [(await mock.ask(*pair, inside))[0] for _ in range(2)]

    assert statuses == [200] * 4
    assert before == (1, 0, [])
    assert (active.triggered, active.effective) == (1, 1)
    assert [list(exchange.effective_faults) for exchange in mock.tenant.journal] == [
        [f"1:{kind}"], [], [], []
    ]  # fmt: skip


@pytest.mark.parametrize("kind", EVENTS)
async def test_world_event_has_effect_although_response_fails(serve: Any, kind: str) -> None:
    """The expected rows changed."""
    mock = await serve(world={"sessions": COUNT})
    status, event = mock.tenant.faults.add(read([{"kind": "status"}, {"kind": kind}]))
    await mock.ask(*LISTS[0], all_rows_params(mock.tenant, LISTS[0][1]))

    assert (status.effective, event.effective) == (1, 1)


async def test_effect_of_removed_fault_is_forgotten(serve: Any) -> None:
    mock = await serve(world={"sessions": COUNT}, tenants={"later": LATER})
    outside = outside_params(mock, WINDOWED[0])
    [active] = mock.tenant.faults.add(read({"kind": "session_arrives"}))
    await mock.ask(*WINDOWED[0], outside)
    mock.tenant.faults.remove(1)
    mock.tenant.faults.add(read({"kind": "latency", "seconds": 0}))
    await mock.ask(*WINDOWED[0], all_rows_params(mock.tenant, WINDOWED[0][1]))

    assert active.effective == 0


async def test_status_records_no_data_while_its_effect_is_determined(serve: Any) -> None:
    pairs = [
        (vendor, endpoint)
        for vendor in load()
        for endpoint in vendor.contract.endpoints
        if endpoint.rows_path is None and endpoint.method == "POST" and endpoint.example
    ]
    assert pairs
    for vendor, endpoint in pairs:
        mock = await serve(world={"sessions": COUNT})
        [active] = mock.tenant.faults.add(read({"kind": "status"}))
        before = mock.tenant.world
        await mock.ask(vendor, endpoint, dict(endpoint.example))

        assert mock.tenant.world is before
        assert active.effective == 1
