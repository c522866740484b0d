"""Trace rows: find the exchanges that returned a row."""

from collections.abc import Mapping, Sequence
from typing import Any

from mockserver.contract.endpoint import Endpoint
from mockserver.reconcile import row_key_function
from mockserver.server.review.returned_rows import ExchangeReader
from mockserver.server.tenancy.tenant import Tenant, Tenants
from mockserver.vendors.base import Vendor


def exchanges_by_row(
    tenants: Tenants, tenant: Tenant, pair: tuple[Vendor, Endpoint], rows: Sequence[Mapping[str, Any]]
) -> list[list[int]]:
    """Return for each row the numbers of the exchanges that returned it, or would have without a fault.

    The pages are computed again from the world of each exchange, as far as the world history knows it.
    """
    vendor, endpoint = pair
    name = row_key_function(endpoint.row_key)
    found: list[list[int]] = [[] for _ in rows]
    places: dict[bytes, list[list[int]]] = {}
    for row, numbers in zip(rows, found, strict=True):
        places.setdefault(name(row), []).append(numbers)
    reader = ExchangeReader(tenants, tenant)
    for exchange in tenant.journal:
        if (exchange.vendor, exchange.endpoint) == (vendor.name, endpoint.name):
            for returned in reader.rows(exchange):
                for numbers in places.get(name(returned), ()):
                    numbers.append(exchange.number)
    return found
