"""The fixture with blocking and async clients, and with the plugins that run coroutines."""

import pytest

from tests.pytest_plugin.conftest import Run

SYNC = """
import urllib.request
import requests

def test_requests(session_mock):
    assert requests.get(url(session_mock), headers=session_mock.vendor(VENDOR).headers, timeout=60).status_code == 200

def test_httpx(session_mock):
    assert ask(session_mock).status_code == 200

def test_urllib(session_mock):
    request = urllib.request.Request(url(session_mock), headers=dict(session_mock.vendor(VENDOR).headers))
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 200
"""
ASYNC = """
import aiohttp

{mark}
async def test_aiohttp(session_mock):
    async with aiohttp.ClientSession() as client, client.get(url(session_mock), headers=session_mock.vendor(VENDOR).headers) as answer:
        assert answer.status == 200

{mark}
async def test_httpx(session_mock):
    async with httpx.AsyncClient() as client:
        assert (await client.get(url(session_mock), headers=session_mock.vendor(VENDOR).headers)).status_code == 200
    assert session_mock.journal.count() == 1

{mark}
async def test_strict(session_mock):
    async with httpx.AsyncClient() as client:
        await client.get(session_mock.url + "/nothing")
"""
ANYIO = """
@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio", "trio"])
async def test_httpx(session_mock, anyio_backend):
    async with httpx.AsyncClient() as client:
        assert (await client.get(url(session_mock), headers=session_mock.vendor(VENDOR).headers)).status_code == 200
    assert len(session_mock.journal) == 1
"""
WITHIN = """
from mockserver import create_app, tenant_of

@pytest.mark.asyncio
async def test_one(aiohttp_client):
    app = create_app(sessions=3)
    client = await aiohttp_client(app)
    async with client.get("/__admin/health") as answer:
        assert answer.status == 200
    assert tenant_of(app).world.counts == [3, 3]
"""
ALONE = ("-p", "no:asyncio", "-p", "no:anyio", "-p", "no:aiohttp")


@pytest.mark.parametrize("arguments", [(), ALONE, ("-n", "2")], ids=str)
def test_blocking_clients_work(run: Run, arguments: tuple[str, ...]) -> None:
    run(SYNC, *arguments).assert_outcomes(passed=3)


@pytest.mark.parametrize(("mode", "mark"), [("strict", "@pytest.mark.asyncio"), ("auto", "")])
def test_async_clients_under_pytest_asyncio_work(run: Run, mode: str, mark: str) -> None:
    result = run(ASYNC.format(mark=mark), f"--asyncio-mode={mode}", "-p", "no:anyio")

    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["unknown_path (request #1): GET /nothing*"])


def test_async_clients_under_anyio_work(run: Run) -> None:
    run(ANYIO, "-p", "no:asyncio", "-p", "no:aiohttp").assert_outcomes(passed=2)


def test_application_under_pytest_aiohttp_works(run: Run) -> None:
    run(WITHIN).assert_outcomes(passed=1)
