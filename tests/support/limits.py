"""Find the limits of endpoints, so that tests hold for all of them."""

from collections.abc import Iterable
from typing import TypeVar

from mockserver.contract.endpoint import Endpoint
from mockserver.contract.limits import ConcurrencyLimit, Limit
from mockserver.vendors.base import Vendor

AnyLimit = TypeVar("AnyLimit", bound=Limit)


def find_limits(
    pairs: Iterable[tuple[Vendor, Endpoint]], kind: type[AnyLimit]
) -> list[tuple[Vendor, Endpoint, AnyLimit]]:
    """Return every limit of a class, with its endpoint."""
    found: list[tuple[Vendor, Endpoint, AnyLimit]] = []
    for vendor, endpoint in pairs:
        found += [(vendor, endpoint, limit) for limit in endpoint.limits if isinstance(limit, kind)]
    return found


def has_limit(endpoint: Endpoint, kind: type[Limit] = ConcurrencyLimit) -> bool:
    """Return whether an endpoint has a limit of a class."""
    return any(isinstance(limit, kind) for limit in endpoint.limits)
