"""The dialect ``server`` of Sparklytics."""

import re
from base64 import b64decode, b64encode
from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise
from time import perf_counter
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import json
from msgspec.structs import asdict

from mockserver.contract.errors import ApiError, render
from mockserver.rows.datetimes import parse_instant
from mockserver.vendors.base import ViewRequest
from mockserver.vendors.sparklytics import VENDOR
from mockserver.vendors.sparklytics.server import user_agents
from mockserver.vendors.sparklytics.server.ids import find_first_number, format_session_id, parse_session_id
from mockserver.vendors.sparklytics.server.request_models import ListRows
from mockserver.vendors.sparklytics.server.responses import (
    MAX_EVENTS,
    SessionDetail,
    SessionEvent,
    SessionPage,
    SessionRow,
)
from mockserver.world.generator.tracked import TrackedEvent
from mockserver.world.model.profiles import PROFILES
from mockserver.world.model.query import Query
from mockserver.world.model.session_batch import SessionBatch
from mockserver.world.model.spec import DEFAULT_END, spec
from mockserver.world.model.vocabulary import Agent
from mockserver.world.world import World, build, with_events
from tests.vendors.conftest import decode_exactly, make_view_request

SERVER = VENDOR.in_dialect("server")
LIST, GET = SERVER.contract.endpoints
DAY, MINUTE = 86_400_000, 60_000
NOW = DEFAULT_END + 2 * 3_600_000
EVER: dict[str, Any] = {"start_date": "0001-01-01", "end_date": "9999-12-30", "limit": 200}
EVERYONE = {**EVER, "include_bots": "true"}


def make_request(
    world: World,
    *,
    site: int = 0,
    now: int = NOW,
    session: str = "",
    behaviors: dict[str, str] | None = None,
    **query: Any,
) -> ViewRequest:
    """Return a request for the list, or for a session, of one of a world's sites."""
    path = {"id": "", "session_id": session}
    return make_view_request(
        SERVER,
        world,
        now=now,
        query=ListRows(**query),
        path=path,
        site=world.sites[site],
        behaviors=behaviors,
    )


def get_page(request: ViewRequest) -> SessionPage:
    """Return a page of the list; its body has exactly the keys of its struct, in order."""
    return decode_exactly(SERVER.respond(LIST, request).body, SessionPage)


def get_detail(request: ViewRequest) -> SessionDetail:
    """Return a session with its events; the body has exactly the keys of its struct, in order."""
    return decode_exactly(SERVER.respond(GET, request).body, SessionDetail)


def list_events(world: World, identifier: str) -> list[SessionEvent]:
    """Return the events of a session."""
    return get_detail(make_request(world, session=identifier)).data.events


def list_pages(world: World, **query: Any) -> Iterator[SessionPage]:
    """Yield the pages of the list until there is no cursor; fail if there is no end."""
    for _ in range(2000):
        answer = get_page(make_request(world, **query))
        yield answer
        if answer.pagination.next_cursor is None:
            return
        query["cursor"] = answer.pagination.next_cursor
    pytest.fail("the list does not end")


def list_rows(world: World, **query: Any) -> list[SessionRow]:
    """Return all rows of the list."""
    return [row for each in list_pages(world, **{**EVER, **query}) for row in each.data]


def get_error(request: ViewRequest) -> tuple[str, str]:
    """Return the name and the message of the error for a list."""
    with pytest.raises(ApiError) as raised:
        get_page(request)
    return raised.value.error, raised.value.details["message"]


def sorted_sessions(world: World, *, bots: bool = True, now: int = NOW) -> list[tuple[int, int, int]]:
    """Return end, number and start of all sessions, in the server's order."""
    actual = world.sites[0].find(Query(bots=bots), now)

    def sort_keys(sessions: SessionBatch) -> list[tuple[int, int, int]]:
        return list(zip(sessions.end, sessions.ids, sessions.start, strict=True))

    return sorted(actual.page(0, actual.total).map_rows(sort_keys), reverse=True)


def row_ids(actual: list[SessionRow]) -> list[str]:
    """Return the ids of rows."""
    return [row.session_id for row in actual]


