"""The interface of a vendor's folder: a contract, identifiers of a tenant, and a view for each endpoint."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from mockserver._util.suggest import suggest
from mockserver.contract.behaviors import DIALECT, DOCUMENTED, BehaviorError, common_behaviors, label
from mockserver.contract.endpoint import Contract, ContractError, Endpoint
from mockserver.vendors.row_formats import RowFormat
from mockserver.world.generator.tracked import Identity, TrackedEvent
from mockserver.world.model.segments import Segment
from mockserver.world.world import Site, World

__all__ = [
    "OBSERVED",
    "IdentifierFactory",
    "Vendor",
    "VendorIdentifiers",
    "View",
    "ViewRequest",
    "ViewResult",
    "with_dialects",
]


class VendorIdentifiers(Struct, frozen=True, kw_only=True):
    """Credentials of a tenant at a vendor, and the vendor's ids of the tenant's sites and segments."""

    credentials: dict[str, str]
    """Credentials for a client by their names in the contract, such as ``{"token": …}``."""
    tokens: dict[str, int | None]
    """Each key that authenticates as the tenant, with the number of the site that it selects, if any."""
    secret: str | None = None
    """Secret that must be sent together with a key, for endpoints that require one."""
    sites: tuple[tuple[str, ...], ...]
    """The ids of each site, the preferred id first."""
    segments: dict[str, str]
    """The vendor's id of each segment, by the segment's name."""

    def __repr__(self) -> str:
        # Leave out the fields, most of which are credentials.
        return f"<identifiers of {len(self.sites)} sites>"


class ViewRequest(Struct, frozen=True, kw_only=True):
    """The input of a view: a parsed request and the tenant's state as values."""

    query: Any
    """The endpoint's query struct, ``None`` if it has none."""
    body: Any
    """The endpoint's body struct, ``None`` if it has none."""
    path: Mapping[str, str]
    """Path parameters by name."""
    world: World
    site: Site
    """The site that the path or the credential selects; by default the first."""
    now: int
    """Time of the tenant's clock in Unix milliseconds."""
    reference: int | None = None
    """Instant that default and relative time ranges refer to; None for ``now``."""
    behaviors: Mapping[str, Any]
    """The setting of every behavior of the vendor, by its name without the vendor's prefix."""
    identifiers: VendorIdentifiers

    @property
    def range_now(self) -> int:
        """The instant that default and relative time ranges refer to."""
        return self.now if self.reference is None else self.reference

    def segment(self, identifier: str | None) -> Segment | None:
        """Return the segment with the vendor's *identifier*, or None if there is none."""
        for name, known in self.identifiers.segments.items():
            if known == identifier:
                return self.world.segments[name]
        return None


class ViewResult(Struct, frozen=True):
    """The output of a view: the body of a response with status 200."""

    body: bytes
    """JSON."""
    side_effect: TrackedEvent | Identity | None = None
    """Data that the request adds to the site."""


OBSERVED = "observed"
"""Alias, for every vendor, of the dialect that is closest to the real service."""
View = Callable[[ViewRequest], ViewResult]
"""Produces an endpoint's response, or raises ``ApiError``."""
IdentifierFactory = Callable[[int, World, Mapping[str, str]], VendorIdentifiers]
"""Derives a tenant's identifiers from its key, its world and the credentials that were set explicitly."""


