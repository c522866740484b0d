"""What the faults of paging share: which endpoints they can trigger, and how they change a question or an answer."""

from collections.abc import Callable
from math import inf
from typing import Annotated, Any, ClassVar, Final

from msgspec import Meta, json
from msgspec.structs import fields, replace

from mockserver.contract.endpoint import Endpoint
from mockserver.contract.pagination import CursorPagination, OffsetPagination, PageNumberPagination
from mockserver.server.faults.base import OK, Fault, FaultContext, FaultError
from mockserver.server.http.pagination import PageInfo, at, page_field, put
from mockserver.server.http.response import Response
from mockserver.server.requests.parser import ParsedRequest
from mockserver.vendors import every


class PagingFault(Fault, frozen=True, kw_only=True):
    """A fault of the way in which a list is cut into pages; it never matches where there is no such list."""

    REQUIRES: ClassVar[str] = "a list in pages"
    """What an endpoint must have, in words."""

    def check(self) -> None:
        """It must be able to trigger what it names."""
        super().check()
        listed = [(vendor.name, endpoint) for vendor in every() for endpoint in vendor.contract.endpoints]
        able = list(
            dict.fromkeys(
                f"{vendor}.{endpoint.name}" for vendor, endpoint in listed if self.supports(endpoint)
            )
        )
        meant = [
            f"{vendor}.{endpoint.name}"
            for vendor, endpoint in listed
            if self.vendor in (None, vendor) and self.endpoint in (None, endpoint.name)
        ]
        if not set(meant) & set(able):
            kind, named = type(self).__struct_config__.tag, self.endpoint or self.vendor
            raise FaultError(
                f"{kind} needs {self.REQUIRES}, such as {', '.join(able)}; there is none at {named!r}"
            )

    @classmethod
    def supports(cls, endpoint: Endpoint) -> bool:
        """Whether an endpoint is one that it can trigger: any list in pages, unless a kind says otherwise."""
        return endpoint.rows_path is not None and page_field(endpoint.pagination) is not None

    def on(self, meeting: FaultContext, pages: PageInfo) -> bool:  # noqa: ARG002 -- kinds that are particular override this
        """Whether a page is one that it can trigger."""
        return True

    def applies_to_endpoint(self, vendor: str, endpoint: Endpoint) -> bool:
        """One with lists that it can trigger."""
        return super().applies_to_endpoint(vendor, endpoint) and self.supports(endpoint)

    def applies_to_request(self, reading: ParsedRequest) -> bool:  # noqa: ARG002 -- of any
        """Any page: all are looked at, so that it is known which page a cursor leads to."""
        return True

    @property
    def window(self) -> tuple[float, float]:
        """All of time, for the same reason."""
        return -inf, inf

    def matches(self, meeting: FaultContext) -> bool:
        """Whether an exchange is one of those it is meant for, and can be."""
        pages, (since, until) = meeting.page_info, super().window
        if pages is None or not since <= meeting.now < until or not self.applies_to_fields(meeting.reading):
            return False
        return super().matches(meeting) and self.on(meeting, pages)


def next_path(endpoint: Endpoint) -> str | None:
    """The dotted path at which an answer names the next cursor or offset."""
    return (
        endpoint.pagination.next
        if endpoint.rows_path is not None
        and isinstance(endpoint.pagination, OffsetPagination | CursorPagination)
        else None
    )


def sent_cursor(meeting: FaultContext) -> Any:
    """The cursor that a request carries; ``None`` for the first page, and where pages have no cursors."""
    paging = meeting.reading.endpoint.pagination
    return meeting.fields.get(paging.cursor) or None if isinstance(paging, CursorPagination) else None


def request_page(meeting: FaultContext, value: Any) -> None:
    """Let the request ask for another page: replace the field that says which."""
    reading, name = meeting.reading, page_field(meeting.reading.endpoint.pagination)
    for place in ("query", "body"):
        model = getattr(reading, place)
        for field in () if model is None else fields(model):
            if field.encode_name == name:
                meeting.reading = replace(reading, **{place: replace(model, **{field.name: value})})


