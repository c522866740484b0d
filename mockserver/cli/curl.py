"""Requests to endpoints as curl command lines."""

import shlex
from urllib.parse import urlencode

from msgspec import json

from mockserver.contract.endpoint import Endpoint
from mockserver.contract.http.credentials import BodyKeys
from mockserver.vendors.base import VendorIdentifiers


def format_curl(url: str, endpoint: Endpoint, identifiers: VendorIdentifiers) -> str:
    """Return the curl command for an endpoint's example request, with a tenant's credentials."""
    params = dict(endpoint.example)
    path = endpoint.paths[0].replace(f"{{{endpoint.site}}}", identifiers.sites[0][0])
    if isinstance(endpoint.credentials, BodyKeys):
        keys = [key for key in (endpoint.credentials.key, endpoint.credentials.secret) if key]
        body = json.encode({**{key: identifiers.credentials[key] for key in keys}, **params}).decode()
        return shlex.join(["curl", "-s", f"{url}{path}", "-H", "Content-Type: application/json", "-d", body])
    query = f"?{urlencode(params)}" if params else ""
    header = f"Authorization: Bearer {identifiers.credentials['token']}"
    return shlex.join(["curl", "-s", f"{url}{path}{query}", "-H", header])
