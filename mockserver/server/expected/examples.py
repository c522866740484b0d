"""Good first requests, and real answers to them in the default world, for documents about a vendor."""

from functools import cache
from typing import Any

from mockserver import __version__
from mockserver.contract.behaviors import DOCUMENTED
from mockserver.contract.credentials import BodyKeys
from mockserver.contract.endpoint import Endpoint
from mockserver.contract.openapi import Example, document
from mockserver.server.expected.rows import all_rows_params, answer, rows
from mockserver.server.tenancy.config import DEFAULT_TENANT, TenantConfig, make_tenant
from mockserver.server.tenancy.tenant import Tenant
from mockserver.vendors import named
from mockserver.vendors.base import Vendor

_ROWS = 2
"""Rows on a page of an example, where a client can say how many."""


@cache
def openapi(vendor: str, dialect: str = DOCUMENTED) -> dict[str, Any]:
    """Describe a dialect of a vendor's API as OpenAPI 3.1, with a good first request to every endpoint and the real answer to it.

    Raises :class:`BehaviorError` for a dialect that the vendor has not.
    """
    found = named(vendor).in_dialect(dialect)
    tenant = make_tenant(DEFAULT_TENANT, TenantConfig(dialect={vendor: dialect}))

    def example(endpoint: Endpoint) -> Example:
        parameters = asked(tenant, found, endpoint)
        return Example(parameters, answer(tenant, found, endpoint, parameters))

    return document(found.contract, __version__, example)


def asked(tenant: Tenant, vendor: Vendor, endpoint: Endpoint) -> dict[str, Any]:
    """The parameters of a tenant's good first request to an endpoint; no session is named where there is none."""
    names, limit = tenant.identifiers[vendor.name], getattr(endpoint.pagination, "limit", None)
    keys = endpoint.credentials.fields if isinstance(endpoint.credentials, BodyKeys) else ()
    path = {
        name: names.sites[0][0] if name == endpoint.site else session_id(tenant, vendor)
        for name in endpoint.path
    }
    return {
        **{name: value for name, value in path.items() if value is not None},
        **{key: names.credentials[key] for key in keys},
        **endpoint.example,
        **({limit: _ROWS} if limit else {}),
    }


def session_id(tenant: Tenant, vendor: Vendor) -> str | None:
    """A vendor's id of the session that it lists first, if there is one."""
    listing = next(endpoint for endpoint in vendor.contract.endpoints if endpoint.start_field)
    row = next((row for _, row in rows(tenant, vendor, listing, all_rows_params(tenant, listing))), None)
    return None if row is None else str(row[listing.row_key[0]])
