"""Settings of tenants, and their replacement."""

from typing import Any

import pytest

from mockserver.contract.behaviors import BehaviorError
from mockserver.server.configuration.config import TenantConfig
from mockserver.server.configuration.tenants import make_tenant
from mockserver.server.tenancy.settings import TenantError
from mockserver.server.tenancy.tenant import Tenant, Tenants
from mockserver.vendors import NAMES, load
from mockserver.world.model.spec import spec
from mockserver.world.world import World, build

VENDOR = next(vendor for vendor in load() if vendor.contract.behaviors)
BEHAVIOR = VENDOR.contract.behaviors[0]


def make(name: str = "default", **settings: Any) -> Tenant:
    """Return a tenant with a small world."""
    return make_tenant(name, TenantConfig(world={"sessions": 5, "sites": 2}, **settings))


def world(sites: int) -> World:
    return build(spec(sessions=5, sites=sites))


def site_credential(tenant: Tenant, site: int) -> tuple[str, str]:
    """Return the name of a vendor, and the value of its credential for one site only."""
    return next(
        (vendor, token)
        for vendor, names in tenant.identifiers.items()
        for token, index in names.tokens.items()
        if index == site
    )


def test_credentials_stay_if_number_of_sites_does() -> None:
    settings = make().settings
    replaced = settings.with_world(world(2))

    assert {name: names.tokens for name, names in replaced.identifiers.items()} == {
        name: names.tokens for name, names in settings.identifiers.items()
    }
    assert set(replaced.identifiers) == set(NAMES)


def test_replaced_settings_decide_who_owns_a_credential() -> None:
    tenant = make()
    tenants = Tenants([tenant])
    vendor, token = site_credential(tenant, 1)
    generation = tenants.generation
    tenants.replace_settings(tenant, tenant.settings.with_world(world(1)))

    assert tenants.resolve_credential(vendor, token) is None
    assert tenants.generation > generation
    tenants.reset(tenant)
    owner = tenants.resolve_credential(vendor, token)
    assert owner is not None
    assert (owner.tenant, owner.site) == (tenant, 1)


def test_replaced_behaviors_keep_changes_of_world() -> None:
    tenant = make()
    tenants = Tenants([tenant])
    changed = world(2)
    tenant.world = changed
    tenants.replace_settings(tenant, tenant.settings.with_behaviors({BEHAVIOR.name: BEHAVIOR.default}))

    assert tenant.world is changed
    tenants.reset(tenant)
    assert tenant.world is tenant.settings.world is tenant.initial_settings.world


def test_invalid_behavior_leaves_settings_unchanged() -> None:
    settings = make().settings
    before = settings.all_behaviors()
    with pytest.raises(BehaviorError, match="unknown behavior"):
        settings.with_behaviors({BEHAVIOR.name: BEHAVIOR.default, f"{VENDOR.name}.unknown": 1})

    assert settings.all_behaviors() == before


def test_credential_of_another_tenant_is_rejected_and_changes_nothing() -> None:
    tenant = make()
    tenants = Tenants([tenant])
    vendor, token = site_credential(tenant, 1)
    tenants.replace_settings(tenant, tenant.settings.with_world(world(1)))
    key = next(name for name, value in make().identifiers[vendor].credentials.items() if value)
    other = make("other", credentials={f"{vendor}.{key}": token})
    tenants.add(other)
    settings = tenant.settings
    with pytest.raises(TenantError, match="already used by tenant 'other'"):
        tenants.reset(tenant)

    assert tenant.settings is settings
    owner = tenants.resolve_credential(vendor, token)
    assert owner is not None
    assert owner.tenant is other
