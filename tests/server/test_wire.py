"""The usual answer, which is sent in one write of its own, beside the one that aiohttp sends."""

import logging
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from mockserver.server.app import create_app
from mockserver.server.config import Config, tenants
from mockserver.server.tenants import Tenants
from tests.conftest import QUICK, Mock
from tests.server.asking import ALL, Pair, name


async def answered(mock: Mock, pair: Pair, **headers: str) -> tuple[int, list[tuple[str, str]], bytes]:
    """Status, headers but for those of the moment and of the connection, and body."""
    path, arguments = mock.parts(*pair, dict(pair[1].example))
    arguments["headers"] = {**arguments.get("headers", {}), **headers}
    counted = [header for limit in pair[1].limits for header in getattr(limit, "headers", None) or ()]
    async with mock.client.request(pair[1].method, path, **arguments) as response:
        told = [(each, value) for each, value in response.headers.items() if each not in {"Date", "Connection", *counted}]
        return response.status, sorted(told), await response.read()


@pytest.mark.parametrize("pair", ALL, ids=name)
async def test_usual_answer_is_the_one_that_aiohttp_sends(serve: Any, pair: Pair) -> None:
    """Over a connection that is closed the head is aiohttp's; over one that is kept it is ours, and says the same."""
    mock = await serve()

    assert await answered(mock, pair) == await answered(mock, pair, Connection="close")


async def test_date_is_told(serve: Any) -> None:
    """As every origin server with a clock must."""
    mock = await serve()
    path, arguments = mock.parts(*ALL[0], dict(ALL[0][1].example))
    async with mock.client.request(ALL[0][1].method, path, **arguments) as response:
        assert response.headers["Date"].endswith(" GMT")
        assert response.headers.getall("Content-Length") == [str(len(await response.read()))]


async def test_usual_answer_is_logged_where_that_is_wanted(caplog: pytest.LogCaptureFixture) -> None:
    """The access log tells status and size of what aiohttp did not send."""
    caplog.set_level(logging.INFO, logger="aiohttp.access")
    served = Tenants(tenants(Config(choices={**QUICK})))
    server = TestServer(create_app(served))
    await server.start_server(access_log=logging.getLogger("aiohttp.access"))
    async with TestClient(server) as client:
        status, body = await Mock(client, served).ask(*ALL[0], dict(ALL[0][1].example))

    assert status == 200
    assert f" 200 {len(body)} " in caplog.text
