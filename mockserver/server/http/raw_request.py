"""A request before it is parsed."""

from collections.abc import Mapping
from typing import NamedTuple

from multidict import CIMultiDict

from mockserver._util.printable import encodable


class RawRequest(NamedTuple):
    """The parts of a request that any vendor uses."""

    method: str
    path: str
    """With the query, not decoded."""
    host: str
    authorization: str
    body: bytes
    media_type: str = ""
    """Media type of a body that is not a JSON object, for error messages; else empty."""


def encodable_headers(headers: Mapping[str, str]) -> Mapping[str, str]:
    """Return headers with bytes that are not UTF-8 escaped; the same object if there are none."""
    for name, value in headers.items():
        if not (name.isascii() and value.isascii()):
            return CIMultiDict([(encodable(name), encodable(value)) for name, value in headers.items()])
    return headers
