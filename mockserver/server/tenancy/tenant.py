"""Tenants: a credential is a world. Each has its own world, clock, behaviors, limits, and names at every vendor."""

from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache
from typing import Any

from msgspec import Struct

from mockserver._util.clock import Clock
from mockserver._util.suggest import suggest
from mockserver.contract.behaviors import DIALECT, BehaviorError, short_name
from mockserver.server.faults.registry import ActiveFaults
from mockserver.server.http.known_credentials import KnownCredentials
from mockserver.server.journal.journal import Journal
from mockserver.server.tenancy.limits import ConcurrencyLimiter, Limits, RateLimiter
from mockserver.server.tenancy.watchdog import Watchdog
from mockserver.server.tenancy.world_history import WorldHistory
from mockserver.vendors import NAMES, load
from mockserver.vendors.base import Vendor, VendorIdentifiers
from mockserver.world.model.hashing import key
from mockserver.world.world import World


class TenantError(ValueError):
    """Tenants that cannot be told apart, or a credential that does not exist; the message says which."""


class Tenant:
    """One tenant's state; everything in it but the name can be changed while it is served."""

    def __init__(
        self,
        name: str,
        world: World,
        clock: Clock,
        behaviors: Mapping[str, str | int],
        credentials: Mapping[str, str],
    ) -> None:
        self.name, self.clock = name, clock
        self._own = key(world.spec.seed, "tenant", name)
        self._given = _given(credentials)
        self._first_world, self._first_behaviors = world, dict(behaviors)
        self.journal, self.faults = Journal(), ActiveFaults()
        self.watchdog = Watchdog()
        self.identifiers: dict[str, VendorIdentifiers] = {}
        self.vendors: Mapping[str, Vendor] = {}
        """Each vendor in the dialect that is chosen."""
        self._begin(world)

    def _begin(self, world: World) -> None:
        self.replace_world(world)
        self.rates, self.slots, self.limits = RateLimiter(), ConcurrencyLimiter(), Limits()
        self.world_history = WorldHistory()
        self._settle(self._first_behaviors)

    def replace_world(self, world: World) -> None:
        """Live in a world from now on, under the same credentials as long as it has as many sites.

        Raises :class:`TenantError`, and changes nothing, where a credential that was given is none in that world.
        """
        names = {
            vendor.name: _names(vendor, key(self._own, vendor.name), world, self._given) for vendor in load()
        }
        self.world, self.identifiers = world, names

    def set_behaviors(self, chosen: Mapping[str, str | int]) -> None:
        """Change some behaviors; raises :class:`BehaviorError` for one that does not exist, and then changes none."""
        before = self.vendors
        self._settle({**self._chosen, **chosen})
        for name, vendor in self.vendors.items():
            if (
                vendor is not before[name]
            ):  # Its limits are others, though their pools may have the same names.
                self.rates.forget(name)

    def _settle(self, chosen: Mapping[str, str | int]) -> None:
        vendors = {
            vendor.name: vendor.in_dialect(str(chosen.get(_dialect(vendor), vendor.dialect)))
            for vendor in load()
        }
        named = {
            _dialect(vendor): vendor.dialect for vendor in vendors.values() if _dialect(vendor) in chosen
        }  # Not "observed".
        self.behaviors = _behaviors(vendors.values(), {**chosen, **named})
        self.vendors, self._chosen = vendors, dict(chosen)

    def all_behaviors(self) -> dict[str, str | int]:
        """Every behavior's setting by its full name."""
        return {
            f"{vendor}.{name}": value
            for vendor, settings in self.behaviors.items()
            for name, value in settings.items()
        }

    def reset(self) -> None:
        """Be as at first: world, clock, behaviors, limits; no faults, an empty journal."""
        self._begin(self._first_world)
        self.clock.reset()
        self.faults.clear()
        self.journal.clear()
        self.watchdog.reset()


def _dialect(vendor: Vendor) -> str:
    """The full name of the behavior between a vendor's dialects."""
    return f"{vendor.name}.{DIALECT}"


def _behaviors(vendors: Collection[Vendor], chosen: Mapping[str, str | int]) -> dict[str, dict[str, Any]]:
    """Every behavior's setting by vendor and short name; what nobody chose is as the vendor's dialect has it."""
    settings = {vendor.name: dict(_usual(vendor)) for vendor in vendors}
    if chosen:
        known = {behavior.name: behavior for vendor in vendors for behavior in vendor.contract.behaviors}
        for name, value in chosen.items():
            if name not in known:
                raise BehaviorError(f"there is no behavior {name!r}; {suggest(name, known)}")
            vendor, _, short = name.partition(".")
            settings[vendor][short] = known[name].read(value)
    return settings


@cache
def _usual(vendor: Vendor) -> Mapping[str, Any]:
    """The setting of every behavior that a vendor's dialect has, by short name."""
    return {
        short_name(behavior.name): behavior.read(behavior.default) for behavior in vendor.contract.behaviors
    }


def vendor_for(vendor: Vendor, tenant: Tenant | None) -> tuple[Vendor, Mapping[str, Any]]:
    """The dialect and the behaviors in which a vendor answers for a tenant; its usual ones where nobody is meant."""
    return (
        (tenant.vendors[vendor.name], tenant.behaviors[vendor.name]) if tenant else (vendor, _usual(vendor))
    )


