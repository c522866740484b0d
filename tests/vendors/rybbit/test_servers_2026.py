"""Rybbit's dialects of the servers of 2026."""

from collections.abc import Callable
from itertools import chain
from time import perf_counter
from typing import Any

import pytest
from msgspec import json

from mockserver.contract.behaviors import BehaviorError
from mockserver.server.faults.registry import read
from mockserver.vendors.rybbit.filters.conditions import MAX_COMPARED_IDS
from mockserver.vendors.rybbit.session_list.sorting import MAX_SORTED_BY_DURATION, SORT_BY
from mockserver.world.model.spec import DEFAULT_END
from mockserver.world.world import without_sessions
from tests.vendors.rybbit.client import encode_filters, make_tracked_world, make_world
from tests.vendors.rybbit.dialect_client import FAILED, LIMIT, DialectClient, Row, make_small_world

JULY = DialectClient("server-2026-07")
CLIENT = DialectClient("server-2026-09")
FAILED_LOCATIONS = (500, {"error": "Failed to fetch session locations"})
both = pytest.mark.parametrize("client", [JULY, CLIENT], ids=lambda client: client.vendor.dialect)


def test_former_dialect_is_unknown_and_error_names_its_successors() -> None:
    with pytest.raises(BehaviorError, match=r"'server-2026'; .* server-2026-07, server-2026-09, observed"):
        CLIENT.vendor.in_dialect("server-2026")


@both
def test_row_ends_with_the_fields_of_2026(client: DialectClient) -> None:
    row = client.all_rows[0]

    assert list(row)[-6:] == ["button_clicks", "copies", "form_submits", "input_changes", "tag", "timezone"]
    assert "/" in row["timezone"]


def test_include_goals_adds_goals_to_rows() -> None:
    assert {**CLIENT.list_rows(make_small_world(), include_goals="true", limit=1)[0]} == {
        **CLIENT.all_rows[0],
        "converted_goals": [],
    }
    assert "converted_goals" not in CLIENT.list_rows(make_small_world(), include_goals="false", limit=1)[0]


def test_session_of_newest_server_has_milliseconds_and_goals() -> None:
    world = make_small_world()
    session_id = max(CLIENT.all_rows, key=lambda row: row["pageviews"])["session_id"]
    of_july = JULY.get_detail(world, session_id, limit=1000)
    newest = CLIENT.get_detail(world, session_id, limit=1000)

    assert {event["timestamp"][19:20] for event in newest["events"]} == {"."}
    assert len({event["timestamp"][20:] for event in newest["events"]}) > 1
    for event in newest["events"]:
        assert event.pop("goals") == []
        event["timestamp"] = event["timestamp"][:19]
    assert [newest["session"].pop(name) for name in ("device_model", "app_version")] == ["", ""]
    assert newest == of_july


@both
def test_time_range_of_one_session_is_checked_and_has_no_effect(client: DialectClient) -> None:
    session_id = client.all_rows[0]["session_id"]
    query = {"sessionId": session_id, "site": ""}
    past = client.get_detail(make_small_world(), session_id, past_minutes_start="2", past_minutes_end="1")

    assert past == client.get_detail(make_small_world(), session_id)
    assert client.get_error("get_session", make_small_world(), path=query, start_date="2026-09-01") == (
        400,
        {"error": "start_date and end_date must be provided together"},
    )


FILTERS: list[tuple[tuple[str, str, list[Any]], Callable[[Row], bool]]] = [
    (("browser", "starts_with", ["Chr", "Fire"]), lambda row: row["browser"].startswith(("Chr", "Fire"))),
    (("browser", "ends_with", ["me"]), lambda row: row["browser"].endswith("me")),
    (("region", "is_null", []), lambda row: row["region"] == ""),
    (("region", "is_not_null", ["x"]), lambda row: row["region"] != ""),
    (("entry_page", "greater_than", ["/b", "/p"]), lambda row: row["entry_page"] > "/b"),
    (("channel", "less_than_or_equal", ["Direct"]), lambda row: row["channel"] <= "Direct"),
    (
        ("browser", "regex", ["(?<first>[CS])[ha]"]),
        lambda row: "Ch" in row["browser"] or "Sa" in row["browser"],
    ),
    (("browser", "not_equals", ["Chrome", "Safari"]), lambda row: row["browser"] not in {"Chrome", "Safari"}),
    (("browser", "contains", ["%"]), lambda _: False),
    (("tag", "equals", ["x"]), lambda _: False),
    (("timezone", "equals", ["Europe/London"]), lambda row: row["timezone"] == "Europe/London"),
]


