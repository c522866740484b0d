"""URLs of a server, and what a client needs to access a tenant."""

from collections.abc import Mapping

from msgspec import Struct

from mockserver.admin_schemas import TenantAccess, VendorAccess
from mockserver.contract.credentials import Bearer, BodyKeys
from mockserver.contract.endpoint import Contract
from mockserver.server.tenancy.tenant import Tenant
from mockserver.vendors.base import VendorIdentifiers


class Addresses(Struct, frozen=True):
    """The URLs of a server."""

    url: str
    vendor_urls: Mapping[str, str] = {}
    """By vendor, for vendors with their own port."""

    def vendor_url(self, vendor: str) -> str:
        """Return the base URL for clients of a vendor."""
        return self.vendor_urls.get(vendor, self.url)

    def describe(self, tenant: Tenant) -> TenantAccess:
        """Return the URLs, credentials and sites of a tenant."""
        contracts = {name: vendor.contract for name, vendor in tenant.vendors.items()}
        vendors = {
            vendor: VendorAccess(
                url=self.vendor_url(vendor),
                dialect=contracts[vendor].dialect,
                credentials=names.credentials,
                headers=_headers(contracts[vendor], names),
                body=_body(contracts[vendor], names),
                sites=[ids[0] for ids in names.sites],
                segments=names.segments,
            )
            for vendor, names in tenant.identifiers.items()
        }
        return TenantAccess(id=tenant.name, tenant=tenant.name, url=self.url, vendors=vendors)


def _headers(contract: Contract, names: VendorIdentifiers) -> dict[str, str]:
    has_bearer = any(isinstance(endpoint.credentials, Bearer) for endpoint in contract.endpoints)
    return {"Authorization": f"Bearer {names.credentials['token']}"} if has_bearer else {}


def _body(contract: Contract, names: VendorIdentifiers) -> dict[str, str]:
    fields: dict[str, str] = {}
    for endpoint in contract.endpoints:
        if isinstance(endpoint.credentials, BodyKeys):
            fields |= {field: names.credentials[field] for field in endpoint.credentials.fields}
    return fields


def format_host(host: str) -> str:
    """Return a host as it is written in a URL, IPv6 addresses in brackets."""
    return f"[{host}]" if ":" in host else host
