"""``session-mock admin tenant``."""

from typing import Any

import click

from mockserver.admin_schemas import TenantAccess
from mockserver.cli.admin.common import with_client
from mockserver.cli.admin.faults import parse_fault
from mockserver.cli.admin.worlds import collect_world_fields, world_options
from mockserver.cli.lazy_group import SuggestingGroup
from mockserver.cli.output import echo, print_table
from mockserver.cli.params import (
    format_examples,
    parse_json_or_text,
    tenant_options,
)
from mockserver.client.client import AdminClient


def _print_tenant(access: TenantAccess) -> None:
    """Print what `session-mock serve` prints of a tenant, with the ids of its segments."""
    echo(f"Tenant {access.id}", bold=True)
    for name, vendor in access.vendors.items():
        echo(f"\n  {name}", bold=True)
        echo(f"    {'url':<10} {vendor.url}")
        echo(f"    {'dialect':<10} {vendor.dialect}")
        for credential, secret in vendor.credentials.items():
            echo(f"    {credential:<10} {secret}")
        echo(f"    {'sites':<10} {' '.join(vendor.sites)}")
        for segment, identifier in vendor.segments.items():
            echo(f"    {'segment':<10} {identifier} {segment}")


def _print_tenants(tenants: list[TenantAccess]) -> None:
    print_table(("tenant", "url"), [(access.id, access.url) for access in tenants])


@click.group(cls=SuggestingGroup)
def tenant() -> None:
    """Create, list, show, reset and delete tenants.

    A tenant is an isolated part of the server with its own world, clock, credentials, faults and journal.
    The tenant 'default' always exists.
    """


@tenant.command(
    "create",
    epilog=format_examples(
        "session-mock admin tenant create nightly --sessions 450 --seed 42",
        "session-mock admin tenant create --profile awkward --dialect observed --json",
    ),
)
@click.argument("name", required=False, metavar="[ID]")
@world_options
@click.option(
    "--now",
    metavar="INSTANT",
    help="Time at which the clock is frozen: ISO 8601, Unix milliseconds, or 'system' for real time.",
)
@tenant_options(click.option)
@click.option(
    "--fault",
    multiple=True,
    metavar="JSON",
    help="Add a fault, as in `session-mock admin fault add JSON`; repeatable.",
)
@with_client(_print_tenant, tenant=False)
def create_tenant(
    client: AdminClient,
    *,
    name: str | None,
    profile: str | None,
    seed: int | None,
    sessions: int | None,
    fields: dict[str, Any],
    now: str | None,
    fault: tuple[str, ...],
    **options: Any,
) -> TenantAccess:
    """Create a tenant with a world, a clock and credentials for each vendor.

    Without ID the server generates one. Without --seed the seed is derived from ID.
    """
    return client.create_tenant(
        name,
        profile=profile or "default",
        world=collect_world_fields(seed, sessions, fields),
        now=None if now is None else parse_json_or_text(now),
        faults=[parse_fault(text, "--fault") for text in fault],
        **options,
    )


@tenant.command("list")
@with_client(_print_tenants, tenant=False)
def list_tenants(client: AdminClient) -> list[TenantAccess]:
    """List all tenants."""
    return client.tenants()


@tenant.command("show", epilog=format_examples("session-mock admin tenant show nightly"))
@click.argument("name", required=False, metavar="[ID]")
@with_client(_print_tenant)
def show_tenant(client: AdminClient, *, tenant: str, name: str | None) -> TenantAccess:
    """Show what a client needs: URLs, credentials, sites and segments.

    ID is the tenant; without it --tenant is used.
    """
    return client.tenant(tenant if name is None else name)


@tenant.command("reset", epilog=format_examples("session-mock admin tenant reset nightly"))
@click.argument("name", required=False, metavar="[ID]")
@with_client()
def reset_tenant(client: AdminClient, *, tenant: str, name: str | None) -> None:
    """Reset a tenant to its initial state.

    This restores its world, clock, behaviors and limits, removes all faults and clears the journal.
    ID is the tenant; without it --tenant is used.
    """
    client.reset_tenant(tenant if name is None else name)


@tenant.command("delete", epilog=format_examples("session-mock admin tenant delete nightly"))
@click.argument("name", metavar="ID")
@with_client(tenant=False)
def delete_tenant(client: AdminClient, *, name: str) -> None:
    """Delete a tenant.

    The tenant 'default' cannot be deleted; `session-mock admin tenant reset` restores its initial state.
    """
    client.delete_tenant(name)
