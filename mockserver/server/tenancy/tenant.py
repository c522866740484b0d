"""Tenants and how requests find them.

Each has its own credentials, world, clock, behaviors, limits and faults.
"""

from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache
from itertools import chain
from typing import Any

from msgspec import Struct

from mockserver._util.clock import Clock
from mockserver._util.suggest import suggest
from mockserver.contract.behaviors import DIALECT, BehaviorError, short_name
from mockserver.server.http.known_credentials import KnownCredentials
from mockserver.server.journal.journal import Journal
from mockserver.server.tenancy.active_faults import ActiveFaults
from mockserver.server.tenancy.limits import ConcurrencyLimiter, Limits, RateLimiter
from mockserver.server.tenancy.watchdog import Watchdog
from mockserver.server.tenancy.world_history import WorldHistory
from mockserver.vendors import NAMES, load
from mockserver.vendors.base import Vendor, VendorIdentifiers
from mockserver.world.model.hashing import key
from mockserver.world.world import World


class TenantError(ValueError):
    """A duplicate or unknown credential or tenant; the message names it."""


class Tenant:
    """The state of one tenant; everything but the name can change at run time."""

    def __init__(
        self,
        name: str,
        world: World,
        clock: Clock,
        behaviors: Mapping[str, str | int],
        credentials: Mapping[str, str],
    ) -> None:
        self.name = name
        self.clock = clock
        self._key = key(world.spec.seed, "tenant", name)
        self._credentials = _by_vendor(credentials)
        self._initial_world = world
        self._initial_behaviors = dict(behaviors)
        self.journal = Journal()
        self.faults: ActiveFaults[Any] = ActiveFaults()
        self.watchdog = Watchdog()
        self.identifiers: dict[str, VendorIdentifiers] = {}
        self.vendors: Mapping[str, Vendor] = {}
        """Each vendor in the tenant's dialect."""
        self._initialize()

    def _initialize(self) -> None:
        self.replace_world(self._initial_world)
        self.rates = RateLimiter()
        self.slots = ConcurrencyLimiter()
        self.limits = Limits()
        self.world_history = WorldHistory()
        self._apply_behaviors(self._initial_behaviors)

    def replace_world(self, world: World) -> None:
        """Replace the world; credentials stay the same if the number of sites does.

        Raise :class:`TenantError` and change nothing if a configured credential does not exist in the new
        world.
        """
        identifiers = {
            vendor.name: _identifiers(vendor, key(self._key, vendor.name), world, self._credentials)
            for vendor in load()
        }
        self.world = world
        self.identifiers = identifiers

    def set_behaviors(self, settings: Mapping[str, str | int]) -> None:
        """Change some behaviors, or raise :class:`BehaviorError` and change none."""
        before = self.vendors
        self._apply_behaviors({**self._explicit_behaviors, **settings})
        for name, vendor in self.vendors.items():
            if vendor is not before[name]:  # Its limits differ, although their pools may have the same names.
                self.rates.forget(name)

    def _apply_behaviors(self, settings: Mapping[str, str | int]) -> None:
        vendors = {
            vendor.name: vendor.in_dialect(str(settings.get(_dialect_behavior(vendor), vendor.dialect)))
            for vendor in load()
        }
        # The setting may be an alias, such as "observed".
        dialects = {
            _dialect_behavior(vendor): vendor.dialect
            for vendor in vendors.values()
            if _dialect_behavior(vendor) in settings
        }
        self.behaviors = _behaviors(vendors.values(), {**settings, **dialects})
        self.vendors = vendors
        self._explicit_behaviors = dict(settings)

    def all_behaviors(self) -> dict[str, str | int]:
        """Return the setting of every behavior by its full name."""
        return {
            f"{vendor}.{name}": value
            for vendor, settings in self.behaviors.items()
            for name, value in settings.items()
        }

    def reset(self) -> None:
        """Restore the initial world, clock, behaviors and limits; remove all faults and clear the journal."""
        self._initialize()
        self.clock.reset()
        self.faults.clear()
        self.journal.clear()
        self.watchdog.reset()


def _dialect_behavior(vendor: Vendor) -> str:
    """Return the full name of the behavior that selects a vendor's dialect."""
    return f"{vendor.name}.{DIALECT}"


def _behaviors(vendors: Collection[Vendor], explicit: Mapping[str, str | int]) -> dict[str, dict[str, Any]]:
    """Return all settings by vendor and short name.

    The defaults of the dialects, overridden by explicit settings.
    """
    settings = {vendor.name: dict(_default_behaviors(vendor)) for vendor in vendors}
    if explicit:
        known = {behavior.name: behavior for vendor in vendors for behavior in vendor.contract.behaviors}
        for name, value in explicit.items():
            if name not in known:
                raise BehaviorError(f"unknown behavior {name!r}; {suggest(name, known)}")
            vendor, _, short = name.partition(".")
            settings[vendor][short] = known[name].read(value)
    return settings


@cache
def _default_behaviors(vendor: Vendor) -> Mapping[str, Any]:
    """Return the default of every behavior of a vendor's dialect, by short name."""
    return {
        short_name(behavior.name): behavior.read(behavior.default) for behavior in vendor.contract.behaviors
    }


def vendor_for(vendor: Vendor, tenant: Tenant | None) -> tuple[Vendor, Mapping[str, Any]]:
    """Return the vendor in the tenant's dialect, and its behaviors.

    The vendor's defaults without a tenant.
    """
    if tenant is None:
        return vendor, _default_behaviors(vendor)
    return tenant.vendors[vendor.name], tenant.behaviors[vendor.name]


