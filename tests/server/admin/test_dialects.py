"""Dialects are chosen over HTTP as a tenant is created, and while it is served."""

from typing import Any

import pytest

from mockserver.contract.behaviors import DIALECT, DOCUMENTED
from mockserver.vendors import every, load
from mockserver.vendors.base import OBSERVED, Vendor
from tests.conftest import QUICK
from tests.made_up import NAME
from tests.server.admin.asking import DEFAULT
from tests.server.admin.conftest import Steer

BEHAVIORS = f"{DEFAULT}/behaviors"
VENDORS = list(every())


def dialects(access: Any) -> dict[str, str]:
    """What a tenant's description says that its vendors speak."""
    return {name: vendor["dialect"] for name, vendor in access["vendors"].items()}


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.label)
async def test_tenant_is_minted_in_a_dialect(steer: Steer, vendor: Vendor) -> None:
    """Its description and its behaviors say so, and the tenant beside it is as documented."""
    admin = await steer()
    access = await admin.do("POST", "/tenants", {"name": "one", "dialect": {vendor.name: vendor.dialect}})
    behaviors = await admin.get("/tenants/one/behaviors")

    assert dialects(access) == {**dict.fromkeys(dialects(access), DOCUMENTED), vendor.name: vendor.dialect}
    assert dialects(await admin.get("/tenants/one")) == dialects(access)
    assert behaviors[f"{vendor.name}.{DIALECT}"] == vendor.dialect
    assert set(dialects(await admin.get(DEFAULT)).values()) == {DOCUMENTED}


async def test_tenant_is_minted_as_observed(steer: Steer) -> None:
    """One name is for every vendor."""
    access = await (await steer()).do("POST", "/tenants", {"dialect": OBSERVED})

    assert dialects(access) == {vendor.name: vendor.observed for vendor in load()}


@pytest.mark.parametrize(
    "dialect",
    ["no-such", {load()[0].name: "no-such"}, {"no-such": DOCUMENTED}, 5, {load()[0].name: 5}],
    ids=repr,
)
async def test_impossible_dialect_mints_nothing(steer: Steer, dialect: Any) -> None:
    """The problem says what there is."""
    told = await (await steer()).refused("POST", "/tenants", {"dialect": dialect})

    assert told.problem[:2] == (400, "invalid-request")
    assert (
        "no-such" not in str(dialect)
        or DOCUMENTED in told.json["detail"]
        or load()[0].name in told.json["detail"]
    )


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.label)
async def test_dialect_is_changed_at_run_time(steer: Steer, vendor: Vendor) -> None:
    """The other behaviors have the dialect's defaults then, and a reset comes back to what was at first."""
    admin = await steer()
    before = await admin.get(BEHAVIORS)
    told = await admin.do("PATCH", BEHAVIORS, {f"{vendor.name}.{DIALECT}": vendor.dialect})
    wanted = {
        behavior.name: behavior.default
        for behavior in vendor.contract.behaviors
        if behavior.name not in QUICK
    }

    assert told == {**before, **wanted, f"{vendor.name}.{DIALECT}": vendor.dialect}
    assert dialects(await admin.get(DEFAULT))[vendor.name] == vendor.dialect
    await admin.do("POST", f"{DEFAULT}/reset")
    assert await admin.get(BEHAVIORS) == before


async def test_what_was_chosen_stays_when_the_dialect_changes(steer: Steer, family: Vendor) -> None:
    """Before and after: only what nobody chose follows the dialect."""
    admin, other = await steer(), family.in_dialect(NAME)
    switch = next(
        c for c in family.contract.behaviors if other.contract.behavior(c.name).default != c.default
    )
    dialect = f"{family.name}.{DIALECT}"

    assert (await admin.do("PATCH", BEHAVIORS, {dialect: NAME}))[switch.name] == other.contract.behavior(
        switch.name
    ).default
    await admin.do("POST", f"{DEFAULT}/reset")
    await admin.do("PATCH", BEHAVIORS, {switch.name: switch.default})
    assert (await admin.do("PATCH", BEHAVIORS, {dialect: NAME}))[switch.name] == switch.default
    assert (await admin.do("PATCH", BEHAVIORS, {dialect: OBSERVED}))[dialect] == NAME


async def test_impossible_dialect_changes_nothing(steer: Steer, family: Vendor) -> None:
    """Neither is done what stood beside it, and the vendor's dialects are listed."""
    admin = await steer()
    told = await admin.refused(
        "PATCH", BEHAVIORS, {f"{family.name}.{DIALECT}": "no-such", f"{family.name}.basis": "shown"}
    )
    await admin.refused(
        "PATCH", BEHAVIORS, {f"{family.name}.{DIALECT}": NAME, f"{family.name}.basis": "no-such"}
    )

    assert all(name in told.json["detail"] for name in (DOCUMENTED, NAME, OBSERVED))


async def test_truth_is_told_in_the_tenants_dialect(steer: Steer) -> None:
    """Rows are as that dialect tells them, of every endpoint that has some."""
    admin = await steer(world={"sessions": 5})
    for vendor in VENDORS:
        await admin.do("PATCH", BEHAVIORS, {f"{vendor.name}.{DIALECT}": vendor.dialect})
        for endpoint in vendor.contract.endpoints:
            if endpoint.rows_path and not set(endpoint.path) - {endpoint.site}:
                told = (
                    await admin.ask(
                        "POST", f"{DEFAULT}/expected", {"vendor": vendor.name, "endpoint": endpoint.name}
                    )
                ).rows

                assert all(set(endpoint.row_key) <= set(row) for row in told)


async def test_description_is_served_in_each_dialect(steer: Steer, family: Vendor) -> None:
    """The query says which, ``observed`` among them; an unknown one is a 404 with the list."""
    admin = await steer()
    documents = []
    for query in ({}, {"dialect": DOCUMENTED}, {"dialect": NAME}, {"dialect": OBSERVED}):
        async with admin.mock.client.get(f"/{family.name}/openapi.json", params=query) as response:
            documents.append(await response.json())
    async with admin.mock.client.get(
        f"/{family.name}/openapi.json", params={"dialect": "no-such"}
    ) as response:
        status, text = response.status, await response.text()

    assert documents[0] == documents[1]
    assert documents[2] == documents[3]
    assert [set(each["paths"]) == set(documents[0]["paths"]) for each in documents] == [
        True,
        True,
        False,
        False,
    ]
    assert documents[2]["info"]["summary"] == "As nobody has it."
    assert (status, NAME in text, OBSERVED in text) == (404, True, True)
