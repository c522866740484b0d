"""Views of Rybbit's endpoints in the documented dialect."""

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
from mockserver.vendors.rybbit.behaviors import MAX_LIMIT
from mockserver.vendors.rybbit.contract import GET_SESSION, LIST_SESSIONS
from mockserver.vendors.rybbit.request_models import GetSession, ListSessions
from mockserver.vendors.rybbit.responses import SessionEvent, SessionPage, SessionRow
from mockserver.world.model.profiles import PROFILES
from mockserver.world.model.query import Query
from mockserver.world.model.session_batch import SessionBatch
from mockserver.world.world import World
from tests.vendors.conftest import make_view_request
from tests.vendors.rybbit.client import (
    MINUTE,
    NOW,
    encode_filters,
    error_message,
    get_detail,
    list_locations,
    list_page,
    list_rows,
    make_tracked_world,
    make_world,
    parse_second,
    session_ids,
)


def generate_batch(world: World) -> SessionBatch:
    """Return all sessions of the first site's people, oldest first."""
    result = world.sites[0].find(Query(), NOW)
    (sessions,) = result.page(0, result.total).batches
    return sessions


# The list.


@pytest.mark.parametrize("size", [1, 7, 100, 1000])
@pytest.mark.parametrize("profile", ["empty", "single", "page-exact", "page-plus-one", "awkward"])
def test_pages_of_any_size_partition_the_list(profile: str, size: int) -> None:
    world = make_world(profile)
    crawled: list[SessionRow] = []
    number = 1
    while len(rows := list_page(world, page=number, limit=size)) == size:
        crawled += rows
        number += 1
    crawled += rows
    starts = [row.session_start for row in crawled]

    assert crawled == list_rows(world)
    assert len(set(session_ids(crawled))) == len(crawled) == PROFILES[profile]["sessions"]
    assert starts == sorted(starts, reverse=True)
    assert list_page(world, page=number + 1, limit=size) == []


def test_page_has_100_rows_by_default() -> None:
    world = make_world()

    assert list_page(world) == list_rows(world)[:100]


@pytest.mark.parametrize(("over_limit", "first_page_size"), [("clamp", MAX_LIMIT), ("honour", MAX_LIMIT + 5)])
def test_limit_above_maximum_depends_on_behavior(over_limit: str, first_page_size: int) -> None:
    world = make_world(sessions=MAX_LIMIT + 5)
    sizes = []
    for query in (
        ListSessions(limit=MAX_LIMIT * 5),
        ListSessions(limit=MAX_LIMIT * 5, page=2),
        ListSessions(limit=MAX_LIMIT - 1),
    ):
        request = make_view_request(VENDOR, world, query=query, now=NOW, behaviors={"over_limit": over_limit})
        sizes.append(len(json.decode(VENDOR.respond(LIST_SESSIONS, request).body, type=SessionPage).data))

    assert sizes == [first_page_size, MAX_LIMIT + 5 - first_page_size, MAX_LIMIT - 1]


@pytest.mark.parametrize("profile", ["default", "awkward"])
def test_row_fields_equal_session_in_world(profile: str) -> None:
    world = make_world(profile)
    s = generate_batch(world)
    for n, row in enumerate(reversed(list_rows(world))):
        place, agent, acquisition, user = s.places[n], s.agents[n], s.acquisitions[n], s.user_ids[n]

        assert (row.session_id, row.user_id, row.identified_user_id) == (
            f"{s.ids[n]:014x}",
            f"{s.visitors[n]:012x}",
            user or "",
        )
        assert (row.traits is None) == (row.identified_user_id == "")
        assert row.traits == s.traits[n]
        assert (parse_second(row.session_start), parse_second(row.session_end)) == (
            s.start[n] // 1000,
            s.end[n] // 1000,
        )
        assert row.session_duration == parse_second(row.session_end) - parse_second(row.session_start)
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


def test_row_has_exactly_the_fields_of_the_contract() -> None:
    body = VENDOR.respond(
        LIST_SESSIONS,
        make_view_request(VENDOR, make_world("awkward"), query=ListSessions(limit=500), now=NOW),
    ).body

    assert {tuple(row) for row in json.decode(body)["data"]} == {SessionRow.__struct_fields__}


