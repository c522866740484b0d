"""Rybbit tells the world as its contract says."""

import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec import json

from mockserver.contract.errors import ApiError
from mockserver.contract.validation import read
from mockserver.vendors.rybbit import VENDOR
from mockserver.vendors.rybbit.contract import GET_SESSION, LIST_SESSIONS, MAXIMUM
from mockserver.vendors.rybbit.request_models import GetSession, ListSessions
from mockserver.vendors.rybbit.responses import SessionEvent, SessionPage, SessionRow
from mockserver.world.model.profiles import PROFILES
from mockserver.world.model.query import Query
from mockserver.world.model.session_batch import SessionBatch
from mockserver.world.world import World
from tests.vendors.conftest import asked
from tests.vendors.rybbit.asking import (
    MINUTE,
    NOW,
    detail,
    filters,
    ids,
    locations,
    page,
    refusal,
    rows,
    second,
    tracked,
    world,
)


def batch(told: World) -> SessionBatch:
    """All sessions of the first site's people as the world has them, oldest first."""
    found = told.sites[0].find(Query(), NOW)
    (sessions,) = found.page(0, found.total).batches
    return sessions


# The list.


@pytest.mark.parametrize("size", [1, 7, 100, 1000])
@pytest.mark.parametrize("profile", ["empty", "single", "page-exact", "page-plus-one", "awkward"])
def test_pages_of_any_size_tile_the_list(profile: str, size: int) -> None:
    """Page after page until one is not full gives every session once, newest start first."""
    told, crawled, number = world(profile), list[SessionRow](), 1
    while len(got := page(told, page=number, limit=size)) == size:
        crawled, number = crawled + got, number + 1
    crawled += got
    starts = [row.session_start for row in crawled]

    assert crawled == rows(told)
    assert len(set(ids(crawled))) == len(crawled) == PROFILES[profile]["sessions"]
    assert starts == sorted(starts, reverse=True)
    assert page(told, page=number + 1, limit=size) == []


def test_a_page_has_100_rows_when_nobody_says() -> None:
    """The first 100 rows are the answer to a request without parameters."""
    told = world()

    assert page(told) == rows(told)[:100]


@pytest.mark.parametrize(("over_limit", "given"), [("clamp", MAXIMUM), ("honour", MAXIMUM + 5)])
def test_limit_has_a_maximum_by_behavior(over_limit: str, given: int) -> None:
    """Above 10,000 the newest server gives 10,000 rows and the older one as many as are asked for."""
    told = world(sessions=MAXIMUM + 5)
    sizes = []
    for query in (
        ListSessions(limit=MAXIMUM * 5),
        ListSessions(limit=MAXIMUM * 5, page=2),
        ListSessions(limit=MAXIMUM - 1),
    ):
        request = asked(VENDOR, told, query=query, now=NOW, behaviors={"over_limit": over_limit})
        sizes.append(len(json.decode(VENDOR.respond(LIST_SESSIONS, request).body, type=SessionPage).data))

    assert sizes == [given, MAXIMUM + 5 - given, MAXIMUM - 1]


