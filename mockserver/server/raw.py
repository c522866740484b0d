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
    media_type: str = ""
    """Of a body that is no JSON object: how a refusal names what was sent instead."""
