"""Where an answer stands among the pages of its list."""

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
    """A page's place."""

    number: int | None
    """1 for the first; ``None`` where nobody knows, because its cursor was not seen before."""
    last: bool
    rows: int
    """Rows on it."""
    next: str | None = None
    """The cursor of the page after it."""


def at(answer: Any, path: str | None) -> Any:
    """What stands at a dotted path of an answer; ``None`` where nothing does."""
    for name in (path or "").split("."):
        if name:
            answer = answer.get(name) if isinstance(answer, Mapping) else None
    return answer


def put(answer: Any, path: str, value: Any) -> None:
    """Let something else stand at a dotted path of an answer, where anything stands there."""
    *parents, name = path.split(".")
    inner = at(answer, ".".join(parents))
    if isinstance(inner, dict) and name in inner:
        inner[name] = value


def named(endpoint: Endpoint, path: Mapping[str, str], *models: Any) -> dict[str, Any]:
    """What a request asks for by name, in its path and in the structs of its query and body, without credentials."""
    found, secret = dict[str, Any](path), endpoint.credentials.fields
    for model in models:
        if model is not None:
            found |= {
                name: value
                for name, value in to_builtins(model).items()
                if value is not None and name not in secret
            }
    return found


def page_field(paging: Pagination) -> str | None:
    """The request field that says which page is meant; ``None`` where there is only one page."""
    match paging:
        case OffsetPagination(offset=name) | PageNumberPagination(page=name) | CursorPagination(cursor=name):
            return name
    return None


def field_place(endpoint: Endpoint, field: str) -> tuple[str, str] | None:
    """Where a field of a request stands: in query or body, in which attribute of it; ``None`` for one that neither has."""
    for place, model in (("query", endpoint.query), ("body", endpoint.body)):
        if model is not None and field in model.__struct_encode_fields__:
            return place, model.__struct_fields__[model.__struct_encode_fields__.index(field)]
    return None


def is_first_page(endpoint: Endpoint, page: Any) -> bool:
    """Whether a request for a page asks for the first one of a list."""
    paging = endpoint.pagination
    first = paging.first if isinstance(paging, PageNumberPagination) else 0
    return endpoint.rows_path is not None and (page in (None, "") or page == first)


def list_key_of(vendor: str, endpoint: Endpoint, site: int, asked: Mapping[str, Any]) -> str:
    """What all requests for pages of one list have in common, whatever the size of the pages and the name of the site."""
    passed_over = (
        page_field(endpoint.pagination),
        getattr(endpoint.pagination, "limit", None),
        endpoint.site,
    )
    kept = {name: value for name, value in asked.items() if name not in passed_over}
    return json.encode([vendor, endpoint.name, site, kept], order="deterministic").decode()


def pages(
    endpoint: Endpoint, asked: Mapping[str, Any], answer: Any, numbers: Mapping[str, int]
) -> PageInfo | None:
    """Tell where a page stands from what was asked and what is answered; ``None`` for what is no list.

    ``numbers`` says which page each cursor leads to, as far as that is known.
    """
    if endpoint.rows_path is None:
        return None
    found, paging = at(answer, endpoint.rows_path), endpoint.pagination
    count = len(found) if isinstance(found, list) else 0
    size = int(asked.get(getattr(paging, "limit", None) or "") or getattr(paging, "size", 0) or 1)
    match paging:
        case OffsetPagination(offset=name, total=total):
            offset = int(asked.get(name) or 0)
            whole = at(answer, total) if total else None
            if (
                whole is not None and count and offset + count < whole
            ):  # A full page: its limit may have been cut.
                size = count
            return PageInfo(
                offset // size + 1, count < size if whole is None else offset + count >= whole, count
            )
        case PageNumberPagination(page=name, first=first, maximum=maximum):
            return PageInfo(
                int(asked.get(name, first)) - first + 1, count < min(size, maximum or size), count
            )
        case CursorPagination(cursor=name, next=path):
            following, cursor = at(answer, path), asked.get(name)
            return PageInfo(numbers.get(cursor) if cursor else 1, following is None, count, following)
    return PageInfo(1, last=True, rows=count)
