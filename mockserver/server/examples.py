"""Real answers of the default world, for documents about a vendor."""

from functools import cache
from typing import Any

from mockserver import __version__
from mockserver.contract.choices import DOCUMENTED
from mockserver.contract.endpoint import Endpoint
from mockserver.contract.openapi import document
from mockserver.server.config import DEFAULT_TENANT, TenantConfig, make_tenant
from mockserver.server.tenants import Tenant
from mockserver.server.truth import answer, everything, rows
from mockserver.vendor import Vendor
from mockserver.vendors import named

_ROWS = 2
"""Rows on a page of an example, where a client can say how many."""


@cache
def openapi(vendor: str, dialect: str = DOCUMENTED) -> dict[str, Any]:
    """Describe a dialect of a vendor's API as OpenAPI 3.1, with a real answer of every endpoint; raises :class:`ChoiceError`."""
    found = named(vendor).speaks(dialect)
    tenant = make_tenant(DEFAULT_TENANT, TenantConfig(dialect={vendor: dialect}))
    return document(found.contract, __version__, lambda endpoint: example(tenant, found, endpoint))


def example(tenant: Tenant, vendor: Vendor, endpoint: Endpoint) -> Any:
    """What an endpoint answers to a good first request of a tenant."""
    limit = getattr(endpoint.paging, "limit", None)
    few = {limit: _ROWS} if limit else {}
    named = {name: session_id(tenant, vendor) for name in endpoint.path if name != endpoint.site}
    return answer(tenant, vendor, endpoint, {**endpoint.example, **few, **named})


def session_id(tenant: Tenant, vendor: Vendor) -> str:
    """A vendor's id of the session that it lists first."""
    listing = next(endpoint for endpoint in vendor.contract.endpoints if endpoint.starts)
    _, row = next(rows(tenant, vendor, listing, everything(tenant, listing)))
    return str(row[listing.identity[0]])
