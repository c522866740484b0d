"""Limits of tenants: those of the contracts, with the tenant's settings."""

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import to_builtins
from msgspec.structs import replace

from mockserver._util.suggest import suggest
from mockserver.admin_schemas import BucketState, LimitChange, LimitState, SlotState, WindowState
from mockserver.contract.behaviors import short_name
from mockserver.contract.limits import ConcurrencyLimit, Limit, TokenBucket, WindowLimit, limit_name
from mockserver.server.admin.problem_details import invalid_request
from mockserver.server.admin.routing import HandlerContext
from mockserver.server.tenancy.tenant import Tenant

_SETTINGS: dict[type[Limit], tuple[str, ...]] = {
    WindowLimit: ("enabled", "allowed", "seconds"),
    TokenBucket: ("enabled", "allowed", "refill"),
    ConcurrencyLimit: ("enabled", "busy", "hold"),
}


def list_limits(context: HandlerContext) -> list[LimitState]:
    """List a tenant's limits and how much of each is used."""
    return [_describe(context.tenant, name, limit) for name, limit in _limits_by_name(context.tenant).items()]


def update_limits(context: HandlerContext, body: dict[str, LimitChange]) -> list[LimitState]:
    """Change limits by name, then list all; if one change is invalid, none is made."""
    tenant = context.tenant
    known = _limits_by_name(tenant)
    behaviors: dict[str, str | int] = {}
    for name, change in body.items():
        if name not in known:
            raise invalid_request(f"there is no limit {name!r}; {suggest(name, known)}")
        behaviors |= dict(_behaviors_of(tenant, name, known[name], change))
    settings = tenant.settings.with_behaviors(behaviors)
    for name, change in body.items():
        if change.enabled is not None:
            (tenant.limits.off.discard if change.enabled else tenant.limits.off.add)(name)
        if change.seconds is not None:
            tenant.limits.seconds[name] = change.seconds
    context.tenants.replace_settings(tenant, settings)
    return list_limits(context)


def _limits_by_name(tenant: Tenant) -> dict[str, Limit]:
    limits: dict[str, Limit] = {}
    for vendor in tenant.vendors.values():
        for endpoint in vendor.contract.endpoints:
            limits |= {limit_name(vendor.name, endpoint.name, limit): limit for limit in endpoint.limits}
    return limits


def _behaviors_of(
    tenant: Tenant, name: str, limit: Limit, change: LimitChange
) -> Iterator[tuple[str, str | int]]:
    """Yield the behaviors to set for a change of a limit; raises a problem for an invalid one."""
    settings = _SETTINGS[type(limit)]
    vendor = name.partition(".")[0]
    for setting in to_builtins(change):
        if setting not in settings:
            raise invalid_request(f"limit {name!r} has no {setting!r}; it has {', '.join(settings)}")
    if isinstance(limit, ConcurrencyLimit):
        yield from (
            (behavior, value)
            for behavior, value in ((limit.busy, change.busy), (limit.hold, change.hold))
            if value is not None
        )
        return
    if isinstance(limit, TokenBucket) and change.refill is not None:
        yield limit.refill, change.refill
    if change.allowed is not None:
        if change.enabled and not change.allowed:
            raise invalid_request(
                f"limit {name!r}: `allowed` 0 is unlimited, which contradicts `enabled`;"
                " give a number, or leave one of the two out"
            )
        yield limit.allowed, change.allowed
    elif change.enabled and not tenant.behaviors[vendor][short_name(limit.allowed)]:
        if limit.documented is None:
            raise invalid_request(
                f"limit {name!r}: the vendor does not document a number; give `allowed` as well"
            )
        yield limit.allowed, limit.documented


def _describe(tenant: Tenant, name: str, limit: Limit) -> LimitState:
    vendor = name.partition(".")[0]
    is_on = name not in tenant.limits.off
    behaviors = tenant.behaviors[vendor]
    endpoints = tenant.vendors[vendor].contract.endpoints
    fields: dict[str, Any] = {
        "name": name,
        "endpoints": [endpoint.name for endpoint in endpoints if limit in endpoint.limits],
    }
    if isinstance(limit, ConcurrencyLimit):
        return SlotState(
            **fields,
            enabled=is_on,
            busy=behaviors[short_name(limit.busy)],
            hold=behaviors[short_name(limit.hold)],
            held=tenant.slots.held(vendor),
        )
    allowed = behaviors[short_name(limit.allowed)]
    now = tenant.clock.now()
    fields |= {"enabled": is_on and allowed > 0, "allowed": allowed, "documented": limit.documented}
    if isinstance(limit, TokenBucket):
        refill = behaviors[short_name(limit.refill)]
        taken = tenant.rates.taken(limit, allowed, refill, now)
        return BucketState(**fields, refill=refill, used=_usage_by_site(tenant, vendor, taken))
    window = replace(limit, seconds=tenant.limits.seconds.get(name, limit.seconds))
    used = _usage_by_site(tenant, vendor, tenant.rates.used(window, now))
    return WindowState(**fields, seconds=window.seconds, opens=window.opens, used=used)


def _usage_by_site(tenant: Tenant, vendor: str, counts: Mapping[str, int]) -> dict[str, int]:
    """Return a vendor's counts by site id; the keys of *counts* are ``<vendor> <index of the site>``."""
    site_ids = tenant.identifiers[vendor].sites
    usage = {}
    for key, count in counts.items():
        key_vendor, _, site = key.partition(" ")
        if key_vendor == vendor:
            is_known = site.isdecimal() and int(site) < len(site_ids)
            usage[site_ids[int(site)][0] if is_known else "*"] = count
    return usage
