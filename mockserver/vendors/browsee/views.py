"""The world as Browsee tells it."""

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlsplit

from mockserver.contract.errors import ApiError
from mockserver.rows.columns import Column, entry_column
from mockserver.rows.datetimes import DAY, instant
from mockserver.rows.encoder import RowEncoder, encode_array
from mockserver.vendors.base import View, ViewRequest, ViewResult
from mockserver.vendors.browsee.contract import MAXIMUM, ExportSessions, Identify, Track
from mockserver.vendors.browsee.dialect_gist_2020 import ExportSessions2020
from mockserver.world.generator.tracked import Identity, TrackedEvent
from mockserver.world.model.query import Condition, Query
from mockserver.world.model.session_batch import SessionBatch

Export = ExportSessions | ExportSessions2020
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


def _some(values: Sequence[Any]) -> list[Any]:
    """Tell what is empty as having no value."""
    return [value or None for value in values]


def _entry(name: str, entries: str, field: str | None = None) -> Column:
    """A field of each session's entry; what is empty has no value."""
    return entry_column(name, entries, lambda entry: getattr(entry, field or name) or None)


_COLUMNS: Final = (
    Column("timestamp", lambda s: s.start, own=True),
    Column("ip", lambda s: _some(s.ips), own=True),
    Column("userId", lambda s: s.user_ids, own=True),
    Column("name", lambda s: s.names, own=True),
    Column("email", lambda s: s.emails, own=True),
    Column("tags", lambda s: _some(s.tags)),
    Column("duration", lambda s: s.duration),
    Column("inactiveTime", lambda s: s.inactive),
    Column(
        "activeTime", lambda s: [whole - idle for whole, idle in zip(s.duration, s.inactive, strict=True)]
    ),
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
    entry_column(
        "isMobile", "agents", lambda agent: agent.device in {"mobile", "tablet"} if agent.device else None
    ),
    _entry("city", "places"),
    _entry("country", "places", "country_name"),
    entry_column("domain", "hostnames", lambda hostname: hostname or None),
    entry_column("referrer", "acquisitions", lambda acquisition: urlsplit(acquisition.referrer).hostname),
)
_CODED: Final = {"country": _entry("country", "places")}
FIELDS: Final = tuple(column.name for column in _COLUMNS)


@lru_cache(maxsize=32)
def _encoder(select: tuple[str, ...], country: str, no_value: str) -> RowEncoder:
    told = [_CODED.get(column.name, column) if country == "code" else column for column in _COLUMNS]
    return RowEncoder(
        [column for column in told if not select or column.name in select], omit_none=no_value == "omit"
    )


def _exporting(selected: Callable[[Any], list[str] | None]) -> View:
    """Make the view of the export, whose requests say at one of two places which fields they select."""

    def export_sessions(asked: ViewRequest) -> ViewResult:
        """A page of the sessions that start in a window, ascending."""
        body: Export = asked.body
        limit = _limit(body.limit, asked.behaviors["over_limit"])
        found = asked.site.find(_query(body, asked), asked.now)
        page = found.page(body.offset, limit)
        select = _select(selected(body), asked.behaviors["unknown_field"])
        encoder = _encoder(select, asked.behaviors["country"], asked.behaviors["no_value"])
        rows = encode_array(page.map_rows(encoder.encode))
        return ViewResult(
            b'{"status":"success","exports":{"total":%d,"to":%d,"data":%b}}'
            % (found.total, body.offset + len(page), rows)
        )

    return export_sessions


def _in_options(body: ExportSessions) -> list[str] | None:
    """The fields that options select; where options select none, those at the top level."""
    return body.options.select if body.options and body.options.select is not None else body.select


def _at_the_top(body: ExportSessions2020) -> list[str] | None:
    return body.select


def _limit(limit: int, over_limit: str) -> int:
    if limit > MAXIMUM and over_limit == "400":
        raise ApiError("violation", message=f"limit must be an integer, at most {MAXIMUM}")
    return min(limit, MAXIMUM)


def _query(body: Export, asked: ViewRequest) -> Query:
    start = asked.now - DAY if body.start is None else body.start * 1000
    stop = (
        asked.now + 1 if body.end is None else body.end * 1000
    )  # What is tracked now is in a default window at once.
    if start > stop and asked.behaviors["backwards"] == "400":
        raise ApiError("violation", message="start must not be after end")
    return Query(start=start, stop=max(start, stop), where=_segment(body.segmentId, asked))


def _segment(identifier: str | None, asked: ViewRequest) -> tuple[Condition, ...]:
    if identifier is None:
        return ()
    segment = asked.segment(identifier)
    if segment is None and asked.behaviors["unknown_segment"] == "empty":
        segment = asked.world.segments["nobody"]
    if segment is None:
        raise ApiError(
            "violation", message=f"segmentId {identifier!r} is not the id of a segment of this project"
        )
    return segment.where


def _select(select: list[str] | None, unknown_field: str) -> tuple[str, ...]:
    unknown = [name for name in select or () if name not in FIELDS]
    if unknown and unknown_field == "400":
        near = get_close_matches(unknown[0], FIELDS, 1)
        raise ApiError(
            "violation",
            message=f"select names {unknown[0]!r}, which is no field"
            + (f"; did you mean {near[0]!r}?" if near else ""),
        )
    return tuple(sorted(set(select or ())))


def track(asked: ViewRequest) -> ViewResult:
    """Take an event of a visitor."""
    body: Track = asked.body
    _someone(body.userId, body.anonymousId)
    at = _timestamp(body.timestamp, asked.now)
    event = TrackedEvent(at, body.event, body.properties or {}, body.userId or None, body.anonymousId or None)
    return ViewResult(_SUCCESS, event)


def identify(asked: ViewRequest) -> ViewResult:
    """Take traits of a visitor."""
    body: Identify = asked.body
    if asked.behaviors["identify_user"] == "required" and not body.userId:
        raise ApiError("violation", message="userId is required")
    _someone(body.userId, body.anonymousId)
    _timestamp(body.timestamp, asked.now)
    tags = (body.traits or {}).get("$tags")
    if tags is not None and not (isinstance(tags, list) and all(isinstance(tag, str) for tag in tags)):
        raise ApiError("violation", message="traits.$tags must be an array of strings")
    return ViewResult(_SUCCESS, Identity(body.traits or {}, body.userId or None, body.anonymousId or None))


def _someone(user: str | None, anonymous: str | None) -> None:
    if not user and not anonymous:
        raise ApiError("violation", message="userId or anonymousId is required")


def _timestamp(text: str | None, now: int) -> int:
    if text is None:
        return now
    at = instant(text)
    if at is None:
        raise ApiError(
            "violation",
            message=f"timestamp {text!r} must be an ISO 8601 time, such as 2021-12-02T00:30:08.276Z",
        )
    return at


VIEWS: Final[Mapping[str, View]] = {
    "export_sessions": _exporting(_in_options),
    "track": track,
    "identify": identify,
}
GIST_2020_VIEWS: Final[Mapping[str, View]] = {**VIEWS, "export_sessions": _exporting(_at_the_top)}
