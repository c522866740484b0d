"""Styles of pagination, as data."""

from msgspec import Struct


class OffsetPagination(Struct, frozen=True, tag=True):
    """The client sends the number of rows to skip; the response may contain the total."""

    offset: str
    limit: str | None
    size: int
    """Rows of a page if the client does not limit them."""
    total: str | None = None
    """Dotted path of the total in the response."""
    next: str | None = None
    """Dotted path of the next page's offset in the response, if it has one."""

    @property
    def request_fields(self) -> tuple[str, ...]:
        """The fields of a request that select a page and limit its rows."""
        return (self.offset,) if self.limit is None else (self.offset, self.limit)

    @property
    def response_fields(self) -> tuple[str, ...]:
        """The dotted paths of a response that describe the pages."""
        return tuple(path for path in (self.total, self.next) if path is not None)


class PageNumberPagination(Struct, frozen=True, tag=True):
    """The client sends the number of a page; a page with fewer rows than the limit is the last."""

    page: str
    first: int
    limit: str | None
    size: int
    maximum: int | None = None
    """Larger limits are reduced to this number of rows; None if they are not."""

    @property
    def request_fields(self) -> tuple[str, ...]:
        """The fields of a request that select a page and limit its rows."""
        return (self.page,) if self.limit is None else (self.page, self.limit)

    @property
    def response_fields(self) -> tuple[str, ...]:
        """The dotted paths of a response that describe the pages."""
        return ()


class CursorPagination(Struct, frozen=True, tag=True):
    """The response contains a cursor for the next page; the last page has none."""

    cursor: str
    limit: str | None
    size: int
    next: str
    """Dotted path of the next cursor in the response."""

    @property
    def request_fields(self) -> tuple[str, ...]:
        """The fields of a request that select a page and limit its rows."""
        return (self.cursor,) if self.limit is None else (self.cursor, self.limit)

    @property
    def response_fields(self) -> tuple[str, ...]:
        """The dotted paths of a response that describe the pages."""
        return (self.next,)


class NoPagination(Struct, frozen=True, tag=True):
    """The response contains everything."""

    @property
    def request_fields(self) -> tuple[str, ...]:
        """The fields of a request that select a page and limit its rows."""
        return ()

    @property
    def response_fields(self) -> tuple[str, ...]:
        """The dotted paths of a response that describe the pages."""
        return ()


Pagination = OffsetPagination | PageNumberPagination | CursorPagination | NoPagination
