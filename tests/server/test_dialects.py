"""Every tenant uses its own dialects."""

import asyncio
import logging
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from msgspec import json

from mockserver.contract.behaviors import DIALECT, DOCUMENTED, BehaviorError, short_name
from mockserver.contract.endpoint import Endpoint
from mockserver.contract.http.credentials import Bearer
from mockserver.contract.limits import WindowLimit, rate_limits
from mockserver.server.configuration.config import Config, ConfigError, TenantConfig, read_config
from mockserver.server.configuration.tenants import make_tenant
from mockserver.server.journal.har import build_har
from mockserver.server.journal.serialization import describe_exchange
from mockserver.server.requests.responses import status_of
from mockserver.server.runner import serving
from mockserver.vendors import load, load_dialects
from mockserver.vendors.base import OBSERVED, Vendor
from tests.made_up import NAME, PLACE, another


def place_of(endpoint: Endpoint) -> str | None:
    """Return the query parameter in which an endpoint takes a key."""
    return endpoint.credentials.query if isinstance(endpoint.credentials, Bearer) else None


VENDORS = list(load_dialects())
DIALECTS = [vendor for vendor in VENDORS if vendor.dialect != DOCUMENTED]
IN_QUERY = [
    (vendor, endpoint) for vendor in VENDORS for endpoint in vendor.contract.endpoints if place_of(endpoint)
]
LABELS = [vendor.label for vendor in VENDORS]


def settings(tenant: Any, vendor: Vendor) -> dict[str, Any]:
    """Every behavior's setting by its full name, the dialect aside."""
    told = {f"{vendor.name}.{name}": value for name, value in tenant.behaviors[vendor.name].items()}
    return {name: value for name, value in told.items() if short_name(name) != DIALECT}


def defaults(vendor: Vendor) -> dict[str, Any]:
    """Every behavior's default in a dialect, the dialect aside."""
    return {
        behavior.name: behavior.default
        for behavior in vendor.contract.behaviors
        if short_name(behavior.name) != DIALECT
    }


def missing(family: Vendor) -> int:
    """Return the status of a request without credentials as documented."""
    return status_of(family, family.contract.errors["missing_credential"], {})


def unknown(family: Vendor) -> int:
    """Return the status of an unknown path as documented."""
    return status_of(family, family.contract.errors["unknown_path"], {})


def listing(vendor: Vendor) -> Endpoint:
    """Return an endpoint whose path names a site and nothing else."""
    return next(endpoint for endpoint in vendor.contract.endpoints if set(endpoint.path) == {endpoint.site})


def of(mock: Any, name: str) -> Any:
    """Return the same mock, spoken to as another tenant's client."""
    found = type(mock)(mock.client, mock.served)
    found.tenant = mock.tenants[name]
    return found


async def get(mock: Any, path: str, **arguments: Any) -> tuple[int, Any]:
    async with mock.client.get(path, **arguments) as response:
        body = await response.read()
        kind = response.headers.get("Content-Type", "")
        return response.status, json.decode(body) if kind.startswith("application/json") and body else body


@pytest.mark.parametrize("vendor", VENDORS, ids=LABELS)
def test_tenant_uses_configured_dialect(vendor: Vendor) -> None:
    tenant = make_tenant("one", TenantConfig(dialect={vendor.name: vendor.dialect}))
    others = {name: each.dialect for name, each in tenant.vendors.items() if name != vendor.name}

    assert tenant.vendors[vendor.name] is vendor
    assert tenant.settings.all_behaviors()[f"{vendor.name}.{DIALECT}"] == vendor.dialect
    assert settings(tenant, vendor) == defaults(vendor)
    assert set(others.values()) == {DOCUMENTED}


@pytest.mark.parametrize("dialect", dict.fromkeys(vendor.dialect for vendor in VENDORS))
def test_dialect_name_applies_to_all_vendors_that_have_it(dialect: str) -> None:
    tenant = make_tenant("one", TenantConfig(dialect=dialect))

    assert {name: vendor.dialect for name, vendor in tenant.vendors.items()} == {
        family.name: dialect if dialect in family.dialects else DOCUMENTED for family in load()
    }


