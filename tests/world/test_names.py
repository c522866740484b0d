"""Worlds with a user's own names."""

from collections.abc import Mapping
from itertools import chain
from typing import Any

import pytest

from mockserver import AdminError, SessionMock
from mockserver.world.generator.query_result import FAR
from mockserver.world.model.query import Query
from mockserver.world.model.session_batch import SessionBatch
from mockserver.world.model.spec import WorldError, spec
from mockserver.world.world import World, build

NAMES: dict[str, Any] = {
    "sites": ["shop", "blog"],
    "pages": ["/", "/pricing", "/search?q=shoes", "/Über-uns"],
    "events": ["purchase", "signup"],
    "campaigns": [f"campaign {number}" for number in range(20)],
    "countries": ["DE", "LU"],
}


def make_world(names: Mapping[str, Any], vocabulary: str = "default") -> World:
    return build(spec(sessions=1000, vocabulary=vocabulary, names=names))


def read_first_site(world: World) -> SessionBatch:
    [batch] = world.sites[0].find(Query(), FAR).page(0, 1000).batches
    return batch


@pytest.mark.parametrize("vocabulary", ["default", "awkward"])
def test_sessions_have_names_of_spec(vocabulary: str) -> None:
    world = make_world(NAMES, vocabulary)
    batch = read_first_site(world)
    events = list(chain.from_iterable(map(batch.list_events, range(1000))))

    assert [site.domain for site in world.sites] == ["shop.example", "blog.example"]
    assert {event.page.path + event.page.querystring for event in events} - {""} == set(NAMES["pages"])
    assert {event.name for event in events if event.kind == "custom_event"} == set(NAMES["events"])
    assert {event.kind for event in events} == {"pageview", "custom_event", "outbound", "error"}
    assert {entry.utm_campaign for entry in batch.acquisitions} - {""} == set(NAMES["campaigns"])
    assert {place.country for place in batch.places} == {"DE", "LU", ""}
    assert {place.city for place in batch.places if place.country == "LU"} == {""}


@pytest.mark.parametrize("field", NAMES)
def test_other_values_stay(field: str) -> None:
    usual, named = read_first_site(make_world({})), read_first_site(make_world({field: NAMES[field]}))

    assert named.ids == usual.ids
    assert named.start == usual.start
    assert named.agents == usual.agents
    if field in {"sites", "campaigns", "countries"}:
        assert named.paths == usual.paths
        assert named.duration == usual.duration
    if field != "countries":
        assert named.places == usual.places


@pytest.mark.parametrize(
    ("names", "says"),
    [
        ({"countries": ["DE", "UK"]}, "names.countries: unknown country 'UK'; "),
        ({"pages": ["pricing"]}, r"names.pages\[0\] must be a path"),
        ({"sites": ["a.b"]}, r"names.sites\[0\] must be a label"),
        ({"page": ["/"]}, "names: unknown field 'page'; did you mean 'pages'"),
    ],
)
def test_invalid_name_is_refused(names: dict[str, Any], says: str) -> None:
    with pytest.raises(WorldError, match=says):
        make_world(names)


def test_names_can_be_given_in_python_and_replaced() -> None:
    with SessionMock(names={"countries": ["LU"]}) as mock:
        assert mock.world.spec["names"] == {"countries": ["LU"]}
        assert mock.world.session(0)["place"]["country"] in {"LU", ""}
        mock.replace_world(names={"pages": ["/only"]})
        assert mock.world.session(0)["entry"] == "/only"
        with pytest.raises(AdminError, match="unknown country 'ZZ'"):
            mock.replace_world(names={"countries": ["ZZ"]})
