"""Limits of tenants: those of the contracts, with the tenant's settings."""

from msgspec import Struct, convert

from mockserver.admin_schemas.limits import LimitChange, LimitState
from mockserver.contract.limits import Limit, RateLimit
from mockserver.server.admin.routing import HandlerContext
from mockserver.server.tenancy.limit_changes import change_limits, limits_by_name
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
    return [
        _describe(context.tenant, name, limit)
        for name, limit in limits_by_name(context.tenant.vendors).items()
    ]


def update_limits(context: HandlerContext, body: dict[str, LimitChange]) -> list[LimitState]:
    """Change limits by name, then list all; if one change is invalid, none is made."""
    tenant = context.tenant
    settings = change_limits(tenant.settings, tenant.limits, body)
    context.tenants.replace_settings(tenant, settings)
    return list_limits(context)


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
