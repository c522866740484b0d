"""The filters of a request as conditions on sessions, or what is wrong with them.

Filters on texts are worked out here, on the distinct texts of a dimension, and become sets of texts: what a request may
cost is counted in one place and bounded.
"""

from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from typing import Any, Final

from msgspec import Struct

from mockserver.contract.errors import ApiError
from mockserver.vendors.rybbit import formatting as words
from mockserver.vendors.rybbit.filters.fields import NUMBERS, told
from mockserver.vendors.rybbit.filters.regex import PatternError, WorkError, compiled, search
from mockserver.vendors.rybbit.filters.syntax import EMPTY, FilterSyntax
from mockserver.vendors.rybbit.request_models import Filter
from mockserver.world.model.like import contains_like
from mockserver.world.model.query import Condition, Operator

Texts = Callable[[str, words.Of], frozenset[str]]
"""From a dimension and what is compared of its entries to the distinct texts that sessions can have there."""
MOST_WORK: Final = 100_000
"""Steps that the filters of one request may take, in less than 60 ms (`make bench`).

A step is a state of a pattern, or a character, that is looked at.
"""
_PER_FILTER: Final = 250
"""Steps of a filter beside what its values take."""
_PER_ACTOR: Final = 250
"""Steps of looking up the sessions of one visitor."""
_PER_NUMBER: Final = 60
"""Steps of comparing a number with those of all places."""
_PER_PATTERN: Final = 500
"""Steps of compiling a pattern beside what its source and its states take."""
_PER_STATE: Final = 4
"""Steps of making a state of a pattern."""
_PER_SOURCE: Final = 8
"""Steps of reading a character of a pattern."""
_LIKE_AT_ONCE: Final = 64
"""Characters that are compared by C code in the time of a step."""
_LONGEST: Final = 500
_ORDERS: Final = {"greater", "less", "least", "most"}
IDENTIFIED: Final = Condition("identified", bool, "equals", (True,))


class _Among(Struct, frozen=True):
    """Whether what is told of an entry is among some texts."""

    of: words.Of
    texts: frozenset[str]

    def __call__(self, entry: Any) -> bool:
        return self.of(entry) in self.texts


class _Work:
    """Counts the steps that the filters of a request take."""

    def __init__(self, grammar: FilterSyntax) -> None:
        self._grammar, self._left = grammar, MOST_WORK
        self._compiled: set[str] = set()
        self._found: dict[tuple[str, frozenset[str]], frozenset[str]] = {}

    def count(self, steps: int) -> None:
        """Count some steps; raise :class:`ApiError` where there were too many."""
        self._left -= steps
        if self._left < 0:
            raise self._too_much()

    def _too_much(self) -> ApiError:
        return self._grammar.is_broken(
            f"The filters are too complex: they take more than {MOST_WORK:,} steps; use fewer or simpler ones"
        )

    def compile(self, pattern: str) -> None:
        """Compile a pattern, or raise :class:`PatternError`; each counts once."""
        if pattern in self._compiled:
            return
        self.count(_PER_PATTERN + _PER_SOURCE * len(pattern))
        self.count(_PER_STATE * compiled(pattern).size)
        self._compiled.add(pattern)

    def search(self, pattern: str, texts: frozenset[str]) -> frozenset[str]:
        """Return the texts in which a pattern is found; each pattern searches each text once."""
        key = (pattern, texts)
        if key not in self._found:
            try:
                result = search(pattern, texts, MOST_WORK)
            except WorkError:
                raise self._too_much() from None
            self.count(result.work)
            self._found[key] = result.found
        return self._found[key]


def _equal(value: str, texts: frozenset[str], work: _Work) -> frozenset[str]:
    work.count(1)
    return texts & {value}


def _compared(compare: Callable[[str, str], bool]) -> "_Find":
    def find(value: str, texts: frozenset[str], work: _Work) -> frozenset[str]:
        work.count(len(texts))
        return frozenset(text for text in texts if compare(text, value))

    return find


