"""A filter with a text that a row shows finds the rows that show it, in every dialect and format."""

from collections import defaultdict

import pytest

from mockserver.vendors.rybbit import VENDOR
from mockserver.vendors.rybbit.filters.fields import NUMBER_FIELDS, PARAMETERS
from mockserver.vendors.rybbit.responses import SessionMeta, SessionRow
from mockserver.world.world import World
from tests.vendors.rybbit.client import encode_filters, make_world
from tests.vendors.rybbit.dialect_client import DialectClient

SHOWN = [
    name
    for name in PARAMETERS
    if name in SessionRow.__struct_fields__ and name not in {*NUMBER_FIELDS, "user_id"}
]
COMPARED_OTHERWISE = {"browser_version", "operating_system_version", "city", "referrer"}
"""Parameters for which the servers compare other texts than those of a row."""
WITHOUT_LOCATIONS = {"country", "city"}
"""Parameters by which the servers cannot filter locations."""
FORMATS: list[tuple[str, dict[str, str]]] = [
    ("documented", {}),
    ("documented", {"region": "code", "device_type": "capitalized", "unknown_country": "padded"}),
    ("documented", {"values": "stored"}),
    ("documented", {"values": "stored", "device_type": "capitalized", "channel": "sample"}),
    *((name, {}) for name in VENDOR.dialects if name != "documented"),
    *((name, {"values": "sent", "channel": "sample"}) for name in VENDOR.dialects if name != "documented"),
]


def make_small_world(profile: str) -> World:
    return make_world(profile, sessions=150)


@pytest.mark.parametrize("profile", ["default", "awkward"])
@pytest.mark.parametrize(("dialect", "behaviors"), FORMATS, ids=str)
def test_filter_by_shown_text_finds_rows_that_show_it(
    dialect: str, behaviors: dict[str, str], profile: str
) -> None:
    client = DialectClient(dialect, **behaviors)
    world = make_small_world(profile)
    rows = client.list_rows(world)
    is_server = dialect != "documented"
    for name in SHOWN:
        if is_server and name in COMPARED_OTHERWISE:
            continue
        ids_by_text = defaultdict(list)
        for row in rows:
            ids_by_text[row[name]].append(row["session_id"])
        for text, ids in ids_by_text.items():
            filters = encode_filters((name, "equals", [text]))

            assert client.list_ids(world, filters=filters) == ids, (name, text)
            if not (is_server and name in WITHOUT_LOCATIONS):
                count = client.count_by_locations(world, filters=filters)
                assert count >= len(ids) if (is_server and name.startswith("utm")) else count == len(ids), (
                    name
                )


@pytest.mark.parametrize(("dialect", "behaviors"), FORMATS, ids=str)
def test_one_session_shows_texts_of_its_row(dialect: str, behaviors: dict[str, str]) -> None:
    client = DialectClient(dialect, **behaviors)
    world = make_small_world("awkward")
    for row in client.list_rows(world, limit=20):
        session = client.get_detail(world, row["session_id"])["session"]

        assert {name: session[name] for name in SHOWN if name in SessionMeta.__struct_fields__} == {
            name: row[name] for name in SHOWN if name in SessionMeta.__struct_fields__
        }
