"""Request expected rows over HTTP: complete, in order and streamed."""

import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from msgspec import json

from mockserver._util.json_paths import get_at
from mockserver.server.expected.rows import all_rows_params
from mockserver.vendors.base import Vendor
from tests.server.admin.api import ALL, DEFAULT, LISTS, ONE, ROWS, AdminApi, Pair, format_id
from tests.server.admin.conftest import ServeAdmin
from tests.vendors.test_every_endpoint import crawl

EXPECTED = f"{DEFAULT}/expected"
POSTS = [pair for pair in ALL if pair[1].rows_path is None]


def row_query(pair: Pair, **more: Any) -> dict[str, Any]:
    """Return the query for an endpoint's expected rows."""
    return {"vendor": pair[0].name, "endpoint": pair[1].name, **more}


async def read_expected_rows(admin: AdminApi, pair: Pair, **more: Any) -> list[Any]:
    """Return all expected rows."""
    result = await admin.send("POST", EXPECTED, row_query(pair, **more))
    assert result.status == 200, result.body
    return result.rows


@pytest.mark.parametrize("site", [0, 1])
@pytest.mark.parametrize("pair", ROWS, ids=format_id)
async def test_expected_rows_are_those_of_a_crawl(serve_admin: ServeAdmin, pair: Pair, site: int) -> None:
    """GET and POST return them in the same order."""
    admin = await serve_admin(profile="page-plus-one")
    rows = await read_expected_rows(admin, pair, site=site)

    assert rows == await crawl(admin.mock, pair, 100, site)
    assert (await admin.send("GET", EXPECTED, params=row_query(pair, site=site))).rows == rows
    assert len(rows) > 1


@pytest.mark.parametrize("pair", [pair for pair in LISTS if pair[1].filtered_example], ids=format_id)
async def test_parameters_filter_expected_rows_but_paging_does_not(
    serve_admin: ServeAdmin, pair: Pair
) -> None:
    admin = await serve_admin(world={"sessions": 5_000})
    filtered_example = {**all_rows_params(admin.mock.tenant, pair[1]), **pair[1].filtered_example}
    filtered_example.pop(str(pair[1].pagination.limit), None)
    whole = await read_expected_rows(admin, pair)
    few = await read_expected_rows(admin, pair, parameters=filtered_example)
    answer = await admin.send_vendor_request("default", pair, filtered_example)
    paging = {str(pair[1].pagination.limit): 1, str(pair[1].pagination.key_field): "3"}

    assert 0 < len(few) < len(whole)
    assert get_at(answer.json, pair[1].rows_path) == few[: len(get_at(answer.json, pair[1].rows_path))] != []
    assert (await admin.send("GET", EXPECTED, params={**row_query(pair), **filtered_example})).rows == few
    assert await read_expected_rows(admin, pair, parameters=paging) == whole


@pytest.mark.parametrize("pair", LISTS, ids=format_id)
async def test_site_is_found_by_index_domain_id_and_path(serve_admin: ServeAdmin, pair: Pair) -> None:
    admin = await serve_admin(world={"sessions": 3})
    tenant = admin.mock.tenant
    known: list[Any] = [1, "1", tenant.world.sites[1].domain, *tenant.identifiers[pair[0].name].sites[1]]
    result = [await read_expected_rows(admin, pair, site=each) for each in known]
    if pair[1].site:
        result.append(await read_expected_rows(admin, pair, parameters={pair[1].site: known[-1]}))

    assert all(each == result[0] for each in result)
    assert result[0] != await read_expected_rows(admin, pair)


@pytest.mark.parametrize("pair", LISTS, ids=format_id)
async def test_labels_mark_deleted_session_as_forbidden(serve_admin: ServeAdmin, pair: Pair) -> None:
    """Without labels the row is left out."""
    admin = await serve_admin(world={"sessions": 9})
    before = await read_expected_rows(admin, pair)
    await admin.change("POST", f"{DEFAULT}/faults", {"kind": "session_deleted", "nth": 2, "times": 1})
    parameters = all_rows_params(admin.mock.tenant, pair[1])
    for _ in range(2):
        await admin.send_vendor_request("default", pair, parameters)
    rows = await read_expected_rows(admin, pair)
    result = await read_expected_rows(admin, pair, labels=True)
    query = (await admin.send("GET", EXPECTED, params=row_query(pair, labels="true"))).rows

    assert len(rows) == len(before) - 1
    assert [each["row"] for each in result if each["label"] == "required"] == rows
    assert [each["row"] for each in result if each["label"] == "forbidden"] == [
        row for row in before if row not in rows
    ]
    assert query == result