def make_cursor(last_seen: str, identifier: str) -> str:
    """Return a forged cursor."""
    return b64encode(json.encode({"ls": last_seen, "sid": identifier})).decode()


def add_tracked_sessions(world: World) -> World:
    """Add tracked sessions: several end together, one of them with a seeded session."""
    [first] = world.sites[0].find(Query(), NOW).page(7, 1).batches[0].end
    instants = [(name, first) for name in "abcde"] + [
        ("f", first + 1),
        ("f", first + 90 * MINUTE),
        ("f", first + 91 * MINUTE),
    ]
    return with_events(
        world,
        0,
        [
            TrackedEvent(instant, "signed_up", {"plan": None, "at": 1}, user_id=f"user-{name}")
            for name, instant in instants
        ],
    )


WORLDS = {
    "default": build(spec(**PROFILES["default"])),
    "awkward": build(spec(**PROFILES["awkward"])),
    "tracked": add_tracked_sessions(build(spec(sessions=300))),
    "hourly": add_tracked_sessions(build(spec(sessions=300, grain=3_600_000, bots_percent=30))),
}


@pytest.mark.parametrize("limit", [1, 7, 200])
@pytest.mark.parametrize("name", WORLDS)
def test_pages_contain_every_session_once_by_end_then_id(name: str, limit: int) -> None:
    world = WORLDS[name]

    actual = list(list_pages(world, **{**EVERYONE, "limit": limit}))
    values = [row for each in actual for row in each.data]

    assert row_ids(values) == [format_session_id(number) for _, number, _ in sorted_sessions(world)]
    assert all(len(each.data) == each.pagination.limit == limit for each in actual[:-1])
    assert [each.pagination.has_more for each in actual] == [True] * (len(actual) - 1) + [False]
    keys = [(parse_instant(row.last_seen) or 0, row.session_id) for row in values]
    assert keys == sorted(keys, reverse=True)


