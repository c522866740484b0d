"""Findings about requests that follow a refusal, with the correct clients that must not get them."""

import asyncio
from typing import Any

import pytest
from msgspec import json
from msgspec.structs import replace

from mockserver._util.clock import stopwatch
from mockserver.contract.limits import WindowLimit
from mockserver.server.expected.rows import all_rows_params
from mockserver.server.faults.registry import read
from mockserver.server.http.raw_request import RawRequest
from mockserver.server.journal.retry_history import (
    GRACE_NS,
    LOST,
    REFUSALS,
    WAITS,
    Refusal,
    RetryHistory,
    Sent,
    Wait,
    request_key,
)
from mockserver.server.review.retries import judge_pauses
from tests.server.asking import ALL, LISTS, Pair, name
from tests.support.limits import find_limits
from tests.support.pages import next_page_params, with_page_size

REPORTED = [each for each in find_limits(ALL, WindowLimit) if each[2].headers]
TOLD = [each[:2] for each in REPORTED if each[2].resets == "instant"]
"""Endpoints whose 429 asks to wait until an instant, which a client cannot know while the clock is frozen."""
RECORDING = [pair for pair in ALL if pair[1].body is not None and not pair[1].start_field]
NOW = 1_790_000_000_000 // 3_600_000 * 3_600_000


class Stopwatch:
    """The real stopwatch at the receipt of requests, which tests move forward."""

    def __init__(self) -> None:
        self.shift_ns = 0

    def __call__(self) -> int:
        return stopwatch() + self.shift_ns

    def advance(self, seconds: float) -> None:
        self.shift_ns += int(seconds * 1e9)


@pytest.fixture(name="real_time")
def _real_time(monkeypatch: pytest.MonkeyPatch) -> Stopwatch:
    """Move real time: requests arrive later than the responses before them were sent."""
    moved = Stopwatch()
    monkeypatch.setattr("mockserver.server.handler.stopwatch", moved)
    return moved


def found(mock: Any, number: int = 0) -> dict[str, str]:
    """Return the levels of the findings of the last exchange, or of one, by name."""
    exchange = list(mock.tenant.journal)[number - 1]
    return {finding.name: finding.level for finding in exchange.findings}


def add_status(mock: Any, status: int, **arguments: Any) -> None:
    mock.tenant.faults.add(read({"kind": "status", "status": status, **arguments}))


async def repeat(mock: Any, pair: Pair, count: int) -> list[dict[str, str]]:
    """Send a request several times, and return the findings of each."""
    results = []
    for _ in range(count):
        await mock.ask(*pair, dict(pair[1].example))
        results.append(found(mock))
    return results


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_refused_request_repeated_too_soon_is_error(serve: Any, pair: Pair, status: int) -> None:
    mock = await serve()
    mock.tenant.clock.freeze(NOW)
    add_status(mock, status, retry_after=60, times=1)
    (refused,) = await repeat(mock, pair, 1)
    mock.tenant.clock.advance(30_000)
    (soon,) = await repeat(mock, pair, 1)
    message = next(
        finding.message
        for finding in list(mock.tenant.journal)[-1].findings
        if finding.name == "retry-too-soon"
    )

    assert "retry-too-soon" not in refused
    assert soon["retry-too-soon"] == "error"
    assert message.endswith("allowed it: after 30 s instead of 60 s.")


@pytest.mark.parametrize("form", ["seconds", "date"])
@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_request_repeated_after_wait_is_not_found(serve: Any, pair: Pair, form: str) -> None:
    mock = await serve()
    mock.tenant.clock.freeze(NOW)
    add_status(mock, 503, retry_after=60, retry_form=form, times=1)
    await repeat(mock, pair, 1)
    mock.tenant.clock.advance(60_000)
    (later,) = await repeat(mock, pair, 1)

    assert "retry-too-soon" not in later


@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_wait_in_real_time_counts(serve: Any, pair: Pair, real_time: Stopwatch) -> None:
    mock = await serve()
    mock.tenant.clock.freeze(NOW)
    add_status(mock, 503, retry_after=60, times=1)
    await repeat(mock, pair, 1)
    real_time.advance(60)
    (later,) = await repeat(mock, pair, 1)

    assert "retry-too-soon" not in later


