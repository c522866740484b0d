"""Views and contract of Sparklytics as documented."""

import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from functools import cache
from itertools import pairwise
from string import ascii_letters, digits
from typing import Any
from urllib.parse import urlsplit

import pytest
from msgspec import json

from mockserver.contract.errors import ApiError, render
from mockserver.contract.validation import read
from mockserver.vendors.base import ViewRequest
from mockserver.vendors.sparklytics import VENDOR
from mockserver.vendors.sparklytics.request_models import ListSessions
from mockserver.vendors.sparklytics.responses import Session, SessionDetail, SessionPage
from mockserver.world.generator.tracked import TrackedEvent
from mockserver.world.model.profiles import PROFILES
from mockserver.world.model.query import Query
from mockserver.world.model.session_batch import SessionBatch
from mockserver.world.model.spec import DEFAULT_END, DEFAULT_START, spec
from mockserver.world.world import World, build, with_events, without_sessions
from tests.vendors.conftest import decode_exactly, make_view_request

LIST, GET = VENDOR.contract.endpoints
NOW = DEFAULT_END + 2 * 3_600_000
"""All sessions of the default month are over, and it is still 1 October in UTC."""
EVER: dict[str, Any] = {"start_date": "0001-01-01", "end_date": "9999-12-31"}
EVERYONE = {**EVER, "include_bots": "true"}


def make_request(
    world: World,
    *,
    site: int = 0,
    now: int = NOW,
    behaviors: dict[str, str] | None = None,
    session: str = "",
    **query: Any,
) -> ViewRequest:
    """Return a request for the list, or for a session, of one of a world's sites."""
    path = {"id": "", "session_id": session}
    return make_view_request(
        VENDOR,
        world,
        now=now,
        query=ListSessions(**query),
        path=path,
        site=world.sites[site],
        behaviors=behaviors,
    )


def get_page(request: ViewRequest) -> SessionPage:
    """Return a page of the list; its body has exactly the fields of its struct."""
    return decode_exactly(VENDOR.respond(LIST, request).body, SessionPage)


def get_detail(request: ViewRequest) -> SessionDetail:
    """Return a session with its events; the body has exactly the fields of its struct."""
    return decode_exactly(VENDOR.respond(GET, request).body, SessionDetail)


def list_pages(world: World, **query: Any) -> Iterator[list[Session]]:
    """Yield the pages of the list until there is no cursor."""
    answer = get_page(make_request(world, **query))
    yield answer.sessions
    while answer.next_cursor is not None:
        answer = get_page(make_request(world, **{**query, "cursor": answer.next_cursor}))
        yield answer.sessions


def list_rows(world: World, **query: Any) -> list[Session]:
    """Return all rows of the list."""
    return [row for each in list_pages(world, **{"limit": 100, **query}) for row in each]


def list_ids(world: World, **query: Any) -> list[str]:
    """Return the ids of all rows of the list."""
    return [row.session_id for row in list_rows(world, **query)]


def get_error(view: Callable[[ViewRequest], object], request: ViewRequest) -> tuple[str, str]:
    """Return the name and the message of the error for a request."""
    with pytest.raises(ApiError) as raised:
        view(request)
    return raised.value.error, raised.value.details["message"]


def expected_column(
    world: World, column: Callable[[SessionBatch], list[Any]], *, now: int = NOW, site: int = 0
) -> list[Any]:
    """Return a column of all sessions of a world, newest first."""
    actual = world.sites[site].find(Query(bots=True), now)
    return list(actual.page(0, actual.total, newest_first=True).map_rows(column))


def format_id(number: int) -> str:
    """Return the id of a session number."""
    return f"sess_{number:014x}"


def parse_time(text: str) -> int:
    """Return an ISO 8601 time in Unix milliseconds."""
    return int(datetime.fromisoformat(text).timestamp()) * 1000


def add_tracked_sessions(world: World) -> World:
    """Add tracked sessions.

    Several start together, one of them with a seeded session, and one visitor returns.
    """
    [first] = world.sites[0].find(Query(), NOW).page(7, 1).batches[0].start
    instants = [(name, first) for name in "abcde"] + [
        ("f", first + 1),
        ("f", first + 90 * 60_000),
        ("f", first + 91 * 60_000),
    ]
    events = [
        TrackedEvent(instant, "signed_up", {"plan": None}, user_id=f"user-{name}")
        for name, instant in instants
    ]
    return with_events(world, 0, events)


