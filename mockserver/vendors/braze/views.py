"""The world as Braze tells it."""

from collections.abc import Sequence
from typing import Final

from msgspec import json

from mockserver.contract.errors import ApiError
from mockserver.rows.datetimes import DAY, instant, seconds
from mockserver.vendors.base import ViewRequest, ViewResult
from mockserver.vendors.braze.contract import (
    APP_ID,
    ENDING_AT,
    PAGE,
    SEGMENT_ID,
    ExportSessionSeries,
    ListedSegment,
    ListSegments,
    SegmentList,
    SessionPoint,
    SessionSeries,
)
from mockserver.world.generator.timeline import HOUR
from mockserver.world.model.query import Condition, Query
from mockserver.world.world import Site

_UNITS: Final = {"day": DAY, "hour": HOUR}
_DATE: Final = len("2026-09-01")
_SUFFIXES: Final = {"none": "", "Z": "Z", "offset": "+00:00"}
_YEAR_1: Final = -719_162 * DAY


def sessions_data_series(asked: ViewRequest) -> ViewResult:
    """The number of sessions in each of the last buckets that begin before an instant, oldest first."""
    query: ExportSessionSeries = asked.query
    edges = _edges(query, asked.now)
    where, sites = _segment(query.segment_id, asked), _sites(query.app_id, asked)
    counts = [site.find(Query(where=where), asked.now).series(edges) for site in sites]
    times = _times(edges[:-1], query.unit, asked.behaviors["hour_suffix"])
    points = [SessionPoint(time, sum(each)) for time, *each in zip(times, *counts, strict=True)]
    if asked.behaviors["series"] == "sparse":
        points = [point for point in points if point.sessions]
    return ViewResult(json.encode(SessionSeries("success", points)))


def _edges(query: ExportSessionSeries, now: int) -> list[int]:
    """The begin of every bucket, and the end of the last."""
    unit = _UNITS[query.unit]
    ending_at = now if query.ending_at is None else _instant(query.ending_at)
    end = -(-ending_at // unit) * unit
    start = end - query.length * unit
    if start < _YEAR_1:
        raise ApiError("violation", message=ENDING_AT)
    return list(range(start, end + unit, unit))


def _instant(text: str) -> int:
    at = instant(text)
    if at is None:
        at = instant("+".join(text.rsplit(" ", 1)))  # A raw plus sign in a query means a blank.
    if at is None:
        raise ApiError("violation", message=ENDING_AT)
    return at


def _times(starts: Sequence[int], unit: str, hour_suffix: str) -> list[str]:
    if unit == "day":
        return [text[:_DATE] for text in seconds(starts)]
    return [text + _SUFFIXES[hour_suffix] for text in seconds(starts)]


def _segment(identifier: str | None, asked: ViewRequest) -> tuple[Condition, ...]:
    if identifier is None and asked.behaviors["segment_id"] == "optional":
        return ()
    segment = asked.segment(identifier)
    if segment is None:
        raise ApiError("violation", message=SEGMENT_ID)
    return segment.where


def _sites(identifier: str | None, asked: ViewRequest) -> Sequence[Site]:
    if identifier is None:
        return asked.world.sites
    for site, aliases in zip(asked.world.sites, asked.names.sites, strict=True):
        if identifier in aliases:
            return (site,)
    if asked.behaviors["app_id"] == "ignore":
        return asked.world.sites
    raise ApiError("violation", message=APP_ID)


def list_segments(asked: ViewRequest) -> ViewResult:
    """A page of the segments."""
    query: ListSegments = asked.query
    told = [
        ListedSegment(identifier, name, analytics_tracking_enabled=True, tags=[])
        for name, identifier in asked.names.segments.items()
    ]
    ordered = told if query.sort_direction == "asc" else told[::-1]
    return ViewResult(
        json.encode(SegmentList("success", ordered[query.page * PAGE : (query.page + 1) * PAGE]))
    )


VIEWS: Final = {"sessions_data_series": sessions_data_series, "list_segments": list_segments}