@pytest.mark.parametrize("one_client", [False, True])
@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_requests_sent_at_once_are_not_found(serve: Any, pair: Pair, one_client: Any) -> None:
    mock = await serve()
    mock.tenant.settings = replace(mock.tenant.settings, one_client=one_client)
    add_status(mock, 429, retry_after=60, after=2)
    limit = str(pair[1].pagination.limit)
    requests = [{**pair[1].example, limit: rows} for rows in range(1, 7)]
    await asyncio.gather(*(mock.ask(*pair, request) for request in requests))
    await asyncio.gather(*(mock.ask(*pair, dict(pair[1].example)) for _ in range(6)))

    names = {finding.name for exchange in mock.tenant.journal for finding in exchange.findings}
    assert len([each for each in mock.tenant.journal if each.response.status == 429]) >= 4
    assert not names & {"retry-too-soon", "hammering", "retry-of-permanent-refusal"}


@pytest.mark.parametrize(("seconds", "level"), [(0, None), (0.2, None), (0.3, "warning"), (61, None)])
@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_other_request_is_warned_about_only_after_grace(
    serve: Any, pair: Pair, seconds: float, level: str | None, real_time: Stopwatch
) -> None:
    mock = await serve()
    mock.tenant.clock.freeze(NOW)
    add_status(mock, 503, retry_after=60, times=1)
    await repeat(mock, pair, 1)
    real_time.advance(seconds)
    limit = str(pair[1].pagination.limit)
    await mock.ask(*pair, {**pair[1].example, limit: 3})

    assert found(mock).get("retry-too-soon") == level


@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_request_that_waited_is_not_found_although_another_waits_longer(
    serve: Any, pair: Pair, real_time: Stopwatch
) -> None:
    mock = await serve()
    mock.tenant.clock.freeze(NOW)
    add_status(mock, 503, retry_after=5, times=1)
    add_status(mock, 503, retry_after=60, times=1)
    limit = str(pair[1].pagination.limit)
    await mock.ask(*pair, {**pair[1].example, limit: 3})
    await mock.ask(*pair, {**pair[1].example, limit: 4})
    real_time.advance(5)
    await mock.ask(*pair, {**pair[1].example, limit: 3})

    assert "retry-too-soon" not in found(mock)


@pytest.mark.parametrize(
    ("clock", "is_found"), [("system", True), ("frozen", False), ("set", False), ("scaled", False)]
)
@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_wait_until_date_is_judged_only_on_system_clock(
    serve: Any, pair: Pair, clock: str, is_found: Any
) -> None:
    mock = await serve()
    tenant_clock = mock.tenant.clock
    tenant_clock.use_system_time()
    if clock == "frozen":
        tenant_clock.freeze(NOW)
    elif clock == "set":
        tenant_clock.set(NOW)
    elif clock == "scaled":
        tenant_clock.set_rate(60)
    add_status(mock, 503, retry_after=3600, retry_form="date")
    repeated = await repeat(mock, pair, 5)

    assert [("retry-too-soon" in each, "hammering" in each) for each in repeated] == [
        (False, False),
        *[(is_found, False)] * 2,
        *[(is_found, is_found)] * 2,
    ]


@pytest.mark.parametrize("status", [429, 500, 503])
@pytest.mark.parametrize(
    "header",
    [
        *({"set": {"Retry-After": value}} for value in ("0.5", "-1", "soon", "", "1e3", "Thu, 99 Foo 2026")),
        {"set": {"Retry-After": "60"}, "add": {"Retry-After": "1"}},
    ],
    ids=str,
)
async def test_retries_after_invalid_wait_are_not_found(
    serve: Any, header: dict[str, Any], status: int
) -> None:
    mock = await serve()
    mock.tenant.clock.use_system_time()
    mock.tenant.faults.add(read([{"kind": "header", **header}, {"kind": "status", "status": status}]))

    assert await repeat(mock, LISTS[0], 7) == [{}] * 7