def build_profile(name: str) -> World:
    """Return the world of a small profile."""
    return build(spec(**PROFILES[name]))


HOURLY = {"sessions": 300, "grain": 3_600_000, "bots_percent": 30}
"""Settings with which sessions of people and of bots share their starts."""
WORLDS = {
    "default": build_profile("default"),
    "awkward": build_profile("awkward"),
    "tracked": add_tracked_sessions(build(spec(sessions=300))),
    "hourly": add_tracked_sessions(build(spec(**HOURLY))),
}


@pytest.mark.parametrize("limit", [1, 7, 100])
@pytest.mark.parametrize("name", WORLDS)
def test_pages_contain_every_session_once_newest_first(name: str, limit: int) -> None:
    world = WORLDS[name]

    actual = list(list_pages(world, limit=limit, **EVERYONE))

    assert [row.session_id for each in actual for row in each] == [
        format_id(number) for number in expected_column(world, lambda s: s.ids)
    ]
    assert all(len(each) == limit for each in actual[:-1])
    assert all(actual)
    assert all(
        before.started_at >= after.started_at
        for before, after in pairwise(row for each in actual for row in each)
    )


@pytest.mark.parametrize("limit", [1, 7, 100])
@pytest.mark.parametrize(
    "query",
    [EVER, {**EVER, "filter_device": "mobile"}, {**EVERYONE, "filter_page": "/pricing"}],
    ids=["people", "mobile", "page"],
)
@pytest.mark.parametrize("name", WORLDS)
def test_pages_of_filtered_list_contain_its_sessions_once(
    name: str, query: dict[str, Any], limit: int
) -> None:
    world = WORLDS[name]
    kept = set(list_ids(world, **query))

    actual = [row.session_id for each in list_pages(world, limit=limit, **query) for row in each]

    assert kept
    assert actual == [each for each in list_ids(world, **EVERYONE) if each in kept]


@pytest.mark.parametrize("query", [EVERYONE, {**EVERYONE, "filter_page": "/pricing"}], ids=["all", "page"])
@pytest.mark.parametrize("name", ["tracked", "hourly"])
def test_list_continues_after_session_that_was_deleted(name: str, query: dict[str, Any]) -> None:
    world = WORLDS[name]
    expected = list_ids(world, **query)
    actual = []

    answer = get_page(make_request(world, limit=2, **query))
    while True:
        actual += [row.session_id for row in answer.sessions]
        if answer.next_cursor is None:
            break
        world = without_sessions(world, 0, [int(actual[-1].removeprefix("sess_"), 16)])
        answer = get_page(make_request(world, limit=2, cursor=answer.next_cursor, **query))

    assert actual == expected


def test_bots_are_listed_only_with_include_bots() -> None:
    world = WORLDS["default"]
    kinds = expected_column(world, lambda sessions: [sessions.kind] * len(sessions))
    everyone = list_ids(world, **EVERYONE)

    people = list_ids(world, **EVER)

    assert len(everyone) == 1050
    assert people == [each for each, kind in zip(everyone, kinds, strict=True) if kind == 0]


@pytest.mark.parametrize(
    ("profile", "last"), [("page-exact", 100), ("page-plus-one", 1), ("single", 1), ("empty", 0)]
)
def test_last_page_has_no_cursor_even_if_full(profile: str, last: int) -> None:
    actual = list(list_pages(build_profile(profile), limit=100, **EVER))

    assert len(actual[-1]) == last
    assert len(actual) == max(1, -(-PROFILES[profile]["sessions"] // 100))


def test_default_limit_is_50() -> None:
    assert len(get_page(make_request(WORLDS["default"], **EVER)).sessions) == 50


def test_cursor_has_documented_format() -> None:
    cursor = get_page(make_request(WORLDS["default"], limit=10)).next_cursor or ""

    assert len(cursor) % 4 == 0
    assert re.fullmatch(rb'{"id":[1-9]\d*}', b64decode(cursor, validate=True))


def test_cursor_with_changed_character_is_invalid() -> None:
    world = WORLDS["default"]
    cursor = get_page(make_request(world, limit=10)).next_cursor or ""
    others = [
        cursor[:place] + character + cursor[place + 1 :]
        for place in range(len(cursor))
        for character in ascii_letters + digits + "+/= \n"
        if character != cursor[place]
    ]

    answers = {get_error(get_page, make_request(world, limit=10, cursor=other)) for other in others}

    assert answers == {("violation", "invalid cursor")}


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "nonsense",
        "日本",
        "eyJpZCI6MTIzNDU2fQ==",
        "eyJpZCI6MTIzNDU2fQ",
        *(
            b64encode(text).decode()
            for text in (
                b"{}",
                b"null",
                b'{"id":-1}',
                b'{"id":1.5}',
                b'{"id":99999999999999999999}',
                b'{"id":"1"}',
            )
        ),
    ],
)
def test_invalid_cursor_is_rejected(cursor: str) -> None:
    assert get_error(get_page, make_request(WORLDS["default"], cursor=cursor)) == (
        "violation",
        "invalid cursor",
    )