def _given(credentials: Mapping[str, str]) -> dict[str, dict[str, str]]:
    given: dict[str, dict[str, str]] = {name: {} for name in NAMES}
    for name, value in credentials.items():
        vendor, _, short = name.partition(".")
        if vendor not in given or not short:
            raise TenantError(
                f"credential {name!r}: say <vendor>.<credential>, with a vendor among {', '.join(given)}"
            )
        given[vendor][short] = value
    return given


def _names(
    vendor: Vendor, own: int, world: World, given: Mapping[str, Mapping[str, str]]
) -> VendorIdentifiers:
    names = vendor.names(own, world, given[vendor.name])
    for credential in given[vendor.name]:
        if credential not in names.credentials:
            known = ", ".join(f"{vendor.name}.{each}" for each in names.credentials)
            raise TenantError(
                f"there is no credential '{vendor.name}.{credential}'; {vendor.name} has {known}"
            )
    return names


def _credentials(tenant: Tenant) -> set[str]:
    """Return every value that opens something of a tenant's at any vendor."""
    found = {token for names in tenant.identifiers.values() for token in names.tokens}
    return found.union(*(names.credentials.values() for names in tenant.identifiers.values()))


class Principal(Struct, frozen=True):
    """Whose a credential or a site is."""

    tenant: Tenant
    site: int | None


_MOST_DROPPED = 50_000


class Tenants:
    """All tenants of a server, found by what their clients present."""

    def __init__(self, tenants: Sequence[Tenant]) -> None:
        self.by_name: dict[str, Tenant] = {}
        self.unmatched = Journal()
        """Exchanges that are no tenant's: unknown paths, wrong credentials."""
        self.named = 0
        """The last number in a name of a tenant that nobody named."""
        self.generation = 0
        """Grows whenever a request may be read differently than before."""
        self.known = KnownCredentials()
        """Every credential that must not be shown."""
        self._tokens: dict[tuple[str, str], Principal] = {}
        self._sites: dict[tuple[str, str], list[Principal]] = {}
        self._dropped: OrderedDict[tuple[str, str], str] = OrderedDict()
        for tenant in tenants:
            self.add(tenant)

    def changed(self) -> None:
        """Say that a tenant's behaviors or limits are other than before."""
        self.generation += 1

    def add(self, tenant: Tenant) -> None:
        """Serve a further tenant, or raise :class:`TenantError` where its name or a credential is another's already."""
        if tenant.name in self.by_name:
            raise TenantError(f"there is a tenant {tenant.name!r} already")
        for vendor, names in tenant.identifiers.items():
            for token in names.tokens:
                if (vendor, token) in self._tokens:
                    other = self._tokens[vendor, token].tenant.name
                    raise TenantError(
                        f"tenant {tenant.name!r}: its {vendor} credential is that of tenant {other!r} already"
                    )
        self._enter(tenant)
        self.by_name[tenant.name] = tenant

    def _enter(self, tenant: Tenant) -> None:
        self.known.add(_credentials(tenant))
        for vendor, names in tenant.identifiers.items():
            for token, site in names.tokens.items():
                self._tokens[vendor, token] = Principal(tenant, site)
                self._dropped.pop((vendor, token), None)
            for number, aliases in enumerate(names.sites):
                for alias in aliases:
                    self._sites.setdefault((vendor, alias), []).append(Principal(tenant, number))
        self.changed()

    def _leave(self, tenant: Tenant) -> None:
        self.known.delete(_credentials(tenant))
        for vendor, names in tenant.identifiers.items():
            for token in names.tokens:
                del self._tokens[vendor, token]
            for alias in {alias for aliases in names.sites for alias in aliases}:
                others = [held for held in self._sites[vendor, alias] if held.tenant is not tenant]
                if others:
                    self._sites[vendor, alias] = others
                else:
                    del self._sites[vendor, alias]
        self.changed()

    def delete(self, tenant: Tenant) -> None:
        """Serve a tenant no longer; its credentials are remembered for a while, so that a late request can be told whose it was."""
        self._leave(tenant)
        del self.by_name[tenant.name]
        self._dropped.update(
            {
                (vendor, token): tenant.name
                for vendor, names in tenant.identifiers.items()
                for token in names.tokens
            }
        )
        while len(self._dropped) > _MOST_DROPPED:
            self._dropped.popitem(last=False)

    def change(self, tenant: Tenant, change: Callable[[], None]) -> None:
        """Change a tenant in a way that may change its names, such as its world."""
        self._leave(tenant)
        try:
            change()
        finally:
            self._enter(tenant)

    def resolve_credential(self, vendor: str, token: str) -> Principal | None:
        """Whose a credential is."""
        return self._tokens.get((vendor, token))

    def deleted_tenant(self, vendor: str, token: str) -> str | None:
        """The deleted tenant whose a credential was."""
        return self._dropped.get((vendor, token))

    def default_tenant_for(self, vendor: str, site: str | None) -> Tenant | None:
        """Whose behaviors a request meets that no credential claims: the tenant's with the site that it names, else the first one's."""
        owners = self._sites.get((vendor, site), ()) if site is not None else ()
        return owners[0].tenant if len(owners) == 1 else next(iter(self.by_name.values()), None)

    def site(self, vendor: str, identifier: str, tenant: Tenant) -> int | None:
        """A tenant's site with an id in a vendor's terms."""
        return next(
            (held.site for held in self._sites.get((vendor, identifier), ()) if held.tenant is tenant), None
        )

    def is_site(self, vendor: str, identifier: str) -> bool:
        """Whether any tenant has such a site."""
        return (vendor, identifier) in self._sites