@pytest.mark.parametrize("profile", ["default", "awkward"])
def test_a_row_says_what_the_world_knows(profile: str) -> None:
    """Every field of every row follows from the session in the world."""
    told = world(profile)
    s = batch(told)
    for n, row in enumerate(reversed(rows(told))):
        place, agent, acquisition, user = s.places[n], s.agents[n], s.acquisitions[n], s.user_ids[n]

        assert (row.session_id, row.user_id, row.identified_user_id) == (
            f"{s.ids[n]:014x}",
            f"{s.visitors[n]:012x}",
            user or "",
        )
        assert (row.traits is None) == (row.identified_user_id == "")
        assert row.traits == s.traits[n]
        assert (second(row.session_start), second(row.session_end)) == (s.start[n] // 1000, s.end[n] // 1000)
        assert row.session_duration == second(row.session_end) - second(row.session_start)
        assert (row.country, row.region, row.city, row.lat, row.lon) == (
            *(place.country, place.region, place.city),
            *(place.latitude, place.longitude),
        )
        assert (row.device_type, row.browser, row.operating_system) == (agent.device, agent.browser, agent.os)
        assert (str(row.browser_version), str(row.operating_system_version)) == (
            agent.browser_version,
            agent.os_version,
        )
        assert (row.screen_width, row.screen_height) == (agent.screen_width, agent.screen_height)
        assert (row.language, row.hostname) == (s.languages[n], s.hostnames[n])
        for field in (
            "referrer",
            "channel",
            "utm_source",
            "utm_medium",
            "utm_campaign",
            "utm_term",
            "utm_content",
        ):
            assert getattr(row, field) == getattr(acquisition, field)
        assert (row.entry_page, row.exit_page) == (s.entries[n].path, s.exits[n].path)
        assert (row.pageviews, row.events, row.errors, row.outbound) == (
            s.pageviews[n],
            s.custom_events[n],
            s.errors[n],
            s.outbounds[n],
        )
        assert (row.ip, row.has_replay) == (None, 0)


def test_a_row_has_every_field_every_time() -> None:
    """No field is left out, and none is told that the contract does not know."""
    body = VENDOR.respond(
        LIST_SESSIONS, asked(VENDOR, world("awkward"), query=ListSessions(limit=500), now=NOW)
    ).body

    assert {tuple(row) for row in json.decode(body)["data"]} == {SessionRow.__struct_fields__}


@pytest.mark.parametrize(
    ("behavior", "option", "field", "told"),
    [
        ("timestamps", "server", "session_start", lambda row, _: row.session_start[:19].replace("T", " ")),
        ("timestamps", "server", "session_end", lambda row, _: row.session_end[:19].replace("T", " ")),
        (
            "device_type",
            "capitalized",
            "device_type",
            lambda row, _: {"desktop": "Desktop", "mobile": "Mobile", "tablet": "Tablet"}[row.device_type],
        ),
        ("versions", "text", "browser_version", lambda row, _: str(row.browser_version)),
        ("versions", "text", "operating_system_version", lambda row, _: str(row.operating_system_version)),
        ("region", "code", "region", lambda _, place: place.region_code),
    ],
)
def test_a_choice_changes_how_one_field_is_told(
    behavior: str, option: str, field: str, told: Callable[[SessionRow, Any], Any]
) -> None:
    """The other dialect differs from the usual one in its own fields only, in the list and in the detail."""
    usual = rows(world())
    places = batch(world()).places[::-1]
    changed = rows(world(), behaviors={behavior: option})
    shown = detail(world(), changed[0].session_id, behaviors={behavior: option})

    assert [getattr(row, field) for row in changed] == [
        told(row, place) for row, place in zip(usual, places, strict=True)
    ]
    assert [getattr(row, field) for row in changed] != [getattr(row, field) for row in usual]
    assert getattr(shown.session, field) == getattr(changed[0], field)


def test_versions_that_read_as_numbers_are_numbers() -> None:
    """A version is a number where it can be one, and a text where it is empty."""
    told = {row.operating_system_version for row in rows(world())}

    assert {14.5, 10, 17.2, ""} <= told
    assert {type(version) for version in told} == {int, float, str}


def test_addresses_are_hidden_unless_chosen() -> None:
    """A site that tracks addresses tells the one of the visitor, in the list and in the detail."""
    told = world()
    shown = rows(told, behaviors={"ip": "shown"})

    assert {row.ip for row in rows(told)} == {None}
    assert [row.ip for row in reversed(shown)] == batch(told).ips
    assert detail(told, shown[0].session_id, behaviors={"ip": "shown"}).session.ip == shown[0].ip


def test_times_of_events_follow_the_behavior() -> None:
    """The server's own format applies to events as to sessions."""
    session_id = rows(world())[0].session_id
    usual, server = (
        detail(world(), session_id, behaviors={"timestamps": option}).events for option in ("iso", "server")
    )

    assert [event.timestamp for event in server] == [
        event.timestamp[:19].replace("T", " ") for event in usual
    ]


# One session.


@pytest.mark.parametrize("profile", ["default", "awkward"])
def test_the_detail_agrees_with_the_list(profile: str) -> None:
    """A session and its events say what its row says, all events counted as such."""
    told = world(profile)
    for row in rows(told):
        shown = detail(told, row.session_id, limit=1000)
        kinds = Counter(event.type for event in shown.events)
        pages = [event.pathname for event in shown.events if event.type == "pageview"]

        for field in set(shown.session.__struct_fields__) - {"events"}:
            assert getattr(shown.session, field) == getattr(row, field)
        assert shown.session.events == shown.pagination.total == len(shown.events)
        assert (kinds["pageview"], kinds["custom_event"]) == (row.pageviews, row.events)
        assert (kinds["error"], kinds["outbound"]) == (row.errors, row.outbound)
        assert (pages[0], pages[-1]) == (row.entry_page, row.exit_page)
        assert (shown.events[0].timestamp, shown.events[-1].timestamp) == (row.session_start, row.session_end)
        assert shown.events[0].referrer == row.referrer


def test_an_event_says_what_the_world_knows() -> None:
    """Each event has every key, in the order of time."""
    told = world("awkward")
    site = told.sites[0]
    for row in rows(told)[:100]:
        story = site.session(int(row.session_id, 16), NOW)
        assert story
        for event, known in zip(
            detail(told, row.session_id, limit=1000).events, story.list_events(0), strict=True
        ):
            assert (second(event.timestamp), event.type, event.event_name) == (
                known.at // 1000,
                known.kind,
                known.name,
            )
            assert (event.pathname, event.page_title, event.querystring) == (
                known.page.path,
                known.page.title,
                known.page.querystring,
            )
            assert (event.referrer, event.hostname, event.props) == (
                known.referrer,
                row.hostname,
                known.properties,
            )


def test_every_key_of_an_event_is_sent_with_every_event() -> None:
    """Pageviews have the keys of custom events too."""
    longest = max(rows(world()), key=lambda row: row.pageviews + row.events)
    path = {"sessionId": longest.session_id, "site": ""}
    body = VENDOR.respond(GET_SESSION, asked(VENDOR, world(), path=path, query=GetSession(), now=NOW)).body
    told = json.decode(body)["data"]["events"]

    assert {event["type"] for event in told} >= {"pageview", "custom_event"}
    assert {tuple(event) for event in told} == {SessionEvent.__struct_fields__}


@pytest.mark.parametrize("size", [1, 7, 100])
def test_pages_of_events_tile_the_session(size: int) -> None:
    """Following hasMore gives every event once, and pagination says where each page stands."""
    told = world()
    longest = max(rows(told), key=lambda row: row.pageviews + row.events)
    crawled: list[SessionEvent] = []
    more = True
    while more:
        shown = detail(told, longest.session_id, limit=size, offset=len(crawled))
        assert (shown.pagination.limit, shown.pagination.offset) == (size, len(crawled))
        crawled += shown.events
        more = shown.pagination.hasMore
        assert more == (len(crawled) < shown.pagination.total)
    beyond = detail(told, longest.session_id, offset=10**30)

    assert crawled == detail(told, longest.session_id, limit=1000).events
    assert len(crawled) == shown.pagination.total
    assert (beyond.events, beyond.pagination.hasMore, beyond.pagination.total) == ([], False, len(crawled))


def test_minutes_leave_the_events_of_the_last_minutes() -> None:
    """The session and the total tell only of the events that are left, and without any there is no session."""
    told = world()
    row = max(rows(told), key=lambda row: row.session_duration)
    whole = detail(told, row.session_id, limit=1000).events
    now = second(row.session_end) * 1000 + 30_500
    for minutes in range(1, row.session_duration // 60 + 3):
        left = [event for event in whole if second(event.timestamp) > now // 1000 - minutes * 60]
        shown = detail(told, row.session_id, now=now, minutes=minutes, limit=1)

        assert shown.pagination.total == shown.session.events == len(left)
        assert shown.events == left[:1]
        assert (shown.session.session_start, shown.session.session_end) == (
            left[0].timestamp,
            row.session_end,
        )
        assert shown.session.session_duration == second(row.session_end) - second(left[0].timestamp)
        seen = [event.pathname for event in left if event.type == "pageview"]
        assert (shown.session.pageviews, shown.session.entry_page) == (len(seen), seen[0] if seen else "")
    with pytest.raises(ApiError, match="unknown_session"):
        detail(told, row.session_id, now=now + MINUTE, minutes=1)

    assert detail(told, row.session_id, now=now, minutes=0, limit=1000).events == whole


def unknown() -> dict[str, str]:
    """Texts that are the id of no session of the first site."""
    told, known = world(), rows(world())[0].session_id
    bot = told.sites[0].find(Query(bots=True), NOW)
    bots = [
        number for sessions in bot.page(0, bot.total).batches if sessions.kind == 1 for number in sessions.ids
    ]
    other = told.sites[1].find(Query(), NOW).page(0, 1).batches[0].ids[0]
    return {
        "empty": "",
        "words": "no-such-session",
        "capitals": known.upper(),
        "short": known[:-1],
        "long": known + "0",
        "other": f"{other:014x}",
        "bot": f"{bots[0]:014x}",
        "none": "0" * 14,
    }


@pytest.mark.parametrize("session_id", unknown().values(), ids=unknown())
def test_an_unknown_session_is_not_found(session_id: str) -> None:
    """Neither malformed ids, nor those of another site or of a bot, are sessions."""
    with pytest.raises(ApiError, match="unknown_session"):
        detail(world(), session_id)


def test_a_running_session_is_told_as_far_as_it_got() -> None:
    """At an instant within a session, list and detail agree on the events until then, and nothing later is told."""
    told = world()
    longest = max(rows(told), key=lambda row: row.session_duration)
    now = (second(longest.session_start) + longest.session_duration // 2) * 1000
    (row,) = [row for row in rows(told, now=now) if row.session_id == longest.session_id]
    shown = detail(told, longest.session_id, now=now)

    assert max(row.session_end for row in rows(told, now=now)) <= datetime.fromtimestamp(
        now / 1000, UTC
    ).strftime("%FT%T.000Z")
    assert row.session_duration < longest.session_duration
    assert (shown.session.session_end, shown.session.events) == (
        row.session_end,
        row.pageviews + row.events + row.errors + row.outbound,
    )
    with pytest.raises(ApiError, match="unknown_session"):
        detail(told, longest.session_id, now=second(longest.session_start) * 1000 - 1000)


# Places.


@pytest.mark.parametrize("profile", ["empty", "single", "default", "awkward"])
@pytest.mark.parametrize(
    "narrowed", [None, filters(("device_type", "equals", ["mobile"]), ("country", "not_equals", ["US"]))]
)
def test_locations_add_up_to_the_list(profile: str, filtered_example: str | None) -> None:
    """Each place is told once with the number of rows that come from it, most first."""
    told = world(profile)
    found = locations(told, filters=filtered_example)
    counts = [place.count for place in found]
    expected = Counter(
        (row.lat, row.lon, row.city, row.country) for row in rows(told, filters=filtered_example)
    )

    assert {(place.lat, place.lon, place.city, place.country): place.count for place in found} == expected
    assert len(found) == len(expected)
    assert counts == sorted(counts, reverse=True)


def test_locations_take_the_same_window_as_the_list() -> None:
    """Day by day, the counts of places sum to the number of rows."""
    told = world()
    for day in range(1, 31):
        window: dict[str, Any] = {"start_date": f"2026-09-{day:02}", "end_date": f"2026-09-{day:02}"}

        assert sum(place.count for place in locations(told, **window)) == len(rows(told, **window))


# What was sent over HTTP.


def test_tracked_sessions_are_told_by_all_endpoints() -> None:
    """What was sent appears in the list, in the detail and among the places, and what nobody knows of it is empty."""
    told, before = tracked(), world("awkward", sessions=300)
    untold, anonymous, ada = rows(told)[:3]
    shown = detail(told, ada.session_id)
    nowhere = {(place.lat, place.lon, place.city, place.country): place.count for place in locations(told)}[
        0, 0, "", ""
    ]
    unplaced = sum(not row.city for row in rows(before))

    assert rows(told)[3:] == rows(before)
    assert nowhere == unplaced + 3
    assert unplaced
    assert (ada.identified_user_id, ada.traits) == ("ada", {"name": "Ada", "vip": True})
    assert (anonymous.identified_user_id, anonymous.traits) == ("", None)
    assert (untold.identified_user_id, untold.traits) == ("untold", None)
    assert (ada.session_duration, ada.events, ada.pageviews, ada.entry_page, ada.browser_version) == (
        3,
        2,
        0,
        "",
        "",
    )
    assert [(event.event_name, event.props, event.pathname) for event in shown.events] == [
        ("signed_up", {"plan": "pro"}, ""),
        ("paid", {}, ""),
    ]
    assert (shown.session.user_id, shown.session.events, shown.session.exit_page) == (ada.user_id, 2, "")


@pytest.mark.parametrize(
    ("narrowed", "found"),
    [
        (("event_name", "equals", ["paid"]), ["ada"]),
        (("event_name", "not_equals", ["paid"]), ["untold", ""]),
        (("country", "equals", [""]), ["untold", "", "ada"]),
        (("browser", "equals", ["Chrome"]), []),
        (("pathname", "not_contains", ["/"]), ["untold", "", "ada"]),
        (("dimensions", "equals", ["0x0"]), ["untold", "", "ada"]),
        (("lat", "equals", [0]), ["untold", "", "ada"]),
    ],
)
def test_tracked_sessions_can_be_filtered(
    filtered_example: tuple[str, str, list[Any]], found: list[str]
) -> None:
    """Filters look at what was sent, and what is unknown is empty or 0."""
    window = {"start_datetime": "2026-09-30 00:00:00", "end_datetime": "2026-10-01 00:00:00"}

    assert [
        row.identified_user_id for row in rows(tracked(), filters=filters(filtered_example), **window)
    ] == found


# Users.


@pytest.mark.parametrize("told", [world(sessions=150), tracked()], ids=["seeded", "tracked"])
def test_user_id_is_a_fingerprint_or_an_identified_user(told: World) -> None:
    """Parameter and filter find the rows that carry the text in either field."""
    everyone = rows(told)
    for wanted in {row.user_id for row in everyone} | {row.identified_user_id for row in everyone} - {""}:
        expected = [row for row in everyone if wanted in {row.user_id, row.identified_user_id}]

        assert rows(told, user_id=wanted) == expected
        assert rows(told, filters=filters(("user_id", "equals", [wanted]))) == expected
        assert rows(told, user_id=wanted, filters=filters(("user_id", "equals", [wanted]))) == expected
        assert sum(
            place.count for place in locations(told, filters=filters(("user_id", "equals", [wanted])))
        ) == len(expected)


def test_an_anonymous_visitor_has_no_user_id() -> None:
    """Neither the user id it would have, nor the anonymous id it was tracked by, is told, so neither finds it."""
    stranger = next(row for row in rows(world()) if not row.identified_user_id)

    assert rows(world(), user_id=stranger.user_id)
    assert rows(world(), user_id=f"user_{stranger.user_id}") == []
    assert rows(tracked(), user_id="someone") == []
    assert rows(world(), user_id="nobody") == []


@pytest.mark.parametrize("told", [world(sessions=150), tracked()], ids=["seeded", "tracked"])
def test_several_users_and_all_but_some_can_be_asked_for(told: World) -> None:
    """Alternatives are one filter, filters narrow each other, and not_equals leaves everybody else."""
    everyone = rows(told)
    one, two = everyone[0].user_id, next(row.identified_user_id for row in everyone if row.identified_user_id)

    def said(*texts: str) -> list[SessionRow]:
        return [row for row in everyone if {row.user_id, row.identified_user_id} & set(texts)]

    assert rows(told, filters=filters(("user_id", "equals", [one, two, "nobody"]))) == said(one, two)
    assert rows(
        told, filters=filters(("user_id", "equals", [one, two]), ("user_id", "equals", [two]))
    ) == said(two)
    assert rows(told, user_id=one, filters=filters(("user_id", "equals", ["nobody"]))) == []
    known = next(row for row in everyone if row.identified_user_id)
    same = filters(("user_id", "equals", [known.identified_user_id]))
    assert rows(told, user_id=known.user_id, filters=same) == said(
        known.user_id
    )  # Two spellings of one visitor.
    for texts in ([one], [one, two], ["nobody"]):
        rest = [row for row in everyone if row not in said(*texts)]

        assert rows(told, filters=filters(("user_id", "not_equals", texts))) == rest
        assert sum(
            place.count for place in locations(told, filters=filters(("user_id", "not_equals", texts)))
        ) == len(rest)


@pytest.mark.parametrize(
    "each", [("contains", ["a"]), ("regex", ["a"]), ("greater_than", [1]), ("equals", [""])], ids=str
)
def test_user_id_is_compared_by_equals_and_not_equals(each: tuple[str, list[Any]]) -> None:
    """Whoever asks for more is told what can be asked for."""
    message = refusal(rows, filters=filters(("country", "equals", ["US"]), ("user_id", *each)))

    assert (
        message
        == "filters[1]: user_id can be compared by equals and not_equals only, with texts that are not empty"
    )


@pytest.mark.parametrize(
    ("text", "only"), [("true", True), ("false", False), (None, False), ("TRUE", False), ("1", False)]
)
def test_identified_only_is_the_exact_word(text: str | None, *, only: bool) -> None:
    """Only true leaves the sessions of identified users; other texts are passed over."""
    everyone = rows(world())
    expected = [row for row in everyone if row.identified_user_id or not only]

    assert rows(world(), identified_only=text) == expected
    assert 0 < len([row for row in everyone if row.identified_user_id]) < len(everyone)


def test_identified_only_can_be_strict() -> None:
    """By behavior, other texts are refused by name."""
    strict = {"identified_only": "400"}

    assert (
        refusal(rows, identified_only="TRUE", behaviors=strict)
        == "identified_only 'TRUE' must be 'true' or 'false'"
    )
    assert rows(world(), identified_only="true", behaviors=strict) == rows(world(), identified_only="true")


# Requests and names.


@pytest.mark.parametrize("model", [ListSessions, GetSession])
@pytest.mark.parametrize(
    ("name", "text"),
    [
        (name, text)
        for name in ("page", "limit", "offset", "minutes")
        for text in ("-1", "abc", "1.5", "", " 5", "0x1")
    ]
    + [("page", "0"), ("limit", "0")],
)
def test_a_number_that_is_none_is_refused_by_name(model: Any, name: str, text: str) -> None:
    """The message begins with the parameter and says what would be right."""
    if name not in model.__struct_fields__:
        return
    violations = read(model, {name: text}, "query")

    assert isinstance(violations, list)
    assert (
        re.fullmatch(rf"{name} must be an integer, at least [01]", violations[0].message)
        or violations[0].message == f"{name} must be an integer"
    )


def test_names_differ_between_tenants_and_can_be_set() -> None:
    """A key has 35 characters; a site has a serial number first and its 12 hexadecimal digits second."""
    told = world(sites=3)
    one, other, given = (
        VENDOR.names(1, told, {}),
        VENDOR.names(2, told, {}),
        VENDOR.names(1, told, {"token": "mine"}),
    )

    assert re.fullmatch(r"rb_[0-9A-Za-z]{32}", one.credentials["token"])
    assert one.tokens == {one.credentials["token"]: None}
    assert all(
        re.fullmatch(r"[1-9]\d{3,5}", serial) and re.fullmatch("[0-9a-f]{12}", alias)
        for serial, alias in one.sites
    )
    assert len({*one.sites, *other.sites}) == 6
    assert one.credentials != other.credentials
    assert (given.credentials, given.tokens, given.sites) == ({"token": "mine"}, {"mine": None}, one.sites)
