"""Change clocks over HTTP; everything that depends on time follows."""

from collections import Counter
from contextlib import suppress
from email.utils import parsedate_to_datetime
from itertools import count
from time import perf_counter
from typing import Any

import pytest
from aiohttp import ClientError

from mockserver._util.clock import Clock, wall
from mockserver._util.json_paths import get_at
from mockserver.rows.datetimes import parse_instant
from mockserver.world.model.query import Query
from tests.server.admin.api import DEFAULT, LISTS, ONE, ROWS, WINDOWS, AdminApi, Pair, format_id
from tests.server.admin.conftest import ServeAdmin

CLOCK = f"{DEFAULT}/clock"
NOON = "2026-09-10T12:00:00Z"
FLOWING = {"sessions_per_day": 2_400, "bots_percent": 10}
MINUTE = 60
HOUR = 3_600
DAY = 86_400
NO_DURATIONS: list[Any] = ["", "1h30", "30m1h", "-1h", "1 h", "h", "1w", "\u0661s", -1, None, []]
WRONG_DURATIONS = [*NO_DURATIONS, 10**12, "9" * 400 + "h", "30000d", 10**300]
WRONG_INSTANTS: list[Any] = ["noon", "2200-01-01", -1, 4_102_444_800_001, 1.5, True, None]
WRONG_RATES: list[Any] = [-1, 86_401, "60", None]
NO_CHANGES: list[Any] = [{}, [], {"action": "set"}, {"action": "advance"}, {"action": "rate"}, {"now": NOON}]


def milliseconds(result: str) -> int:
    """Return an instant as Unix milliseconds."""
    found = parse_instant(result)
    assert found is not None
    return found


async def update_clock(admin: AdminApi, action: str, **more: Any) -> tuple[str, float, str]:
    """Change the default tenant's clock; return time, rate and mode, which stay if it is frozen."""
    result = await admin.change("PUT", CLOCK, {"action": action, **more})
    if result["mode"] == "frozen":
        assert await admin.get(CLOCK) == result
    return result["now"], result["rate"], result["mode"]


async def test_clock_actions_change_time_and_mode(serve_admin: ServeAdmin) -> None:
    """The clock of another tenant does not change."""
    admin = await serve_admin(now=NOON, tenants={"other": {"now": NOON}})

    assert await update_clock(admin, "freeze") == (NOON, 0, "frozen")
    assert await update_clock(admin, "freeze", now="2026-09-11T12:00:00+02:00") == (
        "2026-09-11T10:00:00Z",
        0,
        "frozen",
    )
    assert await update_clock(admin, "set", now=1_000) == ("1970-01-01T00:00:01Z", 0, "frozen")
    assert await update_clock(admin, "advance", seconds=1.5) == ("1970-01-01T00:00:02.500Z", 0, "frozen")
    assert (await update_clock(admin, "rate", rate=60))[1:] == (60, "running")
    assert (await update_clock(admin, "rate", rate=0))[1:] == (0, "frozen")
    assert (await update_clock(admin, "system"))[1:] == (1, "system")
    assert (await update_clock(admin, "advance", seconds="1h"))[1:] == (1, "running")
    assert (await update_clock(admin, "set", now=NOON))[1:] == (1, "running")
    assert await update_clock(admin, "reset") == (NOON, 0, "frozen")
    assert (await admin.get("/tenants/other/clock"))["now"] == NOON


async def test_clock_with_rate_runs_faster(serve_admin: ServeAdmin) -> None:
    """At one day per second, to the millisecond."""
    admin = await serve_admin(now=NOON)
    await update_clock(admin, "rate", rate=DAY)
    here = []
    there = []
    for _ in range(10):
        here.append(perf_counter())
        there.append(milliseconds((await admin.get(CLOCK))["now"]) / 1_000)
    here.append(perf_counter())

    assert here[9] - here[1] - 0.002 <= (there[9] - there[0]) / DAY <= here[10] - here[0] + 0.002


@pytest.mark.parametrize(
    ("duration", "seconds"),
    [
        *(
            (0, 0),
            (90, 90),
            (0.25, 0.25),
            ("90", 90),
            ("1.5", 1.5),
            ("90s", 90),
            ("1h", HOUR),
            ("1d12h", 36 * HOUR),
        ),
        *(
            ("1.5h", 90 * MINUTE),
            ("1h30m", 90 * MINUTE),
            ("1d2h3m4.5s", DAY + 2 * HOUR + 3 * MINUTE + 4.5),
            ("0s", 0),
        ),
    ],
    ids=repr,
)
async def test_clock_advances_by_seconds_or_units(
    serve_admin: ServeAdmin, duration: Any, seconds: float
) -> None:
    admin = await serve_admin(now=NOON)
    result, _, _ = await update_clock(admin, "advance", seconds=duration)

    assert milliseconds(result) - milliseconds(NOON) == seconds * 1_000


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {},
            (
                "action is missing; expected one of freeze, set, advance, rate, system, reset,"
                ' such as {"action": "freeze"}'
            ),
        ),
        ([], "expected an object, got an array"),
        ({"action": "set"}, "now is missing; expected an instant: ISO 8601 text, or Unix milliseconds"),
        (
            {"action": "advance", "seconds": None},
            "seconds must be a number of seconds, or a text such as 1h, 90s or 1d12h, got null",
        ),
        ({"action": "rate", "rate": "x"}, "rate must be a number from 0 to 86400, got a string"),
    ],
    ids=str,
)
async def test_malformed_clock_change_is_explained(
    serve_admin: ServeAdmin, change: Any, message: str
) -> None:
    assert (
        f"body: {message}"
        == (await (await serve_admin()).assert_rejected("PUT", CLOCK, change)).json["detail"]
    )


