"""What a request means: its endpoint, whose it is, its site and its typed parameters, or why it means nothing.

All of it follows from the bytes of the request and the tenants there are, so it is worked out once and kept: the world,
the clock and the limits come later.
"""

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

from msgspec import Struct, json
from msgspec.structs import replace

from mockserver.contract.basis import Basis
from mockserver.contract.choices import BASIS, BASIS_HEADER, short_name
from mockserver.contract.endpoint import Endpoint
from mockserver.contract.errors import Refused
from mockserver.contract.limits import OneAtATime, Window
from mockserver.contract.request import ContractViolation, fields, in_turn, read, read_json
from mockserver.server.credentials import Sent, check_permission, held, presented
from mockserver.server.pages import begins, list_name, named
from mockserver.server.raw import Raw
from mockserver.server.router import Match, NearMiss
from mockserver.server.tenants import Held, Tenant, Tenants
from mockserver.vendor import Asked, Vendor


class Reading(Struct, frozen=True, kw_only=True, dict=True):
    """A request to an endpoint, read as far as it could be."""

    vendor: Vendor
    endpoint: Endpoint
    windows: tuple[Window, ...]
    one_at_a_time: bool
    """Whether the site's slot is needed, and then: what happens while another holds it, and for how many seconds it is held at least."""
    busy: str = ""
    hold: float = 0
    choices: Mapping[str, Any]
    """Those of the tenant, or of the tenant that was probably meant while nobody knows whose request it is."""
    headers: Mapping[str, str]
    """Sent with the answer."""
    held: Held | None = None
    """Whose it is; ``None`` where its credentials are refused."""
    refusal: Refused | None = None
    near_misses: tuple[NearMiss, ...] = ()
    """What would have been right, where its path is one of another dialect."""
    dropped: str | None = None
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
        return json.encode([self.vendor.name, self.endpoint.name, self.site, self.fields], order="deterministic").decode()

    @cached_property
    def begun(self) -> str | None:
        """The list whose first page it asks for, if it does."""
        if self.refusal is not None or not begins(self.endpoint, self.fields):
            return None
        return list_name(self.vendor.name, self.endpoint, self.site, self.fields)

    def asked(self, tenant: Tenant, now: int) -> Asked:
        """The question to the endpoint's view, in the world of the tenant whose request it is."""
        return Asked(
            query=self.query,
            body=self.body,
            path=self.path,
            world=tenant.world,
            site=tenant.world.sites[self.site],
            now=now,
            choices=self.choices,
            names=tenant.names[self.vendor.name],
        )


class Reader:
    """Reads requests for some tenants, as long as their generation does not grow."""

    def __init__(self, tenants: Tenants) -> None:
        self._tenants = tenants
        self._known_terms: dict[tuple[str, str, str | None, Held | None], dict[str, Any]] = {}

    def read(self, match: Match, raw: Raw) -> Reading:
        """Read a request to the endpoint it was matched with, as the dialect of the tenant has it whose request it is."""
        family, name = match.vendor.name, match.endpoint.name
        meant = self._tenants.presumed(family, match.path.get(match.endpoint.site or ""))
        vendor = _spoken(match, meant)
        try:
            sent = _sent(match.endpoint, raw)
            meant = self._claimed(match, sent) or meant
            vendor = _spoken(match, meant)
            whose = held(self._tenants, vendor, vendor.endpoint(name), sent)
        except Refused as refusal:
            terms, dropped = self._terms(vendor, name, meant), self._tenants.dropped(family, refusal.details.get("credential", ""))
            return Reading(**{**terms, "refusal": refusal, "dropped": dropped, **_lost(vendor, match)})
        terms, endpoint = self._terms(vendor, name, whose.tenant, held=whose), vendor.endpoint(name)
        if lost := _lost(vendor, match):
            return Reading(**{**terms, **lost})
        try:
            check_permission(whose, vendor, endpoint)
            site = None if endpoint.typed_first else self._site(match, whose)
            typed = _typed(endpoint, sent, _repeated(endpoint, raw), terms["choices"])
            site = self._site(match, whose) if site is None else site
        except Refused as refusal:
            return Reading(**terms, refusal=refusal)
        return Reading(**terms, path=match.path, site=site, **typed)

    def _claimed(self, match: Match, sent: Sent) -> Tenant | None:
        """The tenant whose key a request presents, wherever a dialect of the vendor looks for one."""
        for dialect in match.vendor.dialects.values():
            holder = self._tenants.holder(match.vendor.name, presented(dialect.endpoint(match.endpoint.name), sent))
            if holder is not None:
                return holder.tenant
        return None

    def _terms(self, vendor: Vendor, name: str, tenant: Tenant | None, held: Held | None = None) -> dict[str, Any]:
        """What every reading of an endpoint's requests begins with: those of a holder, or those that are probably for a tenant."""
        key = (vendor.name, name, tenant.name if tenant else None, held)
        found = self._known_terms.get(key)
        if found is None:
            endpoint, usual = vendor.endpoint(name), {short_name(choice.name): choice.default for choice in vendor.contract.choices}
            choices = tenant.choices[vendor.name] if tenant else usual
            found = self._known_terms[key] = {
                "vendor": vendor,
                "endpoint": endpoint,
                "windows": tuple(limit for limit in endpoint.limits if isinstance(limit, Window)),
                "one_at_a_time": any(isinstance(limit, OneAtATime) for limit in endpoint.limits),
                "choices": choices,
                "headers": {**endpoint.headers, **_basis(endpoint, choices)},
                "held": held,
                **(_limits(vendor, endpoint, held.tenant) if held else {}),
            }
        return found

    def _site(self, match: Match, whose: Held) -> int:
        if match.endpoint.site is None:
            return whose.site or 0
        vendor, identifier = match.vendor.name, match.path[match.endpoint.site]
        site = self._tenants.site(vendor, identifier, whose.tenant)
        if site is None:
            foreign = self._tenants.is_site(vendor, identifier)
            known = ", ".join(ids[0] for ids in whose.tenant.names[vendor].sites)
            raise Refused("forbidden" if foreign else "unknown_site", message=f"{identifier!r} is not among the sites of this key: {known}")
        return site


