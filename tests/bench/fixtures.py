"""What the pytest plugin costs: unused, at its start, for each test, and beside fixtures that are no mock at all.

Each suite runs in a fresh process; of several runs the fastest counts, because everything else is the machine's doing. The same
tests are pointed at a tenant of their own each, and at a bare server that answers every one with the same page.
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
_RUNS: Final = 3
_COLLECTED: Final = 200

BARE: Final = """
import asyncio, threading
import pytest
from aiohttp import web

@pytest.fixture(scope="session")
def address():
    loop, ready, told = asyncio.new_event_loop(), threading.Event(), []
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
        told.append(runner.addresses[0][1])
        ready.set()
    def run():
        asyncio.set_event_loop(loop)
        loop.create_task(start())
        loop.run_forever()
    threading.Thread(target=run, daemon=True).start()
    ready.wait()
    yield f"http://127.0.0.1:{told[0]}/sessions", {"Authorization": "Bearer nobody's"}
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
    return httpserver.url_for("/sessions"), {"Authorization": "Bearer nobody's"}
"""
NOTHING: Final = """
import pytest

@pytest.fixture
def session_mock():
    return None
"""
MINTED: Final = """
import pytest

@pytest.mark.parametrize("number", range(COUNT))
def test_it(session_mock, number):
    pass
"""
BAREST: Final = """
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
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
        assert json.load(answer)[ROWS]

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
    async with aiohttp.ClientSession() as client, client.get(url, headers=headers) as answer:
        assert (await answer.json())[ROWS]
"""


class Row(NamedTuple):
    """A measured number, and what is promised of it."""

    says: str
    value: float
    most: float | None
    unit: str


class _Took(NamedTuple):
    """What a suite took."""

    seconds: float
    each: Mapping[str, float]
    """Seconds of the tests of each function, with their fixtures."""


def _suite(text: str, count: int, *options: str, fixtures: str = "") -> _Took:
    """What pytest takes for a suite in a fresh process, at the best of some runs."""
    return _side_by_side(text, count, fixtures, options=options)[0]


def _side_by_side(text: str, count: int, *fixtures: str, options: Sequence[str] = ()) -> list[_Took]:
    """What pytest takes for a suite with each of some fixtures, at their best; they take turns, so that all meet the machine as it is."""
    runs = [[_run(text, count, each, options) for each in fixtures] for _ in range(_RUNS)]
    return [min(of, key=lambda took: took.seconds) for of in zip(*runs, strict=True)]


def _run(text: str, count: int, fixtures: str, options: Sequence[str]) -> _Took:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "test_suite.py").write_text(text.replace("COUNT", str(count)), encoding="utf-8")
        (folder / "conftest.py").write_text(fixtures, encoding="utf-8")
        (folder / "pytest.ini").write_text("[pytest]\nasyncio_mode = auto\n", encoding="utf-8")
        told = folder / "junit.xml"
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:randomly",
            f"--junitxml={told}",
            *options,
        ]
        return _Took(
            _timed(lambda: subprocess.run(command, cwd=folder, check=True, capture_output=True)), _each(told)
        )


def _each(told: Path) -> Mapping[str, float]:
    found: dict[str, float] = {}
    for case in ET.parse(told).iter("testcase"):  # noqa: S314 -- pytest wrote it
        name, many, _ = case.attrib["name"].removeprefix("test_").replace("_", " ").partition("[")
        if many:
            found[name] = found.get(name, 0) + float(case.attrib["time"])
    return found


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


def _plugin() -> list[Row]:
    """What it costs to have the plugin, to start a server, and to be given a tenant."""

    def more(fixtures: str) -> float:
        """Seconds of the tests beyond the first ones, without what happens once."""
        many, few = (_suite(MINTED, count, fixtures=fixtures).seconds for count in (TESTS, _COLLECTED))
        return many - few

    without = _suite(MINTED, _COLLECTED, "--collect-only", "-p", "no:session_mock", fixtures=NOTHING).seconds
    collected = _suite(MINTED, _COLLECTED, "--collect-only", fixtures=NOTHING).seconds
    return [
        Row(
            "collecting tests that use none of it, beside a run without the plugin",
            collected / without,
            1.05,
            "x",
        ),
        Row("start to ready, once imported", _start(), 15, "ms"),
        Row("fixture of one test", 1000 * (more("") - more(NOTHING)) / (TESTS - _COLLECTED), 1.5, "ms"),
    ]


def _requests(ours: str, page: str, rows: str) -> list[Row]:
    """What tests with a request each cost beside a bare server, by the clients that people have and by the barest there is."""
    bare, clients = BARE.replace("PAGE", page), CLIENTS.replace("ROWS", rows)
    each = TESTS // 5
    plain, mine = _side_by_side(clients, each, bare, ours)
    alone, barest, other = (
        took.seconds for took in _side_by_side(BAREST, TESTS, bare, ours, HTTPSERVER.replace("PAGE", page))
    )
    says = f"{TESTS:,} tests with a request each, {each} by each of {', '.join(plain.each)}, beside a bare aiohttp server"
    added = {name: (took / each, (mine.each[name] - took) / each) for name, took in plain.each.items()}
    return [
        Row(says, mine.seconds / plain.seconds, 1.3, "x"),
        *(
            Row(f"what the mock adds to a test by {name}, {1000 * took:.1f} ms", 1000 * more, None, "ms")
            for name, (took, more) in added.items()
        ),
        Row(
            f"{TESTS:,} tests by http.client that parse nothing, beside a bare aiohttp server",
            barest / alone,
            None,
            "x",
        ),
        Row("the same tests with pytest-httpserver, beside a bare aiohttp server", other / alone, None, "x"),
    ]


def rows() -> list[Row]:
    """Measure with the first page of an endpoint that lists a site's sessions by GET."""
    vendor, endpoint = next(
        (vendor, each)
        for vendor in load()
        for each in vendor.contract.endpoints
        if each.site and each.start_field
    )
    path = endpoint.paths[0].replace(f"{{{endpoint.site}}}", "{0}")
    ours = OURS.replace("VENDOR", repr(vendor.name)).replace("PATH", repr(path))
    with SessionMock() as mock, tempfile.NamedTemporaryFile() as file:
        told = mock.vendor(vendor.name)
        file.write(httpx.get(told.base_url + path.format(*told.sites), headers=told.headers).content)
        file.flush()
        return [*_plugin(), *_requests(ours, repr(file.name), repr(endpoint.rows_path))]
