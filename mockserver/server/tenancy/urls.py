"""URLs of a server, and what a client needs to access a tenant."""

from collections.abc import Mapping

from msgspec import Struct

from mockserver.admin_schemas.tenants import TenantAccess, VendorAccess
from mockserver.contract.endpoint import Contract
from mockserver.contract.http.credentials import Bearer, BodyKeys
from mockserver.server.tenancy.tenant import Tenant
from mockserver.vendors.base import VendorIdentifiers


class CertificateFiles(Struct, frozen=True):
    """The certificate of a server's authority, for clients that trust it."""

    pem: bytes
    ca_file: str
    ca_bundle: str
    """File with the public authorities and this one."""


class Addresses(Struct, frozen=True):
    """The URLs of a server."""

    url: str
    vendor_urls: Mapping[str, str] = {}
    """By vendor, for vendors with their own port."""
    tls_url: str | None = None
    proxy_url: str | None = None
    certificates: CertificateFiles | None = None

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
        files = self.certificates
        return TenantAccess(
            id=tenant.name,
            tenant=tenant.name,
            url=self.url,
            tls_url=self.tls_url,
            proxy_url=self.proxy_url,
            ca_file=None if files is None else files.ca_file,
            ca_bundle=None if files is None else files.ca_bundle,
            vendors=vendors,
        )


class Ports(Struct):
    """The ports of a running server, and what it serves there."""

    port: int
    """The port of all vendors, and of the admin API unless it has its own."""
    vendor_ports: Mapping[str, int] = {}
    admin_port: int | None = None
    """The separate port of the admin API."""
    tls_port: int | None = None
    has_proxy: bool = False
    certificates: CertificateFiles | None = None

    def addresses(self, host: str, url: str | None = None) -> Addresses:
        """Return the URLs of the server under a name; *url* is that of all vendors if it is another one."""
        name = format_host(host)
        url = url or f"http://{name}:{self.port}"
        return Addresses(
            url,
            {vendor: f"http://{name}:{port}" for vendor, port in self.vendor_ports.items()},
            None if self.tls_port is None else f"https://{name}:{self.tls_port}",
            url if self.has_proxy else None,
            self.certificates,
        )


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
