"""A handle says the same in the server's own process, over HTTP, and to coroutines."""

import inspect
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from mockserver import AsyncTenantHandle, SessionMock, TenantHandle
from mockserver.library.parts import Choices
from tests.conftest import QUICK
from tests.library.crawling import send
from tests.library.sweep import CALLS, ENDPOINT, PARTS, UNSWEPT, VENDOR, outcome, public, shown, swept

MAPPING = public(dict)
NOW = datetime(2026, 9, 12, tzinfo=UTC)


@pytest.fixture(name="twins")
def _twins() -> Iterator[tuple[TenantHandle, TenantHandle]]:
    """The same tenant on two servers, one of which is steered over HTTP."""
    with SessionMock() as here, SessionMock() as there, SessionMock.at(there.url) as remote:
        yield tuple(each.tenant("a/ü", sessions=10, now=NOW, choices=QUICK) for each in (here, remote))  # type: ignore[misc]  # two


def ask(tenant: TenantHandle, number: int) -> None:
    """One exchange in the journal: its instants are those of the tenant's clock."""
    with httpx.Client() as http:
        send(http, tenant.vendor(VENDOR.name), ENDPOINT, {**ENDPOINT.example, **({"nothing": 1} if number % 2 else {})})


UNSTEADY = ("took_ms", "headers", "time", "timings", "url", "startedDateTime")


def timeless(exchange: Any) -> Any:
    """An exchange without how long it took in real time, and without the ports."""
    if isinstance(exchange, dict):
        return {name: timeless(each) for name, each in exchange.items() if name not in UNSTEADY}
    return [timeless(each) for each in exchange] if isinstance(exchange, list) else exchange


def test_every_method_says_the_same_over_http(twins: tuple[TenantHandle, TenantHandle]) -> None:
    """Answers, and errors with their messages, are the same in the same process and from elsewhere."""
    told: list[list[str]] = []
    for tenant in twins:
        answers = []
        for number, call in enumerate(CALLS):
            if call[:2] == ("journal", "exchanges"):
                ask(tenant, number)
            answer = timeless(outcome(tenant, *call))
            answers.append(type(answer) if call[1] == "follow" else answer)
        told.append(shown(answers, tenant) if tenant else [])

    assert len(told[0]) == len(CALLS)
    for call, here, there in zip(CALLS, *told, strict=True):
        assert here == there, call


@pytest.mark.parametrize("part", ["", *PARTS])
def test_every_method_is_swept(tenant: TenantHandle, part: str) -> None:
    """A method that is added to a handle or to a part of it needs a call above."""
    kind = type(getattr(tenant, part)) if part else TenantHandle

    assert public(kind) - UNSWEPT - (MAPPING if kind is Choices else set()) == swept(part)


@pytest.mark.parametrize("part", ["", "world", "clock", "faults", "limits", "journal"])
def test_every_method_has_a_twin(tenant: TenantHandle, part: str) -> None:
    """With the same parameters, and awaited; what only iterates is called ``all``."""
    sync, twin = (getattr(tenant, part), getattr(tenant.aio, part)) if part else (tenant, tenant.aio)
    for name in public(type(sync)) - {"aio", "choices"}:
        found, other = getattr(type(sync), name), getattr(type(twin), name, None)
        if name in vars(twin) or name == "vendor":
            continue

        assert inspect.iscoroutinefunction(other), name
        if not isinstance(found, property):
            assert inspect.signature(found) == inspect.signature(other), name


async def test_twins_say_the_same(mock: SessionMock) -> None:
    """Each coroutine gives what its method gives."""
    async with mock.tenant(sessions=10, seed=11).aio as twin:
        sync = twin._sync  # noqa: SLF001 -- they must be compared
        clock, part = twin.clock, twin.world

        assert (await clock.set(NOW), await clock.now(), await clock.freeze()) == (NOW, NOW, NOW)
        assert await clock.advance(60) == sync.clock.now
        assert await clock.scale(0) == sync.clock.now
        assert await clock.reset() == sync.clock.now
        assert (await part.totals(), await part.spec(), await part.counts()) == (sync.world.totals, sync.world.spec, sync.world.counts)
        assert await part.session(-1, site=1) == sync.world.session(-1, site=1)
        assert await part.session(number=sync.world.session(0)["number"]) == sync.world.session(0)
        assert [await twin.faults.arm("latency", seconds=0.001)] == await twin.faults.all() == list(sync.faults)
        await twin.faults.disarm()
        assert await twin.faults.all() == []
        [first, *_] = await twin.limits.all()
        assert await twin.limits.get(first.name) == first == sync.limits[first.name]
        assert await twin.limits.set(first.name, enabled=True) == sync.limits[first.name]
        assert await twin.choices() == dict(sync.choices)


async def test_twins_do_the_same(mock: SessionMock) -> None:
    """Coroutines that change something change it, and those that judge judge the same exchanges."""
    async with mock.tenant(sessions=10, seed=11).aio as twin:
        sync = twin._sync  # noqa: SLF001 -- they must be compared
        name = next(name for name in sync.choices if name.startswith(VENDOR.name))
        ask(sync, 0)
        await twin.choose(name, sync.choices[name])

        assert (await twin.journal.exchanges(), await twin.journal.count()) == (sync.journal.exchanges(), 1)
        assert (await twin.journal.findings(), await twin.verdict()) == (sync.journal.findings(), sync.verdict())
        assert await twin.journal.har() == sync.journal.har()
        truth = await twin.truth(VENDOR.name, ENDPOINT.name)
        assert truth == sync.truth(VENDOR.name, ENDPOINT.name) != []
        await twin.reconcile(truth, vendor=VENDOR.name, endpoint=ENDPOINT.name)
        with pytest.raises(AssertionError, match="missing"):
            await twin.reconcile(truth[1:], vendor=VENDOR.name, endpoint=ENDPOINT.name)
        await twin.journal.clear()
        await twin.put_world(sessions=3)
        assert (await twin.journal.count(), await twin.world.counts()) == (0, [3, 3])
        await twin.reset()
        assert await twin.world.counts() == [10, 10]
        assert twin.vendor(VENDOR.name) == sync.vendor(VENDOR.name)
        await twin.clock.follow()
        assert abs((await twin.clock.now()).timestamp() - datetime.now(UTC).timestamp()) < 60  # noqa: TID251 -- it follows the system's
        assert isinstance(twin, AsyncTenantHandle)
    assert twin.id not in [tenant.id for tenant in mock.admin.tenants()]