@pytest.mark.parametrize(("profile", "sizes"), [("page-exact", [100] * 10), ("single", [1]), ("empty", [0])])
def test_last_page_has_no_cursor_even_if_full(profile: str, sizes: list[int]) -> None:
    world = build(spec(**PROFILES[profile]))
    actual = list(list_pages(world, **{**EVER, "limit": 100}))
    expected = sizes if profile != "page-exact" else [100] * (PROFILES[profile]["sessions"] // 100)

    assert [len(each.data) for each in actual] == expected
    assert (actual[-1].pagination.has_more, actual[-1].pagination.next_cursor) == (False, None)


def test_empty_page_has_exact_body_of_server() -> None:
    body = SERVER.respond(
        LIST, make_request(WORLDS["default"], start_date="2020-01-01", end_date="2020-01-02", limit=7)
    ).body

    assert body == b'{"data":[],"pagination":{"has_more":false,"limit":7,"next_cursor":null}}'


def has_sorted_keys(value: Any) -> bool:
    """Return True if the keys of every object are in alphabetical order."""
    if isinstance(value, dict):
        return list(value) == sorted(value) and all(map(has_sorted_keys, value.values()))
    return all(map(has_sorted_keys, value)) if isinstance(value, list) else True


def test_keys_are_in_alphabetical_order() -> None:
    world = WORLDS["default"]
    listed = SERVER.respond(LIST, make_request(world, **EVER)).body
    session = SERVER.respond(GET, make_request(world, session=list_rows(world)[0].session_id)).body

    assert has_sorted_keys(json.decode(listed))
    assert has_sorted_keys(json.decode(session))
    assert all(
        has_sorted_keys(render(shape.body, {"message": ""})) for shape in SERVER.contract.errors.values()
    )


def test_cursor_contains_end_and_id_of_last_row() -> None:
    answer = get_page(make_request(WORLDS["default"], limit=10))
    last = answer.data[-1]

    text = b64decode(answer.pagination.next_cursor or "", validate=True).decode()

    assert text == f'{{"ls":"{last.last_seen}","sid":"{last.session_id}"}}'


def test_cursor_in_example_of_source_is_accepted() -> None:
    example = "eyJscyI6IjIwMjYtMDItMjAgMDk6MTU6MDAiLCJzaWQiOiJzZXNzX2IifQ=="

    assert make_cursor("2026-02-20 09:15:00", "sess_b") == example
    assert get_page(make_request(WORLDS["default"], **EVER, cursor=example)).data == []


def test_cursor_is_followed_by_rows_with_smaller_end_and_id() -> None:
    world = WORLDS["hourly"]
    everyone = list_rows(world, include_bots="true")
    together = [(one, other) for one, other in pairwise(everyone) if one.last_seen == other.last_seen]
    assert together

    for one, other in together:
        place = row_ids(everyone).index(other.session_id)
        for sid, skipped in (
            (one.session_id, place),
            (other.session_id, place + 1),
            (other.session_id + "0", place),
            ("g", None),
            ("", None),
        ):
            before = [
                row
                for row in everyone
                if (parse_instant(row.last_seen) or 0, row.session_id)
                < (parse_instant(one.last_seen) or 0, sid)
            ]
            actual = list_rows(world, include_bots="true", cursor=make_cursor(one.last_seen, sid))

            assert actual == before
            assert skipped is None or actual == everyone[skipped:]


def test_cursor_is_valid_for_other_site_and_parameters() -> None:
    world = WORLDS["default"]
    issued = get_page(make_request(world, limit=3, filter_country="US")).pagination.next_cursor or ""
    decoded = json.decode(b64decode(issued))
    more = b64encode(json.encode({**decoded, "more": 1})).decode()

    for change in (
        {"site": 1},
        {"filter_country": "DE"},
        {"include_bots": "true"},
        {"limit": 200},
        {"start_date": "2026-09-01"},
    ):
        assert all(
            row.last_seen < decoded["ls"]
            for row in get_page(make_request(world, cursor=issued, **change)).data
        )
    assert get_page(make_request(world, cursor=more)) == get_page(make_request(world, cursor=issued))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "expired",
        "日本",
        "eyJpZCI6MTIzNDU2fQ==",
        make_cursor("2026-09-20 09:15:00", "sess_b").rstrip("="),
        make_cursor("2026-09-20 09:15:00", "sess_b") + "=",
        " " + make_cursor("2026-09-20 09:15:00", "sess_b"),
        make_cursor("2026-09-20 09:15:00", "sess_b").replace("fQ==", "fR=="),
        *(
            b64encode(text).decode()
            for text in (
                b"{}",
                b"null",
                b'{"ls":"2026-09-20"}',
                b'{"ls":1,"sid":"a"}',
                b'{"ls":"\xff","sid":""}',
            )
        ),
    ],
)
def test_invalid_cursor_is_rejected(text: str) -> None:
    assert get_error(make_request(WORLDS["default"], cursor=text)) == ("violation", "invalid cursor")


@pytest.mark.parametrize("offset", ["+02", "+02:00", "-0830"])
def test_offset_in_cursor_is_ignored(offset: str) -> None:
    world = WORLDS["default"]
    last = get_page(make_request(world, limit=10)).data[-1]
    whole_second = last.last_seen.partition(".")[0]

    page = get_page(make_request(world, **EVER, cursor=make_cursor(whole_second + offset, "z")))

    assert page.data
    assert page == get_page(make_request(world, **EVER, cursor=make_cursor(whole_second, "z")))


@pytest.mark.parametrize("end", ["9999-12-31", "+9999-12-31"])
def test_last_day_of_calendar_is_internal_error(end: str) -> None:
    assert get_error(make_request(WORLDS["default"], end_date=end))[0] == "internal"


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01 00:00:00", "1"])
def test_cursor_with_invalid_time_is_internal_error(text: str) -> None:
    assert get_error(make_request(WORLDS["default"], cursor=make_cursor(text, "a")))[0] == "internal"


@given(
    number=st.integers(0, 2**56 - 1),
    text=st.text(max_size=18) | st.text("0123456789abcdefg", min_size=14, max_size=18),
)
def test_session_ids_sort_like_session_numbers(number: int, text: str) -> None:
    identifier = format_session_id(number)

    assert re.fullmatch("[0-9a-f]{16}", identifier)
    assert parse_session_id(identifier) == number
    assert format_session_id(min(number + 1, 2**56 - 1)) >= identifier
    assert (find_first_number(text) <= number) == (text <= identifier)
    assert parse_session_id(text) is None or format_session_id(parse_session_id(text) or 0) == text


