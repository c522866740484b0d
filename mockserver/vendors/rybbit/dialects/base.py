"""The differences between the views of Rybbit's dialects, as data."""

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from mockserver.rows.columns import Column
from mockserver.vendors.base import ViewRequest
from mockserver.vendors.rybbit import responses
from mockserver.vendors.rybbit.filters.syntax import DOCUMENTED_SYNTAX, FilterSyntax
from mockserver.vendors.rybbit.session_list.list_options import ListOptions
from mockserver.vendors.rybbit.session_list.sorting import GetPage, select_default_order
from mockserver.vendors.rybbit.times.time_ranges import TimeRange, parse_time_range


class DialectBehavior(Struct, frozen=True, kw_only=True):
    """The interpretation of requests by the views of a dialect."""

    parse_time_range: Callable[[Any, int], TimeRange] = parse_time_range
    """Return the time range of a query at an instant."""
    list_filters: FilterSyntax = DOCUMENTED_SYNTAX
    """Filters of the list of sessions."""
    location_filters: FilterSyntax = DOCUMENTED_SYNTAX
    """Filters of the list of locations."""
    parse_list_options: Callable[[Any], ListOptions] = lambda _: ListOptions()
    """Return the further options of a query of the list of sessions."""
    select_order: Callable[[ViewRequest], GetPage] = select_default_order
    """Return the function that gets pages in the requested order."""
    quote_integers: bool = False
    """True if whole numbers in arrays of properties are texts, if ``rybbit.values`` is ``stored``."""
    extra_columns: tuple[Column, ...] = ()
    """Columns of the list of sessions after the usual ones."""
    check_session_query: Callable[[Any], None] = lambda _: None
    """Raise :class:`ApiError` for a query of one session that is invalid."""
    session_meta: Callable[..., responses.SessionMeta] = responses.SessionMeta
    session_event: Callable[..., responses.SessionEvent] = responses.SessionEvent
    format_event_times: Callable[[Sequence[int]], list[str]] | None = None
    """Return the timestamps of events; None if the format is that of the session's."""
