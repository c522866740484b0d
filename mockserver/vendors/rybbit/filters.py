"""The filters of a request as conditions on sessions, or what is wrong with them."""

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from math import isfinite
from operator import attrgetter
from typing import Any, Final

from msgspec import DecodeError, Struct, json

from mockserver.contract.errors import Refused
from mockserver.contract.request import read
from mockserver.vendors.rybbit import words
from mockserver.vendors.rybbit.patterns import PatternError, compiled
from mockserver.vendors.rybbit.requests import Filter
from mockserver.world.query import Condition, Operator

_LONGEST: Final = 500
IDENTIFIED: Final = Condition("identified", bool, "equals", (True,))
_TEXTS: Final[dict[str, tuple[str, words.Of]]] = {
    "browser": ("agent", attrgetter("browser")),
    "browser_version": ("agent", words.browser),
    "operating_system": ("agent", attrgetter("os")),
    "operating_system_version": ("agent", words.system),
    "dimensions": ("agent", words.dimensions),
    "language": ("language", str),
    "country": ("place", attrgetter("country")),
    "timezone": ("place", attrgetter("time_zone")),
    "pathname": ("page", attrgetter("path")),
    "page_title": ("page", attrgetter("title")),
    "querystring": ("page", attrgetter("querystring")),
    "hostname": ("hostname", str),
    "referrer": ("acquisition", words.domain),
    "entry_page": ("entry", attrgetter("path")),
    "exit_page": ("exit", attrgetter("path")),
    "channel": ("acquisition", attrgetter("channel")),
    "utm_source": ("acquisition", attrgetter("utm_source")),
    "utm_medium": ("acquisition", attrgetter("utm_medium")),
    "utm_campaign": ("acquisition", attrgetter("utm_campaign")),
    "utm_term": ("acquisition", attrgetter("utm_term")),
    "utm_content": ("acquisition", attrgetter("utm_content")),
    "event_name": ("action", attrgetter("name")),
}
_BY_CHOICE: Final = {
    "region": ("place", "region", words.REGIONS),
    "city": ("place", "region", words.CITIES),
    "device_type": ("agent", "device_type", words.DEVICE_TYPES),
}
_NUMBERS: Final[dict[str, tuple[str, words.Of]]] = {
    "lat": ("place", attrgetter("latitude")),
    "lon": ("place", attrgetter("longitude")),
}
PARAMETERS: Final = (*_TEXTS, *_BY_CHOICE, *_NUMBERS, "user_id")
TYPES: Final[dict[str, tuple[Operator, bool]]] = {
    "equals": ("equals", False),
    "not_equals": ("equals", True),
    "contains": ("contains", False),
    "not_contains": ("contains", True),
    "regex": ("regex", False),
    "not_regex": ("regex", True),
    "greater_than": ("greater", False),
    "less_than": ("less", False),
}
"""What each type asks of one value, and whether no value may meet it instead."""


class _Matching(Struct, frozen=True):
    """Whether what is told of an entry matches one of some patterns."""

    of: words.Of
    patterns: tuple[str, ...]

    def __call__(self, entry: Any) -> bool:
        told = self.of(entry)
        return any(compiled(pattern).found_in(told) for pattern in self.patterns)


class Wanted(Struct):
    """What sessions must meet, whose they must be (one of each of some alternatives), and whose not."""

    where: list[Condition]
    actors: list[tuple[str, ...]]
    others: list[str]


def wanted(filters: str | None, user: str | None, choices: Mapping[str, Any]) -> Wanted:
    """What a request wants, or :class:`Refused` with the first thing that is wrong."""
    told = Wanted([], [(user,)] if user else [], [])
    for number, item in enumerate(_items(filters) if filters else ()):
        at = f"filters[{number}]"
        each = _filter(item, at)
        if each.parameter == "user_id":
            _whose(each, at, told)
        else:
            told.where.append(_condition(each, at, choices))
    return told


def _whose(each: Filter, at: str, told: Wanted) -> None:
    texts = tuple(_text(value) for value in each.value)
    if each.type not in {"equals", "not_equals"} or "" in texts:
        raise _refusal(f"{at}: user_id can be compared by equals and not_equals only, with texts that are not empty")
    if each.type == "not_equals":
        told.others += texts
    else:
        told.actors.append(texts)


def _refusal(message: str) -> Refused:
    return Refused("violation", message=message)


def _items(filters: str) -> list[Any]:
    try:
        items = json.decode(filters)
    except (DecodeError, UnicodeError, RecursionError):
        raise _refusal("Invalid JSON format") from None
    if not isinstance(items, list):
        raise _refusal("filters must be an array of objects with parameter, type and value")
    return items


def _filter(item: Any, at: str) -> Filter:
    if not isinstance(item, dict):
        raise _refusal(f"{at} must be an object with parameter, type and value")
    each = read(Filter, item, "query", numeric_texts=False)
    if isinstance(each, list):
        raise _refusal(f"{at}.{each[0].message}")
    _known(each.parameter, PARAMETERS, f"{at}.parameter")
    _known(each.type, TYPES, f"{at}.type")
    if not each.value:
        raise _refusal(f"{at}.value must hold at least one value")
    return each


def _known(word: str, known: Iterable[str], at: str) -> None:
    if word not in known:
        near = get_close_matches(word, known, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"
        raise _refusal(f"{at} does not know {word!r}; {hint}")


def _condition(each: Filter, at: str, choices: Mapping[str, Any]) -> Condition:
    operator, negate = TYPES[each.type]
    if each.parameter in _NUMBERS:
        return _numeric(each, at, operator, negate=negate)
    if operator in {"greater", "less"}:
        raise _refusal(f"{at}.type {each.type} compares numbers, such as lat and lon; {each.parameter} is a text")
    dimension, of = _told(each.parameter, choices)
    values = tuple(_text(value) for value in each.value)
    if operator == "regex":
        return Condition(dimension, _Matching(of, _patterns(values)), "equals", (True,), negate)
    return Condition(dimension, of, operator, values, negate)


def _told(parameter: str, choices: Mapping[str, Any]) -> tuple[str, words.Of]:
    if parameter in _TEXTS:
        return _TEXTS[parameter]
    dimension, choice, told = _BY_CHOICE[parameter]
    return dimension, told[choices[choice]]


def _numeric(each: Filter, at: str, operator: Operator, *, negate: bool) -> Condition:
    dimension, of = _NUMBERS[each.parameter]
    if operator == "regex":
        raise _refusal(f"{at}.type {each.type} compares texts; {each.parameter} is a number")
    values = tuple(_number(value, each, at) for value in each.value)
    return Condition(dimension, of, operator if operator in {"greater", "less"} else "near", values, negate)


def _number(value: str | float, each: Filter, at: str) -> float:
    try:
        number = float(value)
    except (ValueError, OverflowError):
        number = float("nan")
    if isfinite(number):
        return number
    if each.type in {"greater_than", "less_than"}:
        raise _refusal(f"Invalid numeric value for {each.type} filter: {value}")
    raise _refusal(f"{at}.value {value!r} must be a number, as {each.parameter} is")


def _text(value: str | float) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _patterns(texts: Sequence[str]) -> tuple[str, ...]:
    for text in texts:
        if not text:
            raise _refusal("Regex pattern cannot be empty")
        if len(text) > _LONGEST:
            raise _refusal(f"Regex pattern too long (max {_LONGEST} characters)")
        try:
            compiled(text)
        except PatternError as error:
            raise _refusal(f"Invalid regex pattern: {error}") from None
    return tuple(texts)
