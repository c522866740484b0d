"""A tenant's vendors speak the dialects that are chosen for it, whatever the others' speak."""

import asyncio
import logging
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from msgspec import json

from mockserver.contract.behaviors import DIALECT, DOCUMENTED, BehaviorError, short_name
from mockserver.contract.credentials import Bearer
from mockserver.contract.endpoint import Endpoint
from mockserver.contract.limits import WindowLimit
from mockserver.server.journal.har import har
from mockserver.server.journal.serialization import described
from mockserver.server.requests.responses import status_of
from mockserver.server.runner import serving
from mockserver.server.tenancy.config import Config, ConfigError, TenantConfig, make_tenant, read_config
from mockserver.vendors import every, load
from mockserver.vendors.base import OBSERVED, Vendor
from tests.made_up import NAME, PLACE, another


def place_of(endpoint: Endpoint) -> str | None:
    """The query parameter in which an endpoint takes a key."""
    return endpoint.credentials.query if isinstance(endpoint.credentials, Bearer) else None


VENDORS = list(every())
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
    """The status of a request without credentials as documented."""
    return status_of(family, family.contract.errors["missing_credential"], {})


def unknown(family: Vendor) -> int:
    """The status of an unknown path as documented."""
    return status_of(family, family.contract.errors["unknown_path"], {})


def listing(vendor: Vendor) -> Endpoint:
    """An endpoint whose path names a site and nothing else."""
    return next(endpoint for endpoint in vendor.contract.endpoints if set(endpoint.path) == {endpoint.site})


def of(mock: Any, name: str) -> Any:
    """The same mock, spoken to as another tenant's client."""
    found = type(mock)(mock.client, mock.served)
    found.tenant = mock.tenants[name]
    return found


async def get(mock: Any, path: str, **arguments: Any) -> tuple[int, Any]:
    """Status and JSON of a GET, as nobody unless its arguments say so."""
    async with mock.client.get(path, **arguments) as response:
        body = await response.read()
        kind = response.headers.get("Content-Type", "")
        return response.status, json.decode(body) if kind.startswith("application/json") and body else body


@pytest.mark.parametrize("vendor", VENDORS, ids=LABELS)
def test_tenant_speaks_the_dialect_that_is_chosen(vendor: Vendor) -> None:
    """Said of one vendor it holds for that one, with the dialect's own defaults; the others are as documented."""
    tenant = make_tenant("one", TenantConfig(dialect={vendor.name: vendor.dialect}))
    others = {name: each.dialect for name, each in tenant.vendors.items() if name != vendor.name}

    assert tenant.vendors[vendor.name] is vendor
    assert tenant.all_behaviors()[f"{vendor.name}.{DIALECT}"] == vendor.dialect
    assert settings(tenant, vendor) == defaults(vendor)
    assert set(others.values()) == {DOCUMENTED}


@pytest.mark.parametrize("dialect", dict.fromkeys(vendor.dialect for vendor in VENDORS))
def test_one_name_is_for_all_that_have_it(dialect: str) -> None:
    """A vendor that has no such dialect is as documented."""
    tenant = make_tenant("one", TenantConfig(dialect=dialect))

    assert {name: vendor.dialect for name, vendor in tenant.vendors.items()} == {
        family.name: dialect if dialect in family.dialects else DOCUMENTED for family in load()
    }


def test_observed_is_the_closest_of_every_vendor() -> None:
    """For all vendors together, for one, and as a behavior: the dialect itself is what is told then."""
    wanted = {vendor.name: vendor.observed for vendor in load()}
    for config in (
        TenantConfig(dialect=OBSERVED),
        TenantConfig(dialect=dict.fromkeys(wanted, OBSERVED)),
        TenantConfig(behaviors={f"{name}.{DIALECT}": OBSERVED for name in wanted}),
    ):
        tenant = make_tenant("one", config)

        assert {name: vendor.dialect for name, vendor in tenant.vendors.items()} == wanted
        assert {name: tenant.all_behaviors()[f"{name}.{DIALECT}"] for name in wanted} == wanted


@pytest.mark.parametrize("vendor", load(), ids=lambda vendor: vendor.name)
@pytest.mark.parametrize("way", ["for all", "for one", "behavior"])
def test_unknown_dialect_is_refused_with_the_list(vendor: Vendor, way: str) -> None:
    """Whichever way it is said, the message names what there is."""
    config = {
        "for all": TenantConfig(dialect="no-such"),
        "for one": TenantConfig(dialect={vendor.name: "no-such"}),
        "behavior": TenantConfig(behaviors={f"{vendor.name}.{DIALECT}": "no-such"}),
    }[way]
    with pytest.raises(ConfigError) as caught:
        make_tenant("one", config)

    assert "'no-such'" in str(caught.value)
    assert all(name in str(caught.value) for name in (*vendor.dialects, OBSERVED))


