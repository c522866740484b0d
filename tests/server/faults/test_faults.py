"""Tests of the conditions of faults, and of several faults at a time."""

import asyncio
import json
from collections import Counter
from math import ceil
from typing import Any

import pytest

from mockserver.server.expected.rows import all_rows_params
from mockserver.server.faults.base import Fault
from mockserver.server.faults.registry import kinds, read
from mockserver.server.tenancy.active_faults import ActiveFaults, FaultError
from tests.server.faults.conftest import Look
from tests.server.faults.seen import LISTS, name
from tests.support.limits import has_limit
from tests.support.pages import next_page_params

CLOSE = "Connection: close"
FIRST = next(pair for pair in LISTS if not has_limit(pair[1]))
OTHER = next(pair for pair in LISTS if pair[0] is not FIRST[0])


def limit(pair: Any) -> str:
    """Return the parameter that says how many rows a page has."""
    return str(pair[1].pagination.limit)


async def statuses(mock: Any, pair: Any, *limits: int) -> list[int]:
    """Return the statuses of requests that differ in how many rows they ask for, one after the other."""
    return [(await mock.ask(*pair, {**pair[1].example, limit(pair): each}))[0] for each in limits]


def add(mock: Any, **fault: Any) -> Any:
    """Add a fault; status 503 where no kind is given."""
    return mock.tenant.faults.add(read({"kind": "status", **fault}))[0]


@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_status_with_times_triggers_n_times_in_vendor_format(serve: Any, pair: Any) -> None:
    mock = await serve()
    add(mock, endpoint=pair[1].name, page="first", times=2)

    assert await statuses(mock, pair, 5, 5, 5) == [503, 503, 200]
    assert [exchange.faults for exchange in mock.tenant.journal] == [("1:status",), ("1:status",), ()]


async def test_fault_with_vendor_ignores_other_vendors(serve: Any) -> None:
    mock = await serve()
    add(mock, vendor=FIRST[0].name)

    assert await statuses(mock, FIRST, 5) + await statuses(mock, OTHER, 5) == [503, 200]


async def test_fault_with_endpoint_ignores_other_endpoints(serve: Any) -> None:
    vendor, ours = next(pair for pair in LISTS if len(pair[0].contract.endpoints) > 1)
    mock = await serve()
    add(
        mock,
        vendor=vendor.name,
        endpoint=next(each.name for each in vendor.contract.endpoints if each is not ours),
    )

    assert await statuses(mock, (vendor, ours), 5) == [200]

    add(mock, vendor=vendor.name, endpoint=ours.name)

    assert await statuses(mock, (vendor, ours), 5) == [503]


async def test_repeated_request_triggers_faults_added_later(serve: Any) -> None:
    mock = await serve()
    add(mock, endpoint=FIRST[1].name, fields={limit(FIRST): 9})
    add(mock, status=429, since="2099-01-01", until="2099-01-02")
    met = await statuses(mock, FIRST, 5, 5, 5)
    third = add(mock, endpoint=FIRST[1].name, fields={limit(FIRST): 5})
    met += await statuses(mock, FIRST, 5, 5)
    mock.tenant.faults.remove(third.number)
    met += await statuses(mock, FIRST, 5)
    mock.tenant.clock.freeze(4_070_908_800_000)  # 2099-01-01
    met += await statuses(mock, FIRST, 5)
    mock.tenant.faults.clear()
    met += await statuses(mock, FIRST, 5)

    assert met == [200, 200, 200, 503, 503, 200, 429, 200]


@pytest.mark.parametrize("text", [False, True], ids=["as a number", "as text"])
@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_fault_with_fields_matches_only_equal_values(serve: Any, pair: Any, *, text: bool) -> None:
    mock = await serve()
    add(mock, fields={limit(pair): "7" if text else 7})
    add(mock, fields={limit(pair): 8, "nothing_of_the_kind": 1})

    assert await statuses(mock, pair, 6, 7, 8) == [200, 503, 200]


@pytest.mark.parametrize("page", ["first", 2, "last"])
@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_fault_with_page_triggers_only_for_that_page(serve: Any, pair: Any, page: Any) -> None:
    mock = await serve(world={"sessions": 60})
    add(mock, page=page, times=1)
    parameters: dict[str, Any] | None = {**all_rows_params(mock.tenant, pair[1]), limit(pair): 20}
    triggered = []
    while parameters is not None:
        status, body = await mock.ask(*pair, parameters)
        triggered.append(status == 503)
        if status == 503:
            status, body = await mock.ask(*pair, parameters)
        parameters = next_page_params(pair[1], parameters, json.loads(body))

    assert len(triggered) >= 3
    assert [number for number, each in enumerate(triggered) if each] == [
        {"first": 0, 2: 1, "last": len(triggered) - 1}[page]
    ]


async def test_nth_after_and_times_count_matching_exchanges(serve: Any) -> None:
    mock = await serve()
    add(mock, nth=2, fields={limit(FIRST): 5})

    assert await statuses(mock, FIRST, 5, 6, 5, 5) == [200, 200, 503, 200]

    mock.tenant.faults.clear()
    active = add(mock, after=1, times=2)

    assert await statuses(mock, FIRST, 5, 5, 5, 5) == [200, 503, 503, 200]
    assert (active.matched, active.triggered, active.remaining) == (3, 2, 0)


