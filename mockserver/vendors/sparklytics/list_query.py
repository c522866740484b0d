"""What a list of sessions asks the world for: days and filters, as the behaviors read them."""

import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from msgspec import Struct

from mockserver.contract.errors import ApiError
from mockserver.rows.datetimes import midnight, today, zone
from mockserver.vendors.base import ViewRequest
from mockserver.vendors.sparklytics.contract import ListSessions
from mockserver.world.model.query import Condition, Operator, Query
from mockserver.world.model.segments import FILTERS
from mockserver.world.model.vocabulary import Acquisition

Compared = tuple[str, Callable[[Any], str]]
"""A dimension of the world, and what a filter compares of its entries."""


class Words(Struct, frozen=True):
    """What filters are compared with: the words that rows are told in."""

    filters: Mapping[str, Compared]
    url: Compared
    """What a page's url is."""


def _domain(acquisition: Acquisition) -> str:
    return urlsplit(acquisition.referrer).netloc.lower()


_SHARED: Final = (
    "country",
    "browser",
    "os",
    "device",
    "language",
    "utm_source",
    "utm_medium",
    "utm_campaign",
    "region",
    "city",
)
WORLDS: Final[Mapping[str, Compared]] = {
    **{name: FILTERS[name] for name in _SHARED},
    "referrer": ("acquisition", _domain),
    "hostname": ("hostname", str.lower),
}
"""The filters by the world's own words."""


def wanted(options: ListSessions, asked: ViewRequest, words: Words) -> Query:
    """The question to the world, or ``ApiError`` where the days make no sense."""
    behaviors = asked.behaviors
    where = zone("UTC" if behaviors["timezone"] == "ignored" else options.timezone)
    if where is None:
        raise ApiError("violation", message="invalid timezone", field="timezone")
    now = today(asked.now, where)
    first = date.fromordinal(max(now.toordinal() - int(behaviors["default_start"]), 1))
    start = _day("start_date", options.start_date, first, behaviors)
    end = _day("end_date", options.end_date, now, behaviors)
    if end < start:
        raise ApiError("violation", message="end_date must be on or after start_date", field="end_date")
    return Query(
        start=midnight(start, where),
        stop=None if end == date.max else midnight(end + timedelta(days=1), where),
        where=_where(options, words, behaviors["filter_page"]),
        bots=options.include_bots == "true",
    )


_FORMS: Final = {
    "exact": re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII),
    "lenient": re.compile(r"\s*(\d{1,4})-(\d\d?)-(\d\d?)\s*", re.ASCII),
}


def _day(field: str, text: str | None, default: date, behaviors: Mapping[str, Any]) -> date:
    if text is None:
        return default
    found = _FORMS[behaviors["date_form"]].fullmatch(text)
    try:
        return date(*map(int, found.groups())) if found else _no_date(field, default, behaviors["bad_date"])
    except ValueError:  # There is no such day.
        return _no_date(field, default, behaviors["bad_date"])


def _no_date(field: str, default: date, bad_date: str) -> date:
    if bad_date == "ignore":
        return default
    raise ApiError("violation", message=f"invalid {field} (expected YYYY-MM-DD)", field=field)


def _where(options: ListSessions, words: Words, compared: str) -> tuple[Condition, ...]:
    where = []
    for name, (dimension, of) in words.filters.items():
        value = getattr(options, f"filter_{name}")
        where.append(
            _condition(dimension, of, "equals", value.lower() if value and name == "hostname" else value)
        )
    where.append(_page(options.filter_page, words, compared))
    return tuple(condition for condition in where if condition)


def _page(value: str | None, words: Words, compared: str) -> Condition | None:
    match compared:
        case "substring":
            return _condition(*words.url, "contains", value)
        case "like":
            return _condition(*words.url, "like", value)
        case "entry":
            return _condition(*FILTERS["entry_page"], "equals", value)
    return _condition(*FILTERS["page"], "equals", value)


def _condition(
    dimension: str, of: Callable[[Any], str], operator: Operator, value: str | None
) -> Condition | None:
    """A filter as sent: none where it was not. The empty text equals nothing, since what is unknown is null."""
    if value is None:
        return None
    return Condition(dimension, of, operator, (value,) if value or operator != "equals" else ())
