"""Authorization of admin requests, and ports of the admin API."""

import asyncio
import logging
from contextlib import nullcontext
from hmac import compare_digest
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import make_mocked_request

from mockserver.server.admin.app import Admin
from mockserver.server.admin.auth import authorize
from mockserver.server.admin.problem_details import ProblemError
from mockserver.server.admin.routes import ROUTES
from mockserver.server.admin.routing import Route
from mockserver.server.app import create_app
from mockserver.server.configuration.config import Config, ConfigError
from mockserver.server.configuration.tenants import tenants
from mockserver.server.runner import serving
from mockserver.server.tenancy.tenant import Tenants
from mockserver.vendors import load
from tests.conftest import Mock
from tests.server.admin.api import DEFAULT, ONE, AdminApi, AdminResponse, build_request, format_id
from tests.server.admin.conftest import ServeAdmin
from tests.server.admin.test_routes import fill_path, valid_arguments

TOKEN = "Örtlich-geheim:3"
FIRST = load()[0].name


@pytest.fixture(name="guarded")
async def _guarded(aiohttp_client: Any) -> AdminApi:
    """Serve an admin API that requires a token."""
    served = Tenants(tenants(Config(world={"sessions": 3})))
    return AdminApi(Mock(await aiohttp_client(create_app(served, admin=Admin(served, token=TOKEN))), served))


def bearer(token: str, scheme: str = "Bearer") -> dict[str, str]:
    """Return the header for a token."""
    return {"Authorization": f"{scheme} {token}"}


@pytest.mark.parametrize(
    "headers",
    [
        bearer(TOKEN),
        bearer(TOKEN, "bearer"),
        {**bearer(TOKEN), "Host": "mock.example", "Origin": "http://a.example"},
    ],
)
async def test_token_authorizes_under_any_host(guarded: AdminApi, headers: dict[str, str]) -> None:
    """The response has URLs with the host of the request."""
    result = await guarded.send("POST", "/tenants", {}, headers=headers)

    assert result.status == 201
    assert result.json["url"].startswith(f"http://{headers.get('Host', '127.0.0.1')}")


@pytest.mark.parametrize(
    "headers",
    [
        *(
            {},
            {"Authorization": ""},
            {"Authorization": "Bearer"},
            {"Authorization": TOKEN},
            bearer(TOKEN, "Basic"),
        ),
        *(
            bearer(each)
            for each in (
                "",
                TOKEN[:-1],
                TOKEN + "x",
                TOKEN.lower(),
                "x" * len(TOKEN),
                f"{TOKEN} {TOKEN}",
                "\xff",
            )
        ),
        {"Cookie": f"token={TOKEN}"},
    ],
    ids=str,
)
async def test_missing_or_wrong_token_is_unauthorized(guarded: AdminApi, headers: dict[str, str]) -> None:
    result = await guarded.send("POST", "/tenants", {}, headers=headers)

    assert result.problem == (401, "unauthorized", None)
    assert result.headers["WWW-Authenticate"].startswith("Bearer")
    assert list(guarded.mock.tenants) == ["default"]


@pytest.mark.parametrize("route", [*ROUTES, Route("GET", "/nowhere", print)], ids=format_id)
async def test_missing_token_reveals_no_route(guarded: AdminApi, route: Route) -> None:
    """Known and unknown paths get the same response."""
    result = await guarded.send(route.method, fill_path(route.path), body=valid_arguments(route)["body"])

    assert result.problem == (401, "unauthorized", None)
    assert list(guarded.mock.tenants) == ["default"]


async def test_token_is_compared_in_constant_time(guarded: AdminApi, monkeypatch: Any) -> None:
    compared: list[bytes] = []

    def compare(sent: bytes, token: bytes) -> bool:
        compared.append(sent)
        return compare_digest(sent, token)

    monkeypatch.setattr("mockserver.server.admin.auth.compare_digest", compare)
    for token in ("x", TOKEN):
        await guarded.send("GET", "/health", headers=bearer(token))

    assert compared == [b"x", TOKEN.encode()]


async def test_token_is_in_no_log_and_no_journal(guarded: AdminApi, caplog: Any, monkeypatch: Any) -> None:
    """Right, wrong, in an internal error, or sent to a vendor by mistake."""
    caplog.set_level(logging.DEBUG)
    await guarded.send("GET", "/health", headers=bearer(TOKEN))
    await guarded.send("GET", "/health", headers=bearer(TOKEN + "x"))
    for path in (ONE[1].paths[0], "/nowhere"):
        async with guarded.mock.client.get(path, headers=bearer(TOKEN)) as response:
            assert response.status >= 400
    journals = [
        await guarded.send("GET", path, headers=bearer(TOKEN)) for path in ("/journal", f"{DEFAULT}/journal")
    ]
    monkeypatch.setattr(guarded.mock.tenant, "journal", None)
    failed = await guarded.send("GET", f"{DEFAULT}/journal", headers=bearer(TOKEN))

    assert failed.status == 500
    assert "unexpected error" in caplog.text
    assert len(journals[0].json["exchanges"]) == 2
    for part in ("rtlich-geheim", "geheim:3"):
        assert part not in caplog.text
        assert part.encode() not in journals[0].body + journals[1].body + failed.body


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST:1", "[::1]:8080", "127.9.9.9:80"])
async def test_loopback_host_without_token_is_authorized(serve_admin: ServeAdmin, host: str) -> None:
    """So are the server's own pages."""
    admin = await serve_admin()

    assert (await admin.send("GET", "/health", headers={"Host": host})).status == 200
    assert (
        await admin.send("GET", "/health", headers={"Host": host, "Origin": f"http://{host}"})
    ).status == 200


