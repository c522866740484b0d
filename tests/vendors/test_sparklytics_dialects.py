"""Sparklytics as its server answers: what is particular to the dialect ``server``."""

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
from mockserver.rows.datetimes import instant
from mockserver.vendors.base import ViewRequest
from mockserver.vendors.sparklytics import VENDOR
from mockserver.vendors.sparklytics.server import user_agents as agents
from mockserver.vendors.sparklytics.server.ids import first_from, session_id, session_number
from mockserver.vendors.sparklytics.server.request_models import ListRows
from mockserver.vendors.sparklytics.server.responses import MOST_EVENTS, Event, Page, Row, SessionDetail
from mockserver.world.generator.tracked import TrackedEvent
from mockserver.world.model.profiles import PROFILES
from mockserver.world.model.query import Query
from mockserver.world.model.session_batch import SessionBatch
from mockserver.world.model.spec import DEFAULT_END, spec
from mockserver.world.model.vocabulary import Agent
from mockserver.world.world import World, build, with_events
from tests.vendors.conftest import asked as ask_vendor
from tests.vendors.conftest import exactly

SERVER = VENDOR.in_dialect("server")
LIST, GET = SERVER.contract.endpoints
DAY, MINUTE = 86_400_000, 60_000
NOW = DEFAULT_END + 2 * 3_600_000
EVER: dict[str, Any] = {"start_date": "0001-01-01", "end_date": "9999-12-31", "limit": 200}
EVERYONE = {**EVER, "include_bots": "true"}


def ask(
    world: World,
    *,
    site: int = 0,
    now: int = NOW,
    session: str = "",
    behaviors: dict[str, str] | None = None,
    **query: Any,
) -> ViewRequest:
    """A request for the list, or for a session, of one of a world's sites."""
    path = {"id": "", "session_id": session}
    return ask_vendor(
        SERVER,
        world,
        now=now,
        query=ListRows(**query),
        path=path,
        site=world.sites[site],
        behaviors=behaviors,
    )


def page(asked: ViewRequest) -> Page:
    """A page of the list, written just as its struct is."""
    return exactly(SERVER.respond(LIST, asked).body, Page)


def detail(asked: ViewRequest) -> SessionDetail:
    """A session with its events, written just as its struct is."""
    return exactly(SERVER.respond(GET, asked).body, SessionDetail)


def events(world: World, identifier: str) -> list[Event]:
    """The events of a session."""
    return detail(ask(world, session=identifier)).data.events


def pages(world: World, **query: Any) -> Iterator[Page]:
    """The pages of the list, until there is no cursor; more than any world here has are a circle."""
    for _ in range(2000):
        answer = page(ask(world, **query))
        yield answer
        if answer.pagination.next_cursor is None:
            return
        query["cursor"] = answer.pagination.next_cursor
    pytest.fail("the pages have no end")


def rows(world: World, **query: Any) -> list[Row]:
    """All rows of the list."""
    return [row for each in pages(world, **{**EVER, **query}) for row in each.data]


def refused(asked: ViewRequest) -> tuple[str, str]:
    """The error that a list is refused with, and its message."""
    with pytest.raises(ApiError) as refusal:
        page(asked)
    return refusal.value.error, refusal.value.details["message"]


def expected_rows(world: World, *, bots: bool = True, now: int = NOW) -> list[tuple[int, int, int]]:
    """End, number and start of all sessions, in the server's order."""
    found = world.sites[0].find(Query(bots=bots), now)

    def told(sessions: SessionBatch) -> list[tuple[int, int, int]]:
        return list(zip(sessions.end, sessions.ids, sessions.start, strict=True))

    return sorted(found.page(0, found.total).map_rows(told), reverse=True)


def ids(found: list[Row]) -> list[str]:
    """The ids of rows."""
    return [row.session_id for row in found]


def cursor(last_seen: str, identifier: str) -> str:
    """A cursor made by hand."""
    return b64encode(json.encode({"ls": last_seen, "sid": identifier})).decode()


def tracked(world: World) -> World:
    """A world with tracked sessions, several of which end together, one of them with a seeded session."""
    [first] = world.sites[0].find(Query(), NOW).page(7, 1).batches[0].end
    moments = [(name, first) for name in "abcde"] + [
        ("f", first + 1),
        ("f", first + 90 * MINUTE),
        ("f", first + 91 * MINUTE),
    ]
    return with_events(
        world,
        0,
        [
            TrackedEvent(moment, "signed_up", {"plan": None, "at": 1}, user_id=f"user-{name}")
            for name, moment in moments
        ],
    )


