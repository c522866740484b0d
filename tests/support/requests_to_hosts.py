"""Requests to the vendors' real hosts, as unmodified clients send them."""

import json
from typing import NamedTuple
from urllib.parse import urlencode

from mockserver import TenantHandle
from mockserver.vendors import load


class HostRequest(NamedTuple):
    """A valid request to a vendor's real host."""

    vendor: str
    host: str
    method: str
    path: str
    """With the query."""
    headers: dict[str, str]
    body: bytes | None

    @property
    def url(self) -> str:
        """The URL with https."""
        return f"https://{self.host}{self.path}"


def requests_to_hosts(tenant: TenantHandle) -> list[HostRequest]:
    """Return a request to each host of each vendor, with the credentials of a tenant."""
    found = []
    for vendor in load():
        endpoint = vendor.contract.endpoints[0]
        handle = tenant.vendor(vendor.name)
        path = endpoint.paths[0].format_map(dict.fromkeys(endpoint.path, handle.sites[0]))
        example = dict(endpoint.example)
        is_get = endpoint.method == "GET"
        query = f"?{urlencode(example)}" if is_get and example else ""
        body = None if is_get else json.dumps({**handle.body, **example}).encode()
        headers = {**handle.headers, **({} if is_get else {"Content-Type": "application/json"})}
        found += [
            HostRequest(vendor.name, host, endpoint.method, path + query, headers, body)
            for host in vendor.contract.hosts
        ]
    return found
