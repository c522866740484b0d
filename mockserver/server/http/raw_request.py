"""A request before it is parsed."""

from collections.abc import Mapping
from typing import NamedTuple

from aiohttp import web
from aiohttp.hdrs import AUTHORIZATION, HOST, METH_CONNECT
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


def has_path(request: web.BaseRequest) -> bool:
    """Return whether the target has a path, unlike ``OPTIONS *`` and ``GET http://host``."""
    return request.rel_url.raw_path.startswith("/")


def read_head(request: web.Request) -> RawRequest:
    """Return a request without its body."""
    # A byte that is not UTF-8 would fail wherever the text is encoded again.
    return RawRequest(
        encodable(request.method),
        encodable(_get_target(request)),
        encodable(_get_host(request)),
        encodable(request.headers.get(AUTHORIZATION, "")),
        b"",
    )


def _get_target(request: web.Request) -> str:
    """Return path and query as they were sent.

    A client behind a proxy sends a whole URL, whose host is removed.
    """
    path = request.raw_path
    if not is_url(request):
        return path
    path = request.rel_url.raw_path_qs
    return path if path.startswith("/") else f"/{path}"


def _get_host(request: web.Request) -> str:
    """Return the host in a whole URL, else that in the header."""
    host = request.url.host_port_subcomponent if is_url(request) else None
    return request.headers.get(HOST, "") if host is None else host


def is_url(request: web.Request) -> bool:
    """Return whether the target is a whole URL, as clients send it to a proxy."""
    path = request.raw_path
    return not path.startswith("/") and path != "*" and request.method != METH_CONNECT
