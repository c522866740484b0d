"""A window holds the sessions that start in it, and one that cannot be read is refused."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.rows.datetimes import DAY
from mockserver.world.model.spec import spec
from mockserver.world.world import build
from tests.vendors.rybbit.asking import MINUTE, NOW, ids, locations, refusal, rows, second, world

LISTED = rows(world())
"""The usual world, newest first."""


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
def test_days_are_those_of_the_zone(profile: str, name: str | None) -> None:
    """Day by day, across changes of the clocks, a window holds the sessions whose start falls on the day there; none means UTC."""
    told = world(profile)
    where = ZoneInfo(name or "UTC")
    by_day: dict[str, list[str]] = {}
    for row in rows(told):
        by_day.setdefault(
            datetime.fromtimestamp(second(row.session_start), where).date().isoformat(), []
        ).append(row.session_id)
    days = sorted(by_day)
    first, last = date.fromisoformat(days[0]), date.fromisoformat(days[-1])
    for back in range(-1, (last - first).days + 2):
        day = (first + timedelta(days=back)).isoformat()

        assert ids(rows(told, start_date=day, end_date=day, time_zone=name)) == by_day.get(day, [])
    assert ids(rows(told, start_date=days[1], end_date=days[3], time_zone=name)) == [
        each for day in reversed(days[1:4]) for each in by_day[day]
    ]


@pytest.mark.parametrize(("day", "hours"), [("2026-03-28", 24), ("2026-03-29", 23), ("2026-10-25", 25)])
def test_a_day_on_which_the_clocks_change_is_shorter_or_longer(day: str, hours: int) -> None:
    """A world with a session every minute has so many hours of them on a day in Berlin."""
    told = build(spec(sessions=300 * 24 * 60, start="2026-01-01", end="2026-10-28", sites=1))
    found = sum(
        place.count
        for place in locations(
            told, start_date=day, end_date=day, time_zone="Europe/Berlin", now=NOW + 60 * DAY
        )
    )
    starts = sum(place.count for place in locations(told, **hour_by_hour(day, hours), now=NOW + 60 * DAY))

    assert found == starts


def hour_by_hour(day: str, hours: int) -> dict[str, Any]:
    """The window of so many hours from midnight in Berlin on."""
    start = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)
    return {"start_datetime": f"{start:%F %T}", "end_datetime": f"{start + timedelta(hours=hours):%F %T}"}


@pytest.mark.parametrize("written", ["{:%F %T}", "{:%FT%T}", "{:%F %TZ}", "{:%FT%T+00:00}"])
def test_datetimes_exclude_their_end(written: str) -> None:
    """Windows from start to start, in any of the accepted spellings, tile the list."""
    told = world("awkward")
    starts = sorted({second(row.session_start) for row in rows(told)})
    edges = [datetime.fromtimestamp(each, UTC) for each in (*starts[::40], starts[-1] + 1)]
    windows = [
        {"start_datetime": written.format(a), "end_datetime": written.format(b)} for a, b in pairwise(edges)
    ]
    found = [rows(told, **window) for window in windows]

    assert [row for each in reversed(found) for row in each] == rows(told)
    assert all(found)


def test_datetimes_know_offsets() -> None:
    """The same instants with another offset are the same window."""
    here = rows(world(), start_datetime="2026-09-05T02:00:00+02:00", end_datetime="2026-09-05 23:59:59+0000")

    assert here == rows(world(), start_datetime="2026-09-05 00:00:00", end_datetime="2026-09-05 23:59:59")
    assert here


@given(
    number=st.integers(0, 999),
    minutes=st.integers(1, 20_000),
    off=st.integers(-2000, 2000),
    width=st.integers(1, 20_000),
)
def test_minutes_exclude_the_older_boundary_and_include_the_newer(
    number: int, minutes: int, off: int, width: int
) -> None:
    """In whole seconds, on either side of a session's start, it is in the window after which it did not start, not in the one before."""
    now = second(LISTED[number].session_start) * 1000 + minutes * MINUTE + off
    for older, newer in ((minutes, max(minutes - width, 0)), (minutes + width, minutes)):
        seconds = range(now // 1000 - older * 60 + 1, now // 1000 - newer * 60 + 1)
        expected = [
            row.session_id
            for row in LISTED
            if second(row.session_start) in seconds and second(row.session_start) * 1000 <= now
        ]

        assert (
            ids(rows(world(), now=now, past_minutes_start=str(older), past_minutes_end=str(newer)))
            == expected
        )


def test_minutes_at_the_boundary() -> None:
    """A session that started exactly so many minutes ago is in the later of two windows that meet there, half minutes too."""
    row = rows(world())[500]
    now = second(row.session_start) * 1000 + 90_000

    assert row.session_id in ids(rows(world(), now=now, past_minutes_start="99.0", past_minutes_end="1.5"))
    assert row.session_id not in ids(rows(world(), now=now, past_minutes_start="1.5", past_minutes_end="0"))
    assert row.session_id in ids(
        rows(world(), now=now - 15_000, past_minutes_start="1.5", past_minutes_end="1")
    )


def test_dates_win_over_datetimes_and_these_over_minutes() -> None:
    """Of several windows the first kind that is given counts."""
    told = world()
    dates = {"start_date": "2026-09-03", "end_date": "2026-09-03"}
    datetimes = {"start_datetime": "2026-09-10 00:00:00", "end_datetime": "2026-09-11 00:00:00"}
    minutes = {"past_minutes_start": "5000", "past_minutes_end": "2000"}
    one, two, three = (rows(told, **each) for each in (dates, datetimes, minutes))

    assert len({*ids(one), *ids(two), *ids(three)}) == len(one) + len(two) + len(three) > 0
    assert rows(told, **dates, **datetimes, **minutes) == one
    assert rows(told, **datetimes, **minutes) == two


@pytest.mark.parametrize(
    ("window", "everything"),
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
def test_windows_of_everything_and_of_nothing(window: dict[str, Any], *, all_rows_params: bool) -> None:
    """No window means all time, the widest ones too; a start after the end finds nothing."""
    assert rows(world(), **window) == (rows(world()) if all_rows_params else [])
    assert sum(place.count for place in locations(world(), **window)) == (1000 if all_rows_params else 0)


DATES = {"start_date": "2026-09-01", "end_date": "2026-09-30"}
DATETIMES = {"start_datetime": "2026-09-01 00:00:00", "end_datetime": "2026-09-30 00:00:00"}
HALF_DATES = "start_date and end_date must be provided together"
HALF_DATETIMES = "start_datetime and end_datetime must be provided together"
HALF_MINUTES = "past_minutes_start and past_minutes_end must be provided together"
FORMAT = "Invalid start_date format. Use YYYY-MM-DD"
WRITTEN = "Invalid {}_datetime format. Use YYYY-MM-DD HH:mm:ss"
ORDER = "past_minutes_start must be greater than past_minutes_end (start = older, end = newer)"
NEGATIVE = "past_minutes values must be non-negative numbers"


@pytest.mark.parametrize("ask", [rows, locations])
@pytest.mark.parametrize(
    ("window", "message"),
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
        ({**DATETIMES, "start_datetime": "2026-09-01"}, WRITTEN.format("start")),
        ({**DATETIMES, "end_datetime": "2026-09-30 00:00:00.5"}, WRITTEN.format("end")),
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
            f"{FORMAT}; Invalid end_date value; Invalid time_zone; {WRITTEN.format('end')}; {NEGATIVE}; {HALF_DATETIMES}; {HALF_MINUTES}",
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
def test_a_window_that_cannot_be_read_is_refused(
    ask: Callable[..., Any], window: dict[str, Any], message: str
) -> None:
    """Every fault is told in the vendor's words, several in its order, even of a window that would not count."""
    assert refusal(ask, **window) == message
