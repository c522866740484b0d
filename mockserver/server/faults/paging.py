"""Faults of paging: which endpoints they can trigger for, and how they change a request or a response."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final

from msgspec import Meta, json
from msgspec.structs import replace

from mockserver._util.json_paths import get_at, set_at
from mockserver.contract.endpoint import Endpoint
from mockserver.contract.pagination import PageInfo, PageNumberPagination
from mockserver.server.faults.base import OK, Fault, FaultContext
from mockserver.server.http.response import Response
from mockserver.server.tenancy.active_faults import FaultError
from mockserver.vendors import load_dialects

if TYPE_CHECKING:
    from mockserver.server.requests.parser import ParsedRequest


class PagingFault(Fault, frozen=True, kw_only=True):
    """A fault in how a list is divided into pages; it never matches requests to other endpoints."""

    REQUIRES: ClassVar[str] = "a list with pages"
    """Description of the endpoints that support the fault."""

    def check(self) -> None:
        """Check also that the fault can trigger for at least one of the endpoints that it names."""
        super().check()
        supported: list[str] = []
        is_supported = False
        for vendor in load_dialects():
            for endpoint in vendor.contract.endpoints:
                if self.supports(endpoint):
                    supported.append(f"{vendor.name}.{endpoint.name}")
                    is_supported |= self.vendor in (None, vendor.name) and self.endpoint in (
                        None,
                        endpoint.name,
                    )
        if not is_supported:
            examples = ", ".join(dict.fromkeys(supported))
            raise FaultError(
                f"{self.kind} needs {self.REQUIRES}, such as {examples};"
                f" {self.endpoint or self.vendor!r} does not have one"
            )

    @classmethod
    def supports(cls, endpoint: Endpoint) -> bool:
        """Return whether the fault can trigger for an endpoint; by default, for every list with pages."""
        return endpoint.rows_path is not None and endpoint.pagination.key_field is not None

    def applies_to_endpoint(self, request: "ParsedRequest") -> bool:
        return super().applies_to_endpoint(request) and self.supports(request.endpoint)

    def applies_to_page(self, context: FaultContext, page: PageInfo) -> bool:  # noqa: ARG002 -- overridden
        """Return whether the fault can trigger for a page; by default, for every page."""
        return True

    def matches(self, context: FaultContext) -> bool:
        if not self.applies_to_endpoint(context.request):
            return False
        # Every page is read, even if other conditions fail: only so is it known to which page a cursor leads.
        page = context.page_info
        return page is not None and super().matches(context) and self.applies_to_page(context, page)


def _requested_page(context: FaultContext) -> PageInfo:
    """Return the position of the page that a paging fault matched."""
    page = context.page_info
    if page is None:
        raise ValueError("the request is not for a page of a list")
    return page


def edit_json(response: Response, edit: Callable[[Any], None]) -> Response:
    """Return a successful response after applying *edit* to its parsed body.

    Return any other response unchanged.
    """
    if response.status != OK:
        return response
    body = json.decode(response.body)
    edit(body)
    return replace(response, body=json.encode(body))


class SamePage(PagingFault, frozen=True, kw_only=True, tag="same_page"):
    """Return the page before the requested one; never triggers for a first page.

    In a list with cursors, it triggers only for a cursor that the server returned while the fault was active.
    """

    EXAMPLE: ClassVar[dict[str, Any]] = {"kind": "same_page", "page": 2, "times": 1}

    def applies_to_page(self, context: FaultContext, page: PageInfo) -> bool:  # noqa: ARG002 -- inherited
        return page.number is not None and page.number > 1

    def before_response(self, context: FaultContext) -> None:
        context.request = context.request.with_page(_requested_page(context).previous)


class StuckCursor(PagingFault, frozen=True, kw_only=True, tag="stuck_cursor"):
    """Return the requested cursor or offset as the next one.

    A client that follows it never leaves the page. Never triggers for the first page of a list with cursors,
    because no cursor leads there.
    """

    EXAMPLE: ClassVar[dict[str, Any]] = {"kind": "stuck_cursor", "page": 2, "times": 3}
    REQUIRES: ClassVar[str] = "a list whose response has the next cursor or offset"

    @classmethod
    def supports(cls, endpoint: Endpoint) -> bool:
        return endpoint.rows_path is not None and endpoint.pagination.next is not None

    def applies_to_page(self, context: FaultContext, page: PageInfo) -> bool:  # noqa: ARG002 -- inherited
        return page.key is not None

    def after_response(self, context: FaultContext, response: Response) -> Response:
        return edit_json(response, lambda body: _set_next(context, body))


def _set_next(context: FaultContext, body: Any) -> None:
    """Set the key of the next page to the requested one, and say that there is a next page."""
    pagination = context.request.endpoint.pagination
    set_at(body, pagination.next or "", _requested_page(context).key)
    if pagination.more is not None:
        set_at(body, pagination.more, True)  # noqa: FBT003 -- the new value


_UNKNOWN_CURSOR: Final = "expired"
"""A cursor that the server never returns."""


class ExpiredCursor(PagingFault, frozen=True, kw_only=True, tag="expired_cursor"):
    """Reject the requested cursor as the vendor rejects an unknown one; never triggers for a first page."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"kind": "expired_cursor", "nth": 1}
    REQUIRES: ClassVar[str] = "a list with cursors"

    @classmethod
    def supports(cls, endpoint: Endpoint) -> bool:
        return endpoint.rows_path is not None and endpoint.pagination.has_cursors

    def applies_to_page(self, context: FaultContext, page: PageInfo) -> bool:  # noqa: ARG002 -- inherited
        return page.key is not None

    def before_response(self, context: FaultContext) -> None:
        context.request = context.request.with_page(_UNKNOWN_CURSOR)


