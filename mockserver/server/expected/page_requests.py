"""Find the requests for the pages of one list in a tenant's journal."""

from typing import Final

from mockserver.contract.endpoint import Endpoint
from mockserver.server.review.returned_rows import ExchangeReader
from mockserver.server.tenancy.tenant import Tenant, Tenants
from mockserver.vendors.base import Vendor

_MAX_INSTANTS: Final = 16
"""Maximum number of instants of one list: its rows are computed for each of them."""


def page_instants(tenant: Tenant, vendor: Vendor, endpoint: Endpoint, list_key: str, begun: int) -> list[int]:
    """Return the instants from *begun* on at which pages of a list were requested, ascending.

    The first and the last are always among them; of many, some in between are left out.
    """
    reader = ExchangeReader(Tenants([tenant]), tenant)
    instants: set[int] = set()
    for exchange in tenant.journal:
        if (exchange.vendor, exchange.endpoint) != (vendor.name, endpoint.name):
            continue
        if exchange.received_at < begun or exchange.received_at in instants:
            continue
        request = reader.parse_answered(exchange)
        if request is not None and request.list_key == list_key:
            instants.add(exchange.received_at)
    ordered = sorted(instants)
    if len(ordered) <= _MAX_INSTANTS:
        return ordered
    step = (len(ordered) - 1) / (_MAX_INSTANTS - 1)
    return [ordered[round(number * step)] for number in range(_MAX_INSTANTS)]
