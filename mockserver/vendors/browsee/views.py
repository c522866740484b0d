"""Views of Browsee's endpoints."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlsplit

from msgspec import json

from mockserver._util.suggest import nearest
from mockserver.contract.errors import ApiError
from mockserver.rows.columns import Column, entry_column
from mockserver.rows.datetimes import DAY, parse_instant
from mockserver.rows.encoder import RowEncoder
from mockserver.vendors.base import View, ViewRequest, ViewResult
from mockserver.vendors.browsee.dialect_gist_2020 import ExportSessions2020
from mockserver.vendors.browsee.request_models import MAXIMUM, ExportSessions, Identify, Track
from mockserver.world.generator.tracked import Identity, TrackedEvent
from mockserver.world.model.query import Condition, Query
from mockserver.world.model.session_batch import SessionBatch
from mockserver.world.model.vocabulary import Agent

ExportBody = ExportSessions | ExportSessions2020
_SUCCESS: Final = b'{"status":"success"}'


def _urls(sessions: SessionBatch) -> list[list[str]]:
    return [
        [f"https://{host}{page.path}{page.querystring}" for page in path]
        for host, path in zip(sessions.hostnames, sessions.paths, strict=True)
    ]


def _landing_pages(sessions: SessionBatch) -> list[str | None]:
    """Return the first of the URLs, which is that of the entry page."""
    pages = zip(sessions.hostnames, sessions.entries, strict=True)
    return [f"https://{host}{page.path}{page.querystring}" if page.path else None for host, page in pages]


def _active_times(sessions: SessionBatch) -> list[int]:
    times = zip(sessions.duration, sessions.inactive, strict=True)
    return [duration - inactive for duration, inactive in times]


def _none_if_empty(values: Sequence[Any]) -> list[Any]:
    return [value or None for value in values]


def _entry(name: str, entries: str, attribute: str | None = None) -> Column:
    """Return a column with an attribute of each session's entry, None if it is empty."""
    return entry_column(name, entries, lambda entry: getattr(entry, attribute or name) or None)


def _is_mobile(agent: Agent) -> bool | None:
    return agent.device in {"mobile", "tablet"} if agent.device else None


_COLUMNS: Final = (
    Column("timestamp", lambda s: s.start, own=True),
    Column("ip", lambda s: _none_if_empty(s.ips), own=True),
    Column("userId", lambda s: s.user_ids, own=True),
    Column("name", lambda s: s.names, own=True),
    Column("email", lambda s: s.emails, own=True),
    Column("tags", lambda s: _none_if_empty(s.tags)),
    Column("duration", lambda s: s.duration),
    Column("inactiveTime", lambda s: s.inactive),
    Column("activeTime", _active_times),
    Column("urls", _urls),
    Column("pageCount", lambda s: s.pageviews),
    Column("eventCount", lambda s: s.events),
    Column("landingPage", _landing_pages),
    _entry("utm_source", "acquisitions"),
    _entry("utm_medium", "acquisitions"),
    _entry("utm_campaign", "acquisitions"),
    _entry("utm_term", "acquisitions"),
    _entry("utm_content", "acquisitions"),
    _entry("browser", "agents"),
    _entry("os", "agents"),
    _entry("device", "agents"),
    entry_column("isMobile", "agents", _is_mobile),
    _entry("city", "places"),
    _entry("country", "places", "country_name"),
    entry_column("domain", "hostnames", lambda hostname: hostname or None),
    entry_column("referrer", "acquisitions", lambda acquisition: urlsplit(acquisition.referrer).hostname),
)
_COUNTRY_CODE: Final = _entry("country", "places")
FIELDS: Final = tuple(column.name for column in _COLUMNS)


@lru_cache(maxsize=32)
def build_encoder(select: tuple[str, ...], country: str, no_value: str) -> RowEncoder:
    columns = [column for column in _COLUMNS if not select or column.name in select]
    if country == "code":
        columns = [_COUNTRY_CODE if column.name == "country" else column for column in columns]
    return RowEncoder(columns, omit_none=no_value == "omit")


