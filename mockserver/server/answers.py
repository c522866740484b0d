"""What goes back over the wire: a view's answer, a refusal in the vendor's shape, or the mock's own not found."""

from collections.abc import Mapping
from typing import Any

from msgspec import json
from multidict import CIMultiDict

from mockserver import __version__
from mockserver.contract.choices import ByChoice, short_name
from mockserver.contract.errors import ErrorShape, Refused, filled
from mockserver.server.raw import Raw
from mockserver.server.reading import Reading
from mockserver.server.redact import MASK
from mockserver.server.router import Miss, NearMiss
from mockserver.server.wire import Reply
from mockserver.vendor import Vendor

_JSON = "application/json"
SERVER = f"session-mock/{__version__}"
_USUAL = CIMultiDict({"Content-Type": _JSON, "Server": SERVER})


def answered(body: bytes, headers: Mapping[str, str]) -> Reply:
    """An answer of status 200."""
    return Reply(body=body, headers=CIMultiDict({**_USUAL, **headers}) if headers else _USUAL)


def refused(vendor: Vendor, refusal: Refused, raw: Raw, choices: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Reply:
    """A refusal in the vendor's own shape, by the defaults of choices that are not given.

    A header says on what basis we believe that the vendor answers so.
    """
    shape, details = vendor.contract.errors[refusal.error], refusal.details
    if choices.get("echo_key") == "redact" and "credential" in details:
        details = {**details, "credential": MASK}
    return _shaped(shape, status_of(vendor, shape, choices), details, raw, {**(headers or {}), **shape.headers, **refusal.headers})


def status_of(vendor: Vendor, shape: ErrorShape, choices: Mapping[str, Any]) -> int:
    """The status of an error shape as a tenant's choices have it."""
    if not isinstance(shape.status, ByChoice):
        return shape.status
    default, statuses = vendor.contract.choice(shape.status.choice).default, shape.status.statuses
    return statuses.get(str(choices.get(short_name(shape.status.choice), default)), statuses[str(default)])  # Not every option has one.


def failing(reading: Reading, raw: Raw, status: int, message: str, headers: Mapping[str, str]) -> Reply:
    """An error of any status in the vendor's shape: the one it has for that status, or its most general one."""
    errors = reading.vendor.contract.errors
    shape = next((shape for shape in errors.values() if status_of(reading.vendor, shape, reading.choices) == status), errors["internal"])
    return _shaped(shape, status, {"message": message}, raw, {**shape.headers, **headers})


def _shaped(shape: ErrorShape, status: int, details: Mapping[str, str], raw: Raw, headers: Mapping[str, str]) -> Reply:
    known = {"message": "", "field": "", "credential": "", "reason": "", "method": raw.method, "path": raw.path, **details}
    body = b"" if shape.body is None else json.encode(filled(shape.body, known))
    if shape.text and shape.body is not None:
        body = filled(shape.body, known).encode()
    kind = {} if shape.body is None else {"Content-Type": "text/plain; charset=utf-8" if shape.text else _JSON}
    mark = {"Server": SERVER, "Session-Mock-Basis": shape.fact.basis.value}
    return Reply(status=status, body=body, headers=CIMultiDict({**kind, **mark, **headers}))


def lost(miss: Miss, method: str, near: list[NearMiss]) -> Reply:
    """The mock's own answer to a path that is no vendor's: what was closest, and what differs."""
    closest = near[0]
    message = f"{method} {miss.path} is no endpoint of session-mock; closest is {closest.method} {closest.path}: {closest.differs}"
    body = json.encode({"message": message, "near_misses": near})
    return Reply(status=404, body=body, headers=CIMultiDict({"Content-Type": _JSON, "Server": SERVER}))


def broken(message: str) -> Reply:
    """The mock's own answer where it failed and no vendor was meant."""
    return Reply(status=500, body=message.encode(), headers=CIMultiDict({"Content-Type": "text/plain; charset=utf-8", "Server": SERVER}))
