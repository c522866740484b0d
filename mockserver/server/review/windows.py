"""Find requests for a time window in which the world has no sessions at all."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Any, Final

from msgspec import json

from mockserver._util.json_paths import get_at
from mockserver.contract.endpoint import Endpoint
from mockserver.contract.time_windows import TimeWindow
from mockserver.server.http.response import Response
from mockserver.server.journal.journal import Exchange, Finding
from mockserver.server.requests.parser import ParsedRequest
from mockserver.server.review.rules import GetField, field_getter
from mockserver.vendors.base import Vendor
from mockserver.world.model.spec import WorldSpec, format_instant

_HOUR: Final = 3_600_000
_DAY: Final = 24 * _HOUR
"""A window may lie outside by less: days begin and end at different times in other zones."""
_MINUTE: Final = 60_000
_LATEST: Final = 4_102_444_800_000
"""Instants after the year 2100 are shown as its beginning."""
_MAX_EMPTY_BYTES: Final = 1024
"""A larger response has rows."""
_Bounds = tuple[float | None, float]
"""Start and end in Unix milliseconds; no start if it is unlimited."""
_Getters = Mapping[str, GetField]


def review_window(parsed: ParsedRequest, exchange: Exchange, response: Response) -> list[Finding]:
    """Return a finding for an empty response to a request whose window lies wholly outside the world."""
    endpoint = parsed.endpoint
    if not endpoint.time_windows or parsed.principal is None:
        return []
    if endpoint.count_field is None and len(response.body) > _MAX_EMPTY_BYTES:
        return []
    bounds = _find_bounds(parsed, exchange.received_at)
    if bounds is None:
        return []
    spec = parsed.principal.tenant.world.spec
    start, end = bounds
    is_after = spec.end is not None and start is not None and start > spec.end + _DAY
    is_before = end < spec.start - _DAY
    if not (is_after or is_before) or not _is_empty(endpoint, response):
        return []
    return [Finding.of_kind("window-outside-world", _describe(bounds, spec, exchange.received_at))]


def _describe(bounds: _Bounds, spec: WorldSpec, now: int) -> str:
    window = " to ".join("…" if edge is None else _format(edge) for edge in bounds)
    world = f"{format_instant(spec.start)} to {'…' if spec.end is None else format_instant(spec.end)}"
    hint = "choose a window in it."
    if spec.end is not None and now > spec.end:
        hint = (
            f"the tenant's clock shows {format_instant(now)}, after its end:"
            " freeze the clock at the end of the world, or give the world a later end."
        )
    return f"The window of the request, {window}, lies outside the world, {world}; {hint}"


def _format(instant: float) -> str:
    return format_instant(int(min(max(instant, 0), _LATEST)))


def _find_bounds(parsed: ParsedRequest, now: int) -> _Bounds | None:
    """Return the window of a request; ``None`` if it is unlimited or unclear."""
    getters = _getters(parsed.vendor, parsed.endpoint.name)
    for window in parsed.endpoint.time_windows:
        start = _value(parsed, getters, window.start)
        end = _value(parsed, getters, window.end)
        length = _value(parsed, getters, window.length)
        if start is None and end is None and length is None and window.default_hours is None:
            continue
        first = _to_instant(start, window, now)
        last = float(now) if end is None else _to_instant(end, window, now)
        if last is None or (start is not None and first is None):
            return None
        if first is None and length is not None:
            first = last - length * (_HOUR if _value(parsed, getters, window.unit) == "hour" else _DAY)
        if first is None and window.default_hours is not None:
            first = now - window.default_hours * _HOUR
        return first, last
    return None


def _value(parsed: ParsedRequest, getters: _Getters, name: str | None) -> Any:
    return None if name is None else getters[name](parsed)


@cache
def _getters(vendor: Vendor, endpoint_name: str) -> _Getters:
    endpoint = vendor.endpoint(endpoint_name)
    names = {name for window in endpoint.time_windows for name in window.fields}
    return {name: field_getter(endpoint, name) for name in names}


def _to_instant(value: Any, window: TimeWindow, now: int) -> float | None:
    """Return a value in Unix milliseconds, or ``None`` if it is missing or invalid."""
    if isinstance(value, int):
        return value * 1000
    if not isinstance(value, str):
        return None
    if window.values == "instants":
        return _parse_instant(value)
    return now - float(value) * _MINUTE if value.isascii() and value.isdecimal() else None


@lru_cache(256)
def _parse_instant(text: str) -> float | None:
    """Return the beginning of a date, or a time without its zone, in Unix milliseconds."""
    try:
        return datetime.fromisoformat(text[:10]).replace(tzinfo=UTC).timestamp() * 1000
    except ValueError:
        return None


def _is_empty(endpoint: Endpoint, response: Response) -> bool:
    """Return whether a response has no rows, or only rows that count nothing."""
    rows = get_at(json.decode(response.body), endpoint.rows_path)
    if not isinstance(rows, list):
        return False
    return not rows or (
        endpoint.count_field is not None and not any(row.get(endpoint.count_field) for row in rows)
    )
