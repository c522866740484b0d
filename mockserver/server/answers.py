"""What goes back over the wire: a view's answer, a refusal in the vendor's shape, or the mock's own not found."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web
from msgspec import json

from mockserver import __version__
from mockserver.contract.choices import ByChoice, short_name
from mockserver.contract.errors import Refused, filled
from mockserver.server.reading import Raw
from mockserver.server.router import Miss, NearMiss
from mockserver.vendor import Vendor

_JSON = "application/json"
SERVER = f"session-mock/{__version__}"


def answered(body: bytes, headers: Mapping[str, str]) -> web.Response:
    """An answer of status 200."""
    return web.Response(body=body, headers={"Content-Type": _JSON, "Server": SERVER, **headers})


def refused(
    vendor: Vendor, refusal: Refused, raw: Raw, choices: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> web.Response:
    """A refusal in the vendor's own shape, by the defaults of choices that are not given.

    A header says on what basis we believe that the vendor answers so.
    """
    shape = vendor.contract.errors[refusal.error]
    status = shape.status
    if isinstance(status, ByChoice):
        default = vendor.contract.choice(status.choice).default
        status = status.statuses[str(choices.get(short_name(status.choice), default))]
    details = {"message": "", "field": "", "credential": "", "reason": "", "method": raw.method, "path": raw.path, **refusal.details}
    body = b"" if shape.body is None else json.encode(filled(shape.body, details))
    if shape.text and shape.body is not None:
        body = filled(shape.body, details).encode()
    kind = {} if shape.body is None else {"Content-Type": "text/plain; charset=utf-8" if shape.text else _JSON}
    mark = {"Server": SERVER, "Session-Mock-Basis": shape.fact.basis.value}
    return web.Response(status=status, body=body, headers={**kind, **mark, **(headers or {}), **shape.headers, **refusal.headers})


def lost(miss: Miss, method: str, near: list[NearMiss]) -> web.Response:
    """The mock's own answer to a path that is no vendor's: what was closest, and what differs."""
    closest = near[0]
    message = f"{method} {miss.path} is no endpoint of session-mock; closest is {closest.method} {closest.path}: {closest.differs}"
    body = json.encode({"message": message, "near_misses": near})
    return web.Response(status=404, body=body, headers={"Content-Type": _JSON, "Server": SERVER})
