"""Orders of the list of sessions, and its pages in each of them."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from mockserver.contract.errors import ApiError
from mockserver.rows.encoder import Row
from mockserver.vendors.base import ViewRequest
from mockserver.world.generator.order_by_end import EndOrder, EndOrderedResult
from mockserver.world.generator.query_result import QueryResult
from mockserver.world.model.query import Condition
from mockserver.world.model.session_batch import SessionBatch

Find = Callable[..., QueryResult]
"""Return the sessions of a request that also meet the given conditions."""
MakeRows = Callable[[SessionBatch], Sequence[Row]]
GetPage = Callable[[Find, int, int, MakeRows], Sequence[Row]]
"""Return the rows of a page, given its offset and limit."""
MAX_SORTED_BY_DURATION: Final = 10_000
"""Maximum number of sessions that are sorted by duration, which the world has no index for."""
_BY_END: Final = EndOrder(unit=1000, by_start=True)
"""Breaks ties like the server's newest revision: by start, then by session id."""


def _get_page_by_start(find: Find, offset: int, limit: int, make_rows: MakeRows) -> Sequence[Row]:
    return find().page(offset, limit, newest_first=True).map_rows(make_rows)


def _get_page_by_end(find: Find, offset: int, limit: int, make_rows: MakeRows) -> Sequence[Row]:
    return EndOrderedResult(find(), _BY_END).page(offset, limit).map_rows(make_rows)


def _get_page_by_start_second(find: Find, offset: int, limit: int, make_rows: MakeRows) -> Sequence[Row]:
    """Sort by start in whole seconds, latest first, then by session id."""
    return find().page_by_unit(offset, limit, unit=1000).map_rows(make_rows)


def _by_count(dimension: str) -> GetPage:
    """Sort by a count, highest first, and sessions with the same count by start.

    Sessions with the same count are queried as a group, so only sessions of the page are generated.
    """

    def get_page(find: Find, offset: int, limit: int, make_rows: MakeRows) -> Sequence[Row]:
        rows: list[Row] = []
        group_offset = offset
        for value, group_size in sorted(find().groups(dimension), reverse=True):
            group_limit = min(group_size - group_offset, limit - len(rows))
            if group_limit > 0:
                in_group = Condition(dimension, int, "equals", (value,))
                rows += _get_page_by_start_second(
                    lambda *_, in_group=in_group: find(in_group), max(group_offset, 0), group_limit, make_rows
                )
            group_offset = max(group_offset - group_size, 0)
        return rows

    return get_page


def _get_page_by_duration(find: Find, offset: int, limit: int, make_rows: MakeRows) -> Sequence[Row]:
    """Sort by duration in whole seconds, longest first; generates all sessions."""
    result = find()
    if result.total > MAX_SORTED_BY_DURATION:
        raise ApiError(
            "violation",
            message=(
                f"Invalid sort_by: session-mock sorts at most {MAX_SORTED_BY_DURATION:,} sessions by"
                f" duration, but this request matches {result.total:,}; use a shorter time range or more"
                " filters"
            ),
        )
    rows = result.page(0, result.total).map_rows(
        lambda batch: [*zip(_duration_keys(batch), make_rows(batch), strict=True)]
    )
    rows_by_duration = sorted(rows, key=lambda row: row[0], reverse=True)
    return [row for _, row in rows_by_duration[offset : offset + limit]]


def _duration_keys(sessions: SessionBatch) -> list[tuple[int, ...]]:
    """Return a sort key for each session: its duration in seconds, then start and id."""
    keys: list[tuple[int, ...]] = []
    for start_ms, end_ms, number in zip(sessions.start, sessions.end, sessions.ids, strict=True):
        start = start_ms // 1000
        keys.append((end_ms // 1000 - start, start, number))
    return keys


def _reverse(get_page: GetPage) -> GetPage:
    """Return the pages of the same order, reversed."""

    def get_reversed_page(find: Find, offset: int, limit: int, make_rows: MakeRows) -> Sequence[Row]:
        stop = max(find().total - offset, 0)
        start = max(stop - limit, 0)
        return get_page(find, start, stop - start, make_rows)[::-1]

    return get_reversed_page


DEFAULT_ORDERS: Final[dict[str, GetPage]] = {"start": _get_page_by_start, "end": _get_page_by_end}
"""By the option of ``rybbit.order``."""
SORT_BY: Final[dict[str, GetPage]] = {
    "started": _get_page_by_start_second,
    "ended": _get_page_by_end,
    "duration": _get_page_by_duration,
    "pageviews": _by_count("pageviews"),
    "events": _by_count("custom_events"),
    "errors": _by_count("errors"),
}
"""By the value of ``sort_by``, highest first."""
SORT_ORDER: Final = ("asc", "desc")


def select_default_order(request: ViewRequest) -> GetPage:
    """Return the order of the behavior ``rybbit.order``; the query has no sort parameters."""
    return DEFAULT_ORDERS[request.behaviors["order"]]


def select_requested_order(request: ViewRequest) -> GetPage:
    """Return the order that ``sort_by`` and ``sort_order`` request, by default that of ``rybbit.order``."""
    query: Any = request.query
    get_page = SORT_BY[query.sort_by] if query.sort_by else select_default_order(request)
    return _reverse(get_page) if query.sort_order == "asc" else get_page
