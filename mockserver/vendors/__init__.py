"""The registry of vendors: a vendor is a folder here and a line in ``NAMES``."""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from itertools import chain

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
    """Return every vendor; raise :class:`ContractError` if a vendor's folder is invalid."""
    return tuple(_load_vendor(name) for name in NAMES)


def _load_vendor(name: str) -> Vendor:
    module = f"{__name__}.{name}"
    vendor = getattr(import_module(module), "VENDOR", None)
    if not isinstance(vendor, Vendor):
        got = "VENDOR is missing" if vendor is None else f"VENDOR is a {type(vendor).__name__}"
        raise ContractError(f"{module}: {got}; write VENDOR = with_dialects(Vendor(...))")
    if vendor.name != name:
        raise ContractError(
            f"{module}: the contract is of vendor {vendor.name!r}; name it {name!r}, like its folder"
        )
    if not vendor.has_dialects:
        raise ContractError(f"{module}: VENDOR has no dialects; write VENDOR = with_dialects(Vendor(...))")
    return vendor


def get_vendor(name: str) -> Vendor:
    """Return the vendor with a name in its documented dialect; raise :class:`KeyError` if there is none."""
    return {vendor.name: vendor for vendor in load()}[name]


def load_dialects() -> tuple[Vendor, ...]:
    """Return every vendor in each of its dialects."""
    return tuple(chain.from_iterable(vendor.dialects.values() for vendor in load()))


def resolve_dialects(setting: str | Mapping[str, str]) -> dict[str, str]:
    """Return the dialect behaviors that a setting selects, by their full names, such as ``braze.dialect``.

    A text selects the dialect for every vendor that has it; a mapping selects a dialect for each vendor in
    it. Raises :class:`BehaviorError` with the known names for an unknown vendor or dialect.
    """
    if isinstance(setting, str):
        selected = _resolve_for_all(setting)
    else:
        for name in setting:
            if name not in NAMES:
                raise BehaviorError(f"dialect: unknown vendor {name!r}; {suggest(name, NAMES)}", path=(name,))
        selected = {name: get_vendor(name).in_dialect(dialect).dialect for name, dialect in setting.items()}
    return {f"{name}.{DIALECT}": dialect for name, dialect in selected.items()}


def _resolve_for_all(dialect: str) -> dict[str, str]:
    """Return the name of the dialect by vendor, for the vendors that have it."""
    selected = {
        vendor.name: vendor.in_dialect(dialect).dialect
        for vendor in load()
        if dialect in (OBSERVED, *vendor.dialects)
    }
    if not selected:
        names = dict.fromkeys(vendor.dialect for vendor in load_dialects())
        known = ", ".join([*names, OBSERVED])
        raise BehaviorError(f"no vendor has a dialect {dialect!r}; known are {known}")
    return selected
