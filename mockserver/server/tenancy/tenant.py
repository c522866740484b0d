"""Tenants and how requests find them.

Each has its own credentials, world, clock, behaviors, limits and faults.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

from msgspec import Struct

from mockserver._util.clock import Clock
from mockserver.server.http.known_credentials import KnownCredentials
from mockserver.server.journal.journal import Journal
from mockserver.server.tenancy.active_faults import ActiveFaults
from mockserver.server.tenancy.limits import ConcurrencyLimiter, Limits, RateLimiter
from mockserver.server.tenancy.settings import TenantError, TenantSettings, default_behaviors
from mockserver.server.tenancy.watchdog import Watchdog
from mockserver.server.tenancy.world_history import WorldHistory
from mockserver.vendors.base import Vendor, VendorIdentifiers


class Tenant:
    """The settings and the state of one tenant; everything but the name can change at run time."""

    def __init__(
        self,
        name: str,
        settings: TenantSettings,
        clock: Clock,
        limits: Limits | None = None,
        *,
        origin: str | None = None,
    ) -> None:
        self.name = name
        self.origin = name if origin is None else origin
        """Name from which random choices of faults follow; that of the tenant of a snapshot."""
        self.settings = settings
        """Change them with :meth:`Tenants.replace_settings`, which knows what depends on them."""
        self.initial_settings = settings
        self._initial_limits = limits or Limits()
        self.clock = clock
        self.journal = Journal()
        self.faults: ActiveFaults[Any] = ActiveFaults()
        self.watchdog = Watchdog()
        self._initialize()

    def _initialize(self) -> None:
        self.world = self.settings.world
        self.rates = RateLimiter()
        self.slots = ConcurrencyLimiter()
        self.limits = self._initial_limits.copy()
        self.world_history = WorldHistory()

    @property
    def vendors(self) -> Mapping[str, Vendor]:
        """Each vendor in the tenant's dialect."""
        return self.settings.vendors

    @property
    def behaviors(self) -> Mapping[str, Mapping[str, Any]]:
        """Every behavior by vendor and short name."""
        return self.settings.behaviors

    @property
    def identifiers(self) -> Mapping[str, VendorIdentifiers]:
        """By vendor."""
        return self.settings.identifiers

    def apply(self, settings: TenantSettings) -> None:
        """Use other settings; their world, if it is another one, replaces the current one."""
        previous = self.settings
        self.settings = settings
        if settings.world is not previous.world:
            self.world = settings.world
        for name, vendor in settings.vendors.items():
            if vendor is not previous.vendors[name]:  # Its limits differ, although pools may share names.
                self.rates.forget(name)

    def clear_journal(self) -> None:
        """Delete all exchanges, and no longer count the lists that they began as those of the client."""
        self.journal.clear()
        self.world_history.clear_current()

    def reset(self) -> None:
        """Restore the world of the settings, the clock and limits; remove all faults, clear the journal."""
        self._initialize()
        self.clock.reset()
        self.faults.clear()
        self.journal.clear()
        self.watchdog.reset()


def vendor_for(vendor: Vendor, tenant: Tenant | None) -> tuple[Vendor, Mapping[str, Any]]:
    """Return the vendor in the tenant's dialect, and its behaviors.

    The vendor's defaults without a tenant.
    """
    if tenant is None:
        return vendor, default_behaviors(vendor)
    return tenant.vendors[vendor.name], tenant.behaviors[vendor.name]


def _all_credentials(tenant: Tenant) -> set[str]:
    credentials: set[str] = set()
    for identifiers in tenant.identifiers.values():
        credentials.update(identifiers.tokens, identifiers.credentials.values())
    return credentials


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
        """Unmatched exchanges of no tenant: unknown paths, wrong credentials."""
        self.last_number = 0
        """The last number of a generated tenant name."""
        self.generation = 0
        """Increases with every change of tenants or their settings, which invalidates parsed requests.

        A number, because the caches that depend on it belong to handlers, one for each port.
        """
        self.known = KnownCredentials()
        """All credentials, which must be masked in output."""
        self._tokens: dict[tuple[str, str], Principal] = {}
        self._sites: dict[tuple[str, str], list[Principal]] = {}
        self._deleted: OrderedDict[tuple[str, str], str] = OrderedDict()
        for tenant in tenants:
            self.add(tenant)

    def add(self, tenant: Tenant) -> None:
        """Add a tenant.

        Raise :class:`TenantError` if its name or one of its credentials is already in use.
        """
        if tenant.name in self.by_name:
            raise TenantError(f"tenant {tenant.name!r} already exists; use another name")
        self._check_tokens(tenant, tenant.settings)
        self._index(tenant)
        self.by_name[tenant.name] = tenant

    def replace_settings(self, tenant: Tenant, settings: TenantSettings) -> None:
        """Replace the settings of a tenant, and everything that follows from them.

        Raise :class:`TenantError` and change nothing if one of its credentials is already in use.
        """
        self._check_tokens(tenant, settings)
        self._unindex(tenant)
        tenant.apply(settings)
        self._index(tenant)

    def reset(self, tenant: Tenant) -> None:
        """Restore the initial settings, clock and limits of a tenant; remove its faults and its journal."""
        self.replace_settings(tenant, tenant.initial_settings)
        tenant.reset()

    def _check_tokens(self, tenant: Tenant, settings: TenantSettings) -> None:
        """Raise :class:`TenantError` if another tenant has one of the tokens."""
        for vendor, names in settings.identifiers.items():
            for token in names.tokens:
                owner = self._tokens.get((vendor, token))
                if owner is not None and owner.tenant is not tenant:
                    raise TenantError(
                        f"tenant {tenant.name!r}: its {vendor} credential is already used"
                        f" by tenant {owner.tenant.name!r}; use another one",
                        path=("tenants", tenant.name, "credentials"),
                    )

    def _index(self, tenant: Tenant) -> None:
        self.known.add(_all_credentials(tenant))
        for vendor, names in tenant.identifiers.items():
            for token, site in names.tokens.items():
                self._tokens[vendor, token] = Principal(tenant, site)
                self._deleted.pop((vendor, token), None)
            for number, aliases in enumerate(names.sites):
                for alias in aliases:
                    self._sites.setdefault((vendor, alias), []).append(Principal(tenant, number))
        self.generation += 1

    def _unindex(self, tenant: Tenant) -> None:
        self.known.delete(_all_credentials(tenant))
        for vendor, names in tenant.identifiers.items():
            for token in names.tokens:
                del self._tokens[vendor, token]
            for alias in set(chain.from_iterable(names.sites)):
                others = [owner for owner in self._sites[vendor, alias] if owner.tenant is not tenant]
                if others:
                    self._sites[vendor, alias] = others
                else:
                    del self._sites[vendor, alias]
        self.generation += 1

    def delete(self, tenant: Tenant) -> None:
        """Remove a tenant.

        Its credentials are remembered for a while, so that late requests can be attributed to it.
        """
        self._unindex(tenant)
        del self.by_name[tenant.name]
        tenant.journal.clear()  # Its requests refer to the tenant: only the garbage collector would free it.
        for vendor, names in tenant.identifiers.items():
            self._deleted.update({(vendor, token): tenant.name for token in names.tokens})
        while len(self._deleted) > _MAX_DELETED:
            self._deleted.popitem(last=False)

    def resolve_credential(self, vendor: str, token: str) -> Principal | None:
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
