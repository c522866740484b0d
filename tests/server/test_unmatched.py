"""An unmatched exchange belongs to the tenant whose credential it carries, otherwise to no tenant."""

from typing import Any, Final

import pytest
from msgspec import json

from mockserver.contract.http.credentials import BodyKeys
from mockserver.server.review.verification import verify
from mockserver.vendors import load_dialects
from tests.server.asking import Pair, name

ALL: Final[list[Pair]] = [
    (vendor, endpoint) for vendor in load_dialects() for endpoint in vendor.contract.endpoints
]
OTHER: Final = {"other": {"world": {"seed": 8}}}


async def send(mock: Any, method: str, path: str, **arguments: Any) -> int:
    """Send a request and return the status."""
    async with mock.client.request(method, path, **arguments) as response:
        await response.read()
        return int(response.status)


async def start(serve: Any, pair: Pair) -> Any:
    """Serve two tenants in the dialect of an endpoint."""
    vendor = pair[0]
    return await serve(dialect={vendor.name: vendor.dialect}, tenants=OTHER)


def spoil(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of a request with wrong credentials."""
    keys = {
        place: {key: "wrong" if "key" in key.lower() else value for key, value in values.items()}
        for place, values in arguments.items()
        if place != "headers"
    }
    return {**keys, "headers": {"Authorization": "Bearer wrong"}}


def places(mock: Any, pair: Pair) -> dict[str, dict[str, Any]]:
    """Return the arguments of requests that carry a credential of the first tenant, by its place."""
    token = next(iter(mock.tenant.identifiers[pair[0].name].tokens))
    fields = ("key", *getattr(pair[1].credentials, "fields", ()))
    return {
        "bearer": {"headers": {"Authorization": f"Bearer {token}"}},
        "header": {"headers": {"X-Api-Key": token}},
        **{f"query {field}": {"params": {field: token}} for field in fields},
        **{f"body {field}": {"data": json.encode({field: token})} for field in fields},
    }


@pytest.mark.parametrize("pair", ALL, ids=name)
async def test_unknown_path_with_credential_belongs_to_its_tenant(serve: Any, pair: Pair) -> None:
    mock = await start(serve, pair)
    for prefix in ("", f"/{pair[0].name}"):
        for arguments in places(mock, pair).values():
            await send(mock, "POST", f"{prefix}/no/such/path", **arguments)
    verification = verify(mock.served, mock.tenant)
    count = 2 * len(places(mock, pair))

    assert [exchange.error for exchange in mock.tenant.journal] == ["unknown_path"] * count
    assert {exchange.tenant for exchange in mock.tenant.journal} == {mock.tenant.name}
    assert all(exchange.near_misses for exchange in mock.tenant.journal)
    assert [(found.name, found.level) for found in verification.unexpected] == [("unknown_path", "error")]
    assert (verification.exchanges, verification.unmatched, verification.findings) == (count, 0, [])
    assert len(mock.served.unmatched) == len(mock.tenants["other"].journal) == 0


@pytest.mark.parametrize("pair", ALL, ids=name)
async def test_wrong_method_and_unreadable_body_belong_to_tenant(serve: Any, pair: Pair) -> None:
    mock = await start(serve, pair)
    vendor, endpoint = pair
    path, _ = mock.parts(vendor, endpoint, {})
    arguments = places(mock, pair)["bearer"]
    await send(mock, "DELETE", path, **arguments)
    broken = {**arguments["headers"], "Content-Encoding": "gzip"}
    await send(mock, "POST", path, data=b"not gzip", headers=broken)

    found = verify(mock.served, mock.tenant)

    assert [number for summary in found.unexpected for number in summary.exchanges] == [1, 2]
    assert (found.exchanges, found.unmatched) == (2, 0)


@pytest.mark.parametrize("pair", ALL, ids=name)
async def test_credential_at_wrong_place_belongs_to_its_tenant(serve: Any, pair: Pair) -> None:
    mock = await start(serve, pair)
    vendor, endpoint = pair
    path, arguments = mock.parts(vendor, endpoint, dict(endpoint.example))
    token = next(iter(mock.tenant.identifiers[vendor.name].tokens))
    status = await send(
        mock, endpoint.method, path, **spoil(arguments) | {"headers": {"Authorization": f"Basic {token}"}}
    )
    [exchange] = mock.tenant.journal

    assert status >= 400
    assert exchange.error in {"missing_credential", "wrong_credential"}
    assert exchange.near_misses
    assert [found.name for found in verify(mock.served, mock.tenant).unexpected] == [exchange.error]
    assert len(mock.served.unmatched) == 0


@pytest.mark.parametrize(
    "pair", [pair for pair in ALL if getattr(pair[1].credentials, "secret", "")], ids=name
)
async def test_key_with_wrong_secret_belongs_to_tenant_of_key(serve: Any, pair: Pair) -> None:
    mock = await start(serve, pair)
    vendor, endpoint = pair
    secret = getattr(endpoint.credentials, "secret", "")
    path, arguments = mock.parts(vendor, endpoint, dict(endpoint.example))
    await send(mock, endpoint.method, path, json={**arguments["json"], secret: "wrong"})
    [exchange] = mock.tenant.journal

    assert exchange.error == "wrong_credential"
    assert len(mock.served.unmatched) == 0


@pytest.mark.parametrize("pair", ALL, ids=name)
async def test_request_without_credential_of_one_tenant_belongs_to_none(serve: Any, pair: Pair) -> None:
    mock = await start(serve, pair)
    vendor, endpoint = pair
    path, arguments = mock.parts(vendor, endpoint, dict(endpoint.example))
    tokens = [next(iter(tenant.identifiers[vendor.name].tokens)) for tenant in mock.tenants.values()]
    both = {f"key{number}": token for number, token in enumerate(tokens)}
    await send(mock, endpoint.method, path, **spoil(arguments))
    await send(mock, "GET", "/no/such/path")
    await send(mock, "GET", "/no/such/path", headers={"Authorization": "Bearer wrong"})
    await send(mock, "GET", "/no/such/path", params=both)

    assert len(mock.served.unmatched) == 4
    assert {exchange.tenant for exchange in mock.served.unmatched} == {None}
    for tenant in mock.tenants.values():
        assert len(tenant.journal) == 0
        assert verify(mock.served, tenant).unexpected == []
        assert verify(mock.served, tenant).unmatched == 4


async def test_equal_credentials_belong_to_tenant_of_requested_vendor(serve: Any) -> None:
    bearers = {vendor.name: vendor for vendor, each in ALL if not isinstance(each.credentials, BodyKeys)}
    first, second, *_ = bearers.values()
    mock = await serve(
        credentials={f"{first.name}.token": "equal-token"},
        tenants={"other": {"world": {"seed": 8}, "credentials": {f"{second.name}.token": "equal-token"}}},
    )
    headers = {"Authorization": "Bearer equal-token"}
    await send(mock, "GET", f"/{first.name}/no/such/path", headers=headers)
    await send(mock, "GET", f"/{second.name}/no/such/path", headers=headers)
    await send(mock, "GET", "/no/such/path", headers=headers)

    assert [exchange.vendor for exchange in mock.tenant.journal] == [first.name]
    assert [exchange.vendor for exchange in mock.tenants["other"].journal] == [second.name]
    assert len(mock.served.unmatched) == 1


@pytest.mark.parametrize("pair", ALL, ids=name)
async def test_correct_request_is_not_unmatched(serve: Any, pair: Pair) -> None:
    mock = await start(serve, pair)
    await mock.ask(*pair, dict(pair[1].example))
    verification = verify(mock.served, mock.tenant)

    assert [found for found in verification.unexpected if found.name != "unknown_session"] == []
    assert (verification.exchanges, verification.unmatched) == (1, 0)
