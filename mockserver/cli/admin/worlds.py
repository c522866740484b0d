"""``session-mock admin world`` and ``session``, and the options that define a tenant's world."""

from typing import Any

import click
from msgspec import json

from mockserver._util.suggest import suggest
from mockserver.admin_schemas.worlds import AddedSession, WorldFields, WorldTotals
from mockserver.cli.admin.common import with_client
from mockserver.cli.lazy_group import SuggestingGroup
from mockserver.cli.output import echo, print_table
from mockserver.cli.params import (
    SEED,
    combine_options,
    format_examples,
    parse_json_or_text,
    repeated_pairs,
)
from mockserver.client.client import AdminClient

_FIELDS = WorldFields.__struct_fields__

world_options = combine_options(
    click.option(
        "--profile",
        metavar="NAME",
        help="Named world to start from, such as empty or flowing. [default: default]",
    ),
    click.option(
        "--seed", type=SEED, metavar="N|random", help="Seed of all generated data; 'random' picks one."
    ),
    click.option("--sessions", type=int, help="Sessions per site, not counting bots."),
    click.option(
        "--set",
        "fields",
        **repeated_pairs("FIELD=VALUE", parse_json_or_text),
        help="Set another field of the world; repeatable; VALUE may be JSON."
        f" Fields: {', '.join(_FIELDS[2:])}.",
    ),
)
"""Decorator that adds the options that define the world of a tenant."""


def collect_world_fields(seed: int | None, sessions: int | None, fields: dict[str, Any]) -> dict[str, Any]:
    """Return the given fields of a world; raises a usage error for an unknown one."""
    for name in fields:
        if name not in _FIELDS:
            raise click.BadParameter(f"unknown field {name!r}; {suggest(name, _FIELDS)}", param_hint="--set")
    given = {"seed": seed, "sessions": sessions}
    return {**fields, **{name: value for name, value in given.items() if value is not None}}


def _print_world(totals: WorldTotals) -> None:
    spec = totals.spec
    echo(f"seed {spec['seed']}, {spec['start']} to {spec.get('end', '(no end)')}, now {totals.now}\n")
    rows = [(site.domain, f"{site.sessions:,}", f"{site.bots:,}") for site in totals.sites]
    print_table(("site", "sessions", "bot sessions (extra)"), rows)


@click.group(cls=SuggestingGroup)
def world() -> None:
    """Show or replace the world of a tenant.

    A world is the set of generated sites, visitors and sessions that all vendors return.
    """


@world.command("show")
@with_client(_print_world)
def show_world(client: AdminClient, *, tenant: str) -> WorldTotals:
    """Show the sites of a tenant's world and the sessions that have started so far."""
    return client.world(tenant)


@world.command(
    "replace", epilog=format_examples("session-mock admin world replace --profile awkward --set sites=3")
)
@world_options
@with_client(_print_world)
def replace_world(client: AdminClient, *, tenant: str, profile: str | None, **options: Any) -> WorldTotals:
    """Replace the world of a tenant, then show the new one.

    The seed stays unless --seed is given; other fields are those of the profile. Clients keep their
    credentials.
    """
    spec = collect_world_fields(**options)
    if profile is None and not spec:
        raise click.UsageError("nothing to replace; give --profile, --seed, --sessions or --set")
    return client.replace_world(tenant, profile=profile or "default", **spec)


def _print_added(added: AddedSession) -> None:
    echo(f"session {added.number} on site {added.site}, {added.start} to {added.end}\n")
    rows = [
        (vendor, added.ids.get(vendor, ""), added.visitor_ids.get(vendor, ""), json.encode(row).decode())
        for vendor, row in added.rows.items()
    ]
    print_table(("vendor", "session id", "visitor id", "row"), rows)


def _parse_field(text: str) -> Any:
    """Parse objects, arrays and quoted texts as JSON; versions such as 10 are texts."""
    return parse_json_or_text(text) if text.startswith(("{", "[", '"')) else text


def _parse_event(text: str) -> str | list[Any]:
    name, equals, properties = text.partition("=")
    return [name, parse_json_or_text(properties)] if equals else name


@world.command(
    "add",
    epilog=format_examples(
        "session-mock admin world add --start 2026-09-10T08:00Z --page /pricing --set country=DE",
        'session-mock admin world add --start 2026-09-11 --event \'signup={"plan": "pro"}\' --user-id u-1',
    ),
)
@click.option("--start", required=True, metavar="TIME", help="Time of the first event, in ISO 8601.")
@click.option("--page", "pages", multiple=True, metavar="PATH", help="Add a pageview; repeatable.")
@click.option(
    "--event",
    "events",
    multiple=True,
    metavar="NAME[=JSON]",
    help="Add a custom event after the pages, with properties as a JSON object; repeatable.",
)
@click.option("--user-id", help="User id of the visitor. [default: a new anonymous visitor]")
@click.option("--site", type=int, default=0, show_default=True, help="Index of the site, from 0.")
@click.option(
    "--set",
    "fields",
    **repeated_pairs("FIELD=VALUE", _parse_field),
    help="Set another field, such as country, city, device, browser, utm_source, language, end or email;"
    " repeatable; VALUE may be JSON.",
)
@with_client(_print_added)
def add_session(
    client: AdminClient,
    *,
    tenant: str,
    start: str,
    pages: tuple[str, ...],
    events: tuple[str, ...],
    user_id: str | None,
    site: int,
    fields: dict[str, Any],
) -> AddedSession:
    """Add a session to the world of a tenant, and show its ids at each vendor.

    Place, device and source are the first ones of the vocabulary with the given fields; other fields of the
    session are unknown.
    """
    given = {"pages": list(pages) or None, "events": [*map(_parse_event, events)] or None, "user_id": user_id}
    fields = {**fields, **{name: value for name, value in given.items() if value is not None}}
    return client.add_session(start=start, site=site, tenant=tenant, **fields)


def _print_session(data: dict[str, Any]) -> None:
    texts = {
        name: value if isinstance(value, str) else json.encode(value).decode() for name, value in data.items()
    }
    print_table(("field", "value"), texts.items())


@click.group(cls=SuggestingGroup)
def session() -> None:
    """Show the raw data of a session."""


@session.command("show", epilog=format_examples("session-mock admin session show --index -1"))
@click.option(
    "--index",
    type=int,
    help="Index among the sessions that have started, without bots: 0 is the oldest, -1 the newest.",
)
@click.option("--number", type=int, help="Number of the session in the world.")
@click.option("--site", type=int, default=0, show_default=True, help="Index of the site, from 0.")
@with_client(_print_session)
def show_session(
    client: AdminClient, *, tenant: str, index: int | None, number: int | None, site: int
) -> dict[str, Any]:
    """Show the raw data of a session, before any vendor's formatting.

    Give --index or --number. Times are Unix milliseconds, durations are milliseconds.
    """
    return client.session(index, number=number, site=site, tenant=tenant)
