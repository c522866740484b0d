"""A request as it was sent."""

from typing import NamedTuple


class Raw(NamedTuple):
    """All of a request that any vendor looks at."""

    method: str
    path: str
    """With its query, as it was sent."""
    host: str
    authorization: str
    body: bytes
