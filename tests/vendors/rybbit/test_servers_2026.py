"""Rybbit's dialect of the server of 2026."""

from collections.abc import Callable
from itertools import chain
from time import perf_counter
from typing import Any

import pytest
from msgspec import json

from mockserver.server.faults.registry import read
from mockserver.vendors.rybbit.sorting import MAX_SORTED_BY_DURATION, SORT_BY
from mockserver.world.world import without_sessions
from tests.vendors.rybbit.client import encode_filters, make_tracked_world, make_world
from tests.vendors.rybbit.dialect_client import FAILED, LIMIT, DialectClient, Row, make_small_world

CLIENT = DialectClient("server-2026-09")


def test_row_ends_with_the_fields_of_2026() -> None:
    row = CLIENT.all_rows[0]

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


FILTERS: list[tuple[tuple[str, str, list[Any]], Callable[[Row], bool]]] = [
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


@pytest.mark.parametrize(("filter_", "holds"), FILTERS, ids=[str(filter_) for filter_, _ in FILTERS])
def test_filters_of_2026_find_what_brute_force_finds(
    filter_: tuple[str, str, list[Any]], holds: Callable[[Row], bool]
) -> None:
    found = CLIENT.list_ids(make_small_world(), filters=encode_filters(filter_))

    assert found == CLIENT.ids_where(holds)
    assert CLIENT.count_by_locations(make_small_world(), filters=encode_filters(filter_)) == len(found)


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "{}",
        "[5]",
        encode_filters(("nope", "equals", ["x"])),
        encode_filters(("browser", "equals", [])),
        encode_filters(("browser", "regex", ["("])),
    ],
)
def test_invalid_filters_return_500_without_details(text: str) -> None:
    assert CLIENT.get_error("list_sessions", make_small_world(), filters=text) == FAILED
    assert CLIENT.get_error("list_session_locations", make_small_world(), filters=text) == (
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
def test_list_options_find_what_brute_force_finds(
    query: dict[str, str], holds: Callable[[Row], bool]
) -> None:
    assert CLIENT.list_ids(make_small_world(), **query) == CLIENT.ids_where(holds)


@pytest.mark.parametrize("seconds", [1, 60, 1800])
def test_duration_bounds_agree_with_rows_within_a_second(seconds: int) -> None:
    least = CLIENT.list_rows(make_small_world(), min_duration=str(seconds))
    most = CLIENT.list_rows(make_small_world(), max_duration=str(seconds))
    lengths = [row["session_duration"] for row in CLIENT.all_rows]

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


INVALID_OPTIONS = [
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
        (
            "Invalid sort_by: Invalid enum value. Expected 'started' | 'ended' |"
            " 'duration' | 'pageviews' | 'events' | 'errors', received 'x'"
        ),
    ),
]


@pytest.mark.parametrize(
    ("query", "message"), INVALID_OPTIONS, ids=[message for _, message in INVALID_OPTIONS]
)
def test_invalid_list_option_returns_zod_message(query: dict[str, str], message: str) -> None:
    """Options are validated after time ranges and before filters."""
    assert CLIENT.get_error("list_sessions", make_small_world(), **query) == (400, {"error": message})


def test_session_id_selects_one_session() -> None:
    """If it also meets all other conditions and is neither deleted nor a bot."""
    for world in (make_small_world(), make_tracked_world()):
        for row in CLIENT.list_rows(world, limit=3) + CLIENT.list_rows(world)[-3:]:
            assert CLIENT.list_rows(world, session_id=row["session_id"]) == [row]
    row = CLIENT.all_rows[5]
    world_without_it = without_sessions(make_small_world(), 0, [int(row["session_id"], 16)])

    assert (
        CLIENT.list_rows(
            make_small_world(), session_id=row["session_id"], min_pageviews=str(row["pageviews"] + 1)
        )
        == []
    )
    assert (
        CLIENT.list_rows(
            make_small_world(), session_id=row["session_id"], start_date="1999-01-01", end_date="1999-01-02"
        )
        == []
    )
    assert (
        CLIENT.list_rows(make_small_world(), session_id="unknown")
        == CLIENT.list_rows(make_small_world(), session_id="0" * 14)
        == []
    )
    assert CLIENT.list_rows(world_without_it, session_id=row["session_id"]) == []


KEYS: dict[str, Callable[[Row], Any]] = {
    "started": lambda row: row["session_start"],
    "ended": lambda row: row["session_end"],
    "duration": lambda row: row["session_duration"],
    "pageviews": lambda row: row["pageviews"],
    "events": lambda row: row["events"],
    "errors": lambda row: row["errors"],
}


