"""The filters of a request as conditions on sessions, or what is wrong with them."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from math import isfinite
from typing import Any, Final

from msgspec import Struct

from mockserver.vendors.rybbit import words
from mockserver.vendors.rybbit.grammar import EMPTY, Grammar
from mockserver.vendors.rybbit.parameters import NUMBERS, told
from mockserver.vendors.rybbit.patterns import PatternError, compiled
from mockserver.vendors.rybbit.requests import Filter
from mockserver.world.model.query import Condition, Operator

_LONGEST: Final = 500
_ORDERS: Final = {"greater", "less", "least", "most"}
IDENTIFIED: Final = Condition("identified", bool, "equals", (True,))


class _Matching(Struct, frozen=True):
    """Whether what is told of an entry matches one of some patterns."""

    of: words.Of
    patterns: tuple[str, ...]

    def __call__(self, entry: Any) -> bool:
        said = self.of(entry)
        return any(compiled(pattern).found_in(said) for pattern in self.patterns)


class _Like(Struct, frozen=True):
    """Whether what is told of an entry contains one of some texts, in which % and _ stand for any text and any character."""

    of: words.Of
    texts: tuple[str, ...]

    def __call__(self, entry: Any) -> bool:
        said = self.of(entry)
        return any(_contains(said, text) for text in self.texts)


class _Unlike(Struct, frozen=True):
    """Whether an entry fails one of some tests."""

    tests: tuple[Condition, ...]

    def __call__(self, entry: Any) -> bool:
        return any(not test.passes(entry) for test in self.tests)


@lru_cache(maxsize=256)
def _pieces(text: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(".".join(map(re.escape, piece.split("_"))), re.DOTALL) for piece in text.split("%"))


def _contains(said: str, text: str) -> bool:
    at = 0
    for piece in _pieces(text):  # The leftmost place of each leaves most room for the next.
        found = piece.search(said, at)
        if found is None:
            return False
        at = found.end()
    return True


class Wanted(Struct):
    """What sessions must meet, whose they must be (one of each of some alternatives), and whose not."""

    where: list[Condition]
    actors: list[tuple[str, ...]]
    others: list[str]


def wanted(filters: str | None, user: str | None, choices: Mapping[str, Any], grammar: Grammar) -> Wanted:
    """What a request wants, or :class:`Refused` with what is wrong."""
    found = Wanted([], [(user,)] if user else [], [])
    for number, each in enumerate(grammar.items(filters, grammar) if filters else ()):
        at = f"filters[{number}]"
        if not each.value and each.type not in EMPTY:
            raise grammar.is_broken(f"{at}.value must hold at least one value")
        if each.parameter in grammar.lacking:
            raise grammar.is_broken(f"{at}.parameter {each.parameter} is no column of the list")
        if each.parameter == "user_id":
            _whose(each, at, found, grammar)
        else:
            found.where.append(_condition(each, at, choices, grammar))
    return found


def _whose(each: Filter, at: str, found: Wanted, grammar: Grammar) -> None:
    texts = tuple(_text(value) for value in each.value)
    if not grammar.sloppy and (each.type not in {"equals", "not_equals"} or "" in texts):
        raise grammar.is_wrong(f"{at}: user_id can be compared by equals and not_equals only, with texts that are not empty")
    if each.type != "equals":
        found.others += texts
    else:
        found.actors.append(texts)


def _condition(each: Filter, at: str, choices: Mapping[str, Any], grammar: Grammar) -> Condition:
    operator, negate = grammar.types[each.type]
    if each.parameter in NUMBERS:
        return _numeric(each, at, operator, grammar)
    if operator in _ORDERS:
        raise grammar.is_broken(f"{at}.type {each.type} compares numbers, such as lat and lon; {each.parameter} is a text")
    dimension, of = told(each.parameter, choices)
    values = ("",) if each.type in EMPTY else tuple(_text(value) for value in each.value)
    if operator == "regex":
        values = _patterns(values[: 1 if grammar.sloppy else None], grammar)
    if negate and grammar.wildcards:
        tests = tuple(_test(dimension, of, operator, (value,), grammar) for value in values)
        return Condition(dimension, _Unlike(tests), "equals", (True,))
    return _test(dimension, of, operator, values, grammar, negate=negate)


def _test(  # noqa: PLR0913 -- what a condition consists of
    dimension: str, of: words.Of, operator: Operator, values: tuple[str, ...], grammar: Grammar, *, negate: bool = False
) -> Condition:
    if operator == "regex":
        return Condition(dimension, _Matching(of, values), "equals", (True,), negate)
    if operator == "contains" and grammar.wildcards:
        return Condition(dimension, _Like(of, values), "equals", (True,), negate)
    return Condition(dimension, of, operator, values, negate)


def _numeric(each: Filter, at: str, operator: Operator, grammar: Grammar) -> Condition:
    (dimension, of), negate = NUMBERS[each.parameter], grammar.types[each.type][1]
    if each.type in EMPTY:
        return Condition(dimension, of, "equals", (None,), negate)
    if operator in {"regex", "starts", "ends"}:
        raise grammar.is_broken(f"{at}.type {each.type} compares texts; {each.parameter} is a number")
    if operator not in _ORDERS:
        operator, negate = "near", negate and not grammar.wildcards
    values = each.value[: 1 if grammar.sloppy and operator in _ORDERS else None]
    return Condition(dimension, of, operator, tuple(_number(value, each, at, grammar) for value in values), negate)


def _number(value: str | float, each: Filter, at: str, grammar: Grammar) -> float:
    try:
        number = float(value)
    except (ValueError, OverflowError):
        number = float("nan")
    if isfinite(number):
        return number
    if grammar.types[each.type][0] in _ORDERS:
        raise grammar.is_wrong(f"Invalid numeric value for {each.type} filter: {value}")
    raise grammar.is_broken(f"{at}.value {value!r} must be a number, as {each.parameter} is")


def _text(value: str | float) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _patterns(texts: Sequence[str], grammar: Grammar) -> tuple[str, ...]:
    for text in texts:
        if not text:
            raise grammar.is_wrong("Regex pattern cannot be empty")
        if len(text) > _LONGEST:
            raise grammar.is_wrong(f"Regex pattern too long (max {_LONGEST} characters)")
        try:
            compiled(text)
        except PatternError as error:
            raise grammar.is_wrong(f"Invalid regex pattern: {error}") from None
    return tuple(texts)
