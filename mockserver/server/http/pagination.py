"""Determine which page of a list a request asks for and a response contains."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, json, to_builtins

from mockserver.contract.endpoint import Endpoint
from mockserver.contract.pagination import (
    CursorPagination,
    OffsetPagination,
    PageNumberPagination,
    Pagination,
)


class PageInfo(Struct, frozen=True):
    """The position of a page in its list."""

    number: int | None
    """1 for the first page; ``None`` if its cursor is unknown."""
    last: bool
    rows: int
    """Number of rows on the page."""
    next: str | None = None
    """The cursor of the next page."""


def get_at(value: Any, path: str | None) -> Any:
    """Return what is at a dotted path of a JSON value, or ``None`` if there is nothing."""
    for name in (path or "").split("."):
        if name:
            value = value.get(name) if isinstance(value, Mapping) else None
    return value


def set_at(target: Any, path: str, value: Any) -> None:
    """Replace what is at a dotted path of a JSON value, if there is anything."""
    *parents, name = path.split(".")
    inner = get_at(target, ".".join(parents))
    if isinstance(inner, dict) and name in inner:
        inner[name] = value


def collect_fields(endpoint: Endpoint, path: Mapping[str, str], *models: Any) -> dict[str, Any]:
    """Return the parameters of a request by name, from its path and structs, without credentials."""
    secret = endpoint.credentials.fields
    fields = dict[str, Any](path)
    for model in models:
        if model is not None:
            values = to_builtins(model)
            fields |= {
                name: value for name, value in values.items() if value is not None and name not in secret
            }
    return fields


def page_field(pagination: Pagination) -> str | None:
    """Return the name of the request field that selects the page; ``None`` without pagination."""
    match pagination:
        case OffsetPagination(offset=name) | PageNumberPagination(page=name) | CursorPagination(cursor=name):
            return name
    return None


def field_place(endpoint: Endpoint, field: str) -> tuple[str, str] | None:
    """Return ``query`` or ``body`` and the attribute for a request field.

    Return ``None`` if neither has the field.
    """
    for place, model in (("query", endpoint.query), ("body", endpoint.body)):
        if model is not None and field in model.__struct_encode_fields__:
            return place, model.__struct_fields__[model.__struct_encode_fields__.index(field)]
    return None


def is_first_page(endpoint: Endpoint, page: Any) -> bool:
    """Return whether *page* is the first page of the endpoint's list; False if the endpoint has no list."""
    pagination = endpoint.pagination
    first = pagination.first if isinstance(pagination, PageNumberPagination) else 0
    return endpoint.rows_path is not None and (page in (None, "") or page == first)


def list_key_of(vendor: str, endpoint: Endpoint, site: int, fields: Mapping[str, Any]) -> str:
    """Return a key that is equal for all requests to one list, whatever the page and its size.

    The site is compared by its index, because it may have several names.
    """
    ignored = (
        page_field(endpoint.pagination),
        getattr(endpoint.pagination, "limit", None),
        endpoint.site,
    )
    kept = {name: value for name, value in fields.items() if name not in ignored}
    return json.encode([vendor, endpoint.name, site, kept], order="deterministic").decode()


def compute_page_info(
    endpoint: Endpoint, fields: Mapping[str, Any], response: Any, page_numbers: Mapping[str, int]
) -> PageInfo | None:
    """Return the position of the page in a decoded response; ``None`` if the endpoint has no list.

    *fields* are those of the request. *page_numbers* maps known cursors to the numbers of their pages.
    """
    if endpoint.rows_path is None:
        return None
    pagination = endpoint.pagination
    rows = get_at(response, endpoint.rows_path)
    count = len(rows) if isinstance(rows, list) else 0
    size = int(fields.get(getattr(pagination, "limit", None) or "") or getattr(pagination, "size", 0) or 1)
    match pagination:
        case OffsetPagination(offset=name, total=total_path):
            offset = int(fields.get(name) or 0)
            total = get_at(response, total_path) if total_path else None
            if total is None:
                return PageInfo(offset // size + 1, count < size, count)
            if (
                count and offset + count < total
            ):  # The page is full, but the vendor may have reduced its size.
                size = count
            return PageInfo(offset // size + 1, offset + count >= total, count)
        case PageNumberPagination(page=name, first=first, maximum=maximum):
            number = int(fields.get(name, first)) - first + 1
            return PageInfo(number, count < min(size, maximum or size), count)
        case CursorPagination(cursor=name, next=next_path):
            cursor = fields.get(name)
            next_cursor = get_at(response, next_path)
            return PageInfo(
                page_numbers.get(cursor) if cursor else 1, next_cursor is None, count, next_cursor
            )
    return PageInfo(1, last=True, rows=count)
