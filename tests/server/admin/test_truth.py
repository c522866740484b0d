"""The expected is asked for over HTTP: whole, in order, as it comes, whatever the world's size."""

import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from msgspec import json

from mockserver.server.expected.rows import all_rows_params
from mockserver.server.http.pagination import at, page_field
from mockserver.vendors.base import Vendor
from tests.server.admin.asking import ALL, DEFAULT, LISTS, ONE, ROWS, AdminApi, Pair, name
from tests.server.admin.conftest import Steer
from tests.vendors.test_every_endpoint import crawled

TRUTH = f"{DEFAULT}/expected"
POSTS = [pair for pair in ALL if pair[1].rows_path is None]


def wanted(pair: Pair, **more: Any) -> dict[str, Any]:
    """A request for an endpoint's expected."""
    return {"vendor": pair[0].name, "endpoint": pair[1].name, **more}


async def expected_rows(admin: AdminApi, pair: Pair, **more: Any) -> list[Any]:
    """All rows."""
    told = await admin.ask("POST", TRUTH, wanted(pair, **more))
    assert told.status == 200, told.body
    return told.rows


@pytest.mark.parametrize("site", [0, 1])
@pytest.mark.parametrize("pair", ROWS, ids=name)
async def test_truth_is_what_paging_gives(steer: Steer, pair: Pair, site: int) -> None:
    """GET and POST tell, one a line and in the same order, the rows that a client gets page by page."""
    admin = await steer(profile="page-plus-one")
    rows = await expected_rows(admin, pair, site=site)

    assert rows == await crawled(admin.mock, pair, 100, site)
    assert (await admin.ask("GET", TRUTH, params=wanted(pair, site=site))).rows == rows
    assert len(rows) > 1


@pytest.mark.parametrize("pair", [pair for pair in LISTS if pair[1].filtered_example], ids=name)
async def test_parameters_narrow_the_truth_and_pages_do_not(steer: Steer, pair: Pair) -> None:
    """The endpoint's own filters mean what they mean to the vendor; which page, and how large, means nothing."""
    admin, filtered_example = await steer(world={"sessions": 5_000}), dict(pair[1].filtered_example)
    whole = await expected_rows(admin, pair)
    few = await expected_rows(admin, pair, parameters=filtered_example)
    answer = await admin.client(
        "default", pair, {**all_rows_params(admin.mock.tenant, pair[1]), **filtered_example}
    )
    paging = {str(getattr(pair[1].pagination, "limit", None)): 1, str(page_field(pair[1].pagination)): "3"}

    assert 0 < len(few) < len(whole)
    assert at(answer.json, pair[1].rows_path) == few[: len(at(answer.json, pair[1].rows_path))] != []
    assert (await admin.ask("GET", TRUTH, params={**wanted(pair), **filtered_example})).rows == few
    assert await expected_rows(admin, pair, parameters=paging) == whole


@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_a_site_has_many_names(steer: Steer, pair: Pair) -> None:
    """Its place, its domain, the vendor's id for it, and the path's parameter where there is one, mean the same site."""
    admin = await steer(world={"sessions": 3})
    tenant = admin.mock.tenant
    known: list[Any] = [1, "1", tenant.world.sites[1].domain, *tenant.names[pair[0].name].sites[1]]
    told = [await expected_rows(admin, pair, site=each) for each in known]
    if pair[1].site:
        told.append(await expected_rows(admin, pair, parameters={pair[1].site: known[-1]}))

    assert all(each == told[0] for each in told)
    assert told[0] != await expected_rows(admin, pair)


@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_verdicts_say_what_a_client_had_to_see(steer: Steer, pair: Pair) -> None:
    """After a session went and the list was begun again, it must not be seen; without labels it is left out."""
    admin = await steer(world={"sessions": 9})
    before = await expected_rows(admin, pair)
    await admin.do("POST", f"{DEFAULT}/faults", {"kind": "session_deleted", "nth": 2, "times": 1})
    parameters = all_rows_params(admin.mock.tenant, pair[1])
    for _ in range(2):
        await admin.client("default", pair, parameters)
    rows, told = await expected_rows(admin, pair), await expected_rows(admin, pair, labels=True)
    query = (await admin.ask("GET", TRUTH, params=wanted(pair, labels="true"))).rows

    assert len(rows) == len(before) - 1
    assert [each["row"] for each in told if each["label"] == "required"] == rows
    assert [each["row"] for each in told if each["label"] == "forbidden"] == [
        row for row in before if row not in rows
    ]
    assert query == told


