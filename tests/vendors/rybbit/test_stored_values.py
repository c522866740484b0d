"""The servers' dialects show what the vendor's tracker stores, in rows, events and filters."""

from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from mockserver.rows.datetimes import DAY
from mockserver.vendors.rybbit import VENDOR
from mockserver.world.generator.tracked import TrackedEvent
from mockserver.world.model.spec import DEFAULT_END
from mockserver.world.world import World, with_events
from tests.vendors.rybbit.client import make_world
from tests.vendors.rybbit.dialect_client import DialectClient, Row

SERVERS = sorted(name for name in VENDOR.dialects if name.startswith("server"))
UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
STORED_AGENTS = {
    ("mobile", "iOS", "Safari"): ("Mobile Safari", "Mobile"),
    ("mobile", "iOS", "Chrome"): ("Mobile Chrome", "Mobile"),
    ("mobile", "Android", "Chrome"): ("Mobile Chrome", "Mobile"),
    ("mobile", "Android", "Firefox"): ("Mobile Firefox", "Mobile"),
    ("mobile", "Android", "Samsung Internet"): ("Samsung Internet", "Mobile"),
    ("tablet", "iOS", "Safari"): ("Mobile Safari", "Mobile"),
    ("tablet", "Android", "Chrome"): ("Chrome", "Mobile"),
}
"""Browser and device type by the device, system and browser of the world; others are as in the world."""
STORED_SYSTEMS = {
    ("macOS", 14.5): ("macOS", "10.15.7"),
    ("macOS", 15.1): ("macOS", "10.15.7"),
    ("Windows", 11): ("Windows", 10),
    ("ChromeOS", 131): ("Chrome OS", 131),
}


@pytest.fixture(name="client", params=SERVERS)
def _client(request: pytest.FixtureRequest) -> DialectClient:
    return DialectClient(request.param)


def pair_rows(client: DialectClient, world: World) -> list[tuple[Row, Row]]:
    """Return each session's row in the documented dialect and in another one."""
    rows = {row["session_id"]: row for row in client.list_rows(world)}
    return [(row, rows[row["session_id"]]) for row in DialectClient("documented").list_rows(world)]


def pair_events(client: DialectClient, world: World) -> Iterator[tuple[Row, list[Row], list[Row]]]:
    """Yield the documented row of each session, and its events in the documented dialect and in another one."""
    documented = DialectClient("documented")
    for row in documented.list_rows(world):
        details = [
            each.get_detail(world, row["session_id"], limit=1000)["events"] for each in (documented, client)
        ]
        yield row, *details


@pytest.mark.parametrize("profile", ["default", "awkward"])
def test_agents_are_named_as_tracker_recognizes_them(client: DialectClient, profile: str) -> None:
    pairs = pair_rows(client, make_world(profile, sessions=1500))

    seen = Counter(sent["device_type"] for sent, _ in pairs)
    assert seen["mobile"] > 0 < seen["tablet"]
    for sent, stored in pairs:
        system = (sent["operating_system"], sent["operating_system_version"])
        agent = (sent["device_type"], sent["operating_system"], sent["browser"])
        assert (stored["operating_system"], stored["operating_system_version"]) == STORED_SYSTEMS.get(
            system, system
        )
        assert (stored["browser"], stored["device_type"]) == STORED_AGENTS.get(
            agent, (sent["browser"], sent["device_type"].capitalize())
        )


def test_referrer_from_same_host_is_empty_only_after_first_event(client: DialectClient) -> None:
    for row, sent, stored in pair_events(client, make_world(sessions=60)):
        assert [event["referrer"] for event in stored] == [
            "" if urlsplit(event["referrer"]).netloc == row["hostname"] else event["referrer"]
            for event in sent
        ]
        assert stored[0]["referrer"] == row["referrer"]
        assert {event["referrer"] for event in stored[1:]} <= {""}


def test_first_event_has_utm_parameters_in_query_string(client: DialectClient) -> None:
    world = make_world("awkward", sessions=200)
    landings = 0
    for row, sent, stored in pair_events(client, world):
        utm = [(name, row[name]) for name in UTM if row[name]]
        landings += bool(utm)

        assert parse_qsl(stored[0]["querystring"][1:])[len(parse_qsl(sent[0]["querystring"][1:])) :] == utm
        assert stored[0]["querystring"].startswith(sent[0]["querystring"])
        assert [event["querystring"] for event in stored[1:]] == [event["querystring"] for event in sent[1:]]
    assert landings > 0


PROPERTIES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"b": 1, "a": 2.5}, {"a": 2.5, "b": 1}),
    (
        {"nothing": None, "bare": {}, "inner": {"nothing": None}, "no": False, "empty": ""},
        {"empty": "", "no": False},
    ),
    ({"a.b": 1, "a": {"c": True}}, {"a": {"b": 1, "c": True}}),
    ({"a": 1, "a.b": 2}, {"a": {"b": 2}}),
    ({"a.b": 1, "a-b": 2}, {"a-b": 2, "a": {"b": 1}}),
    ({"items": [{"z": 1, "a": None}, "x"], "none": []}, {"items": [{"z": 1}, "x"], "none": []}),
]
INTEGERS = {"flags": [True, 1], "list": [1, None, 2], "mixed": [1, 2.5], "one": 1}


@pytest.mark.parametrize(("sent", "stored"), PROPERTIES, ids=str)
def test_properties_are_sorted_and_without_nulls(
    client: DialectClient, sent: dict[str, Any], stored: dict[str, Any]
) -> None:
    properties = store_properties(client, sent)

    assert properties == stored
    assert list(properties) == list(stored)


def test_whole_numbers_in_arrays_are_texts_in_older_databases(client: DialectClient) -> None:
    quoted = INTEGERS | {"list": ["1", None, "2"]}

    assert store_properties(client, INTEGERS) == (
        quoted if client.vendor.dialect == "server-2025-12" else INTEGERS
    )
    assert store_properties(DialectClient("documented"), INTEGERS) == INTEGERS


def store_properties(client: DialectClient, properties: dict[str, Any]) -> dict[str, Any]:
    """Return the properties of a tracked event as they are shown."""
    event = TrackedEvent(DEFAULT_END - DAY, "sent", properties, user_id="ada")
    world = with_events(make_world(sessions=1), 0, [event])
    [session] = client.list_ids(world, user_id="ada")
    stored: dict[str, Any] = client.get_detail(world, session)["events"][0]["props"]
    return stored