def test_dialect_of_no_vendor_is_refused_with_the_nearest() -> None:
    """A misspelt vendor is told its name."""
    name = load()[0].name
    with pytest.raises(ConfigError, match=f"there is no vendor '{name}s'; did you mean '{name}'"):
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
def test_file_says_the_dialect_and_options_win(
    tmp_path: Path, vendor: Vendor, file: str, options: dict[str, Any], spoken: str
) -> None:
    """As one name or as a table; an option wins vendor by vendor."""
    words = {"{vendor}": vendor.name, "{dialect}": vendor.dialect}
    path = tmp_path / "mock.toml"
    path.write_text(render(file, words), encoding="utf-8")
    given = {name: {render(key, words): render(each, words) for key, each in value.items()} if isinstance(value, dict) else value
             for name, value in options.items()}  # fmt: skip
    config = read_config(path, given)

    assert make_tenant("one", config).vendors[vendor.name].dialect == render(spoken, words)
    assert all(make_tenant("two", each).vendors[vendor.name] is vendor for each in config.tenants.values())


def render(text: str, words: dict[str, str]) -> str:
    """A text with its placeholders replaced."""
    for word, value in words.items():
        text = text.replace(word, value)
    return text


@pytest.mark.parametrize("text", ['dialect = "no-such"', "dialect = 5", 'behaviors = "x"'])
def test_file_that_says_it_wrongly_is_refused(tmp_path: Path, text: str) -> None:
    """The message names the file, whatever options there are beside."""
    path = tmp_path / "mock.toml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(ConfigError, match=r"mock\.toml.*(no-such|dialect|behaviors)"):
        read_config(path, {"dialect": {}, "behaviors": {}})


async def test_tenants_of_one_server_speak_as_each_was_told(serve: Any, family: Vendor) -> None:
    """At the same time: each one's paths and errors are those of its dialect, its rows those of its world."""
    mock = await serve(tenants={"other": {"dialect": NAME, "world": {"seed": 8}}})
    other, here, there = of(mock, "other"), listing(family), listing(family.in_dialect(NAME))
    for _ in range(2):
        assert (await mock.ask(family, here, dict(here.example)))[0] == 200
        assert (await other.ask(family, there, dict(there.example)))[0] == 200
        assert await other.ask(family, here, dict(here.example)) == (418, json.encode({NAME: "unknown_path"}))
        assert (await mock.ask(family, there, dict(there.example)))[0] == unknown(family)


async def test_request_of_nobody_is_answered_as_the_site_it_names_speaks(serve: Any, family: Vendor) -> None:
    """Without credentials, the site in the path says whose dialect it is; without a known site it is the first tenant's."""
    mock = await serve(tenants={"other": {"dialect": NAME, "world": {"seed": 8}}})
    other, here, there = of(mock, "other"), listing(family), listing(family.in_dialect(NAME))
    site = {str(here.site): other.tenant.names[family.name].sites[0][0]}

    assert await get(mock, there.paths[0].format_map(site)) == (418, {NAME: "missing_credential"})
    assert (await get(mock, here.paths[0].format_map({str(here.site): "nobody's"})))[0] == missing(family)
    assert (await get(mock, there.paths[0].format_map({str(here.site): "nobody's"})))[0] == unknown(family)
    assert (await get(mock, f"/{family.name}/no/such/path"))[0] == unknown(family)


async def test_first_tenant_answers_what_is_nobodys(serve: Any, family: Vendor) -> None:
    """An unknown path, a wrong method and a body that is too large have the first tenant's dialect."""
    mock = await serve(dialect=NAME, tenants={"other": {"world": {"seed": 8}}})
    path = listing(family.in_dialect(NAME)).paths[0].format_map({str(listing(family).site): "nobody's"})

    assert await get(mock, f"/{family.name}/no/such/path") == (418, {NAME: "unknown_path"})
    assert await get(mock, path) == (418, {NAME: "missing_credential"})
    async with mock.client.delete(path) as response:
        assert (response.status, await response.json()) == (418, {NAME: "wrong_method"})
    assert {exchange.dialect for exchange in mock.served.unmatched} == {NAME}


async def test_key_on_an_unknown_path_says_whose_dialect_it_is(serve: Any, family: Vendor) -> None:
    """What leads nowhere is answered as the tenant speaks whose key it carries, however it does."""
    mock = await serve(tenants={"other": {"dialect": NAME, "world": {"seed": 8}}})
    token = mock.tenants["other"].names[family.name].credentials["token"]
    path = f"/{family.name}/no/such/path"

    assert (await get(mock, path))[0] == unknown(family)
    for arguments in ({"headers": {"Authorization": f"Bearer {token}"}}, {"params": {PLACE: token}}):
        assert await get(mock, path, **arguments) == (418, {NAME: "unknown_path"})


