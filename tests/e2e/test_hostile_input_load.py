"""Hostile requests cost a bounded amount of memory and time, and other tenants are answered meanwhile."""

import gc
from contextlib import suppress
from typing import Any

import pytest
from aiohttp import ClientError, web
from msgspec import json

from mockserver._util.clock import LATEST
from mockserver.contract.behaviors import MOST
from mockserver.contract.credentials import BodyKeys
from mockserver.contract.limits import WindowLimit
from mockserver.server.expected.rows import all_rows_params
from mockserver.server.faults.registry import MOST_ARMED
from mockserver.server.faults.status import MOST_SECONDS
from mockserver.vendors import every, load
from mockserver.vendors.base import Vendor

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
"""Those that every vendor has."""
REPEATED = 20


def refused(mock: Any, pair: Any, kind: str) -> tuple[str, str, dict[str, Any]] | None:
    """Method, path and arguments of a request that is refused; None where the endpoint has no such refusal."""
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
            path = path.replace(mock.tenant.names[vendor.name].sites[0][0], "987654")
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
        case "rate limit" if any(isinstance(limit, WindowLimit) for limit in endpoint.limits):
            pass
        case _:
            return None
    return method, path, arguments


def alive() -> int:
    """Count the requests that the process still holds."""
    gc.collect()
    return sum(isinstance(each, web.BaseRequest) for each in gc.get_objects())


@pytest.mark.parametrize("vendor", every(), ids=lambda vendor: vendor.label)
async def test_same_refusal_many_times_keeps_no_request_alive(serve: Any, vendor: Vendor) -> None:
    """A repeated refusal leaves nothing of its requests in memory, whatever the reason for it; `make soak` measures the bytes."""
    limits = {
        limit.allowed: 1
        for endpoint in vendor.contract.endpoints
        for limit in endpoint.limits
        if isinstance(limit, WindowLimit)
    }
    mock = await serve(vendor, behaviors=limits)
    mock.tenant.clock.freeze()
    for kind in KINDS:
        statuses = []
        for endpoint in vendor.contract.endpoints:
            method, path, arguments = refused(mock, (vendor, endpoint), kind) or ("", "", {})
            for _ in range(REPEATED if method else 0):
                async with mock.client.request(method, path, **arguments) as response:
                    statuses.append(response.status)
        refusals = [status for status in statuses if status >= 400]

        assert alive() <= 5, f"{kind}: of {len(statuses)} requests"
        assert len(refusals) >= len(statuses) * (REPEATED - 1) / REPEATED, f"{kind}: {statuses}"
        assert refusals or kind not in ALWAYS


LISTS = [
    (vendor, endpoint) for vendor in load() for endpoint in vendor.contract.endpoints if endpoint.start_field
]


def name(pair: Any) -> str:
    """A test id a person can read."""
    return f"{pair[0].label}.{pair[1].name}"


async def add(mock: Any, *faults: dict[str, Any]) -> Any:
    """Add faults over the admin API; return the status and the answer."""
    async with mock.client.post("/__admin/tenants/default/faults", json=list(faults)) as response:
        return response.status, await response.json()


@pytest.mark.parametrize(
    "kind",
    [
        "latency",
        "duplicate_header",
        "content_type",
        "truncate",
        "empty_page",
        "expired_cursor",
        "no_end",
        "session_arrives",
    ],
)
@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_as_many_faults_as_can_be_armed_strike_at_once(serve: Any, pair: Any, kind: str) -> None:
    """A thousand faults compose; the mock itself does not fail."""
    mock = await serve(world={"sessions": 5})
    own: dict[str, dict[str, Any]] = {
        "latency": {"seconds": 0},
        "duplicate_header": {"header": "X-Number", "value": "1"},
    }
    status, answer = await add(mock, *[{"kind": kind, **own.get(kind, {})}] * MOST_ARMED)
    with suppress(ClientError):  # A truncated body is one, and a thousand headers are.
        await mock.ask(*pair, all_rows_params(mock.tenant, pair[1]))
    async with mock.client.get("/__admin/tenants/default/journal") as response:
        (exchange,) = (await response.json())["exchanges"]

    assert (status, exchange["failed"]) == (201, False), answer


