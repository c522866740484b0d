"""Time ranges of the dialects of 2026."""

from typing import Any

import pytest

from mockserver.contract.errors import ApiError
from mockserver.rows.datetimes import DAY, parse_instant
from mockserver.vendors.rybbit.request_models import CommonParameters
from mockserver.vendors.rybbit.times.javascript import parse_date, to_number
from mockserver.vendors.rybbit.times.server_times import UnanswerableTimeError, parse_server_time_range

NOW = 1_790_000_000_000
MINUTE = 60_000


def parse(**query: str) -> Any:
    return parse_server_time_range(CommonParameters(**query), NOW)


def instant(text: str) -> int:
    parsed = parse_instant(text)
    assert parsed is not None
    return parsed


RANGES: list[tuple[dict[str, str], tuple[int | None, int | None]]] = [
    ({}, (None, None)),
    ({"start_date": "", "end_date": "", "past_minutes_start": ""}, (None, None)),
    (
        {"start_date": "2026-02-28", "end_date": "2026-02-30"},
        (instant("2026-02-28"), instant("2026-03-03")),
    ),
    (
        {"start_date": "2026-11-31", "end_date": "2026-12-01", "time_zone": "Europe/Berlin"},
        (instant("2026-12-01") - 60 * MINUTE, instant("2026-12-02") - 60 * MINUTE),
    ),
    (
        {"start_datetime": "2026-09-01 24:00:00", "end_datetime": "2026-09-02T02:30:00+02:00"},
        (instant("2026-09-02"), instant("2026-09-02T00:30:00")),
    ),
    ({"start_date": "2026-01-01", "end_date": "2106-02-06"}, (instant("2026-01-01"), instant("2106-02-07"))),
    ({"start_date": "2026-01-01", "end_date": "2106-02-07"}, (0, 0)),
    ({"start_date": "2026-01-01", "end_date": "9999-12-31"}, (0, 0)),
    *(
        ({"past_minutes_start": text, "past_minutes_end": " "}, (NOW - 10_000 * MINUTE + 1000, NOW + 1000))
        for text in ("10000", "1e4", "0x2710", " 10000 ")
    ),
    (
        {
            "start_date": "2026-09-01",
            "end_date": "2026-09-01",
            "past_minutes_start": "5",
            "past_minutes_end": "0",
        },
        (instant("2026-09-01"), instant("2026-09-01") + DAY),
    ),
]


@pytest.mark.parametrize(("query", "expected"), RANGES, ids=[str(query) for query, _ in RANGES])
def test_time_range_is_read_as_by_javascript(
    query: dict[str, str], expected: tuple[int | None, int | None]
) -> None:
    assert parse(**query) == expected


DATE = "Invalid {} format. Use YYYY-MM-DD"
TIME = "Invalid {} format. Use YYYY-MM-DD HH:mm:ss"
MINUTES = "past_minutes values must be non-negative numbers"
ORDER_OF_MINUTES = "past_minutes_start must be greater than past_minutes_end (start = older, end = newer)"
ORDER = "start_datetime must be before end_datetime"
ERRORS: list[tuple[dict[str, str], list[str]]] = [
    (
        {"start_date": "abc", "end_date": "2026-09-01"},
        [DATE.format("start_date"), "Invalid start_date value"],
    ),
    ({"start_date": "2026/09/01", "end_date": "2026-09-01"}, [DATE.format("start_date")]),
    (
        {"start_date": "2026-9-1", "end_date": "09/31/2026"},
        [DATE.format("start_date"), DATE.format("end_date")],
    ),
    (
        {"start_date": "2026-13-01", "end_date": "2026-02-32"},
        ["Invalid start_date value", "Invalid end_date value"],
    ),
    (
        {"start_date": "bogus", "past_minutes_start": "60"},
        [
            DATE.format("start_date"),
            "Invalid start_date value",
            "start_date and end_date must be provided together",
            "past_minutes_start and past_minutes_end must be provided together",
        ],
    ),
    ({"past_minutes_start": "x", "past_minutes_end": "0"}, [MINUTES, ORDER_OF_MINUTES]),
    ({"past_minutes_start": "x", "past_minutes_end": "-1"}, [MINUTES, MINUTES, ORDER_OF_MINUTES]),
    ({"past_minutes_start": "60", "past_minutes_end": "-5"}, [MINUTES]),
    ({"past_minutes_start": "0", "past_minutes_end": " "}, [ORDER_OF_MINUTES]),
    (
        {"start_datetime": "2026-09-01 25:00:00", "end_datetime": "2026-09-01 10:00:00"},
        ["Invalid start_datetime value", ORDER],
    ),
    (
        {"start_datetime": "2026-09-01", "end_datetime": "2026-09-02 10:00:00"},
        [TIME.format("start_datetime")],
    ),
    ({"start_datetime": "2026-09-01 10:00:00", "end_datetime": "2026-09-01 10:00:00"}, [ORDER]),
    ({"time_zone": "Factory"}, ["Invalid time_zone"]),
    ({"time_zone": "Mars/Olympus"}, ["Invalid time_zone"]),
]


