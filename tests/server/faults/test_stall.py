"""Tests of the fault that stops sending."""

import asyncio
from typing import Any

import pytest
from aiohttp import web

from mockserver.server.app import create_app
from mockserver.server.faults.base import WireFault
from mockserver.server.faults.registry import kinds, read
from tests.server.faults.conftest import Look
from tests.server.faults.seen import LISTS, Seen, name, request, soon
from tests.support.limits import has_limit

SLOTTED = [pair for pair in LISTS if has_limit(pair[1])]
WHERE = ["before", "headers", "body"]


async def stalled(mock: Any, seen: Seen, expected: int) -> None:
    await soon(lambda: mock.tenant.faults.active[0].triggered == 1 and len(seen.body) >= expected)
    for _ in range(100):
        await asyncio.sleep(0)


@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_stall_ends_when_client_disconnects(serve: Any, look: Look, pair: Any, where: str) -> None:
    mock = await serve()
    plain = await (await look(mock, pair, "Connection: close")).ended()
    half = len(plain.body) // 2 if where == "body" else 0
    mock.tenant.journal.clear()
    mock.tenant.faults.add(read({"kind": "stall", "where": where}))
    seen = await look(mock, pair)
    await stalled(mock, seen, half)

    assert (seen.end, seen.body) == ("open", plain.body[:half])
    assert bool(seen.data) == (where != "before")
    assert mock.tenant.journal.get(1).duration_ns is None

    seen.transport.abort()
    await soon(lambda: mock.tenant.journal.get(1).duration_ns is not None)

    assert mock.tenant.journal.get(1).faults == ("1:stall",)


@pytest.mark.parametrize("way", ["aborts", "closes", "says no more"])
@pytest.mark.parametrize("pair", SLOTTED, ids=name)
async def test_stall_holds_slot_until_client_disconnects(serve: Any, look: Look, pair: Any, way: str) -> None:
    mock = await serve()
    mock.tenant.faults.add(read({"kind": "stall", "times": 1}))
    seen = await look(mock, pair)
    await stalled(mock, seen, 0)

    assert mock.tenant.slots.held() == 1
    assert (await mock.ask(*pair, {}))[0] == 429

    {
        "aborts": seen.transport.abort,
        "closes": seen.transport.close,
        "says no more": seen.transport.write_eof,
    }[way]()
    await soon(lambda: not mock.tenant.slots.held())

    assert (await mock.ask(*pair, {}))[0] == 200


@pytest.mark.parametrize("where", WHERE)
async def test_stall_ends_when_server_stops(serve: Any, where: str) -> None:
    mock = await serve()
    mock.tenant.faults.add(read({"kind": "stall", "where": where}))
    runner = web.AppRunner(create_app([mock.tenant]), handler_cancellation=True, shutdown_timeout=0.01)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    before = asyncio.all_tasks()
    transport, seen = await asyncio.get_running_loop().create_connection(Seen, *runner.addresses[0])
    transport.write(request(mock, LISTS[0]))
    await stalled(mock, seen, 0)
    async with asyncio.timeout(5):
        await runner.cleanup()
        await seen.ended()

    assert mock.tenant.journal.get(1).duration_ns is not None
    assert asyncio.all_tasks() <= before
    assert mock.tenant.slots.held() == 0


OTHERS: list[dict[str, Any]] = [
    *(kind.EXAMPLE for kind in kinds().values() if issubclass(kind, WireFault)),
    {"kind": "truncate", "share": 0, "content_length": "true"},
    {"kind": "chunked"},
    {"kind": "status", "status": 304},
]


def is_complete(seen: Seen, method: str) -> bool:
    if b"\r\n\r\n" not in seen.data:
        return False
    return method == "HEAD" or seen.status == 304 or seen.is_complete


async def send_again(seen: Seen, data: bytes) -> None:
    """Send a request; raise ``TimeoutError`` if neither a response nor the end of the connection follows."""
    before = len(seen.data)
    seen.transport.write(data)
    async with asyncio.timeout(5):
        await seen.until(lambda each: len(each.data) > before or each.end != "open")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("where", ["headers", "body"])
@pytest.mark.parametrize("other", OTHERS, ids=lambda other: "-".join(map(str, other.values())))
async def test_complete_response_never_blocks_next_request(
    serve: Any, look: Look, other: dict[str, Any], where: str, method: str
) -> None:
    mock = await serve()
    pair = next(pair for pair in LISTS if pair[1].method == "GET")
    stall = {"kind": "stall", "where": where, "share": 0.3, "times": 1}
    for faults in ([other, stall], [stall, other], [other, stall, other], [stall, stall]):
        mock.tenant.faults.clear()
        for fault in faults:
            mock.tenant.faults.add(read({**fault, "times": 1}))
        seen = await look(mock, pair, method=method)
        await stalled(mock, seen, 0)
        if seen.end == "open" and is_complete(seen, method):
            await send_again(seen, request(mock, pair, method=method))
        seen.transport.abort()
