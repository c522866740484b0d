"""Tenants: a credential is a world. Each has its own world, clock, choices, limits, and names at every vendor."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from msgspec import Struct

from mockserver.contract.choices import ChoiceError
from mockserver.server.clock import Clock
from mockserver.server.limits import Slots, Windows
from mockserver.vendor import Names, Vendor
from mockserver.vendors import load
from mockserver.world.hashing import key
from mockserver.world.world import World


class TenantError(ValueError):
    """Tenants that cannot be told apart, or a credential that does not exist; the message says which."""


class Tenant:
    """One tenant's state."""

    def __init__(self, name: str, world: World, clock: Clock, choices: Mapping[str, str | int], credentials: Mapping[str, str]) -> None:
        self.name, self.world, self.clock = name, world, clock
        self.windows, self.slots = Windows(), Slots()
        self.vendors: Sequence[Vendor] = load()
        self.choices = _choices(self.vendors, choices)
        own = key(world.spec.seed, "tenant", name)
        given = _given(self.vendors, credentials)
        self.names: dict[str, Names] = {vendor.name: _names(vendor, key(own, vendor.name), world, given) for vendor in self.vendors}


def _choices(vendors: Sequence[Vendor], chosen: Mapping[str, str | int]) -> dict[str, dict[str, Any]]:
    """Every choice's setting by vendor and short name."""
    known = {choice.name: choice for vendor in vendors for choice in vendor.contract.choices}
    for name in chosen:
        if name not in known:
            near = get_close_matches(name, known, 1)
            raise ChoiceError(
                f"there is no choice {name!r}; " + (f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}")
            )
    settings: dict[str, dict[str, Any]] = {vendor.name: {} for vendor in vendors}
    for name, choice in known.items():
        vendor, _, short = name.partition(".")
        settings[vendor][short] = choice.read(chosen.get(name, choice.default))
    return settings


def _given(vendors: Sequence[Vendor], credentials: Mapping[str, str]) -> dict[str, dict[str, str]]:
    given: dict[str, dict[str, str]] = {vendor.name: {} for vendor in vendors}
    for name, value in credentials.items():
        vendor, _, short = name.partition(".")
        if vendor not in given or not short:
            raise TenantError(f"credential {name!r}: say <vendor>.<credential>, with a vendor among {', '.join(given)}")
        given[vendor][short] = value
    return given


def _names(vendor: Vendor, own: int, world: World, given: Mapping[str, Mapping[str, str]]) -> Names:
    names = vendor.names(own, world, given[vendor.name])
    for credential in given[vendor.name]:
        if credential not in names.credentials:
            known = ", ".join(f"{vendor.name}.{each}" for each in names.credentials)
            raise TenantError(f"there is no credential '{vendor.name}.{credential}'; {vendor.name} has {known}")
    return names


class Held(Struct, frozen=True):
    """Whose a credential or a site is."""

    tenant: Tenant
    site: int | None


class Tenants:
    """All tenants of a server, found by what their clients present."""

    def __init__(self, tenants: Sequence[Tenant]) -> None:
        self.all: dict[str, Tenant] = {}
        self._tokens: dict[tuple[str, str], Held] = {}
        self._sites: dict[tuple[str, str], list[Held]] = {}
        for tenant in tenants:
            self.add(tenant)

    def add(self, tenant: Tenant) -> None:
        """Serve a further tenant, or raise :class:`TenantError` where a credential is another's already."""
        for vendor, names in tenant.names.items():
            for token, site in names.tokens.items():
                if (vendor, token) in self._tokens:
                    other = self._tokens[vendor, token].tenant.name
                    raise TenantError(f"tenant {tenant.name!r}: its {vendor} credential is that of tenant {other!r} already")
                self._tokens[vendor, token] = Held(tenant, site)
            for number, aliases in enumerate(names.sites):
                for alias in aliases:
                    self._sites.setdefault((vendor, alias), []).append(Held(tenant, number))
        self.all[tenant.name] = tenant

    def holder(self, vendor: str, token: str) -> Held | None:
        """Whose a credential is."""
        return self._tokens.get((vendor, token))

    def site(self, vendor: str, identifier: str, tenant: Tenant) -> int | None:
        """A tenant's site with an id in a vendor's terms."""
        return next((held.site for held in self._sites.get((vendor, identifier), ()) if held.tenant is tenant), None)

    def is_site(self, vendor: str, identifier: str) -> bool:
        """Whether any tenant has such a site."""
        return (vendor, identifier) in self._sites