WORLDS = {
    "default": build(spec(**PROFILES["default"])),
    "awkward": build(spec(**PROFILES["awkward"])),
    "tracked": tracked(build(spec(sessions=300))),
    "hourly": tracked(build(spec(sessions=300, grain=3_600_000, bots_percent=30))),
}


@pytest.mark.parametrize("limit", [1, 7, 200])
@pytest.mark.parametrize("name", WORLDS)
def test_the_pages_hold_every_session_once_last_seen_first(name: str, limit: int) -> None:
    """However the list is cut it is all sessions, the latest end first, and of those that end together the greatest id first."""
    world = WORLDS[name]

    found = list(pages(world, **{**EVERYONE, "limit": limit}))
    told = [row for each in found for row in each.data]

    assert ids(told) == [session_id(number) for _, number, _ in expected_rows(world)]
    assert all(len(each.data) == each.pagination.limit == limit for each in found[:-1])
    assert [each.pagination.has_more for each in found] == [True] * (len(found) - 1) + [False]
    keys = [(instant(row.last_seen) or 0, row.session_id) for row in told]
    assert keys == sorted(keys, reverse=True)


@pytest.mark.parametrize(("profile", "sizes"), [("page-exact", [100] * 10), ("single", [1]), ("empty", [0])])
def test_a_full_last_page_has_no_cursor(profile: str, sizes: list[int]) -> None:
    """There is no empty page behind the last row, and an empty list is one page."""
    world = build(spec(**PROFILES[profile]))
    found = list(pages(world, **{**EVER, "limit": 100}))
    expected = sizes if profile != "page-exact" else [100] * (PROFILES[profile]["sessions"] // 100)

    assert [len(each.data) for each in found] == expected
    assert (found[-1].pagination.has_more, found[-1].pagination.next_cursor) == (False, None)


def test_an_empty_page_is_the_server_s_to_the_letter() -> None:
    """Keys in alphabetical order, null where there is no cursor, and the limit that was asked for."""
    body = SERVER.respond(
        LIST, ask(WORLDS["default"], start_date="2020-01-01", end_date="2020-01-02", limit=7)
    ).body

    assert body == b'{"data":[],"pagination":{"has_more":false,"limit":7,"next_cursor":null}}'


def alphabetical(value: Any) -> bool:
    """Whether the keys of every object are in order."""
    if isinstance(value, dict):
        return list(value) == sorted(value) and all(map(alphabetical, value.values()))
    return all(map(alphabetical, value)) if isinstance(value, list) else True


def test_keys_are_in_alphabetical_order() -> None:
    """Those of rows, events and errors alike."""
    world = WORLDS["default"]
    listed = SERVER.respond(LIST, ask(world, **EVER)).body
    session = SERVER.respond(GET, ask(world, session=rows(world)[0].session_id)).body

    assert alphabetical(json.decode(listed))
    assert alphabetical(json.decode(session))
    assert all(alphabetical(render(shape.body, {"message": ""})) for shape in SERVER.contract.errors.values())


def test_a_cursor_tells_the_last_row() -> None:
    """It is padded base64 of a compact JSON object: when the last row was seen last, and its id."""
    answer = page(ask(WORLDS["default"], limit=10))
    last = answer.data[-1]

    text = b64decode(answer.pagination.next_cursor or "", validate=True).decode()

    assert text == f'{{"ls":"{last.last_seen}","sid":"{last.session_id}"}}'


def test_the_cursor_of_the_source_s_own_example_is_taken() -> None:
    """A cursor may be made by hand; no session stands there, and what ended before follows."""
    example = "eyJscyI6IjIwMjYtMDItMjAgMDk6MTU6MDAiLCJzaWQiOiJzZXNzX2IifQ=="

    assert cursor("2026-02-20 09:15:00", "sess_b") == example
    assert page(ask(WORLDS["default"], **EVER, cursor=example)).data == []


def test_a_cursor_excludes_its_row_and_goes_by_time_then_id() -> None:
    """What follows ended before, or together with it and has a lesser id, also where no such session is."""
    world = WORLDS["hourly"]
    everyone = rows(world, include_bots="true")
    together = [(one, other) for one, other in pairwise(everyone) if one.last_seen == other.last_seen]
    assert together

    for one, other in together:
        place = ids(everyone).index(other.session_id)
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
                if (instant(row.last_seen) or 0, row.session_id) < (instant(one.last_seen) or 0, sid)
            ]
            found = rows(world, include_bots="true", cursor=cursor(one.last_seen, sid))

            assert found == before
            assert skipped is None or found == everyone[skipped:]


