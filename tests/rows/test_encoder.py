"""The row encoder, compared with encoding one dict for each session."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import json

from mockserver.rows.columns import Column, entry_column
from mockserver.rows.encoder import (
    CACHED_POPULATIONS,
    LONGEST_PAGE_AHEAD,
    PAGES_AHEAD,
    Row,
    RowEncoder,
)
from mockserver.server.configuration.config import TenantConfig
from mockserver.server.configuration.tenants import make_tenant
from mockserver.server.expected.rows import all_rows_params, rows
from mockserver.vendors import load_dialects
from mockserver.vendors.base import Vendor
from mockserver.world.generator.layout import DAY
from mockserver.world.generator.tracked import Identity, TrackedEvent
from mockserver.world.model.query import Query
from mockserver.world.model.session_batch import SessionBatch
from mockserver.world.model.spec import spec
from mockserver.world.world import World, build, with_events, with_identity, without_sessions

COLUMNS = [
    Column("id", lambda s: s.ids, own=True),
    Column("user", lambda s: s.user_ids, own=True),
    Column("name", lambda s: s.names, own=True),
    Column("traits", lambda s: s.traits, own=True),
    Column("start", lambda s: s.start, own=True),
    Column("ip", lambda s: [ip or None for ip in s.ips], own=True),
    Column("duration", lambda s: s.duration),
    Column("tags", lambda s: [tags or None for tags in s.tags]),
    Column("pages", lambda s: [[page.title for page in path] for path in s.paths]),
    Column("entry", lambda s: [page.path or None for page in s.entries]),
    Column("seen", lambda s: s.pageviews),
    entry_column("city", "places", lambda place: place.city or None),
    entry_column("country", "places", lambda place: place.country or None),
    entry_column("host", "hostnames", lambda hostname: hostname or None),
    entry_column("exit", "exits", lambda page: page.path or None),
    entry_column("screen", "agents", lambda agent: [agent.screen_width, agent.screen_height]),
    entry_column("campaign", "acquisitions", lambda acquisition: acquisition.utm_campaign or None),
]
SESSIONS = 60


def encode_naively(columns: Sequence[Column], sessions: SessionBatch, *, omit_none: bool) -> bytes:
    """Encode a list of one dict for each session: own columns first."""
    ordered = sorted(columns, key=lambda column: not column.own)
    values = zip(*(column.values(sessions) for column in ordered), strict=True)
    dicts = [dict(zip([column.name for column in ordered], each, strict=True)) for each in values]
    return json.encode(
        [
            {name: value for name, value in each.items() if value is not None or not omit_none}
            for each in dicts
        ]
    )


def apply_changes(world: World, kinds: frozenset[str], now: int) -> World:
    """Return a world to which requests were sent: tracked events, traits of visitors, deletions."""
    batch = world.sites[0].find(Query(), now).page(0, SESSIONS).batches[0]
    if "tracked" in kinds:
        events = [
            TrackedEvent(
                now - n * 900_000, "é\n", {"n": n}, user_id="u1" if n % 2 else None, anonymous_id="a"
            )
            for n in range(9)
        ]
        world = with_events(world, 0, events)
    if "identified" in kinds:
        known = [user for user in batch.user_ids if user][:3]
        for user in ("u1", *known):
            world = with_identity(
                world, 0, Identity({"name": 'N "é"\n', "$tags": ["x"], "more": {"a": None}}, user_id=user)
            )
    return without_sessions(world, 0, batch.ids[::3]) if "deleted" in kinds else world


@given(
    columns=st.lists(st.sampled_from(COLUMNS), unique_by=lambda column: column.name, min_size=1),
    omit_none=st.booleans(),
    vocabulary=st.sampled_from(["default", "awkward"]),
    kinds=st.frozensets(st.sampled_from(["tracked", "identified", "deleted"])),
    pages=st.lists(
        st.tuples(st.integers(0, SESSIONS), st.integers(0, SESSIONS), st.sampled_from([0, 1, 10, 100_000])),
        min_size=1,
        max_size=4,
    ),
)
def test_rows_of_any_page_equal_naive_encoding(
    columns: list[Column],
    *,
    omit_none: bool,
    vocabulary: str,
    kinds: frozenset[str],
    pages: list[tuple[int, int, int]],
) -> None:
    """Pages in any order and size, while sessions run, by one encoder with its cache."""
    world_spec = spec(sessions=SESSIONS, vocabulary=vocabulary)
    end = world_spec.start + 60 * DAY
    encoder = RowEncoder(columns, omit_none=omit_none)
    world = apply_changes(build(world_spec), kinds, end)
    starts = build(world_spec).sites[0].find(Query(), end).page(0, SESSIONS).batches[0].start
    for offset, limit, minutes in pages:
        now = starts[min(offset, SESSIONS - 1)] + minutes * 60_000
        for batch in world.sites[0].find(Query(bots=True), now).page(offset, limit).batches:
            assert json.encode(encoder.rows(batch)) == encode_naively(columns, batch, omit_none=omit_none)


def test_rows_of_running_session_are_not_cached() -> None:
    world_spec = spec(sessions=SESSIONS)
    site = build(world_spec).sites[0]
    encoder = RowEncoder(COLUMNS)
    all_sessions = site.find(Query(), world_spec.start + 60 * DAY).page(0, SESSIONS).batches[0]
    for position in range(SESSIONS):
        running = site.find(Query(), all_sessions.start[position]).page(position, 1).batches[0]
        assert json.encode(encoder.rows(running)) == encode_naively(COLUMNS, running, omit_none=False)

    assert json.encode(encoder.rows(all_sessions)) == encode_naively(COLUMNS, all_sessions, omit_none=False)


def test_rows_of_more_worlds_than_cached_are_correct() -> None:
    encoder = RowEncoder(COLUMNS)
    for seed in [*range(CACHED_POPULATIONS + 4)] * 2:
        world_spec = spec(sessions=10, seed=seed)
        batch = build(world_spec).sites[0].find(Query(), world_spec.start + 60 * DAY).page(0, 10).batches[0]
        assert json.encode(encoder.rows(batch)) == encode_naively(COLUMNS, batch, omit_none=False)


CRAWLED = 600
CRAWLS: dict[str, list[tuple[int, int]]] = {
    "in order": [(offset, 20) for offset in range(0, CRAWLED, 20)],
    "in reverse order": [(offset, 20) for offset in range(CRAWLED - 20, -1, -20)],
    "out of order": [(offset * 140 % CRAWLED // 20 * 20, 20) for offset in range(60)],
    "again and again": [(offset, 20) for offset in (0, 20, 0, 20, 40, 40, 60, 20, 80, 0)],
    "overlapping": [(offset, 30) for offset in range(0, CRAWLED - 30, 10)],
    "of several sizes": [(n * (n + 1) // 2, n + 1) for n in range(33)],
    "in order, then in reverse": [(n, 7) for n in [*range(0, 280, 7), *range(273, -1, -7)]],
    "around the longest page that is read ahead": [
        (n * LONGEST_PAGE_AHEAD, size)
        for n in range(4)
        for size in (LONGEST_PAGE_AHEAD - 1, LONGEST_PAGE_AHEAD, LONGEST_PAGE_AHEAD + 1)
    ],
}
"""Offset and size of each page of a crawl."""


class Crawl:
    """Requests pages of one site from one encoder, and records every batch that it encodes."""

    def __init__(self) -> None:
        self.start = spec().start
        self.end = self.start + DAY // 12
        self.site = build(spec(sessions=CRAWLED, end=self.end)).sites[0]
        self.batches: list[SessionBatch] = []
        self.encoder = RowEncoder([*COLUMNS, Column("recorded", self._record, own=True)])
        self.reference = [*COLUMNS, Column("recorded", lambda batch: [0] * len(batch), own=True)]

    def _record(self, batch: SessionBatch) -> list[int]:
        self.batches.append(batch)
        return [0] * len(batch)

    def page(self, offset: int, limit: int, now: int) -> SessionBatch:
        """Return the sessions of a page."""
        return self.site.find(Query(), now).page(offset, limit).batches[0]

    def check(self, offset: int, limit: int, now: int) -> int:
        """Compare a page with the reference; return the number of sessions encoded for it."""
        page = self.page(offset, limit, now)
        self.batches.clear()
        assert json.encode(self.encoder.rows(page)) == encode_naively(self.reference, page, omit_none=False)
        return sum(map(len, self.batches))


@pytest.mark.parametrize("hours", [0.5, 1, 2, 48])
@pytest.mark.parametrize("pages", CRAWLS.values(), ids=CRAWLS)
def test_pages_of_crawl_equal_naive_encoding(pages: list[tuple[int, int]], hours: float) -> None:
    """In two hours, the last sessions of the world start; a day later, all have ended."""
    crawl = Crawl()
    for offset, size in pages:
        crawl.check(offset, size, crawl.start + int(hours * DAY / 24))


@pytest.mark.parametrize("order", ["in order", "in reverse order"])
def test_crawl_encodes_pages_together_and_hardly_any_session_twice(order: str) -> None:
    crawl = Crawl()
    encoded = [crawl.check(offset, size, crawl.end + DAY) for offset, size in CRAWLS[order]]
    assert CRAWLED <= sum(encoded) <= CRAWLED + 20
    assert max(encoded) == 20 * PAGES_AHEAD
    assert encoded.count(0) > len(encoded) / 2


def test_only_a_crawl_reads_ahead() -> None:
    crawl = Crawl()
    now = crawl.end + DAY
    far = CRAWLED // 2
    for offset, size in [(far, 20), (0, 20), (far, 20), (far, 20), (0, LONGEST_PAGE_AHEAD + 1)]:
        assert crawl.check(offset, size, now) == size


def test_running_sessions_are_never_read_ahead() -> None:
    crawl = Crawl()
    now = crawl.start + DAY // 24
    total = len(crawl.page(0, CRAWLED, now))
    read_ahead = 0
    for offset in range(0, total, 5):
        page = crawl.page(offset, 5, now)
        if crawl.check(offset, 5, now) > len(page):
            read_ahead += 1
            [batch] = crawl.batches
            ends = [start + length for start, length in zip(batch.start, batch.duration, strict=True)]
            later = crawl.page(batch.index[0], len(batch), crawl.end + DAY)
            assert ends == [s + length for s, length in zip(later.start, later.duration, strict=True)]
    assert read_ahead


def test_rows_read_ahead_are_not_used_while_their_sessions_run() -> None:
    """The clock goes back to instants at which sessions that were read ahead still run."""
    crawl = Crawl()
    for offset in range(0, 100, 10):
        crawl.check(offset, 10, crawl.end + DAY)
    starts = crawl.page(0, 160, crawl.end + DAY).start
    for offset in range(80, 150, 10):
        for now in (starts[offset + 9], starts[offset + 9] + 1000, starts[offset + 9] + 60_000):
            assert crawl.check(offset, 10, now) >= 10
        crawl.check(offset, 10, crawl.end + DAY)


@given(
    steps=st.lists(
        st.tuples(
            st.integers(-40, 40) | st.integers(-CRAWLED, CRAWLED),
            st.integers(0, 40) | st.integers(0, LONGEST_PAGE_AHEAD + 1),
            st.integers(0, DAY // 12) | st.just(2 * DAY),
        ),
        max_size=20,
    )
)
def test_any_pages_equal_naive_encoding(steps: list[tuple[int, int, int]]) -> None:
    """Pages near or far from the one before, of any size, at any instants."""
    crawl = Crawl()
    offset = 0
    for distance, size, time in steps:
        offset = min(max(offset + distance, 0), CRAWLED)
        crawl.check(offset, size, crawl.start + time)


@pytest.mark.parametrize(
    "kinds",
    [[], ["tracked"], ["identified"], ["deleted"], ["tracked", "identified", "deleted"]],
    ids="+".join,
)
@pytest.mark.parametrize(
    "settings",
    [{"profile": "default"}, {"profile": "awkward"}, {"profile": "flowing", "now": "2026-01-01T02:30:00Z"}],
    ids=range(3),
)
@pytest.mark.parametrize("vendor", load_dialects(), ids=lambda vendor: vendor.label)
def test_rows_of_every_vendor_equal_naive_encoding(
    vendor: Vendor, settings: Any, kinds: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Checks every batch that the views of a vendor encode for the list of all sessions."""
    tenant = make_tenant("t", TenantConfig(dialect={vendor.name: vendor.dialect}, **settings))
    tenant.world = apply_changes(tenant.world, frozenset(kinds), tenant.clock.now())
    make_rows = RowEncoder.rows
    batches: list[SessionBatch] = []

    def compare(encoder: RowEncoder, sessions: SessionBatch) -> list[Row]:
        batches.append(sessions)
        made = make_rows(encoder, sessions)
        assert json.encode(made) == encode_naively(encoder.columns, sessions, omit_none=encoder.omit_none)
        return made

    monkeypatch.setattr(RowEncoder, "rows", compare)
    for endpoint in vendor.contract.endpoints:
        if endpoint.start_field:
            assert [*rows(tenant, vendor, endpoint, all_rows_params(tenant, endpoint))]
            assert batches
