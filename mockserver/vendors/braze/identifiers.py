"""Identifiers of a tenant at Braze: keys, apps and segments all have UUIDs of version 4."""

from collections.abc import Mapping
from typing import Final

from mockserver.vendors.base import VendorIdentifiers
from mockserver.world.model.hashing import digits
from mockserver.world.world import World

_VARIANTS: Final = {digit: "89ab"[int(digit, 16) % 4] for digit in "0123456789abcdef"}


def create_identifiers(key: int, world: World, given: Mapping[str, str]) -> VendorIdentifiers:
    """Return one REST key for the workspace, and an app id for each site."""
    token = given.get("token", _uuid(key, "token"))
    return VendorIdentifiers(
        credentials={"token": token},
        tokens={token: None},
        sites=tuple((_uuid(key, "app", site.number),) for site in world.sites),
        segments={name: _uuid(key, "segment", name) for name in world.segments},
    )


def _uuid(*parts: int | str) -> str:
    """Return a UUID of version 4.

    Formatting with :class:`uuid.UUID` would double the time of drawing its digits.
    """
    drawn = digits(32, *parts)
    return f"{drawn[:8]}-{drawn[8:12]}-4{drawn[13:16]}-{_VARIANTS[drawn[16]]}{drawn[17:20]}-{drawn[20:]}"
