"""The filters of a request as conditions on sessions."""

import re
from collections.abc import Callable, Iterable, Mapping
from math import isfinite, isnan
from typing import Any, Final

from msgspec import Struct

from mockserver.contract.errors import ApiError
from mockserver.vendors.rybbit.filters.fields import NUMBER_FIELDS, resolve_text_field
from mockserver.vendors.rybbit.filters.regex import PatternError, UnsupportedPatternError
from mockserver.vendors.rybbit.filters.syntax import NULL_TYPES, FilterSyntax
from mockserver.vendors.rybbit.filters.text_filters import TextFilter, WorkBudget
from mockserver.vendors.rybbit.request_models import Filter
from mockserver.vendors.rybbit.times.javascript import describe_pattern_error, to_number
from mockserver.vendors.rybbit.values.formatting import Formatter, is_device_id
from mockserver.world.model.query import WHILE_ANONYMOUS, Condition

ListTexts = Callable[[str, Formatter], frozenset[str]]
"""Return the distinct formatted texts that sessions can have in a dimension."""
MAX_COMPARED_IDS: Final = 10_000
"""Maximum number of sessions whose ids are compared with a filter, which the world has no index for."""
_STEPS_PER_FILTER: Final = 250
"""Steps of a filter without its values."""
_STEPS_PER_VISITOR: Final = 250
"""Steps of looking up the sessions of one visitor."""
_STEPS_PER_NUMBER: Final = 60
"""Steps of comparing a number with the numbers of all places."""
_MAX_PATTERN_LENGTH: Final = 500
_NAMED_GROUP: Final = re.compile(r"\(\?<(?=\w)")
_REFUSED_BY_JAVASCRIPT: Final = re.compile(r"(?<!\\)(?:\\\\)*\(\?[a-zA-Z]")
_REFUSED_BY_RE2: Final = re.compile(r"(?<!\\)(?:\\\\)*\\u")
_EMPTY_ARRAY_ERRORS: Final = {"entry_page": "59", "exit_page": "59"}
"""Numbers of the database's errors for an empty array."""
_EQUALITIES: Final = {"equals", "not_equals"}
_ORDERINGS: Final = {"greater", "less", "least", "most"}
IDENTIFIED: Final = Condition("identified", bool, "equals", (True,))
_ANONYMOUS: Final = Condition("identified", bool, "equals", (False,))


class SessionFacts(Struct, frozen=True):
    """The facts about the requested sessions that filters depend on."""

    list_texts: ListTexts
    list_visitors: Callable[[], Iterable[tuple[str, str]]]
    """Return the device id and the user id of each session; the latter is empty for an anonymous visitor.

    Raises :class:`ApiError` for too many sessions.
    """


class FilterConditions(Struct):
    """Requirements of filters on sessions and their visitors."""

    where: list[Condition]
    actors: list[tuple[str, ...]]
    """Alternative visitors of each filter: a session's visitor must be one of each."""
    excluded_visitors: list[str]


def build_conditions(
    filters: str | None,
    user_id: str | None,
    behaviors: Mapping[str, Any],
    syntax: FilterSyntax,
    sessions: SessionFacts,
) -> FilterConditions:
    """Return the conditions of a request's filters; raise :class:`ApiError` if a filter is invalid."""
    result = FilterConditions([], [], [])
    if user_id:
        result.actors.append(_resolve_visitors((user_id,), syntax))
    budget = WorkBudget(syntax)
    text_filters: list[TextFilter] = []
    failure: ApiError | None = None
    for index, item in enumerate(syntax.parse(filters, syntax) if filters else ()):
        path = f"filters[{index}]"
        budget.spend(_STEPS_PER_FILTER)
        try:
            _check(item, path, syntax, budget)
            if item.parameter == "user_id":
                budget.spend(_STEPS_PER_VISITOR * len(item.value))
                if item.type in _EQUALITIES or syntax.user_id == "either":
                    _add_visitors(item, path, result, syntax, sessions)
                else:
                    text_filter = _parse_text_filter(item, path, behaviors, syntax)
                    result.actors.append(_find_visitors(text_filter, sessions, budget))
            elif item.parameter in NUMBER_FIELDS:
                budget.spend(_STEPS_PER_NUMBER * len(item.value))
                result.where.append(_build_number_condition(item, path, syntax))
            else:
                text_filters.append(_parse_text_filter(item, path, behaviors, syntax))
        except ApiError as error:
            if error.error != syntax.database_error or syntax.database_error == syntax.syntax_error:
                raise
            failure = failure or error  # The server checks all filters before its database reads the first.
    if failure:
        raise failure
    # Texts are evaluated only after all filters have been validated.
    for text_filter in text_filters:
        each = [sessions.list_texts(text_filter.dimension, formatter) for formatter in text_filter.formatters]
        texts = frozenset().union(*each)
        result.where.append(text_filter.evaluate(texts, budget))
    return result