async def test_since_and_until_use_tenant_clock(serve: Any) -> None:
    mock = await serve(now="2031-02-01T00:00:00Z")
    add(mock, since="2031-02-01T01:00:00Z", until="2031-02-01T02:00:00Z")
    found = []
    for _ in range(3):
        found += await statuses(mock, FIRST, 5)
        mock.tenant.clock.advance(3_600_000)

    assert found == [200, 503, 200]


async def test_probability_zero_never_and_one_always_triggers(serve: Any) -> None:
    mock = await serve()
    never, always = add(mock, probability=0), add(mock, probability=1)
    await statuses(mock, FIRST, *range(1, 11))

    assert (never.triggered, always.triggered) == (0, 10)


ORDERS = {"one by one": list(range(1, 31)) * 2, "backwards": [*range(30, 0, -1)] * 2, "all at once": None}


@pytest.mark.parametrize("order", [order for order in ORDERS if order != "one by one"])
async def test_probability_does_not_depend_on_order_of_requests(serve: Any, order: str) -> None:
    expected, found = [await met(await serve(), numbers) for numbers in (ORDERS["one by one"], ORDERS[order])]
    triggered = sum(bool(faults) for (_, faults, _), count in expected.items() for _ in range(count))

    assert found == expected
    assert 15 <= triggered <= 45
    assert len({delay for _, _, delay in expected}) > 20


async def met(mock: Any, numbers: list[int] | None) -> Counter[tuple[Any, ...]]:
    add(mock, kind="latency", lower=0, upper=0.003, probability=0.5)
    if numbers is None:
        await asyncio.gather(*(statuses(mock, FIRST, 1 + number % 30) for number in range(60)))
    else:
        await statuses(mock, FIRST, *numbers)
    return Counter(
        (exchange.raw.path + str(exchange.raw.body), exchange.faults, exchange.response.delivery.delay)
        for exchange in mock.tenant.journal
    )


async def test_probability_depends_on_seed_tenant_fault_and_attempt(serve: Any) -> None:
    drawn = []
    for world, twice in (({}, False), ({"seed": 99}, False), ({}, True)):
        mock = await serve(world=world)
        if twice:
            add(mock, kind="latency", seconds=0, vendor=OTHER[0].name)
        active = add(mock, probability=0.5)
        await statuses(mock, FIRST, *range(1, 41))
        first = [f"{active.number}:status" in exchange.faults for exchange in mock.tenant.journal]
        mock.tenant.journal.clear()
        await statuses(mock, FIRST, *range(1, 41))
        drawn += [first, [f"{active.number}:status" in exchange.faults for exchange in mock.tenant.journal]]

    assert len({tuple(each) for each in drawn}) == len(drawn)


COMPOSED: dict[str, tuple[list[dict[str, Any]], Any]] = {
    "latency, truncate": (
        [{"kind": "latency", "seconds": 0.002}, {"kind": "truncate", "content_length": "true"}],
        lambda seen, exchange: (
            exchange.response.delivery.delay == 0.002
            and seen.length == len(seen.body) == exchange.response_size // 2
        ),
    ),
    "status, dribble": (
        [{"kind": "status", "status": 502}, {"kind": "dribble", "pieces": 3, "pause": 0.001}],
        lambda seen, exchange: (
            seen.status == 502
            and seen.length == len(seen.body) == exchange.response_size
            and exchange.response.delivery.pieces == 3
        ),
    ),
    "dribble, truncate": (
        [{"kind": "dribble", "pieces": 3, "pause": 0.001}, {"kind": "truncate"}],
        lambda seen, exchange: (
            len(seen.body) == exchange.response_size // 2 < seen.length == exchange.response_size
            and len(seen.pieces) >= 3
        ),
    ),
    "reset, content_type": (
        [{"kind": "reset", "where": "headers"}, {"kind": "content_type"}],
        lambda seen, _: (
            seen.header("Content-Type") == ["text/html"] and (seen.end, seen.body) == ("reset", b"")
        ),
    ),
    "malformed, status": (
        [{"kind": "malformed"}, {"kind": "status", "status": 500}],
        lambda seen, exchange: seen.status == 500 and seen.length == len(seen.body) == exchange.response_size,
    ),
    "truncate, truncate": (
        [{"kind": "truncate", "content_length": "true"}, {"kind": "truncate"}],
        lambda seen, exchange: (
            seen.length == ceil(exchange.response_size / 2)
            and len(seen.body) == exchange.response_size // 2 // 2
            and seen.end == "closed"
        ),
    ),
    "truncate, reset": (
        [{"kind": "truncate", "content_length": "true"}, {"kind": "reset", "where": "body"}],
        lambda seen, _: len(seen.body) < seen.length and seen.end == "reset",
    ),
    "empty_body, truncate": (
        [{"kind": "empty_body"}, {"kind": "truncate"}],
        lambda seen, _: (seen.length, seen.body, seen.end) == (0, b"", "closed"),
    ),
    "stall, reset": (
        [{"kind": "stall", "where": "headers"}, {"kind": "reset"}],
        lambda seen, _: (seen.data, seen.end) == (b"", "reset"),
    ),
    "two latencies": (
        [{"kind": "latency", "lower": 0, "upper": 0.004}] * 2,
        lambda seen, exchange: seen.status == 200 and 0 < exchange.response.delivery.delay < 0.008,
    ),
}