def test_session_that_continues_while_paging_is_missed() -> None:
    world = with_events(
        build(spec(sessions=300)), 0, [TrackedEvent(NOW - 40 * MINUTE, "click", user_id="user-a")]
    )
    everyone = list_rows(world)
    head = get_page(
        make_request(world, limit=1, cursor=None, **{name: EVER[name] for name in ("start_date", "end_date")})
    )
    continued = with_events(
        build(spec(sessions=300)),
        0,
        [TrackedEvent(NOW - each * MINUTE, "click", user_id="user-a") for each in (40, 20)],
    )
    [later, *_] = list_rows(continued)

    assert later.session_id == everyone[0].session_id
    assert later.last_seen > everyone[0].last_seen
    assert (
        list_rows(continued, cursor=make_cursor(everyone[0].last_seen, everyone[0].session_id))
        == everyone[1:]
    )
    assert head.data == everyone[:1]


@pytest.mark.parametrize("name", WORLDS)
def test_session_is_listed_on_every_day_of_its_events(name: str) -> None:
    world = WORLDS[name]
    everyone = list_rows(world, include_bots="true")
    days = [(date(2026, 9, 1) + timedelta(n)).isoformat() for n in range(31)]
    event_days = {
        row.session_id: {event.created_at[:10] for event in list_events(world, row.session_id)}
        for row in everyone
    }

    for day in days:
        expected = [row for row in everyone if day in event_days[row.session_id]]

        assert list_rows(world, include_bots="true", start_date=day, end_date=day) == expected
    # Few sessions that start at full hours last until the next day.
    assert name in ("tracked", "hourly") or max(map(len, event_days.values())) > 1


def test_default_days_are_last_seven_in_utc_for_any_time_zone() -> None:
    world = WORLDS["default"]
    week = [row for each in list_pages(world, limit=200) for row in each.data]

    assert week == list_rows(world, start_date="2026-09-25", end_date="2026-10-01")
    for zone in ("Pacific/Kiritimati", "Mars/Olympus", ""):
        assert [row for each in list_pages(world, limit=200, timezone=zone) for row in each.data] == week


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2026-02-30",
        "20260926",
        "2026-W10-2",
        "2026-09-26T00:00:00Z",
        "٢٠٢٦-٠٩-٢٦",
        "2026-9-266",
    ],
)
def test_invalid_date_is_ignored(text: str) -> None:
    world = WORLDS["default"]

    assert get_page(make_request(world, start_date=text, end_date=text)) == get_page(make_request(world))


@pytest.mark.parametrize(
    "text",
    ["2026-9-5", " 2026-09-05 ", "\t2026-09-5\n", "+2026-09-05", "+02026-09-05", "\u2003\xa02026- 09-+5"],
)
def test_date_with_whitespace_or_missing_digits_is_accepted(text: str) -> None:
    world = WORLDS["default"]

    assert get_page(make_request(world, start_date=text, end_date=text)) == get_page(
        make_request(world, start_date="2026-09-05", end_date="2026-09-05")
    )


@pytest.mark.parametrize("name", WORLDS)
def test_row_is_consistent_with_its_events(name: str) -> None:
    world = WORLDS[name]
    for row in list_rows(world, include_bots="true"):
        answer = get_detail(make_request(world, session=row.session_id)).data
        times = [event.created_at for event in answer.events]
        first, last = (parse_instant(text) or 0 for text in (row.first_seen, row.last_seen))

        assert (answer.session, answer.truncated) == (row, False)
        assert [times[0], times[-1]] == [row.first_seen, row.last_seen]
        assert row.pageview_count == row.event_count == len(times)
        assert row.duration_seconds == last // 1000 - first // 1000
        assert [row.entry_page or "", row.exit_page or ""] == [answer.events[0].url, answer.events[-1].url]


