"""List and change limits over HTTP; changes apply to the next request."""

import asyncio
from itertools import chain
from typing import Any

import pytest

from mockserver.contract.limits import ConcurrencyLimit
from tests.server.admin.api import ALL, BUCKETS, DEFAULT, SLOTS, WINDOWS, AdminApi, format_id
from tests.server.admin.conftest import ServeAdmin
from tests.server.admin.test_clocks import example_params

LIMITS = f"{DEFAULT}/limits"


def limit_id(limited: Any) -> str:
    """Return the name of a limit."""
    vendor, endpoint, limit = limited
    return f"{vendor.name}.{endpoint.name if isinstance(limit, ConcurrencyLimit) else limit.pool}"


async def read_limit(admin: AdminApi, limited: Any) -> dict[str, Any]:
    """Return the state of a limit."""
    [found] = [each for each in await admin.get(LIMITS) if each["name"] == limit_id(limited)]
    return dict(found)


async def request_statuses(admin: AdminApi, limited: Any, count: int, site: int = 0) -> list[int]:
    """Return the statuses of *count* requests, sent one after the other."""
    parameters = await example_params(admin, *limited[:2])
    return [
        (await admin.send_vendor_request("default", limited[:2], dict(parameters), site)).status
        for _ in range(count)
    ]


async def test_each_limit_of_each_contract_is_listed_once(serve_admin: ServeAdmin) -> None:
    found = await (await serve_admin()).get(LIMITS)

    assert {(each["name"], endpoint) for each in found for endpoint in each["endpoints"]} == {
        (limit_id((vendor, endpoint, limit)), endpoint.name)
        for vendor, endpoint in ALL
        for limit in endpoint.limits
    }
    assert len({each["name"] for each in found}) == len(found)


@pytest.mark.parametrize("limited", WINDOWS, ids=format_id)
async def test_third_request_in_window_of_two_is_429(serve_admin: ServeAdmin, limited: Any) -> None:
    """If the limit is off, it is accepted."""
    admin = await serve_admin()
    key = limit_id(limited)
    changed = await admin.change("PATCH", LIMITS, {key: {"enabled": True, "allowed": 2}})
    first = await request_statuses(admin, limited, 3)
    counted = await read_limit(admin, limited)
    await admin.change("PATCH", LIMITS, {key: {"enabled": False}})
    off = await read_limit(admin, limited)
    free = await request_statuses(admin, limited, 3)
    await admin.change("PATCH", LIMITS, {key: {"enabled": True}})

    assert [(each["allowed"], each["enabled"], each["used"]) for each in changed if each["name"] == key] == [
        (2, True, {})
    ]
    assert (first, free) == ([200, 200, 429], [200, 200, 200])
    assert list(counted["used"].values()) == [2]
    assert set(counted["used"]) <= {"*", (await admin.get(DEFAULT))["vendors"][limited[0].name]["sites"][0]}
    assert (off["enabled"], off["allowed"]) == (False, 2)
    assert await request_statuses(admin, limited, 1) == [429]


@pytest.mark.parametrize("limited", WINDOWS, ids=format_id)
async def test_enabling_limit_uses_documented_number(serve_admin: ServeAdmin, limited: Any) -> None:
    """If the vendor documents none, a number is required."""
    vendor, _, window = limited
    admin = await serve_admin(behaviors={window.allowed: 0})
    before = await read_limit(admin, limited)
    change = {limit_id(limited): {"enabled": True}}
    if window.documented is None:
        error = await admin.assert_rejected("PATCH", LIMITS, change)

        assert "`allowed`" in error.json["detail"]
    else:
        await admin.change("PATCH", LIMITS, change)

        assert (await read_limit(admin, limited))["enabled"]
        assert (await read_limit(admin, limited))["allowed"] == window.documented
        assert (await admin.get(f"{DEFAULT}/behaviors"))[window.allowed] == window.documented
    assert (before["enabled"], before["allowed"], before["documented"]) == (False, 0, window.documented)
    assert vendor.name in before["name"]


@pytest.mark.parametrize("limited", WINDOWS, ids=format_id)
async def test_length_of_window_can_be_set(serve_admin: ServeAdmin, limited: Any) -> None:
    """Another tenant has the length of the contract."""
    admin = await serve_admin(now="2026-09-10T12:00:00Z", tenants={"other": {}})
    await admin.change("PATCH", LIMITS, {limit_id(limited): {"allowed": 1, "seconds": 7}})
    first = await request_statuses(admin, limited, 2)
    for seconds in (6.999, 0.001):
        await admin.change("PUT", f"{DEFAULT}/clock", {"action": "advance", "seconds": seconds})
        first += await request_statuses(admin, limited, 1)
    other = [
        each["seconds"]
        for each in await admin.get("/tenants/other/limits")
        if each["name"] == limit_id(limited)
    ]

    # A window that opens on the clock's multiples of seven seconds ends within seven.
    assert first == [
        200,
        429,
        429 if limited[2].opens == "first" else 200,
        200 if limited[2].opens == "first" else 429,
    ]
    assert other == [limited[2].seconds]


