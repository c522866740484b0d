"""What is particular to Rybbit's server of December 2025."""

import re
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import json

from mockserver.rows.datetimes import DAY
from mockserver.server.faults.registry import read
from mockserver.vendors.rybbit.filters.fields import EARLIER, PARAMETERS
from mockserver.vendors.rybbit.filters.syntax import TYPES
from mockserver.world.model.like import contains_like
from mockserver.world.model.spec import DEFAULT_END
from tests.vendors.rybbit.asking import detail, filters, world
from tests.vendors.rybbit.asking import rows as documented
from tests.vendors.rybbit.speaking import FAILED, Dialect, some

SERVER = Dialect("server-2025-12")


@cache
def pages() -> dict[str, set[str]]:
    """The paths that each session's events happened on."""
    return {
        row["session_id"]: {event.pathname for event in detail(some(), row["session_id"], limit=1000).events}
        for row in SERVER.everyone
    }


def test_a_row_is_told_as_the_database_has_it() -> None:
    """Instants as SQL, regions as codes, devices with a capital; the sessions are those of the documented dialect."""
    rows = SERVER.everyone

    assert all(
        re.fullmatch(r"2026-09-\d\d \d\d:\d\d:\d\d", row[name])
        for row in rows
        for name in ("session_start", "session_end")
    )
    assert all(re.fullmatch(r"[A-Z]{2}-[A-Z0-9]{1,3}", row["region"]) for row in rows if row["region"])
    assert {row["device_type"] for row in rows} <= {"Desktop", "Mobile", "Tablet"}
    assert {row["session_id"] for row in rows} == {row.session_id for row in documented(some())}


def test_an_unknown_country_is_two_nuls() -> None:
    """In rows and in places, and a filter finds it by the empty text."""
    told = world("awkward", sessions=300)
    unknown = [row["session_id"] for row in SERVER.rows(told) if row["country"] == "\0\0"]

    assert unknown
    assert SERVER.ids(told, filters=filters(("country", "equals", [""]))) == unknown
    assert "\0\0" in {place["country"] for place in SERVER.ask("list_session_locations", told)}


def test_rows_are_ordered_by_end() -> None:
    """Latest end first, then latest start, then greatest id."""
    rows = SERVER.everyone

    assert rows == sorted(
        rows, key=lambda row: (row["session_end"], row["session_start"], row["session_id"]), reverse=True
    )
    assert rows != sorted(rows, key=lambda row: row["session_start"], reverse=True)


