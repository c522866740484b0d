"""Requests for tests that hold for all endpoints."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from msgspec import json

from mockserver._util.json_paths import get_at
from mockserver.contract.endpoint import Endpoint
from mockserver.contract.pagination import CursorPagination, OffsetPagination, PageNumberPagination
from mockserver.server.expected.rows import all_rows_params
from mockserver.vendors import load
from mockserver.vendors.base import Vendor

Pair = tuple[Vendor, Endpoint]
ALL: list[Pair] = [(vendor, endpoint) for vendor in load() for endpoint in vendor.contract.endpoints]
LISTS: list[Pair] = [pair for pair in ALL if pair[1].start_field]


def name(pair: Any) -> str:
    """Return a readable test id."""
    return f"{pair[0].label}.{pair[1].name}"


def secrets(mock: Any, vendor: Vendor) -> Iterator[str]:
    """Yield the credentials of all tenants at a vendor, as they are and percent-encoded."""
    for tenant in mock.tenants.values():
        names = tenant.identifiers[vendor.name]
        for value in (*names.credentials.values(), *names.tokens):
            yield from {value, quote(value, safe="")}


async def page_of(mock: Any, pair: Pair, size: int, number: int) -> tuple[int, Any]:
    """Request a page of the list of all sessions by its number."""
    return await _ask(
        mock,
        pair,
        {**all_rows_params(mock.tenant, pair[1]), **_limited(pair, size), **_placed(pair, size, number)},
    )


async def crawl(mock: Any, pair: Pair, size: int) -> list[dict[str, Any]]:
    """Request all pages of the list of all sessions; return the parameters of each request."""
    asked = [{**all_rows_params(mock.tenant, pair[1]), **_limited(pair, size)}]
    while True:
        status, answer = await _ask(mock, pair, asked[-1])
        assert status == 200, answer
        following = _following(pair, asked[0], answer, size, len(asked))
        if following is None:
            return asked
        asked.append(following)


async def _ask(mock: Any, pair: Pair, parameters: dict[str, Any]) -> tuple[int, Any]:
    status, body = await mock.ask(*pair, parameters)
    return status, json.decode(body)


def _limited(pair: Pair, size: int) -> dict[str, Any]:
    return {str(pair[1].pagination.limit): size}


def _placed(pair: Pair, size: int, number: int) -> dict[str, Any]:
    match pair[1].pagination:
        case OffsetPagination(offset=offset):
            return {offset: size * number}
        case PageNumberPagination(page=page, first=first):
            return {page: first + number}
    raise AssertionError


def _following(
    pair: Pair, first: dict[str, Any], answer: Any, size: int, number: int
) -> dict[str, Any] | None:
    paging, rows = pair[1].pagination, get_at(answer, pair[1].rows_path)
    match paging:
        case OffsetPagination(total=total):
            return {**first, **_placed(pair, size, number)} if number * size < get_at(answer, total) else None
        case PageNumberPagination():
            return {**first, **_placed(pair, size, number)} if len(rows) == size else None
        case CursorPagination(cursor=cursor, next=path):
            after = get_at(answer, path)
            return None if after is None else {**first, cursor: after}
    raise AssertionError(paging.key_field)