def test_a_cursor_is_bound_to_nothing() -> None:
    """On another website, with other days, filters and limits it holds all the same, and further keys in it are passed over."""
    world = WORLDS["default"]
    made = page(ask(world, limit=3, filter_country="US")).pagination.next_cursor or ""
    said = json.decode(b64decode(made))
    more = b64encode(json.encode({**said, "more": 1})).decode()

    for change in (
        {"site": 1},
        {"filter_country": "DE"},
        {"include_bots": "true"},
        {"limit": 200},
        {"start_date": "2026-09-01"},
    ):
        assert all(row.last_seen < said["ls"] for row in page(ask(world, cursor=made, **change)).data)
    assert page(ask(world, cursor=more)) == page(ask(world, cursor=made))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "expired",
        "日本",
        "eyJpZCI6MTIzNDU2fQ==",
        cursor("2026-09-20 09:15:00", "sess_b").rstrip("="),
        cursor("2026-09-20 09:15:00", "sess_b") + "=",
        " " + cursor("2026-09-20 09:15:00", "sess_b"),
        cursor("2026-09-20 09:15:00", "sess_b").replace("fQ==", "fR=="),
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
def test_what_is_no_cursor_is_invalid(text: str) -> None:
    """Anything but padded base64 of both texts is refused, the documentation's own example and the empty text included."""
    assert refused(ask(WORLDS["default"], cursor=text)) == ("violation", "invalid cursor")


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01 00:00:00", "1"])
def test_a_cursor_of_no_time_is_an_internal_error(text: str) -> None:
    """The database cannot read it, and the server does not expect that."""
    assert refused(ask(WORLDS["default"], cursor=cursor(text, "a")))[0] == "internal"


@given(
    number=st.integers(0, 2**56 - 1),
    text=st.text(max_size=18) | st.text("0123456789abcdefg", min_size=14, max_size=18),
)
def test_ids_are_ordered_as_numbers_are(number: int, text: str) -> None:
    """So any text divides them as it divides the numbers, and only an id is one."""
    identifier = session_id(number)

    assert re.fullmatch("[0-9a-f]{16}", identifier)
    assert session_number(identifier) == number
    assert session_id(min(number + 1, 2**56 - 1)) >= identifier
    assert (first_from(text) <= number) == (text <= identifier)
    assert session_number(text) is None or session_id(session_number(text) or 0) == text


def test_a_page_is_followed_by_what_ended_before_even_if_a_session_went_on() -> None:
    """A session that goes on while a client pages moves ahead of its cursor: the crawl misses it."""
    world = with_events(
        build(spec(sessions=300)), 0, [TrackedEvent(NOW - 40 * MINUTE, "click", user_id="user-a")]
    )
    everyone = rows(world)
    head = page(ask(world, limit=1, cursor=None, **{name: EVER[name] for name in ("start_date", "end_date")}))
    grown = with_events(
        build(spec(sessions=300)),
        0,
        [TrackedEvent(NOW - each * MINUTE, "click", user_id="user-a") for each in (40, 20)],
    )
    [later, *_] = rows(grown)

    assert later.session_id == everyone[0].session_id
    assert later.last_seen > everyone[0].last_seen
    assert rows(grown, cursor=cursor(everyone[0].last_seen, everyone[0].session_id)) == everyone[1:]
    assert head.data == everyone[:1]


@pytest.mark.parametrize("name", WORLDS)
def test_a_session_is_listed_on_every_day_that_it_has_an_event_in(name: str) -> None:
    """A session across midnight is told on both days, whole; no other is told twice."""
    world = WORLDS[name]
    everyone = rows(world, include_bots="true")
    days = [(date(2026, 9, 1) + timedelta(n)).isoformat() for n in range(31)]
    happened = {
        row.session_id: {event.created_at[:10] for event in events(world, row.session_id)} for row in everyone
    }

    for day in days:
        expected = [row for row in everyone if day in happened[row.session_id]]

        assert rows(world, include_bots="true", start_date=day, end_date=day) == expected
    assert name == "tracked" or max(map(len, happened.values())) > 1


