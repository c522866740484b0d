"""``session-mock admin tenants``, ``mint``, ``tenant``, ``drop`` and ``reset``."""

import click

from mockserver.cli.admin.faults import read_fault
from mockserver.cli.admin.steer import steering, table
from mockserver.cli.admin.worlds import world_fields, world_options
from mockserver.cli.output import echo
from mockserver.cli.words import dialects, pairs, value
from mockserver.client.sync import DEFAULT_TENANT, AdminClient
from mockserver.steering import TenantAccess


def _show(told: TenantAccess) -> None:
    """Print what `session-mock serve` prints of a tenant, with the ids of its segments."""
    echo(f"Tenant {told.id}", bold=True)
    for name, vendor in told.vendors.items():
        echo(f"\n  {name}", bold=True)
        echo(f"    {'url':<10} {vendor.url}")
        echo(f"    {'dialect':<10} {vendor.dialect}")
        for credential, secret in vendor.credentials.items():
            echo(f"    {credential:<10} {secret}")
        echo(f"    {'sites':<10} {' '.join(vendor.sites)}")
        for segment, identifier in vendor.segments.items():
            echo(f"    {'segment':<10} {identifier} {segment}")


def _show_all(told: list[TenantAccess]) -> None:
    table(("tenant", "url"), [(tenant.id, tenant.url) for tenant in told])


@click.command()
@steering(_show_all, tenant=False)
def tenants(admin: AdminClient) -> list[TenantAccess]:
    """List all tenants."""
    return admin.tenants()


@click.command()
@click.argument("name", required=False)
@world_options
@click.option("--now", help="Instant the clock stands at, or 'system'.")
@click.option("--dialect", multiple=True, metavar="VENDOR=DIALECT", help="Whom a vendor is to resemble; DIALECT alone: all that have it.")
@click.option("--choice", multiple=True, metavar="NAME=VALUE", help="Set undocumented behaviour.")
@click.option("--credential", multiple=True, metavar="VENDOR.CREDENTIAL=VALUE", help="Set a credential instead of a made-up one.")
@click.option("--fault", multiple=True, metavar="JSON", help="Arm a fault.")
@steering(_show, tenant=False)
def mint(
    admin: AdminClient,
    *,
    name: str | None,
    profile: str | None,
    seed: int | None,
    sessions: int | None,
    fields: tuple[str, ...],
    now: str | None,
    dialect: tuple[str, ...],
    choice: tuple[str, ...],
    credential: tuple[str, ...],
    fault: tuple[str, ...],
) -> TenantAccess:
    """Mint a tenant: a world, a clock, and credentials for every vendor.

    NAME is its id; without one, one is made up.
    """
    return admin.mint(
        name,
        profile=profile or "default",
        world=world_fields(seed, sessions, fields),
        now=None if now is None else value(now),
        dialect=dialects(dialect),
        choices=pairs(choice, "--choice"),
        credentials=pairs(credential, "--credential"),
        faults=[read_fault(each, "--fault") for each in fault],
    )


@click.command()
@click.argument("name", metavar="[ID]", default=DEFAULT_TENANT)
@steering(_show, tenant=False)
def tenant(admin: AdminClient, *, name: str) -> TenantAccess:
    """Tell what clients need to know of a tenant: URLs, credentials, sites and segments."""
    return admin.tenant(name)


@click.command()
@click.argument("name", metavar="ID")
@steering(tenant=False)
def drop(admin: AdminClient, *, name: str) -> None:
    """Serve a tenant no longer.

    The default one is served as long as its server is; `session-mock admin reset` makes it be as at first.
    """
    admin.drop(name)


@click.command()
@steering()
def reset(admin: AdminClient, *, tenant: str) -> None:
    """Make a tenant be as at first.

    That is its world, clock, choices and limits; its faults are gone, and its journal is empty.
    """
    admin.reset(tenant)