async def test_more_faults_than_can_be_armed_are_refused(serve: Any) -> None:
    """The answer says how many there may be, and none of them is active."""
    mock = await serve()
    status, answer = await add(mock, *[{"kind": "empty_body"} for _ in range(MOST_ARMED + 1)])

    assert (status, f"at most {MOST_ARMED:,}" in answer["detail"]) == (400, True)
    assert (await add(mock, {"kind": "empty_body"}))[0] == 201


@pytest.mark.parametrize("seconds", [MOST_SECONDS + 1, 10**12, 10**15])
async def test_retry_after_beyond_a_century_is_refused_when_armed(serve: Any, seconds: int) -> None:
    """The error names the argument."""
    status, answer = await add(
        await serve(), {"kind": "status", "retry_after": seconds, "retry_form": "date"}
    )

    assert status == 400
    assert "retry_after" in answer["detail"]


@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_retry_after_of_a_century_is_a_date_at_the_end_of_time(serve: Any, pair: Any) -> None:
    """The latest date that a clock and an argument allow is told, in every vendor's shape."""
    mock = await serve()
    mock.tenant.clock.freeze(LATEST)
    await add(mock, {"kind": "status", "retry_after": MOST_SECONDS, "retry_form": "date"})
    path, arguments = mock.parts(*pair, dict(pair[1].example))
    async with mock.client.request(pair[1].method, path, **arguments) as response:
        assert (response.status, response.headers["Retry-After"][-17:]) == (503, "2199 00:00:00 GMT"[-17:])


@pytest.mark.parametrize(
    "pair", [(vendor, endpoint) for vendor in every() for endpoint in vendor.contract.endpoints], ids=name
)
async def test_clock_that_runs_away_stays_at_the_end_of_time(serve: Any, pair: Any) -> None:
    """Whatever its rate, every instant can be written as a date: vendors answer, and so does the admin API."""
    mock = await serve(pair[0])
    mock.tenant.clock.scale(1e300)
    status, body = await mock.ask(*pair, dict(pair[1].example))
    async with mock.client.get("/__admin/tenants/default/clock") as response:
        now = (await response.json())["now"]

    assert status in (200, 404, 201), body
    assert now == "2100-01-01T00:00:00Z"


@pytest.mark.parametrize(
    "value", ["9" * 5000, "Fri, 31 Dec 99999 23:59:59 GMT", "Sun, 00 Jan 0000 00:00:00 GMT", "-1", "x"]
)
async def test_retry_after_that_is_no_date_is_no_wait(
    serve: Any, caplog: pytest.LogCaptureFixture, value: str
) -> None:
    """What a fault makes of the header is judged without an error."""
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
    for vendor in every()
    for behavior in vendor.contract.behaviors
    if behavior.unit and behavior.unit != "milliseconds"
}


@pytest.mark.parametrize(
    "pair", [(vendor, endpoint) for vendor in every() for endpoint in vendor.contract.endpoints], ids=name
)
async def test_greatest_choices_are_answered(serve: Any, pair: Any) -> None:
    """No number that can be chosen, such as days or requests, leads out of what can be computed; a greater one is refused."""
    names = {behavior.name for behavior in pair[0].contract.behaviors} & NUMBERS.keys()
    mock = await serve(pair[0], behaviors=dict.fromkeys(names, MOST))
    status, body = await mock.ask(*pair, dict(pair[1].example))
    async with mock.client.patch(
        "/__admin/tenants/default/behaviors", json=dict.fromkeys(names, MOST + 1)
    ) as response:
        refused = response.status

    assert status in (200, 201, 404), body
    assert refused == (400 if names else 200)


async def test_dribble_without_a_pause_lets_others_in_between(serve: Any) -> None:
    """A body of many pieces is still on its way when another tenant's request, sent after the first piece, has been answered."""
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
async def test_har_export_in_pieces_is_one_document(serve: Any, count: int) -> None:
    """An export is written an exchange at a time, so that others are answered in between; all pieces are one archive."""
    mock = await serve()
    for _ in range(count):
        await mock.ask(*LISTS[0], dict(LISTS[0][1].example))
    async with mock.client.get("/__admin/tenants/default/journal?format=har") as response:
        log = json.decode(await response.read())["log"]

    assert log["version"] == "1.2"
    assert [entry["_number"] for entry in log["entries"]] == list(range(1, count + 1))