@pytest.mark.parametrize(("filter_", "holds"), FILTERS, ids=[str(filter_) for filter_, _ in FILTERS])
def test_filters_of_2026_find_what_brute_force_finds(
    filter_: tuple[str, str, list[Any]], holds: Callable[[Row], bool]
) -> None:
    for client in (JULY, CLIENT):
        found = client.list_ids(make_small_world(), filters=encode_filters(filter_))

        assert found == client.ids_where(holds)
        assert client.count_by_locations(make_small_world(), filters=encode_filters(filter_)) == len(found)


LIST_FILTERS: list[tuple[tuple[str, str, list[Any]], Callable[[Row], bool]]] = [
    (("lat", "greater_than_or_equal", [51.5074]), lambda row: row["lat"] >= 51.5074),
    (("lat", "less_than_or_equal", ["0x33"]), lambda row: row["lat"] <= 51),
    (("lat", "greater_than", [""]), lambda row: row["lat"] > 0),
    (("lat", "equals", ["north"]), lambda _: False),
    (("lat", "not_equals", ["north"]), lambda _: True),
    (("lat", "not_contains", [51.5074]), lambda row: abs(row["lat"] - 51.5074) <= 0.001),
    (("country", "equals", ["\0\0", "US"]), lambda row: row["country"] in {"\0\0", "US"}),
    (("country", "not_equals", ["\0\0"]), lambda row: row["country"] != "\0\0"),
]


@both
@pytest.mark.parametrize(
    ("filter_", "holds"), LIST_FILTERS, ids=[str(filter_) for filter_, _ in LIST_FILTERS]
)
def test_filter_on_place_finds_sessions_of_list_and_fails_for_locations(
    client: DialectClient, filter_: tuple[str, str, list[Any]], holds: Callable[[Row], bool]
) -> None:
    world = make_world("awkward", sessions=300)
    filters = encode_filters(filter_)

    assert client.list_ids(world, filters=filters) == [
        row["session_id"] for row in client.list_rows(world) if holds(row)
    ]
    assert client.get_error("list_session_locations", world, filters=filters) == FAILED_LOCATIONS


IDS: list[tuple[str, Callable[[str, str], bool]]] = [
    ("contains", str.__contains__),
    ("not_contains", lambda text, value: value not in text),
    ("starts_with", str.startswith),
    ("ends_with", str.endswith),
    ("regex", str.__contains__),
    ("not_regex", lambda text, value: value not in text),
    ("is_null", lambda text, _: text == ""),
    ("is_not_null", lambda text, _: text != ""),
]


@both
@pytest.mark.parametrize("profile", ["default", "tracked"])
@pytest.mark.parametrize(("kind", "holds"), IDS, ids=[kind for kind, _ in IDS])
def test_filter_on_user_id_compares_text_of_device(
    client: DialectClient, profile: str, kind: str, holds: Callable[[str, str], bool]
) -> None:
    world = make_tracked_world() if profile == "tracked" else make_small_world()
    rows = client.list_rows(world)
    for value in (rows[0]["user_id"][:2], "us"):
        expected = [row["session_id"] for row in rows if holds(row["user_id"], value)]

        assert client.list_ids(world, filters=encode_filters(("user_id", kind, [value]))) == expected


def test_filter_on_user_id_with_empty_value_finds_anonymous_visitors() -> None:
    user = next(row["user_id"] for row in JULY.all_rows if row["identified_user_id"])

    def list_ids(kind: str, *values: str) -> list[str]:
        return JULY.list_ids(make_small_world(), filters=encode_filters(("user_id", kind, [*values])))

    assert list_ids("equals", "") == JULY.ids_where(lambda row: not row["identified_user_id"])
    assert list_ids("not_equals", "") == JULY.ids_where(lambda row: row["identified_user_id"])
    assert list_ids("equals", "", user) == JULY.ids_where(
        lambda row: not row["identified_user_id"] or row["user_id"] == user
    )
    assert list_ids("not_equals", "", user) == JULY.ids_where(
        lambda row: row["identified_user_id"] and row["user_id"] != user
    )


