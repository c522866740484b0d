"""Walk the pages of a list as its contract's pagination describes.

Only the names of fields are taken from the contract: the arithmetic is that of a client, independent of the server.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from msgspec import Struct

from mockserver.contract.endpoint import Endpoint
from mockserver.contract.pagination import (
    CursorPagination,
    NoPagination,
    OffsetPagination,
    PageNumberPagination,
)

Params = dict[str, Any]


class ListPage(Struct, frozen=True):
    """A page of a list: the parameters of its request, and its rows."""

    params: Params
    rows: list[Any]


def field_at(response: Any, path: str) -> Any:
    """Return the field at a dotted path of a JSON response."""
    for key in path.split("."):
        response = response[key]
    return response


def with_page_size(endpoint: Endpoint, params: Params, size: int) -> Params:
    """Return the parameters with a page size, if the endpoint has a parameter for it."""
    limit = endpoint.pagination.limit
    return {**params, limit: size} if limit else params


def with_page_number(endpoint: Endpoint, params: Params, number: int) -> Params:
    """Return the parameters of the page with a number, from 0; raise TypeError if pages have none."""
    pagination = endpoint.pagination
    match pagination:
        case OffsetPagination(offset=offset):
            return {**params, offset: number * _page_size(pagination, params)}
        case PageNumberPagination(page=page, first=first):
            return {**params, page: first + number}
    raise TypeError(f"{endpoint.name}: pages of {type(pagination).__name__} have no number")


def next_page_params(endpoint: Endpoint, params: Params, response: Any) -> Params | None:
    """Return the parameters of the page after a response, or None if it is the last page."""
    pagination = endpoint.pagination
    count = len(field_at(response, str(endpoint.rows_path)))
    match pagination:
        case NoPagination():
            return None
        case OffsetPagination(offset=offset, total=total, next=path):
            size = _page_size(pagination, params)
            following = field_at(response, path) if path else params.get(offset, 0) + size
            is_last = following >= field_at(response, total) if total else count < size
            return None if is_last else {**params, offset: following}
        case PageNumberPagination(page=page, first=first):
            is_last = count < _page_size(pagination, params)
            return None if is_last else {**params, page: params.get(page, first) + 1}
        case CursorPagination(cursor=cursor, next=path):
            next_cursor = field_at(response, path)
            return None if next_cursor is None else {**params, cursor: next_cursor}


async def walk_pages(
    endpoint: Endpoint, params: Params, fetch: Callable[[Params], Awaitable[Any]]
) -> AsyncIterator[ListPage]:
    """Yield page after page; *fetch* sends a request and returns the JSON of its response."""
    following: Params | None = params
    while following is not None:
        response = await fetch(following)
        yield ListPage(following, field_at(response, str(endpoint.rows_path)))
        following = next_page_params(endpoint, following, response)


def _page_size(pagination: OffsetPagination | PageNumberPagination, params: Params) -> int:
    size: int = params.get(pagination.limit or "", pagination.size)
    return size
