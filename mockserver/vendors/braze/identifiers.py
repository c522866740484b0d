"""What things are called at Braze: keys, apps and segments all have UUIDs of version 4."""

from collections.abc import Mapping

from mockserver.vendors.base import VendorIdentifiers
from mockserver.world.model.hashing import digits
from mockserver.world.world import World


def names(key: int, world: World, given: Mapping[str, str]) -> VendorIdentifiers:
    """Name a tenant's workspace by one REST key, and the world's sites as its apps."""
    token = given.get("token", _uuid(key, "token"))
    return VendorIdentifiers(
        credentials={"token": token},
        tokens={token: None},
        sites=tuple((_uuid(key, "app", site.number),) for site in world.sites),
        segments={name: _uuid(key, "segment", name) for name in world.segments},
    )


def _uuid(*parts: int | str) -> str:
    """A UUID of version 4, written out: every test has a dozen, and the class of the standard library takes as long as to draw them."""
    drawn = digits(32, *parts)
    return f"{drawn[:8]}-{drawn[8:12]}-4{drawn[13:16]}-{'89ab'[int(drawn[16], 16) % 4]}{drawn[17:20]}-{drawn[20:]}"
