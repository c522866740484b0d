"""Hypothesis profiles, and servers to send requests to."""

import os
from collections.abc import Awaitable, Callable, Iterator
from importlib.metadata import requires, version
from typing import Any

import pytest
from aiohttp.test_utils import TestClient
from hypothesis import settings
from packaging.requirements import Requirement

from mockserver.contract.credentials import BodyKeys
from mockserver.contract.endpoint import Endpoint
from mockserver.server.app import create_app
from mockserver.server.tenancy.config import Config, TenantConfig, tenants
from mockserver.server.tenancy.tenant import Tenants
from mockserver.vendors import every
from mockserver.vendors.base import Vendor
from tests.made_up import made_up

settings.register_profile("dev", max_examples=30, deadline=None)
settings.register_profile("ci", max_examples=60, deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "dev")

# A project of its own: tests/test_consumer.py runs its suite, against the wheel.
collect_ignore = ["consumer"]

# No test waits in real time unless it asks for it.
QUICK = {
    behavior.name: 0
    for vendor in every()
    for behavior in vendor.contract.behaviors
    if behavior.unit == "milliseconds"
}


_CLIENTS = ("faker", "freezegun", "httpx", "hypothesis", "pytest-xdist", "requests", "time-machine")


def pytest_report_header() -> str:
    """Record which versions of the dependencies are tested; the log of a CI run begins with this line."""
    required = [Requirement(text) for text in requires("session-mock") or ()]
    names = [each.name for each in required if each.marker is None or each.marker.evaluate({"extra": ""})]
    return "tested with: " + ", ".join(f"{name} {version(name)}" for name in [*names, *_CLIENTS])


class Mock:
    """A served mock and one of its tenants, spoken to as a client of any vendor would."""

    def __init__(self, client: "TestClient[Any, Any]", served: Tenants) -> None:
        self.client, self.served, self.tenants = client, served, served.by_name
        self.tenant = next(iter(served.by_name.values()))

    def parts(
        self, vendor: Vendor, endpoint: Endpoint, parameters: dict[str, Any], site: int = 0
    ) -> tuple[str, dict[str, Any]]:
        """The path and the keyword arguments of a request to an endpoint, credentials included."""
        names, known = self.tenant.identifiers[vendor.name], dict(parameters)
        words = {
            name: known.pop(name, names.sites[site][0] if name == endpoint.site else "unknown")
            for name in endpoint.path
        }
        path = endpoint.paths[0].format_map(words)
        if isinstance(endpoint.credentials, BodyKeys):
            keys = [key for key in (endpoint.credentials.key, endpoint.credentials.secret) if key]
            values = {**names.credentials, endpoint.credentials.key: names.sites[site][0]}
            return path, {"json": {**{key: values[key] for key in keys}, **known}}
        return path, {
            "params": {name: str(value) for name, value in known.items()},
            "headers": {"Authorization": f"Bearer {names.credentials['token']}"},
        }

    async def ask(
        self, vendor: Vendor, endpoint: Endpoint, parameters: dict[str, Any], site: int = 0
    ) -> tuple[int, bytes]:
        """Send a request and return status and body."""
        path, arguments = self.parts(vendor, endpoint, parameters, site)
        async with self.client.request(endpoint.method, path, **arguments) as response:
            return response.status, await response.read()


Serve = Callable[..., Awaitable[Mock]]


@pytest.fixture(name="family")
def _family() -> Iterator[Vendor]:
    """A vendor that has a made-up dialect for the time of the test, which is the observed one too."""
    with made_up() as family:
        yield family


@pytest.fixture(name="serve")
def _serve(aiohttp_client: Any) -> Serve:
    """Serve tenants over real sockets: ``await serve(world={…}, behaviors={…}, tenants={…}, only=…)``, or with a vendor in a dialect."""

    async def serve(vendor: Vendor | None = None, *, only: str | None = None, **settings: Any) -> Mock:
        if vendor is not None:
            settings["dialect"] = {vendor.name: vendor.dialect}
        others = {name: TenantConfig(**each) for name, each in settings.pop("tenants", {}).items()}
        served = Tenants(
            tenants(Config(behaviors={**QUICK, **settings.pop("behaviors", {})}, tenants=others, **settings))
        )
        client = await aiohttp_client(create_app(served, only=only))
        return Mock(client, served)

    return serve