@pytest.mark.parametrize(
    ("behavior", "option", "field", "format_value"),
    [
        ("timestamps", "server", "session_start", lambda row, _: row.session_start[:19].replace("T", " ")),
        ("timestamps", "server", "session_end", lambda row, _: row.session_end[:19].replace("T", " ")),
        (
            "device_type",
            "capitalized",
            "device_type",
            lambda row, _: row.device_type.capitalize(),
        ),
        ("versions", "text", "browser_version", lambda row, _: str(row.browser_version)),
        ("versions", "text", "operating_system_version", lambda row, _: str(row.operating_system_version)),
        ("region", "code", "region", lambda _, place: place.region_code),
    ],
)
def test_format_behavior_changes_only_its_field(
    behavior: str, option: str, field: str, format_value: Callable[[SessionRow, Any], Any]
) -> None:
    """In the list and for one session."""
    default_rows = list_rows(make_world())
    places = generate_batch(make_world()).places[::-1]
    changed_rows = list_rows(make_world(), behaviors={behavior: option})
    shown = get_detail(make_world(), changed_rows[0].session_id, behaviors={behavior: option})

    assert [getattr(row, field) for row in changed_rows] == [
        format_value(row, place) for row, place in zip(default_rows, places, strict=True)
    ]
    assert [getattr(row, field) for row in changed_rows] != [getattr(row, field) for row in default_rows]
    assert getattr(shown.session, field) == getattr(changed_rows[0], field)


def test_version_is_number_if_it_looks_like_one() -> None:
    versions = {row.operating_system_version for row in list_rows(make_world())}

    assert {14.5, 10, 17.2, ""} <= versions
    assert {type(version) for version in versions} == {int, float, str}


def test_ip_is_hidden_unless_behavior_shows_it() -> None:
    world = make_world()
    shown = list_rows(world, behaviors={"ip": "shown"})

    assert {row.ip for row in list_rows(world)} == {None}
    assert [row.ip for row in reversed(shown)] == generate_batch(world).ips
    assert get_detail(world, shown[0].session_id, behaviors={"ip": "shown"}).session.ip == shown[0].ip


def test_event_timestamps_follow_behavior() -> None:
    session_id = list_rows(make_world())[0].session_id
    iso_events, server_events = (
        get_detail(make_world(), session_id, behaviors={"timestamps": option}).events
        for option in ("iso", "server")
    )

    assert [event.timestamp for event in server_events] == [
        event.timestamp[:19].replace("T", " ") for event in iso_events
    ]


# One session.


@pytest.mark.parametrize("profile", ["default", "awkward"])
def test_session_equals_its_row_and_its_events(profile: str) -> None:
    """Except that the number of events includes pageviews."""
    world = make_world(profile)
    for row in list_rows(world):
        shown = get_detail(world, row.session_id, limit=1000)
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