def _export_view(selected_fields: Callable[[Any], list[str] | None]) -> View:
    """Return the view of the export; dialects differ in where a request selects its fields."""

    def export_sessions(request: ViewRequest) -> ViewResult:
        """Return a page of the sessions that start in a window, ascending."""
        body: ExportBody = request.body
        offset = body.offset or 0
        limit = _clamp_limit(body.limit or MAXIMUM, request.behaviors["over_limit"])
        sessions = request.site.find(_build_query(body, request), request.now)
        page = sessions.page(offset, limit)
        select = _check_select(selected_fields(body), request.behaviors["unknown_field"])
        encoder = build_encoder(select, request.behaviors["country"], request.behaviors["no_value"])
        exports = {
            "total": sessions.total,
            "to": offset + len(page),
            "data": page.map_rows(encoder.rows),
        }
        return ViewResult(json.encode({"status": "success", "exports": exports}))

    return export_sessions


def _select_in_options(body: ExportSessions) -> list[str] | None:
    """Return the fields selected in options, or else those selected at the top level."""
    return body.options.select if body.options and body.options.select is not None else body.select


def _select_at_top_level(body: ExportSessions2020) -> list[str] | None:
    return body.select


def _clamp_limit(limit: int, over_limit: str) -> int:
    if limit > MAXIMUM and over_limit == "400":
        raise ApiError("violation", message=f"limit must be an integer, at most {MAXIMUM}")
    return min(limit, MAXIMUM)


def _build_query(body: ExportBody, request: ViewRequest) -> Query:
    start = request.range_now - DAY if body.start is None else body.start * 1000
    # The default end includes the current millisecond, so that events tracked just now are found.
    stop = request.range_now + 1 if body.end is None else body.end * 1000
    if start > stop and request.behaviors["backwards"] == "400":
        raise ApiError("violation", message="start must not be after end")
    return Query(start=start, stop=max(start, stop), where=_segment_conditions(body.segmentId, request))


def _segment_conditions(identifier: str | None, request: ViewRequest) -> tuple[Condition, ...]:
    if identifier is None:
        return ()
    segment = request.segment(identifier)
    if segment is None and request.behaviors["unknown_segment"] == "empty":
        segment = request.world.segments["nobody"]
    if segment is None:
        raise ApiError(
            "violation", message=f"segmentId {identifier!r} is not the id of a segment of this project"
        )
    return segment.where


def _check_select(select: list[str] | None, unknown_field: str) -> tuple[str, ...]:
    unknown = [name for name in select or () if name not in FIELDS]
    if unknown and unknown_field == "400":
        match = nearest(unknown[0], FIELDS)
        hint = "" if match is None else f"; did you mean {match!r}?"
        raise ApiError("violation", message=f"select contains the unknown field {unknown[0]!r}{hint}")
    return tuple(sorted(set(select or ())))


def track(request: ViewRequest) -> ViewResult:
    """Record an event of a visitor."""
    body: Track = request.body
    _require_visitor(body.userId, body.anonymousId)
    at = _parse_timestamp(body.timestamp, request.now)
    event = TrackedEvent(at, body.event, body.properties or {}, body.userId or None, body.anonymousId or None)
    return ViewResult(_SUCCESS, event)


def identify(request: ViewRequest) -> ViewResult:
    """Record traits of a visitor."""
    body: Identify = request.body
    if request.behaviors["identify_user"] == "required" and not body.userId:
        raise ApiError("violation", message="userId is required")
    _require_visitor(body.userId, body.anonymousId)
    _parse_timestamp(body.timestamp, request.now)
    traits = body.traits or {}
    tags = traits.get("$tags")
    if tags is not None and not (isinstance(tags, list) and all(isinstance(tag, str) for tag in tags)):
        raise ApiError("violation", message="traits.$tags must be an array of strings")
    merges = request.behaviors["anonymous_events"] == "merge"
    return ViewResult(_SUCCESS, Identity(traits, body.userId or None, body.anonymousId or None, merges))


def _require_visitor(user_id: str | None, anonymous_id: str | None) -> None:
    if not user_id and not anonymous_id:
        raise ApiError("violation", message="userId or anonymousId is required")


def _parse_timestamp(text: str | None, now: int) -> int:
    if text is None:
        return now
    instant = parse_instant(text)
    if instant is None:
        raise ApiError(
            "violation",
            message=f"timestamp {text!r} must be an ISO 8601 time, such as 2021-12-02T00:30:08.276Z",
        )
    return instant


VIEWS: Final[Mapping[str, View]] = {
    "export_sessions": _export_view(_select_in_options),
    "track": track,
    "identify": identify,
}
GIST_2020_VIEWS: Final[Mapping[str, View]] = {**VIEWS, "export_sessions": _export_view(_select_at_top_level)}
