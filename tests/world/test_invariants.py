"""Invariants of all worlds, small or vast."""

import os
import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from ipaddress import ip_address, ip_network
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec import json

from mockserver.world.generator.columns import GeneratedSessions
from mockserver.world.model.profiles import PROFILES
from mockserver.world.model.query import Query
from mockserver.world.model.session_batch import Event, SessionBatch
from mockserver.world.model.spec import spec
from mockserver.world.model.vocabulary import load
from mockserver.world.world import Site, build
from tests.world import digest
from tests.world.digest import LATER
from tests.world.worlds import DAY, HOUR, MINUTE, Case, cases, exact, few, seeds, small, vast, vocabularies

ROOT = Path(__file__).parents[2]
TIMEOUT = 30 * MINUTE
RESERVED = (".example", ".test", ".example.com", ".example.org", ".example.net")
FIRST_200 = "8bb9b6a4ba7cedd41aa783d4b6903f897e36a875256143c7501f36efe39dde0f"
"""A change of this digest changes the world of every user, and needs a World entry in the changelog."""
either = small | vast


def sample_batches(case: Case, share: float, most: int = 60) -> list[SessionBatch]:
    """Return the batches of up to *most* consecutive sessions of a site, including bots."""
    found = case.site.find(Query(bots=True), case.now)
    return [batch for batch in found.page(int(found.total * share), most).batches if batch.kind < 2]


def list_stories(batches: list[SessionBatch]) -> list[tuple[SessionBatch, int, list[Event]]]:
    """Return each session of batches with its events."""
    return [
        (batch, position, batch.list_events(position)) for batch in batches for position in range(len(batch))
    ]


shares = st.floats(0, 1)


# 1: The same spec gives the same bytes.


@pytest.mark.parametrize("hash_seed", ["0", "4242"])
def test_digests_are_equal_in_another_process(hash_seed: str) -> None:
    odd = [
        spec(sessions=10**12, seed=2**63 - 1, sites=1, vocabulary="awkward"),
        spec(sessions_per_day=10**9, start=0, sites=1, bots_percent=100),
        spec(
            sessions=40,
            quiet_days=[0, 1, 2, 3, 4, 5, 6],
            grain=HOUR,
            segments={"s": {"country": ["DE", "FR"]}},
        ),
    ]
    specs = [*(spec(**fields) for fields in PROFILES.values()), *odd]
    command = [sys.executable, "-m", "tests.world.digest"]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(
        command, input=json.encode(specs), capture_output=True, check=True, cwd=ROOT, env=environment
    )

    assert json.decode(ran.stdout) == digest.hash_specs(specs)


@few
@given(case=cases(tracked=False), size=st.integers(1, 70), share=shares)
def test_sessions_do_not_depend_on_order_and_size_of_pages(case: Case, size: int, share: float) -> None:
    expected = digest.page_rows(case.site.find(Query(bots=True), case.now).page(0, 10**6))
    fresh = Site(case.spec, load(case.spec.vocabulary), case.number)
    fresh.find(Query(), case.spec.start + int(DAY * share)).page(0, 3)
    found = fresh.find(Query(bots=True), case.now)
    pages = [digest.page_rows(found.page(offset, size)) for offset in reversed(range(0, found.total, size))]

    assert [row for page in reversed(pages) for row in page] == expected


@few
@given(case=cases(vast, tracked=False), share=shares, order=st.permutations(range(6)))
def test_vast_world_sessions_do_not_depend_on_order_of_pages(
    case: Case, share: float, order: list[int]
) -> None:
    found = case.site.find(Query(bots=True), case.now)
    offset = int(found.total * share)
    fresh = Site(case.spec, load(case.spec.vocabulary), case.number).find(Query(bots=True), case.now)
    one_by_one = {nth: digest.page_rows(fresh.page(offset + nth, 1)) for nth in order}

    assert [row for nth in range(6) for row in one_by_one[nth]] == digest.page_rows(found.page(offset, 6))


@few
@given(seed=seeds, other=seeds)
def test_different_seed_gives_different_world(seed: int, other: int) -> None:
    worlds = [build(spec(seed=each, sessions=20)) for each in (seed, other)]
    ids = [site.find(Query(), LATER).page(0, 20).batches[0].ids for world in worlds for site in world.sites]

    assert seed == other or len({number for site in ids for number in site}) == 80


