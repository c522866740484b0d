"""Tracked events become sessions, and traits belong to visitors; both are immutable values."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mockserver.world.generator.archetypes.dimensions import DIMENSIONS
from mockserver.world.generator.tracked import Identity, TrackedData, TrackedEvent
from mockserver.world.model.hashing import key
from mockserver.world.model.profiles import PROFILES
from mockserver.world.model.query import Condition, Query
from mockserver.world.model.segments import FILTERS
from mockserver.world.model.session_batch import SessionBatch
from mockserver.world.model.spec import DEFAULT_START, spec
from mockserver.world.world import World, build, with_events, with_identity, without_sessions
from tests.world import digest
from tests.world.brute_force import page_rows, split_sessions
from tests.world.digest import LATER
from tests.world.worlds import ACTORS, HOUR, MINUTE, few, tracked_events

NOW = 1_789_000_000_000
WORLD = build(spec(sessions=100))
several = tracked_events(NOW).filter(bool)
empty = build(spec(sessions=0))


@given(events=tracked_events(NOW), now=st.integers(NOW - 4 * HOUR, NOW + 4 * HOUR))
def test_tracked_events_are_split_after_half_an_hour(events: tuple[TrackedEvent, ...], now: int) -> None:
    sessions = TrackedData().with_events(events).sessions(now)
    actual = [(session.actor, [event.at for event in session.events]) for session in sessions]

    assert sorted(actual) == sorted(
        (run[0].actor, [event.at for event in run]) for run in split_sessions(events, now)
    )
    assert [session.start for session in sessions] == sorted(session.start for session in sessions)
    assert [session.first for session in sorted(sessions, key=lambda each: (each.actor, each.start))] == [
        actor not in {each for each, _ in sorted(actual)[:nth]}
        for nth, (actor, _) in enumerate(sorted(actual))
    ]


def test_tracked_events_exactly_half_an_hour_apart_share_session() -> None:
    gaps = [
        [
            TrackedEvent(NOW, "a", anonymous_id="c"),
            TrackedEvent(NOW + 30 * MINUTE + more, "b", anonymous_id="c"),
        ]
        for more in (0, 1)
    ]

    assert [len(TrackedData().with_events(events).sessions(LATER)) for events in gaps] == [1, 2]


@given(batches=st.lists(several, min_size=2, max_size=4))
def test_tracked_data_with_events_leaves_original_unchanged(batches: list[tuple[TrackedEvent, ...]]) -> None:
    overlays = [TrackedData()]
    for batch in batches:
        overlays.append(overlays[-1].with_events(batch))
    before = [overlay.sessions(LATER) for overlay in overlays]
    branch = overlays[1].with_events(batches[-1])
    expected = TrackedData().with_events((*batches[0], *batches[-1]))

    assert branch.sessions(LATER) == expected.sessions(LATER)
    assert [overlay.sessions(LATER) for overlay in overlays] == before
    assert [overlay.count for overlay in overlays] == [
        sum(map(len, batches[:nth])) for nth in range(len(overlays))
    ]
    assert overlays[-1].sessions(LATER) == TrackedData().with_events(
        event for batch in batches for event in batch
    ).sessions(LATER)


@few
@given(events=several)
def test_with_events_changes_only_new_world(events: tuple[TrackedEvent, ...]) -> None:
    before = [digest.hash_site(site, LATER) for site in WORLD.sites]
    world = with_events(WORLD, 1, events)

    assert [digest.hash_site(site, LATER) for site in WORLD.sites] == before
    assert digest.hash_site(world.sites[0], LATER) == before[0]
    assert world.sites[1].find(Query(), LATER).total == 100 + len(split_sessions(events, LATER))


@given(arrivals=several.flatmap(lambda events: st.tuples(st.just(events), st.permutations(events))))
def test_tracked_sessions_do_not_depend_on_order_of_arrival(
    arrivals: tuple[tuple[TrackedEvent, ...], list[TrackedEvent]],
) -> None:
    pages = [with_events(empty, 0, events).sites[0].find(Query(), LATER).page(0, 50) for events in arrivals]

    assert page_rows(pages[0]) == page_rows(pages[1])


@given(events=several)
def test_tracked_session_columns_equal_sent_values(events: tuple[TrackedEvent, ...]) -> None:
    site = with_events(empty, 0, events).sites[0]
    batch = site.find(Query(), LATER).page(0, 50).batches[0]
    sent = sorted((event.at, event.name, repr(event.properties)) for event in events)
    listed = [event for each in range(len(batch)) for event in batch.list_events(each)]

    assert sorted((event.at, event.name, repr(event.properties)) for event in listed) == sent
    assert {event.kind for event in listed} == {"custom_event"}
    assert {user for user in batch.user_ids if user} == {event.user_id for event in events if event.user_id}
    assert batch.custom_events == [len(batch.list_events(each)) for each in range(len(batch))]
    assert {*batch.languages, *batch.hostnames, *batch.ips} == {""}
    assert {place.city for place in batch.places} | {agent.os for agent in batch.agents} == {""}
    assert {page.path for page in (*batch.entries, *batch.exits)} == {""}
    assert [len(path) for path in batch.paths] == [0] * len(batch)
    assert len(set(zip(batch.visitors, batch.user_ids, strict=True))) == len(
        {event.actor for event in events}
    )


@given(events=several)
def test_tracked_session_keeps_id_while_it_grows(events: tuple[TrackedEvent, ...]) -> None:
    site = with_events(empty, 0, events).sites[0]
    last = max(events, key=lambda event: event.at)
    visitor = f"{key(site.key, 'actor', last.actor) >> 16:012x}"
    page = site.find(Query(actors=((visitor,),)), LATER).page(0, 50)
    number = page.batches[0].ids[-1]
    more = with_events(
        with_events(empty, 0, events),
        0,
        [TrackedEvent(last.at + MINUTE, "more", user_id=last.user_id, anonymous_id=last.anonymous_id)],
    )
    grown = more.sites[0].session(number, LATER)
    before = site.session(number, LATER)

    assert grown is not None
    assert before is not None
    assert grown.start == before.start
    assert grown.end == [last.at + MINUTE]


@example(traits=[{"name": "x", "plan": "x"}, {"email": "y", "plan": "y"}])
@given(
    traits=st.lists(
        st.dictionaries(st.sampled_from(["name", "email", "plan"]), st.sampled_from(["x", "y"])),
        min_size=1,
        max_size=3,
    )
)
def test_identities_merge_traits_by_name(traits: list[dict[str, str]]) -> None:
    world = with_events(
        empty, 0, [TrackedEvent(NOW, "a", user_id=ACTORS[0]), TrackedEvent(NOW, "a", user_id=ACTORS[1])]
    )
    for each in traits:
        world = with_identity(world, 0, Identity(each, user_id=ACTORS[0]))
    batch = world.sites[0].find(Query(), LATER).page(0, 5).batches[0]
    merged = {name: value for each in traits for name, value in each.items()}

    assert batch.traits == [merged or None, None]
    assert batch.names == [merged.get("name"), None]
    assert batch.emails == [merged.get("email"), None]


def test_identity_null_tags_are_empty() -> None:
    world = with_events(empty, 0, [TrackedEvent(NOW, "a", user_id="ann")])
    tags = [
        with_identity(world, 0, Identity({"$tags": each}, user_id="ann")).sites[0].find(Query(), LATER)
        for each in (None, [], ["vip"])
    ]

    assert [found.page(0, 5).batches[0].tags for found in tags] == [[[]], [[]], [["vip"]]]


def test_tracked_event_user_id_takes_precedence_over_anonymous_id() -> None:
    both = {"user_id": "ann", "anonymous_id": "c"}

    assert TrackedEvent(NOW, "a", **both).actor == Identity({}, **both).actor == "ann"  # type: ignore[arg-type]  # two texts
    assert TrackedEvent(NOW, "a", anonymous_id="c").actor == Identity({}, anonymous_id="c").actor == "c"


@given(events=several, now=st.integers(NOW - 4 * HOUR, NOW + 4 * HOUR))
def test_tracked_events_after_now_are_invisible(events: tuple[TrackedEvent, ...], now: int) -> None:
    site = with_events(empty, 0, events).sites[0]
    batch = site.find(Query(), now).page(0, 50).batches[0]
    listed = [event.at for each in range(len(batch)) for event in batch.list_events(each)]

    assert sorted(listed) == sorted(event.at for event in events if event.at <= now)
    assert all(end <= now for end in batch.end)


@given(events=several, word=st.sampled_from(sorted(FILTERS)))
def test_tracked_sessions_support_every_filter(events: tuple[TrackedEvent, ...], word: str) -> None:
    site = with_events(empty, 0, events).sites[0]
    dimension, read = FILTERS[word]
    halves = [
        Query(where=(Condition(dimension, read, "equals", ("", "signup_click", True), negate),))
        for negate in (False, True)
    ]

    assert sum(site.find(half, LATER).total for half in halves) == len(split_sessions(events, LATER))


@given(
    events=several,
    word=st.sampled_from(sorted(set(FILTERS) - {"event", "identified", "returning", "bounce", "page"})),
)
def test_tracked_session_unknown_values_are_empty(events: tuple[TrackedEvent, ...], word: str) -> None:
    site = with_events(empty, 0, events).sites[0]
    dimension, read = FILTERS[word]
    unknown = site.find(Query(where=(Condition(dimension, read, "equals", ("",)),)), LATER)
    paged = site.find(Query(where=(Condition("page", FILTERS["page"][1], "regex", ("",)),)), LATER)

    assert unknown.total == len(split_sessions(events, LATER))
    assert paged.total == 0


@given(events=several)
def test_tracked_sessions_are_found_by_user_id_and_visitor_digits(events: tuple[TrackedEvent, ...]) -> None:
    site = with_events(empty, 0, events).sites[0]
    everyone = site.find(Query(), LATER).page(0, 50).batches[0]

    assert site.find(Query(actors=(("c", "d"),)), LATER).total == 0
    for digits, user in set(zip(everyone.visitor_digits, everyone.user_ids, strict=True)):
        theirs = [
            number
            for number, visitor in zip(everyone.ids, everyone.visitor_digits, strict=True)
            if visitor == digits
        ]
        for actor in (digits, *([user] if user else [])):
            found, rest = (
                site.find(Query(actors=((actor,),)), LATER),
                site.find(Query(others=(actor,)), LATER),
            )

            assert found.page(0, 50).batches[0].ids == theirs
            assert rest.page(0, 50).batches[0].ids == [
                number for number in everyone.ids if number not in theirs
            ]


@given(events=several)
def test_tracked_returning_is_true_after_first_session(events: tuple[TrackedEvent, ...]) -> None:
    site = with_events(empty, 0, events).sites[0]
    runs = split_sessions(events, LATER)
    found = site.find(Query(where=empty.segments["returning"].where), LATER)
    new = site.find(Query(where=empty.segments["new"].where), LATER)

    assert found.total == len(runs) - len({run[0].actor for run in runs})
    assert new.total == len({run[0].actor for run in runs})


def test_tracked_event_before_1970_appears_in_pages() -> None:
    site = with_events(
        WORLD,
        0,
        [TrackedEvent(-(10**11), "old", anonymous_id="c"), TrackedEvent(NOW, "new", anonymous_id="c")],
    ).sites[0]
    found = site.find(Query(), LATER)
    one_by_one = [row for offset in range(found.total) for row in page_rows(found.page(offset, 1))]

    assert one_by_one == page_rows(found.page(0, 1000))
    assert one_by_one[0][:2] == (-(10**11), 2)
    assert all(before[0] <= after[0] for before, after in pairwise(one_by_one))


VISITOR_COLUMNS = (
    *("visitors", "user_ids", "names", "emails", "tags", "traits"),
    *("ips", "places", "agents", "languages"),
)


@pytest.mark.parametrize("profile", ["default", "flowing", "awkward"])
def test_event_with_user_id_of_generated_visitor_belongs_to_that_visitor(profile: str) -> None:
    world = build(spec(**PROFILES[profile]))
    site = world.sites[0]
    first = site.find(Query(), LATER).page(0, 200).batches[0]
    users = [position for position, user in enumerate(first.user_ids) if user]
    for position in users[:20]:
        user = first.user_ids[position]
        end = first.start[position] + first.duration[position]
        events = [
            TrackedEvent(at, "sent", user_id=user) for at in (DEFAULT_START - 10**11, end + 40 * MINUTE)
        ]
        tracked = with_events(world, 0, events).sites[0].find(Query(), LATER).sources[-1].take(0, 2)

        for name in VISITOR_COLUMNS:
            assert getattr(tracked, name) == [getattr(first, name)[position]] * 2, name
        first_events = [
            with_events(world, 0, [event]).sites[0].tracked_sessions(LATER)[0].first for event in events
        ]
        assert first_events == [True, False]
    assert len(users) > 20


def test_later_traits_replace_those_of_generated_visitor() -> None:
    batch = WORLD.sites[0].find(Query(), LATER).page(0, 100).batches[0]
    position, user = next(pair for pair in enumerate(batch.user_ids) if pair[1])
    world = with_events(WORLD, 0, [TrackedEvent(NOW, "sent", user_id=user)])
    world = with_identity(world, 0, Identity({"name": "Ada", "$tags": ["vip"]}, user_id=user))
    tracked = world.sites[0].find(Query(), LATER).sources[-1].take(0, 1)

    assert (tracked.names, tracked.tags) == (["Ada"], [["vip"]])
    assert tracked.emails == [batch.emails[position]]


def test_event_of_anyone_else_begins_own_visitor() -> None:
    """An anonymous generated visitor has no user id, and an anonymous id is never one."""
    batch = WORLD.sites[0].find(Query(), LATER).page(0, 100).batches[0]
    anonymous = next(n for n, user in enumerate(batch.user_ids) if not user)
    identified = next(n for n, user in enumerate(batch.user_ids) if user)
    digits = batch.visitor_digits
    actors: list[dict[str, Any]] = [
        {"user_id": f"user_{digits[anonymous]}"},
        {"user_id": digits[identified]},
        {"user_id": "user_000000000000"},
        {"anonymous_id": f"user_{digits[identified]}"},
        {"anonymous_id": digits[identified]},
    ]
    for actor in actors:
        if actor.get("user_id") in {f"user_{digits[n]}" for n, user in enumerate(batch.user_ids) if user}:
            continue
        world = with_events(WORLD, 0, [TrackedEvent(NOW, "sent", **actor)])
        tracked = world.sites[0].find(Query(), LATER).sources[-1].take(0, 1)

        assert tracked.visitors[0] not in batch.visitors
        assert tracked.names == [None]


def pick_user(world: World) -> tuple[SessionBatch, int]:
    """Return sessions, and the position of one of an identified visitor with events of several kinds."""
    batch = world.sites[0].find(Query(), LATER).page(0, 100).batches[0]
    busy = zip(batch.user_ids, batch.outbounds, batch.custom_events, batch.pageviews, strict=True)
    return batch, next(position for position, counts in enumerate(busy) if all(counts))


@pytest.mark.parametrize(
    ("seconds", "joins"),
    [(-1801, False), (-1800, True), (0, True), (None, True), (1800, True), (1801, False)],
)
def test_event_near_generated_session_of_its_user_joins_it(seconds: int | None, joins: bool) -> None:  # noqa: FBT001
    """*seconds* are before the start or after the end; None is in between."""
    batch, position = pick_user(WORLD)
    start, end = batch.start[position], batch.end[position]
    at = start + 1 if seconds is None else (start if seconds < 0 else end) + seconds * 1000
    event = TrackedEvent(at, "sent", {"n": 1}, user_id=batch.user_ids[position])
    site = with_events(WORLD, 0, [event]).sites[0]
    found = site.find(Query(), LATER)
    tracked = found.sources[-1].take(0, 1)
    grown = site.session(batch.ids[position], LATER)

    assert found.total == (100 if joins else 101)
    assert grown is not None
    assert (tracked.ids == [batch.ids[position]]) == joins
    assert (grown.start[0], grown.end[0]) == ((min(start, at), max(end, at)) if joins else (start, end))
    assert [each for each in grown.list_events(0) if each.at != at or each.name != "sent"] == [
        *batch.list_events(position)
    ]
    assert grown.custom_events == [batch.custom_events[position] + joins]
    for name in (
        *VISITOR_COLUMNS,
        "ids",
        "pageviews",
        "outbounds",
        "errors",
        "acquisitions",
        "hostnames",
        "paths",
    ):
        assert getattr(grown, name) == [getattr(batch, name)[position]], name


def test_filters_and_totals_count_grown_session_once() -> None:
    batch, position = pick_user(WORLD)
    event = TrackedEvent(batch.start[position], "sent", user_id=batch.user_ids[position])
    site = with_events(WORLD, 0, [event]).sites[0]
    number = batch.ids[position]
    for dimension, of in FILTERS.values():
        for value in set(map(of, DIMENSIONS[dimension](WORLD.sites[0].people.archetypes)[0])):
            query = Query(where=(Condition(dimension, of, "equals", (value,)),))
            counts = [each.find(query, LATER).total for each in (site, WORLD.sites[0])]
            assert counts[0] == counts[1], (dimension, value)
    assert len(page_rows(site.find(Query(session=number), LATER).page(0, 2))) == 1
    assert site.find(Query(actors=((str(batch.user_ids[position]),),)), LATER).total >= 1
    deleted = without_sessions(with_events(WORLD, 0, [event]), 0, [number]).sites[0]
    assert deleted.find(Query(), LATER).total == 99
    assert deleted.session(number, LATER) is None
    again = with_events(without_sessions(WORLD, 0, [number]), 0, [event]).sites[0]
    assert again.find(Query(), LATER).total == 100
    assert again.session(number, LATER) is None


def test_visitor_of_grown_session_returns_as_before() -> None:
    """Some visitors of a first session in the world had visits before the world begins."""
    population = WORLD.sites[0].people
    batch = WORLD.sites[0].find(Query(), LATER).page(0, 100).batches[0]
    returning = population.archetypes.returning[population.schedule.archetype_of(np.arange(100))].tolist()
    compared = []
    for position, user in enumerate(batch.user_ids):
        if user:
            event = TrackedEvent(batch.start[position], "sent", user_id=user)
            [session] = with_events(WORLD, 0, [event]).sites[0].tracked_sessions(LATER)
            assert session.first != returning[position]
            compared.append(returning[position])
    assert len(set(compared)) == 2