def test_the_default_days_are_the_last_seven_of_utc_whatever_the_zone() -> None:
    """Without dates the list begins six days before today, and the time zone changes nothing."""
    world = WORLDS["default"]
    week = [row for each in pages(world, limit=200) for row in each.data]

    assert week == rows(world, start_date="2026-09-25", end_date="2026-10-01")
    for zone in ("Pacific/Kiritimati", "Mars/Olympus", ""):
        assert [row for each in pages(world, limit=200, timezone=zone) for row in each.data] == week


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
def test_what_is_no_date_is_passed_over(text: str) -> None:
    """Its default is taken, and nobody says so."""
    world = WORLDS["default"]

    assert page(ask(world, start_date=text, end_date=text)) == page(ask(world))


@pytest.mark.parametrize("text", ["2026-9-5", " 2026-09-05 ", "\t2026-09-5\n"])
def test_a_date_is_read_leniently(text: str) -> None:
    """Blanks around it and missing digits do not matter."""
    world = WORLDS["default"]

    assert page(ask(world, start_date=text, end_date=text)) == page(
        ask(world, start_date="2026-09-05", end_date="2026-09-05")
    )


@pytest.mark.parametrize("name", WORLDS)
def test_a_row_agrees_with_its_events(name: str) -> None:
    """Times, urls, and both counts, which count all events; the duration counts how often the second changes."""
    world = WORLDS[name]
    for row in rows(world, include_bots="true"):
        answer = detail(ask(world, session=row.session_id)).data
        times = [event.created_at for event in answer.events]
        first, last = (instant(text) or 0 for text in (row.first_seen, row.last_seen))

        assert (answer.session, answer.truncated) == (row, False)
        assert [times[0], times[-1]] == [row.first_seen, row.last_seen]
        assert row.pageview_count == row.event_count == len(times)
        assert row.duration_seconds == last // 1000 - first // 1000
        assert [row.entry_page or "", row.exit_page or ""] == [answer.events[0].url, answer.events[-1].url]


