"""Identifiers of a tenant at Browsee. The formats of keys and ids are assumed: no source shows them."""

from collections.abc import Mapping

from mockserver.vendors.base import VendorIdentifiers
from mockserver.world.model.hashing import digits
from mockserver.world.world import World


def create_identifiers(key: int, world: World, given: Mapping[str, str]) -> VendorIdentifiers:
    """Return an API key for each project, and one secret key for all of them."""
    api_keys = [digits(48, key, "apiKey", site.number) for site in world.sites]
    api_keys[0] = given.get("apiKey", api_keys[0])
    secret = given.get("secretKey", digits(40, key, "secretKey"))
    return VendorIdentifiers(
        credentials={"apiKey": api_keys[0], "secretKey": secret},
        tokens={api_key: number for number, api_key in enumerate(api_keys)},
        secret=secret,
        sites=tuple((api_key,) for api_key in api_keys),
        segments={name: digits(24, key, "segment", name) for name in world.segments},
    )