@pytest.mark.parametrize("kind", ["equals", "not_equals", "parameter"])
def test_newest_server_compares_user_id_or_device_of_anonymous_visitor(kind: str) -> None:
    """July compares both."""
    user, stranger = (
        next(row for row in CLIENT.all_rows if bool(row["identified_user_id"]) is identified)
        for identified in (True, False)
    )
    for value in (user["user_id"], user["identified_user_id"], stranger["user_id"]):
        query = (
            {"user_id": value}
            if kind == "parameter"
            else {"filters": encode_filters(("user_id", kind, [value]))}
        )

        for client in (JULY, CLIENT):
            ids = {
                row["session_id"]: {row["identified_user_id"] or row["user_id"]}
                if client is CLIENT
                else {row["identified_user_id"], row["user_id"]}
                for row in client.all_rows
            }

            assert client.list_ids(make_small_world(), **query) == [
                session_id for session_id, own in ids.items() if (value in own) is (kind != "not_equals")
            ]


def test_filter_on_user_id_fails_for_too_many_sessions() -> None:
    filters = encode_filters(("user_id", "contains", ["abcde"]))

    assert (
        JULY.get_error("list_sessions", make_world(sessions=MAX_COMPARED_IDS + 1), filters=filters) == FAILED
    )
    assert len(JULY.list_ids(make_world(sessions=MAX_COMPARED_IDS), filters=filters)) < 50


WRONG_SHAPES = [
    "{}",
    "[5]",
    encode_filters(("nope", "equals", ["x"])),
    encode_filters(("feature_flag:", "equals", ["x"])),
    encode_filters(("browser", "nope", ["x"])),
    '[{"parameter":"browser","type":"equals","value":"x"}]',
]


@pytest.mark.parametrize(
    "text",
    [
        "x",
        *WRONG_SHAPES,
        encode_filters(("browser", "equals", [])),
        encode_filters(("browser", "regex", ["("])),
        encode_filters(("browser", "regex", ["(?i)c"])),
        encode_filters(("browser", "regex", ["(?P<n>C)"])),
        encode_filters(("browser", "regex", ["\\u0043"])),
        encode_filters(("browser", "greater_than", ["A"])),
        encode_filters(("user_id", "greater_than", ["a"])),
        encode_filters(("lat", "is_null", [])),
        encode_filters(("lat", "starts_with", [5])),
    ],
)
def test_invalid_filters_return_500_without_details(text: str) -> None:
    """On the server of July, those of a wrong shape fail when they are logged."""
    assert CLIENT.get_error("list_sessions", make_small_world(), filters=text) == FAILED
    assert CLIENT.get_error("list_session_locations", make_small_world(), filters=text) == FAILED_LOCATIONS
    for endpoint, failed in (("list_sessions", FAILED), ("list_session_locations", FAILED_LOCATIONS)):
        status, body = JULY.get_error(endpoint, make_small_world(), filters=text)
        if text in WRONG_SHAPES:
            assert body["message"].startswith("Cannot set property errors of")
        else:
            assert (status, body) == failed


def test_parameters_without_column_fail_where_the_server_has_none() -> None:
    for parameter in ("feature_flag:new", "device_model", "app_version"):
        filters = encode_filters((parameter, "equals", [""]))

        assert CLIENT.get_error("list_sessions", make_small_world(), filters=filters) == FAILED
        assert CLIENT.count_by_locations(make_small_world(), filters=filters) == len(CLIENT.all_rows)
    flag = encode_filters(("feature_flag:new", "equals", [""]))

    assert JULY.get_error("list_sessions", make_small_world(), filters=flag) == FAILED
    assert JULY.count_by_locations(make_small_world(), filters=flag) == len(JULY.all_rows)


