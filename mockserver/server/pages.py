"""Where an answer stands among the pages of its list."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from mockserver.contract.endpoint import Endpoint
from mockserver.contract.paging import Offset, OpaqueCursor, PageNumber


class Pages(Struct, frozen=True):
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


def pages(endpoint: Endpoint, asked: Mapping[str, Any], answer: Any, numbers: Mapping[str, int]) -> Pages | None:
    """Tell where a page stands from what was asked and what is answered; ``None`` for what is no list.

    ``numbers`` says which page each cursor leads to, as far as that is known.
    """
    if endpoint.rows is None:
        return None
    found, paging = at(answer, endpoint.rows), endpoint.paging
    count = len(found) if isinstance(found, list) else 0
    size = int(asked.get(getattr(paging, "limit", None) or "") or getattr(paging, "size", 0) or 1)
    match paging:
        case Offset(offset=name, total=total):
            offset = int(asked.get(name) or 0)
            whole = at(answer, total) if total else None
            return Pages(offset // size + 1, count < size if whole is None else offset + count >= whole, count)
        case PageNumber(page=name, first=first):
            return Pages(int(asked.get(name, first)) - first + 1, count < size, count)
        case OpaqueCursor(cursor=name, next=path):
            following, cursor = at(answer, path), asked.get(name)
            return Pages(numbers.get(cursor) if cursor else 1, following is None, count, following)
    return Pages(1, last=True, rows=count)
