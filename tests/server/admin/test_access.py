"""Who may steer a server, and where its admin API is."""

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
from mockserver.server.admin.auth import admit
from mockserver.server.admin.problem_details import Problem
from mockserver.server.admin.routes import ROUTES
from mockserver.server.admin.routing import Route
from mockserver.server.app import create_app
from mockserver.server.runner import serving
from mockserver.server.tenancy.config import Config, ConfigError, tenants
from mockserver.server.tenancy.tenant import Tenants
from mockserver.vendors import load
from tests.conftest import Mock
from tests.server.admin.asking import DEFAULT, ONE, AdminApi, Told, name, request
from tests.server.admin.conftest import Steer
from tests.server.admin.test_routes import good, render

TOKEN = "Örtlich-geheim:3"
FIRST = load()[0].name


@pytest.fixture(name="guarded")
async def _guarded(aiohttp_client: Any) -> AdminApi:
    """A server that asks for a token."""
    served = Tenants(tenants(Config(world={"sessions": 3})))
    return AdminApi(Mock(await aiohttp_client(create_app(served, admin=Admin(served, token=TOKEN))), served))


def bearer(token: str, scheme: str = "Bearer") -> dict[str, str]:
    """A header that carries a token."""
    return {"Authorization": f"{scheme} {token}"}


@pytest.mark.parametrize(
    "headers",
    [
        bearer(TOKEN),
        bearer(TOKEN, "bearer"),
        {**bearer(TOKEN), "Host": "mock.example", "Origin": "http://a.example"},
    ],
)
async def test_whoever_has_the_token_may_steer(guarded: AdminApi, headers: dict[str, str]) -> None:
    """Under whatever name the server is reached, which is then the name it tells."""
    told = await guarded.ask("POST", "/tenants", {}, headers=headers)

    assert told.status == 201
    assert told.json["url"].startswith(f"http://{headers.get('Host', '127.0.0.1')}")


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
async def test_whoever_has_it_not_may_nothing(guarded: AdminApi, headers: dict[str, str]) -> None:
    """A wrong or missing token is a 401 that says what to send."""
    told = await guarded.ask("POST", "/tenants", {}, headers=headers)

    assert told.problem == (401, "unauthorized", None)
    assert told.headers["WWW-Authenticate"].startswith("Bearer")
    assert list(guarded.mock.tenants) == ["default"]


@pytest.mark.parametrize("route", [*ROUTES, Route("GET", "/nowhere", print)], ids=name)
async def test_without_the_token_no_route_is_told_from_another(guarded: AdminApi, route: Route) -> None:
    """Known or unknown, every path answers the same, and does nothing."""
    told = await guarded.ask(route.method, render(route.path), body=good(route)["body"])

    assert told.problem == (401, "unauthorized", None)
    assert list(guarded.mock.tenants) == ["default"]


async def test_tokens_are_compared_in_constant_time(guarded: AdminApi, monkeypatch: Any) -> None:
    """A right and a wrong token of any length are compared by what takes no less time for an early difference."""
    compared: list[bytes] = []

    def compare(sent: bytes, token: bytes) -> bool:
        compared.append(sent)
        return compare_digest(sent, token)

    monkeypatch.setattr("mockserver.server.admin.auth.compare_digest", compare)
    for token in ("x", TOKEN):
        await guarded.ask("GET", "/health", headers=bearer(token))

    assert compared == [b"x", TOKEN.encode()]


async def test_no_log_and_no_journal_tells_the_token(
    guarded: AdminApi, caplog: Any, monkeypatch: Any
) -> None:
    """Right, wrong, in the middle of a failure, or sent to a vendor by mistake: it stands nowhere."""
    caplog.set_level(logging.DEBUG)
    await guarded.ask("GET", "/health", headers=bearer(TOKEN))
    await guarded.ask("GET", "/health", headers=bearer(TOKEN + "x"))
    for path in (ONE[1].paths[0], "/nowhere"):
        async with guarded.mock.client.get(path, headers=bearer(TOKEN)) as response:
            assert response.status >= 400
    journals = [
        await guarded.ask("GET", path, headers=bearer(TOKEN)) for path in ("/journal", f"{DEFAULT}/journal")
    ]
    monkeypatch.setattr(guarded.mock.tenant, "journal", None)
    failed = await guarded.ask("GET", f"{DEFAULT}/journal", headers=bearer(TOKEN))

    assert failed.status == 500
    assert "unexpected error" in caplog.text
    assert len(journals[0].json["exchanges"]) == 2
    for part in ("rtlich-geheim", "geheim:3"):
        assert part not in caplog.text
        assert part.encode() not in journals[0].body + journals[1].body + failed.body


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST:1", "[::1]:8080", "127.9.9.9:80"])
async def test_names_of_this_computer_are_let_in(steer: Steer, host: str) -> None:
    """Without a token it is enough to sit at this computer and to call it by its name; a page of ours is no other's."""
    admin = await steer()

    assert (await admin.ask("GET", "/health", headers={"Host": host})).status == 200
    assert (
        await admin.ask("GET", "/health", headers={"Host": host, "Origin": f"http://{host}"})
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
async def test_other_names_are_refused(steer: Steer, host: str) -> None:
    """A page that lets its own name point at this computer says that name: it is refused, and only the admin API minds."""
    admin = await steer()
    told = await admin.ask("POST", "/tenants", {}, headers={"Host": host})
    path, arguments = request(
        (await admin.get(DEFAULT))["vendors"][ONE[0].name], ONE[1], dict(ONE[1].example)
    )
    headers = {**arguments.pop("headers", {}), "Host": host}
    async with admin.mock.client.request(ONE[1].method, path, headers=headers, **arguments) as response:
        status = response.status

    assert told.problem == (403, "foreign-request", None)
    assert list(admin.mock.tenants) == ["default"]
    assert status == 200


@pytest.mark.parametrize("host", FOREIGN)
async def test_with_a_token_the_name_does_not_matter(guarded: AdminApi, host: str) -> None:
    """Whatever the host is called, it is no reason to fail."""
    assert (await guarded.ask("GET", "/tenants", headers={**bearer(TOKEN), "Host": host})).status == 200


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "", "https://{}", "http://{}.evil.example", "http://{}/"]
)
async def test_pages_of_other_origins_are_refused(steer: Steer, origin: str) -> None:
    """A browser says whose page asks; one from elsewhere may not, whatever it asks for, and is told no CORS header."""
    admin = await steer()
    here = f"{admin.mock.client.host}:{admin.mock.client.port}"
    told = await admin.ask("POST", "/tenants", {}, headers={"Origin": origin.format(here)})

    assert told.problem == (403, "foreign-request", None)
    assert list(admin.mock.tenants) == ["default"]
    assert not [header for header in told.headers if header.lower().startswith("access-control")]