OPTIONS: list[tuple[dict[str, str], Callable[[Row], bool]]] = [
    ({"min_pageviews": "5"}, lambda row: row["pageviews"] >= 5),
    ({"max_pageviews": "5"}, lambda row: row["pageviews"] <= 5),
    ({"min_pageviews": "2", "max_pageviews": "0x4"}, lambda row: 2 <= row["pageviews"] <= 4),
    ({"min_pageviews": "", "max_events": " 1e0 "}, lambda row: row["events"] <= 1),
    ({"min_events": "3"}, lambda row: row["events"] >= 3),
    ({"max_events": "0"}, lambda row: row["events"] == 0),
    ({"max_duration": "0"}, lambda row: row["session_duration"] == 0),
    ({"view": "all"}, lambda _: True),
    ({"view": "identified"}, lambda row: row["identified_user_id"] != ""),
    ({"view": "replay"}, lambda _: False),
    ({"view": "converted"}, lambda _: False),
    (
        {"view": "bounced"},
        lambda row: row["pageviews"] == 1,
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


OPTIONS_OF_JULY: list[tuple[dict[str, str], Callable[[Row], bool]]] = [
    ({"min_pageviews": " 5.9"}, lambda row: row["pageviews"] >= 5),
    ({"min_events": "3x"}, lambda row: row["events"] >= 3),
    ({"min_pageviews": "0x10"}, lambda _: True),
    ({"min_duration": "-1"}, lambda _: True),
    ({"view": "bounced", "sort_by": "x", "max_pageviews": "x", "include_goals": "x"}, lambda _: True),
]


@pytest.mark.parametrize(
    ("query", "holds"), OPTIONS_OF_JULY, ids=[str(query) for query, _ in OPTIONS_OF_JULY]
)
def test_options_of_july_are_bounds_of_leading_digits(
    query: dict[str, str], holds: Callable[[Row], bool]
) -> None:
    known = JULY.vendor.endpoint("list_sessions").query
    assert known is not None

    sent = {name: text for name, text in query.items() if name in known.__struct_fields__}

    assert JULY.list_ids(make_small_world(), **sent) == JULY.ids_where(holds)
    assert sent or len(query) > 1


@pytest.mark.parametrize(
    "query", [{"min_events": "x"}, {"limit": "abc"}, {"limit": "-1"}, {"page": "0"}, {"page": "x"}]
)
def test_options_of_july_that_are_no_numbers_return_500(query: dict[str, str]) -> None:
    assert JULY.get_error("list_sessions", make_small_world(), **query) == FAILED


PAGING = [
    ({"limit": "1.5"}, 1, 0),
    ({"limit": "1e2"}, 1, 0),
    ({"limit": " 10"}, 10, 0),
    ({"limit": "20abc"}, 20, 0),
    ({"limit": "1,0"}, 1, 0),
    ({"limit": "0"}, 100, 0),
    ({"limit": "-3"}, 100, 0),
    ({"limit": "x"}, 100, 0),
    ({"limit": "99999999999999999999"}, 10_000, 0),
    ({"limit": "7", "page": "2.9"}, 7, 7),
    ({"limit": "7", "page": "3x"}, 7, 14),
    ({"limit": "7", "page": "x"}, 7, 0),
    ({"limit": "7", "page": "-1"}, 7, 0),
]


@pytest.mark.parametrize(("query", "limit", "offset"), PAGING, ids=[str(query) for query, _, _ in PAGING])
def test_page_and_limit_of_newest_server_are_leading_digits(
    query: dict[str, str], limit: int, offset: int
) -> None:
    assert CLIENT.list_rows(make_small_world(), **query) == CLIENT.all_rows[offset : offset + limit]


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
    ({"min_events": "1.5"}, "Invalid min_events: Expected integer, received float"),
    ({"max_events": "Infinity"}, "Invalid max_events: Expected integer, received float"),
    ({"max_events": "2147483648"}, "Invalid max_events: Number must be less than or equal to 2147483647"),
    ({"min_pageviews": "5,1"}, "Invalid min_pageviews: Expected number, received nan"),
    ({"max_pageviews": "x", "min_events": "x"}, "Invalid max_pageviews: Expected number, received nan"),
    (
        {"min_pageviews": "x", "sort_order": ""},
        "Invalid sort_order: Invalid enum value. Expected 'asc' | 'desc', received ''",
    ),
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
    ("query", "message"), INVALID_OPTIONS, ids=[str(query) for query, _ in INVALID_OPTIONS]
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
    keys = [(KEYS[by](row), row["session_start"], row["session_id"]) for row in descending]

    assert keys == sorted(keys, reverse=True)


def test_rows_are_sorted_by_end_by_default() -> None:
    assert CLIENT.all_rows == CLIENT.list_rows(make_small_world(), sort_by="ended", sort_order="desc")
    assert CLIENT.list_rows(make_small_world(), sort_order="asc") == CLIENT.all_rows[::-1]


def test_sessions_that_start_in_the_same_second_are_sorted_by_id() -> None:
    world = make_world(sessions=300, end=DEFAULT_END, start=DEFAULT_END - 20_000)
    rows = CLIENT.list_rows(world, sort_by="started")
    keys = [(row["session_start"], row["session_id"]) for row in rows]
    pages = chain.from_iterable(
        CLIENT.list_rows(world, sort_by="started", limit=7, page=number) for number in range(1, 44)
    )

    assert len({start for start, _ in keys}) < 50
    assert keys == sorted(keys, reverse=True)
    assert [*pages] == rows


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
