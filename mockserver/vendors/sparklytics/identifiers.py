"""Identifiers of a tenant at Sparklytics."""

from collections.abc import Mapping
from string import ascii_lowercase
from string import digits as decimal_digits

from mockserver.vendors.base import VendorIdentifiers
from mockserver.world.model.hashing import digits
from mockserver.world.world import World

_SITE_ALPHABET = decimal_digits + ascii_lowercase


def create_identifiers(key: int, world: World, given: Mapping[str, str]) -> VendorIdentifiers:
    """Return one API key for all websites, and an id for each website."""
    token = given.get("token", "spk_selfhosted_" + digits(32, key, "token"))
    return VendorIdentifiers(
        credentials={"token": token},
        tokens={token: None},
        sites=tuple(
            ("site_" + digits(10, key, "site", site.number, alphabet=_SITE_ALPHABET),) for site in world.sites
        ),
        segments={},
    )
