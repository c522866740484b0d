"""Choose the combinations of a sweep over dialects."""

from collections.abc import Sequence
from typing import TypeVar

from mockserver.contract.endpoint import Endpoint
from mockserver.vendors import load
from mockserver.vendors.base import Vendor

Pair = tuple[Vendor, Endpoint]
Value = TypeVar("Value")
SHARE = 3


def cross(pairs: Sequence[Pair], values: Sequence[Value]) -> list[tuple[Pair, Value]]:
    """Return the combinations of endpoints and values that a sweep tests.

    An endpoint of a vendor's first dialect meets every value. The other dialects change fields, not paging: each of
    their endpoints meets every third value, and they begin at different ones, so that each value meets some of them.
    """
    first = load()
    return [
        (pair, value)
        for place, pair in enumerate(pairs)
        for number, value in enumerate(values)
        if pair[0] in first or (place + number) % SHARE == 0
    ]