@asynccontextmanager
async def stream_rows(admin: AdminApi, pair: Pair, **more: Any) -> AsyncIterator[aiohttp.StreamReader]:
    """Open a stream of expected rows."""
    async with admin.mock.client.post(
        f"/__admin{EXPECTED}", data=json.encode(row_query(pair, **more))
    ) as response:
        assert (response.status, response.content_type) == (200, "application/x-ndjson")
        yield response.content
        response.close()


@pytest.mark.parametrize("labels", [False, True])
@pytest.mark.parametrize("pair", LISTS, ids=format_id)
async def test_expected_rows_of_large_world_are_streamed(
    serve_admin: ServeAdmin,
    caplog: Any,
    pair: Pair,
    labels: bool,  # noqa: FBT001
) -> None:
    """Memory is bounded, other requests are answered in between, and the client may disconnect."""
    admin = await serve_admin(world={"sessions": 150_000})
    tracemalloc.start()
    try:
        async with stream_rows(admin, pair, labels=labels) as lines:
            for _ in range(2_000):
                assert json.decode(await lines.readline())
            assert (await admin.get("/health"))["status"] == "healthy"
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < 24 << 20
    assert (await admin.get("/health"))["status"] == "healthy"
    assert caplog.records == []


@pytest.mark.parametrize("pair", LISTS, ids=format_id)
async def test_expected_rows_are_a_snapshot(serve_admin: ServeAdmin, pair: Pair) -> None:
    """The world is replaced while they are sent."""
    admin = await serve_admin(world={"sessions": 30_000})
    async with stream_rows(admin, pair, site=1) as lines:
        first = await lines.readline()
        await admin.change("PUT", f"{DEFAULT}/world", {"sessions": 1, "sites": 1})
        rest = await lines.read()

    assert len([first, *rest.splitlines()]) == 30_000


async def test_error_while_streaming_breaks_connection(
    serve_admin: ServeAdmin, monkeypatch: Any, caplog: Any
) -> None:
    """The log has the traceback."""
    admin = await serve_admin(world={"sessions": 1_000})
    answer = Vendor.respond
    answered: list[Any] = []

    def failing(self: Vendor, *arguments: Any) -> Any:
        answered.append(self)
        if len(answered) > 3:
            raise RuntimeError("on purpose")
        return answer(self, *arguments)

    monkeypatch.setattr(Vendor, "respond", failing)
    async with admin.mock.client.post(f"/__admin{EXPECTED}", data=json.encode(row_query(ONE))) as response:
        with pytest.raises(aiohttp.ClientPayloadError):
            await response.read()

    assert "on purpose" in caplog.text


@pytest.mark.parametrize(
    ("fields", "near"),
    [
        ({"endpoint": ONE[1].name}, None),
        ({"vendor": ONE[0].name}, None),
        ({**row_query(ONE), "vendor": ONE[0].name + "x"}, ONE[0].name),
        ({**row_query(ONE), "endpoint": ONE[1].name + "x"}, ONE[1].name),
        *((row_query(pair), None) for pair in POSTS[:1]),
        ({**row_query(ONE), "site": "nowhere"}, None),
        ({**row_query(ONE), "site": 2}, None),
        ({**row_query(ONE), "labels": "perhaps"}, None),
    ],
    ids=repr,
)
async def test_unknown_vendor_endpoint_or_site_is_rejected(
    serve_admin: ServeAdmin, fields: dict[str, Any], near: str | None
) -> None:
    """By GET and POST alike."""
    admin = await serve_admin()
    result = [
        await admin.assert_rejected("GET", EXPECTED, params=fields),
        await admin.assert_rejected("POST", EXPECTED, fields),
    ]

    assert {each.problem[:2] for each in result} == {(400, "invalid-request")}
    assert near is None or {each.problem[2] for each in result} == {near}


@pytest.mark.parametrize("pair", [pair for pair in ROWS if pair[1].all_rows_params], ids=format_id)
async def test_invalid_parameter_of_expected_rows_is_rejected(serve_admin: ServeAdmin, pair: Pair) -> None:
    """An unknown one by us, a wrong value in the vendor's words."""
    admin = await serve_admin()
    fields = set(all_rows_params(admin.mock.tenant, pair[1])) - {pair[1].pagination.limit}
    for field in fields:
        wrong = await admin.assert_rejected("POST", EXPECTED, row_query(pair, parameters={field: [{}]}))

        assert wrong.problem == (400, "invalid-request", None)
        assert f"{pair[0].name} {pair[1].name}: " in wrong.json["detail"]
    unknown = await admin.assert_rejected(
        "POST", EXPECTED, row_query(pair, parameters={"limitt": 1, **dict.fromkeys(fields, 1)})
    )

    assert unknown.problem[:2] == (400, "invalid-request")
    assert "'limitt'" in unknown.json["detail"]
