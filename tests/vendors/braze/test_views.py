"""Views and contract of Braze."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.contract.endpoint import Endpoint
from mockserver.contract.errors import ApiError, render
from mockserver.contract.validation import read
from mockserver.rows.datetimes import DAY
from mockserver.vendors.braze import VENDOR
from mockserver.vendors.braze.contract import EMPTY_HEADERS, LIST_SEGMENTS, SESSIONS_DATA_SERIES
from mockserver.vendors.braze.request_models import (
    INVALID_APP_ID,
    INVALID_ENDING_AT,
    INVALID_SEGMENT_ID,
    ExportSessionSeries,
    ListSegments,
)
from mockserver.vendors.braze.responses import ListedSegment, SegmentList, SessionPoint, SessionSeries
from mockserver.world.generator.layout import HOUR
from mockserver.world.generator.tracked import TrackedEvent
from mockserver.world.model.profiles import PROFILES
from mockserver.world.model.query import Query
from mockserver.world.model.spec import DEFAULT_END, spec
from mockserver.world.world import World, build, with_events
from tests.vendors.conftest import KEY, decode_strictly, make_view_request

MONTH = 30
"""Days of the default world."""
NOON = DEFAULT_END - 15 * DAY + DAY // 2  # 2026-09-16T12:00:00Z
UNITS = {"day": timedelta(days=1), "hour": timedelta(hours=1)}


def build_world(profile: str = "default", **fields: Any) -> World:
    """Return the world of a profile with some fields changed."""
    return build(spec(**{**PROFILES[profile], **fields}))


def series(
    world: World,
    length: int,
    now: int = DEFAULT_END,
    behaviors: Mapping[str, str] | None = None,
    **fields: Any,
) -> list[SessionPoint]:
    """Return the points of a series."""
    request = make_view_request(
        VENDOR, world, query=ExportSessionSeries(length, **fields), now=now, behaviors=behaviors
    )
    return decode_strictly(VENDOR.respond(SESSIONS_DATA_SERIES, request).body, SessionSeries).data


def counts(points: list[SessionPoint]) -> list[int]:
    """Return the counts of a series."""
    return [point.sessions for point in points]


def rejection_message(world: World, behaviors: Mapping[str, str] | None = None, **fields: Any) -> str:
    """Return the error message for a series."""
    with pytest.raises(ApiError) as raised:
        series(world, 1, behaviors=behaviors, **fields)

    assert raised.value.error == "violation"
    return raised.value.details["message"]


def list_segments(world: World, **fields: Any) -> list[ListedSegment]:
    """Return a page of the list of segments."""
    request = make_view_request(VENDOR, world, query=ListSegments(**fields))
    return decode_strictly(VENDOR.respond(LIST_SEGMENTS, request).body, SegmentList).segments


def count_sessions(world: World, segment: str, now: int = DEFAULT_END) -> list[int]:
    """Return the number of sessions of a segment on each site, as the world counts them."""
    return [site.find(Query(where=world.segments[segment].where), now).total for site in world.sites]


@pytest.mark.parametrize("segment", build_world().segments)
def test_series_of_segment_adds_up_to_its_sessions(segment: str) -> None:
    world = build_world()
    identifier = VENDOR.create_identifiers(KEY, world, {}).segments[segment]

    assert sum(counts(series(world, MONTH, segment_id=identifier))) == sum(count_sessions(world, segment))


@pytest.mark.parametrize("segment", build_world().segments)
def test_series_of_segment_equals_sessions_counted_by_day(segment: str) -> None:
    world = build_world(sites=1)
    identifier = VENDOR.create_identifiers(KEY, world, {}).segments[segment]
    found = world.sites[0].find(Query(where=world.segments[segment].where), DEFAULT_END)
    starts = [place.start for place in found.page(0, found.total).sort_keys()]
    days = [
        sum(start // DAY == DEFAULT_END // DAY - back for start in starts) for back in range(MONTH, 0, -1)
    ]

    assert counts(series(world, MONTH, segment_id=identifier)) == days


def test_series_of_apps_add_up_to_series_of_workspace() -> None:
    world = build_world(sites=3)
    apps = [
        counts(series(world, MONTH, app_id=app)) for (app,) in VENDOR.create_identifiers(KEY, world, {}).sites
    ]

    assert [sum(point) for point in zip(*apps, strict=True)] == counts(series(world, MONTH))
    assert [sum(app) for app in apps] == count_sessions(world, "everyone")


@pytest.mark.parametrize("length", [1, 3, 100])
def test_length_counts_days_of_hours_by_behavior(length: int) -> None:
    world = build_world()
    in_days = series(world, length, unit="hour", behaviors={"hour_length": "days"})

    assert len(in_days) == 24 * length
    assert in_days[-length:] == series(world, length, unit="hour")
    assert sum(counts(in_days)) == sum(counts(series(world, length)))
    assert series(world, length, behaviors={"hour_length": "days"}) == series(world, length)


@given(day=st.integers(0, MONTH - 1), now=st.integers(DEFAULT_END - MONTH * DAY, DEFAULT_END))
def test_daily_point_equals_sum_of_hourly_points(day: int, now: int) -> None:
    ending_at = (datetime(2026, 9, 1, tzinfo=UTC) + timedelta(days=day + 1)).isoformat()
    hours = series(build_world(), 24, now, unit="hour", ending_at=ending_at)
    (whole,) = series(build_world(), 1, now, ending_at=ending_at)

    assert sum(counts(hours)) == whole.sessions
    assert {hour.time[:10] for hour in hours} == {whole.time}


@pytest.mark.parametrize(
    ("ending_at", "day", "hour"),
    [
        ("2026-09-15", "2026-09-14", "2026-09-14T23:00:00"),
        ("2026-09-15T00:00:00Z", "2026-09-14", "2026-09-14T23:00:00"),
        ("2026-09-15T00:00:00.001Z", "2026-09-15", "2026-09-15T00:00:00"),
        ("2026-09-15T01:00:00Z", "2026-09-15", "2026-09-15T00:00:00"),
        ("2026-09-15T23:59:59Z", "2026-09-15", "2026-09-15T23:00:00"),
        ("2026-09-15T23:59:59", "2026-09-15", "2026-09-15T23:00:00"),
        ("2026-09-15 23:59:59", "2026-09-15", "2026-09-15T23:00:00"),
        ("2026-09-15T23:59", "2026-09-15", "2026-09-15T23:00:00"),
        ("2026-09-15T23:59:59.123456789z", "2026-09-15", "2026-09-15T23:00:00"),
        ("2026-09-15T23:59:59-5:00", "2026-09-16", "2026-09-16T04:00:00"),
        ("2026-09-15T23:59:59-05:00", "2026-09-16", "2026-09-16T04:00:00"),
        ("2026-09-15T23:59:59 -05:00", "2026-09-16", "2026-09-16T04:00:00"),
        ("2026-09-15T04:29:59+0530", "2026-09-14", "2026-09-14T22:00:00"),
        ("2026-09-15T04:29:59 05:30", "2026-09-14", "2026-09-14T22:00:00"),
        ("2026-09-15 04:29:59 05:30", "2026-09-14", "2026-09-14T22:00:00"),
        ("1970-01-01T00:00:00Z", "1969-12-31", "1969-12-31T23:00:00"),
        ("0001-01-02", "0001-01-01", "0001-01-01T23:00:00"),
        ("9999-12-31T23:59:59Z", "9999-12-31", "9999-12-31T23:00:00"),
    ],
)
def test_series_ends_with_last_bucket_before_ending_at(ending_at: str, day: str, hour: str) -> None:
    days, hours = (series(build_world(), 1, unit=unit, ending_at=ending_at) for unit in UNITS)

    assert [point.time for point in (*days, *hours)] == [day, hour]


@given(
    length=st.integers(1, 100),
    unit=st.sampled_from(sorted(UNITS)),
    ending_at=st.datetimes(datetime(1, 6, 1), datetime(9999, 12, 31)),  # noqa: DTZ001 -- no offset means UTC
)
def test_series_has_length_consecutive_points(length: int, unit: str, ending_at: datetime) -> None:
    points = series(build_world(), length, unit=unit, ending_at=ending_at.isoformat(timespec="milliseconds"))
    times = [datetime.fromisoformat(point.time) for point in points]
    end = ending_at.replace(microsecond=ending_at.microsecond // 1000 * 1000)

    assert len(times) == length
    assert {after - before for before, after in pairwise(times)} <= {UNITS[unit]}
    assert timedelta() < end - times[-1] <= UNITS[unit]


@pytest.mark.parametrize(
    "ending_at",
    [
        "",
        " ",
        "yesterday",
        "1789430400",
        "2026-09",
        "2026-9-1",
        "2026-02-30",
        "2026-09-15 25:00",
        "2026-09-15T24:00:01Z",
        "2026-09-15T10:00:60Z",
        "2026-09-15T10:00:00+24:00",
        "2026-09-15T10:00:00+05:30 05:30",
        "-001-01-01",
        "0000-01-01",
        "0001-01-01",
        "10000-01-01",
        "2026-09-15T10:00:00Z\x00",
        "0001-01-01T00:00:00+05:00",
        "9999-12-31T23:59:59-05:00",
    ],
)
def test_ending_at_invalid_is_rejected(ending_at: str) -> None:
    assert rejection_message(build_world(), ending_at=ending_at) == INVALID_ENDING_AT


def test_series_without_ending_at_ends_with_today_so_far() -> None:
    world = build_world()
    morning = series(world, 2, NOON - 6 * HOUR)[-1]
    noon = series(world, 2, NOON)[-1]
    counted_so_far = [site.find(Query(start=NOON - DAY // 2), NOON).total for site in world.sites]

    assert morning.time == noon.time == "2026-09-16"
    assert morning.sessions < noon.sessions == sum(counted_so_far)
    assert noon.sessions < series(world, 1, ending_at="2026-09-17")[0].sessions


@pytest.mark.parametrize(
    ("unit", "now", "last"),
    [
        ("day", NOON, "2026-09-16"),
        ("hour", NOON, "2026-09-16T11:00:00"),
        ("hour", NOON + 1, "2026-09-16T12:00:00"),
        ("day", DEFAULT_END, "2026-09-30"),
        ("day", DEFAULT_END + 1, "2026-10-01"),
    ],
)
def test_series_without_ending_at_excludes_bucket_that_begins_now(unit: str, now: int, last: str) -> None:
    assert series(build_world(), 3, now, unit=unit)[-1].time == last


def test_last_bucket_is_counted_completely() -> None:
    world = build_world()

    assert series(world, 3, ending_at="2026-09-15T00:00:01Z") == series(world, 3, ending_at="2026-09-16")


def test_future_buckets_are_zero() -> None:
    world = build_world("flowing")
    points = series(world, 10, NOON, ending_at="2026-09-22")

    assert counts(points)[:4] == counts(series(world, 4, NOON + 30 * DAY, ending_at="2026-09-16"))
    assert counts(points)[5:] == [0] * 5


def test_series_of_empty_world_has_a_zero_for_every_bucket() -> None:
    assert counts(series(build_world("empty"), 100)) == [0] * 100
    assert counts(series(build_world("empty"), 100, unit="hour")) == [0] * 100


@pytest.mark.parametrize("profile", ["empty", "single", "awkward"])
def test_sparse_series_omits_only_points_without_sessions(profile: str) -> None:
    ending_at = {"awkward": "2026-04-05"}.get(profile, "2026-10-03")
    points = series(build_world(profile), 50, ending_at=ending_at)
    sparse = series(build_world(profile), 50, ending_at=ending_at, behaviors={"series": "sparse"})

    assert 0 in counts(points)
    assert sparse == [point for point in points if point.sessions]


def test_series_of_flowing_world_in_far_future_has_about_stated_size() -> None:
    world = build_world("flowing", sites=1)
    now = 2_000_000_000_000  # 2033-05-18
    begin = datetime.fromtimestamp(now // 1000, UTC) - timedelta(days=7)

    assert 2500 < sum(counts(series(world, 7, now, ending_at=begin.date().isoformat()))) < 4500
    assert sum(counts(series(world, 100, DEFAULT_END - 365 * DAY))) == 0


@pytest.mark.parametrize("segment", ["everyone", "mobile", "paid", "nobody"])
def test_series_of_a_billion_sessions_adds_up(segment: str) -> None:
    world = build_world(sessions=10**9)
    identifier = VENDOR.create_identifiers(KEY, world, {}).segments[segment]

    assert sum(counts(series(world, MONTH, segment_id=identifier))) == sum(count_sessions(world, segment))


@pytest.mark.parametrize(
    ("segment", "more"), [("everyone", 1), ("identified", 1), ("anonymous", 0), ("mobile", 0)]
)
def test_tracked_session_is_counted_in_its_bucket_and_segments(segment: str, more: int) -> None:
    world = build_world()
    after = with_events(world, 1, [TrackedEvent(NOON, "sign_up", user_id="someone")])
    identifier = VENDOR.create_identifiers(KEY, world, {}).segments[segment]
    points, points_after = (
        series(item, 9, ending_at="2026-09-20", segment_id=identifier) for item in (world, after)
    )
    added = {
        point.time: now.sessions - point.sessions for point, now in zip(points, points_after, strict=True)
    }

    assert {time: by for time, by in added.items() if by} == ({"2026-09-16": 1} if more else {})


@pytest.mark.parametrize(("behavior", "suffix"), [("none", ""), ("Z", "Z"), ("offset", "+00:00")])
def test_hour_suffix_applies_to_hours_only(behavior: str, suffix: str) -> None:
    behaviors = {"hour_suffix": behavior}
    (hour,) = series(build_world(), 1, unit="hour", ending_at="2026-09-10T09:30:00Z", behaviors=behaviors)
    (day,) = series(build_world(), 1, ending_at="2026-09-10T09:30:00Z", behaviors=behaviors)

    assert hour.time == "2026-09-10T09:00:00" + suffix
    assert day.time == "2026-09-10"


@pytest.mark.parametrize("app", ["", "no-such-app", str(UUID(int=0))])
def test_unknown_app_is_rejected_or_ignored_by_behavior(app: str) -> None:
    world = build_world()

    assert rejection_message(world, app_id=app) == INVALID_APP_ID
    assert series(world, 7, app_id=app, behaviors={"app_id": "ignore"}) == series(world, 7)


def test_known_app_is_never_ignored() -> None:
    world = build_world()
    app = VENDOR.create_identifiers(KEY, world, {}).sites[1][0]

    assert (
        sum(counts(series(world, MONTH, app_id=app, behaviors={"app_id": "ignore"})))
        == count_sessions(world, "everyone")[1]
    )


@pytest.mark.parametrize("segment", ["", "everyone", str(UUID(int=0))])
def test_unknown_segment_is_rejected(segment: str) -> None:
    assert rejection_message(build_world(), segment_id=segment) == INVALID_SEGMENT_ID


def test_segment_is_required_by_behavior() -> None:
    world = build_world()
    everyone = VENDOR.create_identifiers(KEY, world, {}).segments["everyone"]
    behaviors = {"segment_id": "required"}

    assert rejection_message(world, behaviors) == INVALID_SEGMENT_ID
    assert series(world, 7, segment_id=everyone, behaviors=behaviors) == series(world, 7)


@pytest.mark.parametrize(
    ("model", "field", "values", "message"),
    [
        (
            ExportSessionSeries,
            "length",
            ["0", "101", "-1", "1.5"],
            "length must be an integer between 1 and 100",
        ),
        (ExportSessionSeries, "unit", ["week", "Day", "1"], "unit must be 'day' or 'hour'"),
        (ListSegments, "page", ["-1", "1.5"], "page must be an integer of at least 0"),
        (ListSegments, "sort_direction", ["ASC", "newest"], "sort_direction must be 'asc' or 'desc'"),
    ],
    ids=["length", "unit", "page", "sort_direction"],
)
def test_invalid_parameter_gets_message_of_contract(
    model: type[ExportSessionSeries | ListSegments], field: str, values: list[str], message: str
) -> None:
    found = [read(model, {"length": "1"} | {field: value}, "query") for value in ["", "abc", *values]]

    assert [isinstance(item, list) and [violation.message for violation in item] for item in found] == (
        [[message]] * len(found)
    )


def test_length_is_required() -> None:
    found = read(ExportSessionSeries, {}, "query")

    assert isinstance(found, list)
    assert [violation.message for violation in found] == ["length must be an integer between 1 and 100"]


def test_segment_list_contains_every_segment_in_order() -> None:
    world = build_world(segments={"from-paris": {"city": "Paris"}})
    found = list_segments(world)

    assert [segment.name for segment in found] == list(world.segments)
    for segment in found:
        assert sum(counts(series(world, MONTH, segment_id=segment.id))) == sum(
            count_sessions(world, segment.name)
        )


@pytest.mark.parametrize("more", [89, 90, 91, 195])
def test_segment_list_has_pages_of_100_in_both_directions(more: int) -> None:
    world = build_world(segments={f"segment {number}": {"city": "Paris"} for number in range(more)})
    ascending, descending = (
        [list_segments(world, page=page, sort_direction=direction) for page in range(4)]
        for direction in ("asc", "desc")
    )
    names = [segment.name for page in ascending for segment in page]

    assert names == list(world.segments)
    assert [segment.name for page in descending for segment in page] == names[::-1]
    assert [len(page) for page in ascending] == [
        min(max(len(names) - 100 * page, 0), 100) for page in range(4)
    ]


def test_segment_list_page_past_end_is_empty() -> None:
    assert list_segments(build_world(), page=10**30) == []


def test_identifiers_are_distinct_uuids_of_version_4() -> None:
    world = build_world(sites=64)
    identifiers = VENDOR.create_identifiers(KEY, world, {})
    apps = [app for (app,) in identifiers.sites]
    texts = [identifiers.credentials["token"], *apps, *identifiers.segments.values()]
    uuids = [UUID(text) for text in texts]

    assert [str(uuid) for uuid in uuids] == texts
    assert {(uuid.version, uuid.variant) for uuid in uuids} == {(4, "specified in RFC 4122")}
    assert len(set(texts)) == len(texts) == 1 + 64 + len(world.segments)
    assert VENDOR.create_identifiers(KEY, world, {}) == identifiers
    assert VENDOR.create_identifiers(KEY + 1, world, {}).credentials != identifiers.credentials


def test_key_can_be_set_without_changing_other_identifiers() -> None:
    identifiers = VENDOR.create_identifiers(KEY, build_world(), {"token": "mine"})

    assert identifiers.credentials == {"token": "mine"}
    assert identifiers.tokens == {"mine": None}
    assert identifiers.sites == VENDOR.create_identifiers(KEY, build_world(), {}).sites


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        ("missing_credential", 401, "Invalid API key: "),
        ("wrong_credential", 401, "Invalid API key: non-existent"),
        ("forbidden", 403, "Access Denied"),
        ("unknown_path", 404, "Invalid URL"),
        ("wrong_method", 404, "Invalid URL"),
        ("rate_limited", 429, "Rate limited"),
    ],
)
def test_errors_have_documented_status_and_message(error: str, status: int, message: str) -> None:
    template = VENDOR.contract.errors[error]
    credential = {"wrong_credential": "non-existent"}.get(error, "")

    assert template.status == status
    assert render(template.body, {"credential": credential}) == {"message": message}
    assert template.headers == (EMPTY_HEADERS if status == 401 else {})


def test_permissions_behavior_has_an_option_for_every_endpoint() -> None:
    required = {endpoint.credentials.permission for endpoint in VENDOR.contract.endpoints}  # type: ignore[union-attr]

    assert required | {"all", "none"} == set(VENDOR.contract.behavior("braze.permissions").options)


@pytest.mark.parametrize("endpoint", VENDOR.contract.endpoints, ids=lambda endpoint: endpoint.name)
async def test_key_without_permission_is_recorded_for_tenant_and_counts_against_limit(
    serve: Any, endpoint: Endpoint
) -> None:
    mock = await serve(behaviors={"braze.permissions": "none"})
    path, arguments = mock.parts(VENDOR, endpoint, dict(endpoint.example))
    async with mock.client.request(endpoint.method, path, **arguments) as response:
        assert response.status == 403
        assert response.headers["X-RateLimit-Remaining"] == "249999"

    assert [exchange.error for exchange in mock.tenant.journal] == ["forbidden"]
    assert len(mock.served.unmatched) == 0
