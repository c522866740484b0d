"""The syntax of filters in each dialect and endpoint, and the errors for invalid filters."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Literal

from msgspec import Struct

from mockserver._util.suggest import suggest
from mockserver.contract.errors import ApiError
from mockserver.contract.validation import decode_json, read
from mockserver.vendors.rybbit.filters.fields import FEATURE_FLAG, PARAMETERS
from mockserver.vendors.rybbit.request_models import Filter
from mockserver.world.model.query import Operator

Types = Mapping[str, tuple[Operator, bool]]
"""Filter type to the operator that compares a value, and whether the filter is negated."""
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
"""Types that are documented."""
NULL_TYPES: Final = ("is_null", "is_not_null")
"""Types that need no value."""
TYPES_2026: Final[Types] = {
    **TYPES,
    "starts_with": ("starts", False),
    "ends_with": ("ends", False),
    "is_null": ("equals", False),
    "is_not_null": ("equals", True),
    "greater_than_or_equal": ("least", False),
    "less_than_or_equal": ("most", False),
}
"""Documented types and those that were added in 2026."""
_FLAG_PARAMETER: Final = re.compile(FEATURE_FLAG + "[A-Za-z][A-Za-z0-9_.:-]{0,99}")


class FilterSyntax(Struct, frozen=True, kw_only=True):
    """The filters that an endpoint accepts, and how it reports others."""

    parse: "Callable[[str, FilterSyntax], list[Filter]]"
    """Return the filters in the text of the parameter; raise :class:`ApiError` if the text is invalid."""
    parameters: tuple[str, ...] = PARAMETERS
    types: Types
    syntax_error: str = "violation"
    """Name of the error for an invalid filter."""
    shape_error: str | None = None
    """Name of the error for filters of a wrong shape, such as an unknown parameter, if it is another."""
    database_error: str = "violation"
    """Name of the error for a filter that the database cannot answer."""
    unsupported: frozenset[str] = frozenset()
    """Parameters that the database cannot answer; the prefix of feature flags includes all."""
    aggregates: frozenset[str] = frozenset()
    """Parameters that the database takes for an aggregate of the same name, and rejects."""
    event_fields: Mapping[str, str] = {}
    """Parameters of which one event must meet the filter, also a negated one, and their dimensions."""
    same_event: frozenset[str] = frozenset()
    """Those of the event fields whose filters the same event must meet."""
    without_patterns: frozenset[str] = frozenset()
    """Parameters that the database cannot compare with a pattern, which nothing checks before."""
    text_orderings: frozenset[str] = frozenset()
    """Text parameters that can be greater or less; for others, the database cannot answer it."""
    user_id: Literal["either", "device", "effective"] = "either"
    """The ids that user_id is compared with.

    ``either`` means both. Otherwise, the types other than equals and not_equals compare the device's id, and these
    compare both with ``device``, and with ``effective`` the user's id, or the device's if there is none.
    """
    javascript: bool = False
    """True if patterns must be valid in JavaScript too, and numbers are read as there."""
    lenient_user_id: bool = False
    """True if every type but equals means not_equals for user_id.

    Then also only the first of several patterns or numeric bounds is used.
    """
    compares_shown_texts: bool = False
    """True if a text that a row shows is also compared where the vendor compares another one."""
    sql_wildcards: bool = False
    """True if % and _ in contains match any text and any character.

    Then also one value that does not match is enough for a negated type.
    """

    def make_syntax_error(self, message: str) -> ApiError:
        """Return the error for an invalid filter."""
        return ApiError(self.syntax_error, message=message)

    def make_shape_error(self, message: str) -> ApiError:
        """Return the error for filters of a wrong shape."""
        return ApiError(self.shape_error or self.syntax_error, message=message)

    def make_database_error(self, message: str, code: str = "43") -> ApiError:
        """Return the error for a filter that the database cannot answer, with the database's number for it."""
        return ApiError(self.database_error, message=message, code=code)

    def has_parameter(self, parameter: str) -> bool:
        """Return whether filters may use a parameter, such as one of a feature flag."""
        return _includes(self.parameters, parameter)

    def has_column(self, parameter: str) -> bool:
        """Return whether the database can answer filters on a parameter."""
        return not _includes(self.unsupported, parameter)


def _includes(parameters: Iterable[str], parameter: str) -> bool:
    if parameter.startswith(FEATURE_FLAG):
        return FEATURE_FLAG in parameters and _FLAG_PARAMETER.fullmatch(parameter) is not None
    return parameter in parameters


def decode_filters(text: str, syntax: FilterSyntax) -> Any:
    """Return the JSON value of the parameter; raise :class:`ApiError` if the text is not JSON."""
    try:
        return decode_json(text)
    except ValueError:
        raise syntax.make_syntax_error("Invalid JSON format") from None


def parse_documented_filters(text: str, syntax: FilterSyntax) -> list[Filter]:
    """Return the filters in a text; raise :class:`ApiError` with the first error, in our own words."""
    items = decode_filters(text, syntax)
    if not isinstance(items, list):
        raise syntax.make_syntax_error("filters must be an array of objects with parameter, type and value")
    return [_parse_filter(item, f"filters[{index}]", syntax) for index, item in enumerate(items)]


def _parse_filter(item: Any, path: str, syntax: FilterSyntax) -> Filter:
    if not isinstance(item, dict):
        raise syntax.make_syntax_error(f"{path} must be an object with parameter, type and value")
    parsed = read(Filter, item, "query", numeric_texts=False)
    if isinstance(parsed, list):
        raise syntax.make_syntax_error(f"{path}.{parsed[0].message}")
    _check_option(parsed.parameter, syntax.parameters, f"{path}.parameter", syntax)
    _check_option(parsed.type, syntax.types, f"{path}.type", syntax)
    return parsed


def _check_option(value: str, options: Iterable[str], path: str, syntax: FilterSyntax) -> None:
    if value not in options:
        raise syntax.make_syntax_error(f"{path}: unknown value {value!r}; {suggest(value, options)}")


DOCUMENTED_SYNTAX: Final = FilterSyntax(
    parse=parse_documented_filters, types=TYPES, compares_shown_texts=True
)
