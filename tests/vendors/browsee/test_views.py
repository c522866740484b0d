"""Views and contract of Browsee."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import chain, pairwise
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct, json

from mockserver.contract.endpoint import Endpoint
from mockserver.contract.errors import ApiError
from mockserver.rows.datetimes import DAY, parse_instant
from mockserver.vendors.base import ViewResult
from mockserver.vendors.browsee import VENDOR
from mockserver.vendors.browsee.contract import EXPORT_SESSIONS, IDENTIFY, TRACK
from mockserver.vendors.browsee.request_models import ExportOptions, ExportSessions, Identify, Track
from mockserver.vendors.browsee.responses import Export, ExportedSession, ExportPage, Success
from mockserver.vendors.browsee.views import FIELDS
from mockserver.world.changes import apply_changes, read_changes
from mockserver.world.generator.layout import HOUR
from mockserver.world.generator.tracked import Identity, TrackedEvent
from mockserver.world.model.profiles import PROFILES
from mockserver.world.model.query import Query
from mockserver.world.model.spec import DEFAULT_END, DEFAULT_START, spec
from mockserver.world.model.vocabulary import load
from mockserver.world.world import World, build, with_events, with_identity
from tests.vendors.conftest import KEY, decode_strictly, make_view_request

Behaviors = Mapping[str, str] | None
NOON = DEFAULT_START + 9 * DAY + DAY // 2  # 2026-09-10T12:00:00Z
LATER = DEFAULT_END + DAY
"""All sessions of the default world have ended by then."""
PAID = {"Paid Search", "Paid Social", "Display"}


def build_world(profile: str = "default", **fields: Any) -> World:
    """Return the world of a profile with some fields changed."""
    return build(spec(**{**PROFILES[profile], **fields}))


def respond(
    endpoint: Endpoint, world: World, body: Struct, now: int, behaviors: Behaviors = None
) -> ViewResult:
    """Return the result of an endpoint for the first site."""
    return VENDOR.respond(endpoint, make_view_request(VENDOR, world, body=body, now=now, behaviors=behaviors))


def export_body(world: World, now: int = LATER, behaviors: Behaviors = None, **fields: Any) -> bytes:
    """Return the body of a page; by default, the start of the world is the start of the window."""
    body = ExportSessions("key", "secret", **({"start": world.spec.start // 1000} | fields))
    return respond(EXPORT_SESSIONS, world, body, now, behaviors).body


def export(world: World, now: int = LATER, behaviors: Behaviors = None, **fields: Any) -> ExportPage:
    """Return a page of an export."""
    return decode_strictly(export_body(world, now, behaviors, **fields), Export).exports


def crawl(world: World, limit: int = 100, **fields: Any) -> list[ExportedSession]:
    """Return every session of an export, requested page by page."""
    rows: list[ExportedSession] = []
    page = export(world, limit=limit, **fields)
    while page.data:
        rows += page.data
        page = export(world, limit=limit, offset=page.to, **fields)
    assert len(rows) == page.total
    return rows


def start_times(world: World, now: int = LATER, **query: Any) -> list[int]:
    """Return the starts of the first site's sessions, as the world lists them."""
    found = world.sites[0].find(Query(**query), now)
    return [place.start for place in found.page(0, found.total).sort_keys()]


def timestamps(rows: list[ExportedSession]) -> list[int | None]:
    """Return the starts of rows."""
    return [row.timestamp for row in rows]


def row_field_sets(world: World, behaviors: Behaviors = None, **fields: Any) -> set[tuple[str, ...]]:
    """Return the sets of fields that rows have, each in alphabetical order."""
    rows = json.decode(export_body(world, behaviors=behaviors, **fields))["exports"]["data"]
    return {tuple(sorted(row)) for row in rows}


def rejection_message(call: Callable[[], object]) -> str:
    """Return the error message of a call."""
    with pytest.raises(ApiError) as raised:
        call()

    assert raised.value.error == "violation"
    return raised.value.details["message"]


def track(world: World, now: int = LATER, **fields: Any) -> World:
    """Return the world after a track request."""
    result = respond(TRACK, world, Track("key", "SIGNED_UP", **fields), now)
    decode_strictly(result.body, Success)
    assert isinstance(result.side_effect, TrackedEvent)
    return with_events(world, 0, [result.side_effect])