@pytest.mark.parametrize(
    ("change", "near"),
    [
        *(({"action": "advance", "seconds": each}, None) for each in WRONG_DURATIONS),
        *(({"action": "set", "now": each}, None) for each in WRONG_INSTANTS),
        *(({"action": "rate", "rate": each}, None) for each in WRONG_RATES),
        ({"action": "freeze", "now": "1969-12-31"}, None),
        ({"action": "freez"}, "freeze"),
        ({"action": "freeze", "nw": NOON}, "now"),
        ({"action": 3}, None),
        *((each, None) for each in NO_CHANGES),
    ],
    ids=repr,
)
async def test_invalid_clock_change_leaves_clock(
    serve_admin: ServeAdmin, change: Any, near: str | None
) -> None:
    admin = await serve_admin(now=NOON)
    result = await admin.assert_rejected("PUT", CLOCK, change)

    assert result.problem == (400, "invalid-request", near)


async def read_expected_rows(admin: AdminApi, pair: Pair) -> Counter[Any]:
    """Count the sessions of an endpoint by second of their start, or in total if rows are counts."""
    result = (
        await admin.send("POST", f"{DEFAULT}/expected", {"vendor": pair[0].name, "endpoint": pair[1].name})
    ).rows
    if pair[1].count_field:
        return Counter({0: sum(row[pair[1].count_field] for row in result)})
    return start_times(pair, result)


def start_times(pair: Pair, rows: list[Any]) -> Counter[Any]:
    """Count sessions by the Unix second of their start."""
    return Counter(
        (milliseconds(result) if isinstance(result, str) else result) // 1_000
        for result in (row[str(pair[1].start_field)] for row in rows)
    )


@pytest.mark.parametrize(
    "pair", [pair for pair in ROWS if pair[1].start_field or pair[1].count_field], ids=format_id
)
async def test_advancing_clock_by_one_hour_reveals_exactly_that_hour(
    serve_admin: ServeAdmin, pair: Pair
) -> None:
    """Rows returned before are returned after."""
    admin = await serve_admin(world=FLOWING, now=NOON)
    sites = admin.mock.tenant.world.sites[: 1 if pair[1].site or pair[1].start_field else None]
    noon = milliseconds(NOON)
    expected = sum(
        site.find(Query(), noon + HOUR * 1_000).total - site.find(Query(), noon).total for site in sites
    )
    before = await read_expected_rows(admin, pair)
    await update_clock(admin, "advance", seconds="1h")
    after = await read_expected_rows(admin, pair)

    assert before
    assert expected > 50
    assert not before - after
    assert (after - before).total() == expected
    if pair[1].start_field:
        assert (
            max(before) <= noon // 1_000 <= min(after - before) <= max(after - before) <= noon // 1_000 + HOUR
        )


@pytest.mark.parametrize("pair", LISTS, ids=format_id)
async def test_default_range_follows_clock(serve_admin: ServeAdmin, pair: Pair) -> None:
    """Without a range a vendor returns sessions that have started, at four times in any order."""
    admin = await serve_admin(world=FLOWING, now=NOON)
    result: dict[str, Counter[Any]] = {}
    for day in ("2026-09-20", "2026-09-05", "2027-01-01", "2026-09-20"):
        now, _, _ = await update_clock(admin, "set", now=day)
        answer = await admin.send_vendor_request("default", pair)
        found = start_times(pair, get_at(answer.json, pair[1].rows_path))

        assert found
        assert max(found) * 1_000 <= milliseconds(now)
        assert result.setdefault(day, found) == found
    await update_clock(admin, "set", now="2026-08-31")

    assert len(set(map(str, result.values()))) == 3
    assert get_at((await admin.send_vendor_request("default", pair)).json, pair[1].rows_path) == []


