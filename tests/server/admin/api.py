"""Send requests to the admin API over sockets; each response is validated against the OpenAPI document."""

import re
from collections.abc import Mapping
from functools import cache
from io import BytesIO
from typing import Any

from msgspec import Struct, json
from openapi_schema_validator import OAS31Validator

from mockserver.contract.endpoint import Endpoint
from mockserver.contract.http.credentials import BodyKeys
from mockserver.contract.limits import ConcurrencyLimit, TokenBucket, WindowLimit
from mockserver.server.admin.app import PREFIX
from mockserver.server.admin.openapi import document
from mockserver.server.admin.routes import ROUTES
from mockserver.server.admin.routing import Route
from mockserver.vendors import load, load_dialects
from mockserver.vendors.base import Vendor
from tests.support.limits import find_limits

Pair = tuple[Vendor, Endpoint]
ALL: list[Pair] = [(vendor, endpoint) for vendor in load() for endpoint in vendor.contract.endpoints]
ROWS: list[Pair] = [pair for pair in ALL if pair[1].rows_path is not None]
LISTS: list[Pair] = [pair for pair in ROWS if pair[1].start_field is not None]
ONE = LISTS[0]
OTHER = LISTS[1]
WINDOWS = find_limits(ALL, WindowLimit)
SLOTS = find_limits(ALL, ConcurrencyLimit)
DIALECTS = [(vendor, endpoint) for vendor in load_dialects() for endpoint in vendor.contract.endpoints]
BUCKETS = [each for each in find_limits(DIALECTS, TokenBucket) if not set(each[1].path) - {each[1].site}]
DEFAULT = "/tenants/default"
STATE = (
    "/tenants",
    *(f"{DEFAULT}/{part}" for part in ("world", "clock", "faults", "limits", "behaviors", "journal/count")),
)
PROBLEM = "application/problem+json"


def format_id(value: Any) -> str | None:
    """Return a readable test id."""
    if isinstance(value, Route):
        return f"{value.method} {value.path}"
    return (
        f"{value[0].name}.{value[1].name}"
        if isinstance(value, tuple) and isinstance(value[0], Vendor)
        else None
    )


class AdminResponse(Struct, frozen=True):
    """A response."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The parsed JSON body."""
        return json.decode(self.body)

    @property
    def rows(self) -> list[Any]:
        """The parsed lines of a JSON-lines body."""
        return [json.decode(line) for line in self.body.splitlines()]

    @property
    def problem(self) -> tuple[int, str, str | None]:
        """Status, kind and nearest word of the problem in the body."""
        return self.status, self.json["type"].rpartition(":")[2], self.json.get("near")


class AdminApi:
    """The admin API of a running mock."""

    def __init__(self, mock: Any) -> None:
        self.mock = mock

    async def send(self, method: str, path: str, body: Any = None, **arguments: Any) -> AdminResponse:
        """Send a request to a path below ``/__admin`` and validate the response."""
        if body is not None:
            arguments["data"] = body if isinstance(body, bytes | BytesIO) else json.encode(body)
        async with self.mock.client.request(method, PREFIX + path, **arguments) as response:
            result = AdminResponse(response.status, response.headers, await response.read())
        if method != "HEAD":
            check_against_openapi(method, path.partition("?")[0], result)
        return result

    async def get(self, path: str, **query: Any) -> Any:
        """Return the JSON of a GET response, which must be 200."""
        result = await self.send("GET", path, params={name: str(value) for name, value in query.items()})
        assert result.status == 200, result.body
        return result.json

    async def change(self, method: str, path: str, body: Any = None, **arguments: Any) -> Any:
        """Send a request that must succeed, and return its JSON."""
        result = await self.send(method, path, body, **arguments)
        assert result.status in (200, 201, 204), result.body
        return result.json if result.body else None

    async def read_state(self) -> list[Any]:
        """Return everything that requests can change."""
        return [await self.get(path) for path in STATE]

    async def assert_rejected(
        self, method: str, path: str, body: Any = None, **arguments: Any
    ) -> AdminResponse:
        """Send a request that must be rejected, with a detail and without effect."""
        before = await self.read_state()
        result = await self.send(method, path, body, **arguments)
        assert result.status >= 400, result.body
        assert len(result.json["detail"]) > 10
        assert await self.read_state() == before
        return result

    async def send_vendor_request(
        self, tenant: str, pair: Pair, parameters: Mapping[str, Any] | None = None, site: int = 0, **more: Any
    ) -> AdminResponse:
        """Send a request to a vendor, built only from what the admin API returns for the tenant."""
        access = await self.get(f"/tenants/{tenant}")
        path, arguments = build_request(
            access["vendors"][pair[0].name], pair[1], dict(parameters or pair[1].example), site
        )
        headers = {**arguments.pop("headers", {}), **more.pop("headers", {})}
        async with self.mock.client.request(
            pair[1].method, path, headers=headers, **arguments, **more
        ) as response:
            return AdminResponse(response.status, response.headers, await response.read())


def build_request(
    access: Mapping[str, Any], endpoint: Endpoint, parameters: dict[str, Any], site: int = 0
) -> tuple[str, dict[str, Any]]:
    """Return path and keyword arguments of a request to a vendor, from the tenant's access data."""
    usual = access["sites"][site]
    words = {
        name: parameters.pop(name, usual if name == endpoint.site else "unknown") for name in endpoint.path
    }
    path = endpoint.paths[0].format_map(words)
    if isinstance(endpoint.credentials, BodyKeys):
        keys = [key for key in (endpoint.credentials.key, endpoint.credentials.secret) if key]
        values = {**access["credentials"], endpoint.credentials.key: usual}
        return path, {"json": {**{key: values[key] for key in keys}, **parameters}}
    token = access["credentials"]["token"]
    if token in access["sites"]:  # A key of one site is the id of that site.
        token = usual
    headers = {"Authorization": f"Bearer {token}"}
    return path, {"params": {name: str(value) for name, value in parameters.items()}, "headers": headers}


def check_against_openapi(method: str, path: str, result: AdminResponse) -> None:
    """Validate a response against the OpenAPI document."""
    media = result.headers.get("Content-Type", "")
    operation = _operation(method, path)
    found = operation["responses"].get(str(result.status), operation["responses"]["default"])
    if "content" not in found:
        assert result.body == b""
        return
    assert media in found["content"], (media, result.body)
    assert ("Location" in result.headers) == ("Location" in found.get("headers", {}))
    if media in ("application/json", PROBLEM):
        _validator(json.encode(found["content"][media]["schema"])).validate(result.json)


@cache
def _validator(schema: bytes) -> Any:
    return OAS31Validator({**json.decode(schema), "components": document(ROUTES)["components"]})


def _operation(method: str, path: str) -> Any:
    """Return the documented operation; for an unknown one, only the problem is documented."""
    paths = document(ROUTES)["paths"]
    fixed = sorted(paths, key=lambda each: each.count("{"))
    known = next(
        (each for each in fixed if re.fullmatch(re.sub(r"{\w+}", "[^/]+", each), PREFIX + path)), None
    )
    operation = paths[known].get(method.lower()) if known else None
    return operation or {"responses": {"default": paths[f"{PREFIX}/health"]["get"]["responses"]["default"]}}
