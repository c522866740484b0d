"""Tests of limits on the tenant's clock and on a real socket."""

import asyncio
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.contract.endpoint import Endpoint
from mockserver.contract.limits import ConcurrencyLimit, Limit, RateLimit, TokenBucket, WindowLimit
from mockserver.server.faults.registry import read
from mockserver.server.requests.responses import status_of
from mockserver.server.tenancy.limits import RateLimiter
from mockserver.vendors import load_dialects
from mockserver.vendors.base import Vendor
from tests.server.asking import ALL
from tests.support.limits import find_limits

Limited = tuple[Vendor, Endpoint, Any]
ONE = find_limits(ALL, ConcurrencyLimit)
WINDOWS = [each for each in find_limits(ALL, WindowLimit) if not set(each[1].path) - {each[1].site}]

REFUSING: list[Limited] = [
    (vendor, endpoint, limit)
    for vendor in load_dialects()
    for endpoint in vendor.contract.endpoints
    for limit in endpoint.limits
    if status_of(vendor, vendor.contract.errors[limit.error], {}) == 429
]


def dialect_name(each: Limited) -> str:
    """Return a test id with the dialect."""
    return f"{each[0].label}.{each[1].name}.{each[2].error}.{getattr(each[2], 'pool', '')}"


def name(each: Limited) -> str:
    """Return a test id a person can read."""
    return f"{each[0].name}.{each[1].name}"


