"""Vocabularies drawn with Faker when a world is built: deterministic and in the requested locales."""

import pytest

from mockserver.world.model.locales import localized_vocabulary
from mockserver.world.model.vocabulary import load


def test_localized_vocabulary_depends_only_on_locales() -> None:
    assert localized_vocabulary(["ja_JP"]) == localized_vocabulary(["ja_JP"])
    assert localized_vocabulary(["ja_JP"]) != localized_vocabulary(["de_DE"])


@pytest.mark.parametrize("locale", ["de_DE", "ja_JP", "pt_BR", "en-GB"])
def test_localized_vocabulary_of_known_country_has_only_its_places(locale: str) -> None:
    places = localized_vocabulary([locale.replace("-", "_")]).places

    assert {place.country for place in places[1:]} == {locale[-2:]}
    assert places[0].country == ""


def test_localized_vocabulary_of_unknown_country_has_all_places() -> None:
    words = localized_vocabulary(["uk_UA"])

    assert words.places == load("default").places
    assert words.given_names != load("default").given_names
    assert all(not name.isascii() for name in words.given_names)