def identify(world: World, behaviors: Behaviors = None, **fields: Any) -> World:
    """Return the world after an identify request."""
    result = respond(IDENTIFY, world, Identify("key", **fields), LATER, behaviors)
    decode_strictly(result.body, Success)
    assert isinstance(result.side_effect, Identity)
    return with_identity(world, 0, result.side_effect)


# Paging.


@pytest.mark.parametrize("profile", ["default", "empty", "single", "page-exact", "page-plus-one", "awkward"])
@pytest.mark.parametrize("limit", [1, 7, 100])
def test_pages_of_any_size_contain_every_session_once_in_order(profile: str, limit: int) -> None:
    world = build_world(profile)
    rows = crawl(world, limit)

    assert rows == crawl(world)
    assert timestamps(rows) == sorted(start_times(world))


@pytest.mark.parametrize("limit", [1, 7, 100])
def test_pages_of_sessions_with_equal_starts_contain_every_session_once(limit: int) -> None:
    world = build_world("page-plus-one", grain=HOUR)
    world = with_events(
        world, 0, [TrackedEvent(at, "e", user_id=f"u{n}") for n, at in enumerate(start_times(world)[:50])]
    )
    rows = crawl(world, limit)

    assert len(set(timestamps(rows))) < len(rows) == 451
    assert rows == crawl(world)
    assert timestamps(rows) == sorted(start_times(world))


@given(offset=st.integers(0, 420), limit=st.integers(1, 300))
def test_page_equals_slice_of_all_rows(offset: int, limit: int) -> None:
    world = build_world("page-plus-one")
    page = export(world, offset=offset, limit=limit)

    assert page.data == crawl(world)[offset : offset + min(limit, 100)]
    assert (page.total, page.to) == (401, offset + len(page.data))


@pytest.mark.parametrize("offset", [400, 401, 10**6, 10**30])
def test_page_past_end_is_empty(offset: int) -> None:
    assert export(build_world("page-exact"), offset=offset) == ExportPage(400, offset, [])


def test_page_has_100_rows_by_default() -> None:
    world = build_world()
    page = export(world)

    assert page == export(world, offset=0, limit=100)
    assert (page.total, page.to, len(page.data)) == (1000, 100, 100)


def test_limit_above_100_is_clamped_or_rejected_by_behavior() -> None:
    world = build_world()
    refuse = {"over_limit": "400"}

    assert export(world, limit=101) == export(world, limit=10**30) == export(world, limit=100)
    assert export(world, behaviors=refuse, limit=100) == export(world, limit=100)
    assert (
        rejection_message(lambda: export(world, behaviors=refuse, limit=101))
        == "limit must be an integer, at most 100"
    )


