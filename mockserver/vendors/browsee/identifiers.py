"""What things are called at Browsee. The shapes of keys and ids are assumed: no source gives them."""

from collections.abc import Mapping

from mockserver.vendors.base import VendorIdentifiers
from mockserver.world.model.hashing import digits
from mockserver.world.world import World


def names(key: int, world: World, given: Mapping[str, str]) -> VendorIdentifiers:
    """Name a tenant's projects by API keys; one secret key serves them all."""
    keys = [digits(48, key, "apiKey", site.number) for site in world.sites]
    keys[0] = given.get("apiKey", keys[0])
    secret = given.get("secretKey", digits(40, key, "secretKey"))
    return VendorIdentifiers(
        credentials={"apiKey": keys[0], "secretKey": secret},
        tokens={each: number for number, each in enumerate(keys)},
        secret=secret,
        sites=tuple((each,) for each in keys),
        segments={name: digits(24, key, "segment", name) for name in world.segments},
    )
