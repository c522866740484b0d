"""What a vendor's folder provides: its contract, the names of things in its terms, and a view for each endpoint."""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from mockserver._util.suggest import suggest
from mockserver.contract.behaviors import DIALECT, DOCUMENTED, BehaviorError, common, label
from mockserver.contract.endpoint import Contract, ContractError, Endpoint
from mockserver.world.generator.tracked import Identity, TrackedEvent
from mockserver.world.model.segments import Segment
from mockserver.world.world import Site, World

__all__ = ["OBSERVED", "Vendor", "VendorIdentifiers", "View", "ViewRequest", "ViewResult", "speaking"]


class VendorIdentifiers(Struct, frozen=True, kw_only=True):
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

    def __repr__(self) -> str:
        return f"<names of {len(self.sites)} sites>"  # Nearly all of them are credentials.


class ViewRequest(Struct, frozen=True, kw_only=True):
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
    behaviors: Mapping[str, Any]
    """The setting of every behavior of the vendor, by its name without the vendor's."""
    names: VendorIdentifiers

    def segment(self, identifier: str | None) -> Segment | None:
        """The segment that the vendor knows by an id, if there is one."""
        return next(
            (self.world.segments[name] for name, known in self.names.segments.items() if known == identifier),
            None,
        )


class ViewResult(Struct, frozen=True):
    """What an endpoint answers, status 200."""

    body: bytes
    """JSON."""
    side_effect: TrackedEvent | Identity | None = None
    """What becomes part of the site's overlay."""


OBSERVED = "observed"
"""The name that means, for every vendor, the dialect closest to the real service."""
View = Callable[[ViewRequest], ViewResult]
IdentifierFactory = Callable[[int, World, Mapping[str, str]], VendorIdentifiers]
"""From a tenant's key, its world, and the credentials somebody set, to names; raises KeyError for a credential it has not."""


class Vendor:
    """A contract bound to its views: a vendor in one of its dialects."""

    dialects: Mapping[str, "Vendor"]
    """The same vendor in each of its dialects by name, this one among them."""
    observed: str
    """The dialect that is closest to the real service."""

    def __init__(self, contract: Contract, names: IdentifierFactory, views: Mapping[str, View]) -> None:
        contract.check()
        endpoints = {endpoint.name for endpoint in contract.endpoints}
        if missing := sorted(endpoints - set(views)):
            raise ContractError(
                f"{contract.vendor}: endpoints without a view: {', '.join(missing)}; {suggest(missing[0], views)}"
            )
        if unknown := sorted(set(views) - endpoints):
            raise ContractError(
                f"{contract.vendor}: views without an endpoint: {', '.join(unknown)}; {suggest(unknown[0], endpoints)}"
            )
        self.contract, self.names, self._views = contract, names, views
        self.name, self.dialect = contract.vendor, contract.dialect
        self._endpoints = {endpoint.name: endpoint for endpoint in contract.endpoints}
        self.dialects, self.observed = {self.dialect: self}, self.dialect

    @property
    def has_dialects(self) -> bool:
        """Return whether :func:`speaking` has made it one of a vendor's dialects; only then can it be served."""
        return f"{self.name}.{DIALECT}" in {behavior.name for behavior in self.contract.behaviors}

    @property
    def label(self) -> str:
        """Its name, with the dialect where that is not the documented one."""
        return label(self.name, self.dialect)

    def endpoint(self, name: str) -> Endpoint:
        """The endpoint with a name, or :class:`KeyError`."""
        return self._endpoints[name]

    def in_dialect(self, dialect: str) -> "Vendor":
        """The vendor in another dialect, ``observed`` among them; raises :class:`BehaviorError` with the list for one it has not."""
        name = self.observed if dialect == OBSERVED else dialect
        if name not in self.dialects:
            raise BehaviorError(
                f"{self.name} has no dialect {dialect!r}; it has {', '.join([*self.dialects, OBSERVED])}"
            )
        return self.dialects[name]

    def respond(self, endpoint: Endpoint, asked: ViewRequest) -> ViewResult:
        """Let the endpoint's view answer, or raise what it raises: Refused."""
        return self._views[endpoint.name](asked)


def speaking(default: Vendor, *others: Vendor, observed: str = DOCUMENTED) -> Vendor:
    """Make dialects one vendor: each knows the others, and all have the behavior between them.

    Raises :class:`ContractError` where they differ in what holds for all: endpoints, methods, behaviors, and which endpoint a path means.
    """
    dialects = {vendor.dialect: vendor for vendor in (default, *others)}
    if len(dialects) <= len(others):
        raise ContractError(
            f"{default.name}: two dialects have the same name; they are {', '.join(dialects)}"
        )
    for name in (DOCUMENTED, observed):
        if name not in dialects:
            raise ContractError(f"{default.name}: there is no dialect {name!r}; {suggest(name, dialects)}")
    for vendor in others:
        _check_alike(default, vendor)
    told = common(default.name, {name: vendor.contract.description for name, vendor in dialects.items()})
    for vendor in dialects.values():
        if vendor.has_dialects:
            raise ContractError(
                f"{vendor.name}: dialect {vendor.dialect!r} was passed to speaking() twice; make a Vendor for each use"
            )
        vendor.contract = replace(vendor.contract, behaviors=(*told, *vendor.contract.behaviors))
        vendor.dialects, vendor.observed = dialects, observed
    return default.in_dialect(DOCUMENTED)


def _check_alike(default: Vendor, other: Vendor) -> None:
    one, two = _common_to_all(default), _common_to_all(other)
    paths = {path: endpoint.name for endpoint in default.contract.endpoints for path in endpoint.paths}
    moved = [
        path
        for each in other.contract.endpoints
        for path in each.paths
        if paths.get(path, each.name) != each.name
    ]
    if one != two or moved:
        raise ContractError(
            f"{default.name}: dialect {other.dialect!r} differs in {moved or sorted(one ^ two)}"
        )


def _common_to_all(vendor: Vendor) -> set[str]:
    endpoints = {
        f"{each.method} {each.name} {'with' if each.body else 'without'} a body"
        for each in vendor.contract.endpoints
    }
    return endpoints | {behavior.name for behavior in vendor.contract.behaviors}
