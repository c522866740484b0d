"""Requests to vendors as plain values."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from msgspec import Struct, json

from mockserver.admin_schemas.tenants import TenantAccess
from mockserver.contract.endpoint import Endpoint
from mockserver.contract.http.credentials import BodyKeys
from mockserver.embedded.vendor_access import make_vendor_handle
from mockserver.vendors.base import Vendor


class VendorRequest(Struct, frozen=True):
    """A request as any client library takes it."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes | None = None

    def raw(self) -> bytes:
        """Return the bytes of the request on a kept-alive connection."""
        body = self.body or b""
        headers = {"Host": "x", **self.headers}
        if self.body is not None:
            headers["Content-Length"] = str(len(body))
        lines = [f"{self.method} {self.path} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join([*lines, "", ""]).encode() + body


def build_request(
    access: TenantAccess, vendor: Vendor, endpoint: Endpoint, parameters: Mapping[str, Any], site: int = 0
) -> VendorRequest:
    """Return a tenant's request to an endpoint, with credentials."""
    handle = make_vendor_handle(vendor.name, access.vendors[vendor.name]).for_site(site)
    path = endpoint.paths[0].replace(f"{{{endpoint.site}}}", handle.sites[site])
    if isinstance(endpoint.credentials, BodyKeys):
        own = {name: handle.credentials[name] for name in endpoint.credentials.fields}
        body = json.encode({**own, **parameters})
        return VendorRequest(endpoint.method, path, {"Content-Type": "application/json"}, body)
    query = f"?{urlencode(parameters)}" if parameters else ""
    return VendorRequest(endpoint.method, path + query, dict(handle.headers))
