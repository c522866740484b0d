"""Sparklytics' sessions: what the list and the detail say of a world, without HTTP."""

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
from mockserver.vendors.sparklytics.contract import ListSessions, Session, SessionDetail, SessionPage
from mockserver.world.generator.tracked import TrackedEvent
from mockserver.world.model.profiles import PROFILES
from mockserver.world.model.query import Query
from mockserver.world.model.session_batch import SessionBatch
from mockserver.world.model.spec import DEFAULT_END, DEFAULT_START, spec
from mockserver.world.world import World, build, with_events
from tests.vendors.conftest import asked as ask_vendor
from tests.vendors.conftest import exactly

LIST, GET = VENDOR.contract.endpoints
NOW = DEFAULT_END + 2 * 3_600_000
"""All sessions of the usual month are over, and it is still 1 October in UTC."""
EVER: dict[str, Any] = {"start_date": "0001-01-01", "end_date": "9999-12-31"}
EVERYONE = {**EVER, "include_bots": "true"}


def ask(
    world: World,
    *,
    site: int = 0,
    now: int = NOW,
    choose: dict[str, str] | None = None,
    session: str = "",
    **query: Any,
) -> ViewRequest:
    """A request for the list, or for a session, of one of a world's sites."""
    path = {"id": "", "session_id": session}
    return ask_vendor(
        VENDOR,
        world,
        now=now,
        query=ListSessions(**query),
        path=path,
        site=world.sites[site],
        behaviors=choose,
    )


def page(asked: ViewRequest) -> SessionPage:
    """A page of the list, which says what its struct says and nothing more."""
    return exactly(VENDOR.respond(LIST, asked).body, SessionPage)


def detail(asked: ViewRequest) -> SessionDetail:
    """A session with its events, which says what its struct says and nothing more."""
    return exactly(VENDOR.respond(GET, asked).body, SessionDetail)


def pages(world: World, **query: Any) -> Iterator[list[Session]]:
    """The pages of the list, until there is no cursor."""
    answer = page(ask(world, **query))
    yield answer.sessions
    while answer.next_cursor is not None:
        answer = page(ask(world, **{**query, "cursor": answer.next_cursor}))
        yield answer.sessions


def rows(world: World, **query: Any) -> list[Session]:
    """All rows of the list."""
    return [row for each in pages(world, **{"limit": 100, **query}) for row in each]


def ids(world: World, **query: Any) -> list[str]:
    """The ids of all rows of the list."""
    return [row.session_id for row in rows(world, **query)]


def refused(view: Callable[[ViewRequest], object], asked: ViewRequest) -> tuple[str, str]:
    """The error that a request is refused with, and its message."""
    with pytest.raises(ApiError) as refusal:
        view(asked)
    return refusal.value.error, refusal.value.details["message"]


def expected_rows(
    world: World, column: Callable[[SessionBatch], list[Any]], *, now: int = NOW, site: int = 0
) -> list[Any]:
    """A column of all sessions of a world, newest first."""
    found = world.sites[site].find(Query(bots=True), now)
    return list(found.page(0, found.total, newest_first=True).map_rows(column))


def told(number: int) -> str:
    """The id of a session number."""
    return f"sess_{number:014x}"


def at(text: str) -> int:
    """Unix milliseconds of an ISO 8601 time."""
    return int(datetime.fromisoformat(text).timestamp()) * 1000


def tracked(world: World) -> World:
    """A world with tracked sessions: several start together, one of them with a seeded session, and one comes back."""
    [first] = world.sites[0].find(Query(), NOW).page(7, 1).batches[0].start
    moments = [(name, first) for name in "abcde"] + [
        ("f", first + 1),
        ("f", first + 90 * 60_000),
        ("f", first + 91 * 60_000),
    ]
    events = [
        TrackedEvent(moment, "signed_up", {"plan": None}, user_id=f"user-{name}") for name, moment in moments
    ]
    return with_events(world, 0, events)


def known(name: str) -> World:
    """A world by the name of its profile, small enough to be listed."""
    return build(spec(**PROFILES[name]))


HOURLY = {"sessions": 300, "grain": 3_600_000, "bots_percent": 30}
"""Sessions of people and of bots share their starts."""
WORLDS = {
    "default": known("default"),
    "awkward": known("awkward"),
    "tracked": tracked(build(spec(sessions=300))),
    "hourly": tracked(build(spec(**HOURLY))),
}