def test_event_fields_equal_event_in_world() -> None:
    world = make_world("awkward")
    site = world.sites[0]
    for row in list_rows(world)[:100]:
        sessions = site.session(int(row.session_id, 16), NOW)
        assert sessions
        for event, known in zip(
            get_detail(world, row.session_id, limit=1000).events, sessions.list_events(0), strict=True
        ):
            assert (parse_second(event.timestamp), event.type, event.event_name) == (
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


def test_event_of_any_type_has_all_keys() -> None:
    longest = max(list_rows(make_world()), key=lambda row: row.pageviews + row.events)
    path = {"sessionId": longest.session_id, "site": ""}
    body = VENDOR.respond(
        GET_SESSION, make_view_request(VENDOR, make_world(), path=path, query=GetSession(), now=NOW)
    ).body
    events = json.decode(body)["data"]["events"]

    assert {event["type"] for event in events} >= {"pageview", "custom_event"}
    assert {tuple(event) for event in events} == {SessionEvent.__struct_fields__}


@pytest.mark.parametrize("size", [1, 7, 100])
def test_pages_of_any_size_partition_the_events(size: int) -> None:
    world = make_world()
    longest = max(list_rows(world), key=lambda row: row.pageviews + row.events)
    crawled: list[SessionEvent] = []
    has_more = True
    while has_more:
        shown = get_detail(world, longest.session_id, limit=size, offset=len(crawled))
        assert (shown.pagination.limit, shown.pagination.offset) == (size, len(crawled))
        crawled += shown.events
        has_more = shown.pagination.hasMore
        assert has_more == (len(crawled) < shown.pagination.total)
    beyond = get_detail(world, longest.session_id, offset=10**30)

    assert crawled == get_detail(world, longest.session_id, limit=1000).events
    assert len(crawled) == shown.pagination.total
    assert (beyond.events, beyond.pagination.hasMore, beyond.pagination.total) == ([], False, len(crawled))


def test_minutes_limit_session_and_total_to_the_last_events() -> None:
    """Without any event left, the session is not found."""
    world = make_world()
    row = max(list_rows(world), key=lambda row: row.session_duration)
    all_events = get_detail(world, row.session_id, limit=1000).events
    now = parse_second(row.session_end) * 1000 + 30_500
    for minutes in range(1, row.session_duration // 60 + 3):
        left = [event for event in all_events if parse_second(event.timestamp) > now // 1000 - minutes * 60]
        shown = get_detail(world, row.session_id, now=now, minutes=minutes, limit=1)

        assert shown.pagination.total == shown.session.events == len(left)
        assert shown.events == left[:1]
        assert (shown.session.session_start, shown.session.session_end) == (
            left[0].timestamp,
            row.session_end,
        )
        assert shown.session.session_duration == parse_second(row.session_end) - parse_second(
            left[0].timestamp
        )
        paths = [event.pathname for event in left if event.type == "pageview"]
        assert (shown.session.pageviews, shown.session.entry_page) == (len(paths), paths[0] if paths else "")
    with pytest.raises(ApiError, match="unknown_session"):
        get_detail(world, row.session_id, now=now + MINUTE, minutes=1)

    assert get_detail(world, row.session_id, now=now, minutes=0, limit=1000).events == all_events


def unknown_session_ids() -> dict[str, str]:
    """Return texts that are not ids of sessions of the first site's people."""
    world = make_world()
    known = list_rows(world)[0].session_id
    all_sessions = world.sites[0].find(Query(bots=True), NOW)
    batches = all_sessions.page(0, all_sessions.total).batches
    bots = next(sessions for sessions in batches if sessions.kind == 1)
    other_site_session = world.sites[1].find(Query(), NOW).page(0, 1).batches[0].ids[0]
    return {
        "empty": "",
        "words": "no-such-session",
        "capitals": known.upper(),
        "short": known[:-1],
        "long": known + "0",
        "other": f"{other_site_session:014x}",
        "bot": f"{bots.ids[0]:014x}",
        "none": "0" * 14,
    }


@pytest.mark.parametrize("session_id", unknown_session_ids().values(), ids=unknown_session_ids())
def test_unknown_session_id_is_not_found(session_id: str) -> None:
    with pytest.raises(ApiError, match="unknown_session"):
        get_detail(make_world(), session_id)


def test_running_session_contains_events_until_now() -> None:
    """In the list and for one session."""
    world = make_world()
    longest = max(list_rows(world), key=lambda row: row.session_duration)
    now = (parse_second(longest.session_start) + longest.session_duration // 2) * 1000
    (row,) = [row for row in list_rows(world, now=now) if row.session_id == longest.session_id]
    shown = get_detail(world, longest.session_id, now=now)

    assert max(row.session_end for row in list_rows(world, now=now)) <= datetime.fromtimestamp(
        now / 1000, UTC
    ).strftime("%FT%T.000Z")
    assert row.session_duration < longest.session_duration
    assert (shown.session.session_end, shown.session.events) == (
        row.session_end,
        row.pageviews + row.events + row.errors + row.outbound,
    )
    with pytest.raises(ApiError, match="unknown_session"):
        get_detail(world, longest.session_id, now=parse_second(longest.session_start) * 1000 - 1000)


# Places.


@pytest.mark.parametrize("profile", ["empty", "single", "default", "awkward"])
@pytest.mark.parametrize(
    "filters",
    [None, encode_filters(("device_type", "equals", ["mobile"]), ("country", "not_equals", ["US"]))],
)
def test_location_counts_equal_rows_of_the_list(profile: str, filters: str | None) -> None:
    world = make_world(profile)
    locations = list_locations(world, filters=filters)
    counts = [place.count for place in locations]
    expected = Counter((row.lat, row.lon, row.city, row.country) for row in list_rows(world, filters=filters))

    assert {(place.lat, place.lon, place.city, place.country): place.count for place in locations} == expected
    assert len(locations) == len(expected)
    assert counts == sorted(counts, reverse=True)


def test_locations_and_list_have_the_same_time_range() -> None:
    world = make_world()
    for day in range(1, 31):
        days: dict[str, Any] = {"start_date": f"2026-09-{day:02}", "end_date": f"2026-09-{day:02}"}

        assert sum(place.count for place in list_locations(world, **days)) == len(list_rows(world, **days))


# Tracked sessions.


def test_tracked_sessions_appear_in_all_endpoints() -> None:
    """Fields that were not sent are empty."""
    world = make_tracked_world()
    world_before = make_world("awkward", sessions=300)
    bob, anonymous, ada = list_rows(world)[:3]
    shown = get_detail(world, ada.session_id)
    nowhere = {
        (place.lat, place.lon, place.city, place.country): place.count for place in list_locations(world)
    }[0, 0, "", ""]
    unplaced = sum(not row.city for row in list_rows(world_before))

    assert list_rows(world)[3:] == list_rows(world_before)
    assert nowhere == unplaced + 3
    assert unplaced
    assert (ada.identified_user_id, ada.traits) == ("ada", {"name": "Ada", "vip": True})
    assert (anonymous.identified_user_id, anonymous.traits) == ("", None)
    assert (bob.identified_user_id, bob.traits) == ("bob", None)
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
    ("filter_", "expected"),
    [
        (("event_name", "equals", ["paid"]), ["ada"]),
        (("event_name", "not_equals", ["paid"]), ["bob", ""]),
        (("country", "equals", [""]), ["bob", "", "ada"]),
        (("browser", "equals", ["Chrome"]), []),
        (("pathname", "not_contains", ["/"]), ["bob", "", "ada"]),
        (("dimensions", "equals", ["0x0"]), ["bob", "", "ada"]),
        (("lat", "equals", [0]), ["bob", "", "ada"]),
    ],
)
def test_filters_match_tracked_sessions(filter_: tuple[str, str, list[Any]], expected: list[str]) -> None:
    """Fields that were not sent are empty or 0."""
    last_day = {"start_datetime": "2026-09-30 00:00:00", "end_datetime": "2026-10-01 00:00:00"}

    assert [
        row.identified_user_id
        for row in list_rows(make_tracked_world(), filters=encode_filters(filter_), **last_day)
    ] == expected


# Users.


@pytest.mark.parametrize("world", [make_world(sessions=150), make_tracked_world()], ids=["seeded", "tracked"])
def test_user_id_matches_fingerprint_or_identified_user(world: World) -> None:
    all_rows = list_rows(world)
    for user_id in {row.user_id for row in all_rows} | {row.identified_user_id for row in all_rows} - {""}:
        expected = [row for row in all_rows if user_id in {row.user_id, row.identified_user_id}]

        assert list_rows(world, user_id=user_id) == expected
        assert list_rows(world, filters=encode_filters(("user_id", "equals", [user_id]))) == expected
        assert (
            list_rows(world, user_id=user_id, filters=encode_filters(("user_id", "equals", [user_id])))
            == expected
        )
        assert sum(
            place.count
            for place in list_locations(world, filters=encode_filters(("user_id", "equals", [user_id])))
        ) == len(expected)


def test_anonymous_visitor_is_found_by_fingerprint_only() -> None:
    """Neither the internal user id nor the anonymous id of tracked events is part of a row."""
    stranger = next(row for row in list_rows(make_world()) if not row.identified_user_id)

    assert list_rows(make_world(), user_id=stranger.user_id)
    assert list_rows(make_world(), user_id=f"user_{stranger.user_id}") == []
    assert list_rows(make_tracked_world(), user_id="someone") == []
    assert list_rows(make_world(), user_id="unknown") == []


@pytest.mark.parametrize("world", [make_world(sessions=150), make_tracked_world()], ids=["seeded", "tracked"])
def test_user_id_filters_select_and_exclude_users(world: World) -> None:
    """Values of one filter are alternatives, and filters narrow each other."""
    all_rows = list_rows(world)
    first_user = all_rows[0].user_id
    second_user = next(row.identified_user_id for row in all_rows if row.identified_user_id)

    def rows_of(*user_ids: str) -> list[SessionRow]:
        return [row for row in all_rows if {row.user_id, row.identified_user_id} & set(user_ids)]

    assert list_rows(
        world, filters=encode_filters(("user_id", "equals", [first_user, second_user, "unknown"]))
    ) == rows_of(first_user, second_user)
    assert list_rows(
        world,
        filters=encode_filters(
            ("user_id", "equals", [first_user, second_user]), ("user_id", "equals", [second_user])
        ),
    ) == rows_of(second_user)
    assert (
        list_rows(world, user_id=first_user, filters=encode_filters(("user_id", "equals", ["unknown"]))) == []
    )
    known = next(row for row in all_rows if row.identified_user_id)
    same = encode_filters(("user_id", "equals", [known.identified_user_id]))
    # Two ids of one visitor, who may have been anonymous at first.
    assert list_rows(world, user_id=known.user_id, filters=same) == rows_of(known.identified_user_id)
    for user_ids in ([first_user], [first_user, second_user], ["unknown"]):
        rest = [row for row in all_rows if row not in rows_of(*user_ids)]

        assert list_rows(world, filters=encode_filters(("user_id", "not_equals", user_ids))) == rest
        assert sum(
            place.count
            for place in list_locations(world, filters=encode_filters(("user_id", "not_equals", user_ids)))
        ) == len(rest)


@pytest.mark.parametrize(
    "comparison", [("contains", ["a"]), ("regex", ["a"]), ("greater_than", [1]), ("equals", [""])], ids=str
)
def test_user_id_filter_of_other_type_returns_error(comparison: tuple[str, list[Any]]) -> None:
    message = error_message(
        list_rows, filters=encode_filters(("country", "equals", ["US"]), ("user_id", *comparison))
    )

    assert (
        message == "filters[1]: user_id supports only equals and not_equals, with values that are not empty"
    )


@pytest.mark.parametrize(
    ("text", "is_limited"), [("true", True), ("false", False), (None, False), ("TRUE", False), ("1", False)]
)
def test_identified_only_ignores_other_texts(text: str | None, *, is_limited: bool) -> None:
    all_rows = list_rows(make_world())
    expected = [row for row in all_rows if row.identified_user_id or not is_limited]

    assert list_rows(make_world(), identified_only=text) == expected
    assert 0 < len([row for row in all_rows if row.identified_user_id]) < len(all_rows)


def test_identified_only_rejects_other_texts_by_behavior() -> None:
    strict = {"identified_only": "400"}

    assert (
        error_message(list_rows, identified_only="TRUE", behaviors=strict)
        == "identified_only: invalid value 'TRUE'; expected 'true' or 'false'"
    )
    assert list_rows(make_world(), identified_only="true", behaviors=strict) == list_rows(
        make_world(), identified_only="true"
    )


# Requests and identifiers.


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
def test_invalid_number_returns_error_with_parameter_name(model: Any, name: str, text: str) -> None:
    if name not in model.__struct_fields__:
        return
    violations = read(model, {name: text}, "query")

    assert isinstance(violations, list)
    assert (
        re.fullmatch(rf"{name} must be an integer, at least [01]", violations[0].message)
        or violations[0].message == f"{name} must be an integer"
    )


def test_identifiers_differ_between_tenants_and_can_be_set() -> None:
    """A key has 35 characters; a site has a serial number and an id of 12 hexadecimal digits."""
    world = make_world(sites=3)
    first, second, configured = (
        VENDOR.create_identifiers(1, world, {}),
        VENDOR.create_identifiers(2, world, {}),
        VENDOR.create_identifiers(1, world, {"token": "mine"}),
    )

    assert re.fullmatch(r"rb_[0-9A-Za-z]{32}", first.credentials["token"])
    assert first.tokens == {first.credentials["token"]: None}
    assert all(
        re.fullmatch(r"[1-9]\d{3,5}", serial) and re.fullmatch("[0-9a-f]{12}", script_id)
        for serial, script_id in first.sites
    )
    assert len({*first.sites, *second.sites}) == 6
    assert first.credentials != second.credentials
    assert (configured.credentials, configured.tokens, configured.sites) == (
        {"token": "mine"},
        {"mine": None},
        first.sites,
    )
