"""The shipped vocabularies can be reproduced."""

from operator import attrgetter

import pytest
from faker import VERSION

from mockserver.world.model.countries import load_countries
from mockserver.world.model.vocabulary import FOLDER, Vocabulary, load
from tests.support.generated import stale
from tools.vocabulary.draw import draw_awkward, draw_default, encode


@pytest.mark.parametrize(("name", "drawn"), [("default", draw_default()), ("awkward", draw_awkward())])
def test_drawn_vocabulary_equals_shipped_file(name: str, drawn: Vocabulary) -> None:
    """Another version of Faker may draw other names, but equally many."""
    shipped = load(name)
    path = FOLDER / f"{name}.json"
    is_equal = encode(drawn) == path.read_bytes()

    assert is_equal or shipped.faker != VERSION, stale(path, "make vocabulary")
    assert [page.links for page in drawn.pages] == [page.links for page in shipped.pages]
    assert drawn.actions == shipped.actions
    assert drawn.agents == shipped.agents


def test_country_of_vocabulary_has_name_of_table() -> None:
    for vocabulary in ("default", "awkward"):
        for place in filter(attrgetter("country"), load(vocabulary).places):
            assert load_countries()[place.country].name == place.country_name