def test_the_start_decides_between_those_that_end_together() -> None:
    """In a world in which many do."""
    told = world(sessions=3000, start=DEFAULT_END - DAY // 6, end=DEFAULT_END)
    keys = [(row["session_end"], row["session_start"], row["session_id"]) for row in SERVER.rows(told)]

    assert keys == sorted(keys, reverse=True)
    assert keys != sorted(keys, key=lambda key: (key[0], key[2]), reverse=True)


DATES = {"start_date": "2026-09-10", "end_date": "2026-09-10"}
PASSED_OVER: list[dict[str, str]] = [
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
    {"start_datetime": "1999-01-01 00:00:00", "end_datetime": "1999-01-02 00:00:00"},
]


@pytest.mark.parametrize("query", PASSED_OVER, ids=str)
def test_a_window_that_is_not_understood_is_all_time(query: dict[str, str]) -> None:
    """Without an error, for the list and for the places."""
    assert SERVER.rows(some(), **query) == SERVER.everyone
    assert SERVER.places(some(), **query) == len(SERVER.everyone)


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
def test_a_window_that_is_understood_is_that_of_the_documented_dialect(query: dict[str, str]) -> None:
    """Dates with a zone win over minutes."""
    found = SERVER.ids(some(), **query)

    assert 0 < len(found) < len(SERVER.everyone)
    assert sorted(found) == sorted(row.session_id for row in documented(some(), **query))
    assert SERVER.places(some(), **query) == len(found)


@pytest.mark.parametrize("kind", ["not_equals", "not_contains"])
def test_one_value_that_does_not_hold_is_enough(kind: str) -> None:
    """Two that differ match everything, one does what it says."""
    assert SERVER.rows(some(), filters=filters(("browser", kind, ["Chrome", "Safari"]))) == SERVER.everyone
    assert SERVER.ids(some(), filters=filters(("browser", kind, ["Chrome"]))) == SERVER.matching(
        lambda row: "Chrome" not in row["browser"]
    )


@pytest.mark.parametrize(
    ("text", "pattern"), [("C%e", "C.*e"), ("_irefo_", ".irefo."), ("%", ""), ("S_f%r", "S.f.*r")]
)
def test_contains_knows_wildcards(text: str, pattern: str) -> None:
    """% stands for any text, _ for any character."""
    expected = SERVER.matching(lambda row: re.search(pattern, row["browser"]) is not None)

    assert SERVER.ids(some(), filters=filters(("browser", "contains", [text]))) == expected


@given(st.text("ab%_", max_size=8), st.text("ab\n.%", max_size=12))
def test_wildcards_find_what_a_pattern_finds(text: str, said: str) -> None:
    """The same as a backtracking search, without its time."""
    pattern = "".join({"%": ".*", "_": "."}.get(letter, re.escape(letter)) for letter in text)

    assert contains_like(said, text) == (re.search(pattern, said, re.DOTALL) is not None)


def test_wildcards_take_no_time() -> None:
    """A text that would keep a backtracking engine busy for years."""
    assert not contains_like("a" * 5000, "a%" * 2000 + "b")


def test_places_look_at_every_event() -> None:
    """A session counts of which one event is not what a filter excludes."""
    seen = filters(("pathname", "equals", ["/pricing"]))
    other = filters(("pathname", "not_equals", ["/pricing"]))

    assert SERVER.places(some(), filters=seen) == sum("/pricing" in paths for paths in pages().values()) > 0
    assert SERVER.places(some(), filters=other) == sum(paths != {"/pricing"} for paths in pages().values())


def test_near_is_all_that_coordinates_know() -> None:
    """not_equals and not_contains mean equals for them."""
    latitude = SERVER.everyone[0]["lat"]
    expected = SERVER.matching(lambda row: abs(row["lat"] - latitude) <= 0.001)

    for kind in ("equals", "not_equals", "contains", "not_contains"):
        assert SERVER.ids(some(), filters=filters(("lat", kind, [latitude]))) == expected


@pytest.mark.parametrize("kind", sorted(set(TYPES) - {"equals"}))
def test_user_id_is_equal_or_not(kind: str) -> None:
    """Whatever is no equals means not_equals."""
    user = SERVER.everyone[0]["user_id"]

    assert SERVER.ids(some(), filters=filters(("user_id", kind, [user]))) == SERVER.matching(
        lambda row: row["user_id"] != user
    )


def test_only_the_first_pattern_counts() -> None:
    """Of several, the others are not looked at."""
    expected = SERVER.matching(lambda row: row["browser"].startswith("S"))

    assert SERVER.ids(some(), filters=filters(("browser", "regex", ["^S", "("]))) == expected


@pytest.mark.parametrize("parameter", ["pathname", "page_title", "querystring", "timezone", *EARLIER])
def test_the_list_lacks_columns_that_the_places_have(parameter: str) -> None:
    """A filter on one of them fails in the database, for the list."""
    wanted = filters((parameter, "not_equals", ["x"]))

    assert SERVER.refusal("list_sessions", some(), filters=wanted) == FAILED
    assert SERVER.places(some(), filters=wanted) == len(SERVER.everyone)


@pytest.mark.parametrize(
    "each",
    [
        ("browser", "equals", []),
        ("browser", "less_than", [5]),
        ("lat", "regex", ["5"]),
        ("lon", "equals", ["x"]),
    ],
    ids=str,
)
def test_a_filter_that_the_database_refuses_is_a_500(each: tuple[str, str, list[Any]]) -> None:
    """The list says so; the places tell the number of the database's error."""
    status, body = SERVER.refusal("list_session_locations", some(), filters=filters(each))

    assert SERVER.refusal("list_sessions", some(), filters=filters(each)) == FAILED
    assert (status, body["error"], body["code"]) == (500, "Internal Server Error", "47")


@pytest.mark.parametrize(
    ("sent", "phrase"), [(503, "Service Unavailable"), (429, "Too Many Requests"), (599, "")]
)
async def test_a_status_that_nobody_documents_has_the_framework_s_shape(
    serve: Any, sent: int, phrase: str
) -> None:
    """The envelope tells the status that was sent, whatever it is."""
    mock = await serve(SERVER.vendor)
    mock.tenant.faults.add(read({"kind": "status", "status": sent}))
    status, answer = await mock.ask(SERVER.vendor, SERVER.vendor.endpoint("list_sessions"), {})
    body = json.decode(answer)

    assert (status, body["statusCode"], body["error"]) == (sent, sent, phrase)


def issues(text: str) -> list[dict[str, Any]]:
    """What zod says of some filters."""
    status, body = SERVER.refusal("list_sessions", some(), filters=text)
    found: list[dict[str, Any]] = json.decode(body["message"])

    assert (status, body["error"], body["statusCode"]) == (500, "Internal Server Error", 500)
    assert body["message"].startswith("[\n  {\n    ")
    return found


def test_zod_tells_an_unknown_word() -> None:
    """Received, options and a text that repeats both."""
    (issue,) = issues('[{"parameter":"nope","type":"equals","value":[]}]')

    assert list(issue) == ["received", "code", "options", "path", "message"]
    assert (issue["received"], issue["code"], issue["path"]) == (
        "nope",
        "invalid_enum_value",
        [0, "parameter"],
    )
    assert issue["options"] == [*PARAMETERS, *EARLIER]
    assert issue["message"].startswith("Invalid enum value. Expected 'browser' | 'browser_version' | ")
    assert issue["message"].endswith(", received 'nope'")


def test_zod_tells_every_issue() -> None:
    """Of items that are none, of what is missing, and of values of other kinds, in order."""
    found = issues(
        '[5, {"type": 1, "value": "x"}, {"parameter": "browser", "type": "equals", "value": ["x", null]}]'
    )

    assert [(each["code"], each["path"], each["message"]) for each in found] == [
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


@pytest.mark.parametrize(("asked_for", "given"), [("10abc", 10), ("1.9", 1), ("0", 0), (" 3", 3)])
def test_a_session_reads_what_a_limit_begins_with(asked_for: str, given: int) -> None:
    """As parseInt does; a limit of 0 says that there is more."""
    session = next(row["session_id"] for row in SERVER.everyone if row["pageviews"] > 10)
    told = SERVER.detail(some(), session, limit=asked_for)

    assert (len(told["events"]), told["pagination"]["limit"], told["pagination"]["hasMore"]) == (
        given,
        given,
        True,
    )


def test_minutes_that_are_none_mean_all() -> None:
    """What is no number is as if it were not there."""
    session = SERVER.everyone[0]["session_id"]

    assert SERVER.detail(some(), session, minutes="x") == SERVER.detail(some(), session)


async def test_a_key_over_its_limit_is_refused_as_if_wrong(serve: Any) -> None:
    """With 401 and no header, until it was idle for ten minutes."""
    mock = await serve(SERVER.vendor, behaviors={"rybbit.rate_limit": 2})
    endpoint, clock = SERVER.vendor.endpoint("list_sessions"), mock.tenant.clock
    statuses = []
    for minutes in (0, 6, 6, 3, 1, 0, 0):
        clock.advance(minutes * 60_000)
        statuses.append(await mock.ask(SERVER.vendor, endpoint, {"limit": 0}))

    assert [status for status, _ in statuses] == [200, 200, 401, 401, 200, 200, 401]
    assert statuses[2][1] == b'{"error":"Unauthorized"}'
