"""Bytes of responses on the wire."""

from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from mockserver.server.faults.registry import read
from tests.conftest import Mock
from tests.server.asking import ALL, Pair, name

NOW = 1_789_473_600_000
"""2026-09-15T12:00:00Z."""
FAULTS: dict[str, dict[str, Any]] = {
    "none": {},
    "status": {"kind": "status", "status": 503},
    "reset": {"kind": "reset", "where": "body"},
    "dribble": {"kind": "dribble", "pause": 0},
    "empty_body": {"kind": "empty_body"},
}


async def request(mock: Mock, pair: Pair, **headers: str) -> tuple[int, list[tuple[str, str]], bytes]:
    """Return status, headers and body, without the headers that depend on time or connection."""
    path, arguments = mock.parts(*pair, dict(pair[1].example))
    arguments["headers"] = {**arguments.get("headers", {}), **headers}
    counted = [header for limit in pair[1].limits for header in getattr(limit, "headers", None) or ()]
    async with mock.client.request(pair[1].method, path, **arguments) as response:
        stable = [
            (header, value)
            for header, value in response.headers.items()
            if header not in {"Date", "Connection", *counted}
        ]
        return response.status, sorted(stable), await response.read()


@pytest.mark.parametrize("pair", ALL, ids=name)
async def test_response_does_not_depend_on_connection_persistence(serve: Any, pair: Pair) -> None:
    mock = await serve()

    assert await request(mock, pair) == await request(mock, pair, Connection="close")


async def test_response_has_date_and_length(serve: Any) -> None:
    mock = await serve()
    mock.tenant.clock.set(NOW)
    path, arguments = mock.parts(*ALL[0], dict(ALL[0][1].example))
    async with mock.client.request(ALL[0][1].method, path, **arguments) as response:
        # RFC 9110 requires a date of servers with a clock.
        assert response.headers["Date"] == "Tue, 15 Sep 2026 12:00:00 GMT"
        assert response.headers.getall("Content-Length") == [str(len(await response.read()))]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("pair", ALL, ids=name)
async def test_date_is_time_of_tenant_clock(serve: Any, pair: Pair, fault: str) -> None:
    mock = await serve()
    mock.tenant.faults.add(read([FAULTS[fault]] if fault != "none" else []))
    path, arguments = mock.parts(*pair, dict(pair[1].example))
    dates = []
    for instant in (NOW, NOW + 3_600_000):
        mock.tenant.clock.set(instant)
        async with mock.client.request(pair[1].method, path, **arguments) as response:
            dates.append(response.headers.getall("Date"))

    assert dates == [["Tue, 15 Sep 2026 12:00:00 GMT"], ["Tue, 15 Sep 2026 13:00:00 GMT"]]


async def test_date_without_tenant_is_system_time(serve: Any) -> None:
    mock = await serve()
    mock.tenant.clock.set(NOW - 20 * 365 * 86_400_000)
    years = set()
    for path in ("/nothing", "/__admin/tenants"):
        async with mock.client.get(path) as response:
            years.add(parsedate_to_datetime(response.headers["Date"]).year)

    assert min(years) >= 2026
