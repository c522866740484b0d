"""Hostile requests need bounded memory and time, and other tenants are served meanwhile."""

import gc
from contextlib import suppress
from typing import Any

import pytest
from aiohttp import ClientError, web
from msgspec import json

from mockserver._util.clock import LATEST
from mockserver.contract.behaviors import MAX_NUMBER
from mockserver.contract.http.credentials import BodyKeys
from mockserver.contract.limits import WindowLimit, rate_limits
from mockserver.server.expected.rows import all_rows_params
from mockserver.server.faults.paging import PagingFault
from mockserver.server.faults.registry import kinds
from mockserver.server.faults.status import MAX_RETRY_AFTER
from mockserver.server.tenancy.active_faults import MAX_ACTIVE_FAULTS
from mockserver.vendors import load, load_dialects
from mockserver.vendors.base import Vendor
from tests.support.limits import has_limit

KINDS = (
    "missing credential",
    "wrong credential",
    "unknown site",
    "invalid parameter",
    "unknown path",
    "wrong method",
    "rate limit",
)
ALWAYS = ("missing credential", "wrong credential", "unknown path", "wrong method")
"""The kinds that every vendor has."""
REPEATED = 20


def rejected_request(mock: Any, pair: Any, kind: str) -> tuple[str, str, dict[str, Any]] | None:
    """Return method, path and arguments of a request that gets an error.

    None if the endpoint has no such error.
    """
    vendor, endpoint = pair
    path, arguments = mock.parts(vendor, endpoint, dict(endpoint.example))
    method = endpoint.method
    match kind:
        case "missing credential":
            arguments = {}
        case "wrong credential" if isinstance(endpoint.credentials, BodyKeys):
            arguments["json"] = {**arguments["json"], endpoint.credentials.key: "wrong"}
        case "wrong credential":
            arguments["headers"] = {"Authorization": "Bearer wrong"}
        case "unknown site" if endpoint.site:
            path = path.replace(mock.tenant.identifiers[vendor.name].sites[0][0], "987654")
        case "invalid parameter" if isinstance(endpoint.credentials, BodyKeys):
            arguments["json"] = {
                **arguments["json"],
                **{key: {"wrong": True} for key in endpoint.all_rows_params or endpoint.example},
            }
        case "invalid parameter" if endpoint.query is not None:
            arguments["params"] = {
                **arguments["params"],
                **dict.fromkeys(endpoint.query.__struct_fields__, "wrong"),
            }
        case "unknown path":
            path += "/unknown"
        case "wrong method":
            method = "DELETE"
        case "rate limit" if has_limit(endpoint, WindowLimit):
            pass
        case _:
            return None
    return method, path, arguments


def alive() -> int:
    """Count the requests that the process still holds."""
    gc.collect()
    return sum(isinstance(each, web.BaseRequest) for each in gc.get_objects())


@pytest.mark.parametrize("vendor", load_dialects(), ids=lambda vendor: vendor.label)
async def test_repeated_error_keeps_no_request_alive(serve: Any, vendor: Vendor) -> None:
    """`make soak` measures the bytes."""
    limits = {
        limit.allowed: 1 for endpoint in vendor.contract.endpoints for limit in rate_limits(endpoint.limits)
    }
    mock = await serve(vendor, behaviors=limits)
    mock.tenant.clock.freeze()
    for kind in KINDS:
        statuses = []
        for endpoint in vendor.contract.endpoints:
            method, path, arguments = rejected_request(mock, (vendor, endpoint), kind) or ("", "", {})
            for _ in range(REPEATED if method else 0):
                async with mock.client.request(method, path, **arguments) as response:
                    statuses.append(response.status)
        errors = [status for status in statuses if status >= 400]

        assert alive() <= 5, f"{kind}: of {len(statuses)} requests"
        assert len(errors) >= len(statuses) * (REPEATED - 1) / REPEATED, f"{kind}: {statuses}"
        assert errors or kind not in ALWAYS


LISTS = [
    (vendor, endpoint) for vendor in load() for endpoint in vendor.contract.endpoints if endpoint.start_field
]


def name(pair: Any) -> str:
    """Return a readable test id."""
    return f"{pair[0].label}.{pair[1].name}"


MANY = (
    "latency",
    "duplicate_header",
    "content_type",
    "truncate",
    "empty_page",
    "expired_cursor",
    "no_end",
    "session_arrives",
)


async def add(mock: Any, *faults: dict[str, Any]) -> Any:
    """Add faults over the admin API; return status and response."""
    async with mock.client.post("/__admin/tenants/default/faults", json=list(faults)) as response:
        return response.status, await response.json()


@pytest.mark.parametrize(
    ("kind", "pair"),
    [
        (kind, pair)
        for number, kind in enumerate(MANY)
        for place, pair in enumerate(LISTS)
        if place == number % len(LISTS) or issubclass(kinds()[kind], PagingFault)
    ],
    ids=lambda value: name(value) if isinstance(value, tuple) else value,
)
async def test_maximum_number_of_faults_can_be_triggered_together(serve: Any, pair: Any, kind: str) -> None:
    """Lists differ in their paging only: a paging fault meets every list, any other fault one of them."""
    mock = await serve(world={"sessions": 5})
    own: dict[str, dict[str, Any]] = {
        "latency": {"seconds": 0},
        "duplicate_header": {"header": "X-Number", "value": "1"},
    }
    status, answer = await add(mock, *[{"kind": kind, **own.get(kind, {})}] * MAX_ACTIVE_FAULTS)
    with suppress(ClientError):  # A truncated body is one, and a thousand headers are.
        await mock.ask(*pair, all_rows_params(mock.tenant, pair[1]))
    async with mock.client.get("/__admin/tenants/default/journal") as response:
        (exchange,) = (await response.json())["exchanges"]

    assert (status, exchange["failed"]) == (201, False), answer


