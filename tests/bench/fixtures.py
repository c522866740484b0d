"""What the pytest plugin costs: unused, at its start, for each test, and beside fixtures that are no mock at all.

Each suite runs in a fresh process; of several runs the fastest counts, because everything else is the machine's doing.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from mockserver import SessionMock
from mockserver.vendors import load

TESTS: Final = 1_000
_RUNS: Final = 3
_COLLECTED: Final = 200

BARE = """
import asyncio, threading, http.client
import pytest
from aiohttp import web

@pytest.fixture(scope="session")
def server():
    loop, ready, told = asyncio.new_event_loop(), threading.Event(), []
    async def handle(request):
        return web.Response(body=b"{}", content_type="application/json")
    async def start():
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", handle)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        told.append(runner.addresses[0][1])
        ready.set()
    def run():
        asyncio.set_event_loop(loop)
        loop.create_task(start())
        loop.run_forever()
    threading.Thread(target=run, daemon=True).start()
    ready.wait()
    yield told[0]
    loop.call_soon_threadsafe(loop.stop)

@pytest.mark.parametrize("number", range(COUNT))
def test_it(server, number):
    connection = http.client.HTTPConnection("127.0.0.1", server)
    connection.request("GET", "/")
    assert connection.getresponse().read()
    connection.close()
"""
OURS = """
import http.client
from urllib.parse import urlsplit
import pytest

@pytest.mark.parametrize("number", range(COUNT))
def test_it(session_mock, number):
    vendor = session_mock.vendor(VENDOR)
    connection = http.client.HTTPConnection(urlsplit(vendor.base_url).netloc)
    connection.request("GET", PATH.format(*vendor.sites), headers=vendor.headers)
    assert connection.getresponse().read()
    connection.close()
"""
MINTED = """
import pytest

@pytest.mark.parametrize("number", range(COUNT))
def test_it(session_mock, number):
    pass
"""
NOTHING = """
import pytest

@pytest.fixture
def session_mock():
    return None

@pytest.mark.parametrize("number", range(COUNT))
def test_it(session_mock, number):
    pass
"""
HTTPSERVER = """
import http.client
import pytest

@pytest.mark.parametrize("number", range(COUNT))
def test_it(httpserver, number):
    httpserver.expect_request("/").respond_with_data("{}")
    connection = http.client.HTTPConnection(httpserver.host, httpserver.port)
    connection.request("GET", "/")
    assert connection.getresponse().read()
    connection.close()
"""


class Row(NamedTuple):
    """A measured number, and what is promised of it."""

    says: str
    value: float
    most: float | None
    unit: str


def _suite(text: str, count: int, *options: str) -> float:
    """Seconds that pytest takes for a suite in a fresh process, at the best of some runs."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "test_suite.py").write_text(text.replace("COUNT", str(count)), encoding="utf-8")
        (Path(folder) / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", *options]
        return min(_timed(lambda: subprocess.run(command, cwd=folder, check=True, capture_output=True)) for _ in range(_RUNS))


def _timed(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def _start() -> float:
    """Milliseconds from nothing to a server that is ready, once everything is imported."""

    def once() -> float:
        mock = SessionMock()
        took = _timed(mock.start)
        mock.stop()
        return took

    return 1000 * sorted(once() for _ in range(15))[7]


def measured(vendor: str, path: str) -> list[Row]:
    """Measure; ``path`` is of an endpoint of a vendor that answers a GET, with ``{0}`` for the first site."""
    ours = OURS.replace("VENDOR", repr(vendor)).replace("PATH", repr(path))
    empty, minted = (_suite(text, TESTS) - _suite(text, _COLLECTED) for text in (NOTHING, MINTED))  # Without what happens once.
    bare, mine = _suite(BARE, TESTS), _suite(ours, TESTS)
    without = _suite(NOTHING, _COLLECTED, "--collect-only", "-p", "no:session_mock")
    collected = _suite(NOTHING, _COLLECTED, "--collect-only")
    rows = [
        Row("collecting tests that use none of it, beside a run without the plugin", collected / without, 1.05, "x"),
        Row("start to ready, once imported", _start(), 15, "ms"),
        Row("fixture of one test", 1000 * (minted - empty) / (TESTS - _COLLECTED), 1.5, "ms"),
        Row(f"{TESTS} tests with a request each, beside a bare aiohttp server in a session fixture", mine / bare, 1.3, "x"),
    ]
    try:
        other = _suite(HTTPSERVER, TESTS)
    except subprocess.CalledProcessError:
        return rows  # pytest-httpserver is not installed.
    return [*rows, Row("the same tests with pytest-httpserver, beside the bare server", other / bare, None, "x")]


def rows() -> list[Row]:
    """Measure with an endpoint that lists a site's sessions by GET."""
    vendor, endpoint = next((vendor, each) for vendor in load() for each in vendor.contract.endpoints if each.site and each.starts)
    return measured(vendor.name, endpoint.paths[0].replace(f"{{{endpoint.site}}}", "{0}"))