def test_times_have_format_of_database() -> None:
    for name in ("default", "hourly"):
        for (end, _, start), row in zip(
            sorted_sessions(WORLDS[name]), list_rows(WORLDS[name], include_bots="true"), strict=True
        ):
            for instant, text in ((start, row.first_seen), (end, row.last_seen)):
                seconds = datetime.fromtimestamp(instant // 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
                fraction = f".{instant % 1000:03}".rstrip("0")

                assert text == (seconds if fraction == "." else seconds + fraction)


def test_fractions_have_zero_to_three_digits() -> None:
    texts = [row.first_seen for name in ("default", "hourly") for row in list_rows(WORLDS[name])]

    assert {len(text) - len("2026-03-03 10:15:00") for text in texts} == {0, 2, 3, 4}


def test_events_have_all_keys_and_distinct_ids() -> None:
    world = WORLDS["default"]
    event_ids = set()
    for row in list_rows(world, include_bots="true"):
        for event in list_events(world, row.session_id):
            event_ids.add(event.id)
            assert UUID(event.id).version == 4
            assert event.url.startswith("https://")
            assert [value is None for value in (event.event_name, event.event_data)] == [
                event.event_type == "pageview"
            ] * 2
            data = event.event_data
            assert data is None or (
                data == json.encode(json.decode(data)).decode() and has_sorted_keys(json.decode(data))
            )

    assert len(event_ids) == sum(row.event_count for row in list_rows(world, include_bots="true"))


def test_tracked_event_has_sent_values_only() -> None:
    world = WORLDS["tracked"]
    row = next(row for row in list_rows(world) if row.entry_page is None)
    [event, *_] = list_events(world, row.session_id)

    assert (row.exit_page, row.country, row.browser, row.os, row.device_type) == (None,) * 5
    assert (event.event_type, event.event_name, event.event_data, event.url) == (
        "event",
        "signed_up",
        '{"at":1,"plan":null}',
        "",
    )


@pytest.mark.parametrize("more", [0, 1])
def test_events_beyond_2000_are_truncated(more: int) -> None:
    sent = [TrackedEvent(DEFAULT_END + n, "click", user_id="busy") for n in range(MAX_EVENTS + more)]
    world = with_events(build(spec(sessions=3)), 0, sent)
    [row, *_] = list_rows(world)
    answer = get_detail(make_request(world, session=row.session_id)).data

    assert (row.event_count, len(answer.events), answer.truncated) == (
        MAX_EVENTS + more,
        MAX_EVENTS,
        bool(more),
    )
    assert answer.events[-1].created_at == "2026-10-01 00:00:01.999"


@pytest.mark.parametrize("identifier", ["", "sess_xyz789", "{id}0", " {id}", "{upper}", "{other}"])
def test_session_with_inexact_id_is_not_found(identifier: str) -> None:
    world = WORLDS["default"]
    known = next(row.session_id for row in list_rows(world) if re.search("[a-f]", row.session_id))
    text = identifier.format(id=known, upper=known.upper(), other=f"{int(known, 16) ^ 1:016x}")

    assert get_detail(make_request(world, session=known)).data.session.session_id == known
    with pytest.raises(ApiError, match="unknown_session"):
        get_detail(make_request(world, session=text))


def test_bot_session_is_found_by_id_and_listed_with_include_bots() -> None:
    world = WORLDS["default"]
    bots = set(row_ids(list_rows(world, include_bots="true"))) - set(row_ids(list_rows(world)))

    assert bots
    assert {get_detail(make_request(world, session=each)).data.session.session_id for each in bots} == bots


def test_rows_have_names_of_woothee() -> None:
    actual = [row for name in ("default", "awkward") for row in list_rows(WORLDS[name], include_bots="true")]

    assert {row.device_type for row in actual} == {"desktop", "mobile", None}
    assert {row.os for row in actual} == {
        "Windows 10",
        "Mac OSX",
        "Linux",
        "ChromeOS",
        "iPhone",
        "iPad",
        "Android",
        "UNKNOWN",
        None,
    }
    browsers = {row.browser for row in actual}
    assert {"Chrome", "Safari", "Edge", "Firefox", "Googlebot", None} <= browsers
    assert not browsers & {"Samsung Internet", "HeadlessChrome", "curl", ""}


@pytest.mark.parametrize(
    ("agent", "expected"),
    [
        (("desktop", "Windows", "8.1", "Edge"), ("desktop", "Windows 8.1", "Edge")),
        (("tablet", "iOS", "17.2", "Safari"), ("mobile", "iPad", "Safari")),
        (("mobile", "Android", "14", "Samsung Internet"), ("mobile", "Android", "SamsungBrowser")),
        (("desktop", "", "", "curl"), ("desktop", "UNKNOWN", "HTTP Library")),
        (("", "", "", "Firefox"), ("desktop", "UNKNOWN", "Firefox")),
        (("", "", "", ""), ("", "", "")),
        (("", "", "", "python-requests"), ("", "", "")),
    ],
)
def test_user_agent_has_names_of_woothee(
    agent: tuple[str, str, str, str], expected: tuple[str, str, str]
) -> None:
    user_agent = Agent(*agent, "1", 0, 0, 1)

    assert (
        user_agents.device_type(user_agent),
        user_agents.system_name(user_agent),
        user_agents.browser_name(user_agent),
    ) == expected


@pytest.mark.parametrize("key", ["country", "browser", "os", "device_type"])
@pytest.mark.parametrize("name", ["default", "awkward", "tracked"])
def test_filter_compares_values_of_rows(key: str, name: str) -> None:
    world = WORLDS[name]
    everyone = list_rows(world, include_bots="true")
    values = [asdict(row)[key] for row in everyone]

    for value in {*values, "", "macOS", "tablet"} - {None}:
        actual = list_rows(world, include_bots="true", **{f"filter_{key.removesuffix('_type')}": value})

        assert actual == [row for row, each in zip(everyone, values, strict=True) if each == value]


@cache
def list_urls(name: str) -> dict[str, list[str]]:
    """Return the URLs of each session's events."""
    actual = list_rows(WORLDS[name], include_bots="true")
    return {
        row.session_id: [event.url for event in list_events(WORLDS[name], row.session_id)] for row in actual
    }


PATTERNS = [
    "/pricing",
    "https://www.",
    "example/",
    "_ricing",
    "pr%ng",
    "%",
    "",
    "_",
    "/PRICING",
    "https%search_q",
    "\\",
    "s://app.%/docs",
    "?",
]


@pytest.mark.parametrize("text", PATTERNS)
@pytest.mark.parametrize("name", ["default", "awkward", "tracked"])
def test_filter_page_matches_full_url_with_wildcards(name: str, text: str) -> None:
    world = WORLDS[name]
    like = re.compile(
        ".*" + "".join({"%": ".*", "_": "."}.get(each, re.escape(each)) for each in text) + ".*", re.DOTALL
    )

    expected = [each for each, seen in list_urls(name).items() if any(like.fullmatch(url) for url in seen)]

    assert row_ids(list_rows(world, include_bots="true", filter_page=text)) == expected


def test_filter_page_is_literal_by_behavior() -> None:
    world = WORLDS["default"]
    [row, *_] = list_rows(world)

    assert (
        row
        in get_page(
            make_request(world, **EVER, filter_page=row.entry_page, behaviors={"filter_page": "substring"})
        ).data
    )
    assert (
        get_page(
            make_request(world, **EVER, filter_page="https%", behaviors={"filter_page": "substring"})
        ).data
        == []
    )


def test_filter_page_with_many_wildcards_is_fast() -> None:
    started = perf_counter()

    assert list_rows(WORLDS["awkward"], filter_page="%r" * 400 + "!") == []
    assert perf_counter() - started < 10


PREFIX = "Failed to deserialize query string: "
INVALID_NUMBER = PREFIX + "limit: invalid digit found in string"
INVALID_FLAG = PREFIX + "include_bots: provided string was not `true` or `false`"
INVALID_QUERIES = {
    "limit=abc": INVALID_NUMBER,
    "limit=-1": INVALID_NUMBER,
    "limit=1.5": INVALID_NUMBER,
    "limit=+5": INVALID_NUMBER,
    "limit=": PREFIX + "limit: cannot parse integer from empty string",
    "limit": PREFIX + "limit: cannot parse integer from empty string",
    "limit=4294967296": PREFIX + "limit: number too large to fit in target type",
    "include_bots=1": INVALID_FLAG,
    "include_bots=True": INVALID_FLAG,
    "include_bots=": INVALID_FLAG,
    "limit=5&limit=6": PREFIX + "duplicate field `limit`",
    "cursor=a&x=1&x=2&cursor=a": PREFIX + "duplicate field `cursor`",
    "limit=a&limit=5": INVALID_NUMBER,
    "limit=5&limit=a": PREFIX + "duplicate field `limit`",
    "include_bots=a&limit=a": INVALID_FLAG,
    "limit=a&include_bots=a": INVALID_NUMBER,
    "limit=0&include_bots=a": INVALID_FLAG,
}


@pytest.mark.parametrize("query", INVALID_QUERIES)
@pytest.mark.parametrize("known", [True, False], ids=["website", "no website"])
async def test_invalid_query_gets_plain_text_error_before_site_is_checked(
    serve: Any, query: str, *, known: bool
) -> None:
    mock = await serve(SERVER)
    identifiers = mock.tenant.identifiers[SERVER.name]
    headers = {"Authorization": f"Bearer {identifiers.credentials['token']}"}
    site = identifiers.sites[0][0] if known else "nowhere"
    async with mock.client.get(f"/api/websites/{site}/sessions?{query}", headers=headers) as response:
        assert (response.status, response.headers["Content-Type"]) == (400, "text/plain; charset=utf-8")
        assert await response.text() == INVALID_QUERIES[query]


ORDER = [
    (
        "key",
        "limit=abc",
        401,
        b'{"error":{"code":"unauthorized","field":null,"message":"Not authenticated"}}',
    ),
    ("website", "limit=0", 404, b'{"error":{"code":"not_found","field":null,"message":"Website not found"}}'),
    ("limit", "limit=0&end_date=2020-01-01&cursor=", 400, b"limit must be between 1 and 200"),
    ("limit", "limit=201&cursor=", 400, b"limit must be between 1 and 200"),
    ("dates", "end_date=2020-01-01&cursor=", 400, b"end_date must be on or after start_date"),
    ("cursor", "cursor=", 400, b"invalid cursor"),
]


@pytest.mark.parametrize(
    ("wrong", "query", "status", "message"), ORDER, ids=[f"{wrong} {query}" for wrong, query, *_ in ORDER]
)
async def test_checks_have_order_of_server(
    serve: Any, wrong: str, query: str, status: int, message: bytes
) -> None:
    mock = await serve(SERVER)
    identifiers = mock.tenant.identifiers[SERVER.name]
    headers = {} if wrong == "key" else {"Authorization": f"Bearer {identifiers.credentials['token']}"}
    site = "nowhere" if wrong in {"key", "website"} else identifiers.sites[0][0]
    async with mock.client.get(f"/api/websites/{site}/sessions?{query}", headers=headers) as response:
        body = await response.read()

    assert response.status == status
    assert body == (
        message
        if status != 400
        else b'{"error":{"code":"validation_error","field":null,"message":"%b"}}' % message
    )


async def test_tenants_use_their_own_dialects_on_the_same_paths(serve: Any) -> None:
    mock = await serve(dialect="observed", tenants={"other": {"dialect": "documented", "world": {"seed": 8}}})
    values = {}
    for name, tenant in mock.tenants.items():
        identifiers = tenant.identifiers[SERVER.name]
        headers = {"Authorization": f"Bearer {identifiers.credentials['token']}"}
        async with mock.client.get(
            f"/api/websites/{identifiers.sites[0][0]}/sessions", headers=headers
        ) as response:
            values[name] = list(await response.json())

    assert values == {"default": ["data", "pagination"], "other": ["sessions", "next_cursor"]}


def test_find_first_number_equals_search_in_sorted_ids() -> None:
    numbers = sorted(number for _, number, _ in sorted_sessions(WORLDS["default"]))
    table = [format_session_id(number) for number in numbers]

    assert table == sorted(table)
    for text in (*table[:20], "8", "zz", ""):
        assert bisect_left(numbers, find_first_number(text)) == bisect_left(table, text)
