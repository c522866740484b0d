"""Views of Braze's endpoints."""

from collections.abc import Sequence
from typing import Final

from msgspec import json

from mockserver.contract.errors import ApiError
from mockserver.rows.datetimes import DAY, format_seconds, parse_instant
from mockserver.vendors.base import ViewRequest, ViewResult
from mockserver.vendors.braze.contract import PAGE_SIZE
from mockserver.vendors.braze.request_models import (
    INVALID_APP_ID,
    INVALID_ENDING_AT,
    INVALID_SEGMENT_ID,
    ExportSessionSeries,
    ListSegments,
)
from mockserver.vendors.braze.responses import ListedSegment, SegmentList, SessionPoint, SessionSeries
from mockserver.world.generator.layout import HOUR
from mockserver.world.model.query import Condition, Query
from mockserver.world.world import Site

_UNITS: Final = {"day": DAY, "hour": HOUR}
_DATE_LENGTH: Final = len("2026-09-01")
_SUFFIXES: Final = {"none": "", "Z": "Z", "offset": "+00:00"}
_YEAR_1: Final = -719_162 * DAY


def get_session_series(request: ViewRequest) -> ViewResult:
    """Return the number of sessions in each of the last buckets that begin before an instant, oldest first."""
    query: ExportSessionSeries = request.query
    edges = _bucket_edges(query, request.range_now, request.behaviors["hour_length"])
    where = _segment_conditions(query.segment_id, request)
    sites = _select_sites(query.app_id, request)
    counts = [site.find(Query(where=where), request.now).series(edges) for site in sites]
    times = _format_times(edges[:-1], query.unit, request.behaviors["hour_suffix"])
    points = [SessionPoint(time, sum(site_counts)) for time, *site_counts in zip(times, *counts, strict=True)]
    if request.behaviors["series"] == "sparse":
        points = [point for point in points if point.sessions]
    return ViewResult(json.encode(SessionSeries("success", points)))


def _bucket_edges(query: ExportSessionSeries, now: int, hour_length: str) -> list[int]:
    """Return the start of every bucket and the end of the last."""
    unit = _UNITS[query.unit]
    ending_at = now if query.ending_at is None else _parse_ending_at(query.ending_at)
    end = -(-ending_at // unit) * unit
    start = end - query.length * (DAY if hour_length == "days" else unit)
    if start < _YEAR_1:
        raise ApiError("violation", message=INVALID_ENDING_AT)
    return list(range(start, end + unit, unit))


def _parse_ending_at(text: str) -> int:
    instant = parse_instant(text)
    if instant is None:
        # An unencoded plus sign in a query arrives as a space.
        instant = parse_instant("+".join(text.rsplit(" ", 1)))
    if instant is None:
        raise ApiError("violation", message=INVALID_ENDING_AT)
    return instant


def _format_times(starts: Sequence[int], unit: str, hour_suffix: str) -> list[str]:
    if unit == "day":
        return [text[:_DATE_LENGTH] for text in format_seconds(starts)]
    return format_seconds(starts, suffix=_SUFFIXES[hour_suffix])


def _segment_conditions(identifier: str | None, request: ViewRequest) -> tuple[Condition, ...]:
    if identifier is None and request.behaviors["segment_id"] == "optional":
        return ()
    segment = request.segment(identifier)
    if segment is None:
        raise ApiError("violation", message=INVALID_SEGMENT_ID)
    return segment.where


def _select_sites(identifier: str | None, request: ViewRequest) -> Sequence[Site]:
    if identifier is None:
        return request.world.sites
    for site, app_ids in zip(request.world.sites, request.identifiers.sites, strict=True):
        if identifier in app_ids:
            return (site,)
    if request.behaviors["app_id"] == "ignore":
        return request.world.sites
    raise ApiError("violation", message=INVALID_APP_ID)


def list_segments(request: ViewRequest) -> ViewResult:
    query: ListSegments = request.query
    segments = [
        ListedSegment(identifier, name, analytics_tracking_enabled=True, tags=[])
        for name, identifier in request.identifiers.segments.items()
    ]
    if query.sort_direction == "desc":
        segments.reverse()
    page = segments[query.page * PAGE_SIZE : (query.page + 1) * PAGE_SIZE]
    return ViewResult(json.encode(SegmentList("success", page)))


VIEWS: Final = {"sessions_data_series": get_session_series, "list_segments": list_segments}
