"""Rybbit's dialect of the server of December 2025."""

import re
from collections.abc import Callable
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import json

from mockserver.rows.datetimes import DAY
from mockserver.server.faults.registry import read
from mockserver.vendors.rybbit.filters.fields import CLOUD_PARAMETERS, PARAMETERS, PARAMETERS_2025
from mockserver.vendors.rybbit.filters.syntax import TYPES
from mockserver.world.model.like import contains_like
from mockserver.world.model.spec import DEFAULT_END
from tests.vendors.rybbit.client import encode_filters, make_world
from tests.vendors.rybbit.client import list_rows as list_documented_rows
from tests.vendors.rybbit.dialect_client import FAILED, DialectClient, Row, make_small_world

CLIENT = DialectClient("server-2025-12")


@cache
def events_by_session() -> dict[str, list[Row]]:
    """Return the events of each session of the small world, with the UTM parameters of their query strings."""
    return {
        row["session_id"]: [
            event | dict(parse_qsl(event["querystring"][1:]))
            for event in CLIENT.get_detail(make_small_world(), row["session_id"], limit=1000)["events"]
        ]
        for row in CLIENT.all_rows
    }


def test_row_has_formats_of_the_database() -> None:
    """The sessions are those of the documented dialect."""
    rows = CLIENT.all_rows

    assert all(
        re.fullmatch(r"2026-09-\d\d \d\d:\d\d:\d\d", row[name])
        for row in rows
        for name in ("session_start", "session_end")
    )
    assert all(re.fullmatch(r"[A-Z]{2}-[A-Z0-9]{1,3}", row["region"]) for row in rows if row["region"])
    assert {row["device_type"] for row in rows} <= {"", "Desktop", "Mobile", "Tablet"}
    assert {row["session_id"] for row in rows} == {
        row.session_id for row in list_documented_rows(make_small_world())
    }


def test_unknown_country_is_two_nul_characters() -> None:
    """A filter finds it by the empty text."""
    world = make_world("awkward", sessions=300)
    unknown = [row["session_id"] for row in CLIENT.list_rows(world) if row["country"] == "\0\0"]

    assert unknown
    assert CLIENT.list_ids(world, filters=encode_filters(("country", "equals", [""]))) == unknown
    assert "\0\0" in {place["country"] for place in CLIENT.call("list_session_locations", world)}


def test_rows_are_sorted_by_end() -> None:
    rows = CLIENT.all_rows

    assert rows == sorted(
        rows, key=lambda row: (row["session_end"], row["session_start"], row["session_id"]), reverse=True
    )
    assert rows != sorted(rows, key=lambda row: row["session_start"], reverse=True)


