"""Filters find what brute force finds, and those that cannot be read are refused."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import pytest
from msgspec import json

from mockserver.vendors.rybbit.filters.fields import PARAMETERS
from mockserver.vendors.rybbit.filters.syntax import TYPES
from mockserver.vendors.rybbit.responses import SessionEvent, SessionRow
from mockserver.world.model.spec import spec
from mockserver.world.model.vocabulary import load
from mockserver.world.world import World, build
from tests.vendors.rybbit.asking import Behaviors, detail, filters, ids, locations, page, refusal, rows, world


def some(profile: str = "default") -> World:
    """A world of few sessions: enough to compare, and soon listed."""
    return world(profile, sessions=300)


@cache
def events(profile: str = "default") -> dict[str, list[SessionEvent]]:
    """All events of every session, by session."""
    return {
        row.session_id: detail(some(profile), row.session_id, limit=1000).events
        for row in rows(some(profile))
    }


@cache
def everyone(profile: str = "default") -> list[SessionRow]:
    """Every session, as the list tells them."""
    return rows(some(profile))


ZONES = {
    (place.city, place.latitude): place.time_zone
    for name in ("default", "awkward")
    for place in load(name).places
}
Told = Callable[[SessionRow, list[SessionEvent]], Sequence[Any]]


def field(name: str) -> Told:
    """What a row says of itself."""
    return lambda row, _: [getattr(row, name)]


def version(row: SessionRow, _: list[SessionEvent]) -> list[str]:
    """Operating system and version, as the vendor's documentation groups them."""
    both = f"{row.operating_system} {row.operating_system_version}"
    return ["Windows 10/11" if both == "Windows 10" else both]


BODY_SNIPPET_BYTES: dict[str, Told] = {
    **{
        name: field(name)
        for name in set(PARAMETERS)
        & set(SessionRow.__struct_fields__) - {"referrer", "city", "user_id", "browser_version"}
    },
    "browser_version": lambda row, _: [f"{row.browser} {row.browser_version}"],
    "operating_system_version": version,
    "dimensions": lambda row, _: [f"{row.screen_width}x{row.screen_height}"],
    "city": lambda row, _: [f"{row.region}-{row.city}"],
    "timezone": lambda row, _: [ZONES[row.city, row.lat]],
    "referrer": lambda row, _: [(urlsplit(row.referrer).netloc).removeprefix("www.")],
    "pathname": lambda _, told: [event.pathname for event in told],
    "page_title": lambda _, told: [event.page_title for event in told],
    "querystring": lambda _, told: [event.querystring for event in told],
    "event_name": lambda _, told: [event.event_name for event in told if event.type != "pageview"],
}
NUMBERS = ("lat", "lon")
TEXTS = sorted(set(BODY_SNIPPET_BYTES) - {*NUMBERS})
MEETS: dict[str, Callable[[Any, Any], bool]] = {
    "equals": lambda told, value: bool(told == value),
    "contains": lambda told, value: value in told,
    "regex": lambda told, value: re.search(value, told) is not None,
    "greater_than": lambda told, value: bool(told > value),
    "less_than": lambda told, value: bool(told < value),
    "near": lambda told, value: abs(told - value) <= 0.001,
}


def values(kind: str, known: list[str]) -> list[str]:
    """Two values to compare by, of which the first is met by some."""
    common, other = known[0], known[1]
    whole = {
        "equals": [common, other],
        "contains": [common[1:5], "no such"],
        "regex": ["^" + re.escape(common[:9]) + ".*$", "no such"],
    }
    return whole[kind.removeprefix("not_")]


def held(
    profile: str, parameter: str, told: list[SessionRow] | None = None
) -> list[tuple[str, Sequence[Any]]]:
    """What every session has for a parameter, in the order of the list."""
    return [
        (row.session_id, BODY_SNIPPET_BYTES[parameter](row, events(profile)[row.session_id]))
        for row in told or everyone(profile)
    ]


def test_every_parameter_and_type_is_compared_below() -> None:
    """No documented parameter or type escapes the comparison with brute force."""
    assert set(BODY_SNIPPET_BYTES) == set(PARAMETERS) - {"user_id"}
    assert set(TYPES) == {*MEETS, "not_equals", "not_contains", "not_regex"} - {"near"}


