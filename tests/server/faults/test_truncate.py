"""Tests of the fault that truncates a body."""

import json
from typing import Any

import pytest
from aiohttp import ClientPayloadError

from mockserver.server.faults.registry import read
from tests.server.faults.conftest import Look
from tests.server.faults.seen import LISTS, name


@pytest.mark.parametrize("share", [0, 0.3, 0.999])
@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_truncate_with_true_length_keeps_connection(
    serve: Any, look: Look, pair: Any, share: float
) -> None:
    mock = await serve()
    plain = (await mock.ask(*pair, dict(pair[1].example)))[1]
    mock.tenant.faults.add(read({"kind": "truncate", "share": share, "content_length": "true"}))
    seen = await look(mock, pair)
    await seen.until(lambda each: b"\r\n\r\n" in each.data and len(each.body) == each.length)
    status, body = await mock.ask(*pair, dict(pair[1].example))

    assert (seen.end, seen.length, seen.body) == ("open", int(len(plain) * share), body)
    assert (status, body) == (200, plain[: int(len(plain) * share)])
    with pytest.raises(json.JSONDecodeError):
        json.loads(body)


@pytest.mark.parametrize("share", [0, 0.3, 0.999])
@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_truncate_with_lying_length_closes_connection(
    serve: Any, look: Look, pair: Any, share: float
) -> None:
    mock = await serve()
    plain = (await mock.ask(*pair, dict(pair[1].example)))[1]
    mock.tenant.faults.add(read({"kind": "truncate", "share": share, "content_length": "lying"}))
    seen = await (await look(mock, pair)).ended()

    assert (seen.end, seen.length, seen.body) == ("closed", len(plain), plain[: int(len(plain) * share)])
    with pytest.raises(ClientPayloadError):
        await mock.ask(*pair, dict(pair[1].example))
