"""What the reference of faults shows as examples does what it says."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from mockserver.server.faults.base import WireFault
from mockserver.server.faults.registry import kinds, read
from tests.server.faults.conftest import Look
from tests.server.faults.seen import LISTS, Seen, name

CLOSE = "Connection: close"


def is_json(body: bytes) -> bool:
    """Whether a body parses."""
    try:
        json.loads(body)
    except ValueError:
        return False
    return True


# What a client sees of the example of each kind that works on the wire, beside the answer without it.
SEES: Mapping[str, Callable[[Seen, Seen], bool]] = {
    "latency": lambda seen, plain: seen.body == plain.body,
    "status": lambda seen, _: seen.status == 503 and seen.header("Retry-After")[0].endswith(" GMT"),
    "reset": lambda seen, plain: seen.end == "reset" and seen.body == plain.body[: len(plain.body) // 4],
    "stall": lambda seen, plain: seen.end == "open" and seen.length == plain.length and seen.body == b"",
    "dribble": lambda seen, plain: seen.body == plain.body and len(seen.pieces) >= 5,
    "truncate": lambda seen, plain: seen.length == len(seen.body) == int(len(plain.body) * 0.9),
    "malformed": lambda seen, plain: (
        seen.status == 200 and len(seen.body) == plain.length and not is_json(seen.body)
    ),
    "empty_body": lambda seen, _: (seen.status, seen.length, seen.body) == (200, 0, b""),
    "content_type": lambda seen, plain: (
        seen.header("Content-Type") == ["text/html; charset=utf-8"] and seen.body == plain.body
    ),
    "duplicate_header": lambda seen, plain: (
        seen.header("Content-Length") == [str(plain.length), "1"] and seen.body == plain.body
    ),
}


@pytest.mark.parametrize("kind", kinds())
def test_example_is_a_fault_of_its_kind(kind: str) -> None:
    """What the reference shows can be active as it stands."""
    (fault,) = read(kinds()[kind].EXAMPLE)

    assert type(fault) is kinds()[kind]


def test_every_kind_that_works_on_the_wire_is_looked_at() -> None:
    """No such kind goes without a sentence on what its client sees."""
    assert set(SEES) == {kind for kind, model in kinds().items() if issubclass(model, WireFault)} | {"status"}


@pytest.mark.parametrize("pair", LISTS, ids=name)
@pytest.mark.parametrize("kind", SEES)
async def test_example_strikes_and_its_client_sees_it(serve: Any, look: Look, kind: str, pair: Any) -> None:
    """The first request meets the fault, in the way of its kind; without the fault, the answer is whole."""
    mock = await serve()
    plain = await (await look(mock, pair, CLOSE)).ended()
    (active,) = mock.tenant.faults.add(read(kinds()[kind].EXAMPLE))
    seen = await look(mock, pair, CLOSE)
    await (seen.until(lambda each: b"\r\n\r\n" in each.data) if kind == "stall" else seen.ended())

    assert (plain.status, len(plain.body)) == (200, plain.length)
    assert SEES[kind](seen, plain), seen.data
    assert (active.matched, active.triggered) == (1, 1)
    assert [exchange.faults for exchange in mock.tenant.journal] == [(), (f"1:{kind}",)]
