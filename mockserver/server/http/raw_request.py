"""A request as it was sent."""

from collections.abc import Mapping
from typing import NamedTuple

from multidict import CIMultiDict

from mockserver._util.printable import encodable


class RawRequest(NamedTuple):
    """All of a request that any vendor looks at."""

    method: str
    path: str
    """With its query, as it was sent."""
    host: str
    authorization: str
    body: bytes
    media_type: str = ""
    """Of a body that is no JSON object: how a refusal names what was sent instead."""


def encodable_headers(headers: Mapping[str, str]) -> Mapping[str, str]:
    """Return headers in which every byte that is not UTF-8 is written as an escape; the same object if there is none."""
    for name, value in headers.items():
        if not (name.isascii() and value.isascii()):
            return CIMultiDict([(encodable(name), encodable(value)) for name, value in headers.items()])
    return headers