def test_a_time_is_written_as_the_database_writes_it() -> None:
    """With a blank, without zone, and without the zeros that a fraction ends in."""
    for name in ("default", "hourly"):
        for (end, _, start), row in zip(
            expected_rows(WORLDS[name]), rows(WORLDS[name], include_bots="true"), strict=True
        ):
            for moment, text in ((start, row.first_seen), (end, row.last_seen)):
                told = datetime.fromtimestamp(moment // 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
                fraction = f".{moment % 1000:03}".rstrip("0")

                assert text == (told if fraction == "." else told + fraction)


def test_fractions_of_every_length_are_told() -> None:
    """Three digits, two, one, and none at all."""
    texts = [row.first_seen for name in ("default", "hourly") for row in rows(WORLDS[name])]

    assert {len(text) - len("2026-03-03 10:15:00") for text in texts} == {0, 2, 3, 4}


def test_events_have_all_keys_and_ids_of_their_own() -> None:
    """A pageview has no name and no data; another event has both, the data as text with sorted keys."""
    world, seen = WORLDS["default"], set()
    for row in rows(world, include_bots="true"):
        for event in events(world, row.session_id):
            seen.add(event.id)
            assert UUID(event.id).version == 4
            assert event.url.startswith("https://")
            assert [value is None for value in (event.event_name, event.event_data)] == [
                event.event_type == "pageview"
            ] * 2
            data = event.event_data
            assert data is None or (
                data == json.encode(json.decode(data)).decode() and alphabetical(json.decode(data))
            )

    assert len(seen) == sum(row.event_count for row in rows(world, include_bots="true"))


def test_a_tracked_event_tells_what_was_sent_and_no_url() -> None:
    """What nobody sent is null, or empty where the server has no null."""
    world = WORLDS["tracked"]
    row = next(row for row in rows(world) if row.entry_page is None)
    [event, *_] = events(world, row.session_id)

    assert (row.exit_page, row.country, row.browser, row.os, row.device_type) == (None,) * 5
    assert (event.event_type, event.event_name, event.event_data, event.url) == (
        "event",
        "signed_up",
        '{"at":1,"plan":null}',
        "",
    )


@pytest.mark.parametrize("more", [0, 1])
def test_events_beyond_two_thousand_are_cut(more: int) -> None:
    """The first 2,000 are told, and whether there are more; the row counts them all."""
    sent = [TrackedEvent(DEFAULT_END + n, "click", user_id="busy") for n in range(MOST_EVENTS + more)]
    world = with_events(build(spec(sessions=3)), 0, sent)
    [row, *_] = rows(world)
    answer = detail(ask(world, session=row.session_id)).data

    assert (row.event_count, len(answer.events), answer.truncated) == (
        MOST_EVENTS + more,
        MOST_EVENTS,
        bool(more),
    )
    assert answer.events[-1].created_at == "2026-10-01 00:00:01.999"


@pytest.mark.parametrize("identifier", ["", "sess_xyz789", "{id}0", " {id}", "{upper}", "{other}"])
def test_a_session_id_is_read_strictly(identifier: str) -> None:
    """Whatever is not exactly the id of a session is not found, also not one with another last digit."""
    world = WORLDS["default"]
    known = next(row.session_id for row in rows(world) if re.search("[a-f]", row.session_id))
    text = identifier.format(id=known, upper=known.upper(), other=f"{int(known, 16) ^ 1:016x}")

    assert detail(ask(world, session=known)).data.session.session_id == known
    with pytest.raises(ApiError, match="unknown_session"):
        detail(ask(world, session=text))


def test_a_bot_is_found_by_id_and_listed_on_demand() -> None:
    """The list has people only; a bot's session is read like any other."""
    world = WORLDS["default"]
    bots = set(ids(rows(world, include_bots="true"))) - set(ids(rows(world)))

    assert bots
    assert {detail(ask(world, session=each)).data.session.session_id for each in bots} == bots


def test_the_vocabulary_is_woothee_s() -> None:
    """No tablet, no macOS, no iOS; null without a user agent."""
    found = [row for name in ("default", "awkward") for row in rows(WORLDS[name], include_bots="true")]

    assert {row.device_type for row in found} == {"desktop", "mobile", None}
    assert {row.os for row in found} == {
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
    browsers = {row.browser for row in found}
    assert {"Chrome", "Safari", "Edge", "Firefox", "Googlebot", None} <= browsers
    assert not browsers & {"Samsung Internet", "HeadlessChrome", "curl", ""}


@pytest.mark.parametrize(
    ("agent", "told"),
    [
        (("desktop", "Windows", "8.1", "Edge"), ("desktop", "Windows 8.1", "Edge")),
        (("tablet", "iOS", "17.2", "Safari"), ("mobile", "iPad", "Safari")),
        (("mobile", "Android", "14", "Samsung Internet"), ("mobile", "Android", "Chrome")),
        (("desktop", "", "", "curl"), ("desktop", "UNKNOWN", "HTTP Library")),
        (("", "", "", "Firefox"), ("desktop", "UNKNOWN", "Firefox")),
        (("", "", "", ""), ("", "", "")),
    ],
)
def test_an_agent_has_the_server_s_words(
    agent: tuple[str, str, str, str], told: tuple[str, str, str]
) -> None:
    """Device, system and browser of a user agent."""
    made = Agent(*agent, "1", 0, 0, 1)

    assert (agents.device(made), agents.system(made), agents.browser(made)) == told


@pytest.mark.parametrize("key", ["country", "browser", "os", "device_type"])
@pytest.mark.parametrize("name", ["default", "awkward", "tracked"])
def test_a_filter_goes_by_what_rows_say(key: str, name: str) -> None:
    """For each value that rows tell it finds those rows, and for others and the empty one none."""
    world = WORLDS[name]
    everyone = rows(world, include_bots="true")
    told = [asdict(row)[key] for row in everyone]

    for value in {*told, "", "macOS", "tablet"} - {None}:
        found = rows(world, include_bots="true", **{f"filter_{key.removesuffix('_type')}": value})

        assert found == [row for row, each in zip(everyone, told, strict=True) if each == value]


@cache
def urls(name: str) -> dict[str, list[str]]:
    """The urls of each session's events."""
    found = rows(WORLDS[name], include_bots="true")
    return {row.session_id: [event.url for event in events(WORLDS[name], row.session_id)] for row in found}


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
def test_a_page_is_part_of_a_full_url_with_wildcards(name: str, text: str) -> None:
    """As SQL's LIKE has it: % is any text, _ any character, anything else itself, capitals included."""
    world = WORLDS[name]
    like = re.compile(
        ".*" + "".join({"%": ".*", "_": "."}.get(each, re.escape(each)) for each in text) + ".*", re.DOTALL
    )

    expected = [each for each, seen in urls(name).items() if any(like.fullmatch(url) for url in seen)]

    assert ids(rows(world, include_bots="true", filter_page=text)) == expected


def test_a_page_may_be_compared_without_wildcards() -> None:
    """By behavior % and _ stand for themselves in the same urls."""
    world = WORLDS["default"]
    [row, *_] = rows(world)

    assert (
        row
        in page(ask(world, **EVER, filter_page=row.entry_page, behaviors={"filter_page": "substring"})).data
    )
    assert page(ask(world, **EVER, filter_page="https%", behaviors={"filter_page": "substring"})).data == []


def test_no_pattern_takes_long() -> None:
    """However many wildcards it has."""
    began = perf_counter()

    assert rows(WORLDS["awkward"], filter_page="%r" * 400 + "!") == []
    assert perf_counter() - began < 10


D = "Failed to deserialize query string: "
NUMBER, FLAG = (
    D + "limit: invalid digit found in string",
    D + "include_bots: provided string was not `true` or `false`",
)
TEXTS = {
    "limit=abc": NUMBER,
    "limit=-1": NUMBER,
    "limit=1.5": NUMBER,
    "limit=+5": NUMBER,
    "limit=": D + "limit: cannot parse integer from empty string",
    "limit": D + "limit: cannot parse integer from empty string",
    "limit=4294967296": D + "limit: number too large to fit in target type",
    "include_bots=1": FLAG,
    "include_bots=True": FLAG,
    "include_bots=": FLAG,
    "limit=5&limit=6": D + "duplicate field `limit`",
    "cursor=a&x=1&x=2&cursor=a": D + "duplicate field `cursor`",
    "limit=a&limit=5": NUMBER,
    "limit=5&limit=a": D + "duplicate field `limit`",
    "include_bots=a&limit=a": FLAG,
    "limit=a&include_bots=a": NUMBER,
    "limit=0&include_bots=a": FLAG,
}


@pytest.mark.parametrize("query", TEXTS)
@pytest.mark.parametrize("known", [True, False], ids=["website", "no website"])
async def test_what_cannot_be_read_is_told_in_plain_text(serve: Any, query: str, *, known: bool) -> None:
    """The framework says what comes first in the query, before anybody looks for the website."""
    mock = await serve(SERVER)
    names = mock.tenant.names[SERVER.name]
    headers = {"Authorization": f"Bearer {names.credentials['token']}"}
    site = names.sites[0][0] if known else "nowhere"
    async with mock.client.get(f"/api/websites/{site}/sessions?{query}", headers=headers) as response:
        assert (response.status, response.headers["Content-Type"]) == (400, "text/plain; charset=utf-8")
        assert await response.text() == TEXTS[query]


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
    ("wrong", "query", "status", "told"), ORDER, ids=[f"{wrong} {query}" for wrong, query, *_ in ORDER]
)
async def test_checks_have_an_order(serve: Any, wrong: str, query: str, status: int, told: bytes) -> None:
    """Key, then what can be read, then the website, the limit, the days, and last the cursor."""
    mock = await serve(SERVER)
    names = mock.tenant.names[SERVER.name]
    headers = {} if wrong == "key" else {"Authorization": f"Bearer {names.credentials['token']}"}
    site = "nowhere" if wrong in {"key", "website"} else names.sites[0][0]
    async with mock.client.get(f"/api/websites/{site}/sessions?{query}", headers=headers) as response:
        body = await response.read()

    assert response.status == status
    assert body == (
        told if status != 400 else b'{"error":{"code":"validation_error","field":null,"message":"%b"}}' % told
    )


async def test_the_tenant_s_dialect_is_heard_at_once(serve: Any) -> None:
    """``observed`` is the server; each tenant speaks its own dialect on the same paths."""
    mock = await serve(dialect="observed", tenants={"other": {"dialect": "documented", "world": {"seed": 8}}})
    told = {}
    for name, tenant in mock.tenants.items():
        names = tenant.names[SERVER.name]
        headers = {"Authorization": f"Bearer {names.credentials['token']}"}
        async with mock.client.get(
            f"/api/websites/{names.sites[0][0]}/sessions", headers=headers
        ) as response:
            told[name] = list(await response.json())

    assert told == {"default": ["data", "pagination"], "other": ["sessions", "next_cursor"]}


def test_bisection_agrees_with_a_table() -> None:
    """The least number from a text on is found as in a sorted list of ids."""
    numbers = sorted(number for _, number, _ in expected_rows(WORLDS["default"]))
    table = [session_id(number) for number in numbers]

    assert table == sorted(table)
    for text in (*table[:20], "8", "zz", ""):
        assert bisect_left(numbers, first_from(text)) == bisect_left(table, text)
