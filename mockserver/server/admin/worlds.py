"""The admin API's worlds."""

from typing import Any

from msgspec import to_builtins

from mockserver.server.admin.call import Call
from mockserver.server.config import TenantConfig, tenant_spec
from mockserver.server.tenants import Tenant
from mockserver.steering import NewWorld, SiteTotals, WorldTotals
from mockserver.world.query import Query
from mockserver.world.spec import WorldSpec, text
from mockserver.world.world import build


def get_world(call: Call) -> WorldTotals:
    """Tell a tenant's world: its spec, and how many sessions of each site have started by now."""
    return _told(call.tenant)


def put_world(call: Call, body: NewWorld) -> WorldTotals:
    """Put a tenant into another world; clock and credentials stay, what was tracked is gone."""
    tenant = call.tenant
    fields = {"seed": tenant.world.spec.seed, **to_builtins(body)}
    world = build(tenant_spec(TenantConfig(profile=fields.pop("profile", body.profile), world=fields)))
    call.tenants.change(tenant, lambda: tenant.use(world))
    return _told(tenant)


def _told(tenant: Tenant) -> WorldTotals:
    now, sites = tenant.clock.now(), []
    for site in tenant.world.sites:
        people = site.find(Query(), now).total
        sites.append(SiteTotals(domain=site.domain, sessions=people, bots=site.find(Query(bots=True), now).total - people))
    return WorldTotals(spec=_fields(tenant.world.spec), now=text(now), sites=sites)


def _fields(spec: WorldSpec) -> dict[str, Any]:
    """A spec as it can be put again."""
    fields = {name: value for name, value in to_builtins(spec).items() if value is not None}
    return {**fields, **{name: text(fields[name]) for name in ("start", "end") if name in fields}}