@given(
    st.lists(st.integers(0, 10_000_000), max_size=40).map(sorted),
    st.integers(1, 5),
    st.sampled_from(["clock", "first"]),
)
def test_window_never_allows_more_than_its_limit(instants: list[int], allowed: int, opens: Any) -> None:
    windows, window = RateLimiter(), WindowLimit(allowed="v.x", seconds=600, opens=opens, pool="p")
    opened, passed = -1, 0
    for now in instants:
        if opened < 0 or now >= opened + 600_000:
            opened, passed = (now // 600_000 * 600_000 if opens == "clock" else now), 0
        through = not windows.charge(window, {"x": allowed}, "key", now).refused

        assert through == (passed < allowed)

        passed += through


@given(st.lists(st.integers(0, 20_000), max_size=60).map(sorted), st.integers(1, 6), st.integers(0, 7))
def test_bucket_allows_its_size_and_its_refill(instants: list[int], allowed: int, refill: int) -> None:
    rates, bucket = RateLimiter(), TokenBucket(allowed="v.x", refill="v.y", pool="p")
    behaviors = {"x": allowed, "y": refill}
    level, last = Fraction(allowed), 0
    for now in instants:
        level, last = min(Fraction(allowed), level + Fraction((now - last) * refill, 1000)), now
        before = rates.charge(bucket, behaviors, "key", now, counts=False)
        left = rates.charge(bucket, behaviors, "key", now)

        assert left.refused == before.refused == (level < 1)

        if left.refused:
            later = rates.charge(bucket, behaviors, "key", now + left.wait * 1000, counts=False)
            assert refill == 0 or not later.refused
            continue
        level -= 1
        assert (left.remaining, left.wait) == (int(level), 0)
        assert rates.used(bucket, behaviors, now) == {"key": allowed - int(level)}


def test_bucket_is_not_refilled_when_clock_goes_back() -> None:
    rates, bucket = RateLimiter(), TokenBucket(allowed="v.x", refill="v.y", pool="p")
    left = [rates.charge(bucket, {"x": 3, "y": 1}, "key", now).remaining for now in (5_000, 1_000, 5_000)]

    assert left == [2, 1, 2]


def test_idle_window_ends_after_pause() -> None:
    rates, window = RateLimiter(), WindowLimit(allowed="v.x", seconds=10, opens="idle", pool="p")
    refused = [
        rates.charge(window, {"x": 3}, "key", second * 1000).refused for second in (0, 9, 18, 27, 28, 29)
    ]

    assert refused == [False, False, False, True, False, False]


@pytest.mark.parametrize("each", WINDOWS, ids=name)
async def test_window_rejects_requests_beyond_limit(serve: Any, each: Limited) -> None:
    vendor, endpoint, window = each
    mock = await serve(behaviors={window.allowed: 2})
    path, arguments = mock.parts(vendor, endpoint, dict(endpoint.example))
    told = []
    for _ in range(3):
        async with mock.client.request(endpoint.method, path, **arguments) as response:
            told.append((response.status, [response.headers.get(header) for header in window.headers or ()]))
    reset = str(mock.tenant.clock.now() // 1000 // window.seconds * window.seconds + window.seconds)
    expected = [["2", "1", reset], ["2", "0", reset], ["2", "0", reset]]

    assert [status for status, _ in told] == [200, 200, 429]
    assert [headers for _, headers in told] == (expected if window.headers else [[], [], []])


async def overlapping(mock: Any, vendor: Vendor, endpoint: Endpoint, *sites: int) -> list[int]:
    """Return the statuses of requests sent at once."""
    return [
        status
        for status, _ in await asyncio.gather(*(mock.ask(vendor, endpoint, {}, site) for site in sites))
    ]


@pytest.mark.parametrize("each", ONE, ids=name)
async def test_second_open_request_is_rejected(serve: Any, each: Limited) -> None:
    vendor, endpoint, limit = each
    mock = await serve(behaviors={limit.hold: 200})

    assert sorted(await overlapping(mock, vendor, endpoint, 0, 0)) == [200, 429]
    assert await overlapping(mock, vendor, endpoint, 0, 1) == [200, 200]
    assert await overlapping(mock, vendor, endpoint, 0) == [200]


@pytest.mark.parametrize(
    ("busy", "statuses"), [("429", [200, 429]), ("400", [200, 400]), ("queue", [200, 200])]
)
@pytest.mark.parametrize("each", ONE, ids=name)
async def test_busy_behavior_decides_about_second_request(
    serve: Any, each: Limited, busy: str, statuses: list[int]
) -> None:
    vendor, endpoint, limit = each
    mock = await serve(behaviors={limit.hold: 50, limit.busy: busy})

    assert sorted(await overlapping(mock, vendor, endpoint, 0, 0)) == statuses


@pytest.mark.parametrize("each", ONE, ids=name)
async def test_fault_triggers_for_queued_request(serve: Any, each: Limited) -> None:
    vendor, endpoint, limit = each
    mock = await serve(behaviors={limit.busy: "queue"})
    mock.tenant.faults.add(read({"kind": "status", "status": 503}))

    assert (await mock.ask(vendor, endpoint, {}))[0] == 503


@pytest.mark.parametrize("each", ONE, ids=name)
async def test_disconnected_client_frees_slot(serve: Any, each: Limited) -> None:
    vendor, endpoint, limit = each
    mock = await serve(behaviors={limit.hold: 60_000, limit.busy: "queue"})
    path, arguments = mock.parts(vendor, endpoint, {})
    waiting = asyncio.ensure_future(mock.client.request(endpoint.method, path, **arguments))
    slots = mock.tenant.slots
    while not slots.held():  # noqa: ASYNC110 -- the server says no more than that
        await asyncio.sleep(0)
    waiting.cancel()
    while slots.held():  # noqa: ASYNC110 -- the server says no more than that
        await asyncio.sleep(0)

    assert slots.held() == 0


@pytest.mark.parametrize("each", ONE, ids=name)
async def test_invalid_request_takes_no_slot(serve: Any, each: Limited) -> None:
    vendor, endpoint, limit = each
    mock = await serve(behaviors={limit.hold: 100})
    path, arguments = mock.parts(vendor, endpoint, {})
    parameter = str(endpoint.pagination.limit)
    bad = {"json": {**arguments["json"], parameter: 0}}
    first = asyncio.ensure_future(mock.ask(vendor, endpoint, {}))
    async with mock.client.request(endpoint.method, path, **bad) as response:
        status, body = response.status, await response.read()

    assert status == 400
    assert parameter.encode() in body
    assert (await first)[0] == 200


async def refusal(mock: Any, each: Limited) -> Any:
    """Return the headers of the first 429 of requests that are sent at once."""
    vendor, endpoint, _ = each
    path, arguments = mock.parts(vendor, endpoint, dict(endpoint.example))

    async def request() -> Any:
        async with mock.client.request(endpoint.method, path, **arguments) as response:
            return response.status, response.headers

    found = await asyncio.gather(request(), request())
    return next(headers for status, headers in found if status == 429)


def strict_behaviors(limit: Limit) -> dict[str, int]:
    """Return behaviors with which the second of two requests exceeds a limit."""
    return {limit.hold: 50} if isinstance(limit, ConcurrencyLimit) else {limit.allowed: 1}


def reset_of(limit: Limit, headers: Any) -> str | None:
    """Return the value of a header that shows when a limit allows requests again."""
    names = [*(limit.headers or ())[2:], *(limit.tightest or ())[2:]] if isinstance(limit, RateLimit) else []
    return next((headers[each] for each in ["Retry-After", *names] if headers.get(each)), None)


@pytest.mark.parametrize("each", REFUSING, ids=dialect_name)
async def test_429_tells_when_to_retry_as_documented(serve: Any, each: Limited) -> None:
    vendor, _, limit = each
    mock = await serve(vendor, behaviors=strict_behaviors(limit))
    headers = await refusal(mock, each)

    assert (reset_of(limit, headers) is None) == (limit.retry_after is not None)


@pytest.mark.parametrize(
    "each", [each for each in REFUSING if each[2].retry_after is not None], ids=dialect_name
)
async def test_behavior_adds_retry_after_to_429(serve: Any, each: Limited) -> None:
    vendor, endpoint, limit = each
    mock = await serve(vendor, behaviors={**strict_behaviors(limit), limit.retry_after: "seconds"})
    seconds = int((await refusal(mock, each))["Retry-After"])
    mock.tenant.clock.advance(seconds * 1000)

    assert seconds > 0
    assert (await mock.ask(vendor, endpoint, dict(endpoint.example)))[0] in {200, 404}


@pytest.mark.parametrize("each", REFUSING, ids=dialect_name)
async def test_injected_429_tells_when_to_retry_as_documented(serve: Any, each: Limited) -> None:
    vendor, _, limit = each
    mock = await serve(vendor)
    mock.tenant.faults.add(read({"kind": "status", "status": 429}))
    headers = await refusal(mock, each)
    known = {behavior.name for behavior in vendor.contract.behaviors}

    assert (reset_of(limit, headers) is None) == (limit.retry_after is not None)
    assert limit.retry_after in {None, *known}


@pytest.mark.parametrize("each", REFUSING, ids=dialect_name)
async def test_injected_429_with_retry_after_has_one_reset(serve: Any, each: Limited) -> None:
    vendor, _, limit = each
    mock = await serve(vendor)
    mock.tenant.faults.add(read({"kind": "status", "status": 429, "retry_after": 30}))
    now = mock.tenant.clock.now() // 1000
    headers = await refusal(mock, each)
    names = limit.headers or () if isinstance(limit, RateLimit) else ()
    expected = str(now + 30 if isinstance(limit, RateLimit) and limit.resets == "instant" else 30)

    assert headers["Retry-After"] == "30"
    assert [headers[name] for name in names[1:] if name in headers] in ([], ["0", expected])


@pytest.mark.parametrize(
    "each", [each for each in REFUSING if each[2].retry_after is not None], ids=dialect_name
)
async def test_behavior_adds_retry_after_to_injected_429(serve: Any, each: Limited) -> None:
    vendor, _, limit = each
    mock = await serve(vendor, behaviors={limit.retry_after: "seconds"})
    mock.tenant.faults.add(read({"kind": "status", "status": 429}))

    assert (await refusal(mock, each))["Retry-After"] == "1"