@pytest.mark.parametrize("profile", ["default", "awkward"])
@pytest.mark.parametrize("parameter", TEXTS)
@pytest.mark.parametrize("kind", ["equals", "not_equals", "contains", "not_contains", "regex", "not_regex"])
def test_a_filter_of_texts_finds_what_brute_force_finds(profile: str, parameter: str, kind: str) -> None:
    """One value and two, every type and parameter: the rows whose told texts meet it, or none of whose do."""
    known = held(profile, parameter)
    common = [
        text
        for text, _ in Counter(text for _, texts in known for text in texts if len(text) > 1).most_common()
    ]
    meets, negate = MEETS[kind.removeprefix("not_")], kind.startswith("not_")
    sizes = []
    for asking in (values(kind, common)[:1], values(kind, common)):
        found = ids(rows(some(profile), filters=filters((parameter, kind, asking))))
        sizes.append(len(found))

        assert found == [
            each
            for each, texts in known
            if any(meets(text, value) for text in texts for value in asking) != negate
        ]
    assert sizes[0] > 0


@pytest.mark.parametrize("profile", ["default", "awkward"])
@pytest.mark.parametrize("parameter", NUMBERS)
@pytest.mark.parametrize(
    "kind", ["equals", "not_equals", "contains", "not_contains", "greater_than", "less_than"]
)
def test_a_filter_of_numbers_finds_what_brute_force_finds(profile: str, parameter: str, kind: str) -> None:
    """Numbers are equal within a thousandth, written as numbers or as texts."""
    known = held(profile, parameter)
    common = [
        number for number, _ in Counter(number for _, numbers in known for number in numbers).most_common()
    ]
    meets, negate = (
        MEETS.get(kind, MEETS["near"]) if kind.endswith("than") else MEETS["near"],
        kind.startswith("not_"),
    )
    for asking in ([common[0]], [common[0] + 0.0009, common[1]], [common[0] + 0.002], [str(common[0])]):
        found = ids(rows(some(profile), filters=filters((parameter, kind, asking))))

        assert found == [
            each
            for each, (number,) in known
            if any(meets(number, float(value)) for value in asking) != negate
        ]


@pytest.mark.parametrize(
    ("parameter", "behaviors"),
    [
        ("region", {"region": "code"}),
        ("city", {"region": "code"}),
        ("device_type", {"device_type": "capitalized"}),
    ],
)
def test_a_filter_compares_what_is_told(parameter: str, behaviors: Behaviors) -> None:
    """In the other dialect the other words are compared."""
    known = held("default", parameter, rows(some(), behaviors=behaviors))
    (common, _), *_ = Counter(text for _, texts in known for text in texts).most_common()
    filtered_example = filters((parameter, "equals", [common]))

    assert ids(rows(some(), filters=filtered_example, behaviors=behaviors)) == [
        each for each, texts in known if texts == [common]
    ]
    assert rows(some(), filters=filtered_example) == []


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


@pytest.mark.parametrize(
    ("narrowed", "meets"), EXAMPLES, ids=[str(filtered_example) for filtered_example, _ in EXAMPLES]
)
def test_documented_examples_of_filters(
    filtered_example: tuple[str, str, list[Any]], meets: Callable[[SessionRow], bool]
) -> None:
    """The values that documentation and readers would try first mean what they seem to."""
    assert rows(some(), filters=filters(filtered_example)) == [row for row in everyone() if meets(row)]


def test_all_filters_hold_together_with_everything_else() -> None:
    """Filters, window and identified_only narrow each other, and pages are cut from what is left."""
    filtered_example = filters(
        ("device_type", "equals", ["desktop"]),
        ("country", "not_equals", ["US"]),
        ("pathname", "contains", ["/docs"]),
    )
    asking: dict[str, Any] = {
        "filters": filtered_example,
        "identified_only": "true",
        "start_date": "2026-09-02",
        "end_date": "2026-09-25",
    }
    expected = [
        row
        for row in everyone()
        if row.device_type == "desktop"
        and row.country != "US"
        and row.identified_user_id
        and "2026-09-02" <= row.session_start[:10] <= "2026-09-25"
        and any("/docs" in event.pathname for event in events()[row.session_id])
    ]

    assert rows(some(), **asking) == expected
    assert page(some(), page=2, limit=3, **asking) == expected[3:6]
    assert len(expected) > 3


@pytest.mark.parametrize("text", ["[]", " [] ", "", None])
def test_no_filter_means_everything(text: str | None) -> None:
    """An empty array, or none, filters nothing."""
    assert rows(some(), filters=text) == everyone()


def test_equal_filters_are_equal_questions() -> None:
    """What was evaluated for one request serves the next: conditions made anew are equal, patterns too."""
    filtered_example = filters(
        ("country", "equals", ["US"]), ("pathname", "regex", ["^/docs"]), ("city", "not_contains", ["York"])
    )
    told = build(spec(seed=77, sessions=100))
    for _ in range(3):
        rows(told, filters=filtered_example)

    assert told.sites[0].people.select.cache_info().misses == 1


