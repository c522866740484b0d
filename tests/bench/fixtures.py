"""The cost of the pytest plugin.

When it is unused, at its start, and for each test, compared with other fixtures.

Each suite runs in a fresh process, and the fastest of several runs counts. The same tests use a tenant of
their own each, and a bare server that sends the same page to all.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple
from xml.etree import ElementTree as ET

import httpx

from mockserver import SessionMock
from mockserver.vendors import load

TESTS: Final = 1_000
_RUNS: Final = 5
_COLLECTED: Final = 200

BARE: Final = """
import asyncio, threading
import pytest
from aiohttp import web

@pytest.fixture(scope="session")
def address():
    loop = asyncio.new_event_loop()
    ready = threading.Event()
    ports = []
    with open(PAGE, "rb") as file:
        page = file.read()
    async def handle(request):
        return web.Response(body=page, content_type="application/json")
    async def start():
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", handle)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        ports.append(runner.addresses[0][1])
        ready.set()
    def run():
        asyncio.set_event_loop(loop)
        loop.create_task(start())
        loop.run_forever()
    threading.Thread(target=run, daemon=True).start()
    ready.wait()
    yield f"http://127.0.0.1:{ports[0]}/sessions", {"Authorization": "Bearer any"}
    loop.call_soon_threadsafe(loop.stop)
"""
OURS: Final = """
import pytest

@pytest.fixture
def address(session_mock):
    vendor = session_mock.vendor(VENDOR)
    return vendor.base_url + PATH.format(*vendor.sites), vendor.headers
"""
HTTPSERVER: Final = """
import pytest

@pytest.fixture
def address(httpserver):
    with open(PAGE, "rb") as file:
        httpserver.expect_request("/sessions").respond_with_data(file.read(), content_type="application/json")
    return httpserver.url_for("/sessions"), {"Authorization": "Bearer any"}
"""
NOTHING: Final = """
import pytest

@pytest.fixture
def session_mock():
    return None
"""
EMPTY: Final = """
import pytest

@pytest.mark.parametrize("number", range(COUNT))
def test_it(session_mock, number):
    pass
"""
MINIMAL: Final = """
import http.client
from urllib.parse import urlsplit
import pytest

@pytest.mark.parametrize("number", range(COUNT))
def test_it(address, number):
    url, headers = address
    connection = http.client.HTTPConnection(urlsplit(url).netloc)
    connection.request("GET", urlsplit(url).path, headers=headers)
    assert connection.getresponse().read()
    connection.close()
"""
CLIENTS: Final = """
import json, urllib.request
import aiohttp, httpx, pytest, requests

every = pytest.mark.parametrize("number", range(COUNT))

def test_start(address):
    assert address

@every
def test_urllib(address, number):
    url, headers = address
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as response:
        assert json.load(response)[ROWS]

@every
def test_requests(address, number):
    url, headers = address
    assert requests.get(url, headers=headers).json()[ROWS]

@every
def test_httpx(address, number):
    url, headers = address
    assert httpx.get(url, headers=headers).json()[ROWS]

@every
async def test_async_httpx(address, number):
    url, headers = address
    async with httpx.AsyncClient() as client:
        assert (await client.get(url, headers=headers)).json()[ROWS]

@every
async def test_aiohttp(address, number):
    url, headers = address
    async with aiohttp.ClientSession() as client, client.get(url, headers=headers) as response:
        assert (await response.json())[ROWS]
