"""Specs are validated and completed; errors say what is wrong."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.world.model.spec import (
    DEFAULT_END,
    DEFAULT_START,
    WorldError,
    WorldSpec,
    format_instant,
    parse_instant,
    spec,
)
from tests.world.worlds import DAY

zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.datetimes(datetime(1970, 1, 2), datetime(2099, 12, 30), timezones=st.one_of(st.none(), zones))  # noqa: DTZ001 -- the zones are drawn


def test_spec_without_fields_is_exact_and_complete() -> None:
    made = spec()

    assert (made.seed, made.sessions, made.start, made.end) == (7, 1000, DEFAULT_START, DEFAULT_END)
    assert (format_instant(DEFAULT_START), format_instant(DEFAULT_END)) == (
        "2026-09-01T00:00:00Z",
        "2026-10-01T00:00:00Z",
    )
    assert not made.flowing
    assert made == WorldSpec(sessions=1000, end=DEFAULT_END)


def test_spec_flowing_has_no_end() -> None:
    made = spec(sessions_per_day=500, start="2026-01-01")

    assert made.flowing
    assert (made.sessions, made.end, made.start) == (None, None, 1_767_225_600_000)


@given(start=st.integers(0, DEFAULT_END * 2))
def test_spec_default_end_is_after_start(start: int) -> None:
    made = spec(start=start)

    assert made.end == max(DEFAULT_END, start + 30 * DAY)


@given(moment=moments)
def test_parse_instant_accepts_number_text_and_datetime(moment: datetime) -> None:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    milliseconds = (aware - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)

    assert parse_instant(moment, "start") == milliseconds
    assert parse_instant(moment.isoformat(), "start") == milliseconds
    assert parse_instant(milliseconds, "start") == milliseconds
    assert spec(start=moment).start == milliseconds


@given(milliseconds=st.integers(0, 4_102_444_800_000))
def test_format_instant_round_trips(milliseconds: int) -> None:
    assert parse_instant(format_instant(milliseconds), "start") == milliseconds
    assert ("." in format_instant(milliseconds)) == (milliseconds % 1000 != 0)


def test_parse_instant_before_1970_is_negative() -> None:
    assert parse_instant("1969-12-31T23:59:59.500Z", "now") == -500


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"sessions": -1}, r"sessions"),
        ({"sessions": 10**12 + 1}, r"sessions"),
        ({"sessions": 1.5}, r"sessions"),
        (
            {"sessions": "many"},
            r"^world spec: sessions must be an integer from 0 to 1000000000000, got a string$",
        ),
        ({"seed": -1}, r"seed"),
        ({"seed": 2**63}, r"seed"),
        ({"seed": True}, r"seed"),
        ({"sites": 0}, r"sites"),
        ({"sites": 65}, r"sites"),
        ({"bots_percent": 101}, r"bots_percent"),
        ({"grain": 0}, r"grain"),
        ({"quiet_days": [7]}, r"quiet_days"),
        ({"session": 5}, r"unknown field 'session'; did you mean 'sessions'[?]"),
        ({"sessions_per_day": 0}, r"sessions_per_day"),
        ({"sessions_per_day": 10**9 + 1}, r"sessions_per_day"),
        ({"sessions_per_day": 5, "sessions": 5}, r"cannot be combined with `sessions` or `end`"),
        ({"sessions_per_day": 5, "end": "2026-12-01"}, r"`sessions_per_day` cannot be combined"),
        (
            {"start": "2026-09-02", "end": "2026-09-02"},
            r"`end` \(2026-09-02T00:00:00Z\) must be after `start` \(2026-09-02T00:00:00Z\)",
        ),
        (
            {"start": "2026-09-02", "end": "2026-09-01T23:59:59.999Z"},
            r"`end` \(2026-09-01T23:59:59.999Z\) must be after",
        ),
        ({"start": "yesterday"}, r"start: 'yesterday' is not an ISO 8601 date or time; use for example"),
        ({"end": 1.5}, r"end: 1.5 is not an instant"),
        ({"end": True}, r"end: True is not an instant"),
        ({"start": -1}, r"^world spec: start must be an instant from 1970 to 2100$"),
        ({"start": "1969-12-31T23:59:59.999Z"}, r"start"),
        ({"end": "2100-01-02"}, r"end"),
    ],
)
def test_spec_invalid_fields_raise(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(WorldError, match=message):
        spec(**fields)


def test_spec_accepts_largest_values() -> None:
    assert (
        spec(sessions=10**12, seed=2**63 - 1, sites=64, bots_percent=100, grain=3_600_000).sessions == 10**12
    )
    assert spec(sessions_per_day=10**9, start=0).sessions_per_day == 10**9
    assert spec(sessions=0, start=0, end=1).end == 1