def test_observed_dialect_selects_closest_of_every_vendor() -> None:
    wanted = {vendor.name: vendor.observed for vendor in load()}
    for config in (
        TenantConfig(dialect=OBSERVED),
        TenantConfig(dialect=dict.fromkeys(wanted, OBSERVED)),
        TenantConfig(behaviors={f"{name}.{DIALECT}": OBSERVED for name in wanted}),
    ):
        tenant = make_tenant("one", config)

        assert {name: vendor.dialect for name, vendor in tenant.vendors.items()} == wanted
        assert {name: tenant.settings.all_behaviors()[f"{name}.{DIALECT}"] for name in wanted} == wanted


@pytest.mark.parametrize("vendor", load(), ids=lambda vendor: vendor.name)
@pytest.mark.parametrize("way", ["for all", "for one", "behavior"])
def test_unknown_dialect_is_rejected_with_known_ones(vendor: Vendor, way: str) -> None:
    config = {
        "for all": TenantConfig(dialect="no-such"),
        "for one": TenantConfig(dialect={vendor.name: "no-such"}),
        "behavior": TenantConfig(behaviors={f"{vendor.name}.{DIALECT}": "no-such"}),
    }[way]
    with pytest.raises(ConfigError) as caught:
        make_tenant("one", config)

    assert "'no-such'" in str(caught.value)
    assert all(name in str(caught.value) for name in (*vendor.dialects, OBSERVED))


def test_unknown_dialect_for_all_vendors_is_rejected_with_nearest() -> None:
    name = load()[0].name
    with pytest.raises(ConfigError, match=f"unknown vendor '{name}s'; did you mean '{name}'"):
        make_tenant("one", TenantConfig(dialect={f"{name}s": DOCUMENTED}))


@pytest.mark.parametrize("vendor", DIALECTS, ids=lambda vendor: vendor.label)
@pytest.mark.parametrize(
    ("file", "options", "spoken"),
    [
        ('dialect = "{dialect}"', {}, "{dialect}"),
        ('dialect = "{dialect}"', {"dialect": {}}, "{dialect}"),
        ('dialect = "{dialect}"', {"dialect": {"{vendor}": DOCUMENTED}}, DOCUMENTED),
        ('dialect = "{dialect}"', {"dialect": DOCUMENTED}, DOCUMENTED),
        ('[dialect]\n{vendor} = "{dialect}"', {}, "{dialect}"),
        ('[dialect]\n{vendor} = "{dialect}"', {"dialect": {}}, "{dialect}"),
        ('[dialect]\n{vendor} = "{dialect}"', {"dialect": {"{vendor}": DOCUMENTED}}, DOCUMENTED),
        ('[tenants.default2]\ndialect = "{dialect}"', {}, DOCUMENTED),
        ("", {"dialect": {"{vendor}": "{dialect}"}}, "{dialect}"),
    ],
)
def test_dialect_option_overrides_file(
    tmp_path: Path, vendor: Vendor, file: str, options: dict[str, Any], spoken: str
) -> None:
    words = {"{vendor}": vendor.name, "{dialect}": vendor.dialect}
    path = tmp_path / "mock.toml"
    path.write_text(render(file, words), encoding="utf-8")
    given = {name: {render(key, words): render(each, words) for key, each in value.items()} if isinstance(value, dict) else value
             for name, value in options.items()}  # fmt: skip
    config = read_config(path, given)

    assert make_tenant("one", config).vendors[vendor.name].dialect == render(spoken, words)
    assert all(make_tenant("two", each).vendors[vendor.name] is vendor for each in config.tenants.values())


def render(text: str, words: dict[str, str]) -> str:
    """Return a text with its placeholders replaced."""
    for word, value in words.items():
        text = text.replace(word, value)
    return text


