"""Limits of tenants: those of the contracts, with the tenant's settings."""

from collections.abc import Iterator

from msgspec import Struct, convert, to_builtins

from mockserver._util.suggest import suggest
from mockserver.admin_schemas import LimitChange, LimitState
from mockserver.contract.limits import Limit, RateLimit
from mockserver.server.admin.problem_details import invalid_request
from mockserver.server.admin.routing import HandlerContext
from mockserver.server.tenancy.tenant import Tenant


class _Usage(Struct, frozen=True):
    """How much of its limits the clients of a tenant use at a vendor."""

    tenant: Tenant
    vendor: str

    def held_slots(self) -> int:
        return self.tenant.slots.held(self.vendor)

    def requests_by_site(self, limit: RateLimit) -> dict[str, int]:
        """Return counted requests by site id; the keys of counters are ``<vendor> <index of the site>``."""
        tenant = self.tenant
        site_ids = tenant.identifiers[self.vendor].sites
        usage = {}
        counts = tenant.rates.used(limit, tenant.behaviors[self.vendor], tenant.clock.now())
        for key, count in counts.items():
            vendor, _, site = key.partition(" ")
            if vendor == self.vendor:
                is_known = site.isdecimal() and int(site) < len(site_ids)
                usage[site_ids[int(site)][0] if is_known else "*"] = count
        return usage


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
            limits |= {limit.name(vendor.name, endpoint.name): limit for limit in endpoint.limits}
    return limits


def _behaviors_of(
    tenant: Tenant, name: str, limit: Limit, change: LimitChange
) -> Iterator[tuple[str, str | int]]:
    """Yield the behaviors to set for a change of a limit; raises a problem for an invalid one."""
    changed = to_builtins(change)
    for setting in changed:
        if setting not in limit.settings:
            raise invalid_request(f"limit {name!r} has no {setting!r}; it has {', '.join(limit.settings)}")
    for setting, behavior in limit.behaviors.items():
        if setting in changed:
            yield behavior, changed[setting]
    settings = limit.values(tenant.behaviors[name.partition(".")[0]]) | changed
    if not change.enabled or settings.get("allowed") != 0:
        return
    if change.allowed == 0:
        raise invalid_request(
            f"limit {name!r}: `allowed` 0 is unlimited, which contradicts `enabled`;"
            " give a number, or leave one of the two out"
        )
    if limit.documented is None:
        raise invalid_request(
            f"limit {name!r}: the vendor does not document a number; give `allowed` as well"
        )
    yield limit.behaviors["allowed"], limit.documented


def _describe(tenant: Tenant, name: str, limit: Limit) -> LimitState:
    vendor = name.partition(".")[0]
    endpoints = tenant.vendors[vendor].contract.endpoints
    state = tenant.limits.apply(name, limit).state(tenant.behaviors[vendor], _Usage(tenant, vendor))
    fields = {
        **state,
        "kind": limit.kind,
        "name": name,
        "endpoints": [endpoint.name for endpoint in endpoints if limit in endpoint.limits],
        "enabled": name not in tenant.limits.off and state.get("allowed") != 0,
    }
    described: LimitState = convert(fields, LimitState)
    return described
