"""A tenant's clock is turned over HTTP, and every reader of time obeys it."""

from collections import Counter
from email.utils import parsedate_to_datetime
from itertools import count
from time import perf_counter
from typing import Any

import pytest

from mockserver._util.clock import Clock
from mockserver.rows.datetimes import instant
from mockserver.server.http.pagination import at
from mockserver.world.model.query import Query
from tests.server.admin.asking import DEFAULT, LISTS, ONE, ROWS, WINDOWS, AdminApi, Pair, name
from tests.server.admin.conftest import Steer

CLOCK = f"{DEFAULT}/clock"
NOON = "2026-09-10T12:00:00Z"
FLOWING = {"sessions_per_day": 2_400, "bots_percent": 10}
MINUTE, HOUR, DAY = 60, 3_600, 86_400
NO_DURATIONS: list[Any] = ["", "1h30", "30m1h", "-1h", "1 h", "h", "1w", "\u0661s", -1, None, []]
WRONG_DURATIONS = [*NO_DURATIONS, 10**12, "9" * 400 + "h", "30000d", 10**300]
WRONG_INSTANTS: list[Any] = ["noon", "2200-01-01", -1, 4_102_444_800_001, 1.5, True, None]
WRONG_RATES: list[Any] = [-1, 86_401, "60", None]
NO_CHANGES: list[Any] = [{}, [], {"action": "set"}, {"action": "advance"}, {"action": "scale"}, {"now": NOON}]


def milliseconds(told: str) -> int:
    """An instant as a number."""
    found = instant(told)
    assert found is not None
    return found


async def turned(admin: AdminApi, action: str, **more: Any) -> tuple[str, float, str]:
    """Turn the default tenant's clock, and what it tells then, which must be what it goes on to tell."""
    told = await admin.do("PUT", CLOCK, {"action": action, **more})
    if told["mode"] == "frozen":
        assert await admin.get(CLOCK) == told
    return told["now"], told["rate"], told["mode"]


async def test_each_action_does_what_it_says(steer: Steer) -> None:
    """A clock that stands is frozen elsewhere, set, advanced, let run and reset; another tenant's is not touched."""
    admin = await steer(now=NOON, tenants={"other": {"now": NOON}})

    assert await turned(admin, "freeze") == (NOON, 0, "frozen")
    assert await turned(admin, "freeze", now="2026-09-11T12:00:00+02:00") == (
        "2026-09-11T10:00:00Z",
        0,
        "frozen",
    )
    assert await turned(admin, "set", now=1_000) == ("1970-01-01T00:00:01Z", 0, "frozen")
    assert await turned(admin, "advance", seconds=1.5) == ("1970-01-01T00:00:02.500Z", 0, "frozen")
    assert (await turned(admin, "scale", rate=60))[1:] == (60, "running")
    assert (await turned(admin, "scale", rate=0))[1:] == (0, "frozen")
    assert (await turned(admin, "follow"))[1:] == (1, "system")
    assert (await turned(admin, "advance", seconds="1h"))[1:] == (1, "running")
    assert (await turned(admin, "set", now=NOON))[1:] == (1, "running")
    assert await turned(admin, "reset") == (NOON, 0, "frozen")
    assert (await admin.get("/tenants/other/clock"))["now"] == NOON


async def test_a_clock_that_is_scaled_runs_so_much_faster(steer: Steer) -> None:
    """At a day a second, what passes for the tenant is 86,400 times what passes here, to the millisecond."""
    admin = await steer(now=NOON)
    await turned(admin, "scale", rate=DAY)
    here, there = [], []
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
async def test_durations_are_seconds_or_say_their_units(steer: Steer, duration: Any, seconds: float) -> None:
    """A number is seconds; a text is that, or numbers with units, the largest first."""
    admin = await steer(now=NOON)
    told, _, _ = await turned(admin, "advance", seconds=duration)

    assert milliseconds(told) - milliseconds(NOON) == seconds * 1_000


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            {},
            'action is missing: say one of freeze, set, advance, scale, follow, reset, such as {"action": "freeze"}',
        ),
        ([], "it must be an object, and is a list"),
        ({"action": "set"}, "now is missing: it must be an instant: ISO 8601 text, or Unix milliseconds"),
        (
            {"action": "advance", "seconds": None},
            "seconds must be a number of seconds, or a text such as 1h, 90s or 1d12h, and is null",
        ),
        ({"action": "scale", "rate": "x"}, "rate must be a number from 0 to 86400, and is a text"),
    ],
    ids=str,
)
async def test_wrong_shape_is_told_with_what_would_be_right(steer: Steer, change: Any, says: str) -> None:
    """Which field of which action, and what it must be."""
    assert f"the body: {says}" == (await (await steer()).refused("PUT", CLOCK, change)).json["detail"]


@pytest.mark.parametrize(
    ("change", "near"),
    [
        *(({"action": "advance", "seconds": each}, None) for each in WRONG_DURATIONS),
        *(({"action": "set", "now": each}, None) for each in WRONG_INSTANTS),
        *(({"action": "scale", "rate": each}, None) for each in WRONG_RATES),
        ({"action": "freeze", "now": "1969-12-31"}, None),
        ({"action": "freez"}, "freeze"),
        ({"action": "freeze", "nw": NOON}, "now"),
        ({"action": 3}, None),
        *((each, None) for each in NO_CHANGES),
    ],
    ids=repr,
)
async def test_impossible_changes_leave_the_clock(steer: Steer, change: Any, near: str | None) -> None:
    """What is no instant, no duration, or beyond 2100 is refused with what would be right."""
    admin = await steer(now=NOON)
    told = await admin.refused("PUT", CLOCK, change)

    assert told.problem == (400, "invalid-request", near)


