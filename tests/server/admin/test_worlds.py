"""A tenant is put into another world while clients ask."""

from typing import Any

import pytest

from mockserver.admin_schemas import WorldFields
from mockserver.server.expected.rows import all_rows_params
from mockserver.server.http.pagination import at
from mockserver.world.model.profiles import PROFILES
from mockserver.world.model.spec import WorldSpec
from tests.server.admin.asking import DEFAULT, LISTS, ONE, AdminApi, Pair, name
from tests.server.admin.conftest import Steer

WORLD = f"{DEFAULT}/world"


async def rows(admin: AdminApi, pair: Pair, site: int = 0) -> list[Any]:
    """The first page that a vendor's client is given of all there is."""
    told = await admin.client("default", pair, all_rows_params(admin.mock.tenant, pair[1]), site)
    assert told.status == 200, told.body
    found: list[Any] = at(told.json, pair[1].rows_path)
    return found


@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_vendors_tell_another_world_at_once(steer: Steer, pair: Pair) -> None:
    """Even what was asked for before is told anew, under the same credentials; the seed stays unless one is given."""
    admin = await steer(world={"sessions": 30, "seed": 4})
    access = await admin.get(DEFAULT)
    before = [await rows(admin, pair) for _ in range(3)][-1]
    told = [
        await admin.do("PUT", WORLD, fields)
        for fields in ({"sessions": 3}, {"sessions": 3, "seed": 5}, {"sessions": 30, "seed": 4})
    ]
    back = await rows(admin, pair)
    await admin.do("PUT", WORLD, {"sessions": 3, "seed": 5})

    assert [each["spec"]["seed"] for each in told] == [4, 5, 4]
    assert back == before
    assert len(await rows(admin, pair)) == 3 < len(before)
    assert await admin.get(DEFAULT) == access


async def test_more_sites_are_known_by_more_names(steer: Steer) -> None:
    """The sites that were there keep their ids, and the new ones answer to theirs."""
    admin = await steer(world={"sessions": 3})
    before = await admin.get(DEFAULT)
    await admin.do("PUT", WORLD, {"sessions": 3, "sites": 4})
    after = await admin.get(DEFAULT)

    for vendor, told in after["vendors"].items():
        assert told["sites"][:2] == before["vendors"][vendor]["sites"]
    assert [len(await rows(admin, pair, 3)) for pair in LISTS] == [3] * len(LISTS)


@pytest.mark.parametrize("profile", PROFILES)
async def test_a_world_that_is_told_can_be_put_again(steer: Steer, profile: str) -> None:
    """The spec in the answer is all there is to a world: put over any other, it is that world."""
    admin = await steer(now="2026-09-01")
    told = await admin.do("PUT", WORLD, {"profile": profile, "seed": 9})
    first = [await rows(admin, pair) for pair in LISTS]
    await admin.do("PUT", WORLD, {"profile": "awkward", "sites": 5, "seed": 1})

    assert await admin.do("PUT", WORLD, told["spec"]) == told == await admin.get(WORLD)
    assert [await rows(admin, pair) for pair in LISTS] == first


async def test_totals_are_of_what_has_started(steer: Steer) -> None:
    """Before its start a world has no session; at its end it has all, and its bots beside them."""
    admin = await steer(world={"sessions": 100, "bots_percent": 10}, now="2020-01-01")
    early = await admin.get(WORLD)
    await admin.do("PUT", f"{DEFAULT}/clock", {"action": "set", "now": "2027-01-01"})
    late = await admin.get(WORLD)

    assert [(each["sessions"], each["bots"]) for each in early["sites"]] == [(0, 0)] * 2
    assert [(each["sessions"], each["bots"]) for each in late["sites"]] == [(100, 10)] * 2
    assert (early["now"], late["now"]) == ("2020-01-01T00:00:00Z", "2027-01-01T00:00:00Z")


@pytest.mark.parametrize(
    ("fields", "near"),
    [
        ({"profile": "bussy"}, "busy"),
        ({"sesions": 3}, "sessions"),
        ({"sessions": 3, "sessions_per_day": 3}, None),
        ({"start": "2026-09-02", "end": "2026-09-01"}, None),
        ({"start": "soon"}, None),
        ({"vocabulary": "defalt"}, None),
        ({"sites": 0}, None),
        ({"quiet_days": [7]}, None),
        ({"segments": {"mine": {"contry": "DE"}}}, "country"),
    ],
    ids=str,
)
async def test_impossible_worlds_are_refused(steer: Steer, fields: dict[str, Any], near: str | None) -> None:
    """A world that cannot be built leaves the one there is, told as before."""
    admin = await steer(world={"sessions": 3})
    before = await rows(admin, ONE)
    told = await admin.refused("PUT", WORLD, fields)

    assert told.problem == (400, "invalid-request", near)
    assert await rows(admin, ONE) == before


def test_every_field_of_a_spec_can_be_said() -> None:
    """The admin API knows the fields of a world's spec, and no other."""
    assert WorldFields.__struct_fields__ == WorldSpec.__struct_fields__
