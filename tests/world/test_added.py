"""Added sessions have the attributes that a test gives them, as generated sessions have theirs."""

from typing import Any

import numpy as np
import pytest
from msgspec import convert

from mockserver.world.generator.added import NewSession
from mockserver.world.generator.archetypes.dimensions import DIMENSIONS, EVENT_DIMENSIONS
from mockserver.world.generator.tracked import TrackedEvent, TrackedSession
from mockserver.world.model.query import Condition, Query
from mockserver.world.model.segments import FILTERS
from mockserver.world.model.session_batch import SessionBatch
from mockserver.world.model.spec import DEFAULT_START, WorldError, spec
from mockserver.world.model.vocabulary import load
from mockserver.world.world import World, build, with_events, with_session
from tests.world.digest import LATER
from tests.world.worlds import MINUTE

START = DEFAULT_START + 10 * 24 * 60 * MINUTE
EMPTY = build(spec(sessions=0))
COLUMNS = (
    *("start", "duration", "inactive", "pageviews", "custom_events", "outbounds", "errors", "events"),
    *("places", "acquisitions", "languages", "hostnames", "entries", "exits", "paths", "bounces", "end"),
)
AGENT = ("device", "os", "os_version", "browser", "browser_version")
SOURCE = ("channel", "referrer", "utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")


def add(world: World, **fields: Any) -> tuple[World, TrackedSession]:
    """Return the world with a session added, and the session."""
    return with_session(world, convert({"start": START, **fields}, NewSession))


def find(world: World, query: Query | None = None, now: int = LATER) -> SessionBatch:
    """Return the tracked sessions of the first site that match a query."""
    sources = world.sites[0].find(query or Query(), now).sources
    return sources[-1].take(0, sources[-1].total)


def describe(batch: SessionBatch, position: int) -> dict[str, Any]:
    """Return the fields with which a session can be added that is like a generated one."""
    fields: dict[str, Any] = {"pages": [], "events": [], "hostname": batch.hostnames[position]}
    for event in batch.list_events(position):
        if event.kind == "pageview":
            fields["pages"].append({"page": event.page.path + event.page.querystring, "at": event.at})
        else:
            fields["events"].append(
                {"name": event.name, "properties": dict(event.properties), "at": event.at}
            )
    agent = batch.agents[position]
    place = batch.places[position]
    source = batch.acquisitions[position]
    fields |= {name: getattr(place, name) for name in ("country", "region", "city")}
    fields |= {name: getattr(agent, name) for name in AGENT}
    fields |= {name: getattr(source, name) for name in SOURCE}
    return {**fields, "start": batch.start[position], "language": batch.languages[position]}


@pytest.mark.parametrize("vocabulary", ["default", "awkward"])
def test_added_session_equals_generated_session_with_same_fields(vocabulary: str) -> None:
    """Every column, every event and every entry of a filter is the same."""
    world = build(spec(sessions=60, vocabulary=vocabulary))
    empty = build(spec(sessions=0, vocabulary=vocabulary))
    words = load(vocabulary)
    population = world.sites[0].people
    generated = world.sites[0].find(Query(), LATER).sources[0].take(0, 60)
    compared = 0
    for position, row in enumerate(population.schedule.archetype_of(np.arange(60)).tolist()):
        events = generated.list_events(position)
        if {event.kind for event in events} - {"pageview", "custom_event"}:
            continue
        fields = describe(generated, position)
        one, session = add(empty, **{**fields, "user_id": "u" if generated.user_ids[position] else None})
        added = find(one)
        compared += 1

        assert {name: getattr(added, name) for name in COLUMNS} == {
            name: [getattr(generated, name)[position]] for name in COLUMNS
        }
        assert added.list_events(0) == events
        assert [getattr(added.agents[0], name) for name in AGENT] == [fields[name] for name in AGENT]
        for dimension in set(DIMENSIONS) - {"agent", "returning"}:
            entries, codes = DIMENSIONS[dimension](population.archetypes)
            begin = int(population.archetypes.begin[row])
            of_events = slice(begin, begin + len(events))
            own = codes[of_events if dimension in EVENT_DIMENSIONS else slice(row, row + 1)].tolist()
            expected = [entries[code] for code in own if code < len(entries)]
            assert session.entries(dimension, words) == expected, dimension
    assert compared > 20