@pytest.mark.parametrize(("query", "messages"), ERRORS, ids=[str(query) for query, _ in ERRORS])
def test_invalid_time_range_lists_all_errors_of_zod(query: dict[str, str], messages: list[str]) -> None:
    with pytest.raises(ApiError) as raised:
        parse(**query)

    assert raised.value.error == "violation"
    assert raised.value.details["message"] == "; ".join(messages)


@pytest.mark.parametrize(
    "query",
    [
        {"start_date": "2026-09-01", "end_date": "2026-09-02", "time_zone": "utc"},
        {"start_date": "2026-09-01", "end_date": "2026-09-02", "time_zone": "europe/berlin"},
        {"past_minutes_start": "Infinity", "past_minutes_end": "0"},
        {"past_minutes_start": "1e300", "past_minutes_end": "0"},
        {"past_minutes_start": "99999999999", "past_minutes_end": "0"},
    ],
    ids=str,
)
def test_valid_time_range_that_database_refuses_is_unanswerable(query: dict[str, str]) -> None:
    with pytest.raises(UnanswerableTimeError):
        parse(**query)


def test_zone_in_wrong_case_has_no_effect_without_dates() -> None:
    assert parse(time_zone="utc") == (None, None)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("", 0.0),
        (" \n", 0.0),
        ("+5", 5.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("1e3", 1000.0),
        ("0b11", 3.0),
        ("0o17", 15.0),
        ("-Infinity", float("-inf")),
    ],
)
def test_to_number_reads_text_as_javascript(text: str, number: float) -> None:
    assert to_number(text) == number


@pytest.mark.parametrize("text", ["1_0", "0x", "-0x10", "infinity", "NaN", "1,0", "٣", "--5", "5n"])
def test_to_number_of_other_text_is_nan(text: str) -> None:
    assert to_number(text) != to_number(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026", "2026-01-01"),
        ("2026-11", "2026-11-01"),
        ("2026.11.25", "2026-11-25"),
        ("11-25-2026", "2026-11-25"),
        (" 2026-11-25 ", "2026-11-25"),
        ("2026-11-25Z", "2026-11-25"),
        ("2026-11-25T10:00", "2026-11-25T10:00:00"),
        ("2026-11-31T00:00:00+0200", "2026-11-30T22:00:00"),
    ],
)
def test_parse_date_accepts_forms_of_javascript(text: str, expected: str) -> None:
    parsed = parse_date(text)

    assert parsed is not None
    assert parsed.timestamp() * 1000 == instant(expected)


@pytest.mark.parametrize(
    "text",
    [
        "20261125",
        "26-11-25",
        "13/02/2026",
        "25.11.2026",
        "2026-00-10",
        "2026-02-32",
        "2026-11-25x",
        "2026-11-25T24:00:01Z",
        "2026-11-25T10:60:00Z",
        "2026-11-25T23:59:60Z",
        "2026-11-25T10:00:00+25:00",
        "today",
    ],
)
def test_parse_date_refuses_what_javascript_refuses(text: str) -> None:
    assert parse_date(text) is None
