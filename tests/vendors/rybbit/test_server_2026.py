"""What is particular to Rybbit's server of 2026."""

from collections.abc import Callable
from time import perf_counter
from typing import Any

import pytest
from msgspec import json

from mockserver.server.faults.registry import read
from mockserver.vendors.rybbit.sorting import SORTED_AT_MOST, SORTS
from mockserver.world.world import without_sessions
from tests.vendors.rybbit.asking import filters, tracked, world
from tests.vendors.rybbit.speaking import FAILED, MOST, Dialect, Row, some

SERVER = Dialect("server-2026")


def test_a_row_has_the_fields_of_2026() -> None:
    """Behind those of 2025; only the zone says anything."""
    row = SERVER.everyone[0]

    assert list(row)[-8:] == [
        "button_clicks",
        "copies",
        "form_submits",
        "input_changes",
        "tag",
        "timezone",
        "device_model",
        "app_version",
    ]
    assert "/" in row["timezone"]


LATER: list[tuple[tuple[str, str, list[Any]], Callable[[Row], bool]]] = [
    (("browser", "starts_with", ["Chr", "Fire"]), lambda row: row["browser"].startswith(("Chr", "Fire"))),
    (("browser", "ends_with", ["me"]), lambda row: row["browser"].endswith("me")),
    (("utm_source", "is_null", []), lambda row: row["utm_source"] == ""),
    (("utm_source", "is_not_null", ["x"]), lambda row: row["utm_source"] != ""),
    (("lat", "is_null", []), lambda _: False),
    (("lat", "is_not_null", []), lambda _: True),
    (("lat", "greater_than_or_equal", [51.5074]), lambda row: row["lat"] >= 51.5074),
    (("lat", "less_than_or_equal", ["51.5074"]), lambda row: row["lat"] <= 51.5074),
    (("browser", "not_equals", ["Chrome", "Safari"]), lambda row: row["browser"] not in {"Chrome", "Safari"}),
    (("browser", "contains", ["%"]), lambda _: False),
    (("tag", "equals", ["x"]), lambda _: False),
    (("feature_flag:new", "equals", [""]), lambda _: True),
    (("timezone", "equals", ["Europe/London"]), lambda row: row["timezone"] == "Europe/London"),
]


@pytest.mark.parametrize(("each", "holds"), LATER, ids=[str(each) for each, _ in LATER])
def test_later_filters_find_what_brute_force_finds(
    each: tuple[str, str, list[Any]], holds: Callable[[Row], bool]
) -> None:
    """In the list, and in the places."""
    found = SERVER.ids(some(), filters=filters(each))

    assert found == SERVER.matching(holds)
    assert SERVER.places(some(), filters=filters(each)) == len(found)


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "{}",
        "[5]",
        filters(("nope", "equals", ["x"])),
        filters(("browser", "equals", [])),
        filters(("browser", "regex", ["("])),
    ],
)
def test_what_is_wrong_with_filters_is_not_told(text: str) -> None:
    """A 500 of the endpoint's own text."""
    assert SERVER.refusal("list_sessions", some(), filters=text) == FAILED
    assert SERVER.refusal("list_session_locations", some(), filters=text) == (
        500,
        {"error": "Failed to fetch session locations"},
    )


OPTIONS: list[tuple[dict[str, str], Callable[[Row], bool]]] = [
    ({"min_pageviews": "5"}, lambda row: row["pageviews"] >= 5),
    ({"max_pageviews": "5"}, lambda row: row["pageviews"] <= 5),
    ({"min_pageviews": "2", "max_pageviews": "4.5"}, lambda row: 2 <= row["pageviews"] <= 4.5),
    ({"min_events": "3"}, lambda row: row["events"] >= 3),
    ({"max_events": "0"}, lambda row: row["events"] == 0),
    ({"max_duration": "0"}, lambda row: row["session_duration"] == 0),
    ({"min_pageviews": "1e400"}, lambda _: False),
    ({"max_pageviews": "1e400"}, lambda _: True),
    ({"view": "all"}, lambda _: True),
    ({"view": "identified"}, lambda row: row["identified_user_id"] != ""),
    ({"view": "replay"}, lambda _: False),
    ({"view": "converted"}, lambda _: False),
    (
        {"view": "bounced"},
        lambda row: row["pageviews"] == 1 and row["events"] + row["errors"] + row["outbound"] == 0,
    ),
    ({"view": "errors"}, lambda row: row["errors"] > 0),
    ({"view": "errors", "min_pageviews": "4"}, lambda row: row["errors"] > 0 and row["pageviews"] >= 4),
    ({"include_goals": "true"}, lambda _: True),
]


