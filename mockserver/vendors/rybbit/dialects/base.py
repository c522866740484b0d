"""What distinguishes the views of one dialect from those of another, as data."""

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from mockserver.rows.columns import Column
from mockserver.vendors.base import ViewRequest
from mockserver.vendors.rybbit.filters.syntax import DOCUMENTED, FilterSyntax
from mockserver.vendors.rybbit.list_options import Options
from mockserver.vendors.rybbit.sorting import Sorted, as_chosen
from mockserver.vendors.rybbit.time_ranges import Span, window


def _none(_: Any) -> Options:
    return Options()


class DialectBehavior(Struct, frozen=True, kw_only=True):
    """How a dialect reads what it is asked."""

    window: Callable[[Any, int], Span] = window
    """The window that a query asks for at an instant."""
    filters: FilterSyntax = DOCUMENTED
    """What the list of sessions takes for filters."""
    place_filters: FilterSyntax = DOCUMENTED
    """What the list of places takes for filters."""
    options: Callable[[Any], Options] = _none
    """What else a query of the list asks of sessions."""
    sorted: Callable[[ViewRequest], Sorted] = as_chosen
    """How a page of the list is had in the order that is asked for."""
    more: tuple[Column, ...] = ()
    """Fields that its rows have behind the usual ones."""
