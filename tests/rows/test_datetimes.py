"""Parsing and formatting of times."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.rows.datetimes import find_zone, format_seconds, midnight, parse_instant, today

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2018-06-28T23:59:59-5:00", "2018-06-29T04:59:59+00:00"),
        ("2018-06-28T23:59:59 05:00", None),
        ("2014-12-10T23:59:59-05:00", "2014-12-11T04:59:59+00:00"),
        ("2014-12-10T23:59:59+0530", "2014-12-10T18:29:59+00:00"),
        ("2014-12-10T23:59:59 +05", "2014-12-10T18:59:59+00:00"),
        ("2022-12-09", "2022-12-09T00:00:00+00:00"),
        ("2022-12-09T10:11:12Z", "2022-12-09T10:11:12+00:00"),
        ("2022-12-09T10:11:12.345Z", "2022-12-09T10:11:12.345+00:00"),
        ("2022-12-09T10:11", "2022-12-09T10:11:00+00:00"),
        ("2022-12-09 10:11:12", "2022-12-09T10:11:12+00:00"),
        ("20221209", "2022-12-09T00:00:00+00:00"),
        ("20221209T101112Z", "2022-12-09T10:11:12+00:00"),
        ("20221209T101112.345+0100", "2022-12-09T09:11:12.345+00:00"),
        ("20221209T1011", "2022-12-09T10:11:00+00:00"),
        ("2022-12-31T24:00", "2023-01-01T00:00:00+00:00"),
        ("2022-12-31T24:00:00.000+01:00", "2022-12-31T23:00:00+00:00"),
        ("20221231T240000Z", "2023-01-01T00:00:00+00:00"),
        ("2022-12-31T24:00:01", None),
        ("2022-12-31T24:00:00.001", None),
        ("9999-12-31T24:00", None),
        ("2022-1209", None),
        ("20221209T10:1112", None),
        ("2022-02-30", None),
        ("2022-12-09T25:00:00Z", None),
        ("2022-12-09T10:11:12+24:00", None),
        ("1670580672", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_parse_instant_accepts_iso_8601_and_variants_of_clients(text: str, expected: str | None) -> None:
    parsed = parse_instant(text)

    assert parsed == (
        None if expected is None else (datetime.fromisoformat(expected) - EPOCH) // timedelta(milliseconds=1)
    )


@given(st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29)), st.integers(-23 * 60, 23 * 60))  # noqa: DTZ001 -- the zone follows
def test_parse_instant_is_inverse_of_isoformat(moment: datetime, minutes: int) -> None:
    aware = moment.replace(tzinfo=timezone(timedelta(minutes=minutes)))

    assert parse_instant(aware.isoformat()) == (aware - EPOCH) // timedelta(milliseconds=1)


@given(st.lists(st.integers(0, 4_102_444_800_000)))
def test_format_seconds_truncates_fractions(instants: list[int]) -> None:
    assert [parse_instant(text) for text in format_seconds(instants)] == [
        at // 1000 * 1000 for at in instants
    ]


def test_find_zone_accepts_iana_names_only() -> None:
    assert find_zone("Europe/Berlin") == ZoneInfo("Europe/Berlin")
    assert [
        find_zone(name)
        for name in ("Nowhere/City", "", "../etc/passwd", "/etc/passwd", "Europe", "a\x00b", "x" * 500)
    ] == [None] * 7


def test_midnight_respects_daylight_saving_time() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    day = datetime(2026, 3, 29, tzinfo=berlin).date()

    assert midnight(day + timedelta(days=1), berlin) - midnight(day, berlin) == 23 * 3_600_000
    assert today(midnight(day, berlin), berlin) == day
