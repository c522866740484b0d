"""Tenants are created, described, reset and deleted while others are served."""

from typing import Any
from urllib.parse import quote

import pytest

from mockserver.vendors import load
from tests.server.admin.asking import ALL, DEFAULT, LISTS, ONE, STATE, AdminApi, Pair, name, request
from tests.server.admin.conftest import Steer

PLAIN = [pair for pair in ALL if not set(pair[1].path) - {pair[1].site}]
TRACKS = [pair for pair in ALL if pair[1].method == "POST" and pair[1].rows_path is None]
NAMES = ["a/b", "ü/é", "100%", "%2F", "a b?c#d", 'it\'s "so"', "日本", "..a", "a+b", "x" * 200]


def placeless(access: dict[str, Any]) -> dict[str, Any]:
    """A tenant's description without what the server decides."""
    vendors = {vendor: {**told, "url": None} for vendor, told in access["vendors"].items()}
    return {**access, "url": None, "vendors": vendors}


async def expected_rows(admin: AdminApi, tenant: str = "default", pair: Pair = ONE) -> list[Any]:
    """Every row of a list."""
    wanted = {"vendor": pair[0].name, "endpoint": pair[1].name}
    return (await admin.ask("POST", f"/tenants/{quote(tenant, safe='')}/expected", wanted)).rows


@pytest.mark.parametrize("pair", PLAIN, ids=name)
async def test_minted_tenant_is_served_at_once(steer: Steer, pair: Pair) -> None:
    """`{}` is a 201 that says where the tenant is, with URL and credentials that a client of any vendor can use as they stand."""
    admin = await steer()
    told = await admin.ask("POST", "/tenants", {})
    access = told.json["vendors"][pair[0].name]
    path, arguments = request(access, pair[1], dict(pair[1].example))
    async with admin.mock.client.session.request(
        pair[1].method, access["url"] + path, **arguments
    ) as response:
        status = response.status

    assert (told.status, status) == (201, 200)
    assert told.headers["Location"] == f"/__admin/tenants/{told.json['id']}"
    assert await admin.get(told.headers["Location"].removeprefix("/__admin")) == told.json
    assert [
        (await admin.get(f"/tenants/{each}/journal/count"))["count"] for each in (told.json["id"], "default")
    ] == [1, 0]


async def test_world_of_a_name_is_the_same_whatever_came_before(steer: Steer) -> None:
    """On two servers, in two orders, a name has the same world and credentials, and every name has its own."""
    told = []
    for names in (["a", "b"], ["b", "c", "a"]):
        admin = await steer()
        created = {
            each: placeless(await admin.do("POST", "/tenants", {"name": each, "world": {"sessions": 5}}))
            for each in names
        }
        told.append({each: (created[each], await expected_rows(admin, each)) for each in names})

    assert told[0]["a"] == told[1]["a"]
    assert told[0]["b"] == told[1]["b"]
    assert len({str(each) for each in told[1].values()}) == 3


async def test_every_part_of_a_tenant_can_be_said_as_it_is_minted(steer: Steer) -> None:
    """World, clock, behaviors, credentials and faults are those that were asked for; `reset` undoes the clock's change and the faults."""
    admin, (vendor, endpoint) = await steer(), ONE
    behavior = next(
        each for each in vendor.contract.behaviors if each.options and set(each.options) - {each.default}
    )
    other = next(each for each in behavior.options if each != behavior.default)
    credential = next(iter(admin.mock.tenant.names[vendor.name].credentials))
    await admin.do(
        "POST",
        "/tenants",
        {
            "name": "whole",
            "profile": "flowing",
            "world": {"seed": 5, "sites": 3},
            "now": "2026-05-05",
            "clock": {"action": "advance", "seconds": "1h"},
            "behaviors": {behavior.name: other},
            "credentials": {f"{vendor.name}.{credential}": "open-sesame"},
            "faults": {"kind": "status", "status": 503, "times": 1},
        },
    )
    told = [(await admin.client("whole", (vendor, endpoint))).status for _ in range(2)]
    world, clock, faults = [
        await admin.get(f"/tenants/whole/{part}") for part in ("world", "clock", "faults")
    ]
    await admin.do("POST", "/tenants/whole/reset")

    assert told == [503, 200]
    assert (world["spec"]["seed"], world["spec"]["sessions_per_day"], len(world["sites"])) == (5, 500, 3)
    assert (clock["now"], clock["mode"]) == ("2026-05-05T01:00:00Z", "frozen")
    assert [fault["remaining"] for fault in faults] == [0]
    assert (await admin.get("/tenants/whole/behaviors"))[behavior.name] == other
    assert (await admin.get("/tenants/whole"))["vendors"][vendor.name]["credentials"][
        credential
    ] == "open-sesame"
    assert (await admin.get("/tenants/whole/clock"))["now"] == "2026-05-05T00:00:00Z"
    assert await admin.get("/tenants/whole/faults") == []