@pytest.mark.parametrize(
    "template",
    [b'{"id": %d}', b'{"id":0%d}', b'{"id":%d,"x":1}', b' {"id":%d}'],
    ids=["blank", "zero", "key", "margin"],
)
def test_cursor_in_other_notation_is_invalid(template: bytes) -> None:
    world = WORLDS["default"]
    number = json.decode(b64decode(get_page(make_request(world)).next_cursor or ""))["id"]

    assert get_error(get_page, make_request(world, cursor=b64encode(template % number).decode())) == (
        "violation",
        "invalid cursor",
    )


def test_guessed_cursor_is_invalid_in_largest_world() -> None:
    world = build(spec(sessions=10**12))
    guesses = [
        b64encode(b'{"id":%d}' % (number * 0x9E3779B97F4A7C15 % (1 << 64))).decode()
        for number in range(1, 2000)
    ]

    assert {get_error(get_page, make_request(world, cursor=guess)) for guess in guesses} == {
        ("violation", "invalid cursor")
    }


FILTERS = [name for name in ListSessions.__struct_fields__ if name.startswith("filter_")]
CHANGES: list[dict[str, Any]] = [
    {"site": 1},
    {"start_date": "0001-01-02"},
    {"start_date": None},
    {"end_date": "9999-12-30"},
    {"timezone": "Europe/London"},
    {"include_bots": "true"},
    *({name: value} for name in FILTERS for value in ("", "x")),
    {"filter_country": None},
]


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_cursor_is_invalid_for_other_site_or_parameters(change: dict[str, Any]) -> None:
    query = {**EVER, "filter_country": "US"}
    cursor = get_page(make_request(WORLDS["default"], limit=3, **query)).next_cursor

    assert get_page(make_request(WORLDS["default"], limit=4, cursor=cursor, **query)).sessions
    assert get_error(
        get_page, make_request(WORLDS["default"], limit=3, cursor=cursor, **{**query, **change})
    ) == (
        "violation",
        "invalid cursor",
    )


def test_cursor_stays_valid_after_midnight() -> None:
    world = WORLDS["default"]
    answer = get_page(make_request(world, limit=5))

    rest = get_page(make_request(world, limit=100, cursor=answer.next_cursor, now=NOW + 86_400_000))

    assert [row.session_id for row in answer.sessions + rest.sessions] == list_ids(world)[:105]


def test_cursor_of_session_before_default_days_is_followed_by_empty_page() -> None:
    day = 86_400_000
    start = WORLDS["tracked"].sites[0].tracked_data.log[0].at
    world = with_events(WORLDS["tracked"], 0, [TrackedEvent(start + 28 * day, "came_back", user_id="user-a")])
    heads = (get_page(make_request(world, limit=limit, now=start + day)) for limit in range(1, 100))
    cursor = next(head.next_cursor for head in heads if is_tracked(head.sessions[-1]))
    [newer, *_] = get_page(make_request(world, limit=100, now=start + 31 * day)).sessions

    answer = get_page(make_request(world, now=start + 31 * day, cursor=cursor))

    assert newer
    assert answer == SessionPage([], None)


def is_tracked(row: Session) -> bool:
    """Return True for a tracked session, for which only events were sent."""
    return not row.pageviews


def test_default_start_is_seven_days_before_today() -> None:
    world = WORLDS["default"]

    assert list_ids(world) == list_ids(world, start_date="2026-09-24", end_date="2026-10-01")
    assert list_ids(world, now=DEFAULT_END - 1) == list_ids(
        world, now=DEFAULT_END - 1, start_date="2026-09-23", end_date="2026-09-30"
    )


