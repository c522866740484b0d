"""Worlds are values that start at once, whatever their size."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.world.generator.population import parse_visitor_number
from mockserver.world.generator.tracked import Identity, TrackedEvent
from mockserver.world.model.query import Query
from mockserver.world.model.spec import WorldError, spec
from mockserver.world.world import build, with_events, with_identity
from tests.world.digest import LATER, told
from tests.world.worlds import Case, cases, small, vast

ROOT = Path(__file__).parents[2]


@given(case=cases(small | vast))
def test_equal_specs_share_a_world(case: Case) -> None:
    """Building the same spec again gives the same world, with as many sites as it says."""
    assert build(case.spec) is build(spec(**{name: getattr(case.spec, name) for name in case.spec.__struct_fields__}))
    assert [site.number for site in build(case.spec).sites] == list(range(case.spec.sites))


def test_without_locales_faker_is_not_imported() -> None:
    """The shipped vocabularies are read without Faker, so that its version changes nothing and start-up does not wait for it."""
    program = (
        "import sys; from mockserver.world.world import build; from mockserver.world.model.spec import spec; "
        "from mockserver.world.model.query import Query; "
        "build(spec()).sites[0].find(Query(bots=True), 10**13).page(0, 5).map_rows(lambda batch: batch.names); print('faker' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, cwd=ROOT, text=True)

    assert ran.stdout == "False\n"


def test_locales_name_the_people_of_a_world() -> None:
    """A world of Japanese people has places in Japan and no name in Latin letters."""
    batch = build(spec(sessions=60, locales=["ja_JP"])).sites[0].find(Query(), LATER).page(0, 60).batches[0]

    assert {place.country for place in batch.places} == {"JP"}
    assert all(name is None or not name.isascii() for name in batch.names)


def test_locales_without_faker_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says what to install."""
    monkeypatch.setitem(sys.modules, "faker", None)
    with pytest.raises(WorldError, match=r"not installed: pip install 'session-mock\[locales\]'"):
        build(spec(locales=["fr_CH"]))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"vocabulary": "odd"}, r"unknown vocabulary 'odd'; use 'default' or 'awkward'"),
        ({"locales": ["xx_XX"]}, r"unknown locale in `locales` \['xx_XX'\]; use locales of Faker such as de_DE or ja_JP"),
    ],
)
def test_words_that_cannot_be_had_are_refused(fields: dict[str, object], message: str) -> None:
    """The error says what is not there and what is."""
    with pytest.raises(WorldError, match=message):
        build(spec(**fields))


@given(number=st.integers(0, 2**48 - 1))
def test_a_visitor_is_known_by_digits_or_user_id(number: int) -> None:
    """Twelve hexadecimal digits, alone or as a user id, are a visitor's number."""
    assert parse_visitor_number(f"{number:012x}") == parse_visitor_number(f"user_{number:012x}") == number


@pytest.mark.parametrize(
    "actor",
    ["", "user_", "ann", "0123456789AB", "0123456789a", "0123456789abc", "+12345678901", "user_user_00000000", "\uff11" * 12],
)
def test_anything_else_is_nobody_s_number(actor: str) -> None:
    """A name, too few or too many digits, or digits of other alphabets name no visitor, and asking for them finds nobody."""
    site = build(spec(sessions=50)).sites[0]

    assert parse_visitor_number(actor) is None
    assert site.find(Query(actors=((actor,),), bots=True), LATER).total == 0


def test_an_anonymous_visitor_is_no_user() -> None:
    """Sessions without a user id are found under their visitor's digits, not under a user id made of them."""
    site = build(spec(sessions=100)).sites[0]
    batch = site.find(Query(), LATER).page(0, 100).batches[0]
    totals = {
        (user is not None): site.find(Query(actors=((f"user_{visitor:012x}",),)), LATER).total > 0
        for visitor, user in zip(batch.visitors, batch.user_ids, strict=True)
    }

    assert totals == {True: True, False: False}


def test_sites_of_a_world_are_different() -> None:
    """Two sites share neither hosts nor sessions nor people."""
    sites = build(spec(sessions=200, sites=3)).sites
    batches = [site.find(Query(), LATER).page(0, 200).batches[0] for site in sites]

    for name in ("ids", "visitors", "start", "hostnames"):
        values = [set(getattr(batch, name)) for batch in batches]
        assert len(set.union(*values)) == sum(map(len, values))


def test_an_overlay_changes_a_new_world_only() -> None:
    """Events and identities give a new world, and share with the old one what was worked out."""
    world = build(spec(sessions=30))
    before = [told(site.find(Query(), LATER).page(0, 100)) for site in world.sites]
    sent = with_identity(with_events(world, 1, [TrackedEvent(10**12, "e", user_id="u")]), 0, Identity({"name": "n"}, user_id="u"))

    assert [told(site.find(Query(), LATER).page(0, 100)) for site in world.sites] == before
    assert [site.find(Query(), LATER).total for site in sent.sites] == [30, 31]
    assert sent.sites[1].people is world.sites[1].people
    assert (sent.spec, sent.segments) == (world.spec, world.segments)