def test_fields_that_are_not_given_are_unknown() -> None:
    added = find(add(EMPTY)[0])

    assert (added.pageviews, added.duration, added.bounces) == ([1], [0], [True])
    assert [place.country for place in added.places] == [agent.os for agent in added.agents] == [""]
    assert (added.user_ids, added.names, added.ips, added.languages) == ([None], [None], [""], [""])
    assert [source.channel for source in added.acquisitions] == ["Direct"]
    assert added.hostnames == [EMPTY.sites[0].hostnames[0]]


def test_pages_and_events_are_half_a_minute_apart_unless_given() -> None:
    default = find(add(EMPTY, pages=["/", "/pricing"], events=["a", ["b", {"n": 1}]])[0])
    spaced = find(add(EMPTY, pages=["/", {"page": "/docs", "seconds": 5}], events=[{"name": "a"}])[0])
    even = find(add(EMPTY, end=START + 4 * MINUTE, pages=["/"] * 5)[0])

    assert [event.at - START for event in default.list_events(0)] == [0, 30_000, 60_000, 90_000]
    assert [event.name for event in default.list_events(0)] == ["", "", "a", "b"]
    assert default.list_events(0)[-1].properties == {"n": 1}
    assert [event.at - START for event in spaced.list_events(0)] == [0, 5000, 35_000]
    assert [event.at - START for event in even.list_events(0)] == [nth * MINUTE for nth in range(5)]


def test_running_added_session_shows_events_until_now() -> None:
    world = add(EMPTY, pages=["/", "/pricing", "/docs"])[0]

    assert find(world, now=START - 1).start == []
    assert find(world, now=START + 30_000).pageviews == [2]
    assert find(world, now=START + 30_000).exits[0].path == "/pricing"


def test_own_campaign_and_page_are_kept() -> None:
    added = find(add(EMPTY, utm_source="news", utm_medium="email", pages=["/own?x=1"])[0])
    [source] = added.acquisitions

    assert (source.channel, source.utm_source, source.utm_medium) == ("Email", "news", "email")
    assert (added.entries[0].path, added.entries[0].querystring) == ("/own", "?x=1")


def test_event_that_client_sends_joins_added_session() -> None:
    world = add(EMPTY, user_id="u", country="DE")[0]
    joined = find(with_events(world, 0, [TrackedEvent(START + MINUTE, "more", user_id="u")]))
    new = find(with_events(world, 0, [TrackedEvent(START + 31 * MINUTE, "more", user_id="u")]))

    assert (joined.custom_events, [place.country for place in joined.places]) == ([1], ["DE"])
    assert joined.ids == find(world).ids
    assert (new.custom_events, [place.country for place in new.places]) == ([0, 1], ["DE", ""])
    assert len(set(new.visitors)) == 1


