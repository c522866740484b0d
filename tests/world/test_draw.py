"""Vocabularies drawn with Faker: the same every time, and of the locales that were asked for."""

from importlib.resources import files

import pytest
from faker import VERSION
from msgspec import json

from mockserver.world.draw import awkward, draw
from mockserver.world.vocabulary import Vocabulary, load


def test_drawing_again_gives_the_same() -> None:
    """Nothing else decides what is drawn but the locales."""
    assert draw(["ja_JP"]) == draw(["ja_JP"])
    assert draw(["ja_JP"]) != draw(["de_DE"])


@pytest.mark.parametrize("locale", ["de_DE", "ja_JP", "pt_BR", "en-GB"])
def test_places_are_those_of_the_locale(locale: str) -> None:
    """Where places of the locale's country are known, sessions come from nowhere else."""
    places = draw([locale.replace("-", "_")]).places

    assert {place.country for place in places[1:]} == {locale[-2:]}
    assert places[0].country == ""


def test_a_locale_without_places_has_all() -> None:
    """A locale of a country that is not on the list, or of none, changes the names alone."""
    assert draw(["uk_UA"]).places == load("default").places
    assert draw(["uk_UA"]).given_names != draw([]).given_names
    assert all(not name.isascii() for name in draw(["uk_UA"]).given_names)


@pytest.mark.parametrize(("name", "drawn"), [("default", draw([])), ("awkward", awkward())])
def test_the_shipped_files_are_drawn_by_this_code(name: str, drawn: Vocabulary) -> None:
    """The files are what the recorded version of Faker draws; another version draws other names in the same shape."""
    shipped = load(name)
    file = (files("mockserver.world") / "vocabularies" / f"{name}.json").read_bytes()

    assert json.decode(file, type=Vocabulary) == shipped
    assert (drawn == shipped) or shipped.faker != VERSION
    assert [page.links for page in drawn.pages] == [page.links for page in shipped.pages]
    assert drawn.actions == shipped.actions
    assert drawn.agents == shipped.agents
