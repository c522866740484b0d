"""Limits are told, changed and switched over HTTP, and clients meet them at once."""

import asyncio
from itertools import chain
from typing import Any

import pytest

from mockserver.contract.limits import ConcurrencyLimit
from tests.server.admin.asking import ALL, BUCKETS, DEFAULT, SLOTS, WINDOWS, AdminApi, name
from tests.server.admin.conftest import Steer
from tests.server.admin.test_clocks import known

LIMITS = f"{DEFAULT}/limits"


def called(limited: Any) -> str:
    """A limit's name."""
    vendor, endpoint, limit = limited
    return f"{vendor.name}.{endpoint.name if isinstance(limit, ConcurrencyLimit) else limit.pool}"


async def told(admin: AdminApi, limited: Any) -> dict[str, Any]:
    """A limit as it is now."""
    [found] = [each for each in await admin.get(LIMITS) if each["name"] == called(limited)]
    return dict(found)


async def statuses(admin: AdminApi, limited: Any, count: int, site: int = 0) -> list[int]:
    """The statuses of some requests, one after the other."""
    parameters = await known(admin, *limited[:2])
    return [(await admin.client("default", limited[:2], dict(parameters), site)).status for _ in range(count)]


async def test_every_limit_of_every_contract_is_told(steer: Steer) -> None:
    """Each stands there once, with its endpoints and its settings."""
    found = await (await steer()).get(LIMITS)

    assert {(each["name"], endpoint) for each in found for endpoint in each["endpoints"]} == {
        (called((vendor, endpoint, limit)), endpoint.name)
        for vendor, endpoint in ALL
        for limit in endpoint.limits
    }
    assert len({each["name"] for each in found}) == len(found)


@pytest.mark.parametrize("limited", WINDOWS, ids=name)
async def test_third_request_of_a_window_of_two_is_a_429(steer: Steer, limited: Any) -> None:
    """From the next request on a client meets the number that was set, is counted, and is let through where the limit is off."""
    admin, key = await steer(), called(limited)
    changed = await admin.do("PATCH", LIMITS, {key: {"enabled": True, "allowed": 2}})
    first = await statuses(admin, limited, 3)
    counted = await told(admin, limited)
    await admin.do("PATCH", LIMITS, {key: {"enabled": False}})
    off, free = await told(admin, limited), await statuses(admin, limited, 3)
    await admin.do("PATCH", LIMITS, {key: {"enabled": True}})

    assert [(each["allowed"], each["enabled"], each["used"]) for each in changed if each["name"] == key] == [
        (2, True, {})
    ]
    assert (first, free) == ([200, 200, 429], [200, 200, 200])
    assert list(counted["used"].values()) == [2]
    assert set(counted["used"]) <= {"*", (await admin.get(DEFAULT))["vendors"][limited[0].name]["sites"][0]}
    assert (off["enabled"], off["allowed"]) == (False, 2)
    assert await statuses(admin, limited, 1) == [429]


@pytest.mark.parametrize("limited", WINDOWS, ids=name)
async def test_true_turns_on_the_documented_number(steer: Steer, limited: Any) -> None:
    """A window without a number takes the vendor's own; where nobody documents one, it asks for it."""
    vendor, _, window = limited
    admin = await steer(behaviors={window.allowed: 0})
    before = await told(admin, limited)
    change = {called(limited): {"enabled": True}}
    if window.documented is None:
        refused = await admin.refused("PATCH", LIMITS, change)

        assert "`allowed`" in refused.json["detail"]
    else:
        await admin.do("PATCH", LIMITS, change)

        assert (await told(admin, limited))["enabled"]
        assert (await told(admin, limited))["allowed"] == window.documented
        assert (await admin.get(f"{DEFAULT}/behaviors"))[window.allowed] == window.documented
    assert (before["enabled"], before["allowed"], before["documented"]) == (False, 0, window.documented)
    assert vendor.name in before["name"]