def test_default_world_has_recorded_digest() -> None:
    world = build(spec(**PROFILES["default"]))
    values = [
        (site.hostnames, digest.page_rows(site.find(Query(), LATER).page(0, 200))) for site in world.sites
    ]

    assert digest.hash_values(values) == FIRST_200


def test_digest_covers_every_column() -> None:
    batch = build(spec(sessions=50)).sites[0].find(Query(), LATER).page(0, 50).batches[0]

    assert len(digest.COLUMNS) == 27
    assert [len(line) for line in digest.batch_rows(batch)] == [len(digest.COLUMNS) + 1] * 50
    for name in digest.COLUMNS:
        assert [line[digest.COLUMNS.index(name)] for line in digest.batch_rows(batch)] == getattr(batch, name)


# 2: Exactly the requested number of sessions, within the time range, and nothing from the future.


@given(
    case=cases(
        exact(st.integers(0, 300), st.integers(1, 60 * DAY))
        | exact(st.integers(10**9, 10**12), st.integers(1, 60 * DAY))
    )
)
def test_exact_world_has_requested_number_of_sessions(case: Case) -> None:
    site, size = build(case.spec).sites[case.number], case.spec.sessions or 0

    assert site.find(Query(), LATER).total == size
    assert site.find(Query(bots=True), LATER).total == size + size * case.spec.bots_percent // 100
    assert (
        site.find(Query(start=case.spec.start, stop=case.spec.end, bots=True), LATER).total
        == site.find(Query(bots=True), LATER).total
    )


@few
@given(case=cases(either), share=shares)
def test_starts_ascend_between_start_and_end(case: Case, share: float) -> None:
    batches = sample_batches(case, share, 300)
    end = min(case.spec.end or LATER, case.now + 1)

    for batch in batches:
        assert batch.index == list(range(batch.index[0], batch.index[0] + len(batch))) if len(batch) else True
        assert batch.start == sorted(batch.start)
        assert all(case.spec.start <= start < end for start in batch.start)


@few
@given(case=cases(either), back=st.integers(0, 3 * HOUR) | st.just(0), share=shares)
def test_no_event_is_later_than_now(case: Case, back: int, share: float) -> None:
    found = case.site.find(Query(bots=True), case.now)
    page = found.page(int(found.total * share), 40) if back == 0 else found.older(None, 40)
    now = max([place.start for place in page.sort_keys()], default=0) + back
    batches = case.site.find(Query(bots=True), now).older(None, 40).batches
    batch_stories = list_stories(list(batches))

    assert batch_stories or not page.sort_keys()
    assert all(batch.end[position] <= now for batch, position, _ in batch_stories)
    for batch, position, story in batch_stories:
        over = case.site.session(batch.ids[position], LATER)
        assert over is not None
        assert story == [event for event in over.list_events(0) if event.at <= now]
        assert actual_columns(batch, position) == expected_columns(story)


@given(
    case=cases(exact(st.integers(1, 100), st.integers(1, 20 * DAY)), tracked=False),
    back=st.integers(0, 2 * HOUR),
)
def test_running_session_gains_events_as_time_passes(case: Case, back: int) -> None:
    site = case.site
    whole = GeneratedSessions(site.people, np.arange(case.spec.sessions or 0), LATER, {})
    longest = max(range(len(whole)), key=lambda position: whole.duration[position])
    now = max(whole.end[longest] - back, whole.start[longest])
    running = site.session(whole.ids[longest], now)

    assert running is not None
    assert running.end[0] <= now <= whole.end[longest]
    assert running.list_events(0) == [event for event in whole.list_events(longest) if event.at <= now]
    assert (running.visitors[0], running.names[0]) == (whole.visitors[longest], whole.names[longest])


# 3: Events, duration and counts agree.


