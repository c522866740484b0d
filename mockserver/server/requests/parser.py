"""Parse a matched request into its endpoint, principal, site and typed parameters, or an error.

The result follows from the bytes of the request and from the tenants alone, so that it can be cached. World,
clock and limits come later.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from math import ceil
from typing import Any, Self

from msgspec import Struct, json
from msgspec.structs import replace

from mockserver._util.caching import cached_property
from mockserver.contract.behaviors import BASIS, BASIS_HEADER
from mockserver.contract.endpoint import Endpoint
from mockserver.contract.errors import ApiError, VendorError
from mockserver.contract.limits import RETRY_AFTER, Limit, RateLimit, concurrency_limit, rate_limits
from mockserver.contract.provenance import Basis
from mockserver.contract.validation import fields
from mockserver.server.http.pagination import collect_fields, field_place, list_key_of
from mockserver.server.http.raw_request import RawRequest
from mockserver.server.http.router import NearMiss, RouteMatch
from mockserver.server.requests.auth import (
    RequestValues,
    authenticate,
    check_permission,
    find_presented_key,
)
from mockserver.server.requests.values import extract_values, validate_values
from mockserver.server.tenancy.tenant import Principal, Tenant, Tenants, vendor_for
from mockserver.vendors.base import Vendor, ViewRequest
from mockserver.world.world import World


class SlotPolicy(Struct, frozen=True):
    """How an endpoint with a concurrency limit treats overlapping requests."""

    when_busy: str
    """Behavior while another request holds the slot: ``queue``, or the status of the error."""
    hold: float
    """Minimum time in seconds for which a request holds the slot."""
    refusal_headers: Mapping[str, str] = {}
    """Headers of the error."""


class ParsedRequest(Struct, frozen=True, kw_only=True, dict=True):
    """A request to a known endpoint: its parameters, or the error for which it is rejected."""

    vendor: Vendor
    endpoint: Endpoint
    behaviors: Mapping[str, Any]
    """The tenant's behaviors; the default tenant's if the request is not authenticated."""
    headers: Mapping[str, str]
    """Sent with the response."""
    rates: tuple[RateLimit, ...]
    """The rate limits that the request counts against, in order."""
    adds_retry_after: bool = False
    """True if one of the endpoint's limits adds ``Retry-After``, although the vendor documents none."""
    slot: SlotPolicy | None = None
    """None if the endpoint has no concurrency limit, or if it is switched off."""
    principal: Principal | None = None
    """None if the credentials were rejected."""
    error: VendorError | None = None
    """If there is one, path, site, query and body have their defaults."""
    near_misses: tuple[NearMiss, ...] = ()
    """The endpoint's paths in the tenant's dialect, if the request used a path of another dialect."""
    deleted_tenant: str | None = None
    """The deleted tenant whose credential the request carries."""
    path: Mapping[str, str] = {}
    site: int = 0
    query: Any = None
    body: Any = None

    @cached_property
    def fields(self) -> dict[str, Any]:
        """Parameters by name from path, query and body, without credentials."""
        return collect_fields(self.endpoint, self.path, self.query, self.body)

    @cached_property
    def key(self) -> str:
        """Identity of the request: equal for all attempts to send it."""
        identity = [self.vendor.name, self.endpoint.name, self.site, self.fields]
        return json.encode(identity, order="deterministic").decode()

    @property
    def page_place(self) -> tuple[str, str] | None:
        """Location of the page parameter: ``query`` or ``body``, and the attribute.

        It is None if there are no pages.
        """
        return _find_page_place(self.vendor, self.endpoint.name)

    @cached_property
    def page(self) -> Any:
        """The requested page; None if the request names none, or was not parsed that far."""
        place = self.page_place
        return None if place is None else getattr(getattr(self, place[0]), place[1], None)

    def with_page(self, key: Any) -> Self:
        """Return the request for another page of its list."""
        if self.page_place is None:
            return self
        place, attribute = self.page_place
        return replace(self, **{place: replace(getattr(self, place), **{attribute: key})})

    @property
    def page_size(self) -> Any:
        """The requested number of rows on a page; None if the request cannot name one."""
        place = _find_limit_place(self.vendor, self.endpoint.name)
        return None if place is None else getattr(getattr(self, place[0]), place[1], None)

    def with_page_size(self, rows: Any) -> Self:
        """Return the request for another number of rows on a page, if it can name one."""
        found = _find_limit_place(self.vendor, self.endpoint.name)
        if found is None:
            return self
        place, attribute = found
        return replace(self, **{place: replace(getattr(self, place), **{attribute: rows})})

    @cached_property
    def started_list(self) -> str | None:
        """Key of the list whose first page is requested, else None."""
        if self.error is not None or self.endpoint.rows_path is None:
            return None
        if not self.endpoint.pagination.is_first(self.page):
            return None
        return self.list_key

    @property
    def list_key(self) -> str:
        """Equal for all requests to one list, whatever the page and its size."""
        return list_key_of(self.vendor.name, self.endpoint, self.site, self.fields)

    def view_request(self, tenant: Tenant, now: int, world: World | None = None) -> ViewRequest:
        """Return the input of the endpoint's view, in a world, by default that of *tenant*."""
        world = world or tenant.world
        return ViewRequest(
            query=self.query,
            body=self.body,
            path=self.path,
            world=world,
            site=world.sites[self.site],
            now=now,
            behaviors=self.behaviors,
            identifiers=tenant.identifiers[self.vendor.name],
        )


