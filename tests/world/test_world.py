"""Worlds are immutable values that build in constant time."""

import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.world.generator.population import parse_visitor_number
from mockserver.world.generator.tracked import Identity, TrackedEvent
from mockserver.world.model.query import Query
from mockserver.world.model.spec import WorldError, spec
from mockserver.world.world import build, with_events, with_identity
from tests.world.digest import LATER, page_rows
from tests.world.worlds import Case, cases, small, vast

ROOT = Path(__file__).parents[2]


@given(case=cases(small | vast))
def test_build_equal_specs_returns_same_world(case: Case) -> None:
    assert build(case.spec) is build(
        spec(**{name: getattr(case.spec, name) for name in case.spec.__struct_fields__})
    )
    assert [site.number for site in build(case.spec).sites] == list(range(case.spec.sites))


def test_build_without_locales_does_not_import_faker() -> None:
    program = (
        "import sys; from mockserver.world.world import build; from mockserver.world.model.spec import spec; "
        "from mockserver.world.model.query import Query; "
        "build(spec()).sites[0].find(Query(bots=True), 10**13).page(0, 5).map_rows(lambda batch: batch.names); "
        "print('faker' in sys.modules)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, cwd=ROOT, text=True
    )

    assert ran.stdout == "False\n"


def test_build_with_locales_draws_their_names_and_places() -> None:
    batch = build(spec(sessions=60, locales=["ja_JP"])).sites[0].find(Query(), LATER).page(0, 60).batches[0]

    assert {place.country for place in batch.places} == {"JP"}
    assert all(name is None or not name.isascii() for name in batch.names)


def test_build_with_locales_without_faker_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "faker", None)
    with pytest.raises(
        WorldError, match=r"requires Faker, which is not installed; run pip install 'session-mock\[locales\]'"
    ):
        build(spec(locales=["fr_CH"]))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"vocabulary": "odd"}, r"unknown vocabulary 'odd'; use 'default' or 'awkward'"),
        (
            {"locales": ["xx_XX"]},
            r"unknown locale in `locales` \['xx_XX'\]; use locales of Faker such as de_DE or ja_JP",
        ),
    ],
)
def test_build_unknown_vocabulary_or_locale_raises(fields: dict[str, object], message: str) -> None:
    with pytest.raises(WorldError, match=message):
        build(spec(**fields))


@given(number=st.integers(0, 2**48 - 1))
def test_parse_visitor_number_accepts_digits_and_user_id(number: int) -> None:
    assert parse_visitor_number(f"{number:012x}") == parse_visitor_number(f"user_{number:012x}") == number


@pytest.mark.parametrize(
    "actor",
    [
        "",
        "user_",
        "ann",
        "0123456789AB",
        "0123456789a",
        "0123456789abc",
        "+12345678901",
        "user_user_00000000",
        "\uff11" * 12,
    ],
)
def test_parse_visitor_number_other_text_returns_none(actor: str) -> None:
    site = build(spec(sessions=50)).sites[0]

    assert parse_visitor_number(actor) is None
    assert site.find(Query(actors=((actor,),), bots=True), LATER).total == 0


def test_query_by_user_id_finds_no_anonymous_visitor() -> None:
    site = build(spec(sessions=100)).sites[0]
    batch = site.find(Query(), LATER).page(0, 100).batches[0]
    totals = {
        (user is not None): site.find(Query(actors=((f"user_{visitor:012x}",),)), LATER).total > 0
        for visitor, user in zip(batch.visitors, batch.user_ids, strict=True)
    }

    assert totals == {True: True, False: False}


def test_sites_of_one_world_differ() -> None:
    sites = build(spec(sessions=200, sites=3)).sites
    batches = [site.find(Query(), LATER).page(0, 200).batches[0] for site in sites]

    # Sessions of several sites may start at the edge of a day.
    assert len({tuple(batch.start) for batch in batches}) == 3
    for name in ("ids", "visitors", "hostnames"):
        values = [set(getattr(batch, name)) for batch in batches]
        assert len(set.union(*values)) == sum(map(len, values))


@pytest.mark.parametrize("seed", range(8))
def test_neighbouring_sites_have_different_time_zones(seed: int) -> None:
    sites = build(spec(sessions=0, seed=seed, sites=8)).sites

    assert len({site.time_zone for site in sites}) == 8
    for site in sites:
        for month in (1, 7):
            noon = datetime(2026, month, 1, 12, tzinfo=ZoneInfo(site.time_zone))
            assert noon.utcoffset() == timedelta(hours=site.utc_offset)


def test_with_events_leaves_original_world_unchanged() -> None:
    world = build(spec(sessions=30))
    before = [page_rows(site.find(Query(), LATER).page(0, 100)) for site in world.sites]
    sent = with_identity(
        with_events(world, 1, [TrackedEvent(10**12, "e", user_id="u")]),
        0,
        Identity({"name": "n"}, user_id="u"),
    )

    assert [page_rows(site.find(Query(), LATER).page(0, 100)) for site in world.sites] == before
    assert [site.find(Query(), LATER).total for site in sent.sites] == [30, 31]
    assert sent.sites[1].people is world.sites[1].people
    assert (sent.spec, sent.segments) == (world.spec, world.segments)