@pytest.mark.parametrize("limited", WINDOWS, ids=name)
async def test_length_of_a_window_can_be_set(steer: Steer, limited: Any) -> None:
    """Another number of seconds opens the next window earlier; the tenant beside has the contract's."""
    admin = await steer(now="2026-09-10T12:00:00Z", tenants={"other": {}})
    await admin.do("PATCH", LIMITS, {called(limited): {"allowed": 1, "seconds": 7}})
    first = await statuses(admin, limited, 2)
    for seconds in (6.999, 0.001):
        await admin.do("PUT", f"{DEFAULT}/clock", {"action": "advance", "seconds": seconds})
        first += await statuses(admin, limited, 1)
    other = [
        each["seconds"]
        for each in await admin.get("/tenants/other/limits")
        if each["name"] == called(limited)
    ]

    # A window that opens on the clock's multiples of seven seconds ends within seven.
    assert first == [
        200,
        429,
        429 if limited[2].opens == "first" else 200,
        200 if limited[2].opens == "first" else 429,
    ]
    assert other == [limited[2].seconds]


@pytest.mark.parametrize("limited", SLOTS, ids=name)
async def test_slot_can_be_held_queued_and_switched_off(steer: Steer, limited: Any) -> None:
    """While one request is open, the second is answered as is set, and where the limit is off, both are."""
    admin, key = await steer(), called(limited)
    await admin.do("PATCH", LIMITS, {key: {"hold": 150}})
    met = []
    for change in (
        {"busy": "429"},
        {"busy": 400},
        {"busy": "queue"},
        {"busy": "429", "enabled": False},
        {"enabled": True},
    ):
        await admin.do("PATCH", LIMITS, {key: change})
        both = asyncio.gather(*(statuses(admin, limited, 1) for _ in range(2)))
        while (
            not both.done()
            and not (await told(admin, limited))["held"]
            and change.get("enabled") is not False
        ):
            pass
        principal = (await told(admin, limited))["held"]
        met.append((sorted(chain(*await both)), principal))

    assert met == [([200, 429], 1), ([200, 400], 1), ([200, 200], 1), ([200, 200], 0), ([200, 429], 1)]
    assert (await told(admin, limited))["held"] == 0


WINDOW, SLOT = called(WINDOWS[0]), called(SLOTS[0])


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
async def test_impossible_limits_change_none(steer: Steer, changes: Any, near: str | None) -> None:
    """A limit or a setting that does not exist is told with what does, and what stood beside it is not done either."""
    told = await (await steer()).refused("PATCH", LIMITS, changes)

    assert told.problem == (400, "invalid-request", near)


@pytest.mark.parametrize("limited", BUCKETS, ids=name)
async def test_a_bucket_is_set_switched_and_told(steer: Steer, limited: Any) -> None:
    """Its number and how fast it fills, on the tenant's clock; without a number it is the documented one."""
    vendor, endpoint, bucket = limited
    admin, key = await steer(dialect={vendor.name: vendor.dialect}), called(limited)
    await admin.do("PATCH", LIMITS, {key: {"enabled": True}})
    documented = await told(admin, limited)
    await admin.do("PATCH", LIMITS, {key: {"allowed": 2, "refill": 1}})
    answers = [(await admin.client("default", (vendor, endpoint), {})).status for _ in range(3)]
    counted = await told(admin, limited)
    admin.mock.tenant.clock.advance(1_000)
    later = (await admin.client("default", (vendor, endpoint), {})).status
    await admin.do("PATCH", LIMITS, {key: {"enabled": False}})
    off = [(await admin.client("default", (vendor, endpoint), {})).status for _ in range(3)]

    assert (documented["kind"], documented["allowed"], documented["enabled"]) == (
        "bucket",
        bucket.documented,
        True,
    )
    assert (answers, later, off) == ([200, 200, 429], 200, [200, 200, 200])
    assert (counted["allowed"], counted["refill"], list(counted["used"].values())) == (2, 1, [2])


@pytest.mark.parametrize("limited", BUCKETS, ids=name)
async def test_a_bucket_has_no_seconds(steer: Steer, limited: Any) -> None:
    """The refusal says what it has."""
    admin = await steer(dialect={limited[0].name: limited[0].dialect})
    refused = await admin.refused("PATCH", LIMITS, {called(limited): {"seconds": 5}})

    assert "enabled, allowed, refill" in refused.json["detail"]