@pytest.mark.parametrize("vendor", load(), ids=lambda vendor: vendor.name)
async def test_names_and_credentials_are_taken_once(steer: Steer, vendor: Any) -> None:
    """A second tenant of a name, or with a key of another's, is a conflict that changes nothing, not even the next name made up."""
    admin = await steer()
    names = admin.mock.tenant.names[vendor.name]
    keys = {
        f"{vendor.name}.{credential}": value
        for credential, value in names.credentials.items()
        if value in names.tokens
    }
    told = [
        await admin.refused("POST", "/tenants", asked)
        for asked in ({"name": "default"}, {"credentials": keys})
    ]

    assert keys
    assert [each.problem for each in told] == [(409, "conflict", None)] * 2
    assert all("'default'" in each.json["detail"] for each in told)
    assert (await admin.do("POST", "/tenants", {}))["id"] == "tenant-1"


@pytest.mark.parametrize("vendor", load(), ids=lambda vendor: vendor.name)
async def test_late_request_of_a_dropped_tenant_is_told_whose_it_was(steer: Steer, vendor: Any) -> None:
    """After the delete the credential is nobody's, and the unmatched journal names the tenant; created again, it works again."""
    admin = await steer()
    created = await admin.do("POST", "/tenants", {"name": "brief"})
    pair = next(pair for pair in PLAIN if pair[0] is vendor)
    path, arguments = request(created["vendors"][vendor.name], pair[1], dict(pair[1].example))
    statuses = []
    for step in (None, ("DELETE", "/tenants/brief", None), ("POST", "/tenants", {"name": "brief"})):
        if step is not None:
            await admin.do(*step)
        async with admin.mock.client.request(pair[1].method, path, **arguments) as response:
            statuses.append(response.status)
    [late] = (await admin.get("/journal"))["exchanges"]

    assert (statuses[0], statuses[2]) == (200, 200)
    assert statuses[1] >= 400
    assert late["deleted_tenant"] == "brief"
    assert "'brief', which was deleted" in str(late["near_misses"])


async def test_default_tenant_is_served_to_the_end(steer: Steer) -> None:
    """It cannot be deleted, and nothing is changed by the attempt; another can be, and created again."""
    admin = await steer(tenants={"other": {}})
    before = await admin.state()
    refused = await admin.refused("DELETE", DEFAULT)
    twice = await admin.refused("POST", "/tenants", {"name": "other"})

    assert refused.problem == (409, "conflict", None)
    assert "/__admin/tenants/default/reset" in refused.json["detail"]
    assert "delete it first" in twice.json["detail"]
    assert await admin.state() == before


async def test_no_name_is_made_up_twice(steer: Steer) -> None:
    """A late request of a deleted tenant must not meet another's world."""
    admin = await steer()
    await admin.do("DELETE", f"/tenants/{(await admin.do('POST', '/tenants', {}))['id']}")

    assert [(await admin.do("POST", "/tenants", {}))["id"] for _ in range(2)] == ["tenant-2", "tenant-3"]


