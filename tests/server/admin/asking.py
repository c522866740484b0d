"""Requests to the admin API over real sockets; every answer is held against the API's own OpenAPI document."""

import re
from collections.abc import Mapping
from functools import cache
from io import BytesIO
from typing import Any

from msgspec import Struct, json
from openapi_schema_validator import OAS31Validator

from mockserver.contract.credentials import BodyKeys
from mockserver.contract.endpoint import Endpoint
from mockserver.contract.limits import ConcurrencyLimit, TokenBucket, WindowLimit
from mockserver.server.admin.app import PREFIX
from mockserver.server.admin.openapi import document
from mockserver.server.admin.routes import ROUTES
from mockserver.server.admin.routing import Route
from mockserver.vendors import every, load
from mockserver.vendors.base import Vendor

Pair = tuple[Vendor, Endpoint]
ALL: list[Pair] = [(vendor, endpoint) for vendor in load() for endpoint in vendor.contract.endpoints]
ROWS: list[Pair] = [pair for pair in ALL if pair[1].rows_path is not None]
LISTS: list[Pair] = [pair for pair in ROWS if pair[1].start_field is not None]
ONE, OTHER = LISTS[0], LISTS[1]
WINDOWS = [
    (vendor, endpoint, limit)
    for vendor, endpoint in ALL
    for limit in endpoint.limits
    if isinstance(limit, WindowLimit)
]
SLOTS = [
    (vendor, endpoint, limit)
    for vendor, endpoint in ALL
    for limit in endpoint.limits
    if isinstance(limit, ConcurrencyLimit)
]
BUCKETS = [
    (vendor, endpoint, limit)
    for vendor in every()
    for endpoint in vendor.contract.endpoints
    for limit in endpoint.limits
    if isinstance(limit, TokenBucket) and not set(endpoint.path) - {endpoint.site}
]
DEFAULT = "/tenants/default"
STATE = (
    "/tenants",
    *(f"{DEFAULT}/{part}" for part in ("world", "clock", "faults", "limits", "behaviors", "journal/count")),
)
PROBLEM = "application/problem+json"


def name(value: Any) -> str | None:
    """A test id a person can read."""
    if isinstance(value, Route):
        return f"{value.method} {value.path}"
    return (
        f"{value[0].name}.{value[1].name}"
        if isinstance(value, tuple) and isinstance(value[0], Vendor)
        else None
    )


class Told(Struct, frozen=True):
    """An answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, which is JSON."""
        return json.decode(self.body)

    @property
    def rows(self) -> list[Any]:
        """The body, which is lines of JSON."""
        return [json.decode(line) for line in self.body.splitlines()]

    @property
    def problem(self) -> tuple[int, str, str | None]:
        """Status, kind and nearest word of a problem."""
        return self.status, self.json["type"].rpartition(":")[2], self.json.get("near")


class AdminApi:
    """The admin API of a served mock."""

    def __init__(self, mock: Any) -> None:
        self.mock = mock

    async def ask(self, method: str, path: str, body: Any = None, **arguments: Any) -> Told:
        """Send a request, below ``/__admin``; the answer must be as the API says of itself."""
        if body is not None:
            arguments["data"] = body if isinstance(body, bytes | BytesIO) else json.encode(body)
        async with self.mock.client.request(method, PREFIX + path, **arguments) as response:
            told = Told(response.status, response.headers, await response.read())
        if method != "HEAD":
            check(method, path.partition("?")[0], told)
        return told

    async def get(self, path: str, **query: Any) -> Any:
        """The JSON of a good answer."""
        told = await self.ask("GET", path, params={name: str(value) for name, value in query.items()})
        assert told.status == 200, told.body
        return told.json

    async def do(self, method: str, path: str, body: Any = None, **arguments: Any) -> Any:
        """Change something, which must be possible, and return what is told of it."""
        told = await self.ask(method, path, body, **arguments)
        assert told.status in (200, 201, 204), told.body
        return told.json if told.body else None

    async def state(self) -> list[Any]:
        """Whatever requests can change."""
        return [await self.get(path) for path in STATE]

    async def refused(self, method: str, path: str, body: Any = None, **arguments: Any) -> Told:
        """Send a request that must be refused with a remedy, and change nothing."""
        before = await self.state()
        told = await self.ask(method, path, body, **arguments)
        assert told.status >= 400, told.body
        assert len(told.json["detail"]) > 10
        assert await self.state() == before
        return told

    async def client(
        self, tenant: str, pair: Pair, parameters: Mapping[str, Any] | None = None, site: int = 0, **more: Any
    ) -> Told:
        """Send a vendor's request with nothing but what the admin API tells of a tenant."""
        access = await self.get(f"/tenants/{tenant}")
        path, arguments = request(
            access["vendors"][pair[0].name], pair[1], dict(parameters or pair[1].example), site
        )
        headers = {**arguments.pop("headers", {}), **more.pop("headers", {})}
        async with self.mock.client.request(
            pair[1].method, path, headers=headers, **arguments, **more
        ) as response:
            return Told(response.status, response.headers, await response.read())


def request(
    access: Mapping[str, Any], endpoint: Endpoint, parameters: dict[str, Any], site: int = 0
) -> tuple[str, dict[str, Any]]:
    """The path and the keyword arguments of a request, out of a vendor's part of a tenant's description."""
    usual = access["sites"][site]
    words = {
        name: parameters.pop(name, usual if name == endpoint.site else "unknown") for name in endpoint.path
    }
    path = endpoint.paths[0].format_map(words)
    if isinstance(endpoint.credentials, BodyKeys):
        keys = [key for key in (endpoint.credentials.key, endpoint.credentials.secret) if key]
        values = {**access["credentials"], endpoint.credentials.key: usual}
        return path, {"json": {**{key: values[key] for key in keys}, **parameters}}
    headers = {"Authorization": f"Bearer {access['credentials']['token']}"}
    return path, {"params": {name: str(value) for name, value in parameters.items()}, "headers": headers}


def check(method: str, path: str, told: Told) -> None:
    """Hold an answer against the OpenAPI document."""
    media = told.headers.get("Content-Type", "")
    operation = _operation(method, path)
    found = operation["responses"].get(str(told.status), operation["responses"]["default"])
    if "content" not in found:
        assert told.body == b""
        return
    assert media in found["content"], (media, told.body)
    assert ("Location" in told.headers) == ("Location" in found.get("headers", {}))
    if media in ("application/json", PROBLEM):
        _validator(json.encode(found["content"][media]["schema"])).validate(told.json)


@cache
def _validator(schema: bytes) -> Any:
    return OAS31Validator({**json.decode(schema), "components": document(ROUTES)["components"]})


def _operation(method: str, path: str) -> Any:
    """What is documented of a method and a path; off the known paths, as of any other, a problem."""
    paths = document(ROUTES)["paths"]
    fixed = sorted(paths, key=lambda each: each.count("{"))
    known = next(
        (each for each in fixed if re.fullmatch(re.sub(r"{\w+}", "[^/]+", each), PREFIX + path)), None
    )
    operation = paths[known].get(method.lower()) if known else None
    return operation or {"responses": {"default": paths[f"{PREFIX}/health"]["get"]["responses"]["default"]}}
