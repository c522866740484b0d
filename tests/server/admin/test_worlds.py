"""Replace worlds over HTTP."""

from typing import Any

import pytest

from mockserver._util.json_paths import get_at
from mockserver.admin_schemas.worlds import WorldFields
from mockserver.server.expected.rows import all_rows_params
from mockserver.world.model.profiles import PROFILES
from mockserver.world.model.spec import WorldSpec
from tests.server.admin.api import DEFAULT, LISTS, ONE, AdminApi, Pair, format_id
from tests.server.admin.conftest import ServeAdmin

WORLD = f"{DEFAULT}/world"


async def read_rows(admin: AdminApi, pair: Pair, site: int = 0) -> list[Any]:
    """Return the first page of an endpoint, of all rows."""
    result = await admin.send_vendor_request(
        "default", pair, all_rows_params(admin.mock.tenant, pair[1]), site
    )
    assert result.status == 200, result.body
    found: list[Any] = get_at(result.json, pair[1].rows_path)
    return found


@pytest.mark.parametrize("pair", LISTS, ids=format_id)
async def test_replaced_world_is_served_at_once(serve_admin: ServeAdmin, pair: Pair) -> None:
    """Credentials stay; the seed stays unless one is given."""
    admin = await serve_admin(world={"sessions": 30, "seed": 4})
    access = await admin.get(DEFAULT)
    before = [await read_rows(admin, pair) for _ in range(3)][-1]
    result = [
        await admin.change("PUT", WORLD, fields)
        for fields in ({"sessions": 3}, {"sessions": 3, "seed": 5}, {"sessions": 30, "seed": 4})
    ]
    back = await read_rows(admin, pair)
    await admin.change("PUT", WORLD, {"sessions": 3, "seed": 5})

    assert [each["spec"]["seed"] for each in result] == [4, 5, 4]
    assert back == before
    assert len(await read_rows(admin, pair)) == 3 < len(before)
    assert await admin.get(DEFAULT) == access


async def test_additional_sites_keep_ids_of_existing_ones(serve_admin: ServeAdmin) -> None:
    admin = await serve_admin(world={"sessions": 3})
    before = await admin.get(DEFAULT)
    await admin.change("PUT", WORLD, {"sessions": 3, "sites": 4})
    after = await admin.get(DEFAULT)

    for vendor, result in after["vendors"].items():
        assert result["sites"][:2] == before["vendors"][vendor]["sites"]
    assert [len(await read_rows(admin, pair, 3)) for pair in LISTS] == [3] * len(LISTS)


ADDED = {"start": "2026-09-10T08:00Z", "country": "DE", "user_id": "u-1", "pages": ["/", "/pricing"]}
SESSIONS = f"{WORLD}/sessions"


async def test_added_session_has_id_visitor_and_row_at_each_vendor(serve_admin: ServeAdmin) -> None:
    admin = await serve_admin(world={"sessions": 3})
    before = await admin.get(WORLD)
    added = await admin.change("POST", SESSIONS, {**ADDED, "site": 1})
    raw = await admin.get(f"{WORLD}/session", number=added["number"], site=1)
    after = await admin.get(WORLD)

    for pair in LISTS:
        vendor = pair[0].name
        row = added["rows"][vendor]
        assert row in await read_rows(admin, pair, 1)
        assert row not in await read_rows(admin, pair, 0)
        assert added["visitor_ids"][vendor] == row[pair[1].visitor_field]
        assert added["ids"].get(vendor) == (row[pair[1].row_key[0]] if len(pair[1].row_key) == 1 else None)
    assert raw["visitor"] == added["visitor"]
    assert [site["sessions"] for site in before["sites"]] == [3, 3]
    assert [site["sessions"] for site in after["sites"]] == [3, 4]


async def test_refused_session_changes_nothing(serve_admin: ServeAdmin) -> None:
    admin = await serve_admin(world={"sessions": 3})
    await admin.change("POST", SESSIONS, ADDED)
    refused = [{**ADDED, "city": "Paris"}, {**ADDED, "citty": "Berlin"}, ADDED, {**ADDED, "end": "2026"}, {}]
    problems = [(await admin.assert_rejected("POST", SESSIONS, body)).problem for body in refused]

    assert [problem[:2] for problem in problems] == [(400, "invalid-request")] * 5
    assert problems[1][2] == "city"


@pytest.mark.parametrize("pair", LISTS, ids=format_id)
async def test_session_added_while_list_is_read_is_optional_row(serve_admin: ServeAdmin, pair: Pair) -> None:
    """A list that is begun later requires it; replacing or resetting the world removes it."""
    admin = await serve_admin(world={"sessions": 3})
    query = {"vendor": pair[0].name, "endpoint": pair[1].name, "labels": True}

    async def read_labels() -> list[str]:
        return [line["label"] for line in (await admin.send("POST", f"{DEFAULT}/expected", query)).rows]

    await read_rows(admin, pair)
    row = (await admin.change("POST", SESSIONS, ADDED))["rows"][pair[0].name]
    during = await read_labels()
    assert row in await read_rows(admin, pair)
    assert sorted(during) == ["optional", *["required"] * 3]
    assert await read_labels() == ["required"] * 4
    await admin.change("POST", f"{DEFAULT}/reset")
    assert await read_labels() == ["required"] * 3


@pytest.mark.parametrize("profile", PROFILES)
async def test_spec_of_world_reproduces_it(serve_admin: ServeAdmin, profile: str) -> None:
    admin = await serve_admin(now="2026-09-01")
    result = await admin.change("PUT", WORLD, {"profile": profile, "seed": 9})
    first = [await read_rows(admin, pair) for pair in LISTS]
    await admin.change("PUT", WORLD, {"profile": "awkward", "sites": 5, "seed": 1})

    assert await admin.change("PUT", WORLD, result["spec"]) == result == await admin.get(WORLD)
    assert [await read_rows(admin, pair) for pair in LISTS] == first


async def test_totals_count_sessions_that_have_started(serve_admin: ServeAdmin) -> None:
    admin = await serve_admin(world={"sessions": 100, "bots_percent": 10}, now="2020-01-01")
    early = await admin.get(WORLD)
    await admin.change("PUT", f"{DEFAULT}/clock", {"action": "set", "now": "2027-01-01"})
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
async def test_invalid_world_is_rejected_and_old_one_stays(
    serve_admin: ServeAdmin, fields: dict[str, Any], near: str | None
) -> None:
    admin = await serve_admin(world={"sessions": 3})
    before = await read_rows(admin, ONE)
    result = await admin.assert_rejected("PUT", WORLD, fields)

    assert result.problem == (400, "invalid-request", near)
    assert await read_rows(admin, ONE) == before


def test_world_fields_are_those_of_spec() -> None:
    assert WorldFields.__struct_fields__ == WorldSpec.__struct_fields__