def _limits(vendor: Vendor, endpoint: Endpoint, tenant: Tenant) -> dict[str, Any]:
    """The endpoint's limits as the tenant has them."""
    changed, choices, windows = tenant.limits, tenant.choices[vendor.name], []
    found: dict[str, Any] = {"one_at_a_time": False}
    for limit in endpoint.limits:
        name = f"{vendor.name}.{endpoint.name if isinstance(limit, OneAtATime) else limit.pool}"
        if name in changed.off:
            continue
        if isinstance(limit, OneAtATime):
            found = {"one_at_a_time": True, "busy": choices[short_name(limit.busy)], "hold": choices[short_name(limit.hold)] / 1000}
        else:
            windows.append(replace(limit, seconds=changed.seconds.get(name, limit.seconds)))
    return {**found, "windows": tuple(windows)}


def _spoken(match: Match, tenant: Tenant | None) -> Vendor:
    """The vendor in the dialect of a tenant."""
    return tenant.vendors[match.vendor.name] if tenant else match.vendor


def _lost(vendor: Vendor, match: Match) -> dict[str, Any]:
    """Why a path that only other dialects of the vendor have leads nowhere, and what would be right; it counts against no limit."""
    endpoint = vendor.endpoint(match.endpoint.name)
    if match.template in endpoint.paths:
        return {}
    others = [name for name, other in vendor.dialects.items() if match.template in other.endpoint(endpoint.name).paths]
    differs = f"{match.template} is the path of the dialect {' and '.join(others)}, and {vendor.dialect} is spoken here"
    message = f"the dialect {vendor.dialect} has no {match.template}; it has {' and '.join(endpoint.paths)}"
    near = tuple(NearMiss(vendor.name, endpoint.name, endpoint.method, path, differs) for path in endpoint.paths)
    return {"refusal": Refused("unknown_path", message=message), "near_misses": near, "windows": (), "one_at_a_time": False, "headers": {}}


def _basis(endpoint: Endpoint, choices: Mapping[str, Any]) -> dict[str, str]:
    """The header that says what the fields of an answer rest on, where it is wanted."""
    if choices[BASIS] != "shown":
        return {}
    found = {field.fact.basis for field in fields(endpoint.response, deep=True)}
    return {BASIS_HEADER: ", ".join(basis.value for basis in Basis if basis in found)}


def _sent(endpoint: Endpoint, raw: Raw) -> Sent:
    return Sent({"Authorization": raw.authorization}, dict(_pairs(raw.path.partition("?")[2])), _body(endpoint, raw.body))


def _query(endpoint: Endpoint, query: Mapping[str, str]) -> Mapping[str, str]:
    return query if endpoint.empty == "value" else {name: value for name, value in query.items() if value}


def _pairs(query: str) -> Iterable[tuple[str, str]]:
    """The names and values of a query; where nothing in it is encoded, there is a quick way to them."""
    if "%" in query or "+" in query:
        return parse_qsl(query, keep_blank_values=True, errors="replace")
    return ((name, value) for name, _, value in (pair.partition("=") for pair in query.split("&") if pair))


def _body(endpoint: Endpoint, body: bytes) -> Mapping[str, Any]:
    if endpoint.body is None:
        return {}
    raw = read_json(body)
    if isinstance(raw, ContractViolation):
        raise Refused("violation", message=raw.message, reason=raw.reason)
    return raw


def _repeated(endpoint: Endpoint, raw: Raw) -> list[tuple[str, str]] | None:
    """The names and values of a query as often as they stand in it, where that matters."""
    return None if endpoint.in_turn is None else list(_pairs(raw.path.partition("?")[2]))


def _typed(endpoint: Endpoint, sent: Sent, pairs: list[tuple[str, str]] | None, choices: Mapping[str, Any]) -> dict[str, Any]:
    """What a request asks for in query and body, or ``Refused`` with everything in it that cannot be read, or what comes first."""
    found = {}
    query = sent.query if pairs is None else dict(reversed(pairs))
    for where, model, raw in (("query", endpoint.query, _query(endpoint, query)), ("body", endpoint.body, sent.body)):
        if model is None:
            continue
        typed = read(model, raw, where, numeric_texts=where == "query" or choices.get("numeric_texts", "accept") == "accept")
        wrong = typed if isinstance(typed, list) else []
        if pairs is not None and where == "query":
            wrong = in_turn(pairs, model, wrong, endpoint.in_turn or "")
        if wrong:
            message = "; ".join(violation.message for violation in wrong)
            raise Refused(endpoint.unreadable, message=message, field=wrong[0].field, reason=wrong[0].reason)
        found[where] = typed
    return found
