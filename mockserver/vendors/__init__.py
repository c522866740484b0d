"""The registry: a vendor is one folder and one line here."""

from collections.abc import Mapping
from functools import cache
from importlib import import_module

from mockserver._util.suggest import suggest
from mockserver.contract.behaviors import DIALECT, BehaviorError
from mockserver.contract.endpoint import ContractError
from mockserver.vendors.base import OBSERVED, Vendor

NAMES = (
    "braze",
    "browsee",
    "rybbit",
    "sparklytics",
)


@cache
def load() -> tuple[Vendor, ...]:
    """Return every vendor; raises :class:`ContractError` for one that could not be served."""
    return tuple(_loaded(name) for name in NAMES)


def _loaded(name: str) -> Vendor:
    place = f"{__name__}.{name}"
    vendor = getattr(import_module(place), "VENDOR", None)
    if not isinstance(vendor, Vendor):
        raise ContractError(
            f"{place}: VENDOR must be a Vendor, and is {'missing' if vendor is None else type(vendor).__name__}"
        )
    if vendor.name != name:
        raise ContractError(
            f"{place}: the contract's vendor is {vendor.name!r}; name it {name!r}, as its folder"
        )
    if not vendor.has_dialects:
        raise ContractError(f"{place}: VENDOR has no dialects; write VENDOR = speaking(Vendor(...))")
    return vendor


def named(name: str) -> Vendor:
    """The vendor with a name, as it documents itself; raises :class:`KeyError`."""
    return {vendor.name: vendor for vendor in load()}[name]


def every() -> tuple[Vendor, ...]:
    """Every vendor in every of its dialects."""
    return tuple(vendor for family in load() for vendor in family.dialects.values())


def dialects(said: str | Mapping[str, str]) -> dict[str, str]:
    """Behaviors of dialects by their full names: one for every vendor that has it, or one for each of some vendors.

    Raises :class:`BehaviorError` with the list for a name that nobody has.
    """
    if isinstance(said, str):
        found = {
            vendor.name: vendor.in_dialect(said).dialect
            for vendor in load()
            if said in (OBSERVED, *vendor.dialects)
        }
        if not found:
            known = dict.fromkeys(name for vendor in load() for name in vendor.dialects)
            raise BehaviorError(
                f"no vendor has a dialect {said!r}; known are {', '.join([*known, OBSERVED])}"
            )
    else:
        for name in said:
            if name not in NAMES:
                raise BehaviorError(f"dialect: there is no vendor {name!r}; {suggest(name, NAMES)}")
        found = {name: named(name).in_dialect(dialect).dialect for name, dialect in said.items()}
    return {f"{name}.{DIALECT}": dialect for name, dialect in found.items()}