def edit_json(reply: Response, edit: Callable[[Any], None]) -> Response:
    """A good answer with something else in it; a refusal as it is."""
    if reply.status != OK:
        return reply
    answer = json.decode(reply.body)
    edit(answer)
    return replace(reply, body=json.encode(answer))


class SamePage(PagingFault, frozen=True, kw_only=True, tag="same_page"):
    """Answers the page before the one that was asked for, as if that had been asked for; never on a first page.

    Where pages follow cursors, it triggers only a cursor that was handed out while the fault was active.
    """

    EXAMPLE: ClassVar[dict[str, Any]] = {"kind": "same_page", "page": 2, "times": 1}

    def on(self, meeting: FaultContext, pages: PageInfo) -> bool:  # noqa: ARG002 -- the number says it
        """Any page but the first."""
        return pages.number is not None and pages.number > 1

    def before_response(self, meeting: FaultContext) -> None:
        """Answer the page before."""
        request_page(meeting, _before(meeting))


def _before(meeting: FaultContext) -> Any:
    """What asks for the page before; its offset, its number, or its cursor."""
    pages, paging = meeting.page_info, meeting.reading.endpoint.pagination
    number = pages.number if pages is not None and pages.number is not None else 1
    match paging:
        case OffsetPagination(offset=name):
            offset = int(meeting.fields[name])
            return max(offset - offset // (number - 1), 0)
        case PageNumberPagination(page=name):
            return int(meeting.fields[name]) - 1
    numbers = meeting.tenant.faults.numbers_of(meeting.list_key)
    return next((cursor for cursor, known in reversed(numbers.items()) if known == number - 1), None)


class StuckCursor(PagingFault, frozen=True, kw_only=True, tag="stuck_cursor"):
    """Names as the next cursor or offset the one that was sent, so that a client which follows it stays on the page.

    Never on the first page of a list with cursors: no cursor leads there.
    """

    EXAMPLE: ClassVar[dict[str, Any]] = {"kind": "stuck_cursor", "page": 2, "times": 3}
    REQUIRES: ClassVar[str] = "a list whose answer names the next cursor or offset"

    @classmethod
    def supports(cls, endpoint: Endpoint) -> bool:
        """A list whose answer names the next page."""
        return next_path(endpoint) is not None

    def on(self, meeting: FaultContext, pages: PageInfo) -> bool:  # noqa: ARG002 -- what was sent says it
        """Any page that something leads to."""
        return (
            isinstance(meeting.reading.endpoint.pagination, OffsetPagination)
            or sent_cursor(meeting) is not None
        )

    def after_response(self, meeting: FaultContext, reply: Response) -> Response:
        """Answer the page, and name it as the next."""
        endpoint, sent = meeting.reading.endpoint, sent_cursor(meeting)
        if isinstance(endpoint.pagination, OffsetPagination):
            sent = int(meeting.fields.get(endpoint.pagination.offset, 0))
        return edit_json(reply, lambda answer: put(answer, next_path(endpoint) or "", sent))


_NOBODYS: Final = "expired"
"""A cursor that nobody ever handed out."""


class ExpiredCursor(PagingFault, frozen=True, kw_only=True, tag="expired_cursor"):
    """Refuses the cursor that was sent, as the vendor refuses one that it never handed out; never on a first page."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"kind": "expired_cursor", "nth": 1}
    REQUIRES: ClassVar[str] = "a list whose pages follow cursors"

    @classmethod
    def supports(cls, endpoint: Endpoint) -> bool:
        """A list with cursors."""
        return endpoint.rows_path is not None and isinstance(endpoint.pagination, CursorPagination)

    def on(self, meeting: FaultContext, pages: PageInfo) -> bool:  # noqa: ARG002 -- what was sent says it
        """Any page that a cursor leads to."""
        return sent_cursor(meeting) is not None

    def before_response(self, meeting: FaultContext) -> None:
        """Ask with a cursor that cannot be."""
        request_page(meeting, _NOBODYS)


class EmptyPage(PagingFault, frozen=True, kw_only=True, tag="empty_page"):
    """Leaves the rows out of a page that is not the last; a total, and what leads to the next page, stay as they are."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"kind": "empty_page", "page": 2, "times": 1}

    def on(self, meeting: FaultContext, pages: PageInfo) -> bool:  # noqa: ARG002 -- the page says it
        """Any page but the last."""
        return not pages.last

    def after_response(self, meeting: FaultContext, reply: Response) -> Response:
        """Answer without rows."""
        return edit_json(reply, lambda answer: put(answer, meeting.reading.endpoint.rows_path or "", []))


def total_path(endpoint: Endpoint) -> str | None:
    """The dotted path at which the answer tells how many rows a list has."""
    return (
        endpoint.pagination.total
        if endpoint.rows_path is not None and isinstance(endpoint.pagination, OffsetPagination)
        else None
    )


class ChangingTotal(PagingFault, frozen=True, kw_only=True, tag="changing_total"):
    """Tells a total that grows with every trigger, while the rows stay as they are."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"kind": "changing_total", "by": 10}
    REQUIRES: ClassVar[str] = "a list whose answer tells a total"

    by: Annotated[int, Meta(ge=1)] = 1
    """How much more each trigger adds."""

    @classmethod
    def supports(cls, endpoint: Endpoint) -> bool:
        """A list with a total."""
        return total_path(endpoint) is not None

    def after_response(self, meeting: FaultContext, reply: Response) -> Response:
        """Answer with more than there is."""
        path, more = total_path(meeting.reading.endpoint) or "", self.by * meeting.triggered
        return edit_json(reply, lambda answer: put(answer, path, at(answer, path) + more))


class NoEnd(PagingFault, frozen=True, kw_only=True, tag="no_end"):
    """Promises more on the last page: a total beyond the last row, or a next cursor, which leads to the last page again.

    A list with cursors that has only one page keeps its end: no cursor leads to that page.
    """

    EXAMPLE: ClassVar[dict[str, Any]] = {"kind": "no_end", "times": 3}
    REQUIRES: ClassVar[str] = "a list whose answer tells a total or names the next cursor"

    @classmethod
    def supports(cls, endpoint: Endpoint) -> bool:
        """A list whose answer says where it ends."""
        return total_path(endpoint) is not None or (
            endpoint.rows_path is not None and isinstance(endpoint.pagination, CursorPagination)
        )

    def on(self, meeting: FaultContext, pages: PageInfo) -> bool:
        """The last page, and those that are asked for after it."""
        return pages.last and (
            isinstance(meeting.reading.endpoint.pagination, OffsetPagination)
            or sent_cursor(meeting) is not None
        )

    def after_response(self, meeting: FaultContext, reply: Response) -> Response:
        """Answer the last page without its end mark."""
        return edit_json(reply, lambda answer: _unended(meeting, answer))


def _unended(meeting: FaultContext, answer: Any) -> None:
    endpoint = meeting.reading.endpoint
    match endpoint.pagination:
        case OffsetPagination(offset=offset, size=size, total=str() as total):
            put(
                answer, total, int(meeting.fields.get(offset, 0)) + len(at(answer, endpoint.rows_path)) + size
            )
        case CursorPagination(next=path):
            put(answer, path, sent_cursor(meeting))


FAULTS: Final[tuple[type[Fault], ...]] = (
    SamePage,
    StuckCursor,
    ExpiredCursor,
    EmptyPage,
    ChangingTotal,
    NoEnd,
)
"""The kinds of this module."""
