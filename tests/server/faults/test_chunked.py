"""Tests of the faults that send a body in chunks, slowly, or close the connection."""

import json
from typing import Any

import pytest
from aiohttp import ClientError

from mockserver.server.faults.registry import read
from tests.server.faults.conftest import Look
from tests.server.faults.seen import LISTS, name, request

CLOSE = "Connection: close"
ONE = LISTS[0]


@pytest.mark.parametrize("sizes", [[1024], [1, 2, 3], [1 << 20]], ids=str)
@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_chunked_body_arrives_whole_on_kept_connection(
    serve: Any, look: Look, pair: Any, sizes: list[int]
) -> None:
    mock = await serve(world={"sessions": 20})
    plain = await mock.ask(*pair, dict(pair[1].example))
    mock.tenant.faults.add(read({"kind": "chunked", "sizes": sizes}))
    seen = await look(mock, pair)
    await seen.until(lambda each: each.is_complete)
    first = seen.data
    seen.transport.write(request(mock, pair, CLOSE))
    await seen.ended()

    assert await mock.ask(*pair, dict(pair[1].example)) == plain
    assert seen.header("Content-Length") == []
    assert seen.data[len(first) :].count(b"Transfer-Encoding: chunked") == 1
    assert [exchange.effective_faults for exchange in mock.tenant.journal][1:] == [["1:chunked"]] * 3


@pytest.mark.parametrize("damage", ["invalid_size", "no_last_chunk"])
@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_damaged_chunks_are_error_and_never_whole(serve: Any, pair: Any, damage: str) -> None:
    mock = await serve(world={"sessions": 20})
    mock.tenant.faults.add(read({"kind": "chunked", "damage": damage}))
    with pytest.raises(ClientError):
        await mock.ask(*pair, dict(pair[1].example))

    assert [exchange.whole for exchange in mock.tenant.journal] == [False]


async def test_chunked_body_for_http_1_0_ends_with_connection(serve: Any, look: Look) -> None:
    mock = await serve(world={"sessions": 20})
    plain = (await mock.ask(*ONE, dict(ONE[1].example)))[1]
    mock.tenant.faults.add(read({"kind": "chunked"}))
    seen = await look(mock, ONE)
    seen.transport.abort()
    old = await look(mock, ONE, version="1.0")
    await old.ended()

    assert old.header("Transfer-Encoding") == old.header("Content-Length") == []
    assert old.body == plain


@pytest.mark.parametrize(
    ("faults", "end", "is_json"),
    [
        ([{"kind": "truncate", "content_length": "true"}, {"kind": "chunked"}], b"\r\n0\r\n\r\n", False),
        ([{"kind": "truncate"}, {"kind": "chunked"}], b"", False),
        ([{"kind": "chunked"}, {"kind": "truncate"}], b"", False),
        ([{"kind": "chunked"}, {"kind": "malformed"}], b"\r\n0\r\n\r\n", False),
        ([{"kind": "chunked"}, {"kind": "dribble", "pieces": 3, "pause": 0}], b"\r\n0\r\n\r\n", True),
        ([{"kind": "slow", "bytes_per_second": 10_000_000}, {"kind": "chunked"}], b"\r\n0\r\n\r\n", True),
    ],
    ids=str,
)
async def test_chunks_combine_with_other_faults(
    serve: Any, look: Look, faults: list[dict[str, Any]], end: bytes, *, is_json: bool
) -> None:
    mock = await serve(world={"sessions": 20})
    active = mock.tenant.faults.add(read(faults))
    seen = await (await look(mock, ONE, CLOSE)).ended()
    text = b"".join(seen.body.split(b"\r\n")[1::2])

    assert seen.header("Transfer-Encoding") == ["chunked"]
    assert (end or b"\r\n0\r\n\r\n") in seen.body if end else not seen.body.endswith(b"\r\n0\r\n\r\n")
    if is_json:
        json.loads(text)
    assert [fault.effective for fault in active] == [1, 1]


@pytest.mark.parametrize(
    ("rate", "pieces", "pause"), [(1, 40, 1), (20, 40, 0.05), (400, 2, 0.05), (10**9, 2, 2e-8)]
)
async def test_slow_body_takes_its_length_divided_by_rate(
    serve: Any, rate: int, pieces: int, pause: float
) -> None:
    mock = await serve()
    mock.tenant.faults.add(
        read(
            [
                {"kind": "slow", "bytes_per_second": rate},
                {"kind": "respond", "text": "x" * 40},
                {"kind": "close"},
            ]
        )
    )
    with pytest.raises(ClientError):
        await mock.ask(*ONE, dict(ONE[1].example))
    delivery = next(iter(mock.tenant.journal)).response.delivery

    assert delivery.pace(40) == (pieces, pytest.approx(pause))


@pytest.mark.parametrize("where", ["before", "headers", "body"])
@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_close_ends_connection_orderly(serve: Any, look: Look, pair: Any, where: str) -> None:
    mock = await serve()
    plain = (await mock.ask(*pair, dict(pair[1].example)))[1]
    mock.tenant.faults.add(read({"kind": "close", "where": where, "share": 0.25}))
    seen = await (await look(mock, pair)).ended()
    sent = plain[: len(plain) // 4] if where == "body" else b""

    assert (seen.end, seen.body, seen.data == b"") == ("closed", sent, where == "before")
    with pytest.raises(ClientError):
        await mock.ask(*pair, dict(pair[1].example))