def test_rows_with_same_end_are_sorted_by_start() -> None:
    """Many sessions of the world end in the same second."""
    world = make_world(sessions=3000, start=DEFAULT_END - DAY // 6, end=DEFAULT_END)
    keys = [(row["session_end"], row["session_start"], row["session_id"]) for row in CLIENT.list_rows(world)]

    assert keys == sorted(keys, reverse=True)
    assert keys != sorted(keys, key=lambda key: (key[0], key[2]), reverse=True)


DATES = {"start_date": "2026-09-10", "end_date": "2026-09-10"}
IGNORED_RANGES: list[dict[str, str]] = [
    DATES,
    {"start_date": "1999-01-01", "time_zone": "UTC"},
    {"end_date": "1999-01-01", "time_zone": "UTC"},
    {**DATES, "time_zone": "Not/AZone"},
    {**DATES, "time_zone": "UTC", "start_date": "2026/09/10"},
    {**DATES, "time_zone": "UTC", "end_date": "2026-13-10"},
    {"past_minutes_start": "1"},
    {"past_minutes_start": "1", "past_minutes_end": "1"},
    {"past_minutes_start": "x", "past_minutes_end": "0"},
    {"past_minutes_start": "5", "past_minutes_end": "-1"},
    {**DATES, "time_zone": "UTC", "past_minutes_start": "x", "past_minutes_end": "0"},
    {**DATES, "time_zone": "Factory"},
    {"start_datetime": "1999-01-01 00:00:00", "end_datetime": "1999-01-02 00:00:00"},
]


@pytest.mark.parametrize("query", IGNORED_RANGES, ids=str)
def test_invalid_range_is_unlimited(query: dict[str, str]) -> None:
    assert CLIENT.list_rows(make_small_world(), **query) == CLIENT.all_rows
    assert CLIENT.count_by_locations(make_small_world(), **query) == len(CLIENT.all_rows)


@pytest.mark.parametrize(
    "query",
    [
        {**DATES, "time_zone": "UTC"},
        {**DATES, "time_zone": "Asia/Tokyo"},
        {"past_minutes_start": "100000", "past_minutes_end": "5000"},
        {**DATES, "time_zone": "UTC", "past_minutes_start": "10", "past_minutes_end": "0"},
    ],
    ids=str,
)
def test_valid_range_selects_the_sessions_of_the_documented_dialect(query: dict[str, str]) -> None:
    """Dates with a zone take precedence over minutes."""
    found = CLIENT.list_ids(make_small_world(), **query)

    assert 0 < len(found) < len(CLIENT.all_rows)
    assert sorted(found) == sorted(
        row.session_id for row in list_documented_rows(make_small_world(), **query)
    )
    assert CLIENT.count_by_locations(make_small_world(), **query) == len(found)


def test_incomplete_dates_have_no_effect_on_minutes() -> None:
    minutes = {"past_minutes_start": "100000", "past_minutes_end": "0x1388"}

    assert 0 < len(CLIENT.list_ids(make_small_world(), **minutes)) < len(CLIENT.all_rows)
    assert CLIENT.list_ids(make_small_world(), **minutes, end_date="1999/01/01") == CLIENT.list_ids(
        make_small_world(), **minutes
    )


@pytest.mark.parametrize("kind", ["not_equals", "not_contains"])
def test_negated_filter_matches_if_one_value_does_not_match(kind: str) -> None:
    """So two different values match everything."""
    assert (
        CLIENT.list_rows(make_small_world(), filters=encode_filters(("browser", kind, ["Chrome", "Safari"])))
        == CLIENT.all_rows
    )
    assert CLIENT.list_ids(
        make_small_world(), filters=encode_filters(("browser", kind, ["Chrome"]))
    ) == CLIENT.ids_where(
        lambda row: row["browser"] != "Chrome" if kind == "not_equals" else "Chrome" not in row["browser"]
    )


@pytest.mark.parametrize(
    ("text", "pattern"), [("C%e", "C.*e"), ("_irefo_", ".irefo."), ("%", ""), ("S_f%r", "S.f.*r")]
)
def test_contains_supports_sql_wildcards(text: str, pattern: str) -> None:
    expected = CLIENT.ids_where(lambda row: re.search(pattern, row["browser"]) is not None)

    assert (
        CLIENT.list_ids(make_small_world(), filters=encode_filters(("browser", "contains", [text])))
        == expected
    )


@given(st.text("ab%_", max_size=8), st.text("ab\n.%", max_size=12))
def test_wildcards_match_like_equivalent_pattern(value: str, text: str) -> None:
    pattern = "".join({"%": ".*", "_": "."}.get(letter, re.escape(letter)) for letter in value)

    assert contains_like(text, value) == (re.search(pattern, text, re.DOTALL) is not None)


def test_wildcards_that_backtrack_forever_in_python_are_fast() -> None:
    assert not contains_like("a" * 5000, "a%" * 2000 + "b")


def read_event(event: Row, parameter: str) -> str:
    """Return the text of an event that a filter on a parameter compares."""
    if parameter == "referrer":
        return (urlsplit(event["referrer"]).hostname or "").removeprefix("www.")
    return str(event.get(parameter, ""))


EVENT_PARAMETERS = {
    "pathname": "/pricing",
    "page_title": "Pricing",
    "querystring": "?utm_source=newsletter",
    "event_name": "purchase",
    "referrer": "google.com",
    "utm_source": "newsletter",
    "utm_campaign": "may-markets",
}
"""Parameters that differ between the events of a session, each with a text that some events begin with."""
MEETS: dict[str, Callable[[str, str], bool]] = {
    "equals": lambda actual, value: actual == value,
    "not_equals": lambda actual, value: actual != value,
    "contains": lambda actual, value: value in actual,
    "not_contains": lambda actual, value: value not in actual,
}


@pytest.mark.parametrize("kind", MEETS)
@pytest.mark.parametrize("is_empty", [False, True])
@pytest.mark.parametrize("parameter", EVENT_PARAMETERS)
def test_location_filter_matches_if_one_event_meets_it(parameter: str, kind: str, *, is_empty: bool) -> None:
    """Also a negated filter: a session with another page meets pathname not_equals."""
    value = "" if is_empty else EVENT_PARAMETERS[parameter]
    text = encode_filters((parameter, kind, [value]))

    assert CLIENT.count_by_locations(make_small_world(), filters=text) == sum(
        any(MEETS[kind](read_event(event, parameter), value) for event in events)
        for events in events_by_session().values()
    )


def test_same_event_must_meet_all_location_filters() -> None:
    """Not so for the name of an event, which another event of the session may have."""
    page = ("pathname", "equals", ["/pricing"])
    other = ("page_title", "not_equals", ["Pricing"])

    assert CLIENT.count_by_locations(make_small_world(), filters=encode_filters(page)) > 0
    assert CLIENT.count_by_locations(make_small_world(), filters=encode_filters(page, other)) == 0
    assert CLIENT.count_by_locations(
        make_small_world(), filters=encode_filters(page, ("event_name", "equals", ["purchase"]))
    ) == sum(
        {"/pricing"} <= {event["pathname"] for event in events}
        and {"purchase"} <= {event["event_name"] for event in events}
        for events in events_by_session().values()
    )


@pytest.mark.parametrize("kind", MEETS)
@pytest.mark.parametrize("value", ["purchase", ""])
def test_event_name_of_list_is_compared_with_each_event(kind: str, value: str) -> None:
    """A pageview has an empty name."""
    assert CLIENT.list_ids(
        make_small_world(), filters=encode_filters(("event_name", kind, [value]))
    ) == CLIENT.ids_where(
        lambda row: any(
            MEETS[kind](event["event_name"], value) for event in events_by_session()[row["session_id"]]
        )
    )


@pytest.mark.parametrize("parameter", ["entry_page", "exit_page"])
def test_pages_are_ordered_as_texts(parameter: str) -> None:
    found = CLIENT.list_ids(
        make_small_world(), filters=encode_filters((parameter, "greater_than", ["/docs"]))
    )

    assert 0 < len(found) < len(CLIENT.all_rows)
    assert found == CLIENT.ids_where(lambda row: row[parameter] > "/docs")


def test_all_comparisons_of_coordinates_mean_equals() -> None:
    latitude = CLIENT.all_rows[0]["lat"]
    expected = CLIENT.ids_where(lambda row: abs(row["lat"] - latitude) <= 0.001)

    for kind in ("equals", "not_equals", "contains", "not_contains"):
        assert (
            CLIENT.list_ids(make_small_world(), filters=encode_filters(("lat", kind, [latitude]))) == expected
        )


@pytest.mark.parametrize("kind", sorted(set(TYPES) - {"equals"}))
def test_user_id_filter_of_other_type_means_not_equals(kind: str) -> None:
    user = CLIENT.all_rows[0]["user_id"]

    assert CLIENT.list_ids(
        make_small_world(), filters=encode_filters(("user_id", kind, [user]))
    ) == CLIENT.ids_where(lambda row: row["user_id"] != user)


def test_only_first_pattern_is_used() -> None:
    expected = CLIENT.ids_where(lambda row: row["browser"].startswith("S"))

    assert (
        CLIENT.list_ids(make_small_world(), filters=encode_filters(("browser", "regex", ["^S", "("])))
        == expected
    )


@pytest.mark.parametrize("parameter", ["pathname", "page_title", "querystring", "timezone"])
def test_filter_on_missing_column_fails_for_list_only(parameter: str) -> None:
    text = encode_filters((parameter, "not_equals", ["x"]))

    assert CLIENT.get_error("list_sessions", make_small_world(), filters=text) == FAILED
    assert CLIENT.count_by_locations(make_small_world(), filters=text) == len(CLIENT.all_rows)


@pytest.mark.parametrize(
    "filter_",
    [
        ("browser", "equals", []),
        ("entry_page", "equals", []),
        ("user_id", "regex", []),
        ("browser", "less_than", [5]),
        ("browser", "regex", ["(?=x)"]),
        ("exit_page", "not_regex", ["("]),
        *((parameter, "equals", ["x"]) for parameter in CLOUD_PARAMETERS),
    ],
    ids=str,
)
def test_filter_that_database_rejects_returns_500(filter_: tuple[str, str, list[Any]]) -> None:
    """The response of the locations contains the number of the database error."""
    status, body = CLIENT.get_error(
        "list_session_locations", make_small_world(), filters=encode_filters(filter_)
    )

    assert CLIENT.get_error("list_sessions", make_small_world(), filters=encode_filters(filter_)) == FAILED
    assert (status, body["error"]) == (500, "Internal Server Error")
    assert body["code"] in {"43", "47", "59", "62", "386", "427"}


@pytest.mark.parametrize("values", [["Chrome"], ["1e3 "], ["0x10"], [""], ["Infinity"], []], ids=str)
def test_bound_is_read_as_number_of_javascript(values: list[str]) -> None:
    """A number fails only in the database, in which the browser is a text."""
    filters = encode_filters(("browser", "greater_than", values))
    is_number = values not in ([], ["Chrome"])
    status, body = CLIENT.get_error("list_sessions", make_small_world(), filters=filters)

    assert ((status, body) == FAILED) == is_number
    assert is_number or body["message"].startswith("Invalid numeric value for greater_than filter: ")


def test_any_filter_is_checked_before_database_reads_the_first() -> None:
    filters = encode_filters(("browser", "equals", []), ("browser", "regex", [""]))

    assert CLIENT.get_error("list_sessions", make_small_world(), filters=filters)[1]["message"] == (
        "Regex pattern cannot be empty"
    )


@pytest.mark.parametrize(
    ("sent", "phrase"), [(503, "Service Unavailable"), (429, "Too Many Requests"), (599, "")]
)
async def test_injected_undocumented_status_has_framework_format(serve: Any, sent: int, phrase: str) -> None:
    mock = await serve(CLIENT.vendor)
    mock.tenant.faults.add(read({"kind": "status", "status": sent}))
    status, response = await mock.ask(CLIENT.vendor, CLIENT.vendor.endpoint("list_sessions"), {})
    body = json.decode(response)

    assert (status, body["statusCode"], body["error"]) == (sent, sent, phrase)


def get_issues(text: str) -> list[dict[str, Any]]:
    """Return the issues in the error message for filters."""
    status, body = CLIENT.get_error("list_sessions", make_small_world(), filters=text)
    issues: list[dict[str, Any]] = json.decode(body["message"])

    assert (status, body["error"], body["statusCode"]) == (500, "Internal Server Error", 500)
    assert body["message"].startswith("[\n  {\n    ")
    return issues


def test_unknown_parameter_returns_zod_issue_with_options() -> None:
    (issue,) = get_issues('[{"parameter":"nope","type":"equals","value":[]}]')

    assert list(issue) == ["received", "code", "options", "path", "message"]
    assert (issue["received"], issue["code"], issue["path"]) == (
        "nope",
        "invalid_enum_value",
        [0, "parameter"],
    )
    assert issue["options"] == [*PARAMETERS_2025]
    assert set(issue["options"]) == {*PARAMETERS, *CLOUD_PARAMETERS}
    assert issue["message"].startswith("Invalid enum value. Expected 'browser' | 'operating_system' | ")
    assert issue["message"].endswith(", received 'nope'")


def test_invalid_filters_return_all_zod_issues_in_order() -> None:
    issues = get_issues(
        '[5, {"type": 1, "value": "x"}, {"parameter": "browser", "type": "equals", "value": ["x", null]}]'
    )

    assert [(issue["code"], issue["path"], issue["message"]) for issue in issues] == [
        ("invalid_type", [0], "Expected object, received number"),
        ("invalid_type", [1, "parameter"], "Required"),
        (
            "invalid_type",
            [1, "type"],
            f"Expected {' | '.join(repr(kind) for kind in TYPES)}, received number",
        ),
        ("invalid_type", [1, "value"], "Expected array, received string"),
        ("invalid_union", [2, "value", 1], "Invalid input"),
    ]


@pytest.mark.parametrize(("limit", "expected"), [("10abc", 10), ("1.9", 1), ("0", 0), (" 3", 3)])
def test_session_limit_uses_leading_digits(limit: str, expected: int) -> None:
    """Like parseInt; with a limit of 0, hasMore is true."""
    session = next(row["session_id"] for row in CLIENT.all_rows if row["pageviews"] > 10)
    detail = CLIENT.get_detail(make_small_world(), session, limit=limit)

    assert (len(detail["events"]), detail["pagination"]["limit"], detail["pagination"]["hasMore"]) == (
        expected,
        expected,
        True,
    )


def test_invalid_minutes_mean_all_events() -> None:
    session = CLIENT.all_rows[0]["session_id"]

    assert CLIENT.get_detail(make_small_world(), session, minutes="x") == CLIENT.get_detail(
        make_small_world(), session
    )


async def test_key_over_limit_gets_401_until_idle_for_ten_minutes(serve: Any) -> None:
    mock = await serve(CLIENT.vendor, behaviors={"rybbit.rate_limit": 2})
    endpoint = CLIENT.vendor.endpoint("list_sessions")
    clock = mock.tenant.clock
    responses = []
    for minutes in (0, 6, 6, 3, 1, 0, 0):
        clock.advance(minutes * 60_000)
        responses.append(await mock.ask(CLIENT.vendor, endpoint, {"limit": 0}))

    assert [status for status, _ in responses] == [200, 200, 401, 401, 200, 200, 401]
    assert responses[2][1] == b'{"error":"Unauthorized"}'
