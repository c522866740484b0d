"""Browsee tells the world as its contract says."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct, json

from mockserver.contract.endpoint import Endpoint
from mockserver.contract.errors import ApiError
from mockserver.rows.datetimes import DAY
from mockserver.vendors.base import ViewResult
from mockserver.vendors.browsee import VENDOR
from mockserver.vendors.browsee.contract import (
    EXPORT_SESSIONS,
    IDENTIFY,
    TRACK,
    Done,
    Exported,
    ExportedSession,
    ExportOptions,
    Exports,
    ExportSessions,
    Identify,
    Track,
)
from mockserver.vendors.browsee.views import FIELDS
from mockserver.world.generator.timeline import HOUR
from mockserver.world.generator.tracked import Identity, TrackedEvent
from mockserver.world.model.profiles import PROFILES
from mockserver.world.model.query import Query
from mockserver.world.model.spec import DEFAULT_END, DEFAULT_START, spec
from mockserver.world.model.vocabulary import load
from mockserver.world.world import World, build, with_events, with_identity
from tests.vendors.conftest import KEY, asked, strictly

Behaviors = Mapping[str, str] | None
NOON = DEFAULT_START + 9 * DAY + DAY // 2  # 2026-09-10T12:00:00Z
LATER = DEFAULT_END + DAY
"""By when every session of the default world has ended."""
PAID = {"Paid Search", "Paid Social", "Display"}


def world(profile: str = "default", **fields: Any) -> World:
    """The world of a profile, with some fields changed."""
    return build(spec(**{**PROFILES[profile], **fields}))


def answer(
    endpoint: Endpoint, told: World, body: Struct, now: int, behaviors: Behaviors = None
) -> ViewResult:
    """What an endpoint answers for the first site."""
    return VENDOR.respond(endpoint, asked(VENDOR, told, body=body, now=now, behaviors=behaviors))


def raw(told: World, now: int = LATER, behaviors: Behaviors = None, **fields: Any) -> bytes:
    """The bytes of a page; of all the world's time where no start is given."""
    body = ExportSessions("key", "secret", **({"start": told.spec.start // 1000} | fields))
    return answer(EXPORT_SESSIONS, told, body, now, behaviors).body


def export(told: World, now: int = LATER, behaviors: Behaviors = None, **fields: Any) -> Exports:
    """A page of an export."""
    return strictly(raw(told, now, behaviors, **fields), Exported).exports


def crawl(told: World, limit: int = 100, **fields: Any) -> list[ExportedSession]:
    """Every session of an export, page by page as a client would."""
    rows: list[ExportedSession] = []
    page = export(told, limit=limit, **fields)
    while page.data:
        rows += page.data
        page = export(told, limit=limit, offset=page.to, **fields)
    assert len(rows) == page.total
    return rows


def starts(told: World, now: int = LATER, **query: Any) -> list[int]:
    """When the sessions of the first site start, by the world's own list."""
    found = told.sites[0].find(Query(**query), now)
    return [place.start for place in found.page(0, found.total).sort_keys()]


def timestamps(rows: list[ExportedSession]) -> list[int | None]:
    """When the sessions of some rows start."""
    return [row.timestamp for row in rows]


def keys(told: World, behaviors: Behaviors = None, **fields: Any) -> set[tuple[str, ...]]:
    """The sets of fields that rows have, each in alphabetical order."""
    rows = json.decode(raw(told, behaviors=behaviors, **fields))["exports"]["data"]
    return {tuple(sorted(row)) for row in rows}


def refusal(ask: Callable[[], object]) -> str:
    """The message with which something is refused."""
    with pytest.raises(ApiError) as refused:
        ask()

    assert refused.value.error == "violation"
    return refused.value.details["message"]


def track(told: World, now: int = LATER, **fields: Any) -> World:
    """The world after a track request."""
    said = answer(TRACK, told, Track("key", "SIGNED_UP", **fields), now)
    strictly(said.body, Done)
    assert isinstance(said.side_effect, TrackedEvent)
    return with_events(told, 0, [said.side_effect])


def identify(told: World, behaviors: Behaviors = None, **fields: Any) -> World:
    """The world after an identify request."""
    said = answer(IDENTIFY, told, Identify("key", **fields), LATER, behaviors)
    strictly(said.body, Done)
    assert isinstance(said.side_effect, Identity)
    return with_identity(told, 0, said.side_effect)


# Paging.


@pytest.mark.parametrize("profile", ["default", "empty", "single", "page-exact", "page-plus-one", "awkward"])
@pytest.mark.parametrize("limit", [1, 7, 100])
def test_pages_of_any_size_tile_the_export(profile: str, limit: int) -> None:
    """Page by page a client sees every session once, ascending."""
    told = world(profile)
    rows = crawl(told, limit)

    assert rows == crawl(told)
    assert timestamps(rows) == sorted(starts(told))


@pytest.mark.parametrize("limit", [1, 7, 100])
def test_sessions_that_start_together_are_paged(limit: int) -> None:
    """Equal timestamps across a page's edge lose nothing and repeat nothing, whatever was sent over HTTP among them."""
    told = world("page-plus-one", grain=HOUR)
    told = with_events(
        told, 0, [TrackedEvent(at, "e", user_id=f"u{n}") for n, at in enumerate(starts(told)[:50])]
    )
    rows = crawl(told, limit)

    assert len(set(timestamps(rows))) < len(rows) == 451
    assert rows == crawl(told)
    assert timestamps(rows) == sorted(starts(told))


@given(offset=st.integers(0, 420), limit=st.integers(1, 300))
def test_a_page_is_a_slice_of_the_whole(offset: int, limit: int) -> None:
    """Any from and limit give just those rows, to is where they end, and no more than 100 come."""
    told = world("page-plus-one")
    page = export(told, offset=offset, limit=limit)

    assert page.data == crawl(told)[offset : offset + min(limit, 100)]
    assert (page.total, page.to) == (401, offset + len(page.data))


@pytest.mark.parametrize("offset", [400, 401, 10**6, 10**30])
def test_a_page_past_the_end_is_empty(offset: int) -> None:
    """From the total on there are no rows, and to is the from that was asked for."""
    assert export(world("page-exact"), offset=offset) == Exports(400, offset, [])


def test_a_page_is_100_rows_unless_asked_otherwise() -> None:
    """Without from and limit the first 100 rows come."""
    told = world()
    page = export(told)

    assert page == export(told, offset=0, limit=100)
    assert (page.total, page.to, len(page.data)) == (1000, 100, 100)


def test_a_limit_above_100_is_clamped_or_refused() -> None:
    """The behavior over_limit says what 101 means; 100 is no matter of behavior."""
    told = world()
    refuse = {"over_limit": "400"}

    assert export(told, limit=101) == export(told, limit=10**30) == export(told, limit=100)
    assert export(told, behaviors=refuse, limit=100) == export(told, limit=100)
    assert (
        refusal(lambda: export(told, behaviors=refuse, limit=101)) == "limit must be an integer, at most 100"
    )


@pytest.mark.parametrize("segment", ["everyone", "mobile", "anonymous"])
def test_a_billion_sessions_are_paged(segment: str) -> None:
    """The first, a deep and the last page of a large world meet where they should."""
    told = world(sessions=10**9)
    identifier = VENDOR.names(KEY, told, {}).segments[segment]
    total = told.sites[0].find(Query(where=told.segments[segment].where), LATER).total

    for offset in (0, total // 2, total - 150):
        page, following = (export(told, offset=at, segmentId=identifier) for at in (offset, offset + 50))
        assert page.total == total
        assert page.data[50:] == following.data[:50]
        assert timestamps(page.data) == sorted(timestamps(page.data), key=lambda at: at or 0)
    assert export(told, offset=total - 50, segmentId=identifier).to == total


def test_segments_of_a_billion_sessions_add_up() -> None:
    """Totals of a large world are exact: two halves of it make the whole."""
    told = world(sessions=10**9)
    ids = VENDOR.names(KEY, told, {}).segments
    halves = [export(told, segmentId=ids[segment], limit=1).total for segment in ("identified", "anonymous")]

    assert export(told, limit=1).total == sum(halves) == 10**9


# The window.


def test_without_a_window_the_last_24_hours_are_exported() -> None:
    """By default an export holds what started in the day before now."""
    told = world()
    page = export(told, NOON, start=None)

    assert page.data
    assert timestamps(page.data) == starts(told, NOON, start=NOON - DAY, stop=NOON)
    assert page == export(told, NOON, start=(NOON - DAY) // 1000, end=NOON // 1000)


def test_start_and_end_default_one_by_one() -> None:
    """A start alone reaches to now, an end alone begins 24 hours before now."""
    told = world()
    begin = NOON - 3 * DAY

    assert timestamps(crawl(told, now=NOON, start=begin // 1000)) == starts(
        told, NOON, start=begin, stop=NOON
    )
    assert timestamps(crawl(told, now=NOON, start=None, end=NOON // 1000 - 3600)) == (
        starts(told, NOON, start=NOON - DAY, stop=NOON - HOUR)
    )


def test_the_start_is_inclusive_and_the_end_exclusive() -> None:
    """A session that starts exactly on a second belongs to the window that starts then, not to the one that ends."""
    told = world(grain=1000)
    every = starts(told)
    at = every[500]
    before, after = export(told, end=at // 1000), export(told, start=at // 1000)

    assert every[499] < at < every[501]
    assert (before.total, after.total) == (500, 500)
    assert after.data[0].timestamp == at


@given(
    cuts=st.lists(st.integers(DEFAULT_START // 1000, DEFAULT_END // 1000), min_size=1, max_size=4).map(sorted)
)
def test_windows_tile(cuts: list[int]) -> None:
    """Windows that meet hold every session once."""
    told = world("page-plus-one", grain=1000)
    edges = [DEFAULT_START // 1000, *cuts, DEFAULT_END // 1000]
    rows = [row for start, end in pairwise(edges) for row in crawl(told, start=start, end=end)]

    assert rows == crawl(told)


@pytest.mark.parametrize("bound", [-(10**30), -1, 0, 10**30])
def test_a_window_may_reach_beyond_all_time(bound: int) -> None:
    """Seconds of any size are taken: what lies beyond the world is empty."""
    told = world("single")

    assert export(told, start=bound, end=DEFAULT_END // 1000).total == (bound <= 0)
    assert export(told, end=bound).total == (bound > 0)


def test_a_window_that_runs_backwards_is_empty_or_refused() -> None:
    """The behavior backwards says what a start after the end means; start and end may be equal."""
    told = world()
    start, refuse = DEFAULT_START // 1000 + 86_400, {"backwards": "400"}

    assert export(told, start=start, end=start - 1) == Exports(0, 0, [])
    assert export(told, behaviors=refuse, start=start, end=start) == Exports(0, 0, [])
    assert (
        refusal(lambda: export(told, behaviors=refuse, start=start, end=start - 1))
        == "start must not be after end"
    )


def test_what_has_not_started_is_not_exported() -> None:
    """An end in the future adds nothing to what has happened by now."""
    told = world()

    assert timestamps(crawl(told, now=NOON, end=DEFAULT_END // 1000)) == starts(told, NOON)


def test_each_site_has_its_own_sessions() -> None:
    """The site that a key names is the one whose sessions are exported."""
    told = world()
    body = ExportSessions("key", "secret", start=DEFAULT_START // 1000)
    pages = [
        strictly(
            VENDOR.respond(EXPORT_SESSIONS, asked(VENDOR, told, body=body, site=site)).body, Exported
        ).exports.data
        for site in told.sites
    ]

    assert [{row.domain for row in page} for page in pages] == [set(site.hostnames) for site in told.sites]


# What a row tells.


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
def test_select_names_the_fields_of_a_row(fields: dict[str, Any], expected: set[str]) -> None:
    """Select is read in options, else at the top, and nothing selected means everything."""
    assert keys(world(), {"no_value": "null"}, **fields) == {tuple(sorted(expected))}


@pytest.mark.parametrize("field", FIELDS)
def test_a_selected_field_has_the_value_that_it_has_among_all(field: str) -> None:
    """Selecting changes which fields are told, not what they say."""
    told = world("awkward")
    whole, narrow = crawl(told), crawl(told, select=[field])

    assert narrow == [ExportedSession(**{field: getattr(row, field)}) for row in whole]


def test_the_fields_are_those_of_the_contract() -> None:
    """A row tells every field that the contract promises, and no other."""
    assert sorted(ExportedSession.__struct_fields__) == sorted(FIELDS)


def test_an_unknown_field_is_passed_over_or_refused() -> None:
    """The behavior unknown_field says what a misspelt name in select means."""
    told = world()
    refuse = {"unknown_field": "400"}

    assert keys(told, select=["timestamp", "userID"]) == {("timestamp",)}
    assert keys(told, select=["userID"]) == {()}
    assert refusal(lambda: export(told, behaviors=refuse, select=["userID"])) == (
        "select names 'userID', which is no field; did you mean 'userId'?"
    )
    assert (
        refusal(lambda: export(told, behaviors=refuse, select=["%%%"]))
        == "select names '%%%', which is no field"
    )
    assert export(told, behaviors=refuse, select=["userId"]) == export(told, select=["userId"])


@pytest.mark.parametrize("profile", ["default", "awkward"])
def test_a_field_without_a_value_is_left_out_or_null(profile: str) -> None:
    """The behavior no_value changes how rows are written, not what they say."""
    told = world(profile)
    null = {"no_value": "null"}

    assert len(keys(told)) > 1
    assert keys(told, null) == {tuple(sorted(FIELDS))}
    assert export(told) == export(told, behaviors=null)
    assert b"null" not in raw(told)


def test_a_country_is_told_by_name_or_code() -> None:
    """The behavior country says which; both are those of one place."""
    told = world("awkward")
    countries = {(place.country_name or None, place.country or None) for place in load("awkward").places}
    names, codes = (
        crawl(told, select=["country", "city"]),
        crawl(told, behaviors={"country": "code"}, select=["country"]),
    )

    assert {(row.country, code.country) for row, code in zip(names, codes, strict=True)} <= countries
    assert {code.country for code in codes} != {row.country for row in names}


@pytest.mark.parametrize("now", [NOON, LATER])
@pytest.mark.parametrize("profile", ["default", "awkward"])
def test_the_fields_of_a_row_agree(profile: str, now: int) -> None:
    """What can be worked out from other fields is what the row says, also while a session runs."""
    told = world(profile)
    rows = crawl(told, now=now)
    hosts = {*told.sites[0].hostnames}

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


def test_an_awkward_world_has_every_absence() -> None:
    """Each field that may lack a value lacks it somewhere, and names come in more than ASCII."""
    rows = crawl(world("awkward"))
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
"""Segments that can be told from rows alone: what defines them, the fields to look at, and who belongs."""


@pytest.mark.parametrize("segment", SHOWN)
def test_a_segment_holds_the_rows_that_belong_to_it(segment: str) -> None:
    """Among all rows, those that look like the segment are those that it exports."""
    told = world("awkward", segments={name: filters for name, (filters, _, _) in SHOWN.items() if filters})
    _, select, belongs = SHOWN[segment]
    identifier = VENDOR.names(KEY, told, {}).segments[segment]
    expected = [row for row in crawl(told, select=[*select, "timestamp", "ip"]) if belongs(row)]

    assert crawl(told, 7, select=[*select, "timestamp", "ip"], segmentId=identifier) == expected
    assert expected or segment == "nobody"


def test_paid_sessions_are_those_of_the_channels_that_cost() -> None:
    """The segment holds the sessions whose referrer and campaign are those of a paid channel."""
    told = world()
    identifier = VENDOR.names(KEY, told, {}).segments["paid"]
    utm = ["utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content"]
    bought = {
        (urlsplit(each.referrer).hostname, *(getattr(each, field) or None for field in utm))
        for each in load("default").acquisitions
        if each.channel in PAID
    }
    rows = crawl(told)
    paid = [row for row in rows if (row.referrer, *(getattr(row, field) for field in utm)) in bought]

    assert 0 < len(paid) < len(rows)
    assert crawl(told, segmentId=identifier) == paid


def test_new_and_returning_sessions_are_a_users_first_and_others() -> None:
    """Every session is one or the other, and a user who was seen before is returning."""
    told = world()
    ids = VENDOR.names(KEY, told, {}).segments
    rows = crawl(told)
    new, returning = (crawl(told, segmentId=ids[segment]) for segment in ("new", "returning"))
    seen: set[str] = set()
    again = []
    for row in rows:
        again += [row] if row.userId in seen else []
        seen |= {row.userId} if row.userId else set()

    assert new
    assert again
    assert sorted([*new, *returning], key=rows.index) == rows
    assert all(row in returning for row in again)


@pytest.mark.parametrize("segment", ["", "everyone", "0" * 24])
def test_an_unknown_segment_is_refused_or_empty(segment: str) -> None:
    """The behavior unknown_segment says what a segmentId that does not exist means."""
    told = world()

    assert (
        refusal(lambda: export(told, segmentId=segment))
        == f"segmentId {segment!r} is not the id of a segment of this project"
    )
    assert export(told, behaviors={"unknown_segment": "empty"}, segmentId=segment) == Exports(0, 0, [])


def test_segment_ids_are_the_segments_of_the_world() -> None:
    """Whatever is chosen, the id of a segment that exists finds it."""
    told = world()
    ids = VENDOR.names(KEY, told, {}).segments

    assert list(ids) == list(told.segments)
    assert len(set(ids.values())) == len(ids)
    assert export(told, behaviors={"unknown_segment": "empty"}, segmentId=ids["everyone"]) == export(told)


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
def test_events_30_minutes_apart_are_one_session(
    profile: str, second: str, expected: list[tuple[int, int, int]]
) -> None:
    """A session is over when more than 30 minutes pass without an event."""
    told = track(
        track(world(profile), userId="kim", timestamp=second), userId="kim", timestamp="2026-09-10T12:00:00Z"
    )
    rows = [row for row in crawl(told) if row.userId == "kim"]

    assert [(row.duration, row.inactiveTime, row.eventCount) for row in rows] == expected
    assert rows[0].timestamp == NOON
    assert len(crawl(told)) == len(crawl(world(profile))) + len(expected)


@given(gaps=st.lists(st.integers(0, 3_600_000), max_size=6), order=st.permutations(range(7)))
def test_tracked_events_make_sessions_in_any_order(gaps: list[int], order: list[int]) -> None:
    """However events arrive, each gap over 30 minutes begins a session and no event is lost."""
    instants = [NOON + sum(gaps[:number]) for number in range(len(gaps) + 1)]
    told = world("empty")
    for at in [instants[number] for number in order if number < len(instants)]:
        told = track(
            told,
            anonymousId="kim",
            timestamp=(datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=at)).isoformat(),
        )
    rows = crawl(told)

    assert len(rows) == 1 + sum(gap > 30 * 60_000 for gap in gaps)
    assert sum(row.eventCount or 0 for row in rows) == len(instants)
    assert sum(row.duration or 0 for row in rows) == sum(gap for gap in gaps if gap <= 30 * 60_000)


def test_a_tracked_session_says_what_is_known_of_it() -> None:
    """No page, place or device was sent, so none is told."""
    told = track(
        world("empty"), NOON, userId="kim", properties={"price": 9.5, "nested": {"of": ["any", None]}}
    )

    assert crawl(told) == [
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


def test_the_user_id_wins_over_the_anonymous_id() -> None:
    """Events with a user's id are that user's, whatever anonymous id they also have."""
    told = world("empty")
    for ids in (
        {"userId": "kim", "anonymousId": "a"},
        {"userId": "kim", "anonymousId": "b"},
        {"userId": "kim"},
        {"anonymousId": "a"},
    ):
        told = track(told, NOON, **ids)

    assert sorted((row.userId or "", row.eventCount) for row in crawl(told)) == [("", 1), ("kim", 3)]


@pytest.mark.parametrize("user", [None, ""])
def test_an_anonymous_visitor_has_no_user_id(user: str | None) -> None:
    """Events with an anonymous id alone appear without a userId; an empty userId is none."""
    told = track(world("empty"), userId=user, anonymousId="visitor-1", timestamp="2026-09-10T12:00:00")

    assert [(row.timestamp, row.userId) for row in crawl(told)] == [(NOON, None)]


def test_tracked_sessions_take_their_place_among_the_others() -> None:
    """An export with tracked sessions ascends, counts them, and pages without loss."""
    told = world()
    for hour in range(0, 240, 24):
        told = track(
            told,
            userId=f"user {hour}",
            timestamp=(datetime(2026, 9, 1, tzinfo=UTC) + timedelta(hours=hour)).isoformat(),
        )
    rows = crawl(told, 7)

    assert timestamps(rows) == sorted(starts(told))
    assert rows == crawl(told)
    assert [row.userId for row in rows if not row.urls] == [f"user {hour}" for hour in range(0, 240, 24)]
    assert len(rows) == 1010


def test_an_event_without_a_time_happens_now() -> None:
    """It is in the exports of that very moment and of the 24 hours after it."""
    told = track(world("empty"), NOON, userId="kim")

    assert timestamps(export(told, NOON + 1, start=None).data) == [NOON]
    assert timestamps(export(told, NOON + DAY, start=None).data) == [NOON]
    assert export(told, NOON + DAY + 1, start=None).total == 0
    assert timestamps(export(told, NOON, start=None).data) == [NOON]
    assert export(told, NOON - 1, end=DEFAULT_END // 1000).total == 0


def test_an_event_to_come_is_exported_when_it_has_come() -> None:
    """A timestamp in the future is taken, and seen from then on."""
    told = track(world("empty"), NOON, userId="kim", timestamp="2026-09-12T00:00:00+02:00")
    then = NOON + DAY + 10 * HOUR

    assert export(told, then - 1, end=DEFAULT_END // 1000).total == 0
    assert export(told, then, end=DEFAULT_END // 1000).data[0].timestamp == then


def test_tracked_sessions_belong_to_segments() -> None:
    """A tracked session is in the segments whose conditions it meets, and nothing unknown is assumed of it."""
    told = track(track(world("empty"), NOON, userId="kim"), NOON + DAY, userId="kim")
    ids = VENDOR.names(KEY, told, {}).segments
    found = {segment: export(told, segmentId=ids[segment]).total for segment in ids}

    assert found == {**dict.fromkeys(ids, 0), "everyone": 2, "identified": 2, "new": 1, "returning": 1}


@pytest.mark.parametrize("send", [track, identify], ids=["track", "identify"])
@pytest.mark.parametrize(
    "ids",
    [{}, {"userId": ""}, {"userId": "", "anonymousId": ""}, {"userId": None, "anonymousId": None}],
    ids=repr,
)
def test_someone_must_be_named(send: Callable[..., World], ids: dict[str, Any]) -> None:
    """Without a userId and an anonymousId, or with empty ones, a request is refused."""
    assert refusal(lambda: send(world("empty"), **ids)) == "userId or anonymousId is required"


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
def test_a_timestamp_that_is_no_time_is_refused(send: Callable[..., World], timestamp: str) -> None:
    """The message repeats what was sent and shows a good one."""
    message = refusal(lambda: send(world("empty"), userId="kim", timestamp=timestamp))

    assert message == f"timestamp {timestamp!r} must be an ISO 8601 time, such as 2021-12-02T00:30:08.276Z"


def test_an_event_before_1970_is_exported() -> None:
    """Any time is a good one: the first page holds the oldest session."""
    told = track(world("single"), userId="kim", timestamp="1969-12-31T00:00:00Z")

    assert timestamps(crawl(told, start=-DAY)) == [-DAY, *starts(world("single"))]


# Identify.


def test_a_tracked_user_has_the_traits_that_were_sent() -> None:
    """Name, e-mail and tags of an identify request appear in later exports, for all that the user did."""
    told = track(world("empty"), NOON, userId="kim")
    told = identify(
        told, userId="kim", traits={"name": "Kim", "email": "kim@example.com", "$tags": ["a", "b"], "plan": 5}
    )
    told = track(told, NOON + DAY, userId="kim")

    assert [(row.userId, row.name, row.email, row.tags) for row in crawl(told)] == [
        ("kim", "Kim", "kim@example.com", ["a", "b"])
    ] * 2


def test_an_anonymous_visitor_can_have_traits() -> None:
    """Traits of an anonymous id are told beside no userId."""
    told = identify(track(world("empty"), NOON, anonymousId="a"), anonymousId="a", traits={"name": "Kim"})

    assert [(row.userId, row.name, row.email) for row in crawl(told)] == [(None, "Kim", None)]


def test_a_user_of_the_seeded_world_can_be_identified() -> None:
    """What identify says of a generated user wins in each of the user's sessions, and in no other."""
    before = crawl(world())
    user = next(row.userId for row in before if row.userId and row.tags)
    told = identify(world(), userId=user, anonymousId="someone", traits={"name": "Kim", "$tags": []})
    changed = [(was, row) for was, row in zip(before, crawl(told), strict=True) if was != row]

    assert [row.userId for _, row in changed] == [row.userId for row in before if row.userId == user]
    assert {(row.name, row.tags) for _, row in changed} == {("Kim", None)}
    assert [row.email for _, row in changed] == [was.email for was, _ in changed]


def test_later_traits_win_key_by_key() -> None:
    """A second identify request replaces the traits that it names."""
    told = track(world("empty"), NOON, userId="kim")
    for traits in ({"name": "Kim", "email": "kim@example.com"}, {"name": "Kim A."}, {}, None):
        told = identify(told, userId="kim", traits=traits)

    assert [(row.name, row.email) for row in crawl(told)] == [("Kim A.", "kim@example.com")]


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
def test_traits_of_any_type_leave_the_export_readable(traits: dict[str, Any], generated: bool) -> None:  # noqa: FBT001 -- parametrised
    """Traits are free: an export stays as its contract promises, whatever they hold."""
    told = track(world("single", sessions=50), NOON, userId="kim")
    user = next(row.userId for row in crawl(told) if row.userId and bool(row.urls) == generated)

    assert len(crawl(identify(told, userId=user, traits=traits))) == 51


@pytest.mark.parametrize("tags", ["Logged In", {"a": 1}, [1], ["a", None], 5, False])
def test_tags_that_are_no_list_of_texts_are_refused(tags: Any) -> None:
    """The message names the trait and says what is right."""
    message = refusal(lambda: identify(world("empty"), userId="kim", traits={"$tags": tags}))

    assert message == "traits.$tags must be an array of strings"


@pytest.mark.parametrize("ids", [{"anonymousId": "a"}, {"userId": "", "anonymousId": "a"}], ids=repr)
def test_identify_may_need_a_user_id(ids: dict[str, Any]) -> None:
    """The behavior identify_user says whether an anonymousId is enough; a userId always is."""
    required = {"identify_user": "required"}

    assert identify(world("empty"), **ids)
    assert identify(world("empty"), required, userId="kim")
    assert refusal(lambda: identify(world("empty"), required, **ids)) == "userId is required"


# Names.


def test_credentials_can_be_set_and_the_rest_follows_from_the_tenant() -> None:
    """A given key is the first site's, a given secret serves all, and other tenants have other names."""
    names = VENDOR.names(KEY, world(), {"apiKey": "mine", "secretKey": "hush"})
    usual = VENDOR.names(KEY, world(), {})

    assert names.credentials == {"apiKey": "mine", "secretKey": "hush"}
    assert (names.secret, names.tokens["mine"]) == ("hush", 0)
    assert names.sites == (("mine",), usual.sites[1])
    assert usual == VENDOR.names(KEY, world(), {})
    assert not {*usual.tokens} & {*VENDOR.names(KEY + 1, world(), {}).tokens}
