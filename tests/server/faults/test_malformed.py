"""Tests of the fault that sends invalid JSON."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from multidict import CIMultiDict

from mockserver.server.faults.registry import read
from mockserver.server.faults.wire import Malformed
from mockserver.server.http.response import Response
from tests.server.faults.seen import LISTS, name

HOW: Any = ["cut", "garbled"]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@pytest.mark.parametrize("how", HOW)
@given(VALUES.map(lambda value: json.dumps(value).encode()))
@example(b"")
@example(b"12")
@example(b"[]")
@example(b"not json")
@example(b"\xff")
def test_malformed_body_is_never_json(how: Any, body: bytes) -> None:
    (fault,) = read({"kind": "malformed", "how": how})
    assert isinstance(fault, Malformed)
    reply = fault.transform(Response(headers=CIMultiDict(), body=body))

    assert reply.sent_body == reply.body
    with pytest.raises((json.JSONDecodeError, UnicodeDecodeError)):
        json.loads(reply.sent_body)


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_malformed_keeps_status_and_content_type(serve: Any, pair: Any, how: str) -> None:
    mock = await serve()
    plain = (await mock.ask(*pair, dict(pair[1].example)))[1]
    mock.tenant.faults.add(read({"kind": "malformed", "how": how}))
    path, arguments = mock.parts(*pair, dict(pair[1].example))
    async with mock.client.request(pair[1].method, path, **arguments) as response:
        body = await response.read()

    assert (response.status, response.content_type) == (200, "application/json")
    assert int(response.headers["Content-Length"]) == len(body)
    assert body == (plain[: len(plain) // 2] if how == "cut" else plain.replace(b'"', b"'"))
    with pytest.raises(json.JSONDecodeError):
        json.loads(body)