@asynccontextmanager
async def stream(admin: AdminApi, pair: Pair, **more: Any) -> AsyncIterator[aiohttp.StreamReader]:
    """A expected that is read line by line, as far as somebody likes."""
    async with admin.mock.client.post(f"/__admin{TRUTH}", data=json.encode(wanted(pair, **more))) as response:
        assert (response.status, response.content_type) == (200, "application/x-ndjson")
        yield response.content
        response.close()


@pytest.mark.parametrize("labels", [False, True])
@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_truth_of_a_large_world_comes_as_it_is_made(
    steer: Steer,
    caplog: Any,
    pair: Pair,
    labels: bool,  # noqa: FBT001
) -> None:
    """Its first rows are there long before its last, nothing is held, others are answered in between, and whoever has enough may go."""
    admin = await steer(world={"sessions": 150_000})
    tracemalloc.start()
    try:
        async with stream(admin, pair, labels=labels) as lines:
            for _ in range(2_000):
                assert json.decode(await lines.readline())
            assert (await admin.get("/health"))["status"] == "healthy"
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < 24 << 20
    assert (await admin.get("/health"))["status"] == "healthy"
    assert caplog.records == []


@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_truth_is_of_one_moment(steer: Steer, pair: Pair) -> None:
    """Whatever becomes of the tenant while its rows are told, they are those of when they were asked for."""
    admin = await steer(world={"sessions": 30_000})
    async with stream(admin, pair, site=1) as lines:
        first = await lines.readline()
        await admin.do("PUT", f"{DEFAULT}/world", {"sessions": 1, "sites": 1})
        rest = await lines.read()

    assert len([first, *rest.splitlines()]) == 30_000


async def test_half_a_truth_is_not_taken_for_the_whole(steer: Steer, monkeypatch: Any, caplog: Any) -> None:
    """Where something fails in the middle, the connection breaks, and the log says why."""
    admin, answer = await steer(world={"sessions": 1_000}), Vendor.respond
    answered: list[Any] = []

    def failing(self: Vendor, *arguments: Any) -> Any:
        answered.append(self)
        if len(answered) > 3:
            raise RuntimeError("on purpose")
        return answer(self, *arguments)

    monkeypatch.setattr(Vendor, "answer", failing)
    async with admin.mock.client.post(f"/__admin{TRUTH}", data=json.encode(wanted(ONE))) as response:
        with pytest.raises(aiohttp.ClientPayloadError):
            await response.read()

    assert "on purpose" in caplog.text


@pytest.mark.parametrize(
    ("asked", "near"),
    [
        ({"endpoint": ONE[1].name}, None),
        ({"vendor": ONE[0].name}, None),
        ({**wanted(ONE), "vendor": ONE[0].name + "x"}, ONE[0].name),
        ({**wanted(ONE), "endpoint": ONE[1].name + "x"}, ONE[1].name),
        *((wanted(pair), None) for pair in POSTS[:1]),
        ({**wanted(ONE), "site": "nowhere"}, None),
        ({**wanted(ONE), "site": 2}, None),
        ({**wanted(ONE), "labels": "perhaps"}, None),
    ],
    ids=repr,
)
async def test_what_has_no_truth_is_refused(steer: Steer, asked: dict[str, Any], near: str | None) -> None:
    """GET and POST say alike which vendor, endpoint or site there is."""
    admin = await steer()
    told = [await admin.refused("GET", TRUTH, params=asked), await admin.refused("POST", TRUTH, asked)]

    assert {each.problem[:2] for each in told} == {(400, "invalid-request")}
    assert near is None or {each.problem[2] for each in told} == {near}


@pytest.mark.parametrize("pair", [pair for pair in ROWS if pair[1].all_rows_params], ids=name)
async def test_parameters_that_the_vendor_refuses_are_refused(steer: Steer, pair: Pair) -> None:
    """One that no request has is told with the nearest; a wrong value is told in the vendor's words."""
    admin = await steer()
    fields = set(all_rows_params(admin.mock.tenant, pair[1])) - {getattr(pair[1].pagination, "limit", None)}
    for field in fields:
        wrong = await admin.refused("POST", TRUTH, wanted(pair, parameters={field: [{}]}))

        assert wrong.problem == (400, "invalid-request", None)
        assert f"{pair[0].name} {pair[1].name}: " in wrong.json["detail"]
    unknown = await admin.refused(
        "POST", TRUTH, wanted(pair, parameters={"limitt": 1, **dict.fromkeys(fields, 1)})
    )

    assert unknown.problem[:2] == (400, "invalid-request")
    assert "'limitt'" in unknown.json["detail"]
