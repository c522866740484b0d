"""Requests for tests that hold for all endpoints."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from msgspec import json

from mockserver.contract.endpoint import Endpoint
from mockserver.server.expected.rows import all_rows_params
from mockserver.vendors import load
from mockserver.vendors.base import Vendor
from tests.support.pages import walk_pages, with_page_number, with_page_size

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
    first = with_page_size(pair[1], all_rows_params(mock.tenant, pair[1]), size)
    status, body = await mock.ask(*pair, with_page_number(pair[1], first, number))
    return status, json.decode(body)


async def crawl(mock: Any, pair: Pair, size: int) -> list[dict[str, Any]]:
    """Request all pages of the list of all sessions; return the parameters of each request."""

    async def fetch(params: dict[str, Any]) -> Any:
        status, body = await mock.ask(*pair, params)
        assert status == 200, body
        return json.decode(body)

    first = with_page_size(pair[1], all_rows_params(mock.tenant, pair[1]), size)
    return [page.params async for page in walk_pages(pair[1], first, fetch)]
