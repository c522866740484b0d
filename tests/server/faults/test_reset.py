"""Tests of the fault that resets a connection."""

from typing import Any

import pytest
from aiohttp import ClientConnectionError, ClientPayloadError

from mockserver.server.faults.registry import read
from tests.server.faults.conftest import Look
from tests.server.faults.seen import LISTS, name, soon
from tests.support.limits import has_limit

SLOTTED = [pair for pair in LISTS if has_limit(pair[1])]


@pytest.mark.parametrize("share", [0, 0.5, 0.999])
@pytest.mark.parametrize("where", ["before", "headers", "body"])
async def test_reset_happens_at_configured_place(serve: Any, look: Look, where: str, share: float) -> None:
    mock = await serve()
    plain = await (await look(mock, LISTS[0], "Connection: close")).ended()
    mock.tenant.faults.add(read({"kind": "reset", "where": where, "share": share}))
    seen = await (await look(mock, LISTS[0])).ended()

    assert seen.end == "reset"
    assert bool(seen.data) == (where != "before")
    assert seen.body == (plain.body[: int(len(plain.body) * share)] if where == "body" else b"")
    assert where == "before" or seen.length == plain.length


@pytest.mark.parametrize("where", ["before", "headers", "body"])
async def test_reset_is_reported_by_http_client(serve: Any, where: str) -> None:
    mock = await serve()
    mock.tenant.faults.add(read({"kind": "reset", "where": where}))
    with pytest.raises((ClientConnectionError, ClientPayloadError)):
        await mock.ask(*LISTS[0], {})

    assert mock.tenant.journal.get(1).faults == ("1:reset",)


@pytest.mark.parametrize("where", ["before", "headers", "body"])
@pytest.mark.parametrize("pair", SLOTTED, ids=name)
async def test_reset_frees_slot(serve: Any, look: Look, pair: Any, where: str) -> None:
    mock = await serve()
    mock.tenant.faults.add(read({"kind": "reset", "where": where, "times": 1}))
    await (await look(mock, pair)).ended()
    await soon(lambda: not mock.tenant.slots.held())

    assert (await mock.ask(*pair, {}))[0] == 200
