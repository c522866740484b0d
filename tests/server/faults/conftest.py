"""Raw connections that are closed at the end of a test."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from tests.server.faults.seen import Pair, Seen, request

Look = Callable[..., Awaitable[Seen]]


@pytest.fixture(name="look")
async def _look(serve: Any) -> AsyncIterator[Look]:  # noqa: ARG001 -- the connections must be gone before the server is
    """Send a request over a connection of its own: ``await look(mock, pair, "X.

    Header", method=…, limit=…)``.
    """
    opened: list[Seen] = []

    async def look(mock: Any, pair: Pair, *headers: str, **parameters: Any) -> Seen:
        _, seen = await asyncio.get_running_loop().create_connection(Seen, mock.client.host, mock.client.port)
        opened.append(seen)
        seen.transport.write(request(mock, pair, *headers, **parameters))
        return seen

    yield look
    for seen in opened:
        seen.transport.abort()