def test_default_start_is_six_days_before_today_by_behavior() -> None:
    world = WORLDS["default"]

    actual = list_ids(world, behaviors={"default_start": "6"})

    assert actual == list_ids(world, start_date="2026-09-25")
    assert actual != list_ids(world)


def test_today_is_in_requested_time_zone() -> None:
    world = WORLDS["default"]

    assert list_ids(world, timezone="America/New_York") == list_ids(
        world, timezone="America/New_York", start_date="2026-09-23", end_date="2026-09-30"
    )


SPRING = build(spec(sessions=20_000, start="2026-03-27", end="2026-04-01"))


@pytest.mark.parametrize(
    ("zone", "first", "stop"),
    [
        ("UTC", "2026-03-29T00:00Z", "2026-03-30T00:00Z"),
        ("Europe/Berlin", "2026-03-29T00:00+01:00", "2026-03-30T00:00+02:00"),
        ("Asia/Kathmandu", "2026-03-29T00:00+05:45", "2026-03-30T00:00+05:45"),
        ("America/Los_Angeles", "2026-03-29T00:00-07:00", "2026-03-30T00:00-07:00"),
        # Lebanon's clocks go from midnight to one o'clock.
        ("Asia/Beirut", "2026-03-29T00:00+02:00", "2026-03-30T00:00+03:00"),
    ],
)
def test_day_is_in_requested_time_zone(zone: str, first: str, stop: str) -> None:
    starts, numbers = (expected_column(SPRING, column) for column in (lambda s: s.start, lambda s: s.ids))
    expected = [
        format_id(number)
        for number, start in zip(numbers, starts, strict=True)
        if parse_time(first) <= start < parse_time(stop)
    ]

    actual = list_ids(
        SPRING, start_date="2026-03-29", end_date="2026-03-29", timezone=zone, include_bots="true"
    )

    assert actual == expected


def test_days_of_range_contain_every_session_once() -> None:
    days = [(date(2026, 3, 26) + timedelta(n)).isoformat() for n in range(8)]
    zone: dict[str, Any] = {"timezone": "Europe/Berlin"}

    daily = [row for day in reversed(days) for row in list_ids(SPRING, start_date=day, end_date=day, **zone)]

    assert len(daily) == 20_000
    assert daily == list_ids(SPRING, start_date=days[0], end_date=days[-1], **zone)


def test_time_zone_is_ignored_by_behavior() -> None:
    day: dict[str, Any] = {"start_date": "2026-03-29", "end_date": "2026-03-29", "limit": 100}
    ignored = get_page(
        make_request(SPRING, timezone="Mars/Olympus", behaviors={"timezone": "ignored"}, **day)
    )

    assert ignored.sessions == get_page(make_request(SPRING, **day)).sessions


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "Europe", "../UTC", "UTC\0", "\udcff"])
def test_unknown_time_zone_is_rejected(zone: str) -> None:
    assert get_error(get_page, make_request(SPRING, timezone=zone)) == ("violation", "invalid timezone")


INVALID_DATES = [
    "",
    "yesterday",
    "2026-02-30",
    "2026-3-3",
    "20260303",
    "2026-W10-2",
    "2026-03-03T00:00:00Z",
    " 2026-03-03",
    "٢٠٢٦-٠٣-٠٣",
    "0000-01-01",
]


@pytest.mark.parametrize("name", ["start_date", "end_date"])
@pytest.mark.parametrize("text", INVALID_DATES)
def test_invalid_date_is_rejected(name: str, text: str) -> None:
    dates: dict[str, Any] = {name: text}

    assert get_error(get_page, make_request(SPRING, **dates)) == (
        "violation",
        f"invalid {name} (expected YYYY-MM-DD)",
    )


@pytest.mark.parametrize("text", INVALID_DATES)
def test_invalid_date_is_ignored_by_behavior(text: str) -> None:
    world = WORLDS["default"]

    answer = get_page(
        make_request(world, limit=100, start_date=text, end_date=text, behaviors={"bad_date": "ignore"})
    )

    assert answer.sessions == get_page(make_request(world, limit=100)).sessions