@pytest.mark.parametrize("limit", [1, 7, 100])
@pytest.mark.parametrize("name", WORLDS)
def test_the_pages_hold_every_session_once_newest_first(name: str, limit: int) -> None:
    """However the list is cut, it is all sessions in the order of the world, and only the last page may be short."""
    world = WORLDS[name]

    found = list(pages(world, limit=limit, **EVERYONE))

    assert [row.session_id for each in found for row in each] == [
        told(number) for number in expected_rows(world, lambda s: s.ids)
    ]
    assert all(len(each) == limit for each in found[:-1])
    assert all(found)
    assert all(
        before.started_at >= after.started_at
        for before, after in pairwise(row for each in found for row in each)
    )


@pytest.mark.parametrize("limit", [1, 7, 100])
@pytest.mark.parametrize(
    "query",
    [EVER, {**EVER, "filter_device": "mobile"}, {**EVERYONE, "filter_page": "pric"}],
    ids=["people", "mobile", "page"],
)
@pytest.mark.parametrize("name", WORLDS)
def test_a_narrowed_list_is_paged_like_the_whole(name: str, query: dict[str, Any], limit: int) -> None:
    """Filters and the absence of bots leave out rows, and no page loses or repeats one of the rest."""
    world = WORLDS[name]
    kept = set(ids(world, **query))

    found = [row.session_id for each in pages(world, limit=limit, **query) for row in each]

    assert kept
    assert found == [each for each in ids(world, **EVERYONE) if each in kept]


def test_bots_are_told_only_where_they_are_wanted() -> None:
    """Without include_bots the list is that of people, who are numbered as the world numbers them."""
    world = WORLDS["default"]
    kinds = expected_rows(world, lambda sessions: [sessions.kind] * len(sessions))
    everyone = ids(world, **EVERYONE)

    people = ids(world, **EVER)

    assert len(everyone) == 1050
    assert people == [each for each, kind in zip(everyone, kinds, strict=True) if kind == 0]


