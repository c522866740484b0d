"""Error responses in the vendor's shape, with their reasons for the journal and the log."""

import logging
from collections.abc import Mapping
from traceback import format_exc
from typing import Any, Final

from msgspec.structs import replace

from mockserver._util.printable import printable
from mockserver.contract.endpoint import Endpoint
from mockserver.contract.errors import PREFLIGHT, ApiError, VendorError
from mockserver.contract.http.cors import ORIGIN, is_preflight
from mockserver.server.http.known_credentials import KnownCredentials
from mockserver.server.http.raw_request import RawRequest
from mockserver.server.http.redaction import collect_secrets
from mockserver.server.http.response import Response
from mockserver.server.http.router import NoRoute, RouteMatch, Router
from mockserver.server.journal.journal import Exchange
from mockserver.server.requests.auth import authenticate
from mockserver.server.requests.near_misses import (
    explain_auth_failure,
    find_presented_vendors,
    log_near_miss,
    shorten,
)
from mockserver.server.requests.negotiation import answer_preflight, negotiated_headers
from mockserver.server.requests.parser import ParsedRequest
from mockserver.server.requests.responses import error_response, internal_error, not_found
from mockserver.server.requests.values import extract_values
from mockserver.server.tenancy.tenant import Tenant, Tenants, vendor_for
from mockserver.vendors import load
from mockserver.vendors.base import Vendor

_log = logging.getLogger("mockserver")
_STATUSES: Final = {"violation": 400, "too_large": 413, "internal": 500}
"""Statuses of the mock's own errors, for unreadable requests that match no vendor."""


class ErrorResponder:
    """Renders error responses in the tenants' dialects, and records in the exchange why."""

    def __init__(self, tenants: Tenants, router: Router) -> None:
        self._tenants = tenants
        self._router = router

    def reject_parsed(
        self, error: VendorError, parsed: ParsedRequest, raw: RawRequest, exchange: Exchange
    ) -> Response:
        """Reject a request to a known endpoint."""
        response = _render_error(parsed.vendor, error, raw, exchange, parsed.behaviors)
        if parsed.principal is None:
            explain_auth_failure(self._tenants, parsed, exchange)
        elif parsed.near_misses:
            log_near_miss(exchange, collect_secrets(raw, exchange.headers, known=exchange.known))
        return response

    def reject_unmatched(self, no_route: NoRoute, raw: RawRequest, exchange: Exchange) -> Response:
        """Reject a request that matches no endpoint, or answer the preflight of a browser."""
        asks_first = is_preflight(raw.method, exchange.headers)
        if asks_first and no_route.vendor is not None:
            owner = self._tenants.by_name.get(exchange.tenant or "")
            answer = answer_preflight(self._tenants, no_route, owner, exchange.headers)
            if answer is not None:
                exchange.vendor = no_route.vendor.name
                return answer
        secrets = collect_secrets(raw, exchange.headers, known=exchange.known)
        method = shorten(secrets.mask_text(raw.method))
        path = secrets.mask_text(no_route.path)
        tenant = self._guess_tenant(no_route.vendor, exchange)
        vendors = tenant.vendors if tenant else {vendor.name: vendor for vendor in load()}
        presented = find_presented_vendors(self._tenants, exchange)
        near_misses = self._router.find_near_misses(method, path, vendors, no_route.vendor, presented)
        error = VendorError("unknown_path", {"message": f"there is no {path}"})
        if no_route.vendor is not None:
            served = vendors[no_route.vendor.name]
            allowed = [
                endpoint
                for endpoint in served.contract.endpoints
                if any(template in endpoint.paths for template, _ in no_route.allowed)
            ]
            if allowed:
                exchange.headers_sent = allowed[0].headers
                error = self._reject_method(served, allowed, method, raw)
        exchange.error = error.error
        if error.error != PREFLIGHT and not asks_first:
            exchange.near_misses = tuple(near_misses)
            log_near_miss(exchange, secrets)
        if no_route.vendor is None:
            return not_found(replace(no_route, path=path), method, near_misses)
        vendor, behaviors = vendor_for(no_route.vendor, tenant)
        exchange.vendor = vendor.name
        exchange.dialect = vendor.dialect
        if exchange.headers.get(ORIGIN) is not None:
            exchange.headers_sent = negotiated_headers(
                exchange.headers_sent, vendor, None, behaviors, exchange.headers
            )
        query = "?" + raw.path.partition("?")[2] if "?" in raw.path else ""
        response = _render_error(vendor, error, raw._replace(path=no_route.path + query), exchange, behaviors)
        if error.error == PREFLIGHT or asks_first:  # The browser sent it, and the page cannot help it.
            exchange.error = None
        return response

    def _reject_method(
        self, vendor: Vendor, endpoints: list[Endpoint], method: str, raw: RawRequest
    ) -> VendorError:
        """Return the error for a method that the endpoints of a path do not have."""
        try:
            if vendor.contract.authenticates_first:
                authenticate(self._tenants, vendor, endpoints[0], extract_values(endpoints[0], raw))
        except ApiError as error:
            return error.refusal
        if method == "OPTIONS" and PREFLIGHT in vendor.contract.errors:
            return VendorError(PREFLIGHT)
        message = f"{method} is not supported; use {' or '.join(endpoint.method for endpoint in endpoints)}"
        return VendorError("wrong_method", {"message": message})

    def reject_unparsed(
        self, error: VendorError, route: RouteMatch | NoRoute, raw: RawRequest, exchange: Exchange
    ) -> Response:
        """Reject a request that could not be read, in the shape of the vendor whose path it is, if any."""
        exchange.failed = exchange.failed or error.error == "internal"
        if route.vendor is None:
            exchange.error = error.error
            return internal_error(error.details["message"], _STATUSES[error.error])
        exchange.vendor = route.vendor.name
        exchange.endpoint = route.endpoint.name if isinstance(route, RouteMatch) else None
        vendor, behaviors = vendor_for(route.vendor, self._guess_tenant(route.vendor, exchange))
        exchange.dialect = vendor.dialect
        return _render_error(vendor, error, raw, exchange, behaviors)

    def _guess_tenant(self, vendor: Vendor | None, exchange: Exchange) -> Tenant | None:
        """Return the tenant whose dialect and behaviors apply to a request without a principal."""
        owner = self._tenants.by_name.get(exchange.tenant or "")
        return owner or self._tenants.default_tenant_for(vendor.name if vendor else "", None)


def log_unexpected_error(raw: RawRequest, known: KnownCredentials) -> VendorError:
    """Log the exception that is being handled; return the error to respond with."""
    secrets = collect_secrets(raw, {}, known=known)
    target = f"{secrets.mask_text(raw.method)} {secrets.mask_text(raw.path.partition('?')[0])}"
    traceback = secrets.mask_text(format_exc(), ours=True)  # It may contain a credential.
    _log.error("unexpected error at %s\n%s", printable(target, keep=""), printable(traceback))
    return VendorError("internal", {"message": "the mock failed unexpectedly; see its log"})


def _render_error(
    vendor: Vendor, error: VendorError, raw: RawRequest, exchange: Exchange, behaviors: Mapping[str, Any]
) -> Response:
    """Render an error in the vendor's shape, and record its name, basis and source."""
    fact = vendor.contract.errors[error.error].fact
    exchange.error = error.error
    exchange.basis = fact.basis.value
    exchange.source = vendor.contract.sources.get(fact.source or "")
    return error_response(vendor, error, raw, behaviors, exchange.headers_sent)
