"""Set dialects over HTTP, of a new tenant and of an existing one."""

from typing import Any

import pytest

from mockserver.contract.behaviors import DIALECT, DOCUMENTED
from mockserver.vendors import load, load_dialects
from mockserver.vendors.base import OBSERVED, Vendor
from tests.conftest import QUICK
from tests.made_up import NAME
from tests.server.admin.api import DEFAULT
from tests.server.admin.conftest import ServeAdmin

BEHAVIORS = f"{DEFAULT}/behaviors"
VENDORS = list(load_dialects())


def dialects(access: Any) -> dict[str, str]:
    """Return the dialect of each vendor of a tenant."""
    return {name: vendor["dialect"] for name, vendor in access["vendors"].items()}


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.label)
async def test_tenant_is_created_in_dialect(serve_admin: ServeAdmin, vendor: Vendor) -> None:
    """Other tenants use the documented dialect."""
    admin = await serve_admin()
    access = await admin.change("POST", "/tenants", {"name": "one", "dialect": {vendor.name: vendor.dialect}})
    behaviors = await admin.get("/tenants/one/behaviors")

    assert dialects(access) == {**dict.fromkeys(dialects(access), DOCUMENTED), vendor.name: vendor.dialect}
    assert dialects(await admin.get("/tenants/one")) == dialects(access)
    assert behaviors[f"{vendor.name}.{DIALECT}"] == vendor.dialect
    assert set(dialects(await admin.get(DEFAULT)).values()) == {DOCUMENTED}


async def test_tenant_is_created_as_observed_for_each_vendor(serve_admin: ServeAdmin) -> None:
    access = await (await serve_admin()).change("POST", "/tenants", {"dialect": OBSERVED})

    assert dialects(access) == {vendor.name: vendor.observed for vendor in load()}


@pytest.mark.parametrize(
    "dialect",
    ["no-such", {load()[0].name: "no-such"}, {"no-such": DOCUMENTED}, 5, {load()[0].name: 5}],
    ids=repr,
)
async def test_unknown_dialect_creates_no_tenant(serve_admin: ServeAdmin, dialect: Any) -> None:
    """The problem lists the known ones."""
    result = await (await serve_admin()).assert_rejected("POST", "/tenants", {"dialect": dialect})

    assert result.problem[:2] == (400, "invalid-request")
    assert (
        "no-such" not in str(dialect)
        or DOCUMENTED in result.json["detail"]
        or load()[0].name in result.json["detail"]
    )


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.label)
async def test_dialect_change_sets_its_defaults_until_reset(serve_admin: ServeAdmin, vendor: Vendor) -> None:
    admin = await serve_admin()
    before = await admin.get(BEHAVIORS)
    result = await admin.change("PATCH", BEHAVIORS, {f"{vendor.name}.{DIALECT}": vendor.dialect})
    defaults = {
        behavior.name: behavior.default
        for behavior in vendor.contract.behaviors
        if behavior.name not in QUICK
    }

    assert result == {**before, **defaults, f"{vendor.name}.{DIALECT}": vendor.dialect}
    assert dialects(await admin.get(DEFAULT))[vendor.name] == vendor.dialect
    await admin.change("POST", f"{DEFAULT}/reset")
    assert await admin.get(BEHAVIORS) == before


async def test_behavior_that_was_set_stays_when_dialect_changes(
    serve_admin: ServeAdmin, family: Vendor
) -> None:
    """Others get the defaults of the dialect."""
    admin = await serve_admin()
    other = family.in_dialect(NAME)
    switch = next(
        c for c in family.contract.behaviors if other.contract.behavior(c.name).default != c.default
    )
    dialect = f"{family.name}.{DIALECT}"

    assert (await admin.change("PATCH", BEHAVIORS, {dialect: NAME}))[switch.name] == other.contract.behavior(
        switch.name
    ).default
    await admin.change("POST", f"{DEFAULT}/reset")
    await admin.change("PATCH", BEHAVIORS, {switch.name: switch.default})
    assert (await admin.change("PATCH", BEHAVIORS, {dialect: NAME}))[switch.name] == switch.default
    assert (await admin.change("PATCH", BEHAVIORS, {dialect: OBSERVED}))[dialect] == NAME


async def test_unknown_dialect_changes_nothing(serve_admin: ServeAdmin, family: Vendor) -> None:
    """The vendor's dialects are listed."""
    admin = await serve_admin()
    result = await admin.assert_rejected(
        "PATCH", BEHAVIORS, {f"{family.name}.{DIALECT}": "no-such", f"{family.name}.basis": "shown"}
    )
    await admin.assert_rejected(
        "PATCH", BEHAVIORS, {f"{family.name}.{DIALECT}": NAME, f"{family.name}.basis": "no-such"}
    )

    assert all(name in result.json["detail"] for name in (DOCUMENTED, NAME, OBSERVED))


async def test_expected_rows_are_in_dialect_of_tenant(serve_admin: ServeAdmin) -> None:
    admin = await serve_admin(world={"sessions": 5})
    for vendor in VENDORS:
        await admin.change("PATCH", BEHAVIORS, {f"{vendor.name}.{DIALECT}": vendor.dialect})
        for endpoint in vendor.contract.endpoints:
            if endpoint.rows_path and not set(endpoint.path) - {endpoint.site}:
                result = (
                    await admin.send(
                        "POST", f"{DEFAULT}/expected", {"vendor": vendor.name, "endpoint": endpoint.name}
                    )
                ).rows

                assert all(set(endpoint.row_key) <= set(row) for row in result)


async def test_openapi_document_is_served_in_each_dialect(serve_admin: ServeAdmin, family: Vendor) -> None:
    """An unknown dialect is a 404 with the list."""
    admin = await serve_admin()
    documents = []
    for query in ({}, {"dialect": DOCUMENTED}, {"dialect": NAME}, {"dialect": OBSERVED}):
        async with admin.mock.client.get(f"/{family.name}/openapi.json", params=query) as response:
            documents.append(await response.json())
    async with admin.mock.client.get(
        f"/{family.name}/openapi.json", params={"dialect": "no-such"}
    ) as response:
        status = response.status
        text = await response.text()

    assert documents[0] == documents[1]
    assert documents[2] == documents[3]
    assert [set(each["paths"]) == set(documents[0]["paths"]) for each in documents] == [
        True,
        True,
        False,
        False,
    ]
    assert documents[2]["info"]["summary"] == "An invented dialect."
    assert (status, NAME in text, OBSERVED in text) == (404, True, True)
