"""What a request means: its endpoint, whose it is, its site and its typed parameters, or why it means nothing.

All of it follows from the bytes of the request and the tenants there are, so it is worked out once and kept: the world,
the clock and the limits come later.
"""

import re
from collections.abc import Mapping
from functools import cache, cached_property
from typing import Any, Final

from msgspec import Struct, json
from msgspec.structs import replace

from mockserver.contract.behaviors import BASIS, BASIS_HEADER, short_name
from mockserver.contract.endpoint import Endpoint
from mockserver.contract.errors import ApiError, VendorError
from mockserver.contract.limits import ConcurrencyLimit, RateLimit, WindowLimit, limit_name
from mockserver.contract.provenance import Basis
from mockserver.contract.validation import fields
from mockserver.server.http.pagination import field_place, is_first_page, list_key_of, named, page_field
from mockserver.server.http.raw_request import RawRequest
from mockserver.server.http.router import NearMiss, RouteMatch
from mockserver.server.requests.auth import RequestValues, authenticate, check_permission, presented
from mockserver.server.requests.values import extract_values, read
from mockserver.server.tenancy.tenant import Principal, Tenant, Tenants, vendor_for
from mockserver.vendors.base import Vendor, ViewRequest

_FREE: Final[dict[str, Any]] = {"rates": (), "one_at_a_time": False}
"""The terms of what is refused before anybody counts."""


class ParsedRequest(Struct, frozen=True, kw_only=True, dict=True):
    """A request to an endpoint, read as far as it could be."""

    vendor: Vendor
    endpoint: Endpoint
    rates: tuple[RateLimit, ...]
    one_at_a_time: bool
    """Whether the site's slot is needed, and then: what happens while another holds it, and for how many seconds it is held at least."""
    busy: str = ""
    hold: float = 0
    behaviors: Mapping[str, Any]
    """Those of the tenant, or of the tenant that was probably meant while nobody knows whose request it is."""
    headers: Mapping[str, str]
    """Sent with the answer."""
    principal: Principal | None = None
    """Whose it is; ``None`` where its credentials are refused."""
    error: VendorError | None = None
    near_misses: tuple[NearMiss, ...] = ()
    """What would have been right, where its path is one of another dialect."""
    deleted_tenant: str | None = None
    """The tenant whose credential it carries, where that tenant is served no longer."""
    path: Mapping[str, str] = {}
    site: int = 0
    query: Any = None
    body: Any = None

    @cached_property
    def fields(self) -> dict[str, Any]:
        """What it asks for by name: path, query and body, without credentials."""
        return named(self.endpoint, self.path, self.query, self.body)

    @cached_property
    def key(self) -> str:
        """What all attempts at one request have in common."""
        return json.encode(
            [self.vendor.name, self.endpoint.name, self.site, self.fields], order="deterministic"
        ).decode()

    @property
    def page_place(self) -> tuple[str, str] | None:
        """Where it says which page of a list it asks for: in query or body, in which attribute of it; ``None`` where there are no pages."""
        return _place(self.vendor, self.endpoint.name)

    @property
    def page(self) -> Any:
        """The page of a list that it asks for; ``None`` where it says nothing, or could not be read so far."""
        place = self.page_place
        return None if place is None else getattr(getattr(self, place[0]), place[1], None)

    @cached_property
    def started_list(self) -> str | None:
        """The list whose first page it asks for, if it does."""
        if self.error is not None or not is_first_page(self.endpoint, self.page):
            return None
        return list_key_of(self.vendor.name, self.endpoint, self.site, self.fields)

    def view_request(self, tenant: Tenant, now: int) -> ViewRequest:
        """The question to the endpoint's view, in the world of the tenant whose request it is."""
        return ViewRequest(
            query=self.query,
            body=self.body,
            path=self.path,
            world=tenant.world,
            site=tenant.world.sites[self.site],
            now=now,
            behaviors=self.behaviors,
            names=tenant.identifiers[self.vendor.name],
        )


@cache
def _place(vendor: Vendor, endpoint: str) -> tuple[str, str] | None:
    found = vendor.endpoint(endpoint)
    name = page_field(found.pagination)
    return None if name is None or found.rows_path is None else field_place(found, name)


