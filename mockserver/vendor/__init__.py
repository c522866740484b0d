"""What a vendor's folder provides: its contract, the names of things in its terms, and a view for each endpoint."""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from mockserver.contract.endpoint import Contract, ContractError, Endpoint
from mockserver.world.overlay import Identity, TrackedEvent
from mockserver.world.world import Site, World

__all__ = ["Answer", "Asked", "Names", "Vendor"]


class Names(Struct, frozen=True, kw_only=True):
    """How a vendor names one tenant's things."""

    credentials: dict[str, str]
    """What a client is given, such as ``{"token": …}``."""
    tokens: dict[str, int | None]
    """Each presented key that belongs to the tenant, with the site it names, if it names one."""
    secret: str | None = None
    """What must accompany the key, where an endpoint asks for it."""
    sites: tuple[tuple[str, ...], ...]
    """For each site the ids it answers to, the usual one first."""
    segments: dict[str, str]
    """Segment name to the vendor's id for it."""


class Asked(Struct, frozen=True, kw_only=True):
    """Everything a view may know: a typed request and the tenant's state as values."""

    query: Any
    """The endpoint's query struct, ``None`` where it has none."""
    body: Any
    """The endpoint's body struct, ``None`` where it has none."""
    path: Mapping[str, str]
    world: World
    site: Site
    """The site that the path or the credential names; the first where neither does."""
    now: int
    """The tenant's clock, Unix milliseconds."""
    choices: Mapping[str, Any]
    """The setting of every choice of the vendor, by its name without the vendor's."""
    names: Names


class Answer(Struct, frozen=True):
    """What an endpoint answers, status 200."""

    body: bytes
    """JSON."""
    recorded: TrackedEvent | Identity | None = None
    """What becomes part of the site's overlay."""


View = Callable[[Asked], Answer]
Namer = Callable[[int, World, Mapping[str, str]], Names]
"""From a tenant's key, its world, and the credentials somebody set, to names; raises KeyError for a credential it has not."""


class Vendor:
    """A contract bound to its views."""

    def __init__(self, contract: Contract, names: Namer, views: Mapping[str, View]) -> None:
        contract.check()
        endpoints = {endpoint.name for endpoint in contract.endpoints}
        if endpoints != set(views):
            raise ContractError(
                f"{contract.vendor}: endpoints without a view or views without an endpoint: {sorted(endpoints ^ set(views))}"
            )
        self.contract, self.names, self._views = contract, names, views
        self.name = contract.vendor

    def answer(self, endpoint: Endpoint, asked: Asked) -> Answer:
        """Let the endpoint's view answer, or raise what it raises: Refused."""
        return self._views[endpoint.name](asked)
