"""What goes back over the wire: a view's answer, a refusal in the vendor's shape, or the mock's own not found."""

from collections.abc import Mapping
from typing import Any

from msgspec import json
from multidict import CIMultiDict

from mockserver import __version__
from mockserver.contract.behaviors import BASIS, BASIS_HEADER, ByBehavior, short_name
from mockserver.contract.errors import ErrorTemplate, VendorError, render, status_details
from mockserver.contract.provenance import Basis
from mockserver.server.http.raw_request import RawRequest
from mockserver.server.http.redaction import MASK
from mockserver.server.http.response import Response
from mockserver.server.http.router import NearMiss, NoRoute
from mockserver.server.requests.parser import ParsedRequest
from mockserver.vendors import NAMES
from mockserver.vendors.base import Vendor

_JSON = "application/json"
_NONE: Mapping[str, str] = {}
_WHERE = (
    f"/<vendor>/docs and /<vendor>/openapi.json describe the endpoints of a vendor ({', '.join(NAMES)}), "
    "and /__admin/openapi.json the admin API, where it is served"
)
SERVER = f"session-mock/{__version__}"
_USUAL = CIMultiDict({"Content-Type": _JSON, "Server": SERVER})


def success_response(body: bytes, headers: Mapping[str, str]) -> Response:
    """Return a response with status 200."""
    return Response(body=body, headers=CIMultiDict({**_USUAL, **headers}) if headers else _USUAL)


def error_response(
    vendor: Vendor,
    refusal: VendorError,
    raw: RawRequest,
    behaviors: Mapping[str, Any],
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A refusal in the vendor's own shape, by the defaults of behaviors that are not given."""
    shape, details = vendor.contract.errors[refusal.error], {**refusal.details, **refusal.numbers}
    if behaviors.get("echo_key") == "redact" and "credential" in details:
        details = {**details, "credential": MASK}
    return _shaped(
        shape,
        status_of(vendor, shape, behaviors),
        details,
        raw,
        {**refusal.headers, **_basis(shape.fact.basis, behaviors)},
        usual=headers or _NONE,
    )


def status_of(vendor: Vendor, shape: ErrorTemplate, behaviors: Mapping[str, Any]) -> int:
    """The status of an error shape as a tenant's behaviors have it."""
    if not isinstance(shape.status, ByBehavior):
        return shape.status
    default, statuses = vendor.contract.behavior(shape.status.behavior).default, shape.status.statuses
    return statuses.get(
        str(behaviors.get(short_name(shape.status.behavior), default)), statuses[str(default)]
    )  # Not every option has one.


def injected_error(
    reading: ParsedRequest,
    raw: RawRequest,
    status: int,
    details: Mapping[str, Any],
    headers: Mapping[str, str],
) -> Response:
    """An error of any status in the vendor's shape: the endpoint's own for that status, another's, or its most general one."""
    vendor, own = reading.vendor, (*reading.endpoint.errors, reading.endpoint.validation_error)
    errors = {name: vendor.contract.errors[name] for name in (*own, *vendor.contract.errors)}
    shape = next(
        (shape for shape in errors.values() if status_of(vendor, shape, reading.behaviors) == status), None
    )
    basis = _basis(shape.fact.basis if shape else Basis.ASSUMED, reading.behaviors)
    return _shaped(
        shape or errors["internal"], status, details, raw, {**headers, **basis}, usual=reading.headers
    )


def _basis(basis: Basis, behaviors: Mapping[str, Any]) -> dict[str, str]:
    return {BASIS_HEADER: basis.value} if behaviors.get(BASIS) == "shown" else {}


def _shaped(  # noqa: PLR0913 -- what an error consists of
    shape: ErrorTemplate,
    status: int,
    details: Mapping[str, Any],
    raw: RawRequest,
    headers: Mapping[str, str],
    *,
    usual: Mapping[str, str] = _NONE,
) -> Response:
    """An error with the headers that are usual, its own, and those of this one, the later ones winning."""
    told = {
        "message": "",
        "field": "",
        "credential": "",
        "reason": "",
        "method": raw.method,
        "path": raw.path,
    }
    known = {**told, **status_details(status), **shape.defaults, **details}
    body = b"" if shape.body is None else json.encode(render(shape.body, known))
    if shape.text and shape.body is not None:
        body = render(shape.body, known).encode()
    kind = (
        {} if shape.body is None else {"Content-Type": "text/plain; charset=utf-8" if shape.text else _JSON}
    )
    own = {name: value.format_map(known) for name, value in shape.headers.items()}
    return Response(
        status=status, body=body, headers=CIMultiDict({**kind, "Server": SERVER, **usual, **own, **headers})
    )


def not_found(miss: NoRoute, method: str, near: list[NearMiss]) -> Response:
    """The mock's own answer to a path that is no vendor's: what was closest, if anything was close, and where to look."""
    closest = near[0]
    close = set(closest.path.split("/")) & set(miss.path.split("/")) - {""}
    hint = f"closest is {closest.method} {closest.path}: {closest.difference}; " if close else ""
    message = f"{method} {miss.path} is no endpoint of session-mock; {hint}{_WHERE}"
    body = json.encode({"message": message, "near_misses": near})
    return Response(status=404, body=body, headers=CIMultiDict({"Content-Type": _JSON, "Server": SERVER}))


def internal_error(message: str, status: int = 500) -> Response:
    """Return the mock's own answer to a request that it could not read, or failed at, where no vendor was meant."""
    return Response(
        status=status,
        body=message.encode(),
        headers=CIMultiDict({"Content-Type": "text/plain; charset=utf-8", "Server": SERVER}),
    )
