"""Create, show, reset and delete tenants over HTTP."""

from typing import Any
from urllib.parse import quote

import pytest

from mockserver.vendors import load
from tests.server.admin.api import ALL, DEFAULT, LISTS, ONE, STATE, AdminApi, Pair, build_request, format_id
from tests.server.admin.conftest import ServeAdmin

PLAIN = [pair for pair in ALL if not set(pair[1].path) - {pair[1].site}]
TRACKS = [pair for pair in ALL if pair[1].method == "POST" and pair[1].rows_path is None]
NAMES = ["a/b", "ü/é", "100%", "%2F", "a b?c#d", 'it\'s "so"', "日本", "..a", "a+b", "x" * 200]


def without_urls(access: dict[str, Any]) -> dict[str, Any]:
    """Return the access data of a tenant without URLs."""
    vendors = {vendor: {**result, "url": None} for vendor, result in access["vendors"].items()}
    return {**access, "url": None, "vendors": vendors}


async def read_expected_rows(admin: AdminApi, tenant: str = "default", pair: Pair = ONE) -> list[Any]:
    """Return all expected rows of an endpoint."""
    query = {"vendor": pair[0].name, "endpoint": pair[1].name}
    return (await admin.send("POST", f"/tenants/{quote(tenant, safe='')}/expected", query)).rows


@pytest.mark.parametrize("pair", PLAIN, ids=format_id)
async def test_created_tenant_is_served_at_once(serve_admin: ServeAdmin, pair: Pair) -> None:
    """The response has URL and credentials for clients of each vendor."""
    admin = await serve_admin()
    result = await admin.send("POST", "/tenants", {})
    access = result.json["vendors"][pair[0].name]
    path, arguments = build_request(access, pair[1], dict(pair[1].example))
    async with admin.mock.client.session.request(
        pair[1].method, access["url"] + path, **arguments
    ) as response:
        status = response.status

    assert (result.status, status) == (201, 200)
    assert result.headers["Location"] == f"/__admin/tenants/{result.json['id']}"
    assert await admin.get(result.headers["Location"].removeprefix("/__admin")) == result.json
    assert [
        (await admin.get(f"/tenants/{each}/journal/count"))["count"]
        for each in (result.json["id"], "default")
    ] == [1, 0]


async def test_world_of_tenant_depends_only_on_its_name(serve_admin: ServeAdmin) -> None:
    """On two servers, in two orders; each name has its own world."""
    result = []
    for names in (["a", "b"], ["b", "c", "a"]):
        admin = await serve_admin()
        created = {
            each: without_urls(
                await admin.change("POST", "/tenants", {"name": each, "world": {"sessions": 5}})
            )
            for each in names
        }
        result.append({each: (created[each], await read_expected_rows(admin, each)) for each in names})

    assert result[0]["a"] == result[1]["a"]
    assert result[0]["b"] == result[1]["b"]
    assert len({str(each) for each in result[1].values()}) == 3