async def expected_rows(admin: AdminApi, pair: Pair) -> Counter[Any]:
    """How many sessions an endpoint tells by the second in which they start, or altogether where its rows count them."""
    told = (
        await admin.ask("POST", f"{DEFAULT}/expected", {"vendor": pair[0].name, "endpoint": pair[1].name})
    ).rows
    if pair[1].count_field:
        return Counter({0: sum(row[pair[1].count_field] for row in told)})
    return starts(pair, told)


def starts(pair: Pair, rows: list[Any]) -> Counter[Any]:
    """The Unix seconds at which sessions start."""
    return Counter(
        (milliseconds(told) if isinstance(told, str) else told) // 1_000
        for told in (row[str(pair[1].start_field)] for row in rows)
    )


@pytest.mark.parametrize(
    "pair", [pair for pair in ROWS if pair[1].start_field or pair[1].count_field], ids=name
)
async def test_advancing_by_an_hour_makes_exactly_that_hour_visible(steer: Steer, pair: Pair) -> None:
    """What is told before is told after, and what comes are the sessions of a flowing world that start in that hour, each of them."""
    admin = await steer(world=FLOWING, now=NOON)
    sites = admin.mock.tenant.world.sites[: 1 if pair[1].site or pair[1].start_field else None]
    noon = milliseconds(NOON)
    expected = sum(
        site.find(Query(), noon + HOUR * 1_000).total - site.find(Query(), noon).total for site in sites
    )
    before = await expected_rows(admin, pair)
    await turned(admin, "advance", seconds="1h")
    after = await expected_rows(admin, pair)

    assert before
    assert expected > 50
    assert not before - after
    assert (after - before).total() == expected
    if pair[1].start_field:
        assert (
            max(before) <= noon // 1_000 <= min(after - before) <= max(after - before) <= noon // 1_000 + HOUR
        )


@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_default_windows_and_visibility_follow_the_clock(steer: Steer, pair: Pair) -> None:
    """Asked without a range, at three instants in any order, a vendor tells sessions that have started by then, and those alone."""
    admin = await steer(world=FLOWING, now=NOON)
    told: dict[str, Counter[Any]] = {}
    for day in ("2026-09-20", "2026-09-05", "2027-01-01", "2026-09-20"):
        now, _, _ = await turned(admin, "set", now=day)
        answer = await admin.client("default", pair)
        found = starts(pair, at(answer.json, pair[1].rows_path))

        assert found
        assert max(found) * 1_000 <= milliseconds(now)
        assert told.setdefault(day, found) == found
    await turned(admin, "set", now="2026-08-31")

    assert len(set(map(str, told.values()))) == 3
    assert at((await admin.client("default", pair)).json, pair[1].rows_path) == []


async def test_journal_and_dates_of_faults_follow_the_clock(steer: Steer) -> None:
    """An exchange stands in the journal at the tenant's time, and a date after which to retry is a date of the tenant's."""
    admin = await steer(now=NOON)
    await admin.do(
        "POST",
        f"{DEFAULT}/faults",
        {"kind": "status", "status": 503, "retry_after": 120, "retry_form": "date"},
    )
    told = []
    for now in ("2031-05-05T05:05:05Z", "2001-01-01T00:00:00Z"):
        await turned(admin, "set", now=now)
        answer = await admin.client("default", ONE)
        retry = parsedate_to_datetime(answer.headers["Retry-After"]).timestamp() * 1_000
        told.append(retry - milliseconds(now))
    journal = (await admin.get(f"{DEFAULT}/journal"))["exchanges"]

    assert told == [120_000, 120_000]
    assert [each["at"] for each in journal] == ["2031-05-05T05:05:05.000Z", "2001-01-01T00:00:00.000Z"]


@pytest.mark.parametrize("limited", WINDOWS, ids=name)
async def test_windows_of_limits_follow_the_clock(steer: Steer, limited: Any) -> None:
    """A window that is full is so until the tenant's clock, and no other, is beyond its end; its header tells that end."""
    vendor, endpoint, window = limited
    admin = await steer(now=NOON)
    await admin.do(
        "PATCH", f"{DEFAULT}/limits", {f"{vendor.name}.{window.pool}": {"enabled": True, "allowed": 1}}
    )
    statuses = []
    for seconds in (0, 0, window.seconds - 0.001, 0.001, 0):
        now, _, _ = await turned(admin, "advance", seconds=seconds)
        answer = await admin.client("default", (vendor, endpoint), await known(admin, vendor, endpoint))
        statuses.append(answer.status)
        if window.headers is not None:
            assert (
                int(answer.headers[window.headers[2]])
                == (milliseconds(now) // 1_000 // window.seconds + 1) * window.seconds
            )

    assert statuses == [200, 429, 429, 200, 429]


async def known(admin: AdminApi, vendor: Any, endpoint: Any) -> dict[str, Any]:
    """Parameters with which an endpoint answers: its example, and a session's id where its path asks for one."""
    wanted = set(endpoint.path) - {endpoint.site}
    listed = (
        next(each for each in vendor.contract.endpoints if each.starts is not None) if wanted else endpoint
    )
    told = (
        await admin.ask("POST", f"{DEFAULT}/expected", {"vendor": vendor.name, "endpoint": listed.name})
        if wanted
        else None
    )
    return {**endpoint.example, **(dict.fromkeys(wanted, told.rows[0]["session_id"]) if told else {})}


def test_clock_that_follows_is_the_systems_even_while_that_goes_on() -> None:
    """Between any two readings of the system's clock, a millisecond may pass."""
    ticks = count(1_000)
    clock = Clock(wall=lambda: next(ticks))

    assert clock.follows
    assert clock.now() == 1_001