def expected_columns(story: list[Event]) -> dict[str, object]:
    """Return the columns of a session with these events."""
    kinds = Counter(event.kind for event in story)
    others = len(story) - kinds["pageview"]
    pages = [event.page for event in story if event.kind == "pageview"]
    return {
        "duration": story[-1].at - story[0].at,
        "inactive": sum(max(after.at - event.at - MINUTE, 0) for event, after in pairwise(story)),
        "pageviews": kinds["pageview"],
        "custom_events": kinds["custom_event"],
        "outbounds": kinds["outbound"],
        "errors": kinds["error"],
        "events": others,
        "bounces": kinds["pageview"] <= 1 and not others,
        "end": story[-1].at,
        "start": story[0].at,
        "paths": pages,
        "entries": pages[0] if pages else None,
        "exits": pages[-1] if pages else None,
    }


def actual_columns(batch: SessionBatch, position: int) -> dict[str, object]:
    """Return a session's columns that :func:`expected_columns` has; a tracked session has no pages."""
    values = {
        name: getattr(batch, name)[position]
        for name in expected_columns([Event(0, "", batch.entries[0], "", {}, "")])
    }
    return values if batch.kind < 2 else {**values, "entries": None, "exits": None}


@given(case=cases(either), share=shares)
def test_events_agree_with_columns_of_session(case: Case, share: float) -> None:
    found = case.site.find(Query(bots=True), case.now)
    batch_stories = list_stories(list(found.page(int(found.total * share), 60).batches))

    assert [actual_columns(batch, position) for batch, position, _ in batch_stories] == [
        expected_columns(story) for *_, story in batch_stories
    ]
    assert all(
        0 <= after.at - event.at <= TIMEOUT for *_, story in batch_stories for event, after in pairwise(story)
    )


@few
@given(case=cases(either, tracked=False), share=shares)
def test_pageviews_follow_links_of_pages(case: Case, share: float) -> None:
    words = load(case.spec.vocabulary)
    links = {page: {words.pages[link] for link in page.links} for page in words.pages}
    actions = {page: [words.actions[action] for action in page.actions] for page in words.pages}

    for batch, position, story in list_stories(sample_batches(case, share)):
        acquisition, host = batch.acquisitions[position], batch.hostnames[position]
        assert (story[0].kind, story[0].referrer, story[0].page) == (
            "pageview",
            acquisition.referrer,
            batch.entries[position],
        )
        for event, after in pairwise(story):
            assert after.referrer == f"https://{host}{event.page.path}{event.page.querystring}"
            assert after.page in links[event.page] if after.kind == "pageview" else after.page == event.page
        for event in story:
            known = [(action.kind, action.name, action.properties) for action in actions[event.page]]
            assert (event.kind, event.name, event.properties) in [*known, ("pageview", "", {})]


# 4: A visitor returns later, with the same attributes.


def visits_by_visitor(case: Case) -> list[list[tuple[SessionBatch, int]]]:
    """Return all sessions of each visitor of a small site, in order."""
    theirs: dict[tuple[int, int], list[tuple[SessionBatch, int]]] = {}
    for batch in case.site.find(Query(bots=True), case.now).page(0, 10**6).batches:
        for position, visitor in enumerate(batch.visitors):
            theirs.setdefault((batch.kind, visitor), []).append((batch, position))
    return list(theirs.values())


@given(case=cases())
def test_visits_of_one_visitor_do_not_overlap(case: Case) -> None:
    gaps = [
        after.start[next_one] - batch.end[position]
        for theirs in visits_by_visitor(case)
        for (batch, position), (after, next_one) in pairwise(theirs)
    ]

    assert [gap for gap in gaps if gap <= TIMEOUT] == []


def visitor_attributes(batch: SessionBatch, position: int) -> tuple[object, ...]:
    """Return the attributes that a visitor keeps."""
    return (
        batch.ips[position],
        batch.places[position],
        batch.languages[position],
        batch.agents[position],
    )


def login(batch: SessionBatch, position: int) -> tuple[object, ...]:
    """Return the attributes that a visitor has from the login on."""
    return (
        batch.user_ids[position],
        batch.names[position],
        batch.emails[position],
        batch.tags[position],
        batch.traits[position],
    )


ANONYMOUS: tuple[object, ...] = (None, None, None, [], None)


