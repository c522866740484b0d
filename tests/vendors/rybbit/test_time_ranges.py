"""Time ranges in the documented dialect."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import chain, pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.rows.datetimes import DAY
from mockserver.world.model.spec import spec
from mockserver.world.world import build
from tests.vendors.rybbit.client import (
    MINUTE,
    NOW,
    error_message,
    list_locations,
    list_rows,
    make_world,
    parse_second,
    session_ids,
)

ALL_ROWS = list_rows(make_world())
"""All rows of the default world, latest start first."""


@pytest.mark.parametrize("profile", ["default", "awkward"])
@pytest.mark.parametrize(
    "name",
    [
        None,
        "UTC",
        "Europe/Berlin",
        "America/New_York",
        "America/Sao_Paulo",
        "Asia/Kathmandu",
        "Pacific/Auckland",
        "Africa/Cairo",
    ],
)
def test_date_range_holds_sessions_that_start_on_those_days_in_the_zone(
    profile: str, name: str | None
) -> None:
    """Without a zone, dates are UTC days."""
    world = make_world(profile)
    zone = ZoneInfo(name or "UTC")
    by_day: dict[str, list[str]] = {}
    for row in list_rows(world):
        by_day.setdefault(
            datetime.fromtimestamp(parse_second(row.session_start), zone).date().isoformat(), []
        ).append(row.session_id)
    days = sorted(by_day)
    first = date.fromisoformat(days[0])
    last = date.fromisoformat(days[-1])
    for offset in range(-1, (last - first).days + 2):
        day = (first + timedelta(days=offset)).isoformat()

        assert session_ids(list_rows(world, start_date=day, end_date=day, time_zone=name)) == by_day.get(
            day, []
        )
    three_days = [*by_day[days[3]], *by_day[days[2]], *by_day[days[1]]]
    assert session_ids(list_rows(world, start_date=days[1], end_date=days[3], time_zone=name)) == three_days


@pytest.mark.parametrize(("day", "hours"), [("2026-03-28", 24), ("2026-03-29", 23), ("2026-10-25", 25)])
def test_day_of_daylight_saving_change_has_23_or_25_hours(day: str, hours: int) -> None:
    """The world has one session a minute; the day is compared with the hours from midnight in Berlin."""
    world = build(spec(sessions=300 * 24 * 60, start="2026-01-01", end="2026-10-28", sites=1))
    sessions_of_day = sum(
        place.count
        for place in list_locations(
            world, start_date=day, end_date=day, time_zone="Europe/Berlin", now=NOW + 60 * DAY
        )
    )
    sessions_of_hours = sum(
        place.count for place in list_locations(world, **build_range_of_hours(day, hours), now=NOW + 60 * DAY)
    )

    assert sessions_of_day == sessions_of_hours


def build_range_of_hours(day: str, hours: int) -> dict[str, Any]:
    """Return the datetimes of a number of hours from midnight in Berlin."""
    start = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)
    return {"start_datetime": f"{start:%F %T}", "end_datetime": f"{start + timedelta(hours=hours):%F %T}"}


@pytest.mark.parametrize("datetime_format", ["{:%F %T}", "{:%FT%T}", "{:%F %TZ}", "{:%FT%T+00:00}"])
def test_consecutive_datetime_ranges_partition_the_list(datetime_format: str) -> None:
    world = make_world("awkward")
    starts = sorted({parse_second(row.session_start) for row in list_rows(world)})
    edges = [datetime.fromtimestamp(second, UTC) for second in (*starts[::40], starts[-1] + 1)]
    ranges = [
        {"start_datetime": datetime_format.format(start), "end_datetime": datetime_format.format(end)}
        for start, end in pairwise(edges)
    ]
    rows_by_range = [list_rows(world, **time_range) for time_range in ranges]

    assert [*chain.from_iterable(reversed(rows_by_range))] == list_rows(world)
    assert all(rows_by_range)


def test_datetimes_with_another_offset_select_the_same_sessions() -> None:
    rows = list_rows(
        make_world(), start_datetime="2026-09-05T02:00:00+02:00", end_datetime="2026-09-05 23:59:59+0000"
    )

    assert rows == list_rows(
        make_world(), start_datetime="2026-09-05 00:00:00", end_datetime="2026-09-05 23:59:59"
    )
    assert rows


@given(
    index=st.integers(0, 999),
    minutes=st.integers(1, 20_000),
    offset_ms=st.integers(-2000, 2000),
    width=st.integers(1, 20_000),
)
def test_minutes_exclude_older_and_include_newer_boundary(
    index: int, minutes: int, offset_ms: int, width: int
) -> None:
    """Boundaries are compared in whole seconds, close to the start of a session."""
    now = parse_second(ALL_ROWS[index].session_start) * 1000 + minutes * MINUTE + offset_ms
    for older, newer in ((minutes, max(minutes - width, 0)), (minutes + width, minutes)):
        seconds = range(now // 1000 - older * 60 + 1, now // 1000 - newer * 60 + 1)
        expected = [
            row.session_id
            for row in ALL_ROWS
            if parse_second(row.session_start) in seconds and parse_second(row.session_start) * 1000 <= now
        ]

        assert (
            session_ids(
                list_rows(make_world(), now=now, past_minutes_start=str(older), past_minutes_end=str(newer))
            )
            == expected
        )


def test_session_exactly_at_minutes_boundary_is_in_later_range() -> None:
    """Fractions of minutes are allowed."""
    row = list_rows(make_world())[500]
    now = parse_second(row.session_start) * 1000 + 90_000

    assert row.session_id in session_ids(
        list_rows(make_world(), now=now, past_minutes_start="99.0", past_minutes_end="1.5")
    )
    assert row.session_id not in session_ids(
        list_rows(make_world(), now=now, past_minutes_start="1.5", past_minutes_end="0")
    )
    assert row.session_id in session_ids(
        list_rows(make_world(), now=now - 15_000, past_minutes_start="1.5", past_minutes_end="1")
    )


def test_dates_take_precedence_over_datetimes_and_these_over_minutes() -> None:
    world = make_world()
    dates = {"start_date": "2026-09-03", "end_date": "2026-09-03"}
    datetimes = {"start_datetime": "2026-09-10 00:00:00", "end_datetime": "2026-09-11 00:00:00"}
    minutes = {"past_minutes_start": "5000", "past_minutes_end": "2000"}
    by_dates = list_rows(world, **dates)
    by_datetimes = list_rows(world, **datetimes)
    by_minutes = list_rows(world, **minutes)
    all_ids = [*session_ids(by_dates), *session_ids(by_datetimes), *session_ids(by_minutes)]

    assert len(set(all_ids)) == len(all_ids) > 0
    assert list_rows(world, **dates, **datetimes, **minutes) == by_dates
    assert list_rows(world, **datetimes, **minutes) == by_datetimes


@pytest.mark.parametrize(
    ("time_range", "is_unlimited"),
    [
        ({}, True),
        ({"start_date": "", "end_date": "", "time_zone": ""}, True),
        ({"time_zone": "Asia/Tokyo"}, True),
        ({"start_date": "0001-01-01", "end_date": "9999-12-31", "time_zone": "Asia/Tokyo"}, True),
        ({"past_minutes_start": "999999999999999", "past_minutes_end": "0"}, True),
        ({"start_date": "2026-09-20", "end_date": "2026-09-10"}, False),
        ({"start_date": "9999-12-31", "end_date": "0001-01-01", "time_zone": "America/Lima"}, False),
        ({"start_date": "2020-01-01", "end_date": "2020-12-31"}, False),
    ],
)
def test_range_is_unlimited_or_empty(time_range: dict[str, Any], *, is_unlimited: bool) -> None:
    """Missing and very wide ranges match everything; a start after the end matches nothing."""
    assert list_rows(make_world(), **time_range) == (list_rows(make_world()) if is_unlimited else [])
    assert sum(place.count for place in list_locations(make_world(), **time_range)) == (
        1000 if is_unlimited else 0
    )


DATES = {"start_date": "2026-09-01", "end_date": "2026-09-30"}
DATETIMES = {"start_datetime": "2026-09-01 00:00:00", "end_datetime": "2026-09-30 00:00:00"}
HALF_DATES = "start_date and end_date must be provided together"
HALF_DATETIMES = "start_datetime and end_datetime must be provided together"
HALF_MINUTES = "past_minutes_start and past_minutes_end must be provided together"
FORMAT = "Invalid start_date format. Use YYYY-MM-DD"
DATETIME_FORMAT = "Invalid {}_datetime format. Use YYYY-MM-DD HH:mm:ss"
ORDER = "past_minutes_start must be greater than past_minutes_end (start = older, end = newer)"
NEGATIVE = "past_minutes values must be non-negative numbers"


@pytest.mark.parametrize("call", [list_rows, list_locations])
@pytest.mark.parametrize(
    ("time_range", "message"),
    [
        ({"start_date": "2026-09-01"}, HALF_DATES),
        ({"end_date": "2026-09-01"}, HALF_DATES),
        ({"start_datetime": "2026-09-01 00:00:00"}, HALF_DATETIMES),
        ({"end_datetime": "2026-09-01 00:00:00"}, HALF_DATETIMES),
        ({"past_minutes_start": "60"}, HALF_MINUTES),
        ({"past_minutes_end": "60"}, HALF_MINUTES),
        ({**DATES, "start_date": "2026/09/01"}, FORMAT),
        ({**DATES, "start_date": "1. September"}, FORMAT),
        ({**DATES, "end_date": "20260930"}, "Invalid end_date format. Use YYYY-MM-DD"),
        ({**DATES, "end_date": "2026-09-30T00:00:00Z"}, "Invalid end_date format. Use YYYY-MM-DD"),
        ({**DATES, "start_date": "2026-13-01"}, "Invalid start_date value"),
        ({**DATES, "end_date": "2026-02-30"}, "Invalid end_date value"),
        ({**DATES, "end_date": "0000-01-01"}, "Invalid end_date value"),
        ({**DATES, "time_zone": "foo"}, "Invalid time_zone"),
        ({**DATES, "time_zone": "UTC+2"}, "Invalid time_zone"),
        ({**DATES, "time_zone": "../UTC"}, "Invalid time_zone"),
        ({"time_zone": "Europe"}, "Invalid time_zone"),
        ({**DATETIMES, "start_datetime": "2026-09-01"}, DATETIME_FORMAT.format("start")),
        ({**DATETIMES, "end_datetime": "2026-09-30 00:00:00.5"}, DATETIME_FORMAT.format("end")),
        ({**DATETIMES, "end_datetime": "2026-09-30 25:00:00"}, "Invalid end_datetime value"),
        ({**DATETIMES, "start_datetime": "2026-09-31 00:00:00"}, "Invalid start_datetime value"),
        ({**DATETIMES, "end_datetime": "2026-09-01 00:00:00"}, "start_datetime must be before end_datetime"),
        ({"past_minutes_start": "60", "past_minutes_end": "60"}, ORDER),
        ({"past_minutes_start": "0", "past_minutes_end": "60"}, ORDER),
        ({"past_minutes_start": "60", "past_minutes_end": "-5"}, NEGATIVE),
        ({"past_minutes_start": "soon", "past_minutes_end": "5"}, NEGATIVE),
        ({"past_minutes_start": "inf", "past_minutes_end": "nan"}, f"{NEGATIVE}; {NEGATIVE}"),
        ({"start_date": "x"}, f"{FORMAT}; {HALF_DATES}"),
        (
            {
                "start_date": "2026/09/01",
                "end_date": "2026-09-31",
                "time_zone": "foo",
                "end_datetime": "now",
                "past_minutes_end": "-1",
            },
            (
                f"{FORMAT}; Invalid end_date value; Invalid time_zone; {DATETIME_FORMAT.format('end')};"
                f" {NEGATIVE}; {HALF_DATETIMES}; {HALF_MINUTES}"
            ),
        ),
        (
            {
                "start_datetime": "2026-09-02 00:00:00",
                "end_datetime": "2026-09-01 00:00:00",
                "past_minutes_start": "1",
                "past_minutes_end": "2",
            },
            f"start_datetime must be before end_datetime; {ORDER}",
        ),
        ({**DATES, "past_minutes_start": "1", "past_minutes_end": "2"}, ORDER),
    ],
)
def test_invalid_range_returns_all_errors_in_the_vendors_order(
    call: Callable[..., Any], time_range: dict[str, Any], message: str
) -> None:
    """The range is validated even if one with precedence is given."""
    assert error_message(call, **time_range) == message