@pytest.mark.parametrize(("query", "holds"), OPTIONS, ids=[str(query) for query, _ in OPTIONS])
def test_options_find_what_brute_force_finds(query: dict[str, str], holds: Callable[[Row], bool]) -> None:
    """All of them must hold."""
    assert SERVER.ids(some(), **query) == SERVER.matching(holds)


@pytest.mark.parametrize("seconds", [1, 60, 1800])
def test_bounds_of_the_duration_hold_for_what_is_told(seconds: int) -> None:
    """Each session but those within a second of the bound is on one side of it."""
    least, most = (SERVER.rows(some(), **{name: str(seconds)}) for name in ("min_duration", "max_duration"))
    lengths = [row["session_duration"] for row in SERVER.everyone]

    assert (
        min(row["session_duration"] for row in least)
        >= seconds
        >= max(row["session_duration"] for row in most)
    )
    assert (
        sum(length > seconds for length in lengths)
        <= len(least)
        <= sum(length >= seconds for length in lengths)
    )
    assert (
        sum(length < seconds for length in lengths)
        <= len(most)
        <= sum(length <= seconds for length in lengths)
    )


WRONG = [
    ({"min_pageviews": "x"}, "Invalid min_pageviews: Expected number, received nan"),
    ({"max_duration": "-1"}, "Invalid max_duration: Number must be greater than or equal to 0"),
    ({"sort_order": "up"}, "Invalid sort_order: Invalid enum value. Expected 'asc' | 'desc', received 'up'"),
    (
        {"include_goals": "1"},
        "Invalid include_goals: Invalid enum value. Expected 'true' | 'false', received '1'",
    ),
    ({"start_date": "2026-09-01", "view": "x"}, "start_date and end_date must be provided together"),
    (
        {"sort_by": "x", "filters": "x"},
        "Invalid sort_by: Invalid enum value. Expected 'started' | 'ended' | 'duration' | 'pageviews' | 'events' | 'errors', received 'x'",
    ),
]


@pytest.mark.parametrize(("query", "message"), WRONG, ids=[message for _, message in WRONG])
def test_options_that_cannot_be_read_are_refused(query: dict[str, str], message: str) -> None:
    """In zod's words, behind times and before filters."""
    assert SERVER.refusal("list_sessions", some(), **query) == (400, {"error": message})


def test_one_session_is_found_by_its_id() -> None:
    """If it meets all else; what was deleted, what is none and what is of a bot is not found."""
    for told in (some(), tracked()):
        for row in SERVER.rows(told, limit=3) + SERVER.rows(told)[-3:]:
            assert SERVER.rows(told, session_id=row["session_id"]) == [row]
    row = SERVER.everyone[5]
    gone = without_sessions(some(), 0, [int(row["session_id"], 16)])

    assert SERVER.rows(some(), session_id=row["session_id"], min_pageviews=str(row["pageviews"] + 1)) == []
    assert (
        SERVER.rows(some(), session_id=row["session_id"], start_date="1999-01-01", end_date="1999-01-02")
        == []
    )
    assert SERVER.rows(some(), session_id="nobody's") == SERVER.rows(some(), session_id="0" * 14) == []
    assert SERVER.rows(gone, session_id=row["session_id"]) == []


KEYS: dict[str, Callable[[Row], Any]] = {
    "started": lambda row: row["session_start"],
    "ended": lambda row: row["session_end"],
    "duration": lambda row: row["session_duration"],
    "pageviews": lambda row: row["pageviews"],
    "events": lambda row: row["events"],
    "errors": lambda row: row["errors"],
}


