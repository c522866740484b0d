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

from mockserver.contract.choices import short_name
from mockserver.contract.endpoint import Endpoint
from mockserver.contract.errors import Refused
from mockserver.contract.limits import OneAtATime, Window
from mockserver.contract.request import ContractViolation, read, read_json
from mockserver.server.credentials import Sent, check_permission, held
from mockserver.server.pages import begins, list_name, named
from mockserver.server.raw import Raw
from mockserver.server.router import Match
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
    """Those of the tenant, or of the first tenant while nobody knows whose request it is."""
    held: Held | None = None
    """Whose it is; ``None`` where its credentials are refused."""
    refusal: Refused | None = None
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
        self._known_terms: dict[tuple[str, str, str | None], dict[str, Any]] = {}

    def read(self, match: Match, raw: Raw) -> Reading:
        """Read a request to the endpoint it was matched with."""
        vendor, endpoint = match.vendor, match.endpoint
        try:
            query, body = _query(endpoint, raw.path), _body(endpoint, raw.body)
            whose = held(self._tenants, vendor, endpoint, Sent({"Authorization": raw.authorization}, query, body))
        except Refused as refusal:
            dropped = self._tenants.dropped(vendor.name, refusal.details.get("credential", ""))
            return Reading(**self._terms(vendor, endpoint, None), refusal=refusal, dropped=dropped)
        terms = self._terms(vendor, endpoint, whose.tenant)
        try:
            check_permission(whose, vendor, endpoint)
            site = self._site(match, whose)
            typed = {name: _typed(model, values, name, terms["choices"]) for name, model, values in _models(endpoint, query, body)}
        except Refused as refusal:
            return Reading(**terms, held=whose, refusal=refusal)
        return Reading(**terms, held=whose, path=match.path, site=site, **typed)

    def _terms(self, vendor: Vendor, endpoint: Endpoint, tenant: Tenant | None) -> dict[str, Any]:
        """What every reading of an endpoint's requests by a tenant begins with."""
        key = (vendor.name, endpoint.name, tenant.name if tenant else None)
        found = self._known_terms.get(key)
        if found is None:
            found = self._known_terms[key] = {
                "vendor": vendor,
                "endpoint": endpoint,
                "windows": tuple(limit for limit in endpoint.limits if isinstance(limit, Window)),
                "one_at_a_time": any(isinstance(limit, OneAtATime) for limit in endpoint.limits),
                "choices": tenant.choices[vendor.name] if tenant else self._usual_choices(vendor),
                **(_limits(vendor, endpoint, tenant) if tenant else {}),
            }
        return found

    def _usual_choices(self, vendor: Vendor) -> Mapping[str, Any]:
        """How a request is answered that is nobody's: as the first tenant has chosen, the default one."""
        first = next(iter(self._tenants.all.values()), None)
        return first.choices[vendor.name] if first else {short_name(choice.name): choice.default for choice in vendor.contract.choices}

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


def _query(endpoint: Endpoint, path: str) -> dict[str, str]:
    return {name: value for name, value in _pairs(path.partition("?")[2]) if value or endpoint.empty == "value"}


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


def _models(endpoint: Endpoint, query: Mapping[str, Any], body: Mapping[str, Any]) -> list[tuple[str, Any, Mapping[str, Any]]]:
    models = (("query", endpoint.query, query), ("body", endpoint.body, body))
    return [(name, model, values) for name, model, values in models if model is not None]


def _typed(model: Any, raw: Mapping[str, Any], where: str, choices: Mapping[str, Any]) -> Any:
    numeric = where == "query" or choices.get("numeric_texts", "accept") == "accept"
    typed = read(model, raw, where, numeric_texts=numeric)
    if isinstance(typed, list):
        message = "; ".join(violation.message for violation in typed)
        raise Refused("violation", message=message, field=typed[0].field, reason=typed[0].reason)
    return typed