@pytest.mark.parametrize("value", ["{value}000", "soon", "-1"])
@pytest.mark.parametrize("each", REPORTED, ids=name)
async def test_retries_after_invalid_reset_are_not_found(serve: Any, each: Any, value: str) -> None:
    vendor, endpoint, window = each
    mock = await serve(behaviors={window.allowed: 100})
    mock.tenant.clock.use_system_time()
    changes = dict.fromkeys(window.headers[2:], value)
    faults = [{"kind": "header", "set": changes, "drop": ["Retry-After"]}, {"kind": "status", "status": 429}]
    mock.tenant.faults.add(read(faults))
    repeated = await repeat(mock, (vendor, endpoint), 7)

    assert window.resets == "after" or repeated == [{}] * 7


@pytest.mark.parametrize("each", REPORTED, ids=name)
async def test_wait_until_reset_is_judged_only_on_system_clock(serve: Any, each: Any) -> None:
    vendor, endpoint, window = each
    results = []
    for freeze in (False, True):
        mock = await serve(behaviors={window.allowed: 1})
        mock.tenant.clock.use_system_time()
        if freeze:
            mock.tenant.clock.freeze(NOW)
        results.append(["retry-too-soon" in each for each in await repeat(mock, (vendor, endpoint), 3)])
        mock.tenant.clock.advance(window.seconds * 1000)
        (later,) = await repeat(mock, (vendor, endpoint), 1)
        assert "retry-too-soon" not in later

    assert results == [[False, False, True], [False, False, False]]