def _check(item: Filter, path: str, syntax: FilterSyntax, budget: WorkBudget) -> None:
    """Raise the error for a filter that is rejected, whatever the sessions are."""
    operator, _ = syntax.types[item.type]
    is_checked = syntax.javascript and item.parameter not in {*syntax.text_orderings, "user_id"}
    # If all types compare ids for equality, there are no patterns.
    unchecked = syntax.without_patterns | ({"user_id"} if syntax.user_id == "either" else set())
    if operator == "regex" and (is_checked or item.parameter not in unchecked):
        for pattern in _select_values(item, syntax) or [""] * is_checked:
            _check_pattern(_to_text(pattern), syntax, budget)
    if operator in _ORDERINGS and is_checked:
        _parse_number(item.value[0] if item.value else "undefined", item, path, syntax)
    if not item.value and item.type not in NULL_TYPES:
        code = _EMPTY_ARRAY_ERRORS.get(item.parameter, "43")
        raise syntax.make_database_error(f"{path}.value must contain at least one value", code)
    if item.parameter in syntax.aggregates:
        name = item.parameter
        raise syntax.make_database_error(
            f"Aggregate function any({name}) AS {name} is found in WHERE in query. ", "184"
        )
    if not syntax.has_column(item.parameter):
        raise syntax.make_database_error(
            f"{path}.parameter: the database has no column {item.parameter!r}", "47"
        )
    if operator == "regex" and item.parameter in syntax.without_patterns:
        raise syntax.make_database_error(f"{path}.type: {item.parameter} has no {item.type}", "62")


def _select_values(item: Filter, syntax: FilterSyntax) -> list[str | int | float]:
    """Return the values of a filter that count."""
    operator, _ = syntax.types[item.type]
    is_bound = operator in _ORDERINGS and item.parameter not in syntax.text_orderings
    return item.value[:1] if syntax.lenient_user_id and (is_bound or operator == "regex") else item.value


def _add_visitors(
    item: Filter, path: str, result: FilterConditions, syntax: FilterSyntax, sessions: SessionFacts
) -> None:
    visitors = tuple(_to_text(value) for value in item.value)
    if not syntax.lenient_user_id and (item.type not in _EQUALITIES or "" in visitors):
        raise syntax.make_syntax_error(
            f"{path}: user_id supports only equals and not_equals, with values that are not empty"
        )
    visitors = _resolve_visitors(visitors, syntax)
    # An anonymous visitor has an empty user id, which is compared unless the device's id replaces it.
    has_anonymous = "" in visitors and syntax.user_id != "effective"
    if item.type != "equals":
        result.excluded_visitors += visitors
        result.where += [IDENTIFIED] * has_anonymous
    elif has_anonymous and not any(visitors):
        result.where.append(_ANONYMOUS)
    else:
        anonymous = sessions.list_visitors() if has_anonymous else ()
        result.actors.append(
            (*visitors, *(WHILE_ANONYMOUS + device for device, user in anonymous if not user))
        )


def _resolve_visitors(visitors: tuple[str, ...], syntax: FilterSyntax) -> tuple[str, ...]:
    """Return visitors with the device ids only of anonymous sessions, unless both ids are compared."""
    if syntax.user_id != "effective":
        return visitors
    return tuple(WHILE_ANONYMOUS + each if is_device_id(each) else each for each in visitors)


def _find_visitors(text_filter: TextFilter, sessions: SessionFacts, budget: WorkBudget) -> tuple[str, ...]:
    """Return the devices of the sessions whose id meets a filter."""
    devices = tuple(text_filter.find(frozenset(device for device, _ in sessions.list_visitors()), budget))
    budget.spend(_STEPS_PER_VISITOR * len(devices))
    return devices


