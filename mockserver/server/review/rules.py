"""Whether the advice of a contract applies to a request."""

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
    LooksLikeMilliseconds,
    MissingCompanion,
    MissingUtcOffset,
)
from mockserver.server.http.pagination import field_place
from mockserver.server.http.raw_request import RawRequest
from mockserver.server.journal.journal import Finding
from mockserver.server.requests.parser import ParsedRequest
from mockserver.vendors.base import Vendor

Applies = Callable[[ParsedRequest, str], bool]
"""From a request as it was read, and its path with its query."""
Get = Callable[[ParsedRequest], Any]
_MILLISECONDS: Final = 100_000_000_000
_OFFSET: Final = re.compile(r"(Z|z|[+ -]\d{1,2}(:?\d\d)?)$")


def check_rules(reading: ParsedRequest, raw: RawRequest) -> list[Finding]:
    """What is to be said of a request as it stands."""
    return [
        finding
        for finding, applies in _advice(reading.vendor, reading.endpoint.name)
        if applies(reading, raw.path)
    ]


@cache
def _advice(vendor: Vendor, endpoint: str) -> tuple[tuple[Finding, Applies], ...]:
    found = vendor.endpoint(endpoint)
    return tuple(
        (Finding(each.name, each.fact.text), _applies(found, each.when)) for each in found.lint_rules
    )


def _applies(endpoint: Endpoint, condition: Condition) -> Applies:
    match condition:
        case InQuery(parameter=parameter):
            return lambda _, path: _has(path, parameter)
        case ExceedsMaximum(field=field, maximum=maximum):
            above = field_of(endpoint, field)
            return lambda reading, _: (above(reading) or 0) > maximum
        case LooksLikeMilliseconds(field=field):
            instant = field_of(endpoint, field)
            return lambda reading, _: (instant(reading) or 0) >= _MILLISECONDS
        case IsSet(field=field):
            present = field_of(endpoint, field)
            return lambda reading, _: present(reading) is not None
        case MissingCompanion(field=field, zone=zone):
            zoned = field_of(endpoint, field)
            return lambda reading, path: zoned(reading) is not None and not _has(path, zone)
        case MissingUtcOffset(field=field):
            text = field_of(endpoint, field)
            return lambda reading, _: _unzoned(text(reading))


def _has(path: str, parameter: str) -> bool:
    """Whether a query has a parameter, as long as nobody percent-encodes its name."""
    return f"?{parameter}=" in path or f"&{parameter}=" in path


def _unzoned(text: str | None) -> bool:
    """Whether a text is a date, or a time without an offset."""
    if text is None:
        return False
    day, time = text[:10], text[10:]
    return bool(day) and not _OFFSET.search(time)


def field_of(endpoint: Endpoint, field: str) -> Get:
    """How to get a field of a request by its name on the wire; ``None`` where the request could not be read so far."""
    found = field_place(endpoint, field)
    if found is None:
        raise KeyError(field)
    place, attribute = found
    return lambda reading: getattr(getattr(reading, place), attribute, None)
