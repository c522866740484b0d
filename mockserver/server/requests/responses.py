"""Build responses: a view's result, an error in the vendor's shape, or an error of the mock itself."""

from collections.abc import Mapping
from typing import Any

from msgspec import json
from multidict import CIMultiDict

from mockserver._util.version import VERSION
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
_TEXT = "text/plain; charset=utf-8"
_NO_HEADERS: Mapping[str, str] = {}
_DOCS_HINT = (
    f"see /<vendor>/docs or /<vendor>/openapi.json for the endpoints of a vendor ({', '.join(NAMES)}), "
    "and /__admin/openapi.json for the admin API if it is enabled"
)
SERVER = f"session-mock/{VERSION}"
_SUCCESS_HEADERS = CIMultiDict({"Content-Type": _JSON, "Server": SERVER})


def success_response(body: bytes, headers: Mapping[str, str]) -> Response:
    all_headers = CIMultiDict({**_SUCCESS_HEADERS, **headers}) if headers else _SUCCESS_HEADERS
    return Response(body=body, headers=all_headers)


def error_response(
    vendor: Vendor,
    error: VendorError,
    raw: RawRequest,
    behaviors: Mapping[str, Any],
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return an error in the vendor's shape; behaviors that are missing have their defaults."""
    template = vendor.contract.errors[error.error]
    details = {**error.details, **error.numbers}
    if behaviors.get("echo_key") == "redact" and "credential" in details:
        details["credential"] = MASK
    return _render_template(
        template,
        status_of(vendor, template, behaviors),
        details,
        raw,
        {**error.headers, **_basis_header(template.fact.basis, behaviors)},
        common_headers=headers or _NO_HEADERS,
    )


def status_of(vendor: Vendor, template: ErrorTemplate, behaviors: Mapping[str, Any]) -> int:
    """Return the status of an error, which may depend on the tenant's behaviors."""
    if not isinstance(template.status, ByBehavior):
        return template.status
    statuses = template.status.statuses
    default = vendor.contract.behavior(template.status.behavior).default
    option = behaviors.get(short_name(template.status.behavior), default)
    return statuses.get(str(option), statuses[str(default)])  # Not every option has a status.


def injected_error(  # noqa: PLR0913 -- an error consists of all these
    parsed: ParsedRequest,
    raw: RawRequest,
    status: int,
    details: Mapping[str, Any],
    headers: Mapping[str, str],
    *,
    common_headers: Mapping[str, str],
) -> Response:
    """Return an error with any status in the vendor's shape; *headers* override *common_headers*.

    The template is the endpoint's own for that status, else another of the vendor's, else ``internal``.
    """
    vendor = parsed.vendor
    own_errors = (*parsed.endpoint.errors, parsed.endpoint.validation_error)
    templates = {name: vendor.contract.errors[name] for name in (*own_errors, *vendor.contract.errors)}
    template = next(
        (known for known in templates.values() if status_of(vendor, known, parsed.behaviors) == status), None
    )
    basis = Basis.ASSUMED if template is None else template.fact.basis
    return _render_template(
        template or templates["internal"],
        status,
        details,
        raw,
        {**headers, **_basis_header(basis, parsed.behaviors)},
        common_headers=common_headers,
    )


def _basis_header(basis: Basis, behaviors: Mapping[str, Any]) -> dict[str, str]:
    return {BASIS_HEADER: basis.value} if behaviors.get(BASIS) == "shown" else {}


def _render_template(  # noqa: PLR0913 -- an error consists of all these
    template: ErrorTemplate,
    status: int,
    details: Mapping[str, Any],
    raw: RawRequest,
    headers: Mapping[str, str],
    *,
    common_headers: Mapping[str, str],
) -> Response:
    """Render an error; *headers* override the template's headers, and those override *common_headers*."""
    values = {
        "message": "",
        "field": "",
        "credential": "",
        "reason": "",
        "method": raw.method,
        "path": raw.path,
        **status_details(status),
        **template.defaults,
        **details,
    }
    if template.body is None:
        body = b""
        content_type: dict[str, str] = {}
    elif template.text:
        body = render(template.body, values).encode()
        content_type = {"Content-Type": _TEXT}
    else:
        body = json.encode(render(template.body, values))
        content_type = {"Content-Type": _JSON}
    own_headers = {name: value.format_map(values) for name, value in template.headers.items()}
    all_headers = {**content_type, "Server": SERVER, **common_headers, **own_headers, **headers}
    return Response(status=status, body=body, headers=CIMultiDict(all_headers))


def not_found(no_route: NoRoute, method: str, near_misses: list[NearMiss]) -> Response:
    """Return the mock's own 404 for a path of no vendor, with the closest endpoint if it shares a segment."""
    closest = near_misses[0]
    shared_segments = set(closest.path.split("/")) & set(no_route.path.split("/")) - {""}
    hint = (
        f"closest match: {closest.method} {closest.path} ({closest.difference}); " if shared_segments else ""
    )
    message = f"no such endpoint: {method} {no_route.path}; {hint}{_DOCS_HINT}"
    body = json.encode({"message": message, "near_misses": near_misses})
    return Response(status=404, body=body, headers=CIMultiDict({"Content-Type": _JSON, "Server": SERVER}))


def internal_error(message: str, status: int = 500) -> Response:
    """Return the mock's own error for a path of no vendor that it could not read or handle."""
    headers = CIMultiDict({"Content-Type": _TEXT, "Server": SERVER})
    return Response(status=status, body=message.encode(), headers=headers)
