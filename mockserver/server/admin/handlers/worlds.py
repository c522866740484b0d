"""Worlds of tenants and their sessions."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct, to_builtins

from mockserver.admin_schemas.worlds import AddedSession, NewWorld, SiteTotals, WorldTotals
from mockserver.server.admin.problem_details import invalid_request
from mockserver.server.admin.routing import HandlerContext
from mockserver.server.configuration.config import TenantConfig
from mockserver.server.configuration.tenants import tenant_spec
from mockserver.server.expected.rows import row_of_session
from mockserver.server.expected.session_dump import described
from mockserver.server.tenancy.tenant import Tenant
from mockserver.world.generator.added import NewSession
from mockserver.world.model.query import Query
from mockserver.world.model.spec import WorldSpec, format_instant
from mockserver.world.world import build, with_session


def get_world(context: HandlerContext) -> WorldTotals:
    """Return a tenant's world: its spec, and the number of sessions of each site that have started."""
    return _describe(context.tenant)


class SessionQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Selects a session by index or by number."""

    site: int = 0
    """Index of the site."""
    index: int | None = None
    """Index among the sessions that have started, without bots: 0 is the oldest, -1 the newest."""
    number: int | None = None
    """Number of the session in the world."""


def get_session(context: HandlerContext, query: SessionQuery) -> dict[str, Any]:
    """Return the raw data of a session, before any vendor's formatting; times are in milliseconds."""
    world = context.tenant.world
    now = context.tenant.clock.now()
    if not 0 <= query.site < len(world.sites):
        raise invalid_request(f"site: unknown index {query.site}; use 0 to {len(world.sites) - 1}")
    if (query.index is None) == (query.number is None):
        message = "select one session: by `index` (0 is the oldest, -1 the newest) or by `number`"
        raise invalid_request(message)
    site = world.sites[query.site]
    sessions: Sequence[Any] = []
    if query.number is not None:
        batch = site.session(query.number, now)
        sessions = [] if batch is None else described(batch)
    else:
        started = site.find(Query(), now)
        index = query.index or 0
        index += started.total if index < 0 else 0
        if 0 <= index < started.total:
            sessions = started.page(index, 1).map_rows(described)
    if not sessions:
        count = site.find(Query(), now).total
        raise invalid_request(
            f"site {query.site}: no such session has started yet;"
            f" use an index below {count}, or move the clock forward"
        )
    return dict(sessions[0])


def add_session(context: HandlerContext, body: NewSession) -> AddedSession:
    """Add a session to a tenant's world, and return its ids and rows at each vendor."""
    tenant = context.tenant
    tenant.world, session = with_session(tenant.world, body)
    site_key = tenant.world.sites[body.site].key
    added = AddedSession(
        site=body.site,
        number=session.number(site_key),
        visitor=session.visitor(site_key),
        start=format_instant(session.start),
        end=format_instant(session.events[-1].at),
        ids={},
        visitor_ids={},
        rows={},
    )
    for name, vendor in tenant.vendors.items():
        for endpoint in vendor.contract.endpoints:
            if endpoint.start_field is None:
                continue
            row = row_of_session(tenant, (vendor, endpoint), body.site, session)
            added.rows[name] = row
            if len(endpoint.row_key) == 1:
                added.ids[name] = str(row[endpoint.row_key[0]])
            visitor = row.get(endpoint.visitor_field or "")
            if visitor is not None:
                added.visitor_ids[name] = str(visitor)
    return added


def replace_world(context: HandlerContext, body: NewWorld) -> WorldTotals:
    """Replace a tenant's world; clock and credentials stay, tracked data is deleted."""
    tenant = context.tenant
    fields = {"seed": tenant.world.spec.seed, **to_builtins(body)}
    world = build(tenant_spec(TenantConfig(profile=fields.pop("profile", body.profile), world=fields)))
    context.tenants.replace_settings(tenant, tenant.settings.with_world(world))
    return _describe(tenant)


def _describe(tenant: Tenant) -> WorldTotals:
    now = tenant.clock.now()
    sites = []
    for site in tenant.world.sites:
        sessions = site.find(Query(), now).total
        with_bots = site.find(Query(bots=True), now).total
        sites.append(SiteTotals(domain=site.domain, sessions=sessions, bots=with_bots - sessions))
    return WorldTotals(
        spec=_spec_fields(tenant.world.spec),
        now=format_instant(now),
        sites=sites,
        added=to_builtins(tenant.world.added),
    )


def _spec_fields(spec: WorldSpec) -> dict[str, Any]:
    """Return the fields of a spec; a request to replace a world may have them again."""
    fields = {name: value for name, value in to_builtins(spec).items() if value is not None}
    return {**fields, **{name: format_instant(fields[name]) for name in ("start", "end") if name in fields}}