@cache
def _find_page_place(vendor: Vendor, endpoint_name: str) -> tuple[str, str] | None:
    endpoint = vendor.endpoint(endpoint_name)
    field = endpoint.pagination.key_field
    return None if field is None or endpoint.rows_path is None else field_place(endpoint, field)


@cache
def _find_limit_place(vendor: Vendor, endpoint_name: str) -> tuple[str, str] | None:
    endpoint = vendor.endpoint(endpoint_name)
    field = endpoint.pagination.limit
    return None if field is None or endpoint.rows_path is None else field_place(endpoint, field)


class RequestParser:
    """Parses requests for the given tenants; valid until their generation changes."""

    def __init__(self, tenants: Tenants) -> None:
        self._tenants = tenants
        self._base_requests: dict[tuple[str, str, str | None, Principal | None], ParsedRequest] = {}
        """Requests without parameters and errors, which are the same for all requests of a principal to an
        endpoint."""

    def parse(self, match: RouteMatch, raw: RawRequest) -> ParsedRequest:
        """Parse a request to the matched endpoint, in the dialect of its tenant."""
        family = match.vendor.name
        endpoint_name = match.endpoint.name
        tenant = self._tenants.default_tenant_for(family, match.path.get(match.endpoint.site or ""))
        vendor, _ = vendor_for(match.vendor, tenant)
        try:
            values = extract_values(match.endpoint, raw)
            tenant = self._find_presenting_tenant(match, values) or tenant
            vendor, _ = vendor_for(match.vendor, tenant)
            principal = authenticate(self._tenants, vendor, vendor.endpoint(endpoint_name), values)
        except ApiError as error:
            base = replace(
                self._get_base_request(vendor, endpoint_name, tenant),
                deleted_tenant=self._tenants.deleted_tenant(family, error.details.get("credential", "")),
            )
            if match.template not in base.endpoint.paths:
                return _reject_dialect(base, match)
            return replace(base, error=self._precheck_site(base.endpoint, match) or error.refusal)
        base = self._get_base_request(vendor, endpoint_name, principal.tenant, principal)
        endpoint = base.endpoint
        if match.template not in endpoint.paths:
            return _reject_dialect(base, match)
        unknown_site = self._precheck_site(endpoint, match)
        if unknown_site is not None:  # The vendor responds before it checks any limit.
            return replace(base, rates=(), slot=None, error=unknown_site)
        try:
            check_permission(principal, vendor, endpoint)
            if endpoint.validate_before_site:
                query, body = validate_values(endpoint, raw, values, base.behaviors)
                site = self._resolve_site(match, endpoint, principal)
            else:
                site = self._resolve_site(match, endpoint, principal)
                query, body = validate_values(endpoint, raw, values, base.behaviors)
        except ApiError as error:
            return replace(base, error=error.refusal)
        return replace(base, path=match.path, site=site, query=query, body=body)

    def _find_presenting_tenant(self, match: RouteMatch, values: RequestValues) -> Tenant | None:
        """Return the tenant whose key the request presents where any dialect of the vendor expects one."""
        for dialect in match.vendor.dialects.values():
            key = find_presented_key(dialect.endpoint(match.endpoint.name), values)
            principal = self._tenants.resolve_credential(match.vendor.name, key)
            if principal is not None:
                return principal.tenant
        return None

    def _get_base_request(
        self,
        vendor: Vendor,
        endpoint_name: str,
        tenant: Tenant | None,
        principal: Principal | None = None,
    ) -> ParsedRequest:
        """Return the base request of a principal, or of *tenant* if the request is not authenticated."""
        key = (vendor.name, endpoint_name, tenant.name if tenant else None, principal)
        base = self._base_requests.get(key)
        if base is None:
            base = _build_base_request(vendor, vendor.endpoint(endpoint_name), tenant, principal)
            self._base_requests[key] = base
        return base

    def _precheck_site(self, endpoint: Endpoint, match: RouteMatch) -> VendorError | None:
        """Return an error for an unknown site, if the dialect checks the site before the credential."""
        site = match.path.get(match.endpoint.site or "")
        if endpoint.site_id_precheck is None or site is None:
            return None
        if not re.fullmatch(endpoint.site_id_precheck, site):
            return None
        if self._tenants.is_site(match.vendor.name, site):
            return None
        return VendorError("unknown_site", {"message": f"no site with id {site!r}"})

    def _resolve_site(self, match: RouteMatch, endpoint: Endpoint, principal: Principal) -> int:
        """Return the index of the requested site; raise ``ApiError`` unless the principal may read it."""
        if match.endpoint.site is None:
            return principal.site or 0
        vendor = match.vendor.name
        identifier = match.path[match.endpoint.site]
        site = self._tenants.site(vendor, identifier, principal.tenant)
        if site is None:
            foreign = endpoint.site_id_precheck is not None or self._tenants.is_site(vendor, identifier)
            allowed = ", ".join(ids[0] for ids in principal.tenant.identifiers[vendor].sites)
            raise ApiError(
                "forbidden" if foreign else "unknown_site",
                message=f"{identifier!r} is not among the sites of this key: {allowed}",
            )
        return site


