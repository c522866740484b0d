"""``session-mock world``."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import click

from mockserver.cli.options import build_config, world_options
from mockserver.cli.output import echo, print_json, print_table
from mockserver.cli.params import format_examples, json_option
from mockserver.server.configuration.config import ConfigError
from mockserver.server.configuration.tenants import tenants
from mockserver.server.tenancy.tenant import Tenant
from mockserver.world.generator.layout import DAY, HOUR
from mockserver.world.generator.query_result import QueryResult
from mockserver.world.model.query import Query
from mockserver.world.model.spec import format_instant
from mockserver.world.world import Site

FIGURES: Final = {
    "days": "Sessions by day (UTC)",
    "hours": "Sessions by hour of the day (UTC)",
    "countries": "Sessions by country",
    "devices": "Sessions by device",
    "channels": "Sessions by channel",
    "visits": "Visitors by number of visits",
}
"""The figures of a site that are counts by some category, with their titles."""
SHARES: Final = ("countries", "devices", "channels")
"""The figures whose categories have no order of their own: the largest comes first."""
_DIMENSIONS: Final = {
    "countries": ("place", "country"),
    "devices": ("agent", "device"),
    "channels": ("acquisition", "channel"),
}
_MAX_DAYS = 120
_MAX_LISTED = 10_000
"""Largest number of sessions whose visitors are counted; all other figures have closed forms."""
_MAX_ROWS = 12
_BAR_WIDTH = 20


def _describe(tenant: Tenant) -> dict[str, Any]:
    """Return the figures of a tenant's world by site; those by time for at most the last 120 days."""
    spec = tenant.world.spec
    now = tenant.clock.now()
    end = min(now, spec.end - 1 if spec.end is not None else now)
    last = end // DAY * DAY
    first = max(spec.start // DAY * DAY, last - (_MAX_DAYS - 1) * DAY)
    edges = list(range(first, last + DAY + 1, HOUR))
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
    hourly = sessions.series(edges)
    by_day = [sum(hourly[hour : hour + 24]) for hour in range(0, len(hourly), 24)]
    return {
        "domain": site.domain,
        "time_zone": site.time_zone,
        "utc_offset": site.utc_offset,
        "sessions": sessions.total,
        "bots": site.find(Query(bots=True), now).total - sessions.total,
        "days": {format_instant(edge)[:10]: count for edge, count in zip(edges[::24], by_day, strict=False)},
        "hours": {f"{hour:02}": sum(hourly[hour::24]) for hour in range(24)},
        **{name: _count_values(sessions, *source) for name, source in _DIMENSIONS.items()},
        "visits": _count_visits(sessions),
    }


def _count_values(sessions: QueryResult, dimension: str, field: str) -> dict[str, int]:
    """Return the number of sessions by a field of a dimension, the largest first."""
    counts: Counter[str] = Counter()
    for entry, count in sessions.groups(dimension):
        counts[getattr(entry, field) or "unknown"] += count
    return dict(counts.most_common())


def _count_visits(sessions: QueryResult) -> dict[str, int] | None:
    """Return the number of visitors by their number of sessions; None if the sessions are too numerous."""
    if sessions.total > _MAX_LISTED:
        return None
    visits = Counter(sessions.page(0, sessions.total).batches[0].visitors)
    return {str(number): count for number, count in sorted(Counter(visits.values()).items())}


@click.command(
    name="world",
    epilog=format_examples(
        "session-mock world --profile awkward --sites 1", "session-mock world --html world.html"
    ),
)
@world_options
@click.option(
    "--html",
    "page",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write an HTML page with plots instead of printing charts. Requires session-mock[plots].",
)
@json_option("Print JSON instead of charts.")
def command(*, as_json: bool, page: Path | None, **options: Any) -> None:
    """Describe a world: when sessions start on its sites, and what they are like.

    No server is needed. Days and hours are in UTC, of at most the last 120 days. Visits are counted on
    sites of up to 10,000 sessions.
    """
    if as_json and page is not None:
        raise click.UsageError("--html cannot be combined with --json")
    config = build_config(options)
    try:
        worlds = [_describe(tenant) for tenant in tenants(config)]
    except ConfigError as error:
        raise click.UsageError(str(error)) from None
    if page is not None:
        _write_page(page, worlds)
    elif as_json:
        print_json(worlds[0] if len(worlds) == 1 else worlds)
    else:
        for world in worlds:
            _print_charts(world)


def _write_page(path: Path, worlds: list[dict[str, Any]]) -> None:
    try:
        from mockserver.cli.world.page import render_page  # noqa: PLC0415 -- an extra
    except ImportError:
        raise click.ClickException(
            "--html: pygal is not installed; run pip install 'session-mock[plots]'"
        ) from None
    try:
        path.write_text(render_page(worlds), encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"--html: {error}") from None


def summarize(world: dict[str, Any]) -> str:
    """Return one line about a tenant's world."""
    span = f"{world['start']} to {world['end'] or '(no end)'}"
    return f"Tenant {world['tenant']}: seed {world['seed']}, {span}, now {world['now']}"


def summarize_site(site: dict[str, Any]) -> str:
    """Return one line about a site."""
    return (
        f"{site['domain']}: {site['sessions']:,} sessions, {site['bots']:,} bot sessions in addition,"
        f" time zone {site['time_zone']} (UTC{site['utc_offset']:+d})"
    )


def _print_charts(world: dict[str, Any]) -> None:
    """Print the figures of two sites side by side."""
    echo(f"{summarize(world)}\n")
    for site in world["sites"]:
        echo(summarize_site(site))
    for first in range(0, len(world["sites"]), 2):
        sites = world["sites"][first : first + 2]
        for name, title in FIGURES.items():
            rows = compare_sites(sites, name)
            if rows:
                echo()
                headings = (title, *(site["domain"] for site in sites))
                print_table(headings, _draw_bars(rows, ".1%" if name in SHARES else ","))
    echo()


def compare_sites(sites: Sequence[dict[str, Any]], name: str) -> list[tuple[str, list[float]]]:
    """Return each category of a figure with its count, or share of all sessions, on each site."""
    figures = [site[name] or {} for site in sites]
    categories = {category for figure in figures for category in figure}
    if name not in SHARES:
        ordered = sorted(categories, key=lambda category: (len(category), category))  # 2 before 10
        return [(category, [figure.get(category, 0) for figure in figures]) for category in ordered]
    rows = [
        (
            category,
            [figure.get(category, 0) / site["sessions"] for figure, site in zip(figures, sites, strict=True)],
        )
        for category in categories
    ]
    rows.sort(key=lambda row: (-sum(row[1]), row[0]))
    others = [shares for _, shares in rows[_MAX_ROWS:]]
    if others:
        rows[_MAX_ROWS:] = [("others", [sum(shares) for shares in zip(*others, strict=True)])]
    return rows


def _draw_bars(rows: list[tuple[str, list[float]]], form: str) -> list[list[str]]:
    most = max((size for _, sizes in rows for size in sizes), default=0) or 1
    width = len(f"{most:{form}}")
    return [
        [category, *(f"{size:>{width}{form}} {'█' * round(size * _BAR_WIDTH / most)}" for size in sizes)]
        for category, sizes in rows
    ]
