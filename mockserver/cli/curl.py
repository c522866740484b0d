"""A request to an endpoint as a line of curl."""

import shlex
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from msgspec import json

from mockserver.contract.credentials import BodyKeys
from mockserver.contract.endpoint import Endpoint
from mockserver.vendors.base import Names


def curl(url: str, endpoint: Endpoint, names: Names, parameters: Mapping[str, Any] | None = None) -> str:
    """Write the line that asks an endpoint for its example, with the tenant's credentials."""
    asked = dict(endpoint.example if parameters is None else parameters)
    path = endpoint.paths[0].replace(f"{{{endpoint.site}}}", names.sites[0][0])
    if isinstance(endpoint.credentials, BodyKeys):
        keys = [key for key in (endpoint.credentials.key, endpoint.credentials.secret) if key]
        body = json.encode({**{key: names.credentials[key] for key in keys}, **asked}).decode()
        return shlex.join(["curl", "-s", f"{url}{path}", "-H", "Content-Type: application/json", "-d", body])
    query = f"?{urlencode(asked)}" if asked else ""
    return shlex.join(["curl", "-s", f"{url}{path}{query}", "-H", f"Authorization: Bearer {names.credentials['token']}"])