@pytest.mark.parametrize("profile", ["default", "awkward", "tracked"])
@pytest.mark.parametrize("by", SORTS)
def test_every_order_is_what_sorting_gives(by: str, profile: str) -> None:
    """Greatest first, then latest end; upwards it is the same from its other end, and pages of any size tile it."""
    told = tracked() if profile == "tracked" else world(profile, sessions=150)
    down, up = (SERVER.rows(told, sort_by=by, sort_order=way) for way in ("desc", "asc"))
    values = [KEYS[by](row) for row in down]
    pages = [SERVER.rows(told, sort_by=by, limit=7, page=number) for number in range(1, len(down) // 7 + 3)]

    assert sorted(row["session_id"] for row in down) == sorted(SERVER.ids(told))
    assert values == sorted(values, reverse=True)
    assert up == down[::-1]
    assert [row for page in pages for row in page] == down
    assert SERVER.rows(told, sort_by=by, sort_order="asc", limit=7, page=3) == up[14:21]
    if by != "started":
        ends = [(KEYS[by](row), row["session_end"], row["session_start"], row["session_id"]) for row in down]
        assert ends == sorted(ends, reverse=True)


def test_ended_is_the_order_when_nobody_says() -> None:
    """Latest first."""
    assert SERVER.everyone == SERVER.rows(some(), sort_by="ended", sort_order="desc")
    assert SERVER.rows(some(), sort_order="asc") == SERVER.everyone[::-1]


@pytest.mark.parametrize("by", sorted(set(SORTS) - {"duration"}))
def test_orders_do_not_cost_more_in_a_larger_world(by: str) -> None:
    """A page of a billion sessions, somewhere in the middle."""
    told = world(sessions=10**9)
    SERVER.rows(told, sort_by=by, limit=10)
    began = perf_counter()
    rows = SERVER.rows(told, sort_by=by, limit=100, page=1_000_000)

    assert len(rows) == 100
    assert perf_counter() - began < 3
    assert [KEYS[by](row) for row in rows] == sorted((KEYS[by](row) for row in rows), reverse=True)


def test_a_world_too_large_to_sort_is_refused_honestly() -> None:
    """The mock says that it is its own bound, and how many there are."""
    told = world(sessions=SORTED_AT_MOST + 1)
    status, body = SERVER.refusal("list_sessions", told, sort_by="duration")

    assert status == 400
    assert (
        "session-mock sorts at most 10,000 sessions by duration, and this request finds 10,001"
        in body["error"]
    )
    assert len(SERVER.rows(told, sort_by="duration", view="errors", limit=3)) == 3
    assert len(SERVER.rows(world(sessions=SORTED_AT_MOST), sort_by="duration", limit=MOST)) == SORTED_AT_MOST


# Limits.


async def test_a_burst_and_a_day_have_limits(serve: Any) -> None:
    """Both are reported with every answer to a key; what the burst refuses does not count for the day."""
    mock = await serve(SERVER.vendor, behaviors={"rybbit.burst_limit": 2, "rybbit.daily_limit": 4})
    endpoint, told = SERVER.vendor.endpoint("list_sessions"), []
    path, arguments = mock.parts(SERVER.vendor, endpoint, {"limit": 1, "page": 9999})
    for milliseconds in (0, 0, 0, 200, 0, 400, 0):
        mock.tenant.clock.advance(milliseconds)
        async with mock.client.get(path, **arguments) as response:
            left = [int(response.headers[f"X-RateLimit-{tier}-Remaining"]) for tier in ("Burst", "Daily")]
            body = json.decode(await response.read())
            told.append((response.status, left, body.get("scope"), response.headers.get("Retry-After")))

    assert told == [
        (200, [1, 3], None, None),
        (200, [0, 2], None, None),
        (429, [0, 2], "burst", "1"),
        (200, [0, 1], None, None),
        (429, [0, 1], "burst", "1"),
        (200, [1, 0], None, None),
        (429, [0, 0], "daily", "86400"),
    ]


async def test_what_a_limit_refuses_says_when_to_come_again(serve: Any) -> None:
    """The body is the documented one; the general headers are those of the limit with the least left."""
    mock = await serve(SERVER.vendor, behaviors={"rybbit.burst_limit": 50, "rybbit.daily_limit": 5_000})
    endpoint = SERVER.vendor.endpoint("list_sessions")
    path, arguments = mock.parts(SERVER.vendor, endpoint, {"limit": 1, "page": 9999})
    statuses = [(await mock.ask(SERVER.vendor, endpoint, {"limit": 1, "page": 9999}))[0] for _ in range(50)]
    async with mock.client.get(path, **arguments) as response:
        headers = {name: value for name, value in response.headers.items() if "RateLimit" in name}

        assert (response.status, await response.read()) == (
            429, b'{"error":"Rate limit exceeded","scope":"burst","limit":50,"retryAfter":1}',
        )  # fmt: skip

    assert set(statuses) == {200}
    assert headers == {
        "X-RateLimit-Burst-Limit": "50", "X-RateLimit-Burst-Remaining": "0", "X-RateLimit-Burst-Reset": "10",
        "X-RateLimit-Daily-Limit": "5000", "X-RateLimit-Daily-Remaining": "4950", "X-RateLimit-Daily-Reset": "86400",
        "RateLimit-Limit": "50", "RateLimit-Remaining": "0", "RateLimit-Reset": "10",
    }  # fmt: skip


async def test_nobody_without_a_key_is_told_of_limits(serve: Any) -> None:
    """Neither with a wrong one."""
    mock = await serve(SERVER.vendor, behaviors={"rybbit.burst_limit": 50})
    path, _ = mock.parts(SERVER.vendor, SERVER.vendor.endpoint("list_sessions"), {})
    async with mock.client.get(path, headers={"Authorization": "Bearer nobody's"}) as response:
        assert (response.status, await response.read()) == (403, b'{"error":"Forbidden"}')
        assert not [name for name in response.headers if "RateLimit" in name]


async def test_limits_of_the_hosted_service_are_on_where_somebody_wants_them(serve: Any) -> None:
    """By default a clock that stands lets any number of requests through; what the service documents is known."""
    mock = await serve(SERVER.vendor)
    statuses = {
        (await mock.ask(SERVER.vendor, SERVER.vendor.endpoint("list_sessions"), {"limit": 1}))[0]
        for _ in range(60)
    }

    assert statuses == {200}
    assert [
        getattr(limit, "documented", None) for limit in SERVER.vendor.endpoint("list_sessions").limits
    ] == [50, 5_000]


async def test_a_bucket_that_is_off_owes_nothing_when_it_comes_on(serve: Any) -> None:
    """Requests that were let through while any number was took no token."""
    mock = await serve(SERVER.vendor)
    endpoint = SERVER.vendor.endpoint("list_sessions")
    for _ in range(60):
        await mock.ask(SERVER.vendor, endpoint, {"limit": 1})
    mock.tenant.set_behaviors({"rybbit.burst_limit": 2})
    mock.served.changed()
    statuses = [(await mock.ask(SERVER.vendor, endpoint, {"limit": 1}))[0] for _ in range(3)]

    assert statuses == [200, 200, 429]


async def test_an_unknown_site_is_looked_up_before_anything_is_counted(serve: Any) -> None:
    """It is a 404 even where no request is left, and takes none."""
    mock = await serve(SERVER.vendor, behaviors={"rybbit.burst_limit": 1})
    endpoint = SERVER.vendor.endpoint("list_sessions")
    asked = [{"site": "zzzzzzz"}, {}, {}, {"site": "zzzzzzz"}]

    assert [(await mock.ask(SERVER.vendor, endpoint, each))[0] for each in asked] == [404, 200, 429, 404]


async def test_an_injected_429_says_the_same_in_body_and_header(serve: Any) -> None:
    """With the headers that the endpoint sends with every answer."""
    mock = await serve(SERVER.vendor)
    mock.tenant.faults.add(read({"kind": "status", "status": 429, "retry_after": 30}))
    path, arguments = mock.parts(SERVER.vendor, SERVER.vendor.endpoint("list_sessions"), {})
    async with mock.client.get(path, **arguments) as response:
        body = await response.json()

    assert (response.headers["Retry-After"], body["retryAfter"]) == ("30", 30)
    assert response.headers["Content-Type"] == "application/json; charset=utf-8"


async def test_a_page_that_is_cut_is_full(serve: Any) -> None:
    """The last page is the one with fewer rows than the vendor ever gives, whatever was asked for."""
    mock = await serve(SERVER.vendor, world={"sessions": 10_000})
    mock.tenant.faults.add(read({"kind": "status", "status": 503, "page": "last"}))
    endpoint = SERVER.vendor.endpoint("list_sessions")
    statuses = [
        (await mock.ask(SERVER.vendor, endpoint, {"limit": 20_000, "page": page}))[0] for page in (1, 2)
    ]
    mock.tenant.faults.clear()
    for page in (1, 2):
        await mock.ask(SERVER.vendor, endpoint, {"limit": 20_000, "page": page})

    assert statuses == [200, 503]
    assert "page-after-last" not in {
        finding.name for exchange in mock.tenant.journal for finding in exchange.findings
    }
