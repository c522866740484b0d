"""Tests of the fault that delays a response."""

import asyncio
from typing import Any

import pytest

from mockserver.server.faults.registry import read
from mockserver.server.tenancy.active_faults import FaultError
from tests.server.faults.conftest import Look
from tests.server.faults.seen import LISTS, name, soon
from tests.support.limits import has_limit

QUICK = next(pair for pair in LISTS if not has_limit(pair[1]))
MOST = 60


async def waits(mock: Any, **arguments: Any) -> list[float]:
    """Return the seconds that requests were made to wait, each of them another request."""
    mock.tenant.faults.add(read({"kind": "latency", **arguments}))
    await asyncio.gather(
        *(
            mock.ask(*QUICK, {**QUICK[1].example, str(QUICK[1].pagination.limit): 1 + number})
            for number in range(MOST)
        )
    )
    return [exchange.response.delivery.delay for exchange in mock.tenant.journal]


@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_fixed_latency_delays_response(serve: Any, look: Look, pair: Any) -> None:
    mock = await serve()
    plain = await (await look(mock, pair, "Connection: close")).ended()
    mock.tenant.faults.add(read({"kind": "latency", "seconds": 0.01}))
    clock = asyncio.get_running_loop().time
    began = clock()
    seen = await look(mock, pair, "Connection: close")
    await seen.until(lambda each: each.data != b"")
    took = clock() - began

    assert took >= 0.01
    assert (await seen.ended()).body == plain.body


async def test_uniform_latency_is_between_its_bounds(serve: Any) -> None:
    found = await waits(await serve(), lower=0.001, upper=0.003)

    assert all(0.001 <= each < 0.003 for each in found)
    assert 15 <= sum(each > 0.002 for each in found) <= 45
    assert len(set(found)) == MOST


async def test_uniform_latency_with_equal_bounds_is_fixed(serve: Any) -> None:
    assert set(await waits(await serve(), lower=0.001, upper=0.001)) == {0.001}


async def test_lognormal_latency_has_its_median_and_tail(serve: Any) -> None:
    found = await waits(await serve(), median=0.001, sigma=2, maximum=0.01)

    assert 15 <= sum(each > 0.001 for each in found) <= 45
    assert max(found) == 0.01
    assert 0 < min(found) < 0.0005


async def test_lognormal_latency_without_sigma_is_fixed(serve: Any) -> None:
    assert set(await waits(await serve(), median=0.001, sigma=0)) == {0.001}


async def test_several_latencies_add_up(serve: Any) -> None:
    """Two that trigger the same exchange make it wait for both."""
    mock = await serve()
    mock.tenant.faults.add(read({"kind": "latency", "seconds": 0.001}))

    assert set(await waits(mock, seconds=0.002)) == {0.003}


@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_latency_ends_when_client_disconnects(serve: Any, look: Look, pair: Any) -> None:
    mock = await serve()
    mock.tenant.faults.add(read({"kind": "latency", "seconds": 3600, "times": 1}))
    seen = await look(mock, pair)
    await soon(lambda: bool(mock.tenant.faults.active[0].triggered))
    seen.transport.abort()
    await soon(lambda: mock.tenant.journal.get(1).duration_ns is not None)

    assert mock.tenant.slots.held() == 0
    assert (await mock.ask(*pair, dict(pair[1].example)))[0] == 200


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"seconds": 1, "median": 1, "sigma": 1},
        {"seconds": 1, "upper": 2},
        {"lower": 1},
        {"upper": 1},
        {"lower": 2, "upper": 1},
        {"median": 1},
        {"sigma": 1},
    ],
    ids=lambda arguments: ", ".join(arguments) or "nothing",
)
def test_latency_needs_exactly_one_distribution(arguments: dict[str, float]) -> None:
    with pytest.raises(FaultError, match="give either `seconds`, or `lower` and a greater `upper`"):
        read({"kind": "latency", **arguments})
