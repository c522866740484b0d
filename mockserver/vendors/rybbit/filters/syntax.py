"""What filters may say, and how one that says something else is refused: one grammar for each dialect and endpoint."""

from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from typing import Any, Final

from msgspec import Struct

from mockserver.contract.errors import ApiError
from mockserver.contract.validation import decode_json, read
from mockserver.vendors.rybbit.filters.fields import FLAG, PARAMETERS
from mockserver.vendors.rybbit.request_models import Filter
from mockserver.world.model.query import Operator

Types = Mapping[str, tuple[Operator, bool]]
TYPES: Final[Types] = {
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
EMPTY: Final = ("is_null", "is_not_null")
LATER_TYPES: Final[Types] = {
    **TYPES,
    "starts_with": ("starts", False),
    "ends_with": ("ends", False),
    "is_null": ("equals", False),
    "is_not_null": ("equals", True),
    "greater_than_or_equal": ("least", False),
    "less_than_or_equal": ("most", False),
}
"""With those that came in 2026."""


class FilterSyntax(Struct, frozen=True, kw_only=True):
    """What a list takes for filters."""

    items: "Callable[[str, FilterSyntax], list[Filter]]"
    """From the text of the parameter to filters whose form is right."""
    parameters: tuple[str, ...] = PARAMETERS
    types: Types
    wrong: str = "violation"
    """The error of what is no filter."""
    broken: str = "violation"
    """The error of a filter that the database cannot answer."""
    lacking: frozenset[str] = frozenset()
    """Parameters that the database cannot answer."""
    sloppy: bool = False
    """Whether all that is not equals means not_equals for user_id, and of several numbers or patterns only the first counts."""
    wildcards: bool = False
    """Whether % and _ in contains stand for any text and any character; then one value that a not_… misses is enough as well."""

    def is_wrong(self, message: str) -> ApiError:
        """The refusal of what is no filter."""
        return ApiError(self.wrong, message=message)

    def is_broken(self, message: str) -> ApiError:
        """The refusal of what the database cannot answer."""
        return ApiError(self.broken, message=message)

    def knows(self, parameter: str) -> bool:
        """Whether a parameter is one."""
        return parameter in self.parameters or (FLAG in self.parameters and parameter.startswith(FLAG))


def parsed(text: str, grammar: FilterSyntax) -> Any:
    """What a text says as JSON."""
    try:
        return decode_json(text)
    except ValueError:
        raise grammar.is_wrong("Invalid JSON format") from None


def told_in_full(text: str, grammar: FilterSyntax) -> list[Filter]:
    """The filters of a text; the first thing that is wrong is told in words of our own."""
    items = parsed(text, grammar)
    if not isinstance(items, list):
        raise grammar.is_wrong("filters must be an array of objects with parameter, type and value")
    return [_filter(item, f"filters[{number}]", grammar) for number, item in enumerate(items)]


def _filter(item: Any, at: str, grammar: FilterSyntax) -> Filter:
    if not isinstance(item, dict):
        raise grammar.is_wrong(f"{at} must be an object with parameter, type and value")
    each = read(Filter, item, "query", numeric_texts=False)
    if isinstance(each, list):
        raise grammar.is_wrong(f"{at}.{each[0].message}")
    _known(each.parameter, grammar.parameters, f"{at}.parameter", grammar)
    _known(each.type, grammar.types, f"{at}.type", grammar)
    return each


def _known(word: str, known: Iterable[str], at: str, grammar: FilterSyntax) -> None:
    if word not in known:
        near = get_close_matches(word, known, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"
        raise grammar.is_wrong(f"{at} does not know {word!r}; {hint}")


DOCUMENTED: Final = FilterSyntax(items=told_in_full, types=TYPES)
