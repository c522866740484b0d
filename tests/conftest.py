"""Hypothesis profiles, and servers to send requests to."""

import gc
import os
import signal
from collections.abc import Awaitable, Callable, Generator, Iterator, Mapping
from importlib.metadata import requires, version
from typing import Any

import pytest
from aiohttp.test_utils import TestClient
from hypothesis import settings
from packaging.requirements import Requirement

from mockserver.contract.endpoint import Endpoint
from mockserver.contract.http.credentials import BodyKeys
from mockserver.server.app import create_app
from mockserver.server.configuration.config import Config, TenantConfig
from mockserver.server.configuration.tenants import tenants
from mockserver.server.tenancy.tenant import Tenants
from mockserver.vendors import load_dialects
from mockserver.vendors.base import Vendor
from tests.made_up import made_up

settings.register_profile("dev", max_examples=30, deadline=None)
settings.register_profile("ci", max_examples=60, deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "dev")

# A separate project: tests/test_consumer.py runs its tests with the wheel.
collect_ignore = ["consumer"]

# No test waits in real time unless it requests it.
QUICK = {
    behavior.name: 0
    for vendor in load_dialects()
    for behavior in vendor.contract.behaviors
    if behavior.unit == "milliseconds"
}


_CLIENTS = ("faker", "freezegun", "httpx", "hypothesis", "pytest-xdist", "requests", "time-machine")


def pytest_report_header() -> str:
    """Return the versions of the dependencies that are tested, for the log of a CI run."""
    required = [Requirement(text) for text in requires("session-mock") or ()]
    names = [item.name for item in required if item.marker is None or item.marker.evaluate({"extra": ""})]
    return "tested with: " + ", ".join(f"{name} {version(name)}" for name in [*names, *_CLIENTS])


def pytest_collection_finish() -> None:
    """Exempt modules and collected tests from garbage collection: 12 % less processor time for a small test."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable() -> Generator[None, Any, Any]:
    """Escape lone surrogates and turn foreign objects into text.

    pytest-xdist cannot send them, and one in a log line would end the whole run with an internal error.
    """
    return _make_sendable((yield))


def _make_sendable(value: Any) -> Any:
    match value:
        case str():
            return value.encode("utf-8", "backslashreplace").decode()
        case dict():
            return {_make_sendable(key): _make_sendable(each) for key, each in value.items()}
        case list() | tuple():
            return type(value)(_make_sendable(each) for each in value)
        case None | bool() | int() | float():
            return value
    return repr(value)


class Mock:
    """A running mock, and requests to it as a client of one of its tenants."""

    def __init__(self, client: "TestClient[Any, Any]", served: Tenants) -> None:
        self.client = client
        self.served = served
        self.tenants = served.by_name
        self.tenant = next(iter(served.by_name.values()))

    def set_behaviors(self, changes: Mapping[str, str | int]) -> None:
        """Change behaviors of the first tenant."""
        self.served.replace_settings(self.tenant, self.tenant.settings.with_behaviors(changes))

    def parts(
        self, vendor: Vendor, endpoint: Endpoint, parameters: dict[str, Any], site: int = 0
    ) -> tuple[str, dict[str, Any]]:
        """Return the path and the keyword arguments of a request to an endpoint, with credentials."""
        names = self.tenant.identifiers[vendor.name]
        remaining = dict(parameters)
        segments = {}
        for name in endpoint.path:
            default = names.sites[site][0] if name == endpoint.site else "unknown"
            segments[name] = remaining.pop(name, default)
        path = endpoint.paths[0].format_map(segments)
        if isinstance(endpoint.credentials, BodyKeys):
            keys = [key for key in (endpoint.credentials.key, endpoint.credentials.secret) if key]
            values = {**names.credentials, endpoint.credentials.key: names.sites[site][0]}
            return path, {"json": {**{key: values[key] for key in keys}, **remaining}}
        token = names.credentials["token"]
        if (token,) in names.sites:  # A key of one site is the id of that site.
            token = names.sites[site][0]
        return path, {
            "params": {name: str(value) for name, value in remaining.items()},
            "headers": {"Authorization": f"Bearer {token}"},
        }

    async def ask(
        self, vendor: Vendor, endpoint: Endpoint, parameters: dict[str, Any], site: int = 0
    ) -> tuple[int, bytes]:
        """Send a request and return status and body."""
        path, arguments = self.parts(vendor, endpoint, parameters, site)
        async with self.client.request(endpoint.method, path, **arguments) as response:
            return response.status, await response.read()


Serve = Callable[..., Awaitable[Mock]]


@pytest.fixture
def usual_signals() -> Iterator[None]:
    """Let signals end the processes that a test starts.

    They inherit which signals this run ignores: SIGHUP under ``nohup``, SIGINT in the background of a script.
    """
    usual: dict[signal.Signals, Any] = {
        signal.SIGINT: signal.default_int_handler,
        signal.SIGHUP: signal.SIG_DFL,
    }
    ignored = [number for number in usual if signal.getsignal(number) is signal.SIG_IGN]
    for number in ignored:
        signal.signal(number, usual[number])
    yield
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)


@pytest.fixture(name="family")
def _family() -> Iterator[Vendor]:
    """Add a made-up dialect to a vendor during the test; it is also the observed one."""
    with made_up() as family:
        yield family


@pytest.fixture(name="serve")
def _serve(aiohttp_client: Any) -> Serve:
    """Return a function that serves tenants: ``await serve(world={…}, behaviors={…}, tenants={…}, only=…)``.

    Pass a vendor to use its dialect.
    """

    async def serve(vendor: Vendor | None = None, *, only: str | None = None, **settings: Any) -> Mock:
        if vendor is not None:
            settings["dialect"] = {vendor.name: vendor.dialect}
        others = {name: TenantConfig(**config) for name, config in settings.pop("tenants", {}).items()}
        served = Tenants(
            tenants(Config(behaviors={**QUICK, **settings.pop("behaviors", {})}, tenants=others, **settings))
        )
        client = await aiohttp_client(create_app(served, only=only))
        return Mock(client, served)

    return serve
