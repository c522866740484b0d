"""Requests to vendors as plain values, made from what the admin API tells of a tenant."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from msgspec import Struct, json

from mockserver.admin_schemas import TenantAccess
from mockserver.contract.credentials import BodyKeys
from mockserver.contract.endpoint import Endpoint
from mockserver.vendors.base import Vendor


class Spoken(Struct, frozen=True):
    """A request as any client library takes it."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes | None = None

    def raw(self) -> bytes:
        """The request as it goes over a connection that is kept."""
        body = self.body or b""
        length = {} if self.body is None else {"Content-Length": str(len(body))}
        headers = {"Host": "x", **self.headers, **length}
        lines = [
            f"{self.method} {self.path} HTTP/1.1",
            *(f"{name}: {value}" for name, value in headers.items()),
            "",
            "",
        ]
        return "\r\n".join(lines).encode() + body


def spoken(
    access: TenantAccess, vendor: Vendor, endpoint: Endpoint, parameters: Mapping[str, Any], site: int = 0
) -> Spoken:
    """A request of a tenant's to an endpoint, credentials included."""
    told = access.vendors[vendor.name]
    path = endpoint.paths[0].replace(f"{{{endpoint.site}}}", told.sites[site])
    if isinstance(endpoint.credentials, BodyKeys):
        keys = {**told.credentials, endpoint.credentials.key: told.sites[site]}
        own = {name: keys[name] for name in endpoint.credentials.fields}
        return Spoken(
            endpoint.method, path, {"Content-Type": "application/json"}, json.encode({**own, **parameters})
        )
    query = f"?{urlencode(parameters)}" if parameters else ""
    return Spoken(endpoint.method, path + query, {"Authorization": f"Bearer {told.credentials['token']}"})