@pytest.mark.parametrize("limited", SLOTS, ids=format_id)
async def test_second_concurrent_request_gets_response_that_is_set(
    serve_admin: ServeAdmin, limited: Any
) -> None:
    """If the limit is off, both are accepted."""
    admin = await serve_admin()
    key = limit_id(limited)
    await admin.change("PATCH", LIMITS, {key: {"hold": 150}})
    met = []
    for change in (
        {"busy": "429"},
        {"busy": 400},
        {"busy": "queue"},
        {"busy": "429", "enabled": False},
        {"enabled": True},
    ):
        await admin.change("PATCH", LIMITS, {key: change})
        both = asyncio.gather(*(request_statuses(admin, limited, 1) for _ in range(2)))
        while (
            not both.done()
            and not (await read_limit(admin, limited))["held"]
            and change.get("enabled") is not False
        ):
            pass
        held = (await read_limit(admin, limited))["held"]
        met.append((sorted(chain(*await both)), held))

    assert met == [([200, 429], 1), ([200, 400], 1), ([200, 200], 1), ([200, 200], 0), ([200, 429], 1)]
    assert (await read_limit(admin, limited))["held"] == 0


WINDOW = limit_id(WINDOWS[0])
SLOT = limit_id(SLOTS[0])


@pytest.mark.parametrize(
    ("changes", "near"),
    [
        ({WINDOW + "x": {"allowed": 1}}, WINDOW),
        ({WINDOW: {"allowd": 1}}, "allowed"),
        ({WINDOW: {"busy": "queue"}}, None),
        ({WINDOW: {"hold": 1}}, None),
        ({SLOT: {"allowed": 1}}, None),
        ({SLOT: {"seconds": 1}}, None),
        ({SLOT: {"busy": "quee"}}, None),
        ({SLOT: {"hold": -1}}, None),
        ({WINDOW: {"allowed": -1}}, None),
        ({WINDOW: {"allowed": 1.5}}, None),
        ({WINDOW: {"allowed": 0, "enabled": True}}, None),
        ({WINDOW: {"seconds": 0}}, None),
        ({WINDOW: {"seconds": 10**9}}, None),
        ({WINDOW: {"enabled": "yes"}}, None),
        ({WINDOW: 2}, None),
        ([], None),
        ({WINDOW: {"allowed": 1, "seconds": 9}, SLOT: {"busy": "quee"}}, None),
        ({WINDOW: {"allowed": 1, "enabled": False}, SLOT: {"seconds": 1}}, None),
    ],
    ids=repr,
)
async def test_invalid_limits_change_nothing(serve_admin: ServeAdmin, changes: Any, near: str | None) -> None:
    result = await (await serve_admin()).assert_rejected("PATCH", LIMITS, changes)

    assert result.problem == (400, "invalid-request", near)


@pytest.mark.parametrize("limited", BUCKETS, ids=format_id)
async def test_bucket_is_listed_set_and_disabled(serve_admin: ServeAdmin, limited: Any) -> None:
    """It refills on the clock of the tenant."""
    vendor, endpoint, bucket = limited
    admin = await serve_admin(dialect={vendor.name: vendor.dialect})
    key = limit_id(limited)
    await admin.change("PATCH", LIMITS, {key: {"enabled": True}})
    documented = await read_limit(admin, limited)
    await admin.change("PATCH", LIMITS, {key: {"allowed": 2, "refill": 1}})
    answers = [(await admin.send_vendor_request("default", (vendor, endpoint), {})).status for _ in range(3)]
    counted = await read_limit(admin, limited)
    admin.mock.tenant.clock.advance(1_000)
    later = (await admin.send_vendor_request("default", (vendor, endpoint), {})).status
    await admin.change("PATCH", LIMITS, {key: {"enabled": False}})
    off = [(await admin.send_vendor_request("default", (vendor, endpoint), {})).status for _ in range(3)]

    assert (documented["kind"], documented["allowed"], documented["enabled"]) == (
        "bucket",
        bucket.documented,
        True,
    )
    assert (answers, later, off) == ([200, 200, 429], 200, [200, 200, 200])
    assert (counted["allowed"], counted["refill"], list(counted["used"].values())) == (2, 1, [2])


@pytest.mark.parametrize("limited", BUCKETS, ids=format_id)
async def test_bucket_rejects_seconds(serve_admin: ServeAdmin, limited: Any) -> None:
    admin = await serve_admin(dialect={limited[0].name: limited[0].dialect})
    error = await admin.assert_rejected("PATCH", LIMITS, {limit_id(limited): {"seconds": 5}})

    assert "enabled, allowed, refill" in error.json["detail"]