async def test_tenant_is_created_with_each_setting(serve_admin: ServeAdmin) -> None:
    """Reset restores the clock and removes the faults."""
    admin, (vendor, endpoint) = await serve_admin(), ONE
    behavior = next(
        each for each in vendor.contract.behaviors if each.options and set(each.options) - {each.default}
    )
    other = next(each for each in behavior.options if each != behavior.default)
    credential = next(iter(admin.mock.tenant.identifiers[vendor.name].credentials))
    await admin.change(
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
    result = [(await admin.send_vendor_request("whole", (vendor, endpoint))).status for _ in range(2)]
    world, clock, faults = [
        await admin.get(f"/tenants/whole/{part}") for part in ("world", "clock", "faults")
    ]
    await admin.change("POST", "/tenants/whole/reset")

    assert result == [503, 200]
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
async def test_duplicate_name_or_credential_is_conflict(serve_admin: ServeAdmin, vendor: Any) -> None:
    """It uses up no generated name."""
    admin = await serve_admin()
    names = admin.mock.tenant.identifiers[vendor.name]
    keys = {
        f"{vendor.name}.{credential}": value
        for credential, value in names.credentials.items()
        if value in names.tokens
    }
    result = [
        await admin.assert_rejected("POST", "/tenants", body)
        for body in ({"name": "default"}, {"credentials": keys})
    ]

    assert keys
    assert [each.problem for each in result] == [(409, "conflict", None)] * 2
    assert all("'default'" in each.json["detail"] for each in result)
    assert (await admin.change("POST", "/tenants", {}))["id"] == "tenant-1"


@pytest.mark.parametrize("vendor", load(), ids=lambda vendor: vendor.name)
async def test_late_request_of_deleted_tenant_names_it(serve_admin: ServeAdmin, vendor: Any) -> None:
    """It is an unmatched exchange; created again, the tenant accepts the credential."""
    admin = await serve_admin()
    created = await admin.change("POST", "/tenants", {"name": "brief"})
    pair = next(pair for pair in PLAIN if pair[0] is vendor)
    path, arguments = build_request(created["vendors"][vendor.name], pair[1], dict(pair[1].example))
    statuses = []
    for step in (None, ("DELETE", "/tenants/brief", None), ("POST", "/tenants", {"name": "brief"})):
        if step is not None:
            await admin.change(*step)
        async with admin.mock.client.request(pair[1].method, path, **arguments) as response:
            statuses.append(response.status)
    [late] = (await admin.get("/journal"))["exchanges"]

    assert (statuses[0], statuses[2]) == (200, 200)
    assert statuses[1] >= 400
    assert late["deleted_tenant"] == "brief"
    assert "'brief', which was deleted" in str(late["near_misses"])


async def test_default_tenant_cannot_be_deleted(serve_admin: ServeAdmin) -> None:
    admin = await serve_admin(tenants={"other": {}})
    before = await admin.read_state()
    error = await admin.assert_rejected("DELETE", DEFAULT)
    twice = await admin.assert_rejected("POST", "/tenants", {"name": "other"})

    assert error.problem == (409, "conflict", None)
    assert "/__admin/tenants/default/reset" in error.json["detail"]
    assert "delete it first" in twice.json["detail"]
    assert await admin.read_state() == before


async def test_generated_name_is_not_reused(serve_admin: ServeAdmin) -> None:
    """A late request of a deleted tenant must not reach another world."""
    admin = await serve_admin()
    await admin.change("DELETE", f"/tenants/{(await admin.change('POST', '/tenants', {}))['id']}")

    assert [(await admin.change("POST", "/tenants", {}))["id"] for _ in range(2)] == ["tenant-2", "tenant-3"]


@pytest.mark.parametrize("tenant", NAMES)
async def test_tenant_with_special_characters_has_a_path(serve_admin: ServeAdmin, tenant: str) -> None:
    admin = await serve_admin()
    result = await admin.send("POST", "/tenants", {"name": tenant, "world": {"sessions": 1}})
    path = result.headers["Location"].removeprefix("/__admin")
    fault = await admin.send("POST", f"{path}/faults", {"kind": "latency", "seconds": 0})
    world = await admin.get(f"{path}/world")
    found = await admin.get(fault.headers["Location"].removeprefix("/__admin"))
    await admin.change("DELETE", path)

    assert result.json["id"] == tenant
    assert world["sites"][0]["sessions"] == 1
    assert found["id"] == "1"
    assert [each["id"] for each in await admin.get("/tenants")] == ["default"]


@pytest.mark.parametrize(
    ("body", "near"),
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
async def test_invalid_tenant_is_rejected(
    serve_admin: ServeAdmin, body: dict[str, Any], near: str | None
) -> None:
    """It uses up no generated name."""
    admin = await serve_admin()
    result = await admin.assert_rejected("POST", "/tenants", body)

    assert result.problem == (400, "invalid-request", near)
    assert "Expected" not in result.json["detail"]
    assert (await admin.change("POST", "/tenants", {}))["id"] == "tenant-1"


@pytest.mark.parametrize("pair", LISTS, ids=format_id)
async def test_reset_restores_initial_state_of_tenant(serve_admin: ServeAdmin, pair: Pair) -> None:
    admin = await serve_admin(world={"sessions": 20})
    before = await admin.read_state()
    rows = await read_expected_rows(admin, pair=pair)
    first = await admin.send_vendor_request("default", pair)
    for track in TRACKS:
        assert (await admin.send_vendor_request("default", track)).status == 200
    limits = {each["name"]: {"enabled": False} for each in await admin.get(f"{DEFAULT}/limits")}
    behaviors = {
        behavior.name: list(behavior.options)[-1]
        for behavior in pair[0].contract.behaviors
        if behavior.options
    }
    for method, part, body in (
        ("PUT", "world", {"sessions": 7, "sites": 3}),
        ("PUT", "clock", {"action": "rate", "rate": 60}),
        ("POST", "faults", [{"kind": "latency", "seconds": 0, "after": 1}, {"kind": "session_deleted"}]),
        ("PATCH", "limits", limits),
        ("PATCH", "behaviors", behaviors),
    ):
        await admin.change(method, f"{DEFAULT}/{part}", body)
    await admin.send_vendor_request("default", pair)
    changed = await admin.read_state()
    await admin.change("POST", f"{DEFAULT}/reset")
    after = await admin.read_state()

    assert [path for path, one, other in zip(STATE, before, changed, strict=True) if one == other] == []
    assert after == before
    assert await read_expected_rows(admin, pair=pair) == rows
    assert (await admin.send_vendor_request("default", pair)).body == first.body
    assert [
        fault["id"]
        for fault in await admin.change("POST", f"{DEFAULT}/faults", [{"kind": "latency", "seconds": 0}])
    ] == ["1"]
