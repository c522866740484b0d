"""Decide by the headers of a request which page may read the response, and how its body is encoded."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from msgspec.structs import replace
from multidict import CIMultiDict

from mockserver._util.content_coding import IDENTITY, choose_coding
from mockserver.contract.behaviors import CORS, ENCODING
from mockserver.contract.endpoint import Endpoint
from mockserver.contract.http.cors import ANY_ORIGIN, NO_CORS, ORIGIN, Cors
from mockserver.server.http.response import Response
from mockserver.server.http.router import NoRoute
from mockserver.server.requests.responses import SERVER
from mockserver.server.tenancy.tenant import Tenant, Tenants
from mockserver.vendors.base import Vendor

_CONTENT_ENCODING: Final = "Content-Encoding"
_ACCEPT_ENCODING: Final = "Accept-Encoding"
_VARY: Final = "Vary"


def find_policy(vendor: Vendor, endpoint: str | None, behaviors: Mapping[str, Any]) -> Cors:
    """Return the policy for an endpoint; with None, the one for all other paths of the vendor."""
    match behaviors.get(CORS):
        case "any":
            return ANY_ORIGIN
        case "none":
            return NO_CORS
    policies = vendor.contract.cors
    return next((each for each in policies if not each.endpoints or endpoint in each.endpoints), NO_CORS)


def negotiated_headers(
    sent: Mapping[str, str],
    vendor: Vendor,
    endpoint: str | None,
    behaviors: Mapping[str, Any],
    request: Mapping[str, str],
) -> Mapping[str, str]:
    """Return the headers of a response with those that depend on the headers of its request."""
    added = {}
    origin = request.get(ORIGIN)
    if origin is not None:
        added = find_policy(vendor, endpoint, behaviors).response_headers(origin)
    varies = [added.pop(_VARY)] if _VARY in added else []
    if behaviors.get(ENCODING, IDENTITY) != IDENTITY:
        varies.append(_ACCEPT_ENCODING)
    if not added and not varies:
        return sent
    known = sent.get(_VARY, "")
    names = [known, *(name for name in varies if name.lower() not in known.lower())]
    return {**sent, **added, **({_VARY: ", ".join(filter(None, names))} if varies else {})}


def encode(response: Response, behaviors: Mapping[str, Any], request: Mapping[str, str]) -> Response:
    """Return a response with an encoded body, if the vendor encodes bodies and the client accepts it."""
    preferred = behaviors.get(ENCODING, IDENTITY)
    if (
        preferred == IDENTITY
        or response.coding is not None
        or not response.body
        or _CONTENT_ENCODING in response.headers
    ):
        return response
    coding = choose_coding(preferred, request.get(_ACCEPT_ENCODING))
    if coding == IDENTITY:
        return response
    headers = response.headers.copy()
    headers[_CONTENT_ENCODING] = coding
    return replace(response, headers=headers).with_coding(coding)


def answer_preflight(
    tenants: Tenants, no_route: NoRoute, tenant: Tenant | None, request: Mapping[str, str]
) -> Response | None:
    """Return the response to a preflight; ``None`` if no policy allows it.

    A preflight has no credential, so the tenant of the request that follows is unknown. It is
    allowed if the policy of any tenant allows it.
    """
    for vendor, endpoint, behaviors in _find_targets(tenants, no_route, tenant):
        policy = find_policy(vendor, endpoint.name, behaviors)
        if policy.origin != "none":
            headers = {"Server": SERVER, **policy.preflight_headers(request)}
            return Response(status=policy.status, headers=CIMultiDict(headers))
    return None


def _find_targets(
    tenants: Tenants, no_route: NoRoute, tenant: Tenant | None
) -> Iterator[tuple[Vendor, Endpoint, Mapping[str, Any]]]:
    """Yield the endpoints that a path may mean, in the dialect of each tenant, with its behaviors."""
    if no_route.vendor is None:
        return
    name = no_route.vendor.name
    for owner in tenants.by_name.values() if tenant is None else [tenant]:
        vendor = owner.vendors[name]
        for endpoint in vendor.contract.endpoints:
            if any(template in endpoint.paths for template, _ in no_route.allowed):
                yield vendor, endpoint, owner.behaviors[name]
