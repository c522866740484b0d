"""Filters find what brute force finds, and invalid ones return errors."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from itertools import chain, product
from typing import Any
from urllib.parse import urlsplit

import pytest
from msgspec import json

from mockserver._util.suggest import suggest
from mockserver.vendors.rybbit.filters.fields import PARAMETERS
from mockserver.vendors.rybbit.filters.syntax import TYPES
from mockserver.vendors.rybbit.responses import SessionEvent, SessionRow
from mockserver.world.generator.added import NewSession
from mockserver.world.model.spec import DEFAULT_START, spec
from mockserver.world.model.vocabulary import load
from mockserver.world.world import World, build, with_session
from tests.vendors.rybbit.client import (
    Behaviors,
    encode_filters,
    error_message,
    get_detail,
    list_locations,
    list_page,
    list_rows,
    make_world,
    session_ids,
)


def make_small_world(profile: str = "default") -> World:
    """Return a world that is large enough to compare and quick to list."""
    return make_world(profile, sessions=300)


@cache
def all_events(profile: str = "default") -> dict[str, list[SessionEvent]]:
    """Return the events of every session, by session id."""
    return {
        row.session_id: get_detail(make_small_world(profile), row.session_id, limit=1000).events
        for row in list_rows(make_small_world(profile))
    }


@cache
def all_rows(profile: str = "default") -> list[SessionRow]:
    return list_rows(make_small_world(profile))


PLACES = (*load("default").places, *load("awkward").places)
ZONES = {(place.city, place.latitude): place.time_zone for place in PLACES}
REGION_CODES = {(place.city, place.latitude): place.region_code for place in PLACES}
GetValues = Callable[[SessionRow, list[SessionEvent]], Sequence[Any]]
"""Return the values of a session that a filter compares, given its row and its events."""


def row_field(name: str) -> GetValues:
    """Return a function that gets a field of the row."""
    return lambda row, _: [getattr(row, name)]


def get_system_and_version(row: SessionRow, _: list[SessionEvent]) -> list[str]:
    """Return operating system and version, with Windows 10 and 11 as one, as documented, and the version."""
    version = str(row.operating_system_version)
    system = f"{row.operating_system} {version}"
    return ["Windows 10/11" if system == "Windows 10" else system, version]


def get_city(row: SessionRow, _: list[SessionEvent]) -> list[str]:
    """Return the city, also with the name of its region and like the documented CA-San Francisco."""
    code = REGION_CODES[row.city, row.lat].partition("-")[2]
    return [row.city, f"{row.region}-{row.city}", f"{code}-{row.city}"]


ROW_FIELDS = set(SessionRow.__struct_fields__) - {"referrer", "city", "user_id", "browser_version"}
GET_VALUES: dict[str, GetValues] = {
    **{name: row_field(name) for name in ROW_FIELDS & set(PARAMETERS)},
    "browser_version": lambda row, _: [f"{row.browser} {row.browser_version}", str(row.browser_version)],
    "operating_system_version": get_system_and_version,
    "dimensions": lambda row, _: [f"{row.screen_width}x{row.screen_height}"],
    "city": get_city,
    "timezone": lambda row, _: [ZONES[row.city, row.lat]],
    "referrer": lambda row, _: [(urlsplit(row.referrer).netloc).removeprefix("www."), row.referrer],
    "pathname": lambda _, events: [event.pathname for event in events],
    "page_title": lambda _, events: [event.page_title for event in events],
    "querystring": lambda _, events: [event.querystring for event in events],
    "event_name": lambda _, events: [event.event_name for event in events if event.type != "pageview"],
}
"""By parameter."""
NUMBERS = ("lat", "lon")
TEXTS = sorted(set(GET_VALUES) - {*NUMBERS})
MATCHES: dict[str, Callable[[Any, Any], bool]] = {
    "equals": lambda actual, value: bool(actual == value),
    "contains": lambda actual, value: value in actual,
    "regex": lambda actual, value: re.search(value, actual) is not None,
    "greater_than": lambda actual, value: bool(actual > value),
    "less_than": lambda actual, value: bool(actual < value),
    "near": lambda actual, value: abs(actual - value) <= 0.001,
}
"""By type, and "near" for numbers: whether an actual value matches the value of a filter."""


def choose_texts(kind: str, common_texts: list[str]) -> list[str]:
    """Return two values for a type of filter; some sessions match the first."""
    first, second = common_texts[:2]
    values = {
        "equals": [first, second],
        "contains": [first[1:5], "no such"],
        "regex": ["^" + re.escape(first[:9]) + ".*$", "no such"],
    }
    return values[kind.removeprefix("not_")]


def values_by_session(
    profile: str, parameter: str, rows: list[SessionRow] | None = None
) -> list[tuple[str, Sequence[Any]]]:
    """Return the id of each session and the values that a filter compares, in the order of the list."""
    get_values = GET_VALUES[parameter]
    return [
        (row.session_id, get_values(row, all_events(profile)[row.session_id]))
        for row in rows or all_rows(profile)
    ]


def count_values(sessions: list[tuple[str, Sequence[Any]]]) -> Counter[Any]:
    return Counter(chain.from_iterable(values for _, values in sessions))


def test_all_parameters_and_types_are_compared_with_brute_force() -> None:
    assert set(GET_VALUES) == set(PARAMETERS) - {"user_id"}
    assert set(TYPES) == {*MATCHES, "not_equals", "not_contains", "not_regex"} - {"near"}


@pytest.mark.parametrize("profile", ["default", "awkward"])
@pytest.mark.parametrize("parameter", TEXTS)
@pytest.mark.parametrize("kind", ["equals", "not_equals", "contains", "not_contains", "regex", "not_regex"])
def test_text_filter_finds_what_brute_force_finds(profile: str, parameter: str, kind: str) -> None:
    """Filters with one value and with two match if any text matches any value; negated ones if none does."""
    sessions = values_by_session(profile, parameter)
    common_texts = [text for text, _ in count_values(sessions).most_common() if len(text) > 1]
    matches = MATCHES[kind.removeprefix("not_")]
    is_negated = kind.startswith("not_")
    two_values = choose_texts(kind, common_texts)
    sizes = []
    for values in (two_values[:1], two_values):
        text = encode_filters((parameter, kind, values))
        found = session_ids(list_rows(make_small_world(profile), filters=text))
        sizes.append(len(found))

        assert found == [
            session_id
            for session_id, actual in sessions
            if any(matches(*pair) for pair in product(actual, values)) != is_negated
        ]
    assert sizes[0] > 0


@pytest.mark.parametrize("profile", ["default", "awkward"])
@pytest.mark.parametrize("parameter", NUMBERS)
@pytest.mark.parametrize(
    "kind", ["equals", "not_equals", "contains", "not_contains", "greater_than", "less_than"]
)
def test_number_filter_finds_what_brute_force_finds(profile: str, parameter: str, kind: str) -> None:
    """Numbers are equal within a thousandth, whether sent as numbers or as texts."""
    sessions = values_by_session(profile, parameter)
    (first, _), (second, _), *_ = count_values(sessions).most_common()
    matches = MATCHES[kind if kind.endswith("than") else "near"]
    is_negated = kind.startswith("not_")
    for values in ([first], [first + 0.0009, second], [first + 0.002], [str(first)]):
        text = encode_filters((parameter, kind, values))
        found = session_ids(list_rows(make_small_world(profile), filters=text))

        assert found == [
            session_id
            for session_id, (number,) in sessions
            if any(matches(number, float(value)) for value in values) != is_negated
        ]


@pytest.mark.parametrize(
    ("parameter", "behaviors"),
    [
        ("region", {"region": "code"}),
        ("device_type", {"device_type": "capitalized"}),
        ("channel", {"channel": "sample"}),
    ],
)
def test_filter_compares_values_in_the_format_of_the_behavior(parameter: str, behaviors: Behaviors) -> None:
    rows = list_rows(make_small_world(), behaviors=behaviors)
    sessions = values_by_session("default", parameter, rows)
    (common, _), *_ = count_values(sessions).most_common()
    filters = encode_filters((parameter, "equals", [common]))

    assert session_ids(list_rows(make_small_world(), filters=filters, behaviors=behaviors)) == [
        session_id for session_id, texts in sessions if texts == [common]
    ]
    assert list_rows(make_small_world(), filters=filters) == []


EXAMPLES: list[tuple[tuple[str, str, list[Any]], Callable[[SessionRow], bool]]] = [
    (
        ("browser_version", "equals", ["Chrome 131"]),
        lambda row: (row.browser, row.browser_version) == ("Chrome", 131),
    ),
    (
        ("operating_system_version", "equals", ["macOS 14.5"]),
        lambda row: row.operating_system_version == 14.5,
    ),
    (("dimensions", "equals", ["1920x1080"]), lambda row: row.screen_width == 1920),
    (("city", "equals", ["California-San Francisco"]), lambda row: row.city == "San Francisco"),
    (("referrer", "equals", ["google.com"]), lambda row: row.referrer == "https://www.google.com/"),
    (("referrer", "equals", [""]), lambda row: row.referrer == ""),
    (
        ("channel", "equals", ["Organic Search", "Direct"]),
        lambda row: row.channel in {"Organic Search", "Direct"},
    ),
    (("country", "not_equals", ["US", "DE"]), lambda row: row.country not in {"US", "DE"}),
    (("country", "equals", ["us"]), lambda _: False),
    (("utm_campaign", "contains", ["%"]), lambda _: False),
    (("browser_version", "contains", [131]), lambda row: row.browser_version == 131),
    (("browser_version", "contains", [131.0]), lambda row: row.browser_version == 131),
    (("entry_page", "regex", ["^/docs(/.*)?$"]), lambda row: row.entry_page.startswith("/docs")),
    (("lat", "greater_than", ["50"]), lambda row: row.lat > 50),
]


@pytest.mark.parametrize(("example", "matches"), EXAMPLES, ids=[str(example) for example, _ in EXAMPLES])
def test_example_filter_matches_intended_sessions(
    example: tuple[str, str, list[Any]], matches: Callable[[SessionRow], bool]
) -> None:
    assert list_rows(make_small_world(), filters=encode_filters(example)) == [
        row for row in all_rows() if matches(row)
    ]


def test_filters_combine_with_other_parameters_and_pages() -> None:
    filters = encode_filters(
        ("device_type", "equals", ["desktop"]),
        ("country", "not_equals", ["US"]),
        ("pathname", "contains", ["/docs"]),
    )
    query: dict[str, Any] = {
        "filters": filters,
        "identified_only": "true",
        "start_date": "2026-09-02",
        "end_date": "2026-09-25",
    }
    expected = [
        row
        for row in all_rows()
        if row.device_type == "desktop"
        and row.country != "US"
        and row.identified_user_id
        and "2026-09-02" <= row.session_start[:10] <= "2026-09-25"
        and any("/docs" in event.pathname for event in all_events()[row.session_id])
    ]

    assert list_rows(make_small_world(), **query) == expected
    assert list_page(make_small_world(), page=2, limit=3, **query) == expected[3:6]
    assert len(expected) > 3


@pytest.mark.parametrize("text", ["[]", " [] ", "", None])
def test_empty_filters_match_all_sessions(text: str | None) -> None:
    assert list_rows(make_small_world(), filters=text) == all_rows()


def test_equal_filters_are_evaluated_once() -> None:
    """Conditions of separate requests are equal, including those of patterns, so results are cached."""
    filters = encode_filters(
        ("country", "equals", ["US"]), ("pathname", "regex", ["^/docs"]), ("city", "not_contains", ["York"])
    )
    world = build(spec(seed=77, sessions=100))
    for _ in range(3):
        list_rows(world, filters=filters)

    assert len(world.sites[0].people.selected) == 1


COUNTRY_FILTER = {"parameter": "country", "type": "equals", "value": ["US"]}


INVALID: list[tuple[Any, str]] = [
    ("country=US", "Invalid JSON format"),
    ("[", "Invalid JSON format"),
    ("[" * 100_000, "Invalid JSON format"),
    ('["\udcff"]', "Invalid JSON format"),
    ("[NaN]", "Invalid JSON format"),
    (COUNTRY_FILTER, "filters must be an array of objects with parameter, type and value"),
    ("null", "filters must be an array of objects with parameter, type and value"),
    (["country"], "filters[0] must be an object with parameter, type and value"),
    ([COUNTRY_FILTER, None], "filters[1] must be an object with parameter, type and value"),
    ([{"type": "equals", "value": ["US"]}], "filters[0].parameter is required"),
    ([COUNTRY_FILTER, {"parameter": "country", "value": ["US"]}], "filters[1].type is required"),
    ([{"parameter": "country", "type": "equals"}], "filters[0].value is required"),
    ([{**COUNTRY_FILTER, "value": "US"}], "filters[0].value must be an array"),
    (
        [{**COUNTRY_FILTER, "value": ["US", None]}],
        "filters[0].value[1] must be a string or an integer or a number",
    ),
    ([{**COUNTRY_FILTER, "value": [True]}], "filters[0].value[0] must be a string or an integer or a number"),
    ([{**COUNTRY_FILTER, "value": []}], "filters[0].value must contain at least one value"),
    ([{**COUNTRY_FILTER, "parameter": 5}], "filters[0].parameter must be a string"),
    (
        [{**COUNTRY_FILTER, "parameter": "contry"}],
        "filters[0].parameter: unknown value 'contry'; did you mean 'country'?",
    ),
    ([{**COUNTRY_FILTER, "type": "equal"}], "filters[0].type: unknown value 'equal'; did you mean 'equals'?"),
    ([{**COUNTRY_FILTER, "type": "~"}], f"filters[0].type: unknown value '~'; {suggest('~', TYPES)}"),
    (
        [{**COUNTRY_FILTER, "parameter": "?"}],
        f"filters[0].parameter: unknown value '?'; {suggest('?', PARAMETERS)}",
    ),
    (
        [{**COUNTRY_FILTER, "type": "greater_than"}],
        "filters[0].type: greater_than compares numbers, such as lat and lon; country is a text",
    ),
    (
        [COUNTRY_FILTER, {**COUNTRY_FILTER, "type": "less_than"}],
        "filters[1].type: less_than compares numbers, such as lat and lon; country is a text",
    ),
    (
        [{"parameter": "lat", "type": "regex", "value": ["5"]}],
        "filters[0].type: regex compares texts; lat is a number",
    ),
    (
        [{"parameter": "lat", "type": "greater_than", "value": ["x"]}],
        "Invalid numeric value for greater_than filter: x",
    ),
    (
        [{"parameter": "lon", "type": "less_than", "value": ["nan"]}],
        "Invalid numeric value for less_than filter: nan",
    ),
    (
        [{"parameter": "lat", "type": "equals", "value": [1, "north"]}],
        "filters[0].value: invalid number 'north' for lat",
    ),
    (
        [{"parameter": "lat", "type": "equals", "value": ["9" * 400]}],
        f"filters[0].value: invalid number '{'9' * 400}' for lat",
    ),
    ([{**COUNTRY_FILTER, "type": "regex", "value": [""]}], "Regex pattern cannot be empty"),
    (
        [{**COUNTRY_FILTER, "type": "not_regex", "value": ["a" * 501]}],
        "Regex pattern too long (max 500 characters)",
    ),
    (
        [{**COUNTRY_FILTER, "type": "regex", "value": ["U", "("]}],
        "Invalid regex pattern: missing ), unterminated subpattern at position 0",
    ),
    (
        [{**COUNTRY_FILTER, "type": "regex", "value": ["(?=U)"]}],
        "Invalid regex pattern: (? at position 0 is not supported",
    ),
]


@pytest.mark.parametrize("call", [list_rows, list_locations])
@pytest.mark.parametrize(
    ("invalid", "message"),
    INVALID,
    ids=[f"{index} {message[:40]}" for index, (_, message) in enumerate(INVALID)],
)
def test_invalid_filter_returns_error_with_position_and_remedy(
    call: Callable[..., Any], invalid: Any, message: str
) -> None:
    text = invalid if isinstance(invalid, str) else json.encode(invalid).decode()

    assert error_message(call, filters=text) == message


def test_time_range_is_validated_before_filters() -> None:
    assert (
        error_message(list_rows, start_date="2026-09-01", filters="[")
        == "start_date and end_date must be provided together"
    )


@pytest.mark.parametrize("pattern", ["(a+)+$", "^(/|/.*)*$", "(.*)*(.*)*(.*)*x", "a" * 500])
def test_pattern_that_backtracks_in_python_is_fast_on_long_texts(pattern: str) -> None:
    for parameter in ("pathname", "page_title", "querystring", "referrer", "utm_content"):
        assert isinstance(
            list_rows(make_world("awkward"), filters=encode_filters((parameter, "regex", [pattern]))), list
        )


@pytest.mark.parametrize("parameter", sorted(GET_VALUES))
def test_added_session_is_found_by_every_value_that_it_shows(parameter: str) -> None:
    world, _ = with_session(
        make_world("empty", sessions=0),
        NewSession(
            start=DEFAULT_START,
            country="DE",
            device="mobile",
            channel="Email",
            referrer="https://mail.example/",
            utm_source="news",
            utm_medium="email",
            utm_campaign="june",
            utm_term="term",
            utm_content="content",
            pages=["/own?x=1", "/pricing"],
            events=["signup"],
        ),
    )
    [row] = list_rows(world)
    values = GET_VALUES[parameter](row, get_detail(world, row.session_id, limit=1000).events)

    for value in values if any(values) else ():
        counts = [
            len(list_rows(world, filters=encode_filters((parameter, kind, [value]))))
            for kind in ("equals", "not_equals")
        ]
        assert counts == [1, 0]
    assert any(values)
    assert list_rows(world, filters=encode_filters((parameter, "equals", [77]))) == []
