"""Faults are active, watched and removed over HTTP."""

from typing import Any

import pytest

from mockserver.server.faults.registry import kinds
from tests.server.admin.asking import DEFAULT, LISTS, ONE, Pair, name
from tests.server.admin.conftest import Steer

FAULTS = f"{DEFAULT}/faults"
BUSY = {"kind": "status", "status": 503}


def counts(fault: dict[str, Any]) -> tuple[int, int, int | None]:
    """What has come of a fault."""
    return fault["matched"], fault["triggered"], fault["remaining"]


@pytest.mark.parametrize("kind", kinds())
async def test_example_of_every_kind_can_be_armed(steer: Steer, kind: str) -> None:
    """The list of kinds tells each with its arguments and an example, which is active as it stands."""
    admin = await steer()
    told = await admin.get("/faults")
    [listed] = [each for each in told["kinds"] if each["kind"] == kind]
    active = await admin.ask("POST", FAULTS, listed["example"])

    assert listed["says"]
    assert set(listed["example"]) - {"kind"} <= {
        each["name"] for each in (*listed["arguments"], *told["conditions"])
    }
    assert active.json.items() >= listed["example"].items()
    assert counts(active.json) == (0, 0, listed["example"].get("times"))
    assert active.headers["Location"] == f"/__admin{FAULTS}/{active.json['id']}"
    assert await admin.get(f"{FAULTS}/{active.json['id']}") == active.json


@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_faults_strike_and_count(steer: Steer, pair: Pair) -> None:
    """Of two, one for another endpoint, only what matches is counted; what triggered is in the journal, and a spent one triggers no more."""
    admin = await steer()
    other = next(each for each in LISTS if each != pair)
    mine = {"vendor": pair[0].name, "endpoint": pair[1].name}
    active = await admin.ask(
        "POST",
        FAULTS,
        [
            {**BUSY, **mine, "after": 1, "times": 1},
            {**BUSY, "vendor": other[0].name, "endpoint": other[1].name},
        ],
    )
    statuses = [(await admin.client("default", pair)).status for _ in range(4)]
    [triggered, untouched] = await admin.get(FAULTS)
    journal = (await admin.get(f"{DEFAULT}/journal"))["exchanges"]

    assert [each["id"] for each in active.json] == ["1", "2"]
    assert active.headers["Location"] == f"/__admin{FAULTS}"
    assert statuses == [200, 503, 200, 200]
    assert (counts(triggered), counts(untouched)) == ((2, 1, 0), (0, 0, None))
    assert [each["faults"] for each in journal] == [[], ["1:status"], [], []]


async def test_faults_are_disarmed_one_by_one_or_together(steer: Steer) -> None:
    """What is removed is gone and triggers no more; numbers are not given twice until all are gone."""
    admin = await steer(tenants={"other": {}})
    await admin.do("POST", "/tenants/other/faults", BUSY)
    await admin.do("POST", FAULTS, [BUSY, {"kind": "latency", "seconds": 0}])
    await admin.do("DELETE", f"{FAULTS}/1")
    gone = await admin.refused("DELETE", f"{FAULTS}/1")
    status = (await admin.client("default", ONE)).status
    third = await admin.do("POST", FAULTS, BUSY)
    listed = [each["id"] for each in await admin.get(FAULTS)]
    await admin.do("DELETE", FAULTS)

    assert gone.problem[:2] == (404, "unknown-fault")
    assert (status, third["id"], listed) == (200, "3", ["2", "3"])
    assert await admin.get(FAULTS) == []
    assert (await admin.client("default", ONE)).status == 200
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
async def test_impossible_faults_are_refused_all_together(
    steer: Steer, faults: Any, near: str | None
) -> None:
    """One that cannot be is told with the nearest word, and none of its list is active."""
    admin = await steer()
    told = await admin.refused("POST", FAULTS, faults)

    assert told.problem == (400, "invalid-request", near)
    assert (await admin.do("POST", FAULTS, BUSY))["id"] == "1"


async def test_an_empty_list_arms_nothing(steer: Steer) -> None:
    """No fault is a list of faults, too."""
    assert (await (await steer()).do("POST", FAULTS, [])) == []


async def test_windows_of_faults_are_of_the_tenants_clock(steer: Steer) -> None:
    """A fault triggers from `since` on and before `until`, wherever the clock is turned."""
    admin = await steer(now="2026-09-01")
    await admin.do(
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
        await admin.do("PUT", f"{DEFAULT}/clock", {"action": "set", "now": now})
        statuses.append((await admin.client("default", ONE)).status)

    assert statuses == [200, 503, 503, 200, 503]