@pytest.mark.parametrize("segment", ["everyone", "mobile", "anonymous"])
def test_pages_of_a_billion_sessions_are_consistent(segment: str) -> None:
    world = build_world(sessions=10**9)
    identifier = VENDOR.create_identifiers(KEY, world, {}).segments[segment]
    total = world.sites[0].find(Query(where=world.segments[segment].where), LATER).total

    for offset in (0, total // 2, total - 150):
        page, following = (export(world, offset=at, segmentId=identifier) for at in (offset, offset + 50))
        assert page.total == total
        assert page.data[50:] == following.data[:50]
        assert timestamps(page.data) == sorted(timestamps(page.data), key=lambda at: at or 0)
    assert export(world, offset=total - 50, segmentId=identifier).to == total


def test_segment_totals_of_a_billion_sessions_add_up() -> None:
    world = build_world(sessions=10**9)
    ids = VENDOR.create_identifiers(KEY, world, {}).segments
    halves = [export(world, segmentId=ids[segment], limit=1).total for segment in ("identified", "anonymous")]

    assert export(world, limit=1).total == sum(halves) == 10**9


# The window.


def test_default_window_is_last_24_hours() -> None:
    world = build_world()
    page = export(world, NOON, start=None)

    assert page.data
    assert timestamps(page.data) == start_times(world, NOON, start=NOON - DAY, stop=NOON)
    assert page == export(world, NOON, start=(NOON - DAY) // 1000, end=NOON // 1000)


def test_start_and_end_have_independent_defaults() -> None:
    world = build_world()
    start = NOON - 3 * DAY

    assert timestamps(crawl(world, now=NOON, start=start // 1000)) == start_times(
        world, NOON, start=start, stop=NOON
    )
    assert timestamps(crawl(world, now=NOON, start=None, end=NOON // 1000 - 3600)) == (
        start_times(world, NOON, start=NOON - DAY, stop=NOON - HOUR)
    )


def test_start_is_inclusive_and_end_is_exclusive() -> None:
    world = build_world(grain=1000)
    all_starts = start_times(world)
    at = all_starts[500]
    before = export(world, end=at // 1000)
    after = export(world, start=at // 1000)

    assert all_starts[499] < at < all_starts[501]
    assert (before.total, after.total) == (500, 500)
    assert after.data[0].timestamp == at


@given(
    cuts=st.lists(st.integers(DEFAULT_START // 1000, DEFAULT_END // 1000), min_size=1, max_size=4).map(sorted)
)
def test_adjacent_windows_contain_every_session_once(cuts: list[int]) -> None:
    world = build_world("page-plus-one", grain=1000)
    edges = [DEFAULT_START // 1000, *cuts, DEFAULT_END // 1000]
    windows = [crawl(world, start=start, end=end) for start, end in pairwise(edges)]

    assert list(chain.from_iterable(windows)) == crawl(world)


@pytest.mark.parametrize("bound", [-(10**30), -1, 0, 10**30])
def test_window_may_extend_beyond_world(bound: int) -> None:
    world = build_world("single")

    assert export(world, start=bound, end=DEFAULT_END // 1000).total == (bound <= 0)
    assert export(world, end=bound).total == (bound > 0)


def test_start_after_end_is_empty_or_rejected_by_behavior() -> None:
    world = build_world()
    start = DEFAULT_START // 1000 + 86_400
    refuse = {"backwards": "400"}

    assert export(world, start=start, end=start - 1) == ExportPage(0, 0, [])
    assert export(world, behaviors=refuse, start=start, end=start) == ExportPage(0, 0, [])
    assert (
        rejection_message(lambda: export(world, behaviors=refuse, start=start, end=start - 1))
        == "start must not be after end"
    )


def test_end_in_future_adds_no_sessions() -> None:
    world = build_world()

    assert timestamps(crawl(world, now=NOON, end=DEFAULT_END // 1000)) == start_times(world, NOON)


def test_export_contains_sessions_of_requested_site() -> None:
    world = build_world()
    body = ExportSessions("key", "secret", start=DEFAULT_START // 1000)
    pages = [
        decode_strictly(
            VENDOR.respond(EXPORT_SESSIONS, make_view_request(VENDOR, world, body=body, site=site)).body,
            Export,
        ).exports.data
        for site in world.sites
    ]

    assert [{row.domain for row in page} for page in pages] == [set(site.hostnames) for site in world.sites]


# Rows.


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"options": ExportOptions(["timestamp", "userId"])}, {"timestamp", "userId"}),
        ({"select": ["timestamp", "userId"]}, {"timestamp", "userId"}),
        ({"select": ["tags", "tags"]}, {"tags"}),
        ({"select": ["duration", "ip"], "options": ExportOptions(["city"])}, {"city"}),
        ({"select": ["duration", "ip"], "options": ExportOptions(None)}, {"duration", "ip"}),
        ({"select": ["duration", "ip"], "options": ExportOptions([])}, set(FIELDS)),
        ({"options": ExportOptions([])}, set(FIELDS)),
        ({"select": []}, set(FIELDS)),
        ({}, set(FIELDS)),
    ],
    ids=[
        "options",
        "top",
        "twice",
        "both",
        "top-beside-options",
        "none-in-options",
        "none",
        "none-at-top",
        "absent",
    ],
)
def test_select_determines_fields_of_rows(fields: dict[str, Any], expected: set[str]) -> None:
    assert row_field_sets(build_world(), {"no_value": "null"}, **fields) == {tuple(sorted(expected))}


@pytest.mark.parametrize("field", FIELDS)
def test_selected_field_has_same_value_as_without_select(field: str) -> None:
    world = build_world("awkward")
    expected = [ExportedSession(**{field: getattr(row, field)}) for row in crawl(world)]

    assert crawl(world, select=[field]) == expected


def test_columns_equal_fields_of_contract() -> None:
    assert sorted(ExportedSession.__struct_fields__) == sorted(FIELDS)


def test_unknown_field_is_ignored_or_rejected_by_behavior() -> None:
    world = build_world()
    refuse = {"unknown_field": "400"}

    assert row_field_sets(world, select=["timestamp", "userID"]) == {("timestamp",)}
    assert row_field_sets(world, select=["userID"]) == {()}
    assert rejection_message(lambda: export(world, behaviors=refuse, select=["userID"])) == (
        "select contains the unknown field 'userID'; did you mean 'userId'?"
    )
    assert (
        rejection_message(lambda: export(world, behaviors=refuse, select=["%%%"]))
        == "select contains the unknown field '%%%'"
    )
    assert export(world, behaviors=refuse, select=["userId"]) == export(world, select=["userId"])


@pytest.mark.parametrize("profile", ["default", "awkward"])
def test_missing_value_is_omitted_or_null_by_behavior(profile: str) -> None:
    world = build_world(profile)
    null = {"no_value": "null"}

    assert len(row_field_sets(world)) > 1
    assert row_field_sets(world, null) == {tuple(sorted(FIELDS))}
    assert export(world) == export(world, behaviors=null)
    assert b":null" not in export_body(world)


def test_country_is_name_or_code_by_behavior() -> None:
    world = build_world("awkward")
    countries = {(place.country_name or None, place.country or None) for place in load("awkward").places}
    names = crawl(world, select=["country", "city"])
    codes = crawl(world, behaviors={"country": "code"}, select=["country"])

    assert {(row.country, code.country) for row, code in zip(names, codes, strict=True)} <= countries
    assert {code.country for code in codes} != {row.country for row in names}


@pytest.mark.parametrize("now", [NOON, LATER])
@pytest.mark.parametrize("profile", ["default", "awkward"])
def test_fields_of_row_are_consistent(profile: str, now: int) -> None:
    world = build_world(profile)
    rows = crawl(world, now=now)
    hosts = {*world.sites[0].hostnames}

    assert rows
    for row in rows:
        urls = row.urls or []
        assert (row.pageCount, row.landingPage, {urlsplit(url).hostname for url in urls}) == (
            (len(urls), urls[0], {row.domain})
        )
        assert row.domain in hosts
        assert row.activeTime == (row.duration or 0) - (row.inactiveTime or 0) >= 0
        assert row.isMobile == (row.device and row.device in {"mobile", "tablet"})
        assert (row.name is None) == (row.email is None) == (row.userId is None)
        assert row.tags != []
        assert row.userId or not row.tags
        assert row.timestamp is not None
        assert row.timestamp + (row.duration or 0) <= now
        assert "" not in [getattr(row, field) for field in FIELDS]
        assert row.referrer is None or urlsplit(f"//{row.referrer}").hostname == row.referrer


def test_awkward_world_lacks_every_optional_field_somewhere() -> None:
    rows = crawl(build_world("awkward"))
    missing = {field for field in FIELDS if any(getattr(row, field) is None for row in rows)}

    assert missing >= {"userId", "tags", "browser", "os", "device", "isMobile", "city", "country", "referrer"}
    assert missing >= {"utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content"}
    assert not all((row.name or "").isascii() for row in rows)


# Segments.

SHOWN: dict[str, tuple[dict[str, Any], list[str], Callable[[ExportedSession], object]]] = {
    "everyone": ({}, ["timestamp"], lambda row: row),
    "nobody": ({}, ["timestamp"], lambda row: row.timestamp is None),
    "mobile": ({}, ["device"], lambda row: row.device == "mobile"),
    "desktop": ({}, ["device"], lambda row: row.device == "desktop"),
    "identified": ({}, ["userId"], lambda row: row.userId is not None),
    "anonymous": ({}, ["userId"], lambda row: row.userId is None),
    "bounced": ({}, ["pageCount", "eventCount"], lambda row: (row.pageCount, row.eventCount) == (1, 0)),
    "two cities": ({"city": ["Paris", "Tokyo"]}, ["city"], lambda row: row.city in {"Paris", "Tokyo"}),
    "no city": ({"city": ""}, ["city"], lambda row: row.city is None),
    "firefox": (
        {"browser": "Firefox", "os": "Windows"},
        ["browser", "os"],
        lambda row: (row.browser, row.os) == ("Firefox", "Windows"),
    ),
    "mail": ({"utm_medium": "email"}, ["utm_medium"], lambda row: row.utm_medium == "email"),
    "landed": (
        {"entry_page": "/pricing"},
        ["landingPage"],
        lambda row: urlsplit(row.landingPage or "").path == "/pricing",
    ),
    "left": (
        {"exit_page": "/pricing"},
        ["urls"],
        lambda row: urlsplit((row.urls or [""])[-1]).path == "/pricing",
    ),
    "passed": (
        {"page": "/pricing"},
        ["urls"],
        lambda row: "/pricing" in {urlsplit(url).path for url in row.urls or ()},
    ),
}
"""Segments that rows alone determine: filters, the fields to select, and a predicate on rows."""


@pytest.mark.parametrize("segment", SHOWN)
def test_segment_contains_exactly_its_rows(segment: str) -> None:
    world = build_world(
        "awkward", segments={name: filters for name, (filters, _, _) in SHOWN.items() if filters}
    )
    _, select, belongs = SHOWN[segment]
    identifier = VENDOR.create_identifiers(KEY, world, {}).segments[segment]
    expected = [row for row in crawl(world, select=[*select, "timestamp", "ip"]) if belongs(row)]

    assert crawl(world, 7, select=[*select, "timestamp", "ip"], segmentId=identifier) == expected
    assert expected or segment == "nobody"


def test_paid_segment_contains_sessions_of_paid_channels() -> None:
    world = build_world()
    identifier = VENDOR.create_identifiers(KEY, world, {}).segments["paid"]
    utm = ["utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content"]
    paid_acquisitions = {
        (urlsplit(each.referrer).hostname, *(getattr(each, field) or None for field in utm))
        for each in load("default").acquisitions
        if each.channel in PAID
    }
    rows = crawl(world)
    paid = [
        row for row in rows if (row.referrer, *(getattr(row, field) for field in utm)) in paid_acquisitions
    ]

    assert 0 < len(paid) < len(rows)
    assert crawl(world, segmentId=identifier) == paid


def test_new_and_returning_segments_partition_sessions_by_first_visit() -> None:
    world = build_world()
    ids = VENDOR.create_identifiers(KEY, world, {}).segments
    rows = crawl(world)
    new, returning = (crawl(world, segmentId=ids[segment]) for segment in ("new", "returning"))
    seen: set[str] = set()
    later_visits = []
    for row in rows:
        later_visits += [row] if row.userId in seen else []
        seen |= {row.userId} if row.userId else set()

    assert new
    assert later_visits
    assert sorted([*new, *returning], key=rows.index) == rows
    assert all(row in returning for row in later_visits)


@pytest.mark.parametrize("segment", ["", "everyone", "0" * 24])
def test_unknown_segment_is_rejected_or_empty_by_behavior(segment: str) -> None:
    world = build_world()

    assert (
        rejection_message(lambda: export(world, segmentId=segment))
        == f"segmentId {segment!r} is not the id of a segment of this project"
    )
    assert export(world, behaviors={"unknown_segment": "empty"}, segmentId=segment) == ExportPage(0, 0, [])


def test_segment_ids_cover_all_segments_of_world() -> None:
    world = build_world()
    ids = VENDOR.create_identifiers(KEY, world, {}).segments

    assert list(ids) == list(world.segments)
    assert len(set(ids.values())) == len(ids)
    assert export(world, behaviors={"unknown_segment": "empty"}, segmentId=ids["everyone"]) == export(world)


# Track.


@pytest.mark.parametrize("profile", ["empty", "default"])
@pytest.mark.parametrize(
    ("second", "expected"),
    [
        ("2026-09-10T12:30:00Z", [(1_800_000, 1_740_000, 2)]),
        ("2026-09-10T12:30:00.001Z", [(0, 0, 1), (0, 0, 1)]),
    ],
    ids=["30 minutes", "a millisecond more"],
)
def test_tracked_events_up_to_30_minutes_apart_share_session(
    profile: str, second: str, expected: list[tuple[int, int, int]]
) -> None:
    world = track(
        track(build_world(profile), userId="kim", timestamp=second),
        userId="kim",
        timestamp="2026-09-10T12:00:00Z",
    )
    rows = [row for row in crawl(world) if row.userId == "kim"]

    assert [(row.duration, row.inactiveTime, row.eventCount) for row in rows] == expected
    assert rows[0].timestamp == NOON
    assert len(crawl(world)) == len(crawl(build_world(profile))) + len(expected)


@given(gaps=st.lists(st.integers(0, 3_600_000), max_size=6), order=st.permutations(range(7)))
def test_tracked_sessions_do_not_depend_on_order_of_arrival(gaps: list[int], order: list[int]) -> None:
    instants = [NOON + sum(gaps[:number]) for number in range(len(gaps) + 1)]
    world = build_world("empty")
    for at in [instants[number] for number in order if number < len(instants)]:
        world = track(
            world,
            anonymousId="kim",
            timestamp=(datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=at)).isoformat(),
        )
    rows = crawl(world)

    assert len(rows) == 1 + sum(gap > 30 * 60_000 for gap in gaps)
    assert sum(row.eventCount or 0 for row in rows) == len(instants)
    assert sum(row.duration or 0 for row in rows) == sum(gap for gap in gaps if gap <= 30 * 60_000)


def test_tracked_session_has_only_known_fields() -> None:
    world = track(
        build_world("empty"), NOON, userId="kim", properties={"price": 9.5, "nested": {"of": ["any", None]}}
    )

    assert crawl(world) == [
        ExportedSession(
            timestamp=NOON,
            userId="kim",
            duration=0,
            inactiveTime=0,
            activeTime=0,
            urls=[],
            pageCount=0,
            eventCount=1,
        )
    ]


def test_user_id_takes_precedence_over_anonymous_id() -> None:
    world = build_world("empty")
    for ids in (
        {"userId": "kim", "anonymousId": "a"},
        {"userId": "kim", "anonymousId": "b"},
        {"userId": "kim"},
        {"anonymousId": "a"},
    ):
        world = track(world, NOON, **ids)

    assert sorted((row.userId or "", row.eventCount) for row in crawl(world)) == [("", 1), ("kim", 3)]


@pytest.mark.parametrize("user", [None, ""])
def test_anonymous_visitor_has_no_user_id(user: str | None) -> None:
    world = track(build_world("empty"), userId=user, anonymousId="visitor-1", timestamp="2026-09-10T12:00:00")

    assert [(row.timestamp, row.userId) for row in crawl(world)] == [(NOON, None)]


def test_tracked_sessions_are_exported_in_order() -> None:
    world = build_world()
    for hour in range(0, 240, 24):
        world = track(
            world,
            userId=f"user {hour}",
            timestamp=(datetime(2026, 9, 1, tzinfo=UTC) + timedelta(hours=hour)).isoformat(),
        )
    rows = crawl(world, 7)

    assert timestamps(rows) == sorted(start_times(world))
    assert rows == crawl(world)
    assert [row.userId for row in rows if not row.urls] == [f"user {hour}" for hour in range(0, 240, 24)]
    assert len(rows) == 1010


def test_event_without_timestamp_happens_now() -> None:
    world = track(build_world("empty"), NOON, userId="kim")

    assert timestamps(export(world, NOON + 1, start=None).data) == [NOON]
    assert timestamps(export(world, NOON + DAY, start=None).data) == [NOON]
    assert export(world, NOON + DAY + 1, start=None).total == 0
    assert timestamps(export(world, NOON, start=None).data) == [NOON]
    assert export(world, NOON - 1, end=DEFAULT_END // 1000).total == 0


def test_event_in_future_is_exported_from_its_time_on() -> None:
    world = track(build_world("empty"), NOON, userId="kim", timestamp="2026-09-12T00:00:00+02:00")
    then = NOON + DAY + 10 * HOUR

    assert export(world, then - 1, end=DEFAULT_END // 1000).total == 0
    assert export(world, then, end=DEFAULT_END // 1000).data[0].timestamp == then


def test_tracked_sessions_belong_to_matching_segments_only() -> None:
    world = track(track(build_world("empty"), NOON, userId="kim"), NOON + DAY, userId="kim")
    ids = VENDOR.create_identifiers(KEY, world, {}).segments
    found = {segment: export(world, segmentId=ids[segment]).total for segment in ids}

    assert found == {**dict.fromkeys(ids, 0), "everyone": 2, "identified": 2, "new": 1, "returning": 1}


@pytest.mark.parametrize("send", [track, identify], ids=["track", "identify"])
@pytest.mark.parametrize(
    "ids",
    [{}, {"userId": ""}, {"userId": "", "anonymousId": ""}, {"userId": None, "anonymousId": None}],
    ids=repr,
)
def test_request_without_visitor_is_rejected(send: Callable[..., World], ids: dict[str, Any]) -> None:
    assert rejection_message(lambda: send(build_world("empty"), **ids)) == "userId or anonymousId is required"


@pytest.mark.parametrize("timestamp", ["20260910T080000Z", "2026-09-09T24:00:00Z", "20260910"])
def test_timestamp_in_any_form_of_iso_8601_is_accepted(timestamp: str) -> None:
    identify(build_world("empty"), userId="kim", timestamp=timestamp)
    world = track(build_world("empty"), userId="kim", timestamp=timestamp)

    assert timestamps(crawl(world)) == [parse_instant(timestamp)]


@pytest.mark.parametrize("send", [track, identify], ids=["track", "identify"])
@pytest.mark.parametrize(
    "timestamp",
    [
        "",
        "now",
        "1788220800",
        "2026-13-01",
        "2026-09-10T25:00:00Z",
        "2026-09-10T12:00:00+99:00",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
    ],
)
def test_invalid_timestamp_is_rejected(send: Callable[..., World], timestamp: str) -> None:
    message = rejection_message(lambda: send(build_world("empty"), userId="kim", timestamp=timestamp))

    assert message == f"timestamp {timestamp!r} must be an ISO 8601 time, such as 2021-12-02T00:30:08.276Z"


def test_event_before_1970_is_exported() -> None:
    world = track(build_world("single"), userId="kim", timestamp="1969-12-31T00:00:00Z")

    assert timestamps(crawl(world, start=-DAY)) == [-DAY, *start_times(build_world("single"))]


# Identify.


def test_identified_user_has_traits_in_all_sessions() -> None:
    world = track(build_world("empty"), NOON, userId="kim")
    world = identify(
        world,
        userId="kim",
        traits={"name": "Kim", "email": "kim@example.com", "$tags": ["a", "b"], "plan": 5},
    )
    world = track(world, NOON + DAY, userId="kim")

    assert [(row.userId, row.name, row.email, row.tags) for row in crawl(world)] == [
        ("kim", "Kim", "kim@example.com", ["a", "b"])
    ] * 2


def test_anonymous_visitor_can_have_traits() -> None:
    world = identify(
        track(build_world("empty"), NOON, anonymousId="a"), anonymousId="a", traits={"name": "Kim"}
    )

    assert [(row.userId, row.name, row.email) for row in crawl(world)] == [(None, "Kim", None)]


def test_traits_of_generated_user_change_only_its_sessions() -> None:
    before = crawl(build_world())
    user = next(row.userId for row in before if row.userId and row.tags)
    world = identify(build_world(), userId=user, anonymousId="someone", traits={"name": "Kim", "$tags": []})
    changed = [(was, row) for was, row in zip(before, crawl(world), strict=True) if was != row]

    assert [row.userId for _, row in changed] == [row.userId for row in before if row.userId == user]
    assert {(row.name, row.tags) for _, row in changed} == {("Kim", None)}
    assert [row.email for _, row in changed] == [was.email for was, _ in changed]


@pytest.mark.parametrize("option", ["separate", "merge"])
def test_events_before_and_after_identify_belong_to_the_user_by_behavior(option: str) -> None:
    """At every vendor: the world itself has one visitor. Events of other anonymous ids stay."""
    world = track(build_world("empty"), NOON, anonymousId="a")
    world = track(world, NOON + 60_000, anonymousId="b")
    world = identify(world, anonymousId="a", traits={"name": "Kim", "plan": 5})
    settings = {"anonymous_events": option}
    world = identify(world, settings, userId="kim", anonymousId="a", traits={"plan": 6})
    world = track(world, NOON + 20 * 60_000, anonymousId="a")
    world = track(world, NOON + 45 * 60_000, userId="kim")
    sessions = world.sites[0].find(Query(), LATER).page(0, 9).batches[0]
    merged = option == "merge"

    assert [row.userId for row in crawl(world)] == (["kim", None] if merged else [None, None, "kim"])
    assert sessions.user_ids[0] == ("kim" if merged else None)
    assert sessions.traits[0] == ({"name": "Kim", "plan": 6} if merged else {"name": "Kim", "plan": 5})
    assert sessions.duration[0] == (45 if merged else 20) * 60_000
    changes = read_changes(world)
    assert crawl(apply_changes(build_world("empty"), changes)) == crawl(world)
    assert read_changes(apply_changes(build_world("empty"), changes)) == changes


def test_merged_events_join_session_of_generated_user() -> None:
    before = crawl(build_world())
    row = next(row for row in before if row.userId)
    world = track(build_world(), (row.timestamp or 0) + 1, anonymousId="a")
    assert len(crawl(world)) == len(before) + 1
    world = identify(world, {"anonymous_events": "merge"}, userId=row.userId, anonymousId="a")

    assert len(crawl(world)) == len(before)


def test_later_traits_override_earlier_ones_key_by_key() -> None:
    world = track(build_world("empty"), NOON, userId="kim")
    for traits in ({"name": "Kim", "email": "kim@example.com"}, {"name": "Kim A."}, {}, None):
        world = identify(world, userId="kim", traits=traits)

    assert [(row.name, row.email) for row in crawl(world)] == [("Kim A.", "kim@example.com")]


@pytest.mark.parametrize(
    "traits",
    [
        {"name": 42, "email": True},
        {"name": {"first": "Kim"}, "email": ["kim@example.com"]},
        {"name": None, "email": None},
        {"$tags": None},
    ],
    ids=["scalars", "containers", "nulls", "no-tags"],
)
@pytest.mark.parametrize("generated", [True, False], ids=["generated", "tracked"])
def test_traits_of_any_type_keep_export_valid(traits: dict[str, Any], generated: bool) -> None:  # noqa: FBT001 -- parametrised
    world = track(build_world("single", sessions=50), NOON, userId="kim")
    user = next(row.userId for row in crawl(world) if row.userId and bool(row.urls) == generated)

    assert len(crawl(identify(world, userId=user, traits=traits))) == 51


@pytest.mark.parametrize("tags", ["Logged In", {"a": 1}, [1], ["a", None], 5, False])
def test_invalid_tags_are_rejected(tags: Any) -> None:
    message = rejection_message(lambda: identify(build_world("empty"), userId="kim", traits={"$tags": tags}))

    assert message == "traits.$tags must be an array of strings"


@pytest.mark.parametrize("ids", [{"anonymousId": "a"}, {"userId": "", "anonymousId": "a"}], ids=repr)
def test_identify_requires_user_id_by_behavior(ids: dict[str, Any]) -> None:
    required = {"identify_user": "required"}

    assert identify(build_world("empty"), **ids)
    assert identify(build_world("empty"), required, userId="kim")
    assert rejection_message(lambda: identify(build_world("empty"), required, **ids)) == "userId is required"


# Identifiers.


def test_credentials_can_be_set_without_changing_other_identifiers() -> None:
    identifiers = VENDOR.create_identifiers(KEY, build_world(), {"apiKey": "mine", "secretKey": "hush"})
    usual = VENDOR.create_identifiers(KEY, build_world(), {})

    assert identifiers.credentials == {"apiKey": "mine", "secretKey": "hush"}
    assert (identifiers.secret, identifiers.tokens["mine"]) == ("hush", 0)
    assert identifiers.sites == (("mine",), usual.sites[1])
    assert usual == VENDOR.create_identifiers(KEY, build_world(), {})
    assert not {*usual.tokens} & {*VENDOR.create_identifiers(KEY + 1, build_world(), {}).tokens}