@pytest.mark.parametrize(
    ("profile", "last"), [("page-exact", 100), ("page-plus-one", 1), ("single", 1), ("empty", 0)]
)
def test_there_is_no_cursor_behind_the_last_row(profile: str, last: int) -> None:
    """A last page that is full has no next page, and an empty list is one empty page."""
    found = list(pages(known(profile), limit=100, **EVER))

    assert len(found[-1]) == last
    assert len(found) == max(1, -(-PROFILES[profile]["sessions"] // 100))


def test_the_default_limit_is_50() -> None:
    """A page has 50 rows where the client says nothing."""
    assert len(page(ask(WORLDS["default"], **EVER)).sessions) == 50


def test_a_cursor_looks_like_the_documented_one() -> None:
    """A cursor is padded base64 of a compact JSON object whose only key is an integer id."""
    cursor = page(ask(WORLDS["default"], limit=10)).next_cursor or ""

    assert len(cursor) % 4 == 0
    assert re.fullmatch(rb'{"id":[1-9]\d*}', b64decode(cursor, validate=True))


def test_a_cursor_with_another_character_is_invalid() -> None:
    """No single character of a cursor can be replaced by another of base64."""
    world = WORLDS["default"]
    cursor = page(ask(world, limit=10)).next_cursor or ""
    others = [
        cursor[:place] + character + cursor[place + 1 :]
        for place in range(len(cursor))
        for character in ascii_letters + digits + "+/= \n"
        if character != cursor[place]
    ]

    answers = {refused(page, ask(world, limit=10, cursor=other)) for other in others}

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
def test_what_is_no_cursor_is_invalid(cursor: str) -> None:
    """Anything but a cursor of this list is refused in the server's words, the documentation's example included."""
    assert refused(page, ask(WORLDS["default"], cursor=cursor)) == ("violation", "invalid cursor")


@pytest.mark.parametrize(
    "dress",
    [b'{"id": %d}', b'{"id":0%d}', b'{"id":%d,"x":1}', b' {"id":%d}'],
    ids=["blank", "zero", "key", "margin"],
)
def test_a_cursor_is_written_in_one_way(dress: bytes) -> None:
    """The right number in another dress is no cursor."""
    world = WORLDS["default"]
    number = json.decode(b64decode(page(ask(world)).next_cursor or ""))["id"]

    assert refused(page, ask(world, cursor=b64encode(dress % number).decode())) == (
        "violation",
        "invalid cursor",
    )


def test_guessed_cursors_are_invalid_in_the_largest_world() -> None:
    """Even where there are 10¹² sessions, an integer that nobody was given is no cursor."""
    world = build(spec(sessions=10**12))
    guesses = [
        b64encode(b'{"id":%d}' % (number * 0x9E3779B97F4A7C15 % (1 << 64))).decode()
        for number in range(1, 2000)
    ]

    assert {refused(page, ask(world, cursor=guess)) for guess in guesses} == {("violation", "invalid cursor")}


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
def test_a_cursor_serves_only_what_it_was_made_for(change: dict[str, Any]) -> None:
    """On another site, or with any parameter changed but the limit, a cursor is invalid."""
    query = {**EVER, "filter_country": "US"}
    cursor = page(ask(WORLDS["default"], limit=3, **query)).next_cursor

    assert page(ask(WORLDS["default"], limit=4, cursor=cursor, **query)).sessions
    assert refused(page, ask(WORLDS["default"], limit=3, cursor=cursor, **{**query, **change})) == (
        "violation",
        "invalid cursor",
    )


def test_a_cursor_outlives_midnight() -> None:
    """The default days move on with the clock, and a crawl that began before goes on behind its last row."""
    world = WORLDS["default"]
    answer = page(ask(world, limit=5))

    rest = page(ask(world, limit=100, cursor=answer.next_cursor, now=NOW + 86_400_000))

    assert [row.session_id for row in answer.sessions + rest.sessions] == ids(world)[:105]


def test_a_cursor_whose_session_fell_out_of_the_days_is_followed_by_nothing() -> None:
    """When the default days have left a page's last row behind, all they hold is newer, tracked sessions too."""
    day, start = 86_400_000, WORLDS["tracked"].sites[0].tracked_data.log[0].at
    world = with_events(WORLDS["tracked"], 0, [TrackedEvent(start + 28 * day, "came_back", user_id="user-a")])
    heads = (page(ask(world, limit=limit, now=start + day)) for limit in range(1, 100))
    cursor = next(head.next_cursor for head in heads if is_tracked(head.sessions[-1]))
    [newer, *_] = page(ask(world, limit=100, now=start + 31 * day)).sessions

    answer = page(ask(world, now=start + 31 * day, cursor=cursor))

    assert newer
    assert answer == SessionPage([], None)


def is_tracked(row: Session) -> bool:
    """Whether a row is that of a tracked session: nothing but events was sent."""
    return not row.pageviews


def test_the_default_days_are_the_last_seven() -> None:
    """Without dates the list begins six days before today, whatever the time of day."""
    world = WORLDS["default"]

    assert ids(world) == ids(world, start_date="2026-09-25", end_date="2026-10-01")
    assert ids(world, now=DEFAULT_END - 1) == ids(
        world, now=DEFAULT_END - 1, start_date="2026-09-24", end_date="2026-09-30"
    )


def test_the_default_days_may_be_eight() -> None:
    """By behavior the list begins seven days before today, as the documentation can be read."""
    world = WORLDS["default"]

    found = ids(world, choose={"default_start": "7"})

    assert found == ids(world, start_date="2026-09-24")
    assert found != ids(world)


def test_today_is_that_of_the_time_zone() -> None:
    """At two o'clock in UTC on 1 October it is still September in New York."""
    world = WORLDS["default"]

    assert ids(world, timezone="America/New_York") == ids(
        world, timezone="America/New_York", start_date="2026-09-24", end_date="2026-09-30"
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
def test_a_day_is_that_of_the_time_zone(zone: str, first: str, stop: str) -> None:
    """A day goes from midnight to midnight, and has 23 hours when summer time begins."""
    starts, numbers = (expected_rows(SPRING, column) for column in (lambda s: s.start, lambda s: s.ids))
    expected = [
        told(number) for number, start in zip(numbers, starts, strict=True) if at(first) <= start < at(stop)
    ]

    found = ids(SPRING, start_date="2026-03-29", end_date="2026-03-29", timezone=zone, include_bots="true")

    assert found == expected


def test_days_tile_a_range() -> None:
    """Day by day the list holds what it holds for all of the days, also where clocks change."""
    days = [(date(2026, 3, 26) + timedelta(n)).isoformat() for n in range(8)]
    zone: dict[str, Any] = {"timezone": "Europe/Berlin"}

    daily = [row for day in reversed(days) for row in ids(SPRING, start_date=day, end_date=day, **zone)]

    assert len(daily) == 20_000
    assert daily == ids(SPRING, start_date=days[0], end_date=days[-1], **zone)


def test_the_time_zone_may_be_ignored() -> None:
    """By behavior days are those of UTC, and nobody looks whether a zone exists, as on the server."""
    day: dict[str, Any] = {"start_date": "2026-03-29", "end_date": "2026-03-29", "limit": 100}
    ignored = page(ask(SPRING, timezone="Mars/Olympus", choose={"timezone": "ignored"}, **day))

    assert ignored.sessions == page(ask(SPRING, **day)).sessions


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "Europe", "../UTC", "UTC\0", "\udcff"])
def test_an_unknown_time_zone_is_refused(zone: str) -> None:
    """A zone that does not exist is refused in the server's words."""
    assert refused(page, ask(SPRING, timezone=zone)) == ("violation", "invalid timezone")


NO_DATES = [
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
@pytest.mark.parametrize("text", NO_DATES)
def test_what_is_no_date_is_refused(name: str, text: str) -> None:
    """Only YYYY-MM-DD is a date, and the message says which one is none."""
    dates: dict[str, Any] = {name: text}

    assert refused(page, ask(SPRING, **dates)) == ("violation", f"invalid {name} (expected YYYY-MM-DD)")


@pytest.mark.parametrize("text", NO_DATES)
def test_what_is_no_date_may_be_ignored(text: str) -> None:
    """By behavior a date that is none stands for its default, as in the server's list of sessions."""
    world = WORLDS["default"]

    answer = page(ask(world, limit=100, start_date=text, end_date=text, choose={"bad_date": "ignore"}))

    assert answer.sessions == page(ask(world, limit=100)).sessions


@pytest.mark.parametrize(
    "dates",
    [
        {"start_date": "2026-09-30", "end_date": "2026-09-29"},
        {"end_date": "2026-09-01"},
        {"start_date": "2026-10-02"},
    ],
    ids=["both", "end alone", "start alone"],
)
def test_an_end_before_the_start_is_refused(dates: dict[str, Any]) -> None:
    """Days that end before they begin are refused, also where one of them is a default."""
    assert refused(page, ask(WORLDS["default"], **dates)) == (
        "violation",
        "end_date must be on or after start_date",
    )


def test_nothing_is_told_before_it_happens() -> None:
    """Sessions that have not started are in no list, and cannot be read by id."""
    world, now = WORLDS["default"], DEFAULT_START + 15 * 86_400_000
    [latest] = page(ask(world, limit=1, **EVER)).sessions

    told_by_then = [row for each in pages(world, limit=100, now=now, **EVER) for row in each]

    assert {
        row.started_at <= "2026-09-16T00:00:00Z" and row.ended_at <= "2026-09-16T00:00:00Z"
        for row in told_by_then
    } == {True}
    assert 0 < len(told_by_then) < 1000
    assert refused(detail, ask(world, now=now, session=latest.session_id))[0] == "unknown_session"


@pytest.mark.parametrize("name", WORLDS)
def test_a_row_agrees_with_its_events(name: str) -> None:
    """Times, duration, counts and bounce of every row are what its events add up to."""
    world = WORLDS[name]
    for row in rows(world, **EVERYONE):
        answer = detail(ask(world, session=row.session_id))
        types = [event.event_type for event in answer.events]
        times = [event.timestamp for event in answer.events]

        assert answer.session == row
        assert [times[0], times[-1]] == [row.started_at, row.ended_at]
        assert times == sorted(times)
        assert row.duration == (at(row.ended_at) - at(row.started_at)) // 1000
        assert [types.count("pageview"), types.count("event")] == [row.pageviews, row.events]
        assert row.is_bounce == (row.pageviews <= 1 and not row.events)


@pytest.mark.parametrize("name", WORLDS)
def test_an_event_has_the_keys_of_its_type(name: str) -> None:
    """A pageview has a url and perhaps, if it is the first, a referrer; another event has a name and data."""
    world = WORLDS[name]
    for row in rows(world, **EVERYONE):
        for number, event in enumerate(detail(ask(world, session=row.session_id)).events):
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


def test_the_first_pageview_says_where_the_session_came_from() -> None:
    """The referrer of the first event is that of the session, in full, and a direct visit has none."""
    world = WORLDS["awkward"]
    referrers = expected_rows(
        world, lambda sessions: [acquisition.referrer or None for acquisition in sessions.acquisitions]
    )

    found = [detail(ask(world, session=each)).events[0].referrer for each in ids(world, **EVERYONE)]

    assert found == referrers
    assert None in found
    assert "https://www.google.com/" in found


def test_unknown_values_are_null() -> None:
    """Where the world knows no country, browser, system or device, a row says null."""
    found = rows(WORLDS["awkward"], **EVERYONE)

    assert any(row.country is None for row in found)
    assert any((row.browser, row.os, row.device) == (None, None, None) for row in found)
    assert all("" not in {row.country, row.browser, row.os, row.device} for row in found)


def test_ids_have_the_documented_shapes() -> None:
    """Session ids begin with sess_, visitor ids have 16 digits, and a visitor who returns keeps theirs."""
    found = rows(WORLDS["default"], **EVERYONE)
    visitors = expected_rows(WORLDS["default"], lambda sessions: sessions.visitors)

    assert all(
        re.fullmatch("sess_[0-9a-f]{14}", row.session_id) and re.fullmatch("[0-9a-f]{16}", row.visitor_id)
        for row in found
    )
    assert (
        len(set(zip(visitors, (row.visitor_id for row in found), strict=True)))
        == len(set(visitors))
        < len(found)
    )
    assert len({row.visitor_id for row in found}) == len(set(visitors))
    assert any(row.visitor_id[:4] != "0000" for row in found)


def test_a_link_away_is_a_click() -> None:
    """An outbound click is the tracker's own event link_click."""
    world = WORLDS["default"]
    events = [
        event for row in rows(world, **EVER) for event in detail(ask(world, session=row.session_id)).events
    ]
    clicks = [event.event_data or {} for event in events if event.event_name == "link_click"]

    assert clicks
    assert {tuple(click) for click in clicks} == {("href", "text", "external")}
    assert {"external": True, "href": "https://status.example.org/", "text": "Status"} in clicks


def test_an_error_is_an_event_of_its_name() -> None:
    """An error is told by its name with what is known of it."""
    world = WORLDS["default"]
    events = [
        event for row in rows(world, **EVER) for event in detail(ask(world, session=row.session_id)).events
    ]
    errors = [event.event_data or {} for event in events if event.event_name == "TypeError"]

    assert errors
    assert errors[0]["lineNumber"] == 214


def test_a_tracked_session_is_in_the_list_and_in_detail() -> None:
    """What arrived over HTTP is a session whose events are all that is known."""
    world = WORLDS["tracked"]
    found = [row for row in rows(world, **EVER) if is_tracked(row)]
    [returned, *_] = found
    events = detail(ask(world, session=returned.session_id)).events

    assert len(found) == 7
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
def test_a_session_id_is_read_strictly(identifier: str) -> None:
    """Whatever is not exactly the id of a session is not found."""
    world = WORLDS["default"]
    row = next(row for row in rows(world, **EVER) if re.search("[a-f]", row.session_id[5:]))
    known_id = row.session_id
    text = identifier.format(id=known_id, hex=known_id[5:], upper="sess_" + known_id[5:].upper())

    assert detail(ask(world, session=known_id)).session == row
    assert refused(detail, ask(world, session=text))[0] == "unknown_session"


def test_a_session_is_found_on_its_own_site_only() -> None:
    """The sessions of one website are unknown on another, tracked ones included."""
    world = WORLDS["tracked"]

    answers = {refused(detail, ask(world, site=1, session=each))[0] for each in ids(world, **EVERYONE)}

    assert answers == {"unknown_session"}


def test_a_bot_is_found_by_id() -> None:
    """The detail knows no include_bots: a session of a bot is read like any other."""
    world = WORLDS["default"]
    bots = set(ids(world, **EVERYONE)) - set(ids(world, **EVER))

    assert {detail(ask(world, session=each)).session.session_id for each in bots} == bots


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
def test_a_filter_keeps_the_sessions_with_its_value(name: str, world: str) -> None:
    """For every value that a session has, a filter finds just the sessions that have it."""
    values = expected_rows(WORLDS[world], EXACT[name])
    everyone = ids(WORLDS[world], **EVERYONE)
    some = set(values) - {"", None}

    assert some
    for value in some:
        expected = [each for each, held in zip(everyone, values, strict=True) if held == value]
        assert ids(WORLDS[world], **{name: value, **EVERYONE}) == expected


@pytest.mark.parametrize("name", ["filter_country", "filter_browser", "filter_os", "filter_device"])
def test_a_filter_goes_by_what_rows_say(name: str) -> None:
    """The value a filter asks for is the one that rows show."""
    found = rows(WORLDS["awkward"], **EVERYONE)
    key = name.removeprefix("filter_")

    for value in {getattr(row, key) for row in found} - {None}:
        assert rows(WORLDS["awkward"], **{name: value, **EVERYONE}) == [
            row for row in found if getattr(row, key) == value
        ]


def test_every_filter_is_tried() -> None:
    """No filter of the contract is missing from these tests."""
    assert {*EXACT, "filter_page"} == set(FILTERS)


@cache
def urls(name: str) -> dict[str, list[str]]:
    """The urls that each session of a world shows in detail."""
    world = WORLDS[name]
    return {
        each: [event.url for event in detail(ask(world, session=each)).events if event.url]
        for each in ids(world, **EVERYONE)
    }


def path(url: str) -> str:
    """A url without its query string."""
    return url.partition("?")[0]


PAGE_CHOICES: dict[str, Callable[[list[str], str], bool]] = {
    "substring": lambda seen, text: any(text in url for url in seen),
    "path": lambda seen, text: bool(text) and text in map(path, seen),
    "entry": lambda seen, text: bool(text) and text in map(path, seen[:1]),
}


@pytest.mark.parametrize("text", ["/pricing", "/", "pric", "/search?q", "webhooks", "/%E6", "", "/PRICING"])
@pytest.mark.parametrize("world", ["default", "awkward", "tracked"])
@pytest.mark.parametrize("behavior", PAGE_CHOICES)
def test_a_page_is_compared_by_behavior(behavior: str, world: str, text: str) -> None:
    """filter_page finds the sessions whose urls hold the text, or whose pages or entry page it names; capitals count."""
    expected = [each for each, seen in urls(world).items() if PAGE_CHOICES[behavior](seen, text)]

    found = ids(WORLDS[world], filter_page=text, choose={"filter_page": behavior}, **EVERYONE)

    assert found == expected


@pytest.mark.parametrize("name", EXACT)
def test_an_empty_filter_finds_nothing(name: str) -> None:
    """What is unknown is null, and null is not the empty text."""
    assert ids(WORLDS["awkward"], **{name: "", **EVERYONE}) == []
    assert ids(WORLDS["tracked"], **{name: "", **EVERYONE}) == []


def test_only_the_hostname_may_be_written_in_any_case() -> None:
    """Hosts know no capitals; all other values do."""
    world = WORLDS["default"]
    host = world.sites[0].hostnames[1]

    assert ids(world, filter_hostname=host.upper(), **EVER) == ids(world, filter_hostname=host, **EVER) != []
    assert ids(world, filter_country="us", **EVER) == []


def test_filters_narrow_together() -> None:
    """Sessions must meet all filters."""
    world = WORLDS["default"]
    both = ids(world, filter_country="US", filter_browser="Chrome", **EVER)

    assert both
    assert set(both) == set(ids(world, filter_country="US", **EVER)) & set(
        ids(world, filter_browser="Chrome", **EVER)
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
def test_a_parameter_out_of_bounds_has_a_message(raw: dict[str, str], message: str) -> None:
    """Limits and flags that the server would not take are refused in its words."""
    violations = read(ListSessions, raw, "query")

    assert isinstance(violations, list)
    assert [violation.message for violation in violations] == [message]


@pytest.mark.parametrize("name", VENDOR.contract.errors)
def test_an_error_has_the_envelope_of_the_server_or_no_body(name: str) -> None:
    """Errors say code and message and a field that is null; only a path or a method that is none has an empty answer."""
    body = render(VENDOR.contract.errors[name].body, {"message": "why", "field": "which"})

    if name in {"unknown_path", "wrong_method"}:
        assert body is None
    else:
        assert list(body["error"]) == ["code", "message", "field"]
        assert body["error"]["field"] is None
        assert (body["error"]["message"] == "why") == (name == "violation")


def test_names_have_the_documented_shapes() -> None:
    """A key is spk_selfhosted_ and 32 digits, a website site_ and ten; the key can be set."""
    world = WORLDS["default"]
    names = VENDOR.names(1, world, {})
    given = VENDOR.names(1, world, {"token": "mine"})

    assert re.fullmatch("spk_selfhosted_[0-9a-f]{32}", names.credentials["token"])
    assert names.tokens == {names.credentials["token"]: None}
    assert all(re.fullmatch("site_[0-9a-z]{10}", site) for [site] in names.sites)
    assert len(set(names.sites)) == len(world.sites)
    assert (given.credentials, given.tokens, given.sites) == ({"token": "mine"}, {"mine": None}, names.sites)
    assert names != VENDOR.names(2, world, {})
