"""Example requests, and the responses to them in the default world, for documents about a vendor."""

from functools import cache
from typing import Any

from mockserver._util.version import VERSION
from mockserver.contract.behaviors import DOCUMENTED
from mockserver.contract.endpoint import Endpoint
from mockserver.contract.http.credentials import BodyKeys
from mockserver.contract.openapi import Example, document
from mockserver.server.configuration.config import DEFAULT_TENANT, TenantConfig
from mockserver.server.configuration.tenants import make_tenant
from mockserver.server.expected.rows import all_rows_params, answer, rows
from mockserver.server.tenancy.tenant import Tenant
from mockserver.vendors import get_vendor
from mockserver.vendors.base import Vendor

_ROWS = 2
"""Rows per page of an example, if the endpoint has a limit."""


@cache
def openapi(vendor: str, dialect: str = DOCUMENTED) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of a dialect, with an example request and response for every endpoint.

    Raise :class:`BehaviorError` for an unknown dialect.
    """
    found = get_vendor(vendor).in_dialect(dialect)
    tenant = make_tenant(DEFAULT_TENANT, TenantConfig(dialect={vendor: dialect}))

    def example(endpoint: Endpoint) -> Example:
        parameters = asked(tenant, found, endpoint)
        return Example(parameters, answer(tenant, found, endpoint, parameters))

    return document(found.contract, VERSION, example)


def asked(tenant: Tenant, vendor: Vendor, endpoint: Endpoint) -> dict[str, Any]:
    """Return the parameters of an example request of a tenant.

    Without a session id if there are no sessions.
    """
    names = tenant.identifiers[vendor.name]
    limit = endpoint.pagination.limit
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
    """Return a vendor's id of the first listed session, or ``None``."""
    listing = next(endpoint for endpoint in vendor.contract.endpoints if endpoint.start_field)
    row = next((row for _, row in rows(tenant, vendor, listing, all_rows_params(tenant, listing))), None)
    return None if row is None else str(row[listing.row_key[0]])