@pytest.mark.parametrize("profile", ["default", "awkward", "tracked"])
@pytest.mark.parametrize("by", SORT_BY)
def test_sort_by_and_sort_order_sort_rows_and_pages(by: str, profile: str) -> None:
    world = make_tracked_world() if profile == "tracked" else make_world(profile, sessions=150)
    descending = CLIENT.list_rows(world, sort_by=by, sort_order="desc")
    ascending = CLIENT.list_rows(world, sort_by=by, sort_order="asc")
    values = [KEYS[by](row) for row in descending]
    pages = [
        CLIENT.list_rows(world, sort_by=by, limit=7, page=number)
        for number in range(1, len(descending) // 7 + 3)
    ]

    assert sorted(row["session_id"] for row in descending) == sorted(CLIENT.list_ids(world))
    assert values == sorted(values, reverse=True)
    assert ascending == descending[::-1]
    assert [*chain.from_iterable(pages)] == descending
    assert CLIENT.list_rows(world, sort_by=by, sort_order="asc", limit=7, page=3) == ascending[14:21]
    if by != "started":
        ends = [
            (KEYS[by](row), row["session_end"], row["session_start"], row["session_id"]) for row in descending
        ]
        assert ends == sorted(ends, reverse=True)


def test_rows_are_sorted_by_end_by_default() -> None:
    assert CLIENT.all_rows == CLIENT.list_rows(make_small_world(), sort_by="ended", sort_order="desc")
    assert CLIENT.list_rows(make_small_world(), sort_order="asc") == CLIENT.all_rows[::-1]


@pytest.mark.parametrize("by", sorted(set(SORT_BY) - {"duration"}))
def test_sorted_page_is_fast_in_world_of_a_billion_sessions(by: str) -> None:
    world = make_world(sessions=10**9)
    CLIENT.list_rows(world, sort_by=by, limit=10)
    started = perf_counter()
    rows = CLIENT.list_rows(world, sort_by=by, limit=100, page=1_000_000)

    assert len(rows) == 100
    assert perf_counter() - started < 3
    assert [KEYS[by](row) for row in rows] == sorted((KEYS[by](row) for row in rows), reverse=True)


def test_sort_by_duration_rejects_too_many_sessions() -> None:
    world = make_world(sessions=MAX_SORTED_BY_DURATION + 1)
    status, body = CLIENT.get_error("list_sessions", world, sort_by="duration")

    assert status == 400
    assert (
        "session-mock sorts at most 10,000 sessions by duration, but this request matches 10,001"
        in body["error"]
    )
    assert len(CLIENT.list_rows(world, sort_by="duration", view="errors", limit=3)) == 3
    assert (
        len(CLIENT.list_rows(make_world(sessions=MAX_SORTED_BY_DURATION), sort_by="duration", limit=LIMIT))
        == MAX_SORTED_BY_DURATION
    )


# Limits.


async def test_burst_and_daily_limit_are_enforced_and_reported(serve: Any) -> None:
    """Requests that the burst limit rejects do not count towards the day."""
    mock = await serve(CLIENT.vendor, behaviors={"rybbit.burst_limit": 2, "rybbit.daily_limit": 4})
    endpoint = CLIENT.vendor.endpoint("list_sessions")
    responses = []
    path, arguments = mock.parts(CLIENT.vendor, endpoint, {"limit": 1, "page": 9999})
    for milliseconds in (0, 0, 0, 200, 0, 400, 0):
        mock.tenant.clock.advance(milliseconds)
        async with mock.client.get(path, **arguments) as response:
            remaining = [
                int(response.headers[f"X-RateLimit-{tier}-Remaining"]) for tier in ("Burst", "Daily")
            ]
            body = json.decode(await response.read())
            responses.append(
                (response.status, remaining, body.get("scope"), response.headers.get("Retry-After"))
            )

    assert responses == [
        (200, [1, 3], None, None),
        (200, [0, 2], None, None),
        (429, [0, 2], "burst", "1"),
        (200, [0, 1], None, None),
        (429, [0, 1], "burst", "1"),
        (200, [1, 0], None, None),
        (429, [0, 0], "daily", "86400"),
    ]


async def test_rejected_request_has_retry_after_and_headers_of_tightest_limit(serve: Any) -> None:
    mock = await serve(CLIENT.vendor, behaviors={"rybbit.burst_limit": 50, "rybbit.daily_limit": 5_000})
    endpoint = CLIENT.vendor.endpoint("list_sessions")
    path, arguments = mock.parts(CLIENT.vendor, endpoint, {"limit": 1, "page": 9999})
    statuses = [(await mock.ask(CLIENT.vendor, endpoint, {"limit": 1, "page": 9999}))[0] for _ in range(50)]
    async with mock.client.get(path, **arguments) as response:
        headers = {name: value for name, value in response.headers.items() if "RateLimit" in name}

        assert (response.status, await response.read()) == (
            429, b'{"error":"Rate limit exceeded","scope":"burst","limit":50,"retryAfter":1}',
        )  # fmt: skip

    assert set(statuses) == {200}
    assert headers == {
        "X-RateLimit-Burst-Limit": "50", "X-RateLimit-Burst-Remaining": "0", "X-RateLimit-Burst-Reset": "10",
        "X-RateLimit-Daily-Limit": "5000", "X-RateLimit-Daily-Remaining": "4950",
        "X-RateLimit-Daily-Reset": "86400",
        "RateLimit-Limit": "50", "RateLimit-Remaining": "0", "RateLimit-Reset": "10",
    }  # fmt: skip


async def test_response_to_wrong_key_does_not_report_limits(serve: Any) -> None:
    mock = await serve(CLIENT.vendor, behaviors={"rybbit.burst_limit": 50})
    path, _ = mock.parts(CLIENT.vendor, CLIENT.vendor.endpoint("list_sessions"), {})
    async with mock.client.get(path, headers={"Authorization": "Bearer wrong"}) as response:
        assert (response.status, await response.read()) == (403, b'{"error":"Forbidden"}')
        assert not [name for name in response.headers if "RateLimit" in name]


async def test_limits_are_off_by_default(serve: Any) -> None:
    """The contract contains the limits of the hosted service nevertheless."""
    mock = await serve(CLIENT.vendor)
    statuses = {
        (await mock.ask(CLIENT.vendor, CLIENT.vendor.endpoint("list_sessions"), {"limit": 1}))[0]
        for _ in range(60)
    }

    assert statuses == {200}
    assert [
        getattr(limit, "documented", None) for limit in CLIENT.vendor.endpoint("list_sessions").limits
    ] == [50, 5_000]


async def test_requests_before_burst_limit_is_set_take_no_tokens(serve: Any) -> None:
    mock = await serve(CLIENT.vendor)
    endpoint = CLIENT.vendor.endpoint("list_sessions")
    for _ in range(60):
        await mock.ask(CLIENT.vendor, endpoint, {"limit": 1})
    mock.set_behaviors({"rybbit.burst_limit": 2})
    statuses = [(await mock.ask(CLIENT.vendor, endpoint, {"limit": 1}))[0] for _ in range(3)]

    assert statuses == [200, 200, 429]


async def test_unknown_site_returns_404_before_limits_are_checked(serve: Any) -> None:
    mock = await serve(CLIENT.vendor, behaviors={"rybbit.burst_limit": 1})
    endpoint = CLIENT.vendor.endpoint("list_sessions")
    queries = [{"site": "zzzzzzz"}, {}, {}, {"site": "zzzzzzz"}]

    assert [(await mock.ask(CLIENT.vendor, endpoint, query))[0] for query in queries] == [404, 200, 429, 404]


async def test_injected_429_has_same_retry_after_in_body_and_header(serve: Any) -> None:
    mock = await serve(CLIENT.vendor)
    mock.tenant.faults.add(read({"kind": "status", "status": 429, "retry_after": 30}))
    path, arguments = mock.parts(CLIENT.vendor, CLIENT.vendor.endpoint("list_sessions"), {})
    async with mock.client.get(path, **arguments) as response:
        body = await response.json()

    assert (response.headers["Retry-After"], body["retryAfter"]) == ("30", 30)
    assert response.headers["Content-Type"] == "application/json; charset=utf-8"


async def test_page_cut_at_maximum_limit_is_not_the_last_page(serve: Any) -> None:
    mock = await serve(CLIENT.vendor, world={"sessions": 10_000})
    mock.tenant.faults.add(read({"kind": "status", "status": 503, "page": "last"}))
    endpoint = CLIENT.vendor.endpoint("list_sessions")
    statuses = [
        (await mock.ask(CLIENT.vendor, endpoint, {"limit": 20_000, "page": page}))[0] for page in (1, 2)
    ]
    mock.tenant.faults.clear()
    for page in (1, 2):
        await mock.ask(CLIENT.vendor, endpoint, {"limit": 20_000, "page": page})

    assert statuses == [200, 503]
    assert "page-after-last" not in {
        finding.name for exchange in mock.tenant.journal for finding in exchange.findings
    }
