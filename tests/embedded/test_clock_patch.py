"""Tests of the sleeps that move a tenant's clock. A sleep that waits would exceed the time limit of a run."""

import asyncio
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any, Final

import anyio
import httpx
import pytest
import trio

from mockserver import SessionMock, TenantHandle, create_app, tenant_of
from tests.embedded.crawling import LISTS, send
from tests.support.tls import TLS

NOW: Final = datetime(2026, 9, 10, 12, tzinfo=UTC)
HOUR: Final = timedelta(hours=1)


@pytest.fixture(name="own")
def _own(mock: SessionMock) -> Iterator[TenantHandle]:
    """Create a tenant whose clock is frozen at :data:`NOW`."""
    with mock.create_tenant(sessions=10, now=NOW) as tenant:
        yield tenant


@pytest.fixture(name="without_time_machine")
def _without_time_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "time_machine", None)


@pytest.mark.parametrize("seconds", [3600, 3599.9999])
def test_sleep_under_patch_moves_clock(own: TenantHandle, seconds: float) -> None:
    with own.clock.patch():
        time.sleep(seconds)

    assert own.clock.now == NOW + HOUR


def test_sleep_imported_by_name_moves_clock(own: TenantHandle, monkeypatch: pytest.MonkeyPatch) -> None:
    module: Any = ModuleType("sleeping_by_name")
    exec("from time import sleep\nfrom asyncio import sleep as sleep_async", vars(module))  # noqa: S102 -- a module
    monkeypatch.setitem(sys.modules, module.__name__, module)
    functions = (module.sleep, module.sleep_async)
    with own.clock.patch():
        module.sleep(1800)
        asyncio.run(module.sleep_async(1800))

    assert own.clock.now == NOW + HOUR
    assert (module.sleep, module.sleep_async) == functions


def test_functions_after_patch_are_the_originals(own: TenantHandle) -> None:
    before = time.sleep, asyncio.sleep, trio.sleep
    with own.clock.patch():
        within = time.sleep, asyncio.sleep, trio.sleep
    with suppress(ZeroDivisionError), own.clock.patch():
        raise ZeroDivisionError

    assert not set(within) & set(before)
    assert (time.sleep, asyncio.sleep, trio.sleep) == before


async def test_asyncio_sleep_moves_clock_and_returns_result(own: TenantHandle) -> None:
    with own.clock.patch():
        result = await asyncio.sleep(3600, "result")

    assert (result, own.clock.now) == ("result", NOW + HOUR)


async def test_asyncio_sleeps_of_tasks_overlap(own: TenantHandle) -> None:
    async def sleep_twice(seconds: float) -> None:
        await asyncio.sleep(seconds)
        await asyncio.sleep(0)

    with own.clock.patch():
        await asyncio.gather(*map(sleep_twice, (1800, 3600, 900)))

    assert own.clock.now == NOW + HOUR


async def test_asyncio_sleep_lets_other_tasks_run(own: TenantHandle) -> None:
    order = []

    async def note() -> None:
        order.append("other task")

    with own.clock.patch():
        other = asyncio.ensure_future(note())
        await asyncio.sleep(60)
        order.append("after sleep")
    await other

    assert order == ["other task", "after sleep"]


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_anyio_sleep_moves_clock(own: TenantHandle, backend: str) -> None:
    with own.clock.patch():
        anyio.run(anyio.sleep, 3600, backend=backend)

    assert own.clock.now == NOW + HOUR


def test_trio_sleep_moves_clock(own: TenantHandle) -> None:
    with own.clock.patch():
        trio.run(trio.sleep, 3600)

    assert own.clock.now == NOW + HOUR


@pytest.mark.parametrize(
    ("seconds", "error"), [(-1, ValueError), ("1", TypeError), (float("nan"), ValueError)]
)
def test_invalid_sleep_fails_as_usual(own: TenantHandle, seconds: Any, error: type[Exception]) -> None:
    with own.clock.patch():
        time.sleep(0)
        with pytest.raises(error):
            time.sleep(seconds)

    assert own.clock.now == NOW


def test_time_under_patch_is_time_of_tenant(own: TenantHandle) -> None:
    with own.clock.patch() as patch:
        moves_time = patch.moves_time
        at_first = datetime.now(UTC)  # noqa: TID251 -- the code under test reads it
        time.sleep(60)
        after_sleep = time.time()  # noqa: TID251 -- as above
        own.clock.advance(HOUR)
        after_advance = datetime.now(UTC)  # noqa: TID251 -- as above

    assert moves_time
    assert at_first == NOW
    assert datetime.fromtimestamp(after_sleep, UTC) == NOW + timedelta(minutes=1)
    assert after_advance == NOW + timedelta(minutes=61)
    assert datetime.now(UTC) != after_advance  # noqa: TID251 -- as above


