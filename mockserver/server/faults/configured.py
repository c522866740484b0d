"""Tenants with the faults of their configuration."""

from mockserver.server.faults import registry
from mockserver.server.tenancy.active_faults import FaultError
from mockserver.server.tenancy.config import DEFAULT_TENANT, Config, ConfigError, TenantConfig, make_tenant
from mockserver.server.tenancy.tenant import Tenant


def create_tenants(config: Config) -> list[Tenant]:
    """Create all tenants of a configuration, the default one first.

    Raise :class:`ConfigError` if one is invalid.
    """
    configs = {DEFAULT_TENANT: config, **config.tenants}
    return [create_tenant(name, tenant_config) for name, tenant_config in configs.items()]


def create_tenant(name: str, config: TenantConfig) -> Tenant:
    """Create a tenant with its faults; raise :class:`ConfigError` if its settings are invalid."""
    tenant = make_tenant(name, config)
    if config.faults:
        try:
            tenant.faults.add(registry.read(list(config.faults)))
        except FaultError as error:
            raise ConfigError(f"tenant {name!r}: {error}") from None
    return tenant
