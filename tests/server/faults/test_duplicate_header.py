"""Tests of the fault that sends a header twice."""

from typing import Any

import pytest

from mockserver.server.faults.registry import read
from tests.server.faults.conftest import Look
from tests.server.faults.seen import LISTS


@pytest.mark.parametrize(
    ("header", "value", "expected"),
    [
        ("Content-Type", None, ["application/json", "application/json"]),
        ("content-type", "text/html", ["application/json", "text/html"]),
        ("Content-Length", None, ["{length}", "{length}"]),
        ("content-length", "7", ["{length}", "7"]),
        ("Content-Length", "none", ["{length}", "none"]),
        ("X-Of-Ours", None, ["", ""]),
        ("X-Of-Ours", "a; b", ["a; b", "a; b"]),
        ("Date", "Thu, 01 Jan 1970 00:00:00 GMT", ["Thu, 01 Jan 1970 00:00:00 GMT"] * 2),
    ],
)
async def test_duplicate_header_is_sent_twice(
    serve: Any, look: Look, header: str, value: str | None, expected: list[str]
) -> None:
    mock = await serve()
    plain = await (await look(mock, LISTS[0], "Connection: close")).ended()
    mock.tenant.faults.add(
        read({"kind": "duplicate_header", "header": header, **({} if value is None else {"value": value})})
    )
    seen = await (await look(mock, LISTS[0], "Connection: close")).ended()

    assert seen.header(header) == [each.format(length=plain.length) for each in expected]
    assert seen.body == plain.body
    assert {key for key, _ in seen.headers} == {key for key, _ in plain.headers} | {header.lower()}


async def test_duplicate_header_does_not_affect_next_response(serve: Any, look: Look) -> None:
    mock = await serve()
    mock.tenant.faults.add(read({"kind": "duplicate_header", "times": 1}))
    first, second = [await (await look(mock, LISTS[0], "Connection: close")).ended() for _ in range(2)]

    assert (len(first.header("Content-Type")), len(second.header("Content-Type"))) == (2, 1)


async def test_several_duplicate_headers_add_up(serve: Any, look: Look) -> None:
    mock = await serve()
    mock.tenant.faults.add(
        read([{"kind": "duplicate_header", "header": "X", "value": each} for each in "ab"])
    )
    seen = await (await look(mock, LISTS[0], "Connection: close")).ended()

    assert seen.header("X") == ["b", "b", "a"]