@few
@given(case=cases(tracked=False))
def test_visitor_attributes_are_equal_in_all_visits(case: Case) -> None:
    changed = [
        theirs
        for theirs in visits_by_visitor(case)
        if any(visitor_attributes(*visit) != visitor_attributes(*theirs[0]) for visit in theirs)
    ]

    assert changed == []


@few
@given(case=cases(tracked=False))
def test_visitor_is_anonymous_at_most_in_first_visit(case: Case) -> None:
    for theirs in visits_by_visitor(case):
        logins = [login(*visit) for visit in theirs]

        assert all(each == logins[-1] for each in logins[1:])
        assert logins[0] in (logins[-1], ANONYMOUS)


@few
@given(case=cases(vast, tracked=False), share=shares)
def test_vast_world_visitor_attributes_are_equal_and_visits_apart(case: Case, share: float) -> None:
    for batch in sample_batches(case, share, 30):
        number = Counter(batch.visitors)
        for position, visitor in enumerate(batch.visitors):
            query = Query(actors=((f"{visitor:012x}",),), bots=True)
            theirs = next(
                each
                for each in case.site.find(query, case.now).page(0, 100).batches
                if each.kind == batch.kind
            )
            gaps = [start - end for end, start in zip(theirs.end, theirs.start[1:], strict=False)]
            assert all(gap > TIMEOUT for gap in gaps)
            assert {repr(visitor_attributes(theirs, visit)) for visit in range(len(theirs))} == {
                repr(visitor_attributes(batch, position))
            }
            assert number[visitor] <= len(theirs) <= 8


@few
@given(case=cases(tracked=False))
def test_query_by_visitor_returns_all_visits(case: Case) -> None:
    everyone = [(batch, position) for theirs in visits_by_visitor(case) for batch, position in theirs]

    for theirs in visits_by_visitor(case)[:15]:
        batch, position = theirs[0]
        visitor, user = batch.visitors[position], batch.user_ids[position]
        for actor in [f"{visitor:012x}", *([user] if user else [])]:
            found = case.site.find(Query(actors=((actor,),), bots=True), case.now).page(0, 1000)
            values = sorted(one.ids[n] for one, n in everyone if one.visitors[n] == visitor)
            assert sorted(found.map_rows(lambda each: each.ids)) == values


@given(case=cases(exact(st.integers(300, 500), st.integers(20 * DAY, 60 * DAY)), tracked=False))
def test_small_world_has_returning_visitors(case: Case) -> None:
    assume(not case.spec.quiet_days)
    lengths = {
        len(theirs) for theirs in visits_by_visitor(replace(case, now=LATER)) if theirs[0][0].kind == 0
    }

    assert max(lengths) > 1


# 5: Attributes agree with each other.


@few
@given(case=cases(either, tracked=False), share=shares)
def test_session_attributes_are_consistent(case: Case, share: float) -> None:
    words = load(case.spec.vocabulary)
    occurs = {
        kind: [
            {entries[0], *(each for each in entries if each.weight)}
            for entries in (words.places, agents, words.acquisitions)
        ]
        for kind, agents in ((0, words.agents), (1, words.bots))
    }

    for batch in sample_batches(case, share):
        places, agents, acquisitions = occurs[batch.kind]
        assert set(batch.places) <= places
        assert set(batch.agents) <= agents
        assert set(batch.acquisitions) <= acquisitions
        assert set(batch.hostnames) <= set(case.site.hostnames)
        for position, place in enumerate(batch.places):
            assert batch.languages[position] in ({place.language, "en-US"} if place.language else {""})
            assert batch.entries[position] == batch.paths[position][0]
            assert batch.exits[position] == batch.paths[position][-1]
            assert batch.entries[position].entry_weight > 0
            named = [
                getattr(batch, name)[position] is not None
                for name in ("user_ids", "names", "emails", "traits")
            ]
            assert named in ([True] * 4, [False] * 4)
            assert not batch.tags[position] or named[0]
            traits = batch.traits[position] or {"name": None, "email": None}
            assert (traits["name"], traits["email"]) == (batch.names[position], batch.emails[position])
            assert batch.user_ids[position] in {None, f"user_{batch.visitors[position]:012x}"}