@pytest.mark.parametrize(
    "dates",
    [
        {"start_date": "2026-09-30", "end_date": "2026-09-29"},
        {"end_date": "2026-09-01"},
        {"start_date": "2026-10-02"},
    ],
    ids=["both", "end alone", "start alone"],
)
def test_end_before_start_is_rejected(dates: dict[str, Any]) -> None:
    assert get_error(get_page, make_request(WORLDS["default"], **dates)) == (
        "violation",
        "end_date must be on or after start_date",
    )


def test_future_sessions_are_not_listed_and_not_found() -> None:
    world = WORLDS["default"]
    now = DEFAULT_START + 15 * 86_400_000
    [latest] = get_page(make_request(world, limit=1, **EVER)).sessions

    started = [row for each in list_pages(world, limit=100, now=now, **EVER) for row in each]

    assert {
        row.started_at <= "2026-09-16T00:00:00Z" and row.ended_at <= "2026-09-16T00:00:00Z" for row in started
    } == {True}
    assert 0 < len(started) < 1000
    assert (
        get_error(get_detail, make_request(world, now=now, session=latest.session_id))[0] == "unknown_session"
    )


@pytest.mark.parametrize("name", WORLDS)
def test_row_is_consistent_with_its_events(name: str) -> None:
    world = WORLDS[name]
    for row in list_rows(world, **EVERYONE):
        answer = get_detail(make_request(world, session=row.session_id))
        types = [event.event_type for event in answer.events]
        times = [event.timestamp for event in answer.events]

        assert answer.session == row
        assert [times[0], times[-1]] == [row.started_at, row.ended_at]
        assert times == sorted(times)
        assert row.duration == (parse_time(row.ended_at) - parse_time(row.started_at)) // 1000
        assert [types.count("pageview"), types.count("event")] == [row.pageviews, row.events]
        assert row.is_bounce == (row.pageviews <= 1 and not row.events)


@pytest.mark.parametrize("name", WORLDS)
def test_event_has_exactly_the_keys_of_its_type(name: str) -> None:
    world = WORLDS[name]
    for row in list_rows(world, **EVERYONE):
        for number, event in enumerate(get_detail(make_request(world, session=row.session_id)).events):
            keys = {key for key in event.__struct_fields__ if getattr(event, key) is not None} - {
                "event_type",
                "timestamp",
            }
            if event.event_type == "event":
                assert keys == {"event_name", "event_data"}
            else:
                assert keys - {"referrer"} == {"url"}
                assert (event.url or "").startswith("/")
                assert number == 0 or event.referrer is None
                assert event.referrer is None or event.referrer.startswith("https://")


def test_first_pageview_has_referrer_of_session() -> None:
    world = WORLDS["awkward"]
    referrers = expected_column(
        world, lambda sessions: [acquisition.referrer or None for acquisition in sessions.acquisitions]
    )

    actual = [
        get_detail(make_request(world, session=each)).events[0].referrer
        for each in list_ids(world, **EVERYONE)
    ]

    assert actual == referrers
    assert None in actual
    assert "https://www.google.com/" in actual


def test_unknown_values_are_null() -> None:
    actual = list_rows(WORLDS["awkward"], **EVERYONE)

    assert any(row.country is None for row in actual)
    assert any((row.browser, row.os, row.device) == (None, None, None) for row in actual)
    assert all("" not in {row.country, row.browser, row.os, row.device} for row in actual)


def test_ids_have_documented_formats() -> None:
    actual = list_rows(WORLDS["default"], **EVERYONE)
    visitors = expected_column(WORLDS["default"], lambda sessions: sessions.visitors)

    assert all(
        re.fullmatch("sess_[0-9a-f]{14}", row.session_id) and re.fullmatch("[0-9a-f]{16}", row.visitor_id)
        for row in actual
    )
    assert (
        len(set(zip(visitors, (row.visitor_id for row in actual), strict=True)))
        == len(set(visitors))
        < len(actual)
    )
    assert len({row.visitor_id for row in actual}) == len(set(visitors))
    assert any(row.visitor_id[:4] != "0000" for row in actual)


def test_outbound_click_is_link_click_event() -> None:
    world = WORLDS["default"]
    events = [
        event
        for row in list_rows(world, **EVER)
        for event in get_detail(make_request(world, session=row.session_id)).events
    ]
    clicks = [event.event_data or {} for event in events if event.event_name == "link_click"]

    assert clicks
    assert {tuple(click) for click in clicks} == {("href", "text", "external")}
    assert {"external": True, "href": "https://status.example.org/", "text": "Status"} in clicks


