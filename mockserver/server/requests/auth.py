"""Authenticate a request by the credential that it presents."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from mockserver.contract.endpoint import Endpoint
from mockserver.contract.errors import ApiError
from mockserver.contract.http.credentials import BodyKeys
from mockserver.server.tenancy.tenant import Principal, Tenants
from mockserver.vendors.base import Vendor


class RequestValues(Struct, frozen=True):
    """The header, query and body values of a request, before validation; credentials are among them."""

    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: Mapping[str, Any]


def find_presented_key(endpoint: Endpoint, values: RequestValues) -> str:
    """Return the key where *endpoint* expects one, or an empty string."""
    credentials = endpoint.credentials
    if isinstance(credentials, BodyKeys):
        key = values.body.get(credentials.key, "")
        return key if isinstance(key, str) else ""
    scheme, _, token = values.headers.get("Authorization", "").partition(" ")
    if not credentials.accepts_scheme(scheme):
        token = ""
    if token or credentials.query is None:
        return token
    return values.query.get(credentials.query, "")


def authenticate(tenants: Tenants, vendor: Vendor, endpoint: Endpoint, values: RequestValues) -> Principal:
    """Return the principal of the presented credential; raise ``ApiError`` if it is missing or wrong."""
    credentials = endpoint.credentials
    if isinstance(credentials, BodyKeys):
        return _authenticate_body(tenants, vendor, credentials, values.body)
    token = find_presented_key(endpoint, values)
    if not token:
        raise ApiError("missing_credential", message="send the header Authorization: Bearer <token>")
    principal = tenants.resolve_credential(vendor.name, token)
    if principal is None:
        message = _explain_deleted(tenants, vendor, token) or "the bearer token belongs to no tenant"
        raise ApiError("wrong_credential", message=message, credential=token)
    return principal


def check_permission(principal: Principal, vendor: Vendor, endpoint: Endpoint) -> None:
    """Raise ``ApiError`` if the tenant's key lacks the permission that the endpoint requires."""
    required = getattr(endpoint.credentials, "permission", None)
    if required is None:
        return
    granted = principal.tenant.behaviors[vendor.name].get("permissions", "all")
    if granted not in ("all", required):
        raise ApiError(
            "forbidden",
            message=f"the key lacks the permission {required}",
            credential=principal.tenant.identifiers[vendor.name].credentials["token"],
        )


def _authenticate_body(
    tenants: Tenants, vendor: Vendor, credentials: BodyKeys, body: Mapping[str, Any]
) -> Principal:
    for name in (credentials.key, credentials.secret):
        if name is not None and name not in body:
            raise ApiError("missing_credential", message=f"{name} is required", field=name)
        if name is not None and not isinstance(body[name], str):
            raise ApiError("violation", message=f"{name} must be a string", field=name)
    key = body[credentials.key]
    principal = tenants.resolve_credential(vendor.name, key)
    if principal is None:
        message = _explain_deleted(tenants, vendor, key)
        message = message or f"{credentials.key} is not the key of a project"
        raise ApiError("wrong_credential", message=message, credential=key)
    if credentials.secret is not None:
        secret = body[credentials.secret]
        if secret != principal.tenant.identifiers[vendor.name].secret:
            message = f"{credentials.secret} does not belong to this {credentials.key}"
            raise ApiError("wrong_credential", message=message, credential=secret)
    return principal


def _explain_deleted(tenants: Tenants, vendor: Vendor, credential: str) -> str | None:
    """Return a message for the credential of a deleted tenant, which late requests still carry."""
    name = tenants.deleted_tenant(vendor.name, credential)
    return None if name is None else f"the credential was that of tenant {name!r}, which was deleted"