@pytest.mark.parametrize(
    ("pair", "status"),
    [(pair, status) for pair in ALL for status in (429, 500, 503) if status != 429 or pair not in TOLD],
    ids=lambda value: name(value) if isinstance(value, tuple) else None,
)
async def test_instant_repetition_is_hammering_from_third(
    serve: Any, pair: Pair, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("handler", "review.retries"):
        monkeypatch.setattr(f"mockserver.server.{module}.stopwatch", lambda: 0)
    mock = await serve()
    mock.tenant.clock.freeze(NOW)
    add_status(mock, status)
    results = [each.get("hammering") for each in await repeat(mock, pair, 6)]

    assert results == [None] * 3 + ["error"] * 3


@pytest.mark.parametrize(
    ("pauses", "is_found"),
    [
        ([0, 0, 0], True),
        ([0.2, 0.2, 0.2], True),
        ([1, 1, 1, 1, 1], False),
        ([0, 0.2, 0.4, 0.8, 1.6], False),
        ([0.1, 0.2, 0.4, 0.8, 1.6, 3.2], False),
        ([0.5, 0.1, 0.8, 0.3], False),
    ],
    ids=str,
)
@pytest.mark.parametrize("clock", ["tenant", "real"])
async def test_hammering_depends_on_pauses(
    serve: Any, pauses: list[float], is_found: Any, clock: str, real_time: Stopwatch
) -> None:
    mock = await serve()
    pair = LISTS[0]
    mock.tenant.clock.freeze(NOW)
    add_status(mock, 500)
    results = await repeat(mock, pair, 1)
    for pause in pauses:
        if clock == "tenant":
            mock.tenant.clock.advance(int(pause * 1000))
        else:
            real_time.shift_ns = int(pause * 1e9)
        results += await repeat(mock, pair, 1)

    assert any("hammering" in each for each in results) == is_found


@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_requested_pause_is_not_hammering(serve: Any, pair: Pair) -> None:
    mock = await serve()
    mock.tenant.clock.freeze(NOW)
    add_status(mock, 503, retry_after=0)

    assert [each for each in await repeat(mock, pair, 6) if "hammering" in each] == []


@pytest.mark.parametrize("status", [400, 401, 403, 404])
@pytest.mark.parametrize("pair", ALL, ids=name)
async def test_retry_of_permanent_refusal_is_found(serve: Any, pair: Pair, status: int) -> None:
    mock = await serve()
    add_status(mock, status, times=2)
    results = [each.get("retry-of-permanent-refusal") for each in await repeat(mock, pair, 4)]
    may_appear = "unknown_session" in pair[1].errors and status == 404
    level = "warning" if may_appear else "error"

    assert results[:3] == [None, level, level]


@pytest.mark.parametrize("restarts", [True, False], ids=["begun-anew", "repeated"])
@pytest.mark.parametrize("pair", [pair for pair in LISTS if pair[1].pagination.has_cursors], ids=name)
async def test_refused_cursor_may_be_repeated_after_its_list_was_begun_anew(
    serve: Any, pair: Pair, *, restarts: bool
) -> None:
    mock = await serve()
    first = with_page_size(pair[1], all_rows_params(mock.tenant, pair[1]), 3)
    _, body = await mock.ask(*pair, first)
    second = next_page_params(pair[1], first, json.decode(body))
    add_status(mock, 400, nth=1)
    await mock.ask(*pair, second)
    if restarts:
        await mock.ask(*pair, first)
    await mock.ask(*pair, second)

    assert ("retry-of-permanent-refusal" in found(mock)) is not restarts


@pytest.mark.parametrize("change", ["world", "behaviors", "faults", "clock", "request", "time"], ids=str)
@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_permanent_refusal_of_changed_tenant_or_request_may_be_retried(
    serve: Any, pair: Pair, change: str, real_time: Stopwatch
) -> None:
    mock = await serve()
    add_status(mock, 403, times=1)
    await repeat(mock, pair, 1)
    parameters = dict(pair[1].example)
    settings = mock.tenant.settings
    if change == "world":
        mock.served.replace_settings(mock.tenant, settings.with_world(settings.world))
    elif change == "behaviors":
        mock.set_behaviors({})
    elif change == "faults":
        mock.tenant.faults.clear()
    elif change == "clock":
        mock.tenant.clock.advance(3_600_000)
    elif change == "time":
        real_time.advance(61)
    else:
        parameters[str(pair[1].pagination.limit)] = 3
    await mock.ask(*pair, parameters)

    assert "retry-of-permanent-refusal" not in found(mock)


@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_permanent_refusal_after_short_pause_of_tenants_clock_is_warning(
    serve: Any, pair: Pair
) -> None:
    mock = await serve()
    mock.tenant.clock.freeze(NOW)
    add_status(mock, 401, times=1)
    await repeat(mock, pair, 1)
    mock.tenant.clock.advance(4_000)
    (retried,) = await repeat(mock, pair, 1)

    assert retried["retry-of-permanent-refusal"] == "warning"


@pytest.mark.parametrize("pair", [pair for pair in ALL if "unknown_session" in pair[1].errors], ids=name)
async def test_polling_of_unknown_session_is_warning(serve: Any, pair: Pair) -> None:
    mock = await serve()
    results = [each.get("retry-of-permanent-refusal") for each in await repeat(mock, pair, 3)]

    assert results == [None, "warning", "warning"]


@pytest.mark.parametrize("pair", RECORDING, ids=name)
async def test_event_sent_twice_after_lost_response_is_noted(serve: Any, pair: Pair) -> None:
    mock = await serve()
    mock.tenant.faults.add(read({"kind": "reset", "times": 1}))
    with pytest.raises(Exception):  # noqa: B017, PT011 -- each client has its own error
        await mock.ask(*pair, dict(pair[1].example))
    results = await repeat(mock, pair, 2)

    assert [each.get("event-sent-twice") for each in results] == ["note", None]


@pytest.mark.parametrize("pair", RECORDING, ids=name)
async def test_event_sent_twice_on_purpose_or_after_error_is_not_found(serve: Any, pair: Pair) -> None:
    mock = await serve()
    add_status(mock, 500, times=1)
    results = await repeat(mock, pair, 3)

    assert [each for each in results if "event-sent-twice" in each] == []


@pytest.mark.parametrize(("days", "is_found"), [(0, False), (300, False), (20_000, True)])
@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_absurd_wait_is_found(serve: Any, pair: Pair, days: int, is_found: Any) -> None:
    mock = await serve()
    mock.tenant.clock.freeze(NOW)
    add_status(mock, 429, retry_after=60, times=1)
    await repeat(mock, pair, 1)
    mock.tenant.clock.advance(days * 86_400_000 + 60_000)
    results = await repeat(mock, pair, 2)

    assert [each.get("absurd-wait") for each in results] == ["warning" if is_found else None, None]


@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_clock_moved_by_years_without_refusal_is_not_found(serve: Any, pair: Pair) -> None:
    mock = await serve()
    await repeat(mock, pair, 1)
    mock.tenant.clock.freeze(NOW + 10 * 365 * 86_400_000)
    (later,) = await repeat(mock, pair, 1)

    assert "absurd-wait" not in later


def test_wait_is_measured_by_the_longer_clock() -> None:
    wait = Wait(since=1_000, until=61_000, since_ns=500_000_000, last_number=1)

    assert wait.duration == 60_000
    assert wait.waited(at=31_000, started_ns=600_000_000) == 30_000
    assert wait.waited(at=1_000, started_ns=20_500_000_000) == 20_000
    assert wait.waited(at=900, started_ns=400_000_000) == 0


@pytest.mark.parametrize(
    ("pauses", "level"),
    [
        ((0, 0), None),
        ((2, 3, 5), "error"),
        ((10, 20, 40), None),
        ((20, 40, 80), None),
        ((1, 99, 1), "warning"),
        ((1, 99, 1, 40, 50), "error"),
        ((500, 480, 520), "warning"),
        ((500, 480, 520, 490, 500), "error"),
        ((100, 480, 520, 490, 500), "warning"),
        ((300, 600, 900), None),
        ((50, 300, 20), None),
        ((60, 20, 90, 300), None),
    ],
)
def test_hammering_needs_short_or_equal_pauses(pauses: tuple[int, ...], level: str | None) -> None:
    assert judge_pauses(pauses) == level


def refusal_at(ns: int) -> Refusal:
    return Refusal(
        status=429,
        sent=Sent(0, ns, 7),
        wait=None,
        is_unknown_wait=False,
        permanent=None,
        version=1,
    )


def test_request_on_unknown_connection_follows_only_after_grace() -> None:
    sent = Sent(0, 1_000, 7)

    assert not sent.was_read_before(7, 1_000 + GRACE_NS, None)
    assert not sent.was_read_before(8, 1_000 + GRACE_NS - 1, None)
    assert sent.was_read_before(8, 1_000 + GRACE_NS, None)
    assert not sent.precedes(8)
    assert sent._replace(is_alone=True).precedes(8)
    assert not sent._replace(is_alone=True).precedes(7)


def test_retry_history_is_bounded() -> None:
    history = RetryHistory()
    for number in range(2 * WAITS):
        history.record_wait(("v", number, None), Wait(0, 10_000, 0, 0))
    for number in range(2 * max(REFUSALS, LOST)):
        raw = RawRequest("GET", f"/{number}", "", "", b"")
        history.record_refusal(raw, refusal_at(0))
        history.record_lost(raw)
    first = RawRequest("GET", "/0", "", "", b"")

    assert history.find_wait(("v", 0, "e"), 5, GRACE_NS, 1) is None
    assert history.find_wait(("v", 2 * WAITS - 1, "e"), 5, GRACE_NS - 1, 1) is None
    assert history.find_wait(("v", 2 * WAITS - 1, "e"), 5, GRACE_NS, 1) is not None
    assert history.find_refusal(first) is None
    assert history.find_refusal(raw) is not None
    assert not history.pop_lost(first)
    assert history.pop_lost(raw)
    assert len(request_key(first._replace(body=b"x" * 100_000)).body) < 100


def test_version_changes_with_any_part_of_the_state() -> None:
    history = RetryHistory()
    one, other = object(), object()
    states = [(one, one, one), (one, one, one), (one, one, other), (one, other, other), (other, other, other)]
    versions = [history.version(*state) for state in states]

    assert versions == [1, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("one_client", "seconds", "is_found"), [(False, 0, False), (False, 5, True), (True, 0, True)]
)
@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_request_on_new_connection_is_retry_after_clock_moved_or_of_only_client(
    serve: Any, pair: Pair, one_client: Any, seconds: int, is_found: Any
) -> None:
    mock = await serve()
    mock.tenant.settings = replace(mock.tenant.settings, one_client=one_client)
    mock.tenant.clock.freeze(NOW)
    add_status(mock, 503, retry_after=60, times=1)
    path, arguments = mock.parts(*pair, dict(pair[1].example))
    arguments["headers"] = {**arguments.get("headers", {}), "Connection": "close"}
    for pause in (0, seconds):
        mock.tenant.clock.advance(pause * 1000)
        async with mock.client.request(pair[1].method, path, **arguments) as response:
            await response.read()

    assert ("retry-too-soon" in found(mock)) == is_found
