"""Tests of the fault that responds with an error status."""

from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from msgspec import json

from mockserver.contract.errors import render
from mockserver.server.faults.registry import read
from mockserver.server.requests.responses import status_of
from mockserver.vendors import load
from tests.server.faults.conftest import Look
from tests.server.faults.seen import LISTS, name

ENDPOINTS = [
    (vendor, endpoint)
    for vendor in load()
    for endpoint in vendor.contract.endpoints
    if not set(endpoint.path) - {endpoint.site}
]
RECORDING = [pair for pair in ENDPOINTS if pair[1].rows_path is None and pair[1].body is not None]


@pytest.mark.parametrize("status", [304, 400, 401, 404, 429, 500, 503, 599])
@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_status_has_vendor_format(serve: Any, look: Look, pair: Any, status: int) -> None:
    vendor, _ = pair
    mock = await serve()
    mock.tenant.faults.add(read({"kind": "status", "status": status, "message": "said"}))
    seen = await (await look(mock, pair, "Connection: close")).ended()
    errors = vendor.contract.errors
    shape = next(
        (each for each in errors.values() if status_of(vendor, each, {}) == status), errors["internal"]
    )
    words = {
        "message": "said",
        "field": "",
        "credential": "",
        "reason": "",
        "method": pair[1].method,
        "path": "",
    }
    body = b"" if shape.body is None else json.encode(render(shape.body, words))

    assert seen.status == status
    assert seen.body == (b"" if status == 304 else body)
    assert seen.header("Content-Length") == ([] if status == 304 else [str(len(body))])
    assert seen.header("Session-Mock-Basis") == []


@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_retry_after_is_seconds_or_date_of_tenant_clock(serve: Any, look: Look, pair: Any) -> None:
    mock = await serve()
    mock.tenant.faults.add(
        read(
            [
                {"kind": "status", "nth": 1, "retry_after": 90},
                {"kind": "status", "nth": 2, "retry_after": 90, "retry_form": "date"},
                {"kind": "status", "nth": 3, "retry_after": 0, "retry_form": "date"},
                {"kind": "status", "nth": 4},
            ]
        )
    )
    mock.tenant.clock.freeze(4_102_444_800_999)
    told = [
        (await (await look(mock, pair, "Connection: close")).ended()).header("Retry-After") for _ in range(4)
    ]

    assert told == [["90"], ["Fri, 01 Jan 2100 00:01:30 GMT"], ["Fri, 01 Jan 2100 00:00:00 GMT"], []]
    assert parsedate_to_datetime(told[1][0]).timestamp() == 4_102_444_890


@pytest.mark.parametrize("pair", RECORDING, ids=name)
async def test_status_prevents_recording_of_sent_data(serve: Any, pair: Any) -> None:
    mock = await serve()
    before = mock.tenant.world
    mock.tenant.faults.add(read({"kind": "status", "times": 1}))
    refused = (await mock.ask(*pair, dict(pair[1].example)))[0], mock.tenant.world is before
    answered = (await mock.ask(*pair, dict(pair[1].example)))[0], mock.tenant.world is before

    assert (refused, answered) == ((503, True), (200, False))