class RequestParser:
    """Reads requests for some tenants, as long as their generation does not grow."""

    def __init__(self, tenants: Tenants) -> None:
        self._tenants = tenants
        self._known_terms: dict[tuple[str, str, str | None, Principal | None], dict[str, Any]] = {}

    def read(self, match: RouteMatch, raw: RawRequest) -> ParsedRequest:
        """Read a request to the endpoint it was matched with, as the dialect of the tenant has it whose request it is."""
        family, name = match.vendor.name, match.endpoint.name
        meant = self._tenants.default_tenant_for(family, match.path.get(match.endpoint.site or ""))
        vendor, _ = vendor_for(match.vendor, meant)
        try:
            sent = extract_values(match.endpoint, raw)
            meant = self._claimed(match, sent) or meant
            vendor, _ = vendor_for(match.vendor, meant)
            whose = authenticate(self._tenants, vendor, vendor.endpoint(name), sent)
        except ApiError as error:
            terms, deleted = (
                self._terms(vendor, name, meant),
                self._tenants.deleted_tenant(family, error.details.get("credential", "")),
            )
            refusal = self._unknown(vendor, match) or error.refusal
            return ParsedRequest(**{**terms, "error": refusal, "deleted_tenant": deleted, **_lost(vendor, match)})
        terms, endpoint = self._terms(vendor, name, whose.tenant, principal=whose), vendor.endpoint(name)
        if lost := _lost(vendor, match):
            return ParsedRequest(**{**terms, **lost})
        if unknown := self._unknown(vendor, match):
            return ParsedRequest(**{**terms, "error": unknown, **_FREE})
        try:
            check_permission(whose, vendor, endpoint)
            site = None if endpoint.validate_before_site else self._site(match, endpoint, whose)
            typed = read(endpoint, raw, sent, terms["behaviors"])
            site = self._site(match, endpoint, whose) if site is None else site
        except ApiError as error:
            return ParsedRequest(**terms, error=error.refusal)
        return ParsedRequest(**terms, path=match.path, site=site, **typed)

    def _claimed(self, match: RouteMatch, sent: RequestValues) -> Tenant | None:
        """The tenant whose key a request presents, wherever a dialect of the vendor looks for one."""
        for dialect in match.vendor.dialects.values():
            holder = self._tenants.resolve_credential(
                match.vendor.name, presented(dialect.endpoint(match.endpoint.name), sent)
            )
            if holder is not None:
                return holder.tenant
        return None

    def _terms(
        self, vendor: Vendor, name: str, tenant: Tenant | None, principal: Principal | None = None
    ) -> dict[str, Any]:
        """What every reading of an endpoint's requests begins with: those of a holder, or those that are probably for a tenant."""
        key = (vendor.name, name, tenant.name if tenant else None, principal)
        found = self._known_terms.get(key)
        if found is None:
            endpoint, (_, behaviors) = vendor.endpoint(name), vendor_for(vendor, tenant)
            found = self._known_terms[key] = {
                "vendor": vendor,
                "endpoint": endpoint,
                "rates": tuple(limit for limit in endpoint.limits if not isinstance(limit, ConcurrencyLimit)),
                "one_at_a_time": any(isinstance(limit, ConcurrencyLimit) for limit in endpoint.limits),
                "behaviors": behaviors,
                "headers": {**endpoint.headers, **_basis(endpoint, behaviors)},
                "principal": principal,
                **(_limits(vendor, endpoint, principal.tenant) if principal else {}),
            }
        return found

    def _unknown(self, vendor: Vendor, match: RouteMatch) -> VendorError | None:
        """Why a site is none, where the dialect looks for it before the credential."""
        endpoint, site = vendor.endpoint(match.endpoint.name), match.path.get(match.endpoint.site or "")
        if (
            endpoint.site_id_precheck is None
            or site is None
            or not re.fullmatch(endpoint.site_id_precheck, site)
        ):
            return None
        return (
            None
            if self._tenants.is_site(vendor.name, site)
            else VendorError("unknown_site", {"message": f"no site with id {site!r}"})
        )

    def _site(self, match: RouteMatch, endpoint: Endpoint, whose: Principal) -> int:
        if match.endpoint.site is None:
            return whose.site or 0
        vendor, identifier = match.vendor.name, match.path[match.endpoint.site]
        site = self._tenants.site(vendor, identifier, whose.tenant)
        if site is None:
            foreign = endpoint.site_id_precheck is not None or self._tenants.is_site(vendor, identifier)
            known = ", ".join(ids[0] for ids in whose.tenant.identifiers[vendor].sites)
            raise ApiError(
                "forbidden" if foreign else "unknown_site",
                message=f"{identifier!r} is not among the sites of this key: {known}",
            )
        return site


def _limits(vendor: Vendor, endpoint: Endpoint, tenant: Tenant) -> dict[str, Any]:
    """The endpoint's limits as the tenant has them."""
    changed, behaviors, rates = tenant.limits, tenant.behaviors[vendor.name], list[RateLimit]()
    found: dict[str, Any] = {"one_at_a_time": False}
    for limit in endpoint.limits:
        name = limit_name(vendor.name, endpoint.name, limit)
        if name in changed.off:
            continue
        if isinstance(limit, ConcurrencyLimit):
            found = {
                "one_at_a_time": True,
                "busy": behaviors[short_name(limit.busy)],
                "hold": behaviors[short_name(limit.hold)] / 1000,
            }
        else:
            rates.append(
                replace(limit, seconds=changed.seconds.get(name, limit.seconds))
                if isinstance(limit, WindowLimit)
                else limit
            )
    return {**found, "rates": tuple(rates)}


def _lost(vendor: Vendor, match: RouteMatch) -> dict[str, Any]:
    """Why a path that only other dialects of the vendor have leads nowhere, and what would be right; it counts against no limit."""
    endpoint = vendor.endpoint(match.endpoint.name)
    if match.template in endpoint.paths:
        return {}
    others = [
        name
        for name, other in vendor.dialects.items()
        if match.template in other.endpoint(endpoint.name).paths
    ]
    differs = f"{match.template} is the path of the dialect {' and '.join(others)}, and {vendor.dialect} is spoken here"
    message = f"the dialect {vendor.dialect} has no {match.template}; it has {' and '.join(endpoint.paths)}"
    near = tuple(
        NearMiss(vendor.name, endpoint.name, endpoint.method, path, differs) for path in endpoint.paths
    )
    return {
        "error": VendorError("unknown_path", {"message": message}),
        "near_misses": near,
        "headers": {},
        **_FREE,
    }


def _basis(endpoint: Endpoint, behaviors: Mapping[str, Any]) -> dict[str, str]:
    """The header that says what the fields of an answer rest on, where it is wanted."""
    if behaviors[BASIS] != "shown":
        return {}
    found = {field.fact.basis for field in fields(endpoint.response, deep=True)}
    return {BASIS_HEADER: ", ".join(basis.value for basis in Basis if basis in found)}