ANYWHERE = "0.0.0.0"  # noqa: S104 -- it is to be refused, or to be guarded
FOREIGN = [
    "evil.example",
    "evil.example:8080",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    ANYWHERE,
    "10.0.0.1",
    "",
    "[",
    "[::2]",
    "127.1",
]


@pytest.mark.parametrize("host", FOREIGN)
async def test_other_host_without_token_is_rejected(serve_admin: ServeAdmin, host: str) -> None:
    """DNS rebinding: the name of the page is in Host. Vendors accept any host."""
    admin = await serve_admin()
    result = await admin.send("POST", "/tenants", {}, headers={"Host": host})
    path, arguments = build_request(
        (await admin.get(DEFAULT))["vendors"][ONE[0].name], ONE[1], dict(ONE[1].example)
    )
    headers = {**arguments.pop("headers", {}), "Host": host}
    async with admin.mock.client.request(ONE[1].method, path, headers=headers, **arguments) as response:
        status = response.status

    assert result.problem == (403, "foreign-request", None)
    assert list(admin.mock.tenants) == ["default"]
    assert status == 200


@pytest.mark.parametrize("host", FOREIGN)
async def test_any_host_with_token_is_authorized(guarded: AdminApi, host: str) -> None:
    assert (await guarded.send("GET", "/tenants", headers={**bearer(TOKEN), "Host": host})).status == 200


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "", "https://{}", "http://{}.evil.example", "http://{}/"]
)
async def test_page_of_other_origin_is_rejected(serve_admin: ServeAdmin, origin: str) -> None:
    """The response has no CORS headers."""
    admin = await serve_admin()
    here = f"{admin.mock.client.host}:{admin.mock.client.port}"
    result = await admin.send("POST", "/tenants", {}, headers={"Origin": origin.format(here)})

    assert result.problem == (403, "foreign-request", None)
    assert list(admin.mock.tenants) == ["default"]
    assert not [header for header in result.headers if header.lower().startswith("access-control")]


@pytest.mark.parametrize(
    ("address", "admitted"),
    [("127.0.0.1", True), ("::1", True), ("192.0.2.7", False), ("2001:db8::7", False)],
)
def test_request_without_token_needs_loopback_address(address: str, admitted: bool) -> None:  # noqa: FBT001
    """Even if the host is localhost."""
    transport: Any = SimpleNamespace(get_extra_info=lambda *_: (address, 80))
    request = make_mocked_request(
        "GET", "/__admin/health", headers={"Host": "localhost"}, transport=transport
    )
    with nullcontext() if admitted else pytest.raises(ProblemError, match="--admin-token"):
        authorize(request, None)


async def fetch(url: str, **arguments: Any) -> AdminResponse:
    """Send a GET request."""
    async with aiohttp.ClientSession() as session, session.get(url, **arguments) as response:
        return AdminResponse(response.status, response.headers, await response.read())


@pytest.mark.parametrize("host", [ANYWHERE, "192.0.2.1", "mock.example", ""])
async def test_public_server_without_token_does_not_start(host: str) -> None:
    with pytest.raises(ConfigError, match="--admin-token"):
        async with serving(Config(host=host, port=0)):
            raise AssertionError


@pytest.mark.parametrize("settings", [{"admin_token": TOKEN}, {"no_admin": True}], ids=str)
async def test_public_server_with_token_or_without_admin_api_starts(settings: dict[str, Any]) -> None:
    async with serving(Config(host=ANYWHERE, port=0, **settings)) as running:
        result = await fetch(f"http://127.0.0.1:{running.port}/__admin/health", headers=bearer(TOKEN))

    assert result.status == (404 if "no_admin" in settings else 200)
    assert (running.admin_url is None) == ("no_admin" in settings)


async def test_admin_port_serves_only_admin_api() -> None:
    """It reports the vendors' ports; those answer `/__admin` like any unknown path."""
    async with serving(Config(port=0, admin_port=0, vendor_ports={FIRST: 0})) as running:
        elsewhere = [await fetch(f"{url}/__admin/health") for url in (running.url, running.vendor_url(FIRST))]
        access = (await fetch(f"{running.admin_url}/__admin/tenants/default")).json
        unknown = await fetch(f"{running.admin_url}/health")

    assert [each.status for each in elsewhere] == [404, 404]
    assert not any("problem" in each.headers["Content-Type"] for each in elsewhere)
    assert (unknown.status, unknown.json["near"]) == (404, "/__admin/health")
    assert access["url"] == running.url != running.admin_url
    assert {vendor: result["url"] for vendor, result in access["vendors"].items()} == {
        vendor.name: running.vendor_url(vendor.name) for vendor in load()
    }
    assert running.vendor_url(FIRST) != running.url


async def test_vendor_port_does_not_serve_admin_api() -> None:
    async with serving(Config(port=0, vendor_ports={FIRST: 0})) as running:
        result = await asyncio.gather(
            *(fetch(f"{url}/__admin/health") for url in (running.url, running.vendor_url(FIRST)))
        )

    assert [each.status for each in result] == [200, 404]
