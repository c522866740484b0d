"""Pages of the list in one order or another."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from mockserver.contract.errors import ApiError
from mockserver.vendors.base import ViewRequest
from mockserver.world.generator.order_by_end import EndOrder, EndOrderedResult
from mockserver.world.generator.query_result import QueryResult
from mockserver.world.model.query import Condition
from mockserver.world.model.session_batch import SessionBatch

Find = Callable[..., QueryResult]
"""From further conditions to the sessions that a request finds and that meet them."""
Encode = Callable[[SessionBatch], Sequence[bytes]]
Sorted = Callable[[Find, int, int, Encode], Sequence[bytes]]
"""Return the encoded rows of a page: from what finds sessions, an offset, a limit and what encodes sessions."""
SORTED_AT_MOST: Final = 10_000
"""So many sessions are put in an order that the world does not know."""
_BY_END: Final = EndOrder(unit=1000, by_start=True)
"""As the server's newest revision breaks ties: by start, then by session id."""


def _by_start(find: Find, offset: int, limit: int, encode: Encode) -> Sequence[bytes]:
    return find().page(offset, limit, newest_first=True).map_rows(encode)


def _by_end(find: Find, offset: int, limit: int, encode: Encode) -> Sequence[bytes]:
    return EndOrderedResult(find(), _BY_END).page(offset, limit).map_rows(encode)


def _by_count(dimension: str) -> Sorted:
    """Most first: of each number the sessions by end, so that none but those of the page are looked at."""

    def page(find: Find, offset: int, limit: int, encode: Encode) -> Sequence[bytes]:
        rows: list[bytes] = []
        for number, count in sorted(find().groups(dimension), reverse=True):
            wanted = min(count - offset, limit - len(rows))
            if wanted > 0:
                rows += _by_end(
                    lambda *_, number=number: find(Condition(dimension, int, "equals", (number,))),
                    max(offset, 0),
                    wanted,
                    encode,
                )
            offset = max(offset - count, 0)
        return rows

    return page


def _by_duration(find: Find, offset: int, limit: int, encode: Encode) -> Sequence[bytes]:
    """Longest first, in whole seconds as they are told; all are looked at."""
    found = find()
    if found.total > SORTED_AT_MOST:
        few = f"session-mock sorts at most {SORTED_AT_MOST:,} sessions by duration, and this request finds {found.total:,}"
        raise ApiError("violation", message=f"Invalid sort_by: {few}; narrow it down")
    rows = found.page(0, found.total).map_rows(
        lambda batch: [*zip(_durations(batch), encode(batch), strict=True)]
    )
    return [row for _, row in sorted(rows, key=lambda pair: pair[0], reverse=True)[offset : offset + limit]]


def _durations(sessions: SessionBatch) -> list[tuple[int, ...]]:
    """Seconds of each session, and what decides between those of equal ones."""
    times = ((start // 1000, end // 1000) for start, end in zip(sessions.start, sessions.end, strict=True))
    return [
        (end - start, end, start, number) for (start, end), number in zip(times, sessions.ids, strict=True)
    ]


def _upwards(page: Sorted) -> Sorted:
    """The same order from its other end."""

    def reverse(find: Find, offset: int, limit: int, encode: Encode) -> Sequence[bytes]:
        stop = max(find().total - offset, 0)
        first = max(stop - limit, 0)
        return page(find, first, stop - first, encode)[::-1]

    return reverse


ORDERS: Final[dict[str, Sorted]] = {"start": _by_start, "end": _by_end}
"""By the option of ``rybbit.order``."""
SORTS: Final[dict[str, Sorted]] = {
    "started": _by_start,
    "ended": _by_end,
    "duration": _by_duration,
    "pageviews": _by_count("pageviews"),
    "events": _by_count("custom_events"),
    "errors": _by_count("errors"),
}
"""By ``sort_by``, the greatest first."""
WAYS: Final[dict[str, Callable[[Sorted], Sorted]]] = {"desc": lambda page: page, "asc": _upwards}
"""By ``sort_order``."""


def as_chosen(asked: ViewRequest) -> Sorted:
    """The order that is chosen, whatever is asked for."""
    return ORDERS[asked.behaviors["order"]]


def as_asked(asked: ViewRequest) -> Sorted:
    """The order that is asked for, else the one that is chosen."""
    query: Any = asked.query
    page = SORTS[query.sort_by] if query.sort_by else ORDERS[asked.behaviors["order"]]
    return WAYS[query.sort_order or "desc"](page)