@pytest.mark.parametrize(("faults", "shows"), COMPOSED.values(), ids=COMPOSED)
async def test_several_faults_all_apply(serve: Any, look: Look, faults: Any, shows: Any) -> None:
    mock = await serve()
    mock.tenant.faults.add(read(faults))
    seen = await (await look(mock, FIRST, CLOSE)).ended()
    (exchange,) = mock.tenant.journal

    assert exchange.faults == tuple(f"{number}:{fault['kind']}" for number, fault in enumerate(faults, 1))
    assert shows(seen, exchange), (seen.data[:300], exchange.response)


async def test_equal_faults_draw_different_numbers(serve: Any) -> None:
    mock = await serve()
    add(mock, kind="latency", lower=0, upper=0.004)
    await statuses(mock, FIRST, 5)
    add(mock, kind="latency", lower=0, upper=0.004)
    await statuses(mock, FIRST, 5)
    alone, both = (exchange.response.delivery.delay for exchange in mock.tenant.journal)

    assert both not in (0, alone, 2 * alone)


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ({"kind": "latencyy"}, "did you mean 'latency'"),
        ({"kind": ["status"]}, "unknown kind"),
        ({"kind": "latency", "secnds": 1}, "did you mean 'seconds'"),
        (
            {"kind": "status", "status": "503"},
            "^fault 'status': status must be an integer from 300 to 599, got a string$",
        ),
        ({"kind": "status", "page": 0}, "page must be an integer, at least 1, got 0"),
        ({"kind": "status", "page": "frist"}, "page: unknown value 'frist'; did you mean 'first'[?]"),
        ({"kind": "status", "nth": 2, "after": 2}, "nth: 2 is among the first 2"),
        ({"kind": "status", "vendor": "unknown"}, "unknown vendor 'unknown'; known are"),
        ({"kind": "status", "endpoint": FIRST[1].name + "x"}, f"did you mean '{FIRST[1].name}'"),
        ({"kind": "status", "endpoint": "?"}, "known are"),
        ({"kind": "status", "since": "yesterday"}, "since"),
        (
            {"kind": "status", "since": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z"},
            "must be before until",
        ),
        ({"kind": "content_type", "content_type": "a\r\nX: b"}, "content_type"),
        ({"kind": "content_type", "content_type": "text/html\n"}, "content_type"),
        ({"kind": "duplicate_header", "header": "a b"}, "header"),
        ({"kind": "duplicate_header", "header": "X", "value": "\u00fc"}, "value"),
        ([1], "^expected an object"),
        ([{"kind": "status"}, 1], "^faults.1.: expected an object"),
        (
            [{"kind": "status"}, {"kind": "sttus"}],
            "^faults.1.: unknown kind of fault 'sttus'; did you mean 'status'",
        ),
        (
            [{"kind": "status", "times": 0}, {"kind": "status"}],
            "^faults.0.: fault 'status': times must be an integer, at least 1",
        ),
        ([{"kind": "status"}, {"kind": "status", "vendor": "x"}], "^faults.1.: unknown vendor 'x'"),
    ],
    ids=lambda value: json.dumps(value) if isinstance(value, dict | list) else "",
)
def test_invalid_fault_is_rejected_with_nearest_valid_word(raw: Any, says: str) -> None:
    with pytest.raises(FaultError, match=says):
        read(raw)


def test_faults_are_numbered_until_cleared() -> None:
    faults: ActiveFaults[Fault] = ActiveFaults()
    faults.add(read([{"kind": "status"}, {"kind": "reset"}]))

    assert (faults.remove(1), faults.remove(1)) == (True, False)

    faults.add(read({"kind": "stall", "times": 3}))

    assert [(active.number, active.kind, active.remaining) for active in faults.active] == [
        (2, "reset", None),
        (3, "stall", 3),
    ]

    faults.clear()

    assert [active.number for active in faults.add(read({"kind": "status"}))] == [1]


@pytest.mark.parametrize("kind", kinds())
def test_description_of_fault_can_be_added_again(kind: str) -> None:
    faults: ActiveFaults[Fault] = ActiveFaults()
    (active,) = faults.add(read(kinds()[kind].EXAMPLE))
    told = active.describe()
    counts = {word: told.pop(word) for word in ("id", "matched", "triggered", "effective", "remaining")}

    assert read(json.loads(json.dumps(told))) == [active.fault]
    assert counts == {
        "id": "1",
        "matched": 0,
        "triggered": 0,
        "effective": 0,
        "remaining": active.fault.times,
    }