@pytest.mark.parametrize("dialect", [DOCUMENTED, NAME])
async def test_near_misses_are_paths_of_the_dialect_that_is_spoken(
    serve: Any, family: Vendor, dialect: str
) -> None:
    """At the root and below a vendor's prefix; a path of another dialect is unknown whatever its method."""
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
async def test_path_of_another_dialect_is_unknown_and_told_apart(
    serve: Any,
    family: Vendor,
    caplog: Any,
    known: bool,  # noqa: FBT001 -- parametrised
) -> None:
    """The journal and the log say which path the dialect has, whether or not the request has a key; it counts against no limit."""
    mock = await serve(dialect=NAME)
    here, there = listing(family), listing(family.in_dialect(NAME))
    path, arguments = mock.parts(family, here, dict(here.example))
    status, body = await get(mock, path, **(arguments if known else {}))
    [exchange] = mock.tenant.journal if known else mock.served.unmatched
    told = described(exchange)
    [near] = told["near_misses"]

    assert (status, body) == (418, {NAME: "unknown_path"})
    assert (told["dialect"], told["error"], told["basis"]) == (NAME, "unknown_path", "assumed")
    assert (near["vendor"], near["endpoint"], near["path"]) == (family.name, there.name, there.paths[0])
    assert (
        near["differs"]
        == f"{here.paths[0]} is the path of the dialect {DOCUMENTED}, and {NAME} is spoken here"
    )
    assert near["differs"] in caplog.text
    assert mock.tenant.rates._open == {}  # noqa: SLF001 -- that nothing is counted is the point


async def test_key_at_the_place_of_another_dialect_is_told(serve: Any, family: Vendor) -> None:
    """It opens nothing, and the near miss says which dialect looks there; in that dialect it opens."""
    mock = await serve(tenants={"other": {"dialect": NAME, "world": {"seed": 8}}})
    other, here, there = of(mock, "other"), listing(family), listing(family.in_dialect(NAME))
    answers = []
    for each, endpoint in ((mock, here), (other, there)):
        path, arguments = each.parts(family, endpoint, dict(endpoint.example))
        key = {PLACE: each.tenant.names[family.name].credentials["token"]}
        answers.append((await get(each, path, params={**arguments["params"], **key}))[0])
    [exchange] = mock.served.unmatched

    assert answers == [missing(family), 200]
    assert exchange.near_misses[0].differs.endswith(
        f"only the dialect {NAME} looks there, and {DOCUMENTED} is spoken here"
    )


async def test_refusal_of_a_key_astray_says_nothing_of_later_ones(serve: Any, family: Vendor) -> None:
    """A key that another tenant's dialect does not take is refused as that tenant speaks, and the first tenant's answers stay its own."""
    switch = next(
        behavior
        for behavior in family.contract.behaviors
        if len(behavior.options) > 1 and short_name(behavior.name) != DIALECT
    )
    mock = await serve(
        dialect=NAME, tenants={"other": {"world": {"seed": 8}, "behaviors": {switch.name: another(switch)}}}
    )
    here, there = listing(family), listing(family.in_dialect(NAME))
    nobodys = {str(here.site): "nobody's"}
    key = {PLACE: mock.tenants["other"].names[family.name].credentials["token"]}

    assert (await get(mock, here.paths[0].format_map(nobodys), params=key))[0] == missing(family)
    assert await get(mock, there.paths[0].format_map(nobodys)) == (418, {NAME: "missing_credential"})
    assert await get(mock, here.paths[0].format_map(nobodys)) == (418, {NAME: "unknown_path"})


async def test_dialect_changes_at_run_time(serve: Any, family: Vendor) -> None:
    """Defaults are those of the dialect then, what was chosen stays, and a reset comes back to what was at first."""
    mock = await serve()
    tenant, other = mock.tenant, family.in_dialect(NAME)
    here, there = listing(family), listing(other)
    chosen = next(behavior for behavior in family.contract.behaviors if short_name(behavior.name) == "basis")
    before, name = tenant.all_behaviors(), f"{family.name}.{DIALECT}"

    def set_behaviors(**settings: Any) -> None:
        tenant.set_behaviors({key.replace("__", "."): value for key, value in settings.items()})
        mock.served.changed()

    set_behaviors(**{chosen.name.replace(".", "__"): "shown"})
    set_behaviors(**{name.replace(".", "__"): NAME})
    assert settings(tenant, family) == {**defaults(other), chosen.name: "shown"}
    assert defaults(other) != defaults(family)
    assert (await mock.ask(family, there, dict(there.example)))[0] == 200
    assert (await mock.ask(family, here, dict(here.example)))[0] == 418
    with pytest.raises(BehaviorError):
        tenant.set_behaviors({name: DOCUMENTED, f"{family.name}.no_such": 1})
    with pytest.raises(BehaviorError, match=NAME):
        tenant.set_behaviors({name: "no-such"})
    assert tenant.vendors[family.name] is other
    mock.served.change(tenant, tenant.reset)
    assert tenant.all_behaviors() == before
    assert (await mock.ask(family, here, dict(here.example)))[0] == 200


