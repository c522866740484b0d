"""Braze tells the world as its contract says."""

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
from mockserver.vendors.braze.contract import (
    APP_ID,
    ENDING_AT,
    LIST_SEGMENTS,
    NO_NUMBERS,
    SEGMENT_ID,
    SESSIONS_DATA_SERIES,
    ExportSessionSeries,
    ListedSegment,
    ListSegments,
    SegmentList,
    SessionPoint,
    SessionSeries,
)
from mockserver.world.generator.timeline import HOUR
from mockserver.world.generator.tracked import TrackedEvent
from mockserver.world.model.profiles import PROFILES
from mockserver.world.model.query import Query
from mockserver.world.model.spec import DEFAULT_END, spec
from mockserver.world.world import World, build, with_events
from tests.vendors.conftest import KEY, asked, strictly

MONTH = 30
"""Days of the default world."""
NOON = DEFAULT_END - 15 * DAY + DAY // 2  # 2026-09-16T12:00:00Z
UNITS = {"day": timedelta(days=1), "hour": timedelta(hours=1)}


def world(profile: str = "default", **fields: Any) -> World:
    """The world of a profile, with some fields changed."""
    return build(spec(**{**PROFILES[profile], **fields}))


def series(
    told: World,
    length: int,
    now: int = DEFAULT_END,
    behaviors: Mapping[str, str] | None = None,
    **fields: Any,
) -> list[SessionPoint]:
    """The points of a series."""
    request = asked(VENDOR, told, query=ExportSessionSeries(length, **fields), now=now, behaviors=behaviors)
    return strictly(VENDOR.respond(SESSIONS_DATA_SERIES, request).body, SessionSeries).data


def counts(points: list[SessionPoint]) -> list[int]:
    """The numbers of a series."""
    return [point.sessions for point in points]


def refusal(told: World, behaviors: Mapping[str, str] | None = None, **fields: Any) -> str:
    """The message with which a series is refused."""
    with pytest.raises(ApiError) as refused:
        series(told, 1, behaviors=behaviors, **fields)

    assert refused.value.error == "violation"
    return refused.value.details["message"]


def listed(told: World, **fields: Any) -> list[ListedSegment]:
    """A page of the list of segments."""
    request = asked(VENDOR, told, query=ListSegments(**fields))
    return strictly(VENDOR.respond(LIST_SEGMENTS, request).body, SegmentList).segments


def totals(told: World, segment: str, now: int = DEFAULT_END) -> list[int]:
    """How many sessions of a segment each site has, as the world counts them."""
    return [site.find(Query(where=told.segments[segment].where), now).total for site in told.sites]


@pytest.mark.parametrize("segment", world().segments)
def test_a_series_adds_up_to_the_sessions_of_a_segment(segment: str) -> None:
    """Over the whole month, the points of every segment sum to what the world finds of it on all sites."""
    told = world()
    identifier = VENDOR.names(KEY, told, {}).segments[segment]

    assert sum(counts(series(told, MONTH, segment_id=identifier))) == sum(totals(told, segment))


