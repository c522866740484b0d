"""Check requests against the lint rules of a contract."""

import re
from collections.abc import Callable
from functools import cache
from typing import Any, Final

from mockserver.contract.endpoint import Endpoint
from mockserver.contract.lint_rules import (
    Condition,
    ExceedsMaximum,
    InQuery,
    IsSet,
    LintRule,
    LooksLikeMilliseconds,
    MissingCompanion,
    MissingUtcOffset,
)
from mockserver.server.http.pagination import field_place
from mockserver.server.http.raw_request import RawRequest
from mockserver.server.journal.journal import Finding
from mockserver.server.requests.parser import ParsedRequest
from mockserver.vendors.base import Vendor

GetField = Callable[[ParsedRequest], Any]
_Check = Callable[[ParsedRequest, str], str | None]
"""From a parsed request and its path with the query, to the problem in words, or ``None`` if there is none.

An empty text means that the rule's own text is enough.
"""
_MIN_MILLISECONDS: Final = 100_000_000_000
"""As Unix seconds, this is in the year 5138."""
_UTC_OFFSET: Final = re.compile(r"(Z|z|[+ -]\d{1,2}(:?\d\d)?)$")


def check_rules(reading: ParsedRequest, raw: RawRequest) -> list[Finding]:
    """Return the findings that follow from a request alone."""
    findings = []
    for rule, check in _rules(reading.vendor, reading.endpoint.name):
        text = rule.fact.text
        problem = check(reading, raw.path)
        if problem is not None:
            findings.append(Finding.of_kind(rule.name, f"{problem}: {text}" if problem else text, rule.level))
    return findings


@cache
def _rules(vendor: Vendor, endpoint_name: str) -> tuple[tuple[LintRule, _Check], ...]:
    endpoint = vendor.endpoint(endpoint_name)
    return tuple((rule, _check(endpoint, rule.when)) for rule in endpoint.lint_rules)


def _check(endpoint: Endpoint, condition: Condition) -> _Check:
    if isinstance(condition, InQuery):
        return lambda _, path: _found(_in_query(path, condition.parameter))
    field = condition.field
    get = field_getter(endpoint, field)
    match condition:
        case ExceedsMaximum(maximum=maximum):
            return lambda reading, _: _found(
                (get(reading) or 0) > maximum, f"{field}={get(reading)} exceeds the maximum of {maximum}"
            )
        case LooksLikeMilliseconds():
            return lambda reading, _: _found(
                (get(reading) or 0) >= _MIN_MILLISECONDS, f"{field}={get(reading)} looks like milliseconds"
            )
        case IsSet():
            return lambda reading, _: _found(get(reading) is not None)
        case MissingCompanion(zone=zone):
            return lambda reading, path: _found(get(reading) is not None and not _in_query(path, zone))
        case MissingUtcOffset():
            return lambda reading, _: _found(_lacks_offset(get(reading)))


def _found(is_found: bool, problem: str = "") -> str | None:  # noqa: FBT001 -- private
    return problem if is_found else None


def _in_query(path: str, parameter: str) -> bool:
    """Return whether a query has a parameter; percent-encoded names are not recognized."""
    return f"?{parameter}=" in path or f"&{parameter}=" in path


def _lacks_offset(text: str | None) -> bool:
    """Return whether a text is a date, or a time without a UTC offset."""
    if text is None:
        return False
    day, time = text[:10], text[10:]
    return bool(day) and not _UTC_OFFSET.search(time)


def field_getter(endpoint: Endpoint, field: str) -> GetField:
    """Return a function that gets a field of a request by its name on the wire.

    The function returns ``None`` if the request is invalid.
    """
    found = field_place(endpoint, field)
    if found is None:
        raise KeyError(field)
    place, attribute = found
    return lambda reading: getattr(getattr(reading, place), attribute, None)
