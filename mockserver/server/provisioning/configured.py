"""Tenants with the faults of their configuration."""

from pathlib import Path
from typing import Any

from msgspec import DecodeError, json

from mockserver._util.places import placed
from mockserver.server.configuration.config import DEFAULT_TENANT, Config, ConfigError, TenantConfig
from mockserver.server.configuration.tenants import make_tenant, place_of_tenant
from mockserver.server.faults import registry
from mockserver.server.tenancy.active_faults import FaultError
from mockserver.server.tenancy.tenant import Tenant


def create_tenants(config: Config) -> list[Tenant]:
    """Create all tenants of a configuration, the default one first.

    Raise :class:`ConfigError` if one is invalid.
    """
    if config.restore is None:
        first = create_tenant(DEFAULT_TENANT, config)
    else:
        with placed("restore"):
            first = _restore(config.restore)
    return [first, *(create_tenant(name, each) for name, each in config.tenants.items())]


def _restore(snapshot: str | dict[str, Any]) -> Tenant:
    """Create the default tenant from a snapshot, or from a file with one."""
    raw: Any = snapshot
    if isinstance(snapshot, str):
        try:
            raw = json.decode(Path(snapshot).read_bytes())
        except OSError as error:
            raise ConfigError(
                f"restore: cannot read {snapshot}: {error.strerror or error}; name a snapshot"
            ) from None
        except DecodeError as error:
            raise ConfigError(f"restore: {snapshot} is not JSON: {error}; name a snapshot") from None
    from mockserver.server.provisioning.snapshots import restore_tenant  # noqa: PLC0415 -- rare

    return restore_tenant(DEFAULT_TENANT, raw)


def create_tenant(name: str, config: TenantConfig) -> Tenant:
    """Create a tenant with its faults; raise :class:`ConfigError` if its settings are invalid."""
    tenant = make_tenant(name, config)
    if config.faults:
        try:
            with placed("faults"):
                tenant.faults.add(registry.read(list(config.faults)))
        except FaultError as error:
            raise ConfigError(f"tenant {name!r}: {error}", path=place_of_tenant(name) + error.path) from None
    return tenant
