"""A correct client of every endpoint with rows, over real sockets."""

from collections.abc import Callable
from string import Formatter
from typing import Any

import httpx

from mockserver import TenantHandle, VendorHandle
from mockserver._util.json_paths import get_at
from mockserver.contract.endpoint import Endpoint
from mockserver.vendors import load
from mockserver.vendors.base import Vendor
from tests.support.pages import next_page_params, with_page_size
from tests.support.tls import TLS

Pair = tuple[Vendor, Endpoint]
ALL: list[Pair] = [(vendor, endpoint) for vendor in load() for endpoint in vendor.contract.endpoints]
ROWS: list[Pair] = [pair for pair in ALL if pair[1].rows_path is not None]
LISTS: list[Pair] = [pair for pair in ROWS if pair[1].start_field is not None]
SIZE = 4
Page = list[dict[str, Any]]


def name(pair: Any) -> str:
    """Return a readable test id."""
    return f"{pair[0].name}.{pair[1].name}"


def send(
    http: httpx.Client, vendor: VendorHandle, endpoint: Endpoint, parameters: dict[str, Any]
) -> httpx.Response:
    """Send a request with nothing but the base URL, headers and body fields of a vendor handle."""
    remaining = dict(parameters)
    values = {
        word: remaining.pop(word, vendor.sites[0])
        for _, word, _, _ in Formatter().parse(endpoint.paths[0])
        if word
    }
    url = vendor.base_url + endpoint.paths[0].format_map(values)
    if endpoint.method == "GET":
        return http.get(
            url, params={key: str(value) for key, value in remaining.items()}, headers=vendor.headers
        )
    return http.post(url, json={**vendor.body, **remaining}, headers=vendor.headers)


def all_rows_params(endpoint: Endpoint) -> dict[str, Any]:
    """Return the parameters that request all rows of a world with the default time range."""
    values = {
        "start": 1788220800,
        "end": 1790812801,
        "start_date": "2026-09-01",
        "end_date": "2026-10-01",
        "day_after": "2026-10-02",
    }
    return {
        key: value.format_map(values) if isinstance(value, str) else value
        for key, value in endpoint.all_rows_params.items()
    }


def crawl(tenant: TenantHandle, pair: Pair, proceed: Callable[[int], bool] = lambda _: True) -> list[Page]:
    """Return the pages of a list as a correct client collects them, up to the first page number that *proceed* rejects."""
    vendor, endpoint = tenant.vendor(pair[0].name), pair[1]
    parameters: dict[str, Any] | None = with_page_size(endpoint, all_rows_params(endpoint), SIZE)
    pages: list[Page] = []
    with httpx.Client(verify=TLS) as http:
        while parameters is not None and proceed(len(pages)):
            response = send(http, vendor, endpoint, parameters)
            assert response.status_code == 200, response.text
            pages.append(get_at(response.json(), endpoint.rows_path))
            parameters = next_page_params(endpoint, parameters, response.json())
    return pages


def flat(pages: list[Page]) -> Page:
    """Return the rows of all pages."""
    return [row for page in pages for row in page]
