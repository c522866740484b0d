"""What things are called at Sparklytics."""

from collections.abc import Mapping
from string import ascii_lowercase
from string import digits as decimals

from mockserver.vendors.base import VendorIdentifiers
from mockserver.world.model.hashing import digits
from mockserver.world.world import World


def names(key: int, world: World, given: Mapping[str, str]) -> VendorIdentifiers:
    """Name a tenant's websites; one API key reads them all."""
    token = given.get("token", "spk_selfhosted_" + digits(32, key, "token"))
    ids = [
        "site_" + digits(10, key, "site", site.number, alphabet=decimals + ascii_lowercase)
        for site in world.sites
    ]
    return VendorIdentifiers(
        credentials={"token": token},
        tokens={token: None},
        sites=tuple((each,) for each in ids),
        segments={},
    )