@pytest.mark.parametrize(
    ("address", "admitted"),
    [("127.0.0.1", True), ("::1", True), ("192.0.2.7", False), ("2001:db8::7", False)],
)
def test_without_a_token_only_loopback_is_let_in(address: str, admitted: bool) -> None:  # noqa: FBT001
    """Whoever came in by another address of this computer is refused, also where the host is called localhost."""
    transport: Any = SimpleNamespace(get_extra_info=lambda *_: (address, 80))
    asked = make_mocked_request("GET", "/__admin/health", headers={"Host": "localhost"}, transport=transport)
    with nullcontext() if admitted else pytest.raises(Problem, match="--admin-token"):
        admit(asked, None)


async def fetched(url: str, **arguments: Any) -> Told:
    """The answer to a request."""
    async with aiohttp.ClientSession() as session, session.get(url, **arguments) as response:
        return Told(response.status, response.headers, await response.read())


@pytest.mark.parametrize("host", [ANYWHERE, "192.0.2.1", "mock.example", ""])
async def test_server_that_anybody_could_steer_does_not_start(host: str) -> None:
    """Bound elsewhere than to loopback, a server needs a token, or no admin API."""
    with pytest.raises(ConfigError, match="--admin-token"):
        async with serving(Config(host=host, port=0)):
            raise AssertionError


@pytest.mark.parametrize("settings", [{"admin_token": TOKEN}, {"no_admin": True}], ids=str)
async def test_server_that_nobody_else_can_steer_starts_anywhere(settings: dict[str, Any]) -> None:
    """With a token, or without an admin API, it may be reached from everywhere."""
    async with serving(Config(host=ANYWHERE, port=0, **settings)) as running:
        told = await fetched(f"http://127.0.0.1:{running.port}/__admin/health", headers=bearer(TOKEN))

    assert told.status == (404 if "no_admin" in settings else 200)
    assert (running.admin_url is None) == ("no_admin" in settings)


async def test_admin_api_can_have_a_port_of_its_own() -> None:
    """It is there and nowhere else, and tells the vendors' ports; theirs answer `/__admin` as any unknown path."""
    async with serving(Config(port=0, admin_port=0, vendor_ports={FIRST: 0})) as running:
        elsewhere = [
            await fetched(f"{url}/__admin/health") for url in (running.url, running.vendor_url(FIRST))
        ]
        access = (await fetched(f"{running.admin_url}/__admin/tenants/default")).json
        unknown = await fetched(f"{running.admin_url}/health")

    assert [each.status for each in elsewhere] == [404, 404]
    assert b"problem" not in elsewhere[0].body + elsewhere[1].body
    assert (unknown.status, unknown.json["near"]) == (404, "/__admin/health")
    assert access["url"] == running.url != running.admin_url
    assert {vendor: told["url"] for vendor, told in access["vendors"].items()} == {
        vendor.name: running.vendor_url(vendor.name) for vendor in load()
    }
    assert running.vendor_url(FIRST) != running.url


async def test_admin_api_is_not_part_of_what_a_vendors_port_serves() -> None:
    """Beside the admin API on the server's port, a vendor's own port is the vendor's alone."""
    async with serving(Config(port=0, vendor_ports={FIRST: 0})) as running:
        told = await asyncio.gather(
            *(fetched(f"{url}/__admin/health") for url in (running.url, running.vendor_url(FIRST)))
        )

    assert [each.status for each in told] == [200, 404]
