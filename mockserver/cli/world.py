"""``session-mock world``."""

from typing import Any

import click

from mockserver.cli.options import configured, world_options
from mockserver.cli.output import echo, echo_json
from mockserver.server.config import ConfigError, tenants
from mockserver.server.tenants import Tenant
from mockserver.world.query import Query
from mockserver.world.spec import text
from mockserver.world.timeline import DAY
from mockserver.world.world import Site

_MOST_DAYS = 120
_BAR = 40


def described(tenant: Tenant) -> dict[str, Any]:
    """A tenant's world in totals: per site, and per day of the last days it has."""
    spec, now = tenant.world.spec, tenant.clock.now()
    end = min(now, spec.end - 1 if spec.end is not None else now)
    last = end // DAY * DAY
    first = max(spec.start // DAY * DAY, last - (_MOST_DAYS - 1) * DAY)
    edges = list(range(first, last + DAY + 1, DAY))
    return {
        "tenant": tenant.name,
        "seed": spec.seed,
        "start": text(spec.start),
        "end": None if spec.end is None else text(spec.end),
        "now": text(now),
        "sites": [_site(site, now, edges) for site in tenant.world.sites],
    }


def _site(site: Site, now: int, edges: list[int]) -> dict[str, Any]:
    people = site.find(Query(), now)
    days = people.series(edges)
    return {
        "domain": site.domain,
        "sessions": people.total,
        "bots": site.find(Query(bots=True), now).total - people.total,
        "days": {text(edge)[:10]: count for edge, count in zip(edges[:-1], days, strict=True)},
    }


@click.command(name="world")
@world_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a chart.")
def command(*, as_json: bool, **options: Any) -> None:
    """Describe a world: its sites, totals and days."""
    config = configured(options)
    try:
        worlds = [described(tenant) for tenant in tenants(config)]
    except ConfigError as error:
        raise click.UsageError(str(error)) from None
    if as_json:
        echo_json(worlds[0] if len(worlds) == 1 else worlds)
        return
    for world in worlds:
        _chart(world)


def _chart(world: dict[str, Any]) -> None:
    from mockserver.cli.tables import table  # noqa: PLC0415 -- rich is felt at start-up

    echo(f"Tenant {world['tenant']}: seed {world['seed']}, {world['start']} to {world['end'] or 'no end'}, now {world['now']}\n")
    most = max((count for site in world["sites"] for count in site["days"].values()), default=0) or 1
    for site in world["sites"]:
        echo(f"{site['domain']}: {site['sessions']:,} sessions, {site['bots']:,} of bots beside them")
        rows = [(day, f"{count:,}", "█" * round(count * _BAR / most)) for day, count in site["days"].items()]
        table(("day", "sessions", ""), rows)
        echo()