@pytest.mark.parametrize("field", FILTERS)
def test_added_session_is_found_only_by_filters_that_it_meets(field: str) -> None:
    world = add(
        EMPTY,
        country="DE",
        device="mobile",
        utm_source="news",
        channel="Email",
        user_id="u",
        referrer="https://mail.example/",
        utm_medium="email",
        utm_campaign="june",
        pages=["/", "/pricing"],
        events=["signup"],
    )[0]
    dimension, of = FILTERS[field]
    entry = world.sites[0].tracked_sessions(LATER)[0].entries(dimension, load("default"))[0]
    value = of(entry)
    other = not value if isinstance(value, bool) else f"{value}-other"
    found = [
        len(find(world, Query(where=(Condition(dimension, of, "equals", (each,)),))))
        for each in (value, other)
    ]

    assert value != ""
    assert found == [1, 0]


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "city-of-other-country": ({"country": "DE", "city": "Paris"}, "city: 'Paris'.*expected Berlin"),
    "unknown-country": ({"country": "ZZ"}, "country: unknown value 'ZZ'; known are US"),
    "near-device": ({"device": "mobil"}, "device: unknown value 'mobil'; did you mean 'mobile'"),
    "browser-of-other-system": ({"os": "Windows", "browser": "Safari"}, "browser: 'Safari'.*Chrome"),
    "near-channel": ({"channel": "Emial"}, "channel: unknown value 'Emial'; did you mean 'Email'"),
    "direct-with-campaign": ({"channel": "Direct", "utm_source": "x"}, "utm_source: 'x' does not go"),
    "medium-of-other-channel": ({"channel": "Email", "utm_medium": "cpc"}, "utm_medium:.*Paid Search"),
    "no-url": ({"referrer": "news"}, "referrer: 'news' is not a URL"),
    "other-host": ({"hostname": "x.example"}, "hostname: 'x.example'.*known are www"),
    "no-path": ({"pages": ["pricing"]}, "pages: 'pricing' is not a path"),
    "nothing": ({"pages": []}, "pages: a session needs"),
    "bad-event": ({"events": [["a", 1]]}, "events: .* is not an event"),
    "end-before-start": ({"end": START - 1}, "end: .* is before `start`"),
    "end-of-one-event": ({"end": START + 1}, "end: .* is not the time of the last event"),
    "gap": ({"end": START + 31 * MINUTE, "pages": ["/", "/"]}, "events: .*more than 30 minutes"),
    "first-event-later": ({"events": [{"name": "a", "at": START + 1}]}, "start: .*first event"),
    "event-before-start": ({"pages": ["/", {"page": "/", "at": START - 1}]}, "start: .*first event"),
    "two-times": ({"events": [{"name": "a", "at": START, "seconds": 1}]}, "at: cannot be combined"),
    "no-time": ({"start": "soon"}, "start: 'soon' is not an ISO 8601"),
    "before-calendar": ({"start": -1}, "start: -1 is outside"),
    "after-calendar": ({"start": "2100-01-01"}, "start: '2100-01-01' is outside"),
    "unknown-site": ({"site": 2}, "site: unknown index 2; use 0 to 1"),
    "overlap": ({"user_id": "u", "start": START + 30 * MINUTE}, "start: visitor 'u' has a session from"),
    "overlap-before": ({"user_id": "u", "start": START - 30 * MINUTE}, "start: visitor 'u' has a session"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_session_that_contradicts_itself_or_its_visitor_is_refused(case: str) -> None:
    fields, message = REFUSED[case]
    world = add(EMPTY, user_id="u")[0]

    with pytest.raises(WorldError, match=message):
        add(world, **fields)
    assert len(find(world)) == 1


def test_sessions_of_one_visitor_more_than_half_an_hour_apart_are_accepted() -> None:
    world = add(EMPTY, user_id="u")[0]
    world = add(world, user_id="u", start=START + 30 * MINUTE + 1)[0]
    world = add(world, user_id="v", name="Ada", email="ada@mail.example", tags=["vip"])[0]
    world = add(world)[0]
    found = find(world)

    assert len(found) == 4
    assert sorted(found.names, key=str) == ["Ada", None, None, None]
    assert len(set(found.visitors)) == 3
    assert [each for each in found.traits if each] == [
        {"name": "Ada", "email": "ada@mail.example", "$tags": ["vip"]}
    ]


def test_added_session_of_generated_visitor_keeps_visitor_and_its_distance() -> None:
    world = build(spec(sessions=100))
    batch = world.sites[0].find(Query(), LATER).page(0, 100).batches[0]
    position, user = next(pair for pair in enumerate(batch.user_ids) if pair[1])
    start = batch.start[position]
    added = find(add(world, user_id=user, start=DEFAULT_START - 10**9)[0])

    with pytest.raises(WorldError, match="has a session from"):
        add(world, user_id=user, start=start - 30 * MINUTE)
    assert added.visitors == [batch.visitors[position]]
    assert (added.names, added.places) == ([batch.names[position]], [batch.places[position]])
    assert find(add(world, user_id=user, start=DEFAULT_START - 10**9, country="JP")[0]).places != added.places
