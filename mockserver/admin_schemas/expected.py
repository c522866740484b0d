"""Expected rows, traces, and the lists that clients began."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from mockserver.admin_schemas.base import RequestModel


class ExpectedRowsQuery(RequestModel, frozen=True):
    """Selects the rows that a correct client collects."""

    vendor: str
    endpoint: str
    site: int | str = 0
    """One of the vendor's ids of the site, its domain, or its index from 0."""
    labels: bool = False
    """If true, each line is ``{"label": …, "row": …}`` with the label ``required``, ``optional`` or
    ``forbidden``; otherwise each line is a row, and forbidden rows are left out."""
    parameters: dict[str, Any] | None = None
    """Parameters of the endpoint; those that are missing have the vendor's defaults at the moment at which
    the client began the list. By default, or with only the site and paging parameters, all rows are
    selected."""
    any_time: bool = False
    """If true, the parameters that select a time range are replaced by those that select all rows."""


class BegunListsQuery(RequestModel, frozen=True):
    """Selects some of the lists that clients began; by default, all."""

    vendor: str | None = None
    endpoint: str | None = None
    site: int | str | None = None
    """One of the vendor's ids of the site, its domain, or its index from 0; needs a vendor."""


class BegunList(Struct, kw_only=True):
    """A list that clients began: they requested its first page, and the server did not reject the request."""

    vendor: str
    endpoint: str
    site: int
    """The index of the site, from 0."""
    parameters: dict[str, Any]
    """The parameters, without the site, credentials and paging parameters."""
    at: str
    """The tenant's clock when the first page was last requested."""


class TraceQuery(RequestModel, frozen=True):
    """Rows to trace; each needs at least the fields that identify it."""

    vendor: str
    endpoint: str
    rows: list[dict[str, Any]]


class CoverageQuery(RequestModel, frozen=True):
    """Selects a list that the client began."""

    vendor: str
    endpoint: str
    begun: Annotated[int, Meta(ge=1)] | None = None
    """Number of the exchange with the first page of the list; by default that of the last list."""


class Coverage(Struct, kw_only=True):
    """The expected rows of a list, by whether a whole response contained them since the list was begun.

    Rows are given by the fields that identify them, in the order of the list.
    """

    begun: int | None
    """Number of the exchange with the first page; null if there was none: then all rows are missing."""
    parameters: dict[str, Any]
    """The parameters of the list."""
    returned: list[dict[str, Any]]
    """Rows that a response contained which was sent completely, and whose rows no fault changed."""
    missing: list[dict[str, Any]]
    """Rows that no such response contained."""
