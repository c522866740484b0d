"""The registry: a vendor is one folder and one line here."""

from functools import cache
from importlib import import_module

from mockserver.vendor import Vendor

NAMES = (
    "braze",
    "browsee",
    "rybbit",
    "sparklytics",
)


@cache
def load() -> tuple[Vendor, ...]:
    """Every vendor, its contract checked."""
    return tuple(import_module(f"{__name__}.{name}").VENDOR for name in NAMES)
