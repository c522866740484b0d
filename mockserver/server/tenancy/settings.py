"""The settings of a tenant as one value: its world, behaviors, credentials and number of clients."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Self

from msgspec import Struct
from msgspec.structs import replace

from mockserver._util.content_coding import MissingPackageError, check_available
from mockserver._util.places import PlacedError
from mockserver._util.suggest import suggest
from mockserver.contract.behaviors import DIALECT, ENCODING, BehaviorError, short_name
from mockserver.vendors import NAMES, load
from mockserver.vendors.base import Vendor, VendorIdentifiers
from mockserver.world.model.hashing import key
from mockserver.world.world import World


class TenantError(PlacedError):
    """A duplicate or unknown credential or tenant; the message names it."""


class TenantSettings(Struct, frozen=True, kw_only=True, eq=False):
    """World, behaviors and credentials of a tenant, with what follows from them.

    Settings are valid: invalid ones raise an exception when they are created.
    """

    key: int
    """Generated identifiers follow from it; it follows from the seed of the tenant's first world."""
    world: World
    """The world without tracked data and without the changes that faults make."""
    identifiers: Mapping[str, VendorIdentifiers]
    """By vendor."""
    vendors: Mapping[str, Vendor]
    """Each vendor in the tenant's dialect."""
    behaviors: Mapping[str, Mapping[str, Any]]
    """Every behavior by vendor and short name."""
    explicit_behaviors: Mapping[str, str | int]
    """The behaviors that were set, by full name; the others have the defaults of the dialects."""
    explicit_credentials: Mapping[str, Mapping[str, str]]
    """The credentials that were set, by vendor and name; the others are generated."""
    one_client: bool = False
    """True if a single client sends all requests, and none for the same rows twice at once: a request that
    follows an identical refused one is its retry. Otherwise it may be that of a client that did not see the
    refusal."""

    @classmethod
    def create(
        cls,
        name: str,
        world: World,
        behaviors: Mapping[str, str | int],
        credentials: Mapping[str, str],
        *,
        tenant_key: int | None = None,
    ) -> Self:
        """Return the settings of the tenant *name*; *tenant_key* is that of an earlier tenant.

        Raise :class:`TenantError` or :class:`BehaviorError` for an unknown credential or invalid behavior.
        """
        if tenant_key is None:
            tenant_key = key(world.spec.seed, "tenant", name)
        explicit_credentials = _group_by_vendor(credentials)
        identifiers = _create_identifiers(tenant_key, world, explicit_credentials)
        vendors = _select_dialects(behaviors)
        return cls(
            key=tenant_key,
            world=world,
            identifiers=identifiers,
            vendors=vendors,
            behaviors=_resolve_behaviors(vendors, behaviors),
            explicit_behaviors=dict(behaviors),
            explicit_credentials=explicit_credentials,
        )

    def with_world(self, world: World) -> Self:
        """Return settings with another world; credentials stay the same if the number of sites does.

        Raise :class:`TenantError` if a credential that was set does not exist in the new world.
        """
        identifiers = _create_identifiers(self.key, world, self.explicit_credentials)
        return replace(self, world=world, identifiers=identifiers)

    def with_behaviors(self, changes: Mapping[str, str | int]) -> Self:
        """Return settings with other values of some behaviors; raise :class:`BehaviorError` if invalid."""
        explicit = {**self.explicit_behaviors, **changes}
        vendors = _select_dialects(explicit)
        return replace(
            self,
            vendors=vendors,
            behaviors=_resolve_behaviors(vendors, explicit),
            explicit_behaviors=explicit,
        )

    def all_behaviors(self) -> dict[str, str | int]:
        """Return the value of every behavior by its full name."""
        return {
            f"{vendor}.{name}": value
            for vendor, behaviors in self.behaviors.items()
            for name, value in behaviors.items()
        }


def _group_by_vendor(credentials: Mapping[str, str]) -> dict[str, dict[str, str]]:
    by_vendor: dict[str, dict[str, str]] = {name: {} for name in NAMES}
    for name, value in credentials.items():
        vendor, _, short = name.partition(".")
        if vendor not in by_vendor or not short:
            raise TenantError(
                f"credential {name!r}: invalid name; expected <vendor>.<credential>,"
                f" vendors are {', '.join(by_vendor)}",
                path=("credentials", name),
            )
        by_vendor[vendor][short] = value
    return by_vendor


def _create_identifiers(
    tenant_key: int, world: World, credentials: Mapping[str, Mapping[str, str]]
) -> dict[str, VendorIdentifiers]:
    by_vendor: dict[str, VendorIdentifiers] = {}
    for vendor in load():
        explicit = credentials[vendor.name]
        identifiers = vendor.create_identifiers(key(tenant_key, vendor.name), world, explicit)
        for name in explicit:
            if name not in identifiers.credentials:
                known = ", ".join(f"{vendor.name}.{credential}" for credential in identifiers.credentials)
                full_name = f"{vendor.name}.{name}"
                raise TenantError(
                    f"unknown credential {full_name!r}; known are {known}", path=("credentials", full_name)
                )
        by_vendor[vendor.name] = identifiers
    return by_vendor


def _select_dialects(explicit: Mapping[str, str | int]) -> dict[str, Vendor]:
    selected = {}
    for vendor in load():
        name = f"{vendor.name}.{DIALECT}"
        try:
            selected[vendor.name] = vendor.in_dialect(str(explicit.get(name, vendor.dialect)))
        except BehaviorError as error:
            error.path = (name,)
            raise
    return selected


def _resolve_behaviors(
    vendors: Mapping[str, Vendor], explicit: Mapping[str, str | int]
) -> dict[str, dict[str, Any]]:
    """Return all behaviors by vendor and short name: the defaults of the dialects, and *explicit* ones."""
    resolved = {name: dict(default_behaviors(vendor)) for name, vendor in vendors.items()}
    if not explicit:
        return resolved
    known = {behavior.name: behavior for vendor in vendors.values() for behavior in vendor.contract.behaviors}
    for name, value in explicit.items():
        if name not in known:
            raise BehaviorError(f"unknown behavior {name!r}; {suggest(name, known)}", path=(name,))
        vendor_name, _, short = name.partition(".")
        # The name of a dialect may be an alias, such as "observed".
        setting = vendors[vendor_name].dialect if short == DIALECT else value
        resolved[vendor_name][short] = known[name].read(setting)
        if short == ENCODING:
            try:
                check_available(str(setting))
            except MissingPackageError as error:
                raise BehaviorError(f"{name}: {error}", path=(name,)) from None
    return resolved


@cache
def default_behaviors(vendor: Vendor) -> Mapping[str, Any]:
    """Return the default of every behavior of a vendor's dialect, by short name."""
    return {
        short_name(behavior.name): behavior.read(behavior.default) for behavior in vendor.contract.behaviors
    }