def _parse_text_filter(
    item: Filter, path: str, behaviors: Mapping[str, Any], syntax: FilterSyntax
) -> TextFilter:
    operator, is_negated = syntax.types[item.type]
    if operator in _ORDERINGS and item.parameter not in syntax.text_orderings:
        raise syntax.make_database_error(
            f"{path}.type: {item.type} compares numbers, such as lat and lon; {item.parameter} is a text",
            "386",
        )
    dimension, formatters = resolve_text_field(
        item.parameter, behaviors, syntax.event_fields, shown=syntax.compares_shown_texts
    )
    values = tuple(_to_text(value) for value in _select_values(item, syntax))
    if item.type in NULL_TYPES:
        values = ("",)
    if operator == "regex" and syntax.javascript:
        values = tuple(map(_translate_pattern, values))
    if operator == "contains" and syntax.sql_wildcards:
        operator = "like"
    if item.parameter == "country" and operator == "equals":
        # The database pads all countries with NUL, and ignores that only for equality.
        unknown = "\0\0" if behaviors["unknown_country"] == "padded" else ""
        values = tuple(value.rstrip("\0") or unknown for value in values)
    return TextFilter(
        dimension,
        formatters,
        operator,
        values,
        is_negated,
        one_miss_is_enough=syntax.sql_wildcards,
        per_event=item.parameter in syntax.event_fields,
        same_event=item.parameter in syntax.same_event,
    )


def _build_number_condition(item: Filter, path: str, syntax: FilterSyntax) -> Condition:
    dimension, get_number = NUMBER_FIELDS[item.parameter]
    operator, is_negated = syntax.types[item.type]
    if operator in {"regex", "starts", "ends"} or item.type in NULL_TYPES:
        raise syntax.make_database_error(
            f"{path}.type: {item.type} compares texts; {item.parameter} is a number"
        )
    if operator not in _ORDERINGS:
        operator = "near"
        # The servers of 2026 negate only the first of the two negated types, that of 2025 neither.
        is_negated = is_negated and not syntax.sql_wildcards
        is_negated = is_negated and (item.type == "not_equals" or not syntax.javascript)
    numbers = tuple(_parse_number(value, item, path, syntax) for value in _select_values(item, syntax))
    return Condition(dimension, get_number, operator, numbers, is_negated)


def _parse_number(value: str | float, item: Filter, path: str, syntax: FilterSyntax) -> float:
    try:
        number = to_number(value) if syntax.javascript and isinstance(value, str) else float(value)
    except (ValueError, OverflowError):
        number = float("nan")
    is_ordering = syntax.types[item.type][0] in _ORDERINGS
    if isfinite(number) or (syntax.javascript and not (isnan(number) and is_ordering)):
        return number  # NaN is near no number.
    if is_ordering:
        raise syntax.make_syntax_error(f"Invalid numeric value for {item.type} filter: {value}")
    raise syntax.make_database_error(f"{path}.value: invalid number {value!r} for {item.parameter}")


def _to_text(value: str | float) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _translate_pattern(pattern: str) -> str:
    """Return a pattern as Python writes it; raise :class:`PatternError` unless JavaScript and RE2 know it."""
    if _REFUSED_BY_JAVASCRIPT.search(pattern):
        raise PatternError("unknown extension")
    if _REFUSED_BY_RE2.search(pattern):
        raise UnsupportedPatternError("\\u is not supported")
    return _NAMED_GROUP.sub("(?P<", pattern)


def _check_pattern(pattern: str, syntax: FilterSyntax, budget: WorkBudget) -> None:
    if not pattern:
        raise syntax.make_syntax_error("Regex pattern cannot be empty")
    if len(pattern) > _MAX_PATTERN_LENGTH:
        raise syntax.make_syntax_error(f"Regex pattern too long (max {_MAX_PATTERN_LENGTH} characters)")
    try:
        budget.compile(_translate_pattern(pattern) if syntax.javascript else pattern)
    except UnsupportedPatternError as error:
        raise syntax.make_database_error(f"Invalid regex pattern: {error}", "427") from None
    except PatternError as error:
        reason = describe_pattern_error(pattern, str(error)) if syntax.javascript else error
        raise syntax.make_syntax_error(f"Invalid regex pattern: {reason}") from None