def _by_vendor(credentials: Mapping[str, str]) -> dict[str, dict[str, str]]:
    by_vendor: dict[str, dict[str, str]] = {name: {} for name in NAMES}
    for name, value in credentials.items():
        vendor, _, short = name.partition(".")
        if vendor not in by_vendor or not short:
            raise TenantError(
                f"credential {name!r}: invalid name; expected <vendor>.<credential>,"
                f" vendors are {', '.join(by_vendor)}"
            )
        by_vendor[vendor][short] = value
    return by_vendor


def _identifiers(
    vendor: Vendor, tenant_key: int, world: World, credentials: Mapping[str, Mapping[str, str]]
) -> VendorIdentifiers:
    identifiers = vendor.create_identifiers(tenant_key, world, credentials[vendor.name])
    for name in credentials[vendor.name]:
        if name not in identifiers.credentials:
            known = ", ".join(f"{vendor.name}.{credential}" for credential in identifiers.credentials)
            raise TenantError(f"unknown credential '{vendor.name}.{name}'; known are {known}")
    return identifiers


def _credentials(tenant: Tenant) -> set[str]:
    """Return all credentials of a tenant."""
    found: set[str] = set()
    for identifiers in tenant.identifiers.values():
        found.update(identifiers.tokens, identifiers.credentials.values())
    return found


class Principal(Struct, frozen=True):
    """The tenant, and the site unless the credential is valid for all sites, of a request."""

    tenant: Tenant
    site: int | None


_MAX_DELETED = 50_000


class Tenants:
    """All tenants of a server, with an index of their credentials and sites."""

    def __init__(self, tenants: Sequence[Tenant]) -> None:
        self.by_name: dict[str, Tenant] = {}
        self.unmatched = Journal()
        """Exchanges of no tenant: unknown paths, wrong credentials."""
        self.named = 0
        """The last number of a generated tenant name."""
        self.generation = 0
        """Increases whenever cached parsed requests become invalid."""
        self.known = KnownCredentials()
        """All credentials, which must be masked in output."""
        self._tokens: dict[tuple[str, str], Principal] = {}
        self._sites: dict[tuple[str, str], list[Principal]] = {}
        self._deleted: OrderedDict[tuple[str, str], str] = OrderedDict()
        for tenant in tenants:
            self.add(tenant)

    def changed(self) -> None:
        """Invalidate cached parsed requests after a change of a tenant's behaviors or limits."""
        self.generation += 1

    def add(self, tenant: Tenant) -> None:
        """Add a tenant.

        Raise :class:`TenantError` if its name or one of its credentials is already in use.
        """
        if tenant.name in self.by_name:
            raise TenantError(f"tenant {tenant.name!r} already exists; use another name")
        for vendor, names in tenant.identifiers.items():
            for token in names.tokens:
                if (vendor, token) in self._tokens:
                    other = self._tokens[vendor, token].tenant.name
                    raise TenantError(
                        f"tenant {tenant.name!r}: its {vendor} credential is already used"
                        f" by tenant {other!r}; use another one"
                    )
        self._index(tenant)
        self.by_name[tenant.name] = tenant

    def _index(self, tenant: Tenant) -> None:
        self.known.add(_credentials(tenant))
        for vendor, names in tenant.identifiers.items():
            for token, site in names.tokens.items():
                self._tokens[vendor, token] = Principal(tenant, site)
                self._deleted.pop((vendor, token), None)
            for number, aliases in enumerate(names.sites):
                for alias in aliases:
                    self._sites.setdefault((vendor, alias), []).append(Principal(tenant, number))
        self.changed()

    def _unindex(self, tenant: Tenant) -> None:
        self.known.delete(_credentials(tenant))
        for vendor, names in tenant.identifiers.items():
            for token in names.tokens:
                del self._tokens[vendor, token]
            for alias in set(chain.from_iterable(names.sites)):
                others = [owner for owner in self._sites[vendor, alias] if owner.tenant is not tenant]
                if others:
                    self._sites[vendor, alias] = others
                else:
                    del self._sites[vendor, alias]
        self.changed()

    def delete(self, tenant: Tenant) -> None:
        """Remove a tenant.

        Its credentials are remembered for a while, so that late requests can be attributed to it.
        """
        self._unindex(tenant)
        del self.by_name[tenant.name]
        for vendor, names in tenant.identifiers.items():
            self._deleted.update({(vendor, token): tenant.name for token in names.tokens})
        while len(self._deleted) > _MAX_DELETED:
            self._deleted.popitem(last=False)

    def change(self, tenant: Tenant, change: Callable[[], None]) -> None:
        """Call *change*, which may change the credentials and sites of a tenant, and update the index."""
        self._unindex(tenant)
        try:
            change()
        finally:
            self._index(tenant)

    def resolve_credential(self, vendor: str, token: str) -> Principal | None:
        """Return the principal of a credential, or ``None``."""
        return self._tokens.get((vendor, token))

    def deleted_tenant(self, vendor: str, token: str) -> str | None:
        """Return the name of the deleted tenant that had a credential, or ``None``."""
        return self._deleted.get((vendor, token))

    def default_tenant_for(self, vendor: str, site: str | None) -> Tenant | None:
        """Return the tenant for an unauthenticated request.

        The only one with the requested site, else the first one.
        """
        owners = self._sites.get((vendor, site), ()) if site is not None else ()
        return owners[0].tenant if len(owners) == 1 else next(iter(self.by_name.values()), None)

    def site(self, vendor: str, identifier: str, tenant: Tenant) -> int | None:
        """Return the index of a tenant's site with a vendor's site id, or ``None``."""
        owners = self._sites.get((vendor, identifier), ())
        return next((owner.site for owner in owners if owner.tenant is tenant), None)

    def is_site(self, vendor: str, identifier: str) -> bool:
        """Return whether any tenant has a site with a vendor's site id."""
        return (vendor, identifier) in self._sites
