"""URLs of a server, and what a client needs to access a tenant."""

from collections.abc import Mapping
from functools import cache
from itertools import chain

from msgspec import Struct

from mockserver.admin_schemas.tenants import TenantAccess, VendorAccess
from mockserver.contract.http.credentials import Bearer, BodyKeys
from mockserver.server.tenancy.tenant import Tenant
from mockserver.vendors.base import Vendor, VendorIdentifiers


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
        vendors = {
            name: VendorAccess(
                url=self.vendor_url(name),
                dialect=tenant.vendors[name].dialect,
                credentials=names.credentials,
                headers=_headers(tenant.vendors[name], names),
                body={field: names.credentials[field] for field in _body_fields(tenant.vendors[name])},
                sites=[ids[0] for ids in names.sites],
                segments=names.segments,
            )
            for name, names in tenant.identifiers.items()
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


def _headers(vendor: Vendor, names: VendorIdentifiers) -> dict[str, str]:
    return {"Authorization": f"Bearer {names.credentials['token']}"} if _has_bearer(vendor) else {}


@cache
def _has_bearer(vendor: Vendor) -> bool:
    return any(isinstance(endpoint.credentials, Bearer) for endpoint in vendor.contract.endpoints)


@cache
def _body_fields(vendor: Vendor) -> tuple[str, ...]:
    """Return the fields of bodies that are credentials."""
    credentials = [endpoint.credentials for endpoint in vendor.contract.endpoints]
    return tuple(chain.from_iterable(each.fields for each in credentials if isinstance(each, BodyKeys)))


def format_host(host: str) -> str:
    """Return a host as it is written in a URL, IPv6 addresses in brackets."""
    return f"[{host}]" if ":" in host else host
