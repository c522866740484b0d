"""The examples in the reference of faults do what the reference says."""

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
    try:
        json.loads(body)
    except ValueError:
        return False
    return True


# Checks of what a client sees of the example of each wire fault, compared with the response without it.
SEES: Mapping[str, Callable[[Seen, Seen], bool]] = {
    "latency": lambda seen, plain: seen.body == plain.body,
    "status": lambda seen, _: seen.status == 503 and seen.header("Retry-After")[0].endswith(" GMT"),
    "reset": lambda seen, plain: seen.end == "reset" and seen.body == plain.body[: len(plain.body) // 4],
    "close": lambda seen, plain: (seen.end, seen.length, seen.body) == ("closed", plain.length, b""),
    "stall": lambda seen, plain: seen.end == "open" and seen.length == plain.length and seen.body == b"",
    "dribble": lambda seen, plain: seen.body == plain.body and len(seen.pieces) >= 5,
    "slow": lambda seen, plain: seen.body == plain.body and len(seen.pieces) >= 2,
    "chunked": lambda seen, plain: (
        seen.header("Content-Length") == []
        and seen.header("Transfer-Encoding") == ["chunked"]
        and seen.body.startswith(b"1\r\n" + plain.body[:1] + b"\r\nc8\r\n" + plain.body[1:201] + b"\r\n")
        and not seen.body.endswith(b"\r\n0\r\n\r\n")
    ),
    "truncate": lambda seen, plain: seen.length == len(seen.body) == int(len(plain.body) * 0.9),
    "malformed": lambda seen, plain: (
        seen.status == 200 and len(seen.body) == plain.length and not is_json(seen.body)
    ),
    "empty_body": lambda seen, _: (seen.status, seen.length, seen.body) == (200, 0, b""),
    "content_type": lambda seen, plain: (
        seen.header("Content-Type") == ["text/html; charset=utf-8"] and seen.body == plain.body
    ),
    "header": lambda seen, plain: (
        seen.header("Retry-After") == ["0.5"]
        and seen.header("Set-Cookie") == ["a=1", "b=2"]
        and seen.header("Server") == []
        and seen.header("Content-Type") == plain.header("Content-Type") * 2
        and seen.body == plain.body
    ),
    "respond": lambda seen, _: (
        seen.status == 200
        and json.loads(seen.body) == {"error": "backend unavailable"}
        and seen.header("X-Request-Id") == ["42"]
        and seen.header("Content-Type") == ["application/json"]
    ),
    "duplicate_header": lambda seen, plain: (
        seen.header("Content-Length") == [str(plain.length), "1"] and seen.body == plain.body
    ),
}


@pytest.mark.parametrize("kind", kinds())
def test_example_parses_as_its_kind(kind: str) -> None:
    (fault,) = read(kinds()[kind].EXAMPLE)

    assert type(fault) is kinds()[kind]


def test_every_wire_fault_has_an_expectation() -> None:
    wire = {kind for kind, model in kinds().items() if issubclass(model, WireFault)}

    assert set(SEES) == wire | {"status", "respond"}


@pytest.mark.parametrize("pair", LISTS, ids=name)
@pytest.mark.parametrize("kind", SEES)
async def test_example_triggers_and_is_visible_to_client(
    serve: Any, look: Look, kind: str, pair: Any
) -> None:
    mock = await serve()
    plain = await (await look(mock, pair, CLOSE)).ended()
    (active,) = mock.tenant.faults.add(read(kinds()[kind].EXAMPLE))
    seen = await look(mock, pair, CLOSE)
    await (seen.until(lambda each: b"\r\n\r\n" in each.data) if kind == "stall" else seen.ended())

    assert (plain.status, len(plain.body)) == (200, plain.length)
    assert SEES[kind](seen, plain), seen.data
    assert (active.matched, active.triggered) == (1, 1)
    assert [exchange.faults for exchange in mock.tenant.journal] == [(), (f"1:{kind}",)]