@few
@given(case=cases(either, tracked=False), share=shares)
def test_bots_come_directly_and_have_few_events(case: Case, share: float) -> None:
    for batch in sample_batches(case, share):
        if batch.kind == 1:
            assert {acquisition.channel for acquisition in batch.acquisitions} <= {"Direct"}
            assert {batch.user_ids[n] for n in range(len(batch))} <= {None}
            assert all(
                1 <= pages <= 3 and not events
                for pages, events in zip(batch.pageviews, batch.events, strict=True)
            )


# 6: Ids are unique and known.


@few
@given(case=cases())
def test_session_ids_are_unique(case: Case) -> None:
    page = case.site.find(Query(bots=True), case.now).page(0, 10**6)
    ids = page.map_rows(lambda batch: batch.ids)

    assert len(set(ids)) == len(ids)
    assert all(0 <= number < 1 << 56 for number in ids)
    for batch, position, _ in list_stories(list(page.batches)):
        alone = case.site.session(batch.ids[position], case.now)
        assert alone is not None
        assert (alone.kind, alone.ids, alone.start, len(alone)) == (
            batch.kind,
            [batch.ids[position]],
            [batch.start[position]],
            1,
        )


@few
@given(case=cases(vast), share=shares)
def test_vast_world_session_by_id_returns_session(case: Case, share: float) -> None:
    for batch in sample_batches(case, share, 20):
        values = digest.batch_rows(batch)
        assert len(set(batch.ids)) == len(batch)
        for position, number in enumerate(batch.ids):
            alone = case.site.session(number, case.now)
            assert alone is not None
            assert digest.batch_rows(alone) == values[position : position + 1]
            assert case.site.session(number, batch.start[position] - 1) is None


@few
@given(case=cases(), number=st.integers(-(2**70), 2**70) | st.integers(0, 2**56 - 1))
def test_session_by_unknown_id_returns_none(case: Case, number: int) -> None:
    ids = set(case.site.find(Query(bots=True), case.now).page(0, 10**6).map_rows(lambda batch: batch.ids))
    near = {known + step for known in list(ids)[:20] for step in (-1, 1, 1 << 56)}
    aliases = {1 << 56 | (known ^ (1 << 28) ^ 1) for known in list(ids)[:20]}

    assert {
        each for each in {number, *near, *aliases} - ids if case.site.session(each, case.now) is not None
    } == set()


@given(case=cases(small | exact(st.just(10**9), st.just(31 * DAY)), tracked=False), share=shares)
def test_session_by_id_of_other_site_returns_none(case: Case, share: float) -> None:
    foreign = [site for site in case.world.sites if site.number != case.number]
    other = build(spec(sessions=5, seed=case.spec.seed ^ 1)).sites[0]
    ids = [number for batch in sample_batches(case, share, 20) for number in batch.ids]

    assert [site.session(number, case.now) for site in (*foreign, other) for number in ids] == [None] * len(
        ids
    ) * (len(foreign) + 1)


# 9: Nothing is real.


@few
@given(case=cases(either, tracked=False), share=shares)
def test_addresses_and_hosts_are_reserved(case: Case, share: float) -> None:
    benchmarks = ip_network("198.18.0.0/15")
    batches = sample_batches(case, share)
    mails = [mail for batch in batches for mail in batch.emails if mail is not None]

    assert case.site.domain.endswith(".example")
    assert all(host.endswith(f".{case.site.domain}") for host in case.site.hostnames)
    assert all(re.fullmatch(r"[a-z]+\.[a-z]+\.[0-9a-f]{4}@[a-z0-9.-]+", mail) for mail in mails)
    assert all(f".{mail.partition('@')[2]}".endswith(RESERVED) for mail in mails)
    assert all(ip_address(ip) in benchmarks for batch in batches for ip in batch.ips)


@given(vocabulary=vocabularies, seed=seeds)
def test_site_hostnames_are_valid_and_distinct(vocabulary: str, seed: int) -> None:
    sites = build(spec(seed=seed, sites=64, sessions=0, vocabulary=vocabulary)).sites
    hosts = [host for site in sites for host in site.hostnames]

    assert len({site.domain for site in sites}) == 64
    assert all(
        re.fullmatch(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+example", host) and len(host) < 254
        for host in hosts
    )
