"""``session-mock world``."""

from typing import Any

import click

from mockserver.cli.options import build_config, world_options
from mockserver.cli.output import echo, print_json, print_table
from mockserver.cli.params import format_examples, json_option
from mockserver.server.tenancy.config import ConfigError, tenants
from mockserver.server.tenancy.tenant import Tenant
from mockserver.world.generator.timeline import DAY
from mockserver.world.model.query import Query
from mockserver.world.model.spec import format_instant
from mockserver.world.world import Site

_MAX_DAYS = 120
_BAR_WIDTH = 40


def _describe(tenant: Tenant) -> dict[str, Any]:
    """Return the totals of a tenant's world by site and by day, for at most the last 120 days."""
    spec = tenant.world.spec
    now = tenant.clock.now()
    end = min(now, spec.end - 1 if spec.end is not None else now)
    last = end // DAY * DAY
    first = max(spec.start // DAY * DAY, last - (_MAX_DAYS - 1) * DAY)
    edges = list(range(first, last + DAY + 1, DAY))
    return {
        "tenant": tenant.name,
        "seed": spec.seed,
        "start": format_instant(spec.start),
        "end": None if spec.end is None else format_instant(spec.end),
        "now": format_instant(now),
        "sites": [_describe_site(site, now, edges) for site in tenant.world.sites],
    }


def _describe_site(site: Site, now: int, edges: list[int]) -> dict[str, Any]:
    sessions = site.find(Query(), now)
    days = sessions.series(edges)
    return {
        "domain": site.domain,
        "sessions": sessions.total,
        "bots": site.find(Query(bots=True), now).total - sessions.total,
        "days": {format_instant(edge)[:10]: count for edge, count in zip(edges[:-1], days, strict=True)},
    }


@click.command(name="world", epilog=format_examples("session-mock world --profile awkward --sites 1"))
@world_options
@json_option("Print JSON instead of a chart.")
def command(*, as_json: bool, **options: Any) -> None:
    """Describe a world: its sites and its sessions per day.

    No server is needed. At most the last 120 days are shown.
    """
    config = build_config(options)
    try:
        worlds = [_describe(tenant) for tenant in tenants(config)]
    except ConfigError as error:
        raise click.UsageError(str(error)) from None
    if as_json:
        print_json(worlds[0] if len(worlds) == 1 else worlds)
        return
    for world in worlds:
        _print_chart(world)


def _print_chart(world: dict[str, Any]) -> None:
    span = f"{world['start']} to {world['end'] or '(no end)'}"
    echo(f"Tenant {world['tenant']}: seed {world['seed']}, {span}, now {world['now']}\n")
    most = max((count for site in world["sites"] for count in site["days"].values()), default=0) or 1
    for site in world["sites"]:
        echo(f"{site['domain']}: {site['sessions']:,} sessions, {site['bots']:,} bot sessions in addition")
        rows = [
            (day, f"{count:,}", "█" * round(count * _BAR_WIDTH / most)) for day, count in site["days"].items()
        ]
        print_table(("day", "sessions", ""), rows)
        echo()
