"""What things are called at Braze: keys, apps and segments all have UUIDs of version 4."""

from collections.abc import Mapping
from uuid import UUID

from mockserver.vendor import Names
from mockserver.world.hashing import digits
from mockserver.world.world import World


def names(key: int, world: World, given: Mapping[str, str]) -> Names:
    """Name a tenant's workspace by one REST key, and the world's sites as its apps."""
    token = given.get("token", _uuid(key, "token"))
    return Names(
        credentials={"token": token},
        tokens={token: None},
        sites=tuple((_uuid(key, "app", site.number),) for site in world.sites),
        segments={name: _uuid(key, "segment", name) for name in world.segments},
    )


def _uuid(*parts: int | str) -> str:
    return str(UUID(digits(32, *parts), version=4))