class Vendor:
    """A vendor in one of its dialects: a contract with its views."""

    dialects: Mapping[str, "Vendor"]
    """The same vendor in each of its dialects by name, including this one."""
    observed: str
    """Name of the dialect that is closest to the real service."""

    def __init__(
        self,
        contract: Contract,
        create_identifiers: IdentifierFactory,
        views: Mapping[str, View],
        row_formats: Mapping[str, RowFormat] | None = None,
    ) -> None:
        self._endpoints = {endpoint.name: endpoint for endpoint in contract.endpoints}
        _check_names(contract.vendor, "endpoints without a view", self._endpoints, views)
        _check_names(contract.vendor, "views without an endpoint", views, self._endpoints)
        self.row_formats = row_formats or {}
        """How the rows of an endpoint are read from a file, by its name."""
        self.contract = contract
        self.create_identifiers = create_identifiers
        self.name = contract.vendor
        self.dialect = contract.dialect
        self.dialects = {self.dialect: self}
        self.observed = self.dialect
        self._views = views

    @property
    def has_dialects(self) -> bool:
        """True if the vendor was passed to :func:`with_dialects`; others cannot be served."""
        return f"{self.name}.{DIALECT}" in {behavior.name for behavior in self.contract.behaviors}

    @property
    def label(self) -> str:
        """The vendor's name, followed by the dialect unless it is the documented one."""
        return label(self.name, self.dialect)

    def endpoint(self, name: str) -> Endpoint:
        """Return the endpoint with a name; raise :class:`KeyError` if there is none."""
        return self._endpoints[name]

    def in_dialect(self, dialect: str) -> "Vendor":
        """Return the vendor in a dialect or in ``observed``; raise :class:`BehaviorError` if unknown."""
        name = self.observed if dialect == OBSERVED else dialect
        if name not in self.dialects:
            known = ", ".join([*self.dialects, OBSERVED])
            raise BehaviorError(
                f"{self.name}: unknown dialect {dialect!r}; known are {known}", path=(self.name,)
            )
        return self.dialects[name]

    def respond(self, endpoint: Endpoint, request: ViewRequest) -> ViewResult:
        """Return the result of the endpoint's view; raise the ``ApiError`` that the view raises."""
        return self._views[endpoint.name](request)


def _check_names(vendor: str, problem: str, names: Iterable[str], known: Iterable[str]) -> None:
    unknown = sorted(set(names).difference(known))
    if unknown:
        raise ContractError(f"{vendor}: {problem}: {', '.join(unknown)}; {suggest(unknown[0], known)}")


def with_dialects(default: Vendor, *others: Vendor, observed: str = DOCUMENTED) -> Vendor:
    """Combine the dialects of one vendor and return the documented one.

    Each of them gets the others as ``dialects``, and the behavior that selects one.
    Raises :class:`ContractError` if they differ in endpoints, methods or behaviors,
    or if a path belongs to different endpoints.
    """
    dialects = {vendor.dialect: vendor for vendor in (default, *others)}
    if len(dialects) <= len(others):
        raise ContractError(
            f"{default.name}: two dialects have the same name; names are {', '.join(dialects)}"
        )
    for name in (DOCUMENTED, observed):
        if name not in dialects:
            raise ContractError(f"{default.name}: unknown dialect {name!r}; {suggest(name, dialects)}")
    for vendor in others:
        _check_compatible(default, vendor)
    descriptions = {name: vendor.contract.description for name, vendor in dialects.items()}
    behaviors = common_behaviors(default.name, descriptions)
    for vendor in dialects.values():
        if vendor.has_dialects:
            raise ContractError(
                f"{vendor.name}: dialect {vendor.dialect!r} was passed to with_dialects() twice; "
                "create a Vendor for each call"
            )
        vendor.contract = replace(vendor.contract, behaviors=(*behaviors, *vendor.contract.behaviors))
        vendor.dialects = dialects
        vendor.observed = observed
    return default.in_dialect(DOCUMENTED)


def _check_compatible(default: Vendor, other: Vendor) -> None:
    differences = _common_properties(default) ^ _common_properties(other)
    names_by_path = _endpoint_names_by_path(default)
    moved_paths = [
        path for path, name in _endpoint_names_by_path(other).items() if names_by_path.get(path, name) != name
    ]
    if differences or moved_paths:
        raise ContractError(
            f"{default.name}: dialect {other.dialect!r} differs in {moved_paths or sorted(differences)}"
        )


def _endpoint_names_by_path(vendor: Vendor) -> dict[str, str]:
    names: dict[str, str] = {}
    for endpoint in vendor.contract.endpoints:
        names.update(dict.fromkeys(endpoint.paths, endpoint.name))
    return names


def _common_properties(vendor: Vendor) -> set[str]:
    """Return the properties that all dialects of a vendor must share."""
    endpoints = {
        f"{endpoint.method} {endpoint.name} {'with' if endpoint.body else 'without'} a body"
        for endpoint in vendor.contract.endpoints
    }
    return endpoints | {behavior.name for behavior in vendor.contract.behaviors}