@pytest.mark.usefixtures("without_time_machine")
def test_patch_without_time_machine_moves_clock_only(own: TenantHandle) -> None:
    with own.clock.patch() as patch:
        time.sleep(3600)
        now = datetime.now(UTC)  # noqa: TID251 -- the code under test reads it
        moves_time = patch.moves_time

    assert not moves_time
    assert abs(now - NOW) > 2 * HOUR
    assert own.clock.now == NOW + HOUR


def test_running_clock_stands_still_and_continues(mock: SessionMock, own: TenantHandle) -> None:
    own.clock.set_rate(3600)
    with own.clock.patch():
        start = own.clock.now
        time.sleep(3600)
        slept = own.clock.now - start

    assert slept == HOUR
    assert mock.admin.clock(own.id).rate == 3600
    assert own.clock.now >= start + HOUR


def test_system_clock_shows_system_time_afterwards(mock: SessionMock, own: TenantHandle) -> None:
    own.clock.use_system_time()
    with own.clock.patch():
        time.sleep(86_400)
        ahead = own.clock.now
    state = mock.admin.clock(own.id)

    assert state.mode == "system"
    assert own.clock.now < ahead


@pytest.mark.parametrize(
    "fault", [{"kind": "latency", "seconds": 0.05}, {"kind": "dribble", "pieces": 2, "pause": 0.05}]
)
def test_server_under_patch_waits_in_real_time(own: TenantHandle, fault: dict[str, Any]) -> None:
    own.faults.add(**fault)
    with own.clock.patch(), httpx.Client(verify=TLS) as http:
        response = send(http, own.vendor(LISTS[0][0].name), LISTS[0][1], dict(LISTS[0][1].example))

    assert response.status_code == 200
    assert own.clock.now == NOW
    assert own.journal.exchanges()[-1]["duration_ms"] >= 50


async def test_application_in_same_loop_waits_in_real_time(aiohttp_client: Any) -> None:
    app = create_app(sessions=5, now=NOW)
    client = await aiohttp_client(app)
    tenant = tenant_of(app)
    tenant.faults.add("latency", seconds=0.05)
    vendor, endpoint = next(pair for pair in LISTS if pair[1].method == "GET")
    handle = tenant.vendor(vendor.name)
    path = handle.base_url + endpoint.paths[0].format_map(dict.fromkeys(endpoint.path, handle.sites[0]))
    with tenant.clock.patch():
        async with client.request(endpoint.method, path, headers=handle.headers) as response:
            await response.read()
        before = tenant.clock.now
        await asyncio.sleep(3600)

    assert (before, tenant.clock.now) == (NOW, NOW + HOUR)
    assert tenant.journal.exchanges()[-1]["duration_ms"] >= 50


def test_thread_started_before_patch_waits(own: TenantHandle) -> None:
    entered, slept = threading.Event(), threading.Event()

    def poll() -> None:
        entered.wait()
        time.sleep(0.001)
        slept.set()

    thread = threading.Thread(target=poll)
    thread.start()
    with own.clock.patch():
        entered.set()
        slept.wait()
    thread.join()

    assert own.clock.now == NOW


def test_thread_started_under_patch_moves_clock(own: TenantHandle) -> None:
    with own.clock.patch():
        thread = threading.Thread(target=time.sleep, args=(3600,))
        thread.start()
        thread.join()

    assert own.clock.now == NOW + HOUR


def test_nested_patches_move_both_clocks(mock: SessionMock, own: TenantHandle) -> None:
    with mock.create_tenant(sessions=10, now=NOW - HOUR) as other:
        with own.clock.patch():
            with other.clock.patch():
                time.sleep(60)
            time.sleep(60)

        assert other.clock.now == NOW - HOUR + timedelta(minutes=1)
        assert own.clock.now == NOW + timedelta(minutes=2)


def test_entered_patch_cannot_be_entered_again(own: TenantHandle) -> None:
    patch = own.clock.patch()
    with patch, pytest.raises(RuntimeError, match="already entered"):
        patch.__enter__()
    with patch:
        time.sleep(3600)

    assert own.clock.now == NOW + HOUR


def test_patch_moves_clock_of_remote_server(mock: SessionMock) -> None:
    with SessionMock.connect(mock.url) as remote, remote.create_tenant(sessions=10, now=NOW) as tenant:
        with tenant.clock.patch():
            time.sleep(3600)

        assert tenant.clock.now == NOW + HOUR
