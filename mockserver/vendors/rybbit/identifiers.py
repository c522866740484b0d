"""Rybbit's API keys and site ids."""

from collections.abc import Mapping
from string import ascii_letters
from string import digits as decimal_digits

from mockserver.vendors.base import VendorIdentifiers
from mockserver.world.model.hashing import digits
from mockserver.world.world import World

_ALPHANUMERIC = ascii_letters + decimal_digits


def build_identifiers(key: int, world: World, given: Mapping[str, str]) -> VendorIdentifiers:
    """Return a tenant's API key, which reads all sites, and the two ids of each site.

    The usual id of a site is its serial number; the second is the id in its tracking script.
    """
    token = given.get("token", "rb_" + digits(32, key, "token", alphabet=_ALPHANUMERIC))
    first_serial = 1000 + int(digits(9, key, "serial", alphabet=decimal_digits)) % 998_000
    return VendorIdentifiers(
        credentials={"token": token},
        tokens={token: None},
        sites=tuple(
            (str(first_serial + site.number), digits(12, key, "site", site.number)) for site in world.sites
        ),
        segments={},
    )
