"""Every response is valid HTTP as far as it is sent, and ends as specified."""

import asyncio
import warnings
from typing import Any

import pytest
from aiohttp import web
from msgspec.structs import replace
from multidict import CIMultiDict

from mockserver.server.faults.base import WireFault
from mockserver.server.faults.registry import kinds, read
from mockserver.server.http.response import Response
from mockserver.server.http.transport import send
from tests.server.faults.conftest import Look
from tests.server.faults.seen import LISTS, Seen, request, soon

WHOLE = Response(headers=CIMultiDict({"Content-Type": "application/json"}), body=b'{"a": 1, "b": [2, 3]}')
ENDLESS = {"stall"}
WIRE = [kind for kind, model in kinds().items() if issubclass(model, WireFault)]


async def sent(aiohttp_server: Any, reply: Response, method: str = "GET") -> Seen:
    async def handle(request: web.Request) -> web.StreamResponse:
        return await send(reply, request)

    app = web.Application()
    app.router.add_route("*", "/", handle)
    server = await aiohttp_server(app)
    transport, seen = await asyncio.get_running_loop().create_connection(Seen, server.host, server.port)
    transport.write(f"{method} / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    try:
        return await asyncio.wait_for(seen.ended(), 5)
    finally:
        transport.abort()


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304)])
@pytest.mark.parametrize("kind", [kind for kind in WIRE if kind not in ENDLESS])
async def test_bodiless_response_has_no_body(
    aiohttp_server: Any, kind: str, method: str, status: int
) -> None:
    (fault,) = read(kinds()[kind].EXAMPLE)
    assert isinstance(fault, WireFault)
    seen = await sent(aiohttp_server, fault.transform(replace(WHOLE, status=status)), method)

    assert (seen.status, seen.body) == (status, b"")
    assert bool(seen.header("Content-Length")) == (status == 200 and kind not in ("empty_body", "chunked"))


def cut(reply: Response, at: int, **others: Any) -> Response:
    return reply.with_delivery(sent=at, **others)


@pytest.mark.parametrize(
    ("reply", "length", "body", "end"),
    [
        (WHOLE, 21, WHOLE.body, "closed"),
        (cut(WHOLE, 5), 5, WHOLE.body[:5], "closed"),
        (cut(WHOLE, 5, declared=21, end="close"), 21, WHOLE.body[:5], "closed"),
        (cut(WHOLE, 5, declared=21, end="reset"), 21, WHOLE.body[:5], "reset"),
        (cut(WHOLE, 0, end="reset"), 0, b"", "reset"),
        (cut(WHOLE, 7, pieces=3), 7, WHOLE.body[:7], "closed"),
        (replace(WHOLE, body=b"").with_delivery(pieces=4), 0, b"", "closed"),
    ],
    ids=[
        "whole",
        "cut",
        "cut and closed",
        "cut and reset",
        "headers and reset",
        "cut in pieces",
        "nothing in pieces",
    ],
)
async def test_response_arrives_as_specified(
    aiohttp_server: Any, reply: Response, length: int, body: bytes, end: str
) -> None:
    seen = await sent(aiohttp_server, reply)

    assert (seen.length, seen.body, seen.end) == (length, body, end)


async def test_reset_keeps_bytes_that_were_sent(aiohttp_server: Any) -> None:
    body = bytes(range(256)) * 40_000
    seen = await sent(
        aiohttp_server, cut(replace(WHOLE, body=body), len(body) - 1, declared=len(body), end="reset")
    )

    assert (len(seen.body), seen.end) == (len(body) - 1, "reset")


@pytest.mark.parametrize("kind", [kind for kind in WIRE if kind not in ENDLESS])
async def test_server_responds_after_fault(serve: Any, look: Look, kind: str) -> None:
    mock = await serve()
    mock.tenant.faults.add(read({**kinds()[kind].EXAMPLE, "times": 1}))
    seen = await look(mock, LISTS[0])
    await seen.until(lambda each: each.end != "open" or each.is_complete)
    kept = seen.end == "open"
    before = len(seen.data)
    if kept:
        seen.transport.write(request(mock, LISTS[0], "Connection: close"))
    else:
        seen, before = await look(mock, LISTS[0], "Connection: close"), 0
    await seen.ended()

    assert kept == (kind not in ("reset", "close", "chunked"))
    assert seen.data[before:].startswith(b"HTTP/1.1 200 OK\r\n")
    assert [exchange.faults for exchange in mock.tenant.journal] == [(f"1:{kind}",), ()]


@pytest.mark.parametrize("kind", WIRE)
@pytest.mark.parametrize("where", ["when it triggers", "after the headers"])
async def test_disconnected_client_leaves_no_task(
    serve: Any, look: Look, kind: str, where: str, caplog: Any
) -> None:
    mock = await serve()
    await (await look(mock, LISTS[0], "Connection: close")).ended()
    await soon(lambda: mock.tenant.journal.get(1).duration_ns is not None)
    before = asyncio.all_tasks()
    (active,) = mock.tenant.faults.add(read(kinds()[kind].EXAMPLE))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        seen = await look(mock, LISTS[0])
        await soon(lambda: active.triggered == 1)
        if where == "after the headers":
            await seen.until(lambda each: each.end != "open" or b"\r\n\r\n" in each.data)
        seen.transport.abort()
        await soon(
            lambda: mock.tenant.journal.get(2).duration_ns is not None and asyncio.all_tasks() <= before
        )

    assert mock.tenant.journal.get(2).faults == (f"1:{kind}",)
    assert caplog.records == []
