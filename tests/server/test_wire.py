"""Bytes of responses on the wire."""

from typing import Any

import pytest

from tests.conftest import Mock
from tests.server.asking import ALL, Pair, name


async def request(mock: Mock, pair: Pair, **headers: str) -> tuple[int, list[tuple[str, str]], bytes]:
    """Return status, headers and body, without the headers that depend on time or connection."""
    path, arguments = mock.parts(*pair, dict(pair[1].example))
    arguments["headers"] = {**arguments.get("headers", {}), **headers}
    counted = [header for limit in pair[1].limits for header in getattr(limit, "headers", None) or ()]
    async with mock.client.request(pair[1].method, path, **arguments) as response:
        stable = [
            (header, value)
            for header, value in response.headers.items()
            if header not in {"Date", "Connection", *counted}
        ]
        return response.status, sorted(stable), await response.read()


@pytest.mark.parametrize("pair", ALL, ids=name)
async def test_response_does_not_depend_on_connection_persistence(serve: Any, pair: Pair) -> None:
    mock = await serve()

    assert await request(mock, pair) == await request(mock, pair, Connection="close")


async def test_response_has_date_and_length(serve: Any) -> None:
    mock = await serve()
    path, arguments = mock.parts(*ALL[0], dict(ALL[0][1].example))
    async with mock.client.request(ALL[0][1].method, path, **arguments) as response:
        # RFC 9110 requires a date of servers with a clock.
        assert response.headers["Date"].endswith(" GMT")
        assert response.headers.getall("Content-Length") == [str(len(await response.read()))]