async def test_more_than_maximum_number_of_faults_get_error(serve: Any) -> None:
    """The error names the maximum, and none of the faults is added."""
    mock = await serve()
    status, answer = await add(mock, *[{"kind": "empty_body"} for _ in range(MAX_ACTIVE_FAULTS + 1)])

    assert (status, f"at most {MAX_ACTIVE_FAULTS:,}" in answer["detail"]) == (400, True)
    assert (await add(mock, {"kind": "empty_body"}))[0] == 201


@pytest.mark.parametrize("seconds", [MAX_RETRY_AFTER + 1, 10**12, 10**15])
async def test_fault_with_retry_after_beyond_a_century_gets_error(serve: Any, seconds: int) -> None:
    status, answer = await add(
        await serve(), {"kind": "status", "retry_after": seconds, "retry_form": "date"}
    )

    assert status == 400
    assert "retry_after" in answer["detail"]


@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_retry_after_of_a_century_is_sent_as_latest_date(serve: Any, pair: Any) -> None:
    mock = await serve()
    mock.tenant.clock.freeze(LATEST)
    await add(mock, {"kind": "status", "retry_after": MAX_RETRY_AFTER, "retry_form": "date"})
    path, arguments = mock.parts(*pair, dict(pair[1].example))
    async with mock.client.request(pair[1].method, path, **arguments) as response:
        assert (response.status, response.headers["Retry-After"][-17:]) == (503, "2199 00:00:00 GMT"[-17:])


@pytest.mark.parametrize(
    "pair",
    [(vendor, endpoint) for vendor in load_dialects() for endpoint in vendor.contract.endpoints],
    ids=name,
)
async def test_clock_with_extreme_rate_stops_at_latest_date(serve: Any, pair: Any) -> None:
    mock = await serve(pair[0])
    start = mock.tenant.clock.now()
    mock.tenant.clock.set_rate(1e300)
    while mock.tenant.clock.now() == start:  # Until the next millisecond of the system clock.
        pass
    status, body = await mock.ask(*pair, dict(pair[1].example))
    async with mock.client.get("/__admin/tenants/default/clock") as response:
        now = (await response.json())["now"]

    assert status in (200, 404, 201), body
    assert now == "2100-01-01T00:00:00Z"


@pytest.mark.parametrize(
    "value", ["9" * 5000, "Fri, 31 Dec 99999 23:59:59 GMT", "Sun, 00 Jan 0000 00:00:00 GMT", "-1", "x"]
)
async def test_invalid_retry_after_is_reviewed_without_error(
    serve: Any, caplog: pytest.LogCaptureFixture, value: str
) -> None:
    mock = await serve()
    await add(
        mock,
        {"kind": "duplicate_header", "header": "Retry-After", "value": value},
        {"kind": "status", "status": 503},
    )
    for _ in range(2):
        assert (await mock.ask(*LISTS[0], dict(LISTS[0][1].example)))[0] == 503

    assert not [record for record in caplog.records if record.levelname == "ERROR"]


NUMBERS = {
    behavior.name: behavior
    for vendor in load_dialects()
    for behavior in vendor.contract.behaviors
    if behavior.unit and behavior.unit != "milliseconds"
}


@pytest.mark.parametrize(
    "pair",
    [(vendor, endpoint) for vendor in load_dialects() for endpoint in vendor.contract.endpoints],
    ids=name,
)
async def test_maximum_numbers_of_behaviors_get_response(serve: Any, pair: Any) -> None:
    """The maximum causes no overflow; a greater number gets an error."""
    names = {behavior.name for behavior in pair[0].contract.behaviors} & NUMBERS.keys()
    mock = await serve(pair[0], behaviors=dict.fromkeys(names, MAX_NUMBER))
    status, body = await mock.ask(*pair, dict(pair[1].example))
    async with mock.client.patch(
        "/__admin/tenants/default/behaviors", json=dict.fromkeys(names, MAX_NUMBER + 1)
    ) as response:
        too_large_status = response.status

    assert status in (200, 201, 404), body
    assert too_large_status == (400 if names else 200)


async def test_dribble_without_pause_does_not_block_other_requests(serve: Any) -> None:
    """Another tenant's request, sent after the first piece, gets its response before the last piece."""
    mock = await serve(world={"sessions": 200}, tenants={"other": {"world": {"seed": 2}}})
    await add(mock, {"kind": "dribble", "pieces": 5_000, "pause": 0})
    path, arguments = mock.parts(*LISTS[0], all_rows_params(mock.tenant, LISTS[0][1]))
    mock.tenant = mock.tenants["other"]
    async with mock.client.request(LISTS[0][1].method, path, **arguments) as dribbled:
        await dribbled.content.readany()
        status, _ = await mock.ask(*LISTS[0], dict(LISTS[0][1].example))

        assert (status, dribbled.content.is_eof()) == (200, False)
        assert len(await dribbled.read()) > 0


@pytest.mark.parametrize("count", [0, 1, 3])
async def test_streamed_har_export_is_one_document(serve: Any, count: int) -> None:
    mock = await serve()
    for _ in range(count):
        await mock.ask(*LISTS[0], dict(LISTS[0][1].example))
    async with mock.client.get("/__admin/tenants/default/journal?format=har") as response:
        log = json.decode(await response.read())["log"]

    assert log["version"] == "1.2"
    assert [entry["_number"] for entry in log["entries"]] == list(range(1, count + 1))
