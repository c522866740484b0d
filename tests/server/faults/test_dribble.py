"""Tests of the fault that sends a body slowly."""

from typing import Any

import pytest

from mockserver.server.faults.registry import read
from tests.server.faults.conftest import Look
from tests.server.faults.seen import LISTS, Seen, name


def bodies(seen: Seen) -> list[int]:
    """Return the sizes of the pieces of the body, where the headers came before them."""
    head, *rest = seen.pieces
    after = len(head.partition(b"\r\n\r\n")[2])
    return [*([after] if after else []), *map(len, rest)]


@pytest.mark.parametrize("pieces", [2, 3, 7, 40])
@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_dribble_sends_body_in_configured_number_of_pieces(
    serve: Any, look: Look, pair: Any, pieces: int
) -> None:
    mock = await serve()
    plain = await (await look(mock, pair, "Connection: close")).ended()
    mock.tenant.faults.add(read({"kind": "dribble", "pieces": pieces, "pause": 0.001}))
    seen = await (await look(mock, pair, "Connection: close")).ended()
    sizes = bodies(seen)

    assert (seen.body, seen.length) == (plain.body, plain.length)
    assert len(sizes) == pieces
    assert max(sizes) - min(sizes) <= 1


async def test_dribble_with_short_body_sends_single_bytes(serve: Any, look: Look) -> None:
    mock = await serve(world={"sessions": 0})
    plain = await (await look(mock, LISTS[0], "Connection: close")).ended()
    mock.tenant.faults.add(read({"kind": "dribble", "pieces": 100_000, "pause": 0.0001}))
    seen = await (await look(mock, LISTS[0], "Connection: close")).ended()

    assert seen.body == plain.body
    assert bodies(seen) == [1] * len(plain.body)


async def test_dribble_pauses_only_between_pieces(serve: Any, look: Look) -> None:
    mock = await serve()
    mock.tenant.faults.add(read({"kind": "dribble", "pieces": 2, "pause": 3600}))
    seen = await look(mock, LISTS[0])
    await seen.until(lambda each: len(each.body) > 0)

    assert len(seen.body) == seen.length // 2