class EmptyPage(PagingFault, frozen=True, kw_only=True, tag="empty_page"):
    """Return a page without its rows, unless it is the last page.

    The total and the next cursor are unchanged.
    """

    EXAMPLE: ClassVar[dict[str, Any]] = {"kind": "empty_page", "page": 2, "times": 1}

    def applies_to_page(self, context: FaultContext, page: PageInfo) -> bool:  # noqa: ARG002 -- inherited
        return not page.last

    def after_response(self, context: FaultContext, response: Response) -> Response:
        return edit_json(response, lambda body: set_at(body, context.request.endpoint.rows_path or "", []))


class ClampedLimit(PagingFault, frozen=True, kw_only=True, tag="clamped_limit"):
    """Return fewer rows on a page than the request wants, as if its limit was lower.

    The next offset or cursor continues after these rows, and pages with numbers have that size.
    """

    EXAMPLE: ClassVar[dict[str, Any]] = {"kind": "clamped_limit", "rows": 2}
    REQUIRES: ClassVar[str] = "a list whose requests say how many rows they want"

    rows: Annotated[int, Meta(ge=1)] | None = None
    """Rows of a page at most; by default half of a full page, and at least one."""

    @classmethod
    def supports(cls, endpoint: Endpoint) -> bool:
        return super().supports(endpoint) and endpoint.pagination.limit is not None

    def applies_to_page(self, context: FaultContext, page: PageInfo) -> bool:
        """Return whether the page changes: a later page with a number begins at another row."""
        is_numbered = isinstance(context.request.endpoint.pagination, PageNumberPagination)
        return page.rows > self._find_size(context) or (is_numbered and page.number != 1)

    def before_response(self, context: FaultContext) -> None:
        context.request = context.request.with_page_size(self._find_size(context))

    def _find_size(self, context: FaultContext) -> int:
        endpoint = context.request.endpoint
        full = endpoint.full_page(endpoint.pagination.page_size(context.fields))
        return min(full, max(full // 2, 1) if self.rows is None else self.rows)


class ChangingTotal(PagingFault, frozen=True, kw_only=True, tag="changing_total"):
    """Return a total that grows with every trigger, while the rows are unchanged."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"kind": "changing_total", "by": 10}
    REQUIRES: ClassVar[str] = "a list whose response has a total"

    by: Annotated[int, Meta(ge=1)] = 1
    """How much each trigger adds."""

    @classmethod
    def supports(cls, endpoint: Endpoint) -> bool:
        return endpoint.rows_path is not None and endpoint.pagination.total is not None

    def after_response(self, context: FaultContext, response: Response) -> Response:
        path = context.request.endpoint.pagination.total or ""
        increase = self.by * context.trigger_count
        return edit_json(response, lambda body: set_at(body, path, get_at(body, path) + increase))


class NoEnd(PagingFault, frozen=True, kw_only=True, tag="no_end"):
    """Promise more rows on the last page.

    A greater total, or a next cursor that leads to the last page again.

    Never triggers for a list with cursors that has only one page, because no cursor leads to that page.
    """

    EXAMPLE: ClassVar[dict[str, Any]] = {"kind": "no_end", "times": 3}
    REQUIRES: ClassVar[str] = "a list whose response has a total or the next cursor"

    @classmethod
    def supports(cls, endpoint: Endpoint) -> bool:
        return ChangingTotal.supports(endpoint) or ExpiredCursor.supports(endpoint)

    def applies_to_page(self, context: FaultContext, page: PageInfo) -> bool:  # noqa: ARG002 -- inherited
        return page.last and page.key is not None

    def after_response(self, context: FaultContext, response: Response) -> Response:
        return edit_json(response, lambda body: _remove_end(context, body))


def _remove_end(context: FaultContext, body: Any) -> None:
    endpoint = context.request.endpoint
    pagination = endpoint.pagination
    key = _requested_page(context).key
    if pagination.total is not None:
        set_at(body, pagination.total, key + len(get_at(body, endpoint.rows_path)) + pagination.size)
    elif pagination.next is not None:
        _set_next(context, body)


FAULTS: Final[tuple[type[Fault], ...]] = (
    SamePage,
    StuckCursor,
    ExpiredCursor,
    EmptyPage,
    ClampedLimit,
    ChangingTotal,
    NoEnd,
)
