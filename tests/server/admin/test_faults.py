"""Add, list and remove faults over HTTP."""

from typing import Any

import pytest

from mockserver.server.faults.registry import kinds
from tests.server.admin.api import DEFAULT, LISTS, ONE, Pair, format_id
from tests.server.admin.conftest import ServeAdmin

FAULTS = f"{DEFAULT}/faults"
BUSY = {"kind": "status", "status": 503}


def counters(fault: dict[str, Any]) -> tuple[int, int, int | None]:
    """Return the counters of a fault."""
    return fault["matched"], fault["triggered"], fault["remaining"]


@pytest.mark.parametrize("kind", kinds())
async def test_example_of_each_fault_kind_can_be_added(serve_admin: ServeAdmin, kind: str) -> None:
    admin = await serve_admin()
    result = await admin.get("/faults")
    [listed] = [each for each in result["kinds"] if each["kind"] == kind]
    added = await admin.send("POST", FAULTS, listed["example"])

    assert listed["description"]
    assert set(listed["example"]) - {"kind"} <= {
        each["name"] for each in (*listed["arguments"], *result["conditions"])
    }
    assert added.json.items() >= listed["example"].items()
    assert counters(added.json) == (0, 0, listed["example"].get("times"))
    assert added.headers["Location"] == f"/__admin{FAULTS}/{added.json['id']}"
    assert await admin.get(f"{FAULTS}/{added.json['id']}") == added.json


@pytest.mark.parametrize("pair", LISTS, ids=format_id)
async def test_faults_trigger_and_count(serve_admin: ServeAdmin, pair: Pair) -> None:
    """A fault for another endpoint does not count; a used-up fault does not trigger."""
    admin = await serve_admin()
    other = next(each for each in LISTS if each != pair)
    mine = {"vendor": pair[0].name, "endpoint": pair[1].name}
    added = await admin.send(
        "POST",
        FAULTS,
        [
            {**BUSY, **mine, "after": 1, "times": 1},
            {**BUSY, "vendor": other[0].name, "endpoint": other[1].name},
        ],
    )
    statuses = [(await admin.send_vendor_request("default", pair)).status for _ in range(4)]
    [triggered, untouched] = await admin.get(FAULTS)
    journal = (await admin.get(f"{DEFAULT}/journal"))["exchanges"]

    assert [each["id"] for each in added.json] == ["1", "2"]
    assert added.headers["Location"] == f"/__admin{FAULTS}"
    assert statuses == [200, 503, 200, 200]
    assert (counters(triggered), counters(untouched)) == ((2, 1, 0), (0, 0, None))
    assert [each["faults"] for each in journal] == [[], ["1:status"], [], []]


async def test_faults_are_removed_by_id_or_together(serve_admin: ServeAdmin) -> None:
    """Ids are not reused until all are removed."""
    admin = await serve_admin(tenants={"other": {}})
    await admin.change("POST", "/tenants/other/faults", BUSY)
    await admin.change("POST", FAULTS, [BUSY, {"kind": "latency", "seconds": 0}])
    await admin.change("DELETE", f"{FAULTS}/1")
    gone = await admin.assert_rejected("DELETE", f"{FAULTS}/1")
    status = (await admin.send_vendor_request("default", ONE)).status
    third = await admin.change("POST", FAULTS, BUSY)
    listed = [each["id"] for each in await admin.get(FAULTS)]
    await admin.change("DELETE", FAULTS)

    assert gone.problem[:2] == (404, "unknown-fault")
    assert (status, third["id"], listed) == (200, "3", ["2", "3"])
    assert await admin.get(FAULTS) == []
    assert (await admin.send_vendor_request("default", ONE)).status == 200
    assert len(await admin.get("/tenants/other/faults")) == 1


@pytest.mark.parametrize(
    ("faults", "near"),
    [
        ({"kind": "statos"}, "status"),
        ({"kind": "status", "staus": 503}, "status"),
        ({"kind": "latency", "secnds": 1}, "seconds"),
        ({"kind": "status", "vendr": "x"}, "vendor"),
        ({"kind": "status", "vendor": ONE[0].name + "x"}, ONE[0].name),
        ({"kind": "status", "endpoint": ONE[1].name + "x"}, ONE[1].name),
        ({"kind": "status", "since": "2026-09-02", "until": "2026-09-01"}, None),
        ({"kind": "status", "since": "soon"}, None),
        ({"kind": "status", "status": 200}, None),
        ({"kind": "status", "times": 0}, None),
        ({"kind": "status", "probability": 2}, None),
        ({"kind": "status", "nth": 1, "after": 1}, None),
        ({"kind": 3}, None),
        ({"kind": ["status"]}, "status"),
        ({"kind": None}, None),
        ({"times": 1}, None),
        ([BUSY, {"kind": "statos"}], "status"),
        ([BUSY, []], None),
        ([3], None),
        ("status", None),
    ],
    ids=repr,
)
async def test_invalid_fault_adds_none_of_its_list(
    serve_admin: ServeAdmin, faults: Any, near: str | None
) -> None:
    admin = await serve_admin()
    result = await admin.assert_rejected("POST", FAULTS, faults)

    assert result.problem == (400, "invalid-request", near)
    assert (await admin.change("POST", FAULTS, BUSY))["id"] == "1"


async def test_empty_list_adds_no_fault(serve_admin: ServeAdmin) -> None:
    assert (await (await serve_admin()).change("POST", FAULTS, [])) == []


async def test_fault_triggers_between_since_and_until_of_clock(serve_admin: ServeAdmin) -> None:
    admin = await serve_admin(now="2026-09-01")
    await admin.change(
        "POST", FAULTS, {**BUSY, "since": "2026-09-02T00:00:00Z", "until": "2026-09-03T00:00:00+00:00"}
    )
    statuses = []
    for now in (
        "2026-09-01T23:59:59.999Z",
        "2026-09-02",
        "2026-09-02T23:59:59.999Z",
        "2026-09-03",
        "2026-09-02T12:00",
    ):
        await admin.change("PUT", f"{DEFAULT}/clock", {"action": "set", "now": now})
        statuses.append((await admin.send_vendor_request("default", ONE)).status)

    assert statuses == [200, 503, 503, 200, 503]