@pytest.mark.parametrize("text", ['dialect = "no-such"', "dialect = 5", 'behaviors = "x"'])
def test_invalid_dialect_in_file_is_rejected(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mock.toml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(ConfigError, match=r"mock\.toml.*(no-such|dialect|behaviors)"):
        read_config(path, {"dialect": {}, "behaviors": {}})


async def test_tenants_of_one_server_use_their_own_dialects(serve: Any, family: Vendor) -> None:
    mock = await serve(tenants={"other": {"dialect": NAME, "world": {"seed": 8}}})
    other, here, there = of(mock, "other"), listing(family), listing(family.in_dialect(NAME))
    for _ in range(2):
        assert (await mock.ask(family, here, dict(here.example)))[0] == 200
        assert (await other.ask(family, there, dict(there.example)))[0] == 200
        assert await other.ask(family, here, dict(here.example)) == (418, json.encode({NAME: "unknown_path"}))
        assert (await mock.ask(family, there, dict(there.example)))[0] == unknown(family)


async def test_unauthenticated_request_uses_dialect_of_requested_site(serve: Any, family: Vendor) -> None:
    mock = await serve(tenants={"other": {"dialect": NAME, "world": {"seed": 8}}})
    other, here, there = of(mock, "other"), listing(family), listing(family.in_dialect(NAME))
    site = {str(here.site): other.tenant.identifiers[family.name].sites[0][0]}

    assert await get(mock, there.paths[0].format_map(site)) == (418, {NAME: "missing_credential"})
    assert (await get(mock, here.paths[0].format_map({str(here.site): "unknown"})))[0] == missing(family)
    assert (await get(mock, there.paths[0].format_map({str(here.site): "unknown"})))[0] == unknown(family)
    assert (await get(mock, f"/{family.name}/no/such/path"))[0] == unknown(family)


async def test_unmatched_request_uses_dialect_of_first_tenant(serve: Any, family: Vendor) -> None:
    mock = await serve(dialect=NAME, tenants={"other": {"world": {"seed": 8}}})
    path = listing(family.in_dialect(NAME)).paths[0].format_map({str(listing(family).site): "unknown"})

    assert await get(mock, f"/{family.name}/no/such/path") == (418, {NAME: "unknown_path"})
    assert await get(mock, path) == (418, {NAME: "missing_credential"})
    async with mock.client.delete(path) as response:
        assert (response.status, await response.json()) == (418, {NAME: "wrong_method"})
    assert {exchange.dialect for exchange in mock.served.unmatched} == {NAME}


async def test_unknown_path_uses_dialect_of_credential(serve: Any, family: Vendor) -> None:
    mock = await serve(tenants={"other": {"dialect": NAME, "world": {"seed": 8}}})
    token = mock.tenants["other"].identifiers[family.name].credentials["token"]
    path = f"/{family.name}/no/such/path"

    assert (await get(mock, path))[0] == unknown(family)
    for arguments in ({"headers": {"Authorization": f"Bearer {token}"}}, {"params": {PLACE: token}}):
        assert await get(mock, path, **arguments) == (418, {NAME: "unknown_path"})


@pytest.mark.parametrize("dialect", [DOCUMENTED, NAME])
async def test_near_misses_are_paths_of_tenant_dialect(serve: Any, family: Vendor, dialect: str) -> None:
    mock, vendor = await serve(dialect={family.name: dialect}), family.in_dialect(dialect)
    other = (
        listing(family.in_dialect(NAME if dialect == DOCUMENTED else DOCUMENTED))
        .paths[0]
        .format_map({str(listing(family).site): "1"})
    )
    for path in ("/no/such/path", f"/{family.name}/no/such/path", f"{other}/more"):
        await get(mock, path)
    async with mock.client.delete(other) as response:
        await response.read()
    exchanges = list(mock.served.unmatched)
    known = [path for endpoint in vendor.contract.endpoints for path in endpoint.paths]
    near = [each for exchange in exchanges for each in exchange.near_misses if each.vendor == family.name]

    assert [exchange.error for exchange in exchanges] == ["unknown_path"] * 4
    assert near
    assert {each.path for each in near} <= set(known)


@pytest.mark.parametrize("known", [True, False])
async def test_path_of_another_dialect_is_unknown_with_explanation(
    serve: Any,
    family: Vendor,
    caplog: Any,
    known: bool,  # noqa: FBT001 -- parametrised
) -> None:
    mock = await serve(dialect=NAME)
    here, there = listing(family), listing(family.in_dialect(NAME))
    path, arguments = mock.parts(family, here, dict(here.example))
    status, body = await get(mock, path, **(arguments if known else {}))
    [exchange] = mock.tenant.journal if known else mock.served.unmatched
    told = describe_exchange(exchange)
    [near] = told["near_misses"]

    assert (status, body) == (418, {NAME: "unknown_path"})
    assert (told["dialect"], told["error"], told["basis"]) == (NAME, "unknown_path", "assumed")
    assert (near["vendor"], near["endpoint"], near["path"]) == (family.name, there.name, there.paths[0])
    assert (
        near["difference"]
        == f"{here.paths[0]} is a path of the dialect {DOCUMENTED}; this tenant uses {NAME}"
    )
    assert near["difference"] in caplog.text
    for limit in rate_limits(here.limits):
        counts = mock.tenant.rates.used(limit, mock.tenant.behaviors[family.name], mock.tenant.clock.now())
        assert counts == {}


async def test_credential_at_place_of_another_dialect_is_explained(serve: Any, family: Vendor) -> None:
    mock = await serve(tenants={"other": {"dialect": NAME, "world": {"seed": 8}}})
    other, here, there = of(mock, "other"), listing(family), listing(family.in_dialect(NAME))
    answers = []
    for each, endpoint in ((mock, here), (other, there)):
        path, arguments = each.parts(family, endpoint, dict(endpoint.example))
        key = {PLACE: each.tenant.identifiers[family.name].credentials["token"]}
        answers.append((await get(each, path, params={**arguments["params"], **key}))[0])
    [exchange] = mock.tenant.journal

    assert answers == [missing(family), 200]
    assert exchange.near_misses[0].difference.endswith(
        f"only the dialect {NAME} looks there, and this tenant uses {DOCUMENTED}"
    )


async def test_rejected_credential_does_not_affect_later_requests(serve: Any, family: Vendor) -> None:
    switch = next(
        behavior
        for behavior in family.contract.behaviors
        if len(behavior.options) > 1 and short_name(behavior.name) != DIALECT
    )
    mock = await serve(
        dialect=NAME, tenants={"other": {"world": {"seed": 8}, "behaviors": {switch.name: another(switch)}}}
    )
    here, there = listing(family), listing(family.in_dialect(NAME))
    unknown_site = {str(here.site): "unknown"}
    key = {PLACE: mock.tenants["other"].identifiers[family.name].credentials["token"]}

    assert (await get(mock, here.paths[0].format_map(unknown_site), params=key))[0] == missing(family)
    assert await get(mock, there.paths[0].format_map(unknown_site)) == (418, {NAME: "missing_credential"})
    assert await get(mock, here.paths[0].format_map(unknown_site)) == (418, {NAME: "unknown_path"})


async def test_dialect_can_change_at_run_time(serve: Any, family: Vendor) -> None:
    mock = await serve()
    tenant, other = mock.tenant, family.in_dialect(NAME)
    here, there = listing(family), listing(other)
    chosen = next(behavior for behavior in family.contract.behaviors if short_name(behavior.name) == "basis")
    before, name = tenant.settings.all_behaviors(), f"{family.name}.{DIALECT}"

    mock.set_behaviors({chosen.name: "shown"})
    mock.set_behaviors({name: NAME})
    assert settings(tenant, family) == {**defaults(other), chosen.name: "shown"}
    assert defaults(other) != defaults(family)
    assert (await mock.ask(family, there, dict(there.example)))[0] == 200
    assert (await mock.ask(family, here, dict(here.example)))[0] == 418
    with pytest.raises(BehaviorError):
        mock.set_behaviors({name: DOCUMENTED, f"{family.name}.no_such": 1})
    with pytest.raises(BehaviorError, match=NAME):
        mock.set_behaviors({name: "no-such"})
    assert tenant.vendors[family.name] is other
    mock.served.reset(tenant)
    assert tenant.settings.all_behaviors() == before
    assert (await mock.ask(family, here, dict(here.example)))[0] == 200


@pytest.mark.parametrize("vendor", VENDORS, ids=LABELS)
async def test_exchange_has_dialect_and_error_basis(serve: Any, vendor: Vendor) -> None:
    mock = await serve(vendor)
    endpoint = vendor.contract.endpoints[0]
    path, arguments = mock.parts(vendor, endpoint, dict(endpoint.example))
    await mock.ask(vendor, endpoint, dict(endpoint.example))
    for method, target, more in (
        (endpoint.method, f"/{vendor.name}/no/such/path", arguments),
        ("DELETE", path, arguments),
        (endpoint.method, path, {}),
        (endpoint.method, path, {"headers": {"Authorization": "Bearer nobody's"}}),
    ):
        async with mock.client.request(method, target, **more) as response:
            await response.read()
    exchanges = [*mock.tenant.journal, *mock.served.unmatched]
    entries = build_har(exchanges)["log"]["entries"]

    assert (
        {each["dialect"] for each in map(describe_exchange, exchanges)}
        == {entry["_dialect"] for entry in entries}
        == {vendor.dialect}
    )
    assert len([exchange for exchange in exchanges if exchange.error is not None]) == 4
    for exchange in exchanges:
        shape = vendor.contract.errors[exchange.error].fact.basis.value if exchange.error else None
        assert describe_exchange(exchange)["basis"] == shape


@pytest.mark.parametrize("pair", IN_QUERY, ids=lambda pair: f"{pair[0].label}.{pair[1].name}")
async def test_credential_in_query_is_masked_in_journal(
    serve: Any, pair: tuple[Vendor, Endpoint], caplog: Any
) -> None:
    vendor, endpoint = pair
    mock = await serve(vendor)
    path, arguments = mock.parts(vendor, endpoint, dict(endpoint.example))
    key = mock.tenant.identifiers[vendor.name].credentials["token"]
    sent = [{**arguments["params"], str(place_of(endpoint)): value} for value in (key, "somebody-elses")]
    statuses = [(await get(mock, path, params=each))[0] for each in sent]
    exchanges = [*mock.tenant.journal, *mock.served.unmatched]
    shown = str([*map(describe_exchange, exchanges), build_har(exchanges), caplog.text])

    assert statuses[0] != statuses[1] == status_of(vendor, vendor.contract.errors["wrong_credential"], {})
    assert len(mock.tenant.journal) == len(mock.served.unmatched) == 1
    assert key not in shown
    assert "somebody-elses" not in shown


async def test_access_log_masks_credential_in_query(family: Vendor, caplog: Any) -> None:
    caplog.set_level(logging.INFO)
    async with serving(Config(port=0, access_log=True)) as running, ClientSession() as http:
        url = f"{running.url}/{family.name}/x?{PLACE}=very-secret&page=2"
        await (await http.get(url, headers={"Referer": url})).read()

    assert f'"GET /{family.name}/x?{PLACE}=[redacted]&page=2 HTTP/1.1" {unknown(family)} ' in caplog.text
    assert "very-secret" not in caplog.text


@pytest.mark.parametrize("written", ["/x?token={key}", "/{key}/x", "/x?%70lace%5Fof=1&q={key}"])
async def test_access_log_masks_credential_anywhere(caplog: Any, written: str) -> None:
    caplog.set_level(logging.INFO)
    async with serving(Config(port=0, access_log=True)) as running, ClientSession() as http:
        vendor = next(
            name for name, names in running.tenants[0].identifiers.items() if "token" in names.credentials
        )
        key = running.tenants[0].identifiers[vendor].credentials["token"]
        await (await http.get(f"{running.url}/{vendor}{written.format(key=key)}")).read()

    assert f'"GET /{vendor}/' in caplog.text
    assert key not in caplog.text


async def test_log_of_malformed_request_masks_credential(caplog: Any) -> None:
    async with serving(Config(port=0)) as running:
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
        writer.write(b"GET /x?api_key=very-secret&y=" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        await reader.read(100)
        writer.close()
        await writer.wait_closed()

    assert "its first line or a header is too long" in caplog.text
    assert "very-secret" not in caplog.text


async def test_change_of_dialect_resets_rate_limits(family: Vendor) -> None:
    tenant = make_tenant("default", TenantConfig())
    window = WindowLimit(allowed="v.any", seconds=60, opens="first", pool="api")
    tenant.rates.charge(window, {"any": 3}, f"{family.name} 0", 0)
    tenant.apply(tenant.settings.with_behaviors({f"{family.name}.{DIALECT}": NAME}))

    assert tenant.rates.used(window, {"any": 3}, 0) == {}
