"""Tests of the fault that changes headers."""

from typing import Any

import pytest

from mockserver.server.faults.registry import read
from mockserver.server.tenancy.active_faults import FaultError
from tests.server.faults.conftest import Look
from tests.server.faults.seen import LISTS, name

CLOSE = "Connection: close"


@pytest.mark.parametrize(
    ("change", "header", "values"),
    [
        ({"set": {"x-new": "1"}}, "X-New", ["1"]),
        (
            {"set": {"Content-Type": "{value}; x={value}"}},
            "Content-Type",
            ["application/json; x=application/json"],
        ),
        ({"set": {"X-New": "[{value}]"}}, "X-New", []),
        ({"add": {"Content-Type": "text/csv"}}, "Content-Type", ["application/json", "text/csv"]),
        ({"add": {"Set-Cookie": ["a=1", "b=2"]}}, "Set-Cookie", ["a=1", "b=2"]),
        ({"drop": ["content-type"]}, "Content-Type", []),
        ({"drop": ["Date"]}, "Date", []),
        ({"drop": ["Server"]}, "Server", []),
        ({"set": {"Date": "yesterday"}}, "Date", ["yesterday"]),
        ({"repeat": ["content-type"]}, "Content-Type", ["application/json", "application/json"]),
        ({"set": {"A": "1"}, "add": {"A": "2"}, "drop": ["A"], "repeat": ["A"]}, "A", []),
    ],
    ids=str,
)
async def test_header_is_changed(
    serve: Any, look: Look, change: dict[str, Any], header: str, values: list[str]
) -> None:
    mock = await serve()
    plain = await (await look(mock, LISTS[0], CLOSE)).ended()
    [active] = mock.tenant.faults.add(read({"kind": "header", **change}))
    seen = await (await look(mock, LISTS[0], CLOSE)).ended()

    assert (seen.header(header), seen.body, seen.status) == (values, plain.body, 200)
    assert active.effective == (seen.header(header) != plain.header(header))


@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_header_of_error_is_changed(serve: Any, look: Look, pair: Any) -> None:
    mock = await serve()
    mock.tenant.faults.add(
        read(
            [
                {"kind": "header", "set": {"Retry-After": "-{value}"}},
                {"kind": "status", "status": 429, "retry_after": 7},
            ]
        )
    )
    seen = await (await look(mock, pair, CLOSE)).ended()

    assert (seen.status, seen.header("Retry-After")) == (429, ["-7"])


async def test_outer_fault_sets_header_that_inner_one_dropped(serve: Any, look: Look) -> None:
    mock = await serve()
    mock.tenant.faults.add(
        read([{"kind": "header", "set": {"Date": "x"}}, {"kind": "header", "drop": ["Date"]}])
    )
    seen = await (await look(mock, LISTS[0], CLOSE)).ended()

    assert seen.header("Date") == ["x"]


async def test_absent_header_is_neither_dropped_nor_repeated(serve: Any) -> None:
    mock = await serve()
    active = mock.tenant.faults.add(
        read([{"kind": "header", "drop": ["X-A"]}, {"kind": "header", "repeat": ["X-A"]}])
    )
    await mock.ask(*LISTS[0], dict(LISTS[0][1].example))

    assert [(fault.triggered, fault.effective) for fault in active] == [(1, 0)] * 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({}, "header: nothing to change; give `set`, `add`, `drop` or `repeat`"),
        (
            {"set": {"content-length": "3"}},
            (
                "header: content-length says where the response ends, so it cannot be changed alone;"
                " use the fault `truncate`, `chunked` or `duplicate_header`"
            ),
        ),
        (
            {"drop": ["Transfer-Encoding"]},
            (
                "header: Transfer-Encoding says where the response ends, so it cannot be changed alone;"
                " use the fault `chunked`"
            ),
        ),
        (
            {"add": {"Connection": "close"}},
            (
                "header: Connection says where the response ends, so it cannot be changed alone;"
                " use the fault `close` or `reset`"
            ),
        ),
        (
            {"set": {"X-A": "a\r\nB: c"}},
            "fault 'header': set.X-A must be a text of printable ASCII characters",
        ),
        ({"drop": ["a b"]}, "fault 'header': drop[0] must be a header name"),
        ({"set": {"a b": "1"}}, "fault 'header': "),
        ({"sett": {}}, "fault 'header': unknown argument 'sett'; did you mean 'set'?"),
    ],
    ids=str,
)
def test_invalid_change_of_headers_is_rejected(change: dict[str, Any], message: str) -> None:
    with pytest.raises(FaultError) as caught:
        read({"kind": "header", **change})

    assert str(caught.value).startswith(message)