@pytest.mark.parametrize("tenant", NAMES)
async def test_any_name_can_stand_in_a_path(steer: Steer, tenant: str) -> None:
    """Slashes, percent signs, quotes and letters of any script lead to the tenant, from creating to deleting."""
    admin = await steer()
    told = await admin.ask("POST", "/tenants", {"name": tenant, "world": {"sessions": 1}})
    path = told.headers["Location"].removeprefix("/__admin")
    fault = await admin.ask("POST", f"{path}/faults", {"kind": "latency", "seconds": 0})
    world = await admin.get(f"{path}/world")
    found = await admin.get(fault.headers["Location"].removeprefix("/__admin"))
    await admin.do("DELETE", path)

    assert told.json["id"] == tenant
    assert world["sites"][0]["sessions"] == 1
    assert found["id"] == "1"
    assert [each["id"] for each in await admin.get("/tenants")] == ["default"]


@pytest.mark.parametrize(
    ("asked", "near"),
    [
        *(({"name": each}, None) for each in ("", ".", "..", "a\n", "\n", "a\x00", "\x7f", "x" * 201, 3)),
        *(
            ({"credentials": {f"{ONE[0].name}.{key}": value}}, None)
            for key, value in (("nonsense", "x"), ("token", ""), ("token", "a b"))
        ),
        *(({"credentials": {key: "x"}}, None) for key in ("nonsense.token", ONE[0].name)),
        ({"nmae": "a"}, "name"),
        ({"profile": "flowin"}, "flowing"),
        ({"now": 1.5}, None),
        ({"clock": 5}, None),
        ({"world": {"sesions": 1}}, "sessions"),
        ({"world": {"sessions": -1}}, None),
        ({"now": "yesterday"}, None),
        ({"now": "2200-01-01"}, None),
        ({"clock": {"action": "advnce", "seconds": 1}}, "advance"),
        ({"clock": {"action": "advance", "secnds": 1}}, "seconds"),
        ({"behaviors": {ONE[0].contract.behaviors[0].name + "s": "x"}}, ONE[0].contract.behaviors[0].name),
        ({"faults": {}}, None),
        ({"faults": [{"kind": "latncy"}]}, "latency"),
        ({"faults": {"kind": "latency", "secnds": 1}}, "seconds"),
    ],
    ids=str,
)
async def test_impossible_tenants_are_refused(steer: Steer, asked: dict[str, Any], near: str | None) -> None:
    """Whatever cannot be is told with the nearest that can, and no tenant is created, nor a name used up."""
    admin = await steer()
    told = await admin.refused("POST", "/tenants", asked)

    assert told.problem == (400, "invalid-request", near)
    assert "Expected" not in told.json["detail"]
    assert (await admin.do("POST", "/tenants", {}))["id"] == "tenant-1"


@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_reset_makes_a_tenant_be_as_at_first(steer: Steer, pair: Pair) -> None:
    """Whatever was put, turned, chosen, limited, active, sent and journalled is gone; answers are what they were."""
    admin = await steer(world={"sessions": 20})
    before, rows, first = (
        await admin.state(),
        await expected_rows(admin, pair=pair),
        await admin.client("default", pair),
    )
    for track in TRACKS:
        assert (await admin.client("default", track)).status == 200
    limits = {each["name"]: {"enabled": False} for each in await admin.get(f"{DEFAULT}/limits")}
    behaviors = {
        behavior.name: list(behavior.options)[-1]
        for behavior in pair[0].contract.behaviors
        if behavior.options
    }
    for method, part, body in (
        ("PUT", "world", {"sessions": 7, "sites": 3}),
        ("PUT", "clock", {"action": "scale", "rate": 60}),
        ("POST", "faults", [{"kind": "latency", "seconds": 0, "after": 1}, {"kind": "session_deleted"}]),
        ("PATCH", "limits", limits),
        ("PATCH", "behaviors", behaviors),
    ):
        await admin.do(method, f"{DEFAULT}/{part}", body)
    await admin.client("default", pair)
    changed = await admin.state()
    await admin.do("POST", f"{DEFAULT}/reset")
    after = await admin.state()

    assert [path for path, one, other in zip(STATE, before, changed, strict=True) if one == other] == []
    assert after == before
    assert await expected_rows(admin, pair=pair) == rows
    assert (await admin.client("default", pair)).body == first.body
    assert [
        fault["id"]
        for fault in await admin.do("POST", f"{DEFAULT}/faults", [{"kind": "latency", "seconds": 0}])
    ] == ["1"]
