"""Profiles have the properties that their names promise."""

from datetime import UTC, date, datetime

import pytest

from mockserver.world.model.profiles import PROFILES
from mockserver.world.model.query import Query
from mockserver.world.model.session_batch import SessionBatch
from mockserver.world.model.spec import spec
from mockserver.world.world import build
from tests.world.digest import LATER
from tests.world.worlds import DAY


def all_batches(profile: str) -> list[SessionBatch]:
    """Return all human sessions of a profile, a batch for each site."""
    sites = build(spec(**PROFILES[profile])).sites
    return [site.find(Query(), LATER).page(0, 10_000).batches[0] for site in sites]


@pytest.mark.parametrize("profile", PROFILES)
def test_profile_fields_are_a_valid_spec(profile: str) -> None:
    assert len(build(spec(**PROFILES[profile])).sites) == 2


@pytest.mark.parametrize(
    ("profile", "total"),
    [
        ("default", 1000),
        ("empty", 0),
        ("single", 1),
        ("page-exact", 400),
        ("page-plus-one", 401),
        ("busy", 1_000_000),
    ],
)
def test_profile_world_has_stated_size(profile: str, total: int) -> None:
    assert {site.find(Query(), LATER).total for site in build(spec(**PROFILES[profile])).sites} == {total}


@pytest.mark.parametrize("size", [50, 100, 200])
def test_profile_last_page_is_full_or_has_one_session(size: int) -> None:
    rests = [
        site.find(Query(), LATER).total % size
        for name in ("page-exact", "page-plus-one")
        for site in build(spec(**PROFILES[name])).sites
    ]

    assert rests == [0, 0, 1, 1]


def test_profile_flowing_has_sessions_at_any_time() -> None:
    site = build(spec(**PROFILES["flowing"])).sites[0]
    start = spec(**PROFILES["flowing"]).start
    series = site.find(Query(), start + 100 * DAY).series([start + week * 7 * DAY for week in range(11)])

    assert all(2500 < count < 4500 for count in series)
    assert len(set(series)) > 5


def test_profile_awkward_contains_edge_cases() -> None:
    batches = all_batches("awkward")
    days = {datetime.fromtimestamp(start / 1000, UTC).date() for batch in batches for start in batch.start}
    pages = {page for batch in batches for path in batch.paths for page in path}
    names = {name for batch in batches for name in batch.names if name}

    assert all(len(set(batch.start)) < len(batch) - 50 for batch in batches)
    assert {day.weekday() for day in days} == {0, 1, 4, 5, 6}
    assert {
        date(2026, 2, 28),
        date(2026, 3, 1),
        date(2026, 3, 8),
        date(2026, 3, 29),
        date(2026, 3, 31),
    } <= days
    assert all(
        any(start // DAY != end // DAY for start, end in zip(batch.start, batch.end, strict=True))
        for batch in batches
    )
    assert {place.city == "" for batch in batches for place in batch.places} == {True, False}
    assert {agent.os == "" for batch in batches for agent in batch.agents} == {True, False}
    assert {acquisition.channel == "" for batch in batches for acquisition in batch.acquisitions} == {
        True,
        False,
    }
    assert {duration == 0 for batch in batches for duration in batch.duration} == {True, False}
    assert max(len(page.path + page.querystring) for page in pages) >= 1990
    assert any(not name.isascii() for name in names)
    assert any("\u0590" <= letter <= "\u06ff" for name in names for letter in name)
