"""How responses are sent and logged."""

from typing import Any

import pytest

from tests.conftest import Mock
from tests.server.asking import ALL, Pair, name


async def answered(mock: Mock, pair: Pair, **headers: str) -> tuple[int, list[tuple[str, str]], bytes]:
    """Status, headers but for those of the moment and of the connection, and body."""
    path, arguments = mock.parts(*pair, dict(pair[1].example))
    arguments["headers"] = {**arguments.get("headers", {}), **headers}
    counted = [header for limit in pair[1].limits for header in getattr(limit, "headers", None) or ()]
    async with mock.client.request(pair[1].method, path, **arguments) as response:
        told = [
            (each, value)
            for each, value in response.headers.items()
            if each not in {"Date", "Connection", *counted}
        ]
        return response.status, sorted(told), await response.read()


@pytest.mark.parametrize("pair", ALL, ids=name)
async def test_response_over_a_closed_connection_equals_that_over_a_kept_one(serve: Any, pair: Pair) -> None:
    """Status, headers and body do not depend on the connection."""
    mock = await serve()

    assert await answered(mock, pair) == await answered(mock, pair, Connection="close")


async def test_response_has_date_and_length(serve: Any) -> None:
    """RFC 9110 requires a date of servers with a clock."""
    mock = await serve()
    path, arguments = mock.parts(*ALL[0], dict(ALL[0][1].example))
    async with mock.client.request(ALL[0][1].method, path, **arguments) as response:
        assert response.headers["Date"].endswith(" GMT")
        assert response.headers.getall("Content-Length") == [str(len(await response.read()))]
