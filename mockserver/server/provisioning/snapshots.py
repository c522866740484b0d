"""Snapshots: the complete state of a tenant, from which another server continues with the same bytes."""

from typing import Any, Final

from msgspec import Struct, ValidationError, convert, to_builtins
from msgspec.structs import replace

from mockserver._util.clock import Clock
from mockserver._util.version import VERSION
from mockserver.contract.behaviors import BehaviorError
from mockserver.server.configuration.toml_files import ConfigError
from mockserver.server.faults import registry
from mockserver.server.tenancy.active_faults import ActiveFault, FaultError
from mockserver.server.tenancy.limits import Limits
from mockserver.server.tenancy.settings import TenantError, TenantSettings
from mockserver.server.tenancy.tenant import Tenant
from mockserver.server.tenancy.watchdog import Watchdog
from mockserver.world.changes import SiteChanges, apply_changes, read_changes
from mockserver.world.model.spec import WorldError, spec
from mockserver.world.world import build

_FORMAT: Final = 1


class ClockSnapshot(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The state of a clock."""

    now: int
    """Unix milliseconds."""
    rate: float
    system: bool
    """True if it follows the system's clock."""


class FaultSnapshot(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A fault with its counters."""

    number: int
    fault: dict[str, Any]
    matched: int
    triggered: int
    effective: int
    attempts: dict[str, int] = {}
    """Number of identical requests by their key."""


class Snapshot(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The state of a tenant; the journal and open requests are not part of it."""

    format: int
    version: str
    """Version of session-mock; another one may answer with other bytes."""
    origin: str
    """Name of the tenant, from which random choices of faults follow."""
    key: int
    """The number from which generated credentials follow."""
    world: dict[str, Any]
    """The world's spec."""
    settings: list[SiteChanges] = []
    """The sessions that the settings add to each site, which a reset keeps."""
    changes: list[SiteChanges] = []
    """Tracked data, added and deleted sessions of each site."""
    behaviors: dict[str, str | int] = {}
    credentials: dict[str, str] = {}
    """Those that were set, not masked; generated ones follow from the key."""
    clock: ClockSnapshot
    limits_off: list[str] = []
    limits_seconds: dict[str, int] = {}
    limit_counters: list[tuple[str, str, int, int]] = []
    """Pool, key, and the two numbers of each counter."""
    faults: list[FaultSnapshot] = []
    next_fault: int = 1
    fault_pages: dict[str, dict[str, int]] = {}
    """Numbers of the pages to which cursors lead, by list."""
    stall_timeout: float = 0
    loop_limit: int = 0
    one_client: bool = False


def take_snapshot(tenant: Tenant) -> Snapshot:
    settings = tenant.settings
    clock = tenant.clock
    return Snapshot(
        format=_FORMAT,
        version=VERSION,
        origin=tenant.origin,
        key=settings.key,
        world={name: value for name, value in to_builtins(settings.world.spec).items() if value is not None},
        settings=read_changes(settings.world),
        changes=[replace(changes, imported=()) for changes in read_changes(tenant.world)],
        behaviors=dict(settings.explicit_behaviors),
        credentials={
            f"{vendor}.{name}": value
            for vendor, credentials in settings.explicit_credentials.items()
            for name, value in credentials.items()
        },
        clock=ClockSnapshot(now=clock.now(), rate=clock.rate, system=clock.uses_system_time),
        limits_off=sorted(tenant.limits.off),
        limits_seconds=dict(tenant.limits.seconds),
        limit_counters=[(*names, *counter) for names, counter in tenant.rates.counters.items()],
        faults=[_describe_fault(active) for active in tenant.faults.active],
        next_fault=tenant.faults.next_number,
        fault_pages={name: dict(pages) for name, pages in tenant.faults.known_pages.items()},
        stall_timeout=tenant.watchdog.stall_timeout,
        loop_limit=tenant.watchdog.loop_limit,
        one_client=settings.one_client,
    )


def _describe_fault(active: ActiveFault[Any]) -> FaultSnapshot:
    arguments = {name: value for name, value in to_builtins(active.fault).items() if value is not None}
    return FaultSnapshot(
        number=active.number,
        fault=arguments,
        matched=active.matched,
        triggered=active.triggered,
        effective=active.effective,
        attempts=dict(active.attempts),
    )


def restore_tenant(name: str, raw: Any) -> Tenant:
    """Create a tenant with the state of a snapshot; raise :class:`ConfigError` for an invalid one."""
    try:
        snapshot = convert(raw, Snapshot)
        if snapshot.format != _FORMAT:
            raise ConfigError(
                f"restore: unknown format {snapshot.format}; take the snapshot again with this version"
            )
        return _restore(name, snapshot)
    except (ValidationError, TypeError) as error:
        raise ConfigError(
            f"restore: not a snapshot: {error}; `session-mock admin snapshot` writes one"
        ) from None
    except (WorldError, BehaviorError, TenantError, FaultError) as error:
        raise ConfigError(f"restore: {error}; was the snapshot taken with another version?") from None


def _restore(name: str, snapshot: Snapshot) -> Tenant:
    world = apply_changes(build(spec(**snapshot.world)), snapshot.settings)
    settings = TenantSettings.create(
        snapshot.origin, world, snapshot.behaviors, snapshot.credentials, tenant_key=snapshot.key
    )
    settings = replace(settings, one_client=snapshot.one_client)
    limits = Limits(set(snapshot.limits_off), dict(snapshot.limits_seconds))
    tenant = Tenant(name, settings, _restore_clock(snapshot.clock), limits, origin=snapshot.origin)
    tenant.world = apply_changes(world, snapshot.changes)
    tenant.watchdog = Watchdog(snapshot.stall_timeout, snapshot.loop_limit)
    tenant.rates.counters.update({(pool, key): (one, two) for pool, key, one, two in snapshot.limit_counters})
    restored = []
    for each in snapshot.faults:
        [fault] = registry.read([each.fault])
        active = ActiveFault(each.number, fault)
        active.matched = each.matched
        active.triggered = each.triggered
        active.effective = each.effective
        active.attempts.update(each.attempts)
        restored.append(active)
    tenant.faults.restore(restored, snapshot.next_fault, snapshot.fault_pages)
    return tenant


def _restore_clock(state: ClockSnapshot) -> Clock:
    if state.system:
        return Clock()
    clock = Clock(state.now)
    if state.rate:
        clock.set_rate(state.rate)
    return clock
