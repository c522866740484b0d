"""What is answered where no view is: a refusal in the vendor's shape, and why, for the journal and the log."""

import logging
from collections.abc import Mapping
from traceback import format_exc
from typing import Any, Final

from msgspec.structs import replace

from mockserver._util.printable import printable
from mockserver.contract.errors import VendorError
from mockserver.server.http.known_credentials import KnownCredentials
from mockserver.server.http.raw_request import RawRequest
from mockserver.server.http.redaction import secrets
from mockserver.server.http.response import Response
from mockserver.server.http.router import NoRoute, RouteMatch, Router, paths
from mockserver.server.journal.journal import Exchange
from mockserver.server.requests.near_misses import explain_auth_failure, likely_tenant, log_near_miss, shorten
from mockserver.server.requests.parser import ParsedRequest
from mockserver.server.requests.responses import error_response, internal_error, not_found
from mockserver.server.tenancy.tenant import Tenant, Tenants, vendor_for
from mockserver.vendors import load
from mockserver.vendors.base import Vendor

_log = logging.getLogger("mockserver")
_STATUSES: Final = {"violation": 400, "too_large": 413, "internal": 500}
"""Of the mock's own answers to requests that could not be read, where no vendor was meant."""


class ErrorResponder:
    """Refuses requests to the vendors of a router, in the dialects and by the behaviors of some tenants."""

    def __init__(self, tenants: Tenants, router: Router) -> None:
        self._tenants, self._router = tenants, router

    def read(
        self, refusal: VendorError, reading: ParsedRequest, raw: RawRequest, exchange: Exchange
    ) -> Response:
        """Refuse a request whose endpoint is known."""
        reply = _refused(reading.vendor, refusal, raw, exchange, reading.behaviors)
        if reading.principal is None:
            explain_auth_failure(self._tenants, reading, exchange)
        elif reading.near_misses:
            log_near_miss(exchange, secrets(raw, exchange.headers, known=exchange.known))
        return reply

    def missed(self, miss: NoRoute, raw: RawRequest, exchange: Exchange) -> Response:
        """Refuse a request that leads nowhere."""
        found = secrets(raw, exchange.headers, known=exchange.known)
        method = shorten(found.text(raw.method))
        shown, tenant = found.path(miss.path), self._presumed(miss.vendor, exchange)
        vendors = tenant.vendors if tenant else {vendor.name: vendor for vendor in load()}
        near = self._router.near(method, shown, vendors, miss.vendor)
        allowed = [
            method
            for template, method in miss.allowed
            if miss.vendor and template in paths(vendors[miss.vendor.name])
        ]
        refusal = VendorError("unknown_path", {"message": f"there is no {shown}"})
        if allowed:
            refusal = VendorError(
                "wrong_method", {"message": f"{method} is not supported; use {' or '.join(allowed)}"}
            )
        exchange.near_misses, exchange.error = tuple(near), refusal.error
        log_near_miss(exchange, found)
        if miss.vendor is None:
            return not_found(replace(miss, path=shown), method, near)
        vendor, behaviors = vendor_for(miss.vendor, tenant)
        exchange.vendor, exchange.dialect = vendor.name, vendor.dialect
        query = "?" + raw.path.partition("?")[2] if "?" in raw.path else ""
        return _refused(vendor, refusal, raw._replace(path=miss.path + query), exchange, behaviors)

    def unread(
        self, refusal: VendorError, found: RouteMatch | NoRoute, raw: RawRequest, exchange: Exchange
    ) -> Response:
        """Refuse what could not be read, in the shape of the vendor that was meant, if one was."""
        exchange.failed = exchange.failed or refusal.error == "internal"
        if found.vendor is None:
            exchange.error = refusal.error
            return internal_error(refusal.details["message"], _STATUSES[refusal.error])
        exchange.vendor, exchange.endpoint = (
            found.vendor.name,
            found.endpoint.name if isinstance(found, RouteMatch) else None,
        )
        vendor, behaviors = vendor_for(found.vendor, self._presumed(found.vendor, exchange))
        exchange.dialect = vendor.dialect
        return _refused(vendor, refusal, raw, exchange, behaviors)

    def _presumed(self, family: Vendor | None, exchange: Exchange) -> Tenant | None:
        """Whose dialects and behaviors a request meets that leads nowhere."""
        name = family.name if family else ""
        return likely_tenant(self._tenants, name, exchange) or self._tenants.default_tenant_for(name, None)


def log_unexpected_error(raw: RawRequest, known: KnownCredentials) -> VendorError:
    """Log the exception that is being handled; the refusal that it becomes."""
    found = secrets(raw, {}, known=known)
    place = f"{found.text(raw.method)} {found.path(raw.path.partition('?')[0])}"
    traceback = found.text(format_exc(), ours=True)  # It may hold a credential.
    _log.error("unexpected error at %s\n%s", printable(place, keep=""), printable(traceback))
    return VendorError("internal", {"message": "the mock failed unexpectedly; its log says why"})


def _refused(
    vendor: Vendor, refusal: VendorError, raw: RawRequest, exchange: Exchange, behaviors: Mapping[str, Any]
) -> Response:
    fact = vendor.contract.errors[refusal.error].fact
    exchange.error, exchange.basis, exchange.source = (
        refusal.error,
        fact.basis.value,
        vendor.contract.sources.get(fact.source or ""),
    )
    return error_response(vendor, refusal, raw, behaviors, exchange.headers_sent)
