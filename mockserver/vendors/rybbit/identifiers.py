"""What things are called at Rybbit."""

from collections.abc import Mapping
from string import ascii_letters
from string import digits as figures

from mockserver.vendors.base import VendorIdentifiers
from mockserver.world.model.hashing import digits
from mockserver.world.world import World


def names(key: int, world: World, given: Mapping[str, str]) -> VendorIdentifiers:
    """Name a tenant's sites by serial numbers and, second, by the ids of their tracking scripts; one API key reads all."""
    token = given.get("token", "rb_" + digits(32, key, "token", alphabet=ascii_letters + figures))
    first = 1000 + int(digits(9, key, "serial", alphabet=figures)) % 998_000
    return VendorIdentifiers(
        credentials={"token": token},
        tokens={token: None},
        sites=tuple((str(first + site.number), digits(12, key, "site", site.number)) for site in world.sites),
        segments={},
    )