@pytest.mark.parametrize("vendor", VENDORS, ids=LABELS)
async def test_exchanges_tell_the_dialect_and_every_refusal_its_basis(serve: Any, vendor: Vendor) -> None:
    """In the journal and in an HTTP Archive, whoever's the exchange is."""
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
    entries = har(exchanges)["log"]["entries"]

    assert (
        {each["dialect"] for each in map(described, exchanges)}
        == {entry["_dialect"] for entry in entries}
        == {vendor.dialect}
    )
    assert len([exchange for exchange in exchanges if exchange.error is not None]) == 4
    for exchange in exchanges:
        shape = vendor.contract.errors[exchange.error].fact.basis.value if exchange.error else None
        assert described(exchange)["basis"] == shape


@pytest.mark.parametrize("pair", IN_QUERY, ids=lambda pair: f"{pair[0].label}.{pair[1].name}")
async def test_key_in_a_query_is_shown_nowhere(
    serve: Any, pair: tuple[Vendor, Endpoint], caplog: Any
) -> None:
    """Where a dialect takes a key in the query, journal, HTTP Archive and log mask it, whose ever it is; the right one opens."""
    vendor, endpoint = pair
    mock = await serve(vendor)
    path, arguments = mock.parts(vendor, endpoint, dict(endpoint.example))
    key = mock.tenant.names[vendor.name].credentials["token"]
    sent = [{**arguments["params"], str(place_of(endpoint)): value} for value in (key, "somebody-elses")]
    statuses = [(await get(mock, path, params=each))[0] for each in sent]
    exchanges = [*mock.tenant.journal, *mock.served.unmatched]
    shown = str([*map(described, exchanges), har(exchanges), caplog.text])

    assert statuses[0] != statuses[1] == status_of(vendor, vendor.contract.errors["wrong_credential"], {})
    assert len(mock.tenant.journal) == len(mock.served.unmatched) == 1
    assert key not in shown
    assert "somebody-elses" not in shown


async def test_access_log_masks_a_key_in_a_query(family: Vendor, caplog: Any) -> None:
    """Under the name that any dialect has for it; the rest of the line is as aiohttp writes it."""
    caplog.set_level(logging.INFO)
    async with serving(Config(port=0, access_log=True)) as running, ClientSession() as http:
        url = f"{running.url}/{family.name}/x?{PLACE}=very-secret&page=2"
        await (await http.get(url, headers={"Referer": url})).read()

    assert f'"GET /{family.name}/x?{PLACE}=[redacted]&page=2 HTTP/1.1" {unknown(family)} ' in caplog.text
    assert "very-secret" not in caplog.text


@pytest.mark.parametrize("written", ["/x?token={key}", "/{key}/x", "/x?%70lace%5Fof=1&q={key}"])
async def test_access_log_masks_a_tenants_key_wherever_it_stands(caplog: Any, written: str) -> None:
    """Also where no dialect looks for one."""
    caplog.set_level(logging.INFO)
    async with serving(Config(port=0, access_log=True)) as running, ClientSession() as http:
        vendor = next(
            name for name, names in running.tenants[0].identifiers.items() if "token" in names.credentials
        )
        key = running.tenants[0].identifiers[vendor].credentials["token"]
        await (await http.get(f"{running.url}/{vendor}{written.format(key=key)}")).read()

    assert f'"GET /{vendor}/' in caplog.text
    assert key not in caplog.text


async def test_log_of_what_cannot_be_parsed_masks_a_key(caplog: Any) -> None:
    """Aiohttp quotes the line that was too long."""
    async with serving(Config(port=0)) as running:
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
        writer.write(b"GET /x?api_key=very-secret&y=" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        await reader.read(100)
        writer.close()
        await writer.wait_closed()

    assert "Got more than 8190 bytes" in caplog.text
    assert "very-secret" not in caplog.text


async def test_a_tenant_that_changes_its_dialect_is_counted_anew(family: Vendor) -> None:
    """The limits of dialects may share the names of their pools."""
    tenant = make_tenant("default", TenantConfig())
    window = WindowLimit(allowed="any", seconds=60, opens="first", pool="api")
    tenant.rates.charge(window, 3, f"{family.name} 0", 0)
    tenant.set_behaviors({f"{family.name}.{DIALECT}": NAME})

    assert tenant.rates.used(window, 0) == {}
