"""How a list is cut into pages, as data."""

from msgspec import Struct


class OffsetPagination(Struct, frozen=True, tag=True):
    """The client says how many rows to skip; the answer says how many there are."""

    offset: str
    limit: str | None
    size: int
    """Rows on a page when the client does not say."""
    total: str | None = None
    """Dotted path of the total in the answer."""
    next: str | None = None
    """Dotted path of the offset of the next page in the answer, where it says that too."""


class PageNumberPagination(Struct, frozen=True, tag=True):
    """The client counts pages; a page with fewer rows than the limit is the last."""

    page: str
    first: int
    limit: str | None
    size: int
    maximum: int | None = None
    """More rows than this stand on no page, whatever the client says; none where nothing is cut."""


class CursorPagination(Struct, frozen=True, tag=True):
    """The answer says where the next page begins; no cursor means the end."""

    cursor: str
    limit: str | None
    size: int
    next: str
    """Dotted path of the next cursor in the answer."""


class NoPagination(Struct, frozen=True, tag=True):
    """Everything in one answer."""


Pagination = OffsetPagination | PageNumberPagination | CursorPagination | NoPagination