PAIR = {"parameter": "country", "type": "equals", "value": ["US"]}


BAD: list[tuple[Any, str]] = [
    ("country=US", "Invalid JSON format"),
    ("[", "Invalid JSON format"),
    ("[" * 100_000, "Invalid JSON format"),
    ('["\udcff"]', "Invalid JSON format"),
    ("[NaN]", "Invalid JSON format"),
    (PAIR, "filters must be an array of objects with parameter, type and value"),
    ("null", "filters must be an array of objects with parameter, type and value"),
    (["country"], "filters[0] must be an object with parameter, type and value"),
    ([PAIR, None], "filters[1] must be an object with parameter, type and value"),
    ([{"type": "equals", "value": ["US"]}], "filters[0].parameter is required"),
    ([PAIR, {"parameter": "country", "value": ["US"]}], "filters[1].type is required"),
    ([{"parameter": "country", "type": "equals"}], "filters[0].value is required"),
    ([{**PAIR, "value": "US"}], "filters[0].value must be an array"),
    ([{**PAIR, "value": ["US", None]}], "filters[0].value[1] must be an integer or a number or a string"),
    ([{**PAIR, "value": [True]}], "filters[0].value[0] must be an integer or a number or a string"),
    ([{**PAIR, "value": []}], "filters[0].value must hold at least one value"),
    ([{**PAIR, "parameter": 5}], "filters[0].parameter must be a string"),
    (
        [{**PAIR, "parameter": "contry"}],
        "filters[0].parameter does not know 'contry'; did you mean 'country'?",
    ),
    ([{**PAIR, "type": "equal"}], "filters[0].type does not know 'equal'; did you mean 'equals'?"),
    ([{**PAIR, "type": "~"}], f"filters[0].type does not know '~'; known are {', '.join(TYPES)}"),
    (
        [{**PAIR, "parameter": "?"}],
        f"filters[0].parameter does not know '?'; known are {', '.join(PARAMETERS)}",
    ),
    (
        [{**PAIR, "type": "greater_than"}],
        "filters[0].type greater_than compares numbers, such as lat and lon; country is a text",
    ),
    (
        [PAIR, {**PAIR, "type": "less_than"}],
        "filters[1].type less_than compares numbers, such as lat and lon; country is a text",
    ),
    (
        [{"parameter": "lat", "type": "regex", "value": ["5"]}],
        "filters[0].type regex compares texts; lat is a number",
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
        "filters[0].value 'north' must be a number, as lat is",
    ),
    (
        [{"parameter": "lat", "type": "equals", "value": ["9" * 400]}],
        f"filters[0].value '{'9' * 400}' must be a number, as lat is",
    ),
    ([{**PAIR, "type": "regex", "value": [""]}], "Regex pattern cannot be empty"),
    ([{**PAIR, "type": "not_regex", "value": ["a" * 501]}], "Regex pattern too long (max 500 characters)"),
    (
        [{**PAIR, "type": "regex", "value": ["U", "("]}],
        "Invalid regex pattern: missing ), unterminated subpattern at position 0",
    ),
    (
        [{**PAIR, "type": "regex", "value": ["(?=U)"]}],
        "Invalid regex pattern: (? at position 0 is not supported",
    ),
]


@pytest.mark.parametrize("ask", [rows, locations])
@pytest.mark.parametrize(
    ("bad", "message"), BAD, ids=[f"{n} {message[:40]}" for n, (_, message) in enumerate(BAD)]
)
def test_a_filter_that_cannot_be_read_is_refused(ask: Callable[..., Any], bad: Any, message: str) -> None:
    """The message says what is wrong, where, and what would be right."""
    assert refusal(ask, filters=bad if isinstance(bad, str) else json.encode(bad).decode()) == message


def test_time_is_checked_before_filters() -> None:
    """Of a request that is wrong in both, the window is told."""
    assert (
        refusal(rows, start_date="2026-09-01", filters="[")
        == "start_date and end_date must be provided together"
    )


@pytest.mark.parametrize("pattern", ["(a+)+$", "^(/|/.*)*$", "(.*)*(.*)*(.*)*x", "a" * 500])
def test_no_pattern_takes_long(pattern: str) -> None:
    """On the longest texts there are, patterns that would hang Python's engine are answered."""
    for parameter in ("pathname", "page_title", "querystring", "referrer", "utm_content"):
        assert isinstance(rows(world("awkward"), filters=filters((parameter, "regex", [pattern]))), list)