"""


class Row(NamedTuple):
    """A measured number and its promised maximum."""

    name: str
    value: float
    unit: str
    bound: float | None = None


class _Durations(NamedTuple):
    """The durations of a suite."""

    seconds: float
    each: Mapping[str, float]
    """Seconds of the tests of each function, with their fixtures."""


def _suite(text: str, count: int, *options: str, fixtures: str = "") -> _Durations:
    """Return the durations of a suite in a fresh process, in the fastest of some runs."""
    return _side_by_side(text, count, fixtures, options=options)[0]


def _side_by_side(text: str, count: int, *fixtures: str, options: Sequence[str] = ()) -> list[_Durations]:
    """Run a suite with each of some fixtures in turns, and return the fastest run of each."""
    rounds = [[_run(text, count, fixture, options) for fixture in fixtures] for _ in range(_RUNS)]
    return [min(runs, key=lambda run: run.seconds) for runs in zip(*rounds, strict=True)]


def _run(text: str, count: int, fixtures: str, options: Sequence[str]) -> _Durations:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "test_suite.py").write_text(text.replace("COUNT", str(count)), encoding="utf-8")
        (folder / "conftest.py").write_text(fixtures, encoding="utf-8")
        (folder / "pytest.ini").write_text("[pytest]\nasyncio_mode = auto\n", encoding="utf-8")
        report = folder / "junit.xml"
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:randomly",
            f"--junitxml={report}",
            *options,
        ]
        return _Durations(
            _timed(lambda: subprocess.run(command, cwd=folder, check=True, capture_output=True)),
            _sum_by_function(report),
        )


def _sum_by_function(report: Path) -> Mapping[str, float]:
    found: dict[str, float] = {}
    for case in ET.parse(report).iter("testcase"):  # noqa: S314 -- pytest wrote it
        name, many, _ = case.attrib["name"].removeprefix("test_").replace("_", " ").partition("[")
        if many:
            found[name] = found.get(name, 0) + float(case.attrib["time"])
    return found


def _timed(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def _start() -> float:
    """Return the milliseconds until a server is ready, after all imports."""

    def once() -> float:
        mock = SessionMock()
        seconds = _timed(mock.start)
        mock.stop()
        return seconds

    return 1000 * sorted(once() for _ in range(15))[7]


def _plugin() -> list[Row]:
    """Measure the cost of the installed plugin, of a server's start and of a tenant."""

    def further_tests(fixtures: str) -> float:
        """Return the seconds of all tests except the first ones, without everything that happens once."""
        many, few = (_suite(EMPTY, count, fixtures=fixtures).seconds for count in (TESTS, _COLLECTED))
        return many - few

    without = _suite(EMPTY, _COLLECTED, "--collect-only", "-p", "no:session_mock", fixtures=NOTHING).seconds
    collected = _suite(EMPTY, _COLLECTED, "--collect-only", fixtures=NOTHING).seconds
    return [
        Row(
            "collecting tests that do not use the plugin, compared with a run without it",
            collected / without,
            "x",
        ),
        Row("start of the embedded server, after all imports", _start(), "ms"),
        Row(
            "fixture of one test",
            1000 * (further_tests("") - further_tests(NOTHING)) / (TESTS - _COLLECTED),
            "ms",
        ),
    ]


def _requests(ours: str, page: str, rows: str) -> list[Row]:
    """Compare tests with one request each with the same tests on a bare server, by five HTTP clients and a minimal one."""
    bare = BARE.replace("PAGE", page)
    clients = CLIENTS.replace("ROWS", rows)
    each = TESTS // 5
    plain, mine = _side_by_side(clients, each, bare, ours)
    alone, minimal, other = (
        run.seconds for run in _side_by_side(MINIMAL, TESTS, bare, ours, HTTPSERVER.replace("PAGE", page))
    )
    name = f"{TESTS:,} tests by five HTTP clients, compared with a bare server fixture"
    added = {client: (mine.each[client] - seconds) / each for client, seconds in plain.each.items()}
    return [
        Row(name, mine.seconds / plain.seconds, "x", 1.3),
        *(
            Row(f"time that the mock adds to a test by {client}", 1000 * seconds, "ms")
            for client, seconds in added.items()
        ),
        Row(f"{TESTS:,} tests by http.client, compared with a bare server fixture", minimal / alone, "x"),
        Row("the same tests with pytest-httpserver, compared with a bare server fixture", other / alone, "x"),
    ]


def measure_plugin() -> list[Row]:
    """Measure with the first page of an endpoint that lists a site's sessions."""
    vendor, endpoint = next(
        (vendor, each)
        for vendor in load()
        for each in vendor.contract.endpoints
        if each.site and each.start_field
    )
    path = endpoint.paths[0].replace(f"{{{endpoint.site}}}", "{0}")
    ours = OURS.replace("VENDOR", repr(vendor.name)).replace("PATH", repr(path))
    with SessionMock() as mock, tempfile.NamedTemporaryFile() as file:
        handle = mock.vendor(vendor.name)
        page = httpx.get(handle.base_url + path.format(*handle.sites), headers=handle.headers)
        file.write(page.content)
        file.flush()
        return [*_plugin(), *_requests(ours, repr(file.name), repr(endpoint.rows_path))]
