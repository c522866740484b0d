"""Filters on attributes of events, in the dialects of 2026, find what brute force over the events finds.

One event that meets a filter is enough, also for the negated types.
"""

import re
from collections.abc import Callable, Iterable
from functools import cache
from itertools import chain, product
from typing import Any
from urllib.parse import urlsplit

import pytest

from mockserver.world.world import World
from tests.vendors.rybbit.client import encode_filters, make_tracked_world, make_world
from tests.vendors.rybbit.dialect_client import DialectClient, Row

JULY = DialectClient("server-2026-07")
NEWEST = DialectClient("server-2026-09")
CLIENTS = [JULY, NEWEST]
Filter = tuple[str, str, list[str]]
Event = dict[str, Any]
UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
FIELDS = ("pathname", "page_title", "querystring", "event_name")
HOLDS: dict[str, Callable[[str, list[str]], bool]] = {
    "equals": lambda text, values: text in values,
    "not_equals": lambda text, values: text not in values,
    "contains": lambda text, values: any(value in text for value in values),
    "not_contains": lambda text, values: not any(value in text for value in values),
    "starts_with": lambda text, values: text.startswith(tuple(values)),
    "ends_with": lambda text, values: text.endswith(tuple(values)),
    "regex": lambda text, values: re.search(values[0], text) is not None,
    "not_regex": lambda text, values: re.search(values[0], text) is None,
    "is_null": lambda text, _: text == "",
    "is_not_null": lambda text, _: text != "",
    "greater_than": lambda text, values: any(text > value for value in values),
    "less_than_or_equal": lambda text, values: any(text <= value for value in values),
}
"""By type of filter."""
ORDERINGS = ("greater_than", "less_than_or_equal")
VALUES = (["/"], ["/pricing", "/"], ["pricing"], [""], ["^/[a-p]"], ["?"], ["Signup", "a"])
KINDS = [name for name in HOLDS if name not in ORDERINGS]


@cache
def make_named_world(profile: str) -> World:
    return make_tracked_world() if profile == "tracked" else make_world(profile, sessions=250)


@cache
def list_sessions(profile: str) -> list[tuple[Row, list[Event]]]:
    """Return the rows of a world, and the events of each, of which only the first has a referrer and UTM values."""
    world = make_named_world(profile)
    sessions: list[tuple[Row, list[Event]]] = []
    for row in JULY.list_rows(world):
        events = JULY.get_detail(world, row["session_id"], limit=1000)["events"]
        for event in events:
            event.update(dict.fromkeys((*UTM, "referrer"), ""))
        events[0].update({name: row[name] for name in UTM})
        events[0]["referrer"] = (urlsplit(row["referrer"]).hostname or "").removeprefix("www.")
        sessions.append((row, events))
    return sessions


def find(profile: str, filters: Iterable[Filter], *, same_event: bool = False) -> list[str]:
    """Return the ids of the sessions that meet all filters; with *same_event*, one event must meet them."""
    found: list[str] = []
    for row, events in list_sessions(profile):
        passing = [
            {i for i, event in enumerate(events) if HOLDS[kind](event[name], values)}
            for name, kind, values in filters
        ]
        if set.intersection(*passing) if same_event else all(passing):
            found.append(row["session_id"])
    return found


@pytest.mark.parametrize("profile", ["default", "awkward", "tracked"])
@pytest.mark.parametrize("field", FIELDS)
def test_list_finds_sessions_of_which_one_event_meets_filter(profile: str, field: str) -> None:
    world = make_named_world(profile)
    sizes: set[int] = set()
    for kind, values, client in product(HOLDS, VALUES, CLIENTS):
        if ("regex" in kind and not values[0]) or values == ["?"]:
            continue
        found = client.list_ids(world, filters=encode_filters((field, kind, values)))
        sizes.add(len(found))

        assert found == find(profile, [(field, kind, values)]), (field, kind, values)
    assert len(sizes) > 2


@pytest.mark.parametrize("profile", ["default", "awkward", "tracked"])
@pytest.mark.parametrize("field", [*FIELDS, "referrer", "utm_source", "utm_term"])
def test_locations_count_sessions_of_which_one_event_meets_filter(profile: str, field: str) -> None:
    world = make_named_world(profile)
    values = [["/pricing", "google"], ["google.com"], [""], ["g"]]
    for kind, value in product(KINDS, values):
        if "regex" in kind and not value[0]:
            continue
        filter_: Filter = (field, kind, value)

        assert NEWEST.count_by_locations(world, filters=encode_filters(filter_)) == len(
            find(profile, [filter_])
        ), filter_


PAIRS: list[tuple[Filter, Filter]] = [
    (("pathname", "equals", ["/pricing"]), ("utm_source", "is_not_null", [])),
    (("pathname", "not_equals", ["/"]), ("referrer", "is_null", [])),
    (("pathname", "not_equals", ["/"]), ("page_title", "not_contains", ["Pricing"])),
    (("pathname", "equals", ["/"]), ("pathname", "equals", ["/pricing"])),
]


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.vendor.dialect)
@pytest.mark.parametrize("profile", ["default", "awkward", "tracked"])
@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_filters_of_locations_must_be_met_by_the_same_event(
    client: DialectClient, profile: str, pair: tuple[Filter, Filter]
) -> None:
    """In the list, each filter may be met by another event."""
    world = make_named_world(profile)
    filters = encode_filters(*pair)
    pages = [each for each in pair if each[0] in FIELDS]

    assert client.count_by_locations(world, filters=filters) == len(find(profile, pair, same_event=True))
    assert client.list_ids(world, filters=encode_filters(*pages)) == find(profile, pages)


def test_event_name_of_locations_may_be_met_by_another_event() -> None:
    [*names] = sorted(
        {event["event_name"] for event in chain.from_iterable(e for _, e in list_sessions("default"))}
    )
    pair: tuple[Filter, Filter] = (("event_name", "equals", [names[-1]]), ("pathname", "equals", ["/"]))

    assert JULY.count_by_locations(make_named_world("default"), filters=encode_filters(*pair)) == len(
        find("default", pair)
    )
    assert find("default", pair) != find("default", pair, same_event=True)


@pytest.mark.parametrize("field", ["pathname", "page_title", "querystring"])
def test_locations_cannot_order_texts_of_pages(field: str) -> None:
    filters = encode_filters((field, "greater_than", ["/"]))

    assert JULY.get_error("list_session_locations", make_named_world("default"), filters=filters)[0] == 500
    assert JULY.list_ids(make_named_world("default"), filters=filters)