def test_error_is_event_with_its_name() -> None:
    world = WORLDS["default"]
    events = [
        event
        for row in list_rows(world, **EVER)
        for event in get_detail(make_request(world, session=row.session_id)).events
    ]
    errors = [event.event_data or {} for event in events if event.event_name == "TypeError"]

    assert errors
    assert errors[0]["lineNumber"] == 214


def test_tracked_session_is_listed_and_found_with_sent_values_only() -> None:
    world = WORLDS["tracked"]
    actual = [row for row in list_rows(world, **EVER) if is_tracked(row)]
    [returned, *_] = actual
    events = get_detail(make_request(world, session=returned.session_id)).events

    assert len(actual) == 7
    assert (returned.events, returned.duration, returned.is_bounce, returned.country, returned.device) == (
        2,
        60,
        False,
        None,
        None,
    )
    assert [(event.event_name, event.event_data) for event in events] == [("signed_up", {"plan": None})] * 2


@pytest.mark.parametrize(
    "identifier",
    [
        "",
        "sess_",
        "no-such-session",
        "sess_xyz789",
        "{id} ",
        "{id}\n",
        "{id}0",
        "SESS_{hex}",
        "{hex}",
        "{upper}",
    ],
)
def test_session_with_inexact_id_is_not_found(identifier: str) -> None:
    world = WORLDS["default"]
    row = next(row for row in list_rows(world, **EVER) if re.search("[a-f]", row.session_id[5:]))
    known_id = row.session_id
    text = identifier.format(id=known_id, hex=known_id[5:], upper="sess_" + known_id[5:].upper())

    assert get_detail(make_request(world, session=known_id)).session == row
    assert get_error(get_detail, make_request(world, session=text))[0] == "unknown_session"


def test_session_is_not_found_on_other_site() -> None:
    world = WORLDS["tracked"]

    answers = {
        get_error(get_detail, make_request(world, site=1, session=each))[0]
        for each in list_ids(world, **EVERYONE)
    }

    assert answers == {"unknown_session"}


def test_bot_session_is_found_by_id() -> None:
    world = WORLDS["default"]
    bot_ids = set(list_ids(world, **EVERYONE)) - set(list_ids(world, **EVER))

    assert {get_detail(make_request(world, session=each)).session.session_id for each in bot_ids} == bot_ids


EXACT: dict[str, Callable[[SessionBatch], list[Any]]] = {
    "filter_country": lambda s: [place.country for place in s.places],
    "filter_region": lambda s: [place.region for place in s.places],
    "filter_city": lambda s: [place.city for place in s.places],
    "filter_referrer": lambda s: [urlsplit(acquisition.referrer).hostname for acquisition in s.acquisitions],
    "filter_browser": lambda s: [agent.browser for agent in s.agents],
    "filter_os": lambda s: [agent.os for agent in s.agents],
    "filter_device": lambda s: [agent.device for agent in s.agents],
    "filter_language": lambda s: s.languages,
    "filter_utm_source": lambda s: [acquisition.utm_source for acquisition in s.acquisitions],
    "filter_utm_medium": lambda s: [acquisition.utm_medium for acquisition in s.acquisitions],
    "filter_utm_campaign": lambda s: [acquisition.utm_campaign for acquisition in s.acquisitions],
    "filter_hostname": lambda s: s.hostnames,
}


@pytest.mark.parametrize("world", ["default", "awkward", "tracked"])
@pytest.mark.parametrize("name", EXACT)
def test_filter_finds_exactly_sessions_with_its_value(name: str, world: str) -> None:
    values = expected_column(WORLDS[world], EXACT[name])
    everyone = list_ids(WORLDS[world], **EVERYONE)
    known_values = set(values) - {"", None}

    assert known_values
    for value in known_values:
        expected = [
            each for each, actual_value in zip(everyone, values, strict=True) if actual_value == value
        ]
        assert list_ids(WORLDS[world], **{name: value, **EVERYONE}) == expected


@pytest.mark.parametrize("name", ["filter_country", "filter_browser", "filter_os", "filter_device"])
def test_filter_compares_values_of_rows(name: str) -> None:
    actual = list_rows(WORLDS["awkward"], **EVERYONE)
    key = name.removeprefix("filter_")

    for value in {getattr(row, key) for row in actual} - {None}:
        assert list_rows(WORLDS["awkward"], **{name: value, **EVERYONE}) == [
            row for row in actual if getattr(row, key) == value
        ]


