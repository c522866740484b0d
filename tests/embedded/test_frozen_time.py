"""The server keeps going while the code under test has frozen time in the same process."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any, Final

import freezegun
import httpx
import pytest
import time_machine

from mockserver import SessionMock
from mockserver.contract.endpoint import Endpoint
from mockserver.contract.http.credentials import BodyKeys
from mockserver.vendors import load
from mockserver.vendors.base import Vendor

INSTANT: Final = "2020-02-29T12:00:00Z"
SECONDS: Final = 20
"""Timeout for a response that the server delays for a few milliseconds."""
HALVES: Final = {"latency": {"seconds": 0.01}, "dribble": {"pieces": 3, "pause": 0.01}}

FREEZERS: Final[dict[str, Callable[[], AbstractContextManager[Any]]]] = {
    "freezegun": lambda: freezegun.freeze_time(INSTANT),
    "time-machine": lambda: time_machine.travel(datetime.fromisoformat(INSTANT), tick=False),
}
ENDPOINTS: Final = [
    (vendor, endpoint) for vendor in load() for endpoint in vendor.contract.endpoints if endpoint.start_field
]


def label(pair: tuple[Vendor, Endpoint]) -> str:
    """Return a readable test id."""
    return f"{pair[0].name}.{pair[1].name}"


def request(mock: SessionMock, vendor: Vendor, endpoint: Endpoint) -> httpx.Response:
    """Send a valid request to an endpoint.

    Httpx takes its timeouts from the operating system, which no library freezes.
    """
    handle = mock.vendor(vendor.name)
    path = endpoint.paths[0].format_map(dict.fromkeys(endpoint.path, handle.sites[0]))
    body = {**handle.body, **endpoint.example} if isinstance(endpoint.credentials, BodyKeys) else None
    params = None if body else {name: str(value) for name, value in endpoint.example.items()}
    return httpx.request(
        endpoint.method,
        handle.base_url + path,
        params=params,
        json=body,
        headers=dict(handle.headers),
        timeout=SECONDS,
        trust_env=False,
    )


@pytest.fixture(name="mock", scope="module")
def _mock() -> Iterator[SessionMock]:
    with SessionMock() as mock:
        yield mock


@pytest.mark.parametrize("freeze", FREEZERS.values(), ids=FREEZERS)
@pytest.mark.parametrize("pair", ENDPOINTS, ids=label)
def test_endpoint_under_frozen_time_answers(
    mock: SessionMock, pair: tuple[Vendor, Endpoint], freeze: Callable[[], Any]
) -> None:
    """Some responses are delayed by default, and a frozen event loop would never send them."""
    with freeze():
        response = request(mock, *pair)

    assert response.status_code == 200


@pytest.mark.parametrize("kind", HALVES)
@pytest.mark.parametrize("freeze", FREEZERS.values(), ids=FREEZERS)
def test_slow_fault_under_frozen_time_ends(mock: SessionMock, kind: str, freeze: Callable[[], Any]) -> None:
    mock.reset()
    with freeze():
        mock.faults.add(kind, **HALVES[kind])
        response = request(mock, *ENDPOINTS[0])
    exchange = list(mock.journal)[-1]
    mock.reset()

    assert response.status_code == 200
    assert exchange["duration_ms"] >= 10


@pytest.mark.parametrize("freeze", FREEZERS.values(), ids=FREEZERS)
def test_server_started_and_stopped_under_frozen_time_serves(freeze: Callable[[], Any]) -> None:
    with freeze(), SessionMock() as mock:
        assert request(mock, *ENDPOINTS[0]).status_code == 200


@pytest.mark.parametrize("freeze", FREEZERS.values(), ids=FREEZERS)
def test_system_clock_under_frozen_time_shows_frozen_time(freeze: Callable[[], Any]) -> None:
    with SessionMock(now="system") as mock:
        with freeze():
            frozen = mock.clock.now
        after = mock.clock.now

    assert frozen == datetime.fromisoformat(INSTANT)
    assert after > datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("freeze", FREEZERS.values(), ids=FREEZERS)
def test_exchange_under_frozen_time_has_real_time(freeze: Callable[[], Any]) -> None:
    with SessionMock(now="system") as mock:
        with freeze():
            request(mock, *ENDPOINTS[0])
        [exchange] = mock.journal

    assert datetime.fromisoformat(exchange["at"]) == datetime.fromisoformat(INSTANT)
    assert datetime.fromisoformat(exchange["real_time"]) > datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("freeze", FREEZERS.values(), ids=FREEZERS)
def test_frozen_clock_under_frozen_time_keeps_its_time(freeze: Callable[[], Any]) -> None:
    with SessionMock(now="2026-09-30T12:00:00Z") as mock, freeze():
        assert mock.clock.now == datetime(2026, 9, 30, 12, tzinfo=UTC)