def _like(value: str, texts: frozenset[str], work: _Work) -> frozenset[str]:
    work.count(
        (_PER_SOURCE * len(value) if "_" in value else 0)
        + sum(1 + len(text) * len(value) // _LIKE_AT_ONCE for text in texts)
    )
    return frozenset(text for text in texts if contains_like(text, value))


def _matching(value: str, texts: frozenset[str], work: _Work) -> frozenset[str]:
    return work.search(value, texts)


_Find = Callable[[str, frozenset[str], _Work], frozenset[str]]
"""From a value of a filter to those of some texts that meet it."""
_FINDS: Final[Mapping[str, _Find]] = {
    "equals": _equal,
    "contains": _compared(str.__contains__),
    "starts": _compared(str.startswith),
    "ends": _compared(str.endswith),
    "like": _like,
    "regex": _matching,
}
"""By operator."""


class FilterConditions(Struct):
    """What sessions must meet, whose they must be (one of each of some alternatives), and whose not."""

    where: list[Condition]
    actors: list[tuple[str, ...]]
    others: list[str]


class _Compared(Struct, frozen=True):
    """A filter on texts whose form is right."""

    dimension: str
    of: words.Of
    operator: Operator
    values: tuple[str, ...]
    negate: bool
    one_misses: bool
    """Whether ``negate`` asks for an entry that misses one of the values, instead of no entry that meets any."""

    def condition(self, texts: frozenset[str], work: _Work) -> Condition:
        """Compare the values with the texts of the dimension."""
        find = _FINDS[self.operator]
        found = [find(value, texts, work) for value in self.values]
        if self.negate and self.one_misses:
            kept = texts.difference(frozenset.intersection(*found))
            return Condition(self.dimension, _Among(self.of, kept), "equals", (True,))
        return Condition(
            self.dimension, _Among(self.of, frozenset().union(*found)), "equals", (True,), self.negate
        )


def wanted(
    filters: str | None, user: str | None, behaviors: Mapping[str, Any], grammar: FilterSyntax, texts: Texts
) -> FilterConditions:
    """What a request wants, or :class:`ApiError` with what is wrong."""
    found = FilterConditions([], [(user,)] if user else [], [])
    work, conditions = _Work(grammar), list[Condition | _Compared]()
    for number, each in enumerate(grammar.items(filters, grammar) if filters else ()):
        at = f"filters[{number}]"
        work.count(_PER_FILTER)
        if not each.value and each.type not in EMPTY:
            raise grammar.is_broken(f"{at}.value must hold at least one value")
        if each.parameter in grammar.lacking:
            raise grammar.is_broken(f"{at}.parameter {each.parameter} is no column of the list")
        if each.parameter == "user_id":
            work.count(_PER_ACTOR * len(each.value))
            _whose(each, at, found, grammar)
        else:
            conditions.append(_condition(each, at, behaviors, grammar, work))
    for condition in conditions:
        if isinstance(condition, _Compared):
            found.where.append(condition.condition(texts(condition.dimension, condition.of), work))
        else:
            found.where.append(condition)
    return found


def _whose(each: Filter, at: str, found: FilterConditions, grammar: FilterSyntax) -> None:
    texts = tuple(_text(value) for value in each.value)
    if not grammar.sloppy and (each.type not in {"equals", "not_equals"} or "" in texts):
        raise grammar.is_wrong(
            f"{at}: user_id can be compared by equals and not_equals only, with texts that are not empty"
        )
    if each.type != "equals":
        found.others += texts
    else:
        found.actors.append(texts)


def _condition(
    each: Filter, at: str, behaviors: Mapping[str, Any], grammar: FilterSyntax, work: _Work
) -> Condition | _Compared:
    operator, negate = grammar.types[each.type]
    if each.parameter in NUMBERS:
        work.count(_PER_NUMBER * len(each.value))
        return _numeric(each, at, operator, grammar)
    if operator in _ORDERS:
        raise grammar.is_broken(
            f"{at}.type {each.type} compares numbers, such as lat and lon; {each.parameter} is a text"
        )
    dimension, of = told(each.parameter, behaviors)
    values = ("",) if each.type in EMPTY else tuple(_text(value) for value in each.value)
    if operator == "regex":
        values = _patterns(values[: 1 if grammar.sloppy else None], grammar, work)
    if operator == "contains" and grammar.wildcards:
        operator = "like"
    return _Compared(dimension, of, operator, values, negate, one_misses=grammar.wildcards)


def _numeric(each: Filter, at: str, operator: Operator, grammar: FilterSyntax) -> Condition:
    (dimension, of), negate = NUMBERS[each.parameter], grammar.types[each.type][1]
    if each.type in EMPTY:
        return Condition(dimension, of, "equals", (None,), negate)
    if operator in {"regex", "starts", "ends"}:
        raise grammar.is_broken(f"{at}.type {each.type} compares texts; {each.parameter} is a number")
    if operator not in _ORDERS:
        operator, negate = "near", negate and not grammar.wildcards
    values = each.value[: 1 if grammar.sloppy and operator in _ORDERS else None]
    return Condition(
        dimension, of, operator, tuple(_number(value, each, at, grammar) for value in values), negate
    )


def _number(value: str | float, each: Filter, at: str, grammar: FilterSyntax) -> float:
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


def _patterns(texts: Sequence[str], grammar: FilterSyntax, work: _Work) -> tuple[str, ...]:
    for text in texts:
        if not text:
            raise grammar.is_wrong("Regex pattern cannot be empty")
        if len(text) > _LONGEST:
            raise grammar.is_wrong(f"Regex pattern too long (max {_LONGEST} characters)")
        try:
            work.compile(text)
        except PatternError as error:
            raise grammar.is_wrong(f"Invalid regex pattern: {error}") from None
    return tuple(texts)
