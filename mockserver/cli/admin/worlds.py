"""``session-mock admin world`` and ``session``, and the options that say what a world is made of."""

from collections.abc import Callable
from difflib import get_close_matches
from typing import Any, TypeVar

import click
from msgspec import json

from mockserver.cli.admin.steer import steering, table
from mockserver.cli.output import echo
from mockserver.cli.words import SEED, values
from mockserver.client.sync import AdminClient
from mockserver.steering import WorldFields, WorldTotals

C = TypeVar("C", bound=Callable[..., Any])
_KNOWN = WorldFields.__struct_fields__


def world_options(command: C) -> C:
    """Give a command the options that say what a tenant's world is made of."""
    for option in reversed((
        click.option("--profile", help="Named world to start from, such as default, empty or flowing."),
        click.option("--seed", type=SEED, help="What all values follow from; 'random' makes one up."),
        click.option("--sessions", type=int, help="Sessions per site, bots not counted."),
        click.option("--set", "fields", multiple=True, metavar="FIELD=VALUE", help=f"Another field of its spec: {', '.join(_KNOWN[2:])}."),
    )):  # fmt: skip
        command = option(command)
    return command


def world_fields(seed: int | None, sessions: int | None, fields: tuple[str, ...]) -> dict[str, Any]:
    """The fields of a world's spec that were given; raises a usage error for one that there is not."""
    found = values(fields, "--set")
    for name in found:
        if name not in _KNOWN:
            near = get_close_matches(name, _KNOWN, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(_KNOWN)}"
            raise click.BadParameter(f"a world has no field {name!r}; {hint}", param_hint="--set")
    given = {"seed": seed, "sessions": sessions}
    return {**found, **{name: number for name, number in given.items() if number is not None}}


def _show(told: WorldTotals) -> None:
    spec = told.spec
    echo(f"seed {spec['seed']}, {spec['start']} to {spec.get('end', 'no end')}, now {told.now}\n")
    table(("site", "sessions", "bots beside them"), [(site.domain, f"{site.sessions:,}", f"{site.bots:,}") for site in told.sites])


@click.command()
@world_options
@steering(_show)
def world(
    admin: AdminClient, *, tenant: str, profile: str | None, seed: int | None, sessions: int | None, fields: tuple[str, ...]
) -> WorldTotals:
    """Tell a tenant's world, or put the tenant into another.

    With any of --profile, --seed, --sessions and --set, it is another; the seed stays unless one is given.
    """
    spec = world_fields(seed, sessions, fields)
    if profile is None and not spec:
        return admin.world(tenant)
    return admin.put_world(tenant, profile=profile or "default", **spec)


def _show_session(told: dict[str, Any]) -> None:
    table(("field", "value"), [(name, value if isinstance(value, str) else json.encode(value).decode()) for name, value in told.items()])


@click.command()
@click.option("--index", type=int, help="Its place among those of people that have started by now: 0 is the oldest, -1 the newest.")
@click.option("--number", type=int, help="Its number in the world.")
@click.option("--site", type=int, default=0, show_default=True, help="Which site, counted from 0.")
@steering(_show_session)
def session(admin: AdminClient, *, tenant: str, index: int | None, number: int | None, site: int) -> dict[str, Any]:
    """Tell a session in the world's own words.

    Say which with --index or --number; instants and durations are in milliseconds.
    """
    return admin.session(index, number=number, site=site, tenant=tenant)