def _build_base_request(
    vendor: Vendor, endpoint: Endpoint, tenant: Tenant | None, principal: Principal | None
) -> ParsedRequest:
    _, behaviors = vendor_for(vendor, tenant)
    limits = endpoint.limits if principal is None else principal.tenant.limits.active(vendor.name, endpoint)
    return ParsedRequest(
        vendor=vendor,
        endpoint=endpoint,
        behaviors=behaviors,
        headers={**endpoint.headers, **_basis_header(endpoint, behaviors)},
        principal=principal,
        rates=rate_limits(limits),
        adds_retry_after=any(limit.adds_retry_after(behaviors) for limit in limits),
        slot=None if principal is None else _slot_policy(limits, behaviors),
    )


def _slot_policy(limits: Iterable[Limit], behaviors: Mapping[str, Any]) -> SlotPolicy | None:
    limit = concurrency_limit(limits)
    if limit is None:
        return None
    values = limit.values(behaviors)
    hold = values["hold"] / 1000
    headers = {RETRY_AFTER: str(max(ceil(hold), 1))} if limit.adds_retry_after(behaviors) else {}
    return SlotPolicy(values["busy"], hold, headers)


def _reject_dialect(base: ParsedRequest, match: RouteMatch) -> ParsedRequest:
    """Reject a path that only other dialects of the vendor have; it counts against no limit."""
    vendor = base.vendor
    endpoint = base.endpoint
    dialects = [
        name
        for name, dialect in vendor.dialects.items()
        if match.template in dialect.endpoint(endpoint.name).paths
    ]
    difference = (
        f"{match.template} is a path of the dialect {' and '.join(dialects)}; "
        f"this tenant uses {vendor.dialect}"
    )
    message = f"the dialect {vendor.dialect} has no {match.template}; it has {' and '.join(endpoint.paths)}"
    near_misses = tuple(
        NearMiss(vendor.name, endpoint.name, endpoint.method, path, difference) for path in endpoint.paths
    )
    return replace(
        base,
        headers={},
        rates=(),
        slot=None,
        error=VendorError("unknown_path", {"message": message}),
        near_misses=near_misses,
    )


def _basis_header(endpoint: Endpoint, behaviors: Mapping[str, Any]) -> dict[str, str]:
    """Return the header with the bases of the response's fields, if the tenant wants it."""
    if behaviors[BASIS] != "shown":
        return {}
    bases = {field.fact.basis for field in fields(endpoint.response, deep=True)}
    return {BASIS_HEADER: ", ".join(basis.value for basis in Basis if basis in bases)}
