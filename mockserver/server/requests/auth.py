"""Does a request carry what its endpoint asks for, and whose is it."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from mockserver.contract.credentials import BodyKeys
from mockserver.contract.endpoint import Endpoint
from mockserver.contract.errors import ApiError
from mockserver.server.tenancy.tenant import Principal, Tenants
from mockserver.vendors.base import Vendor

_SCHEME = "Bearer "


class RequestValues(Struct, frozen=True):
    """Where credentials may stand in a request."""

    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: Mapping[str, Any]


def presented(endpoint: Endpoint, sent: RequestValues) -> str:
    """The key that a request presents where an endpoint looks for one; empty where there is none."""
    asked = endpoint.credentials
    if isinstance(asked, BodyKeys):
        key = sent.body.get(asked.key, "")
        return key if isinstance(key, str) else ""
    header = sent.headers.get("Authorization", "")
    token = header[len(_SCHEME) :] if header.startswith(_SCHEME) else ""
    return token if token or asked.query is None else sent.query.get(asked.query, "")


def authenticate(tenants: Tenants, vendor: Vendor, endpoint: Endpoint, sent: RequestValues) -> Principal:
    """Find whose credential a request presents, or raise ``ApiError`` in words that say what is missing or wrong."""
    asked = endpoint.credentials
    if isinstance(asked, BodyKeys):
        return _by_body(tenants, vendor, asked, sent.body)
    token = presented(endpoint, sent)
    if not token:
        raise ApiError("missing_credential", message="send the header Authorization: Bearer <token>")
    holder = tenants.resolve_credential(vendor.name, token)
    if holder is None:
        raise ApiError(
            "wrong_credential",
            message=_nobodys(tenants, vendor, token, "the bearer token is nobody's"),
            credential=token,
        )
    return holder


def check_permission(holder: Principal, vendor: Vendor, endpoint: Endpoint) -> None:
    """Raise ``ApiError`` where the tenant's key may not do what the endpoint does."""
    wanted = getattr(endpoint.credentials, "permission", None)
    if wanted is not None and holder.tenant.behaviors[vendor.name].get("permissions", "all") not in (
        "all",
        wanted,
    ):
        names = holder.tenant.identifiers[vendor.name]
        raise ApiError(
            "forbidden",
            message=f"the key lacks the permission {wanted}",
            credential=names.credentials["token"],
        )


def _by_body(tenants: Tenants, vendor: Vendor, asked: BodyKeys, body: Mapping[str, Any]) -> Principal:
    for name in (asked.key, asked.secret):
        if name is not None and name not in body:
            raise ApiError("missing_credential", message=f"{name} is required", field=name)
        if name is not None and not isinstance(body[name], str):
            raise ApiError("violation", message=f"{name} must be a string", field=name)
    holder = tenants.resolve_credential(vendor.name, body[asked.key])
    if holder is None:
        message = _nobodys(tenants, vendor, body[asked.key], f"{asked.key} is not the key of a project")
        raise ApiError("wrong_credential", message=message, credential=body[asked.key])
    if asked.secret is not None and body[asked.secret] != holder.tenant.identifiers[vendor.name].secret:
        message = f"{asked.secret} does not belong to this {asked.key}"
        raise ApiError("wrong_credential", message=message, credential=body[asked.secret])
    return holder


def _nobodys(tenants: Tenants, vendor: Vendor, token: str, otherwise: str) -> str:
    """Tell a late request of a deleted tenant whose credential it carries."""
    name = tenants.deleted_tenant(vendor.name, token)
    return otherwise if name is None else f"the credential was that of tenant {name!r}, which was deleted"
