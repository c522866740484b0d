"""The admin API's limits: what contracts limit, as a tenant has it."""

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import to_builtins
from msgspec.structs import replace

from mockserver.admin_schemas import BucketState, LimitChange, LimitState, SlotState, WindowState
from mockserver.contract.behaviors import short_name
from mockserver.contract.limits import ConcurrencyLimit, Limit, TokenBucket, WindowLimit, limit_name
from mockserver.server.admin.problem_details import invalid, suggest
from mockserver.server.admin.routing import HandlerContext
from mockserver.server.tenancy.tenant import Tenant

_SETTINGS: dict[type[Limit], tuple[str, ...]] = {
    WindowLimit: ("enabled", "allowed", "seconds"),
    TokenBucket: ("enabled", "allowed", "refill"),
    ConcurrencyLimit: ("enabled", "busy", "hold"),
}


def get_limits(call: HandlerContext) -> list[LimitState]:
    """List a tenant's limits, with how much of each is used."""
    return [_told(call.tenant, name, limit) for name, limit in _limits(call.tenant).items()]


def change_limits(call: HandlerContext, body: dict[str, LimitChange]) -> list[LimitState]:
    """Change some limits by name, all or none, and list all."""
    tenant, known = call.tenant, _limits(call.tenant)
    chosen: dict[str, str | int] = {}
    for name, change in body.items():
        if name not in known:
            raise invalid(f"there is no limit {name!r}; {suggest(name, known)}")
        chosen |= dict(_chosen(tenant, name, known[name], change))
    tenant.set_behaviors(chosen)
    for name, change in body.items():
        if change.enabled is not None:
            (tenant.limits.off.discard if change.enabled else tenant.limits.off.add)(name)
        if change.seconds is not None:
            tenant.limits.seconds[name] = change.seconds
    call.tenants.changed()
    return get_limits(call)


def _limits(tenant: Tenant) -> dict[str, Limit]:
    """Every limit by its name."""
    return {
        limit_name(vendor.name, endpoint.name, limit): limit
        for vendor in tenant.vendors.values()
        for endpoint in vendor.contract.endpoints
        for limit in endpoint.limits
    }


def _chosen(tenant: Tenant, name: str, limit: Limit, change: LimitChange) -> Iterator[tuple[str, str | int]]:
    """The behaviors that a change of a limit comes down to."""
    settings, vendor = _SETTINGS[type(limit)], name.partition(".")[0]
    for setting in to_builtins(change):
        if setting not in settings:
            raise invalid(f"limit {name!r} has no {setting!r}; it has {', '.join(settings)}")
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
            raise invalid(
                f"limit {name!r}: `allowed` 0 is any number, so it is not enabled; say how many, or leave one of the two out"
            )
        yield limit.allowed, change.allowed
    elif change.enabled and not tenant.behaviors[vendor][short_name(limit.allowed)]:
        if limit.documented is None:
            raise invalid(
                f"limit {name!r}: nobody documents how many requests are allowed; say `allowed` as well"
            )
        yield limit.allowed, limit.documented


def _told(tenant: Tenant, name: str, limit: Limit) -> LimitState:
    vendor, on = name.partition(".")[0], name not in tenant.limits.off
    behaviors = tenant.behaviors[vendor]
    contract = tenant.vendors[vendor].contract
    known: dict[str, Any] = {
        "name": name,
        "endpoints": [each.name for each in contract.endpoints if limit in each.limits],
    }
    if isinstance(limit, ConcurrencyLimit):
        busy, hold = behaviors[short_name(limit.busy)], behaviors[short_name(limit.hold)]
        return SlotState(**known, enabled=on, busy=busy, hold=hold, held=tenant.slots.held(vendor))
    allowed, now = behaviors[short_name(limit.allowed)], tenant.clock.now()
    known |= {"enabled": on and allowed > 0, "allowed": allowed, "documented": limit.documented}
    if isinstance(limit, TokenBucket):
        refill = behaviors[short_name(limit.refill)]
        return BucketState(
            **known,
            refill=refill,
            used=_used(tenant, vendor, tenant.rates.taken(limit, allowed, refill, now)),
        )
    window = replace(limit, seconds=tenant.limits.seconds.get(name, limit.seconds))
    used = _used(tenant, vendor, tenant.rates.used(window, now))
    return WindowState(**known, seconds=window.seconds, opens=window.opens, used=used)


def _used(tenant: Tenant, vendor: str, counts: Mapping[str, int]) -> dict[str, int]:
    """Requests counted for each key of a vendor, of those counted for any."""
    sites, found = tenant.identifiers[vendor].sites, {}
    for key, used in counts.items():
        whose, _, site = key.partition(" ")
        if whose == vendor:
            found[sites[int(site)][0] if site.isdecimal() and int(site) < len(sites) else "*"] = used
    return found