@pytest.mark.parametrize("segment", world().segments)
def test_a_point_of_a_segment_is_the_number_of_its_sessions_listed_one_by_one(segment: str) -> None:
    """Each day's number is that of the sessions in the world's own list which start on it."""
    told = world(sites=1)
    identifier = VENDOR.names(KEY, told, {}).segments[segment]
    found = told.sites[0].find(Query(where=told.segments[segment].where), DEFAULT_END)
    starts = [place.start for place in found.page(0, found.total).sort_keys()]
    days = [
        sum(start // DAY == DEFAULT_END // DAY - back for start in starts) for back in range(MONTH, 0, -1)
    ]

    assert counts(series(told, MONTH, segment_id=identifier)) == days


def test_apps_add_up_to_the_workspace() -> None:
    """Point by point, the series of the apps sum to the series without an app."""
    told = world(sites=3)
    apps = [counts(series(told, MONTH, app_id=app)) for (app,) in VENDOR.names(KEY, told, {}).sites]

    assert [sum(point) for point in zip(*apps, strict=True)] == counts(series(told, MONTH))
    assert [sum(app) for app in apps] == totals(told, "everyone")


@given(day=st.integers(0, MONTH - 1), now=st.integers(DEFAULT_END - MONTH * DAY, DEFAULT_END))
def test_a_day_is_the_sum_of_its_hours(day: int, now: int) -> None:
    """The 24 hours of a day partition it, whatever the time is."""
    ending_at = (datetime(2026, 9, 1, tzinfo=UTC) + timedelta(days=day + 1)).isoformat()
    hours = series(world(), 24, now, unit="hour", ending_at=ending_at)
    (whole,) = series(world(), 1, now, ending_at=ending_at)

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
def test_a_series_ends_with_the_last_bucket_that_begins_before_ending_at(
    ending_at: str, day: str, hour: str
) -> None:
    """Every form in which clients send ending_at is read, and a bare date excludes its day."""
    days, hours = (series(world(), 1, unit=unit, ending_at=ending_at) for unit in UNITS)

    assert [point.time for point in (*days, *hours)] == [day, hour]


@given(
    length=st.integers(1, 100),
    unit=st.sampled_from(sorted(UNITS)),
    ending_at=st.datetimes(datetime(1, 6, 1), datetime(9999, 12, 31)),  # noqa: DTZ001 -- no offset means UTC
)
def test_a_series_has_as_many_neighbouring_points_as_asked_for(
    length: int, unit: str, ending_at: datetime
) -> None:
    """Points ascend without a gap, and the instant just before ending_at lies in the last."""
    points = series(world(), length, unit=unit, ending_at=ending_at.isoformat(timespec="milliseconds"))
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
        "2026-09-15T24:00:00Z",
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
def test_an_ending_at_that_is_no_time_is_refused(ending_at: str) -> None:
    """What is no ISO 8601 time, or no time that dates can name, is refused in one message."""
    assert refusal(world(), ending_at=ending_at) == ENDING_AT


def test_without_ending_at_the_last_point_is_the_day_it_is() -> None:
    """By default a series ends now: today is last, with what has happened of it."""
    told = world()
    morning, noon = series(told, 2, NOON - 6 * HOUR)[-1], series(told, 2, NOON)[-1]
    sofar = [site.find(Query(start=NOON - DAY // 2), NOON).total for site in told.sites]

    assert morning.time == noon.time == "2026-09-16"
    assert morning.sessions < noon.sessions == sum(sofar)
    assert noon.sessions < series(told, 1, ending_at="2026-09-17")[0].sessions


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
def test_a_bucket_that_begins_now_has_not_begun(unit: str, now: int, last: str) -> None:
    """The time of the request is an ending_at like any other: exclusive."""
    assert series(world(), 3, now, unit=unit)[-1].time == last


def test_the_last_bucket_is_counted_whole() -> None:
    """An ending_at within a day does not cut the day."""
    told = world()

    assert series(told, 3, ending_at="2026-09-15T00:00:01Z") == series(told, 3, ending_at="2026-09-16")


def test_a_series_that_ends_in_the_future_holds_zeros_there() -> None:
    """Nothing has happened after now, though the world goes on."""
    told = world("flowing")
    points = series(told, 10, NOON, ending_at="2026-09-22")

    assert counts(points)[:4] == counts(series(told, 4, NOON + 30 * DAY, ending_at="2026-09-16"))
    assert counts(points)[5:] == [0] * 5


def test_an_empty_world_has_a_point_for_every_bucket() -> None:
    """Where there is no session, the numbers are 0."""
    assert counts(series(world("empty"), 100)) == [0] * 100
    assert counts(series(world("empty"), 100, unit="hour")) == [0] * 100


@pytest.mark.parametrize("profile", ["empty", "single", "awkward"])
def test_sparse_series_leave_out_what_has_no_session(profile: str) -> None:
    """The behavior takes away the points with 0 sessions and changes no other."""
    ending_at = {"awkward": "2026-04-05"}.get(profile, "2026-10-03")
    points = series(world(profile), 50, ending_at=ending_at)
    sparse = series(world(profile), 50, ending_at=ending_at, behaviors={"series": "sparse"})

    assert 0 in counts(points)
    assert sparse == [point for point in points if point.sessions]


def test_a_flowing_world_has_a_series_at_any_time() -> None:
    """A world without an end has as many sessions in a week of a far year as its spec says."""
    told = world("flowing", sites=1)
    now = 2_000_000_000_000  # 2033-05-18
    begin = datetime.fromtimestamp(now // 1000, UTC) - timedelta(days=7)

    assert sum(counts(series(told, 7, now, ending_at=begin.date().isoformat()))) == 7 * 500
    assert sum(counts(series(told, 100, DEFAULT_END - 365 * DAY))) == 0


@pytest.mark.parametrize("segment", ["everyone", "mobile", "paid", "nobody"])
def test_a_series_of_a_billion_sessions_adds_up(segment: str) -> None:
    """The numbers of a large world are exact too."""
    told = world(sessions=10**9)
    identifier = VENDOR.names(KEY, told, {}).segments[segment]

    assert sum(counts(series(told, MONTH, segment_id=identifier))) == sum(totals(told, segment))


@pytest.mark.parametrize(
    ("segment", "more"), [("everyone", 1), ("identified", 1), ("anonymous", 0), ("mobile", 0)]
)
def test_what_was_tracked_is_counted(segment: str, more: int) -> None:
    """A session that arrived over HTTP is one more in its bucket, and in the segments that it meets."""
    told = world()
    after = with_events(told, 1, [TrackedEvent(NOON, "sign_up", user_id="someone")])
    identifier = VENDOR.names(KEY, told, {}).segments[segment]
    points, points_after = (
        series(each, 9, ending_at="2026-09-20", segment_id=identifier) for each in (told, after)
    )
    grown = {
        point.time: now.sessions - point.sessions for point, now in zip(points, points_after, strict=True)
    }

    assert {time: by for time, by in grown.items() if by} == ({"2026-09-16": 1} if more else {})


@pytest.mark.parametrize(("behavior", "suffix"), [("none", ""), ("Z", "Z"), ("offset", "+00:00")])
def test_the_suffix_of_hours_is_a_behavior(behavior: str, suffix: str) -> None:
    """Hours end as chosen; days are bare dates whatever is chosen."""
    behaviors = {"hour_suffix": behavior}
    (hour,) = series(world(), 1, unit="hour", ending_at="2026-09-10T09:30:00Z", behaviors=behaviors)
    (day,) = series(world(), 1, ending_at="2026-09-10T09:30:00Z", behaviors=behaviors)

    assert hour.time == "2026-09-10T09:00:00" + suffix
    assert day.time == "2026-09-10"


@pytest.mark.parametrize("app", ["", "no-such-app", str(UUID(int=0))])
def test_an_unknown_app_is_refused_or_passed_over(app: str) -> None:
    """The behavior app_id says whether an app_id is checked."""
    told = world()

    assert refusal(told, app_id=app) == APP_ID
    assert series(told, 7, app_id=app, behaviors={"app_id": "ignore"}) == series(told, 7)


def test_a_known_app_is_not_passed_over() -> None:
    """An app_id that exists limits the series, whatever the behavior app_id says."""
    told = world()
    app = VENDOR.names(KEY, told, {}).sites[1][0]

    assert (
        sum(counts(series(told, MONTH, app_id=app, behaviors={"app_id": "ignore"})))
        == totals(told, "everyone")[1]
    )


@pytest.mark.parametrize("segment", ["", "everyone", str(UUID(int=0))])
def test_an_unknown_segment_is_refused(segment: str) -> None:
    """Only the id of a segment is one: its name is not."""
    assert refusal(world(), segment_id=segment) == SEGMENT_ID


def test_a_series_needs_a_segment_where_that_is_chosen() -> None:
    """The behavior segment_id makes the parameter required, as one source has it."""
    told = world()
    everyone = VENDOR.names(KEY, told, {}).segments["everyone"]
    behaviors = {"segment_id": "required"}

    assert refusal(told, behaviors) == SEGMENT_ID
    assert series(told, 7, segment_id=everyone, behaviors=behaviors) == series(told, 7)


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
def test_bad_parameters_are_refused_in_the_contracts_words(
    model: type[ExportSessionSeries | ListSegments], field: str, values: list[str], message: str
) -> None:
    """A parameter that breaks its bounds has one message, whatever is wrong with it."""
    found = [read(model, {"length": "1"} | {field: value}, "query") for value in ["", "abc", *values]]

    assert [isinstance(each, list) and [violation.message for violation in each] for each in found] == (
        [[message]] * len(found)
    )


def test_length_is_required() -> None:
    """A request without any parameter lacks the length, in the words of a wrong one."""
    found = read(ExportSessionSeries, {}, "query")

    assert isinstance(found, list)
    assert [violation.message for violation in found] == ["length must be an integer between 1 and 100"]


def test_the_list_of_segments_holds_every_segment_oldest_first() -> None:
    """The segments come in the order in which the world defines them, under ids that a series takes."""
    told = world(segments={"from-paris": {"city": "Paris"}})
    found = listed(told)

    assert [segment.name for segment in found] == list(told.segments)
    for segment in found:
        assert sum(counts(series(told, MONTH, segment_id=segment.id))) == sum(totals(told, segment.name))


@pytest.mark.parametrize("more", [89, 90, 91, 195])
def test_the_list_of_segments_is_paged_by_a_hundred(more: int) -> None:
    """Pages tile the list in both directions, and a page past the end is empty."""
    told = world(segments={f"segment {number}": {"city": "Paris"} for number in range(more)})
    ascending, descending = (
        [listed(told, page=page, sort_direction=direction) for page in range(4)]
        for direction in ("asc", "desc")
    )
    names = [segment.name for page in ascending for segment in page]

    assert names == list(told.segments)
    assert [segment.name for page in descending for segment in page] == names[::-1]
    assert [len(page) for page in ascending] == [
        min(max(len(names) - 100 * page, 0), 100) for page in range(4)
    ]


def test_a_page_far_past_the_end_is_empty() -> None:
    """Clients page until they meet an empty list."""
    assert listed(world(), page=10**30) == []


def test_names_are_uuids_of_version_4() -> None:
    """The key, the apps and the segments are lowercase UUIDs, all different and the same every time."""
    told = world(sites=64)
    names = VENDOR.names(KEY, told, {})
    every = [names.credentials["token"], *(app for (app,) in names.sites), *names.segments.values()]

    assert [str(UUID(each)) for each in every] == every
    assert {(UUID(each).version, UUID(each).variant) for each in every} == {(4, "specified in RFC 4122")}
    assert len(set(every)) == len(every) == 1 + 64 + len(told.segments)
    assert VENDOR.names(KEY, told, {}) == names
    assert VENDOR.names(KEY + 1, told, {}).credentials != names.credentials


def test_the_key_can_be_set_and_names_no_app() -> None:
    """Whoever sets the token is given it, and nothing else changes."""
    names = VENDOR.names(KEY, world(), {"token": "mine"})

    assert names.credentials == {"token": "mine"}
    assert names.tokens == {"mine": None}
    assert names.sites == VENDOR.names(KEY, world(), {}).sites


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
def test_refusals_have_a_message_alone(error: str, status: int, message: str) -> None:
    """Each refusal has its status and its words, and only the refused key's has headers: empty ones."""
    shape = VENDOR.contract.errors[error]
    credential = {"wrong_credential": "non-existent"}.get(error, "")

    assert shape.status == status
    assert render(shape.body, {"credential": credential}) == {"message": message}
    assert shape.headers == (NO_NUMBERS if status == 401 else {})


def test_every_permission_can_be_chosen() -> None:
    """What an endpoint asks the key for is an option of the behavior of permissions."""
    asked_for = {endpoint.credentials.permission for endpoint in VENDOR.contract.endpoints}  # type: ignore[union-attr]

    assert asked_for | {"all", "none"} == set(VENDOR.contract.behavior("braze.permissions").options)


@pytest.mark.parametrize("endpoint", VENDOR.contract.endpoints, ids=lambda endpoint: endpoint.name)
async def test_key_that_may_not_is_its_tenants_all_the_same(serve: Any, endpoint: Endpoint) -> None:
    """The refusal stands in the tenant's journal, and counts against its limit."""
    mock = await serve(behaviors={"braze.permissions": "none"})
    path, arguments = mock.parts(VENDOR, endpoint, dict(endpoint.example))
    async with mock.client.request(endpoint.method, path, **arguments) as response:
        assert response.status == 403
        assert response.headers["X-RateLimit-Remaining"] == "249999"

    assert [exchange.error for exchange in mock.tenant.journal] == ["forbidden"]
    assert len(mock.served.unmatched) == 0
