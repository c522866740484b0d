"""Filters on texts.

They are evaluated here, on the distinct texts of a dimension, and become sets of texts. That way, the work that
a request causes is counted in one place, and bounded.
"""

from collections.abc import Callable, Mapping
from operator import ge, gt, le, lt
from typing import Any, Final

from msgspec import Struct

from mockserver.contract.errors import ApiError
from mockserver.vendors.rybbit.filters.regex import WorkError, compile_pattern, search
from mockserver.vendors.rybbit.filters.syntax import FilterSyntax
from mockserver.vendors.rybbit.values.formatting import Formatter
from mockserver.world.model.like import contains_like
from mockserver.world.model.query import Condition, Operator

MAX_FILTER_STEPS: Final = 100_000
"""Maximum steps that the filters of one request may take; they take less than 60 ms (`make bench`).

A step is a visited state of a pattern, or a character.
"""
_STEPS_PER_PATTERN: Final = 500
"""Steps of compiling a pattern without its characters and states."""
_STEPS_PER_STATE: Final = 4
"""Steps of creating a state of a pattern."""
_STEPS_PER_PATTERN_CHARACTER: Final = 8
"""Steps of parsing a character of a pattern."""
_LIKE_CHARACTERS_PER_STEP: Final = 64
"""Characters that C code compares in the time of one step."""


class _TextIn(Struct, frozen=True):
    """Return whether one of the formatted texts of an entry is in a set."""

    formatters: tuple[Formatter, ...]
    texts: frozenset[str]

    def __call__(self, entry: Any) -> bool:
        return any(format_entry(entry) in self.texts for format_entry in self.formatters)


class WorkBudget:
    """Counts the steps that the filters of a request take."""

    def __init__(self, syntax: FilterSyntax) -> None:
        self._syntax = syntax
        self._steps_left = MAX_FILTER_STEPS
        self._compiled_patterns: set[str] = set()
        self._searches: dict[tuple[str, frozenset[str]], frozenset[str]] = {}

    def spend(self, steps: int) -> None:
        """Count steps; raise :class:`ApiError` if the request has taken too many."""
        self._steps_left -= steps
        if self._steps_left < 0:
            raise self._make_error()

    def _make_error(self) -> ApiError:
        return self._syntax.make_database_error(
            f"The filters are too complex: they take more than {MAX_FILTER_STEPS:,} steps; use fewer or"
            " simpler filters"
        )

    def compile(self, pattern: str) -> None:
        """Compile a pattern or raise :class:`PatternError`; each pattern is counted once."""
        if pattern in self._compiled_patterns:
            return
        self.spend(_STEPS_PER_PATTERN + _STEPS_PER_PATTERN_CHARACTER * len(pattern))
        self.spend(_STEPS_PER_STATE * compile_pattern(pattern).size)
        self._compiled_patterns.add(pattern)

    def search(self, pattern: str, texts: frozenset[str]) -> frozenset[str]:
        """Return the texts that contain a match; each search is counted once."""
        key = (pattern, texts)
        if key not in self._searches:
            try:
                result = search(pattern, texts, MAX_FILTER_STEPS)
            except WorkError:
                raise self._make_error() from None
            self.spend(result.steps)
            self._searches[key] = result.matching_texts
        return self._searches[key]


_FindTexts = Callable[[str, frozenset[str], WorkBudget], frozenset[str]]
"""Return the texts that match the value of a filter."""


def _find_equal(value: str, texts: frozenset[str], budget: WorkBudget) -> frozenset[str]:
    budget.spend(1)
    return texts & {value}


def _find_by(matches: Callable[[str, str], Any]) -> _FindTexts:
    def find(value: str, texts: frozenset[str], budget: WorkBudget) -> frozenset[str]:
        budget.spend(len(texts))
        return frozenset(text for text in texts if matches(text, value))

    return find


def _find_containing(value: str, texts: frozenset[str], budget: WorkBudget) -> frozenset[str]:
    budget.spend(len(texts) // 2 + 1)  # Without a call, two texts take less time than one step.
    return frozenset([text for text in texts if value in text])


def _find_like(value: str, texts: frozenset[str], budget: WorkBudget) -> frozenset[str]:
    pattern_steps = _STEPS_PER_PATTERN_CHARACTER * len(value) if "_" in value else 0
    text_steps = sum(1 + len(text) * len(value) // _LIKE_CHARACTERS_PER_STEP for text in texts)
    budget.spend(pattern_steps + text_steps)
    return frozenset(text for text in texts if contains_like(text, value))


def _find_pattern(value: str, texts: frozenset[str], budget: WorkBudget) -> frozenset[str]:
    return budget.search(value, texts)


_FIND_BY_OPERATOR: Final[Mapping[str, _FindTexts]] = {
    "equals": _find_equal,
    "contains": _find_containing,
    "starts": _find_by(str.startswith),
    "ends": _find_by(str.endswith),
    "greater": _find_by(gt),
    "less": _find_by(lt),
    "least": _find_by(ge),
    "most": _find_by(le),
    "like": _find_like,
    "regex": _find_pattern,
}


class TextFilter(Struct, frozen=True):
    dimension: str
    formatters: tuple[Formatter, ...]
    operator: Operator
    values: tuple[str, ...]
    is_negated: bool
    one_miss_is_enough: bool
    """True if a negated filter needs an entry that misses one value, not an entry that misses all."""
    per_event: bool
    """True if a negated filter needs an event that misses the values, not a session without a match."""
    same_event: bool

    def find(self, texts: frozenset[str], budget: WorkBudget) -> frozenset[str]:
        """Return the texts that meet the filter; negated, those that miss one value or all."""
        find = _FIND_BY_OPERATOR[self.operator]
        matches = [find(value, texts, budget) for value in self.values]
        if not self.is_negated:
            return frozenset().union(*matches)
        combine = frozenset.intersection if self.one_miss_is_enough else frozenset.union
        return texts.difference(combine(*matches))

    def evaluate(self, texts: frozenset[str], budget: WorkBudget) -> Condition:
        """Compare the values with the texts of the dimension."""
        negate = self.is_negated and not (self.one_miss_is_enough or self.per_event)
        found = self.find(texts, budget)
        matching = _TextIn(self.formatters, texts - found if negate else found)
        return Condition(self.dimension, matching, "equals", (True,), negate, self.same_event)