def test_all_filters_of_contract_are_tested() -> None:
    assert {*EXACT, "filter_page"} == set(FILTERS)


@cache
def list_urls(name: str) -> dict[str, list[str]]:
    """Return the URLs in the detail of each session of a world."""
    world = WORLDS[name]
    return {
        each: [event.url for event in get_detail(make_request(world, session=each)).events if event.url]
        for each in list_ids(world, **EVERYONE)
    }


def strip_query(url: str) -> str:
    """Return a URL without its query string."""
    return url.partition("?")[0]


PAGE_BEHAVIORS: dict[str, Callable[[list[str], str], bool]] = {
    "substring": lambda seen, text: any(text in url for url in seen),
    "path": lambda seen, text: bool(text) and text in map(strip_query, seen),
    "entry": lambda seen, text: bool(text) and text in map(strip_query, seen[:1]),
}


@pytest.mark.parametrize("text", ["/pricing", "/", "pric", "/search?q", "webhooks", "/%E6", "", "/PRICING"])
@pytest.mark.parametrize("world", ["default", "awkward", "tracked"])
@pytest.mark.parametrize("behavior", PAGE_BEHAVIORS)
def test_filter_page_is_compared_by_behavior(behavior: str, world: str, text: str) -> None:
    expected = [each for each, seen in list_urls(world).items() if PAGE_BEHAVIORS[behavior](seen, text)]

    actual = list_ids(WORLDS[world], filter_page=text, behaviors={"filter_page": behavior}, **EVERYONE)

    assert actual == expected


@pytest.mark.parametrize("name", EXACT)
def test_empty_filter_finds_nothing(name: str) -> None:
    assert list_ids(WORLDS["awkward"], **{name: "", **EVERYONE}) == []
    assert list_ids(WORLDS["tracked"], **{name: "", **EVERYONE}) == []


def test_only_hostname_filter_is_case_insensitive() -> None:
    world = WORLDS["default"]
    host = world.sites[0].hostnames[1]

    assert (
        list_ids(world, filter_hostname=host.upper(), **EVER)
        == list_ids(world, filter_hostname=host, **EVER)
        != []
    )
    assert list_ids(world, filter_country="us", **EVER) == []


def test_sessions_must_match_all_filters() -> None:
    world = WORLDS["default"]
    both = list_ids(world, filter_country="US", filter_browser="Chrome", **EVER)

    assert both
    assert set(both) == set(list_ids(world, filter_country="US", **EVER)) & set(
        list_ids(world, filter_browser="Chrome", **EVER)
    )


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        *(({"limit": text}, "limit must be between 1 and 100") for text in ("0", "101", "-1", "", "many")),
        *(
            ({"include_bots": text}, "include_bots must be true or false")
            for text in ("1", "True", "yes", "")
        ),
    ],
    ids=str,
)
def test_parameter_out_of_bounds_gets_message_of_server(raw: dict[str, str], message: str) -> None:
    violations = read(ListSessions, raw, "query")

    assert isinstance(violations, list)
    assert [violation.message for violation in violations] == [message]


@pytest.mark.parametrize("name", VENDOR.contract.errors)
def test_errors_have_documented_body(name: str) -> None:
    body = render(VENDOR.contract.errors[name].body, {"message": "why", "field": "which"})

    if name in {"unknown_path", "wrong_method"}:
        assert body is None
    else:
        assert list(body["error"]) == ["code", "message", "field"]
        assert body["error"]["field"] is None
        assert (body["error"]["message"] == "why") == (name == "violation")


def test_identifiers_have_documented_formats() -> None:
    world = WORLDS["default"]
    identifiers = VENDOR.create_identifiers(1, world, {})
    given = VENDOR.create_identifiers(1, world, {"token": "mine"})

    assert re.fullmatch("spk_selfhosted_[0-9a-f]{32}", identifiers.credentials["token"])
    assert identifiers.tokens == {identifiers.credentials["token"]: None}
    assert all(re.fullmatch("site_[0-9a-z]{10}", site) for [site] in identifiers.sites)
    assert len(set(identifiers.sites)) == len(world.sites)
    assert (given.credentials, given.tokens, given.sites) == (
        {"token": "mine"},
        {"mine": None},
        identifiers.sites,
    )
    assert identifiers != VENDOR.create_identifiers(2, world, {})
