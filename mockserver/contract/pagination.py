"""Styles of pagination: how a request selects a page of a list, and what its response says about others."""

from collections.abc import Mapping
from typing import Any, ClassVar

from msgspec import Struct

from mockserver._util.json_paths import get_at

Fields = Mapping[str, Any]
"""The fields of a request by name."""
PageNumbers = dict[str, int]
"""The numbers of pages by their cursors, as far as they are known."""


class PageInfo(Struct, frozen=True):
    """The position of a page in its list."""

    number: int | None
    """1 for the first page; ``None`` if its cursor is unknown."""
    last: bool
    rows: int
    """Number of rows on the page."""
    key: Any = None
    """The page key of the request; ``None`` if it has none."""
    previous: Any = None
    """The key of the page before; ``None`` if that has none or is unknown."""
    next: Any = None
    """The key of the page after; ``None`` only if the list certainly ends here."""


class _Style(Struct, frozen=True):
    """The parts of a style; the defaults are those of a response that contains everything."""

    has_cursors: ClassVar[bool] = False

    @property
    def key_field(self) -> str | None:
        """Name of the request field with the page key: an offset, page number or cursor."""
        return None

    @property
    def first(self) -> int | None:
        """The key of the first page; ``None`` if it has none."""
        return None

    @property
    def limit(self) -> str | None:
        """Name of the request field with the number of rows of a page."""
        return None

    @property
    def size(self) -> int:
        """Rows of a page if the client does not limit them."""
        return 0

    @property
    def total(self) -> str | None:
        """Dotted path of the total in the response."""
        return None

    @property
    def next(self) -> str | None:
        """Dotted path of the next page's key in the response."""
        return None

    @property
    def more(self) -> str | None:
        """Dotted path of the boolean in the response that is true if there is a next page."""
        return None

    @property
    def request_fields(self) -> tuple[str, ...]:
        """The fields of a request that select a page and limit its rows."""
        return tuple(name for name in (self.key_field, self.limit) if name is not None)

    @property
    def response_fields(self) -> tuple[str, ...]:
        """The dotted paths of a response that describe the pages."""
        return tuple(path for path in (self.total, self.next, self.more) if path is not None)

    def page_size(self, fields: Fields) -> int:
        """Return the number of rows on a full page, unless the vendor reduces it."""
        return int(fields.get(self.limit or "") or self.size)

    def is_first(self, key: Any) -> bool:
        """Return whether a request with this key, or with none, is for the first page."""
        return key in (None, "", self.first)

    def page_info(self, fields: Fields, response: Any, count: int, page_numbers: PageNumbers) -> PageInfo:  # noqa: ARG002 -- overridden
        """Return the position of the requested page, whose response has *count* rows."""
        return PageInfo(1, last=True, rows=count)


class OffsetPagination(_Style, frozen=True, tag=True):
    """The client sends the number of rows to skip; the response may contain the total."""

    offset: str
    limit: str | None
    size: int
    total: str | None = None
    next: str | None = None

    @property
    def key_field(self) -> str:
        return self.offset

    @property
    def first(self) -> int:
        return 0

    def page_info(self, fields: Fields, response: Any, count: int, page_numbers: PageNumbers) -> PageInfo:  # noqa: ARG002 -- inherited
        offset = int(fields.get(self.offset) or 0)
        size = self.page_size(fields)
        total = get_at(response, self.total) if self.total else None
        if total is None:
            last = count < size
        else:
            last = offset + count >= total
            if count and not last:  # The page is full, but the vendor may have reduced its size.
                size = count
        skipped_pages = offset // size
        return PageInfo(
            skipped_pages + 1,
            last,
            count,
            key=offset,
            previous=max(offset - offset // skipped_pages, 0) if skipped_pages else None,
            next=offset + count if count else None,
        )


class PageNumberPagination(_Style, frozen=True, tag=True):
    """The client sends the number of a page; a page with fewer rows than the limit is the last."""

    page: str
    first: int
    limit: str | None
    size: int
    maximum: int | None = None
    """Larger limits are reduced to this number of rows; None if they are not."""

    @property
    def key_field(self) -> str:
        return self.page

    def page_info(self, fields: Fields, response: Any, count: int, page_numbers: PageNumbers) -> PageInfo:  # noqa: ARG002 -- inherited
        page = int(fields.get(self.page, self.first))
        size = self.page_size(fields)
        return PageInfo(
            page - self.first + 1,
            count < min(size, self.maximum or size),
            count,
            key=page,
            previous=page - 1 if page > self.first else None,
            # A short page does not prove the end: the vendor may have reduced its size.
            next=page + 1 if count else None,
        )


class CursorPagination(_Style, frozen=True, tag=True):
    """The response contains a cursor for the next page; the last page has none."""

    has_cursors = True

    cursor: str
    limit: str | None
    size: int
    next: str
    more: str | None = None
    """Dotted path of the boolean in the response that is true if there is a next page."""

    @property
    def key_field(self) -> str:
        return self.cursor

    def page_info(self, fields: Fields, response: Any, count: int, page_numbers: PageNumbers) -> PageInfo:
        cursor = fields.get(self.cursor) or None
        number = page_numbers.get(cursor) if cursor else 1
        next_cursor = get_at(response, self.next)
        # A page may have several cursors, if rows were added or deleted: the latest counts.
        previous = (known for known in reversed(page_numbers) if page_numbers[known] + 1 == number)
        return PageInfo(
            number, next_cursor is None, count, key=cursor, previous=next(previous, None), next=next_cursor
        )


class NoPagination(_Style, frozen=True, tag=True):
    """The response contains everything."""


Pagination = OffsetPagination | PageNumberPagination | CursorPagination | NoPagination
