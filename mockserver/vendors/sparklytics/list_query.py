"""Build the world query of a list of sessions: days and filters, interpreted according to the behaviors."""

import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from msgspec import Struct

from mockserver.contract.errors import ApiError
from mockserver.rows.datetimes import find_zone, midnight, today
from mockserver.vendors.base import ViewRequest
from mockserver.vendors.sparklytics.request_models import ListSessions
from mockserver.world.model.query import Condition, Operator, Query
from mockserver.world.model.segments import FILTERS
from mockserver.world.model.vocabulary import Acquisition

FilterField = tuple[str, Callable[[Any], str]]
"""A dimension of the world, and the function that returns the filtered text of its entries."""


class FilterFields(Struct, frozen=True):
    """The fields that a dialect's filters are compared with; their texts are those of its rows."""

    by_name: Mapping[str, FilterField]
    url: FilterField
    """The URL of a page."""


def _referrer_domain(acquisition: Acquisition) -> str:
    return urlsplit(acquisition.referrer).netloc.lower()


_UTM: Final = ("utm_source", "utm_medium", "utm_campaign")
_EXACT: Final = ("country", "region", "city", "language", "browser", "os", "device", *_UTM)
DEFAULT_FIELDS: Final[Mapping[str, FilterField]] = {
    **{name: FILTERS[name] for name in _EXACT},
    "referrer": ("acquisition", _referrer_domain),
    "hostname": ("hostname", str.lower),
}
"""Filters that are compared with the world's own texts."""


def build_query(params: ListSessions, request: ViewRequest, fields: FilterFields) -> Query:
    """Return the query to the world; raise ``ApiError`` if the days are invalid."""
    behaviors = request.behaviors
    zone = find_zone("UTC" if behaviors["timezone"] == "ignored" else params.timezone)
    if zone is None:
        raise ApiError("violation", message="invalid timezone", field="timezone")
    default_end = today(request.range_now, zone)
    default_start = date.fromordinal(max(default_end.toordinal() - int(behaviors["default_start"]), 1))
    start = _parse_date("start_date", params.start_date, default_start, behaviors)
    end = _parse_date("end_date", params.end_date, default_end, behaviors)
    if end < start:
        raise ApiError("violation", message="end_date must be on or after start_date", field="end_date")
    return Query(
        start=midnight(start, zone),
        stop=None if end == date.max else midnight(end + timedelta(days=1), zone),
        where=_build_conditions(params, fields, behaviors["filter_page"]),
        bots=params.include_bots == "true",
    )


_DATE_FORMATS: Final = {
    "exact": re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII),
    "lenient": re.compile(r"\s*(?:\+0*)?([0-9]{1,4})-\s*\+?([0-9]{1,2})-\s*\+?([0-9]{1,2})\s*"),
}


def _parse_date(field: str, text: str | None, default: date, behaviors: Mapping[str, Any]) -> date:
    if text is None:
        return default
    match = _DATE_FORMATS[behaviors["date_form"]].fullmatch(text)
    try:
        if match:
            return date(*map(int, match.groups()))
    except ValueError:  # No such day, such as 2026-02-30.
        pass
    if behaviors["bad_date"] == "ignore":
        return default
    raise ApiError("violation", message=f"invalid {field} (expected YYYY-MM-DD)", field=field)


def _build_conditions(
    params: ListSessions, fields: FilterFields, page_behavior: str
) -> tuple[Condition, ...]:
    conditions = []
    for name, field in fields.by_name.items():
        value = getattr(params, f"filter_{name}")
        if value and name == "hostname":
            value = value.lower()
        conditions.append(_condition(field, "equals", value))
    conditions.append(_page_condition(params.filter_page, fields, page_behavior))
    return tuple(condition for condition in conditions if condition)


def _page_condition(value: str | None, fields: FilterFields, page_behavior: str) -> Condition | None:
    match page_behavior:
        case "substring":
            return _condition(fields.url, "contains", value)
        case "like":
            return _condition(fields.url, "like", value)
        case "entry":
            return _condition(FILTERS["entry_page"], "equals", value)
    return _condition(FILTERS["page"], "equals", value)


def _condition(field: FilterField, operator: Operator, value: str | None) -> Condition | None:
    """Return the condition of a filter, or None if it was not sent."""
    if value is None:
        return None
    # Nothing equals the empty text, because unknown values are null.
    values = (value,) if value or operator != "equals" else ()
    return Condition(*field, operator, values)
