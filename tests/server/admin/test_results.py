"""The journal shows what the client got: rows, total and next page, and whole bodies."""

from contextlib import suppress
from typing import Any

import pytest
from aiohttp import ClientError

from mockserver.client.exchange_texts import describe_result
from mockserver.server.expected.rows import all_rows_params
from tests.server.admin.api import DEFAULT, LISTS, Pair, format_id
from tests.server.admin.conftest import ServeAdmin
from tests.support.pages import field_at, next_page_params, with_page_size

JOURNAL = f"{DEFAULT}/journal"
COUNT = 30


def first_page(admin: Any, pair: Pair, size: int) -> dict[str, Any]:
    return with_page_size(pair[1], all_rows_params(admin.mock.tenant, pair[1]), size)


async def read_pages(admin: Any, pair: Pair, size: int) -> list[Any]:
    """Return the responses to a client that reads a list to its end, but at most four pages."""
    params: dict[str, Any] | None = first_page(admin, pair, size)
    bodies: list[Any] = []
    while params is not None and len(bodies) < 4:
        bodies.append((await admin.send_vendor_request("default", pair, params)).json)
        params = next_page_params(pair[1], params, bodies[-1])
    return bodies


@pytest.mark.parametrize("size", [1, 20])
@pytest.mark.parametrize("pair", LISTS, ids=format_id)
async def test_result_has_rows_total_and_next_page(serve_admin: ServeAdmin, pair: Pair, size: int) -> None:
    """Bodies of one row are kept by the journal, those of twenty rows are computed again."""
    admin = await serve_admin(world={"sessions": COUNT})
    bodies = await read_pages(admin, pair, size)
    exchanges = (await admin.get(f"{JOURNAL}?results=true"))["exchanges"]
    plain = (await admin.get(JOURNAL))["exchanges"]
    pagination = pair[1].pagination
    results = [exchange["result"] for exchange in exchanges]

    assert [result["rows"] for result in results] == [
        len(field_at(body, str(pair[1].rows_path))) for body in bodies
    ]
    assert [result["total"] for result in results] == [
        field_at(body, pagination.total) if pagination.total else None for body in bodies
    ]
    if pagination.next:
        nexts = [field_at(body, pagination.next) for body in bodies]
        assert [result["next"] for result in results[:-1]] == nexts[:-1]
    assert (results[0]["next"] is None) == (len(bodies) == 1)
    assert not any("result" in exchange for exchange in plain)


@pytest.mark.parametrize("pair", LISTS, ids=format_id)
async def test_bodies_are_whole_on_demand(serve_admin: ServeAdmin, pair: Pair) -> None:
    admin = await serve_admin(world={"sessions": 100})
    [body, *_] = await read_pages(admin, pair, 100)
    [plain, *_] = (await admin.get(JOURNAL))["exchanges"]
    [listed, *_] = (await admin.get(f"{JOURNAL}?bodies=true"))["exchanges"]
    shown = await admin.get(f"{JOURNAL}/1")
    entry = (await admin.get(f"{JOURNAL}?bodies=true&format=har"))["log"]["entries"][0]

    assert (plain["response"]["cut"], isinstance(plain["response"]["body"], str)) == (True, True)
    assert listed["response"]["body"] == shown["response"]["body"] == body
    assert (listed["response"]["cut"], shown["response"]["cut"]) == (False, False)
    assert "comment" not in entry["response"]["content"]


@pytest.mark.parametrize(
    ("fault", "known"),
    [
        ({"kind": "latency", "seconds": 0.001}, True),
        ({"kind": "content_type"}, True),
        ({"kind": "session_deleted", "place": 0}, True),
        ({"kind": "same_page", "page": 1}, True),
        ({"kind": "truncate"}, False),
        ({"kind": "reset"}, False),
        ({"kind": "malformed", "how": "garbled"}, False),
        ({"kind": "changing_total"}, False),
        ({"kind": "empty_body"}, False),
        ({"kind": "status"}, False),
    ],
    ids=str,
)
async def test_result_is_unknown_if_fault_changed_body(
    serve_admin: ServeAdmin, fault: Any, *, known: bool
) -> None:
    admin = await serve_admin(world={"sessions": 3 * COUNT})
    await admin.change("POST", f"{DEFAULT}/faults", fault)
    pair = next(pair for pair in LISTS if pair[1].pagination.total)
    with suppress(ClientError):
        await admin.send_vendor_request("default", pair, first_page(admin, pair, 2 * COUNT))
    [exchange] = (await admin.get(f"{JOURNAL}?results=true"))["exchanges"]

    assert (exchange["result"] is not None) == known


@pytest.mark.parametrize("pair", LISTS, ids=format_id)
async def test_result_of_earlier_world_is_that_of_the_response(serve_admin: ServeAdmin, pair: Pair) -> None:
    admin = await serve_admin(world={"sessions": 100})
    [body, *_] = await read_pages(admin, pair, 100)
    await admin.change("PUT", f"{DEFAULT}/world", {"sessions": 5, "seed": 9})
    shown = await admin.get(f"{JOURNAL}/1")

    assert shown["result"] is None or shown["response"]["body"] == body


def exchange_with(status: int, body: Any, result: Any = None) -> dict[str, Any]:
    return {"response": {"status": status, "body": body}, "result": result}


@pytest.mark.parametrize(
    ("exchange", "texts"),
    [
        (exchange_with(200, {}, {"rows": 1, "total": None, "next": None}), ["1 row"]),
        (exchange_with(200, {}, {"rows": 7, "total": 30, "next": 0}), ["7 rows", "total 30", "next 0"]),
        (
            exchange_with(200, {}, {"rows": 0, "total": 0, "next": "abcdefghijklmnopqrs"}),
            ["0 rows", "total 0", "next abcdefghijklmno…"],
        ),
        (exchange_with(200, {}), []),
        (exchange_with(404, {"error": {"code": "not_found", "message": "No such site"}}), ['"No such site"']),
        (exchange_with(500, "Bad gateway"), ['"Bad gateway"']),
        (exchange_with(500, None), []),
        ({"response": None, "result": None}, []),
    ],
    ids=str,
)
def test_description_of_result_is_short(exchange: Any, texts: list[str]) -> None:
    assert describe_result(exchange) == texts