async def test_journal_and_retry_after_follow_clock(serve_admin: ServeAdmin) -> None:
    admin = await serve_admin(now=NOON)
    await admin.change(
        "POST",
        f"{DEFAULT}/faults",
        {"kind": "status", "status": 503, "retry_after": 120, "retry_form": "date"},
    )
    result = []
    for now in ("2031-05-05T05:05:05Z", "2001-01-01T00:00:00Z"):
        await update_clock(admin, "set", now=now)
        answer = await admin.send_vendor_request("default", ONE)
        retry = parsedate_to_datetime(answer.headers["Retry-After"]).timestamp() * 1_000
        result.append(retry - milliseconds(now))
    journal = (await admin.get(f"{DEFAULT}/journal"))["exchanges"]

    assert result == [120_000, 120_000]
    assert [each["at"] for each in journal] == ["2031-05-05T05:05:05.000Z", "2001-01-01T00:00:00.000Z"]


async def test_exchanges_have_real_time_while_clock_is_set_back(serve_admin: ServeAdmin) -> None:
    """A waterfall of the archive has them in the order in which they arrived."""
    admin = await serve_admin(now=NOON)
    began = wall()
    for now in ("2031-05-05T05:05:05Z", "2001-01-01T00:00:00Z"):
        await update_clock(admin, "set", now=now)
        await admin.send_vendor_request("default", ONE)
    await admin.mock.client.get("/nothing")
    ended = wall()
    for path in (f"{DEFAULT}/journal", "/journal"):
        journal = (await admin.get(path))["exchanges"]
        entries = (await admin.get(f"{path}?format=har"))["log"]["entries"]
        real = [milliseconds(each["real_time"]) for each in journal]

        assert journal
        assert real == sorted(real)
        assert began - 1_000 <= real[0] <= real[-1] <= ended + 1_000  # Another reading of the system time.
        assert [entry["startedDateTime"] for entry in entries] == [each["real_time"] for each in journal]
        assert [entry["_at"] for entry in entries] == [each["at"] for each in journal]


@pytest.mark.parametrize(
    ("fault", "waits", "receives"),
    [
        ({"kind": "latency", "seconds": 0.02}, True, False),
        ({"kind": "dribble", "pieces": 3, "pause": 0.01}, False, True),
        ({"kind": "stall", "where": "headers"}, False, True),
        ({"kind": "stall"}, True, False),
        ({"kind": "status"}, False, False),
    ],
    ids=str,
)
async def test_archive_has_time_before_and_after_first_byte(
    serve_admin: ServeAdmin, fault: Any, *, waits: bool, receives: bool
) -> None:
    admin = await serve_admin()
    await admin.change("POST", "/tenants", {"name": "other", "stall_timeout": 0.2, "faults": [fault]})
    with suppress(ClientError):
        await admin.send_vendor_request("other", ONE)
    [entry] = (await admin.get("/tenants/other/journal?format=har"))["log"]["entries"]
    timings = entry["timings"]

    assert sum(timings.values()) == pytest.approx(entry["time"])
    assert entry["time"] >= 20 * (waits or receives)
    assert (timings["wait"] >= 20) >= waits
    assert (timings["receive"] >= 20) == receives


@pytest.mark.parametrize("limited", WINDOWS, ids=format_id)
async def test_window_of_limit_follows_clock(serve_admin: ServeAdmin, limited: Any) -> None:
    """The header with the end of the window follows it, too."""
    vendor, endpoint, window = limited
    admin = await serve_admin(now=NOON)
    await admin.change(
        "PATCH", f"{DEFAULT}/limits", {f"{vendor.name}.{window.pool}": {"enabled": True, "allowed": 1}}
    )
    statuses = []
    for seconds in (0, 0, window.seconds - 0.001, 0.001, 0):
        now, _, _ = await update_clock(admin, "advance", seconds=seconds)
        answer = await admin.send_vendor_request(
            "default", (vendor, endpoint), await example_params(admin, vendor, endpoint)
        )
        statuses.append(answer.status)
        if window.headers is not None:
            assert (
                int(answer.headers[window.headers[2]])
                == (milliseconds(now) // 1_000 // window.seconds + 1) * window.seconds
            )

    assert statuses == [200, 429, 429, 200, 429]


async def example_params(admin: AdminApi, vendor: Any, endpoint: Any) -> dict[str, Any]:
    """Return valid parameters of an endpoint: its example, and a session id if its path has one."""
    other_params = set(endpoint.path) - {endpoint.site}
    listed = (
        next(each for each in vendor.contract.endpoints if each.start_field is not None)
        if other_params
        else endpoint
    )
    result = (
        await admin.send("POST", f"{DEFAULT}/expected", {"vendor": vendor.name, "endpoint": listed.name})
        if other_params
        else None
    )
    return {
        **endpoint.example,
        **(dict.fromkeys(other_params, result.rows[0][listed.row_key[0]]) if result else {}),
    }


def test_system_clock_is_followed_while_it_advances() -> None:
    """A millisecond may pass between any two readings."""
    ticks = count(1_000)
    clock = Clock(wall=lambda: next(ticks))

    assert clock.uses_system_time
    assert clock.now() == 1_001
