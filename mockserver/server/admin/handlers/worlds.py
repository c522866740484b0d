"""The admin API's worlds."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct, to_builtins

from mockserver.admin_schemas import NewWorld, SiteTotals, WorldTotals
from mockserver.server.admin.problem_details import invalid
from mockserver.server.admin.routing import HandlerContext
from mockserver.server.expected.session_dump import described
from mockserver.server.tenancy.config import TenantConfig, tenant_spec
from mockserver.server.tenancy.tenant import Tenant
from mockserver.world.model.query import Query
from mockserver.world.model.spec import WorldSpec, format_instant
from mockserver.world.world import build


def get_world(call: HandlerContext) -> WorldTotals:
    """Tell a tenant's world: its spec, and how many sessions of each site have started by now."""
    return _told(call.tenant)


class SessionQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which session: by its place or by its number."""

    site: int = 0
    index: int | None = None
    """Its place among the sessions of people that have started by now, the oldest is 0; the newest is -1."""
    number: int | None = None
    """Its number in the world."""


def get_session(call: HandlerContext, query: SessionQuery) -> dict[str, Any]:
    """Tell a session as the world has it, in no vendor's words; instants and durations are in milliseconds."""
    world, now = call.tenant.world, call.tenant.clock.now()
    if not 0 <= query.site < len(world.sites):
        raise invalid(f"there is no site {query.site}; sites are 0 to {len(world.sites) - 1}")
    if (query.index is None) == (query.number is None):
        raise invalid("say which session: by `index` (0 is the oldest, -1 the newest) or by `number`")
    site = world.sites[query.site]
    told: Sequence[Any] = []
    if query.number is not None:
        batch = site.session(query.number, now)
        told = told if batch is None else described(batch)
    else:
        started, place = site.find(Query(), now), query.index or 0
        place += started.total if place < 0 else 0
        told = started.page(place, 1).map_rows(described) if 0 <= place < started.total else told
    if not told:
        raise invalid(
            f"site {query.site} has no such session by now; it has {site.find(Query(), now).total} of people"
        )
    return dict(told[0])


def replace_world(call: HandlerContext, body: NewWorld) -> WorldTotals:
    """Put a tenant into another world; clock and credentials stay, what was tracked is gone."""
    tenant = call.tenant
    fields = {"seed": tenant.world.spec.seed, **to_builtins(body)}
    world = build(tenant_spec(TenantConfig(profile=fields.pop("profile", body.profile), world=fields)))
    call.tenants.change(tenant, lambda: tenant.replace_world(world))
    return _told(tenant)


def _told(tenant: Tenant) -> WorldTotals:
    now, sites = tenant.clock.now(), []
    for site in tenant.world.sites:
        people = site.find(Query(), now).total
        sites.append(
            SiteTotals(
                domain=site.domain, sessions=people, bots=site.find(Query(bots=True), now).total - people
            )
        )
    return WorldTotals(spec=_fields(tenant.world.spec), now=format_instant(now), sites=sites)


def _fields(spec: WorldSpec) -> dict[str, Any]:
    """A spec as it can be put again."""
    fields = {name: value for name, value in to_builtins(spec).items() if value is not None}
    return {**fields, **{name: format_instant(fields[name]) for name in ("start", "end") if name in fields}}
