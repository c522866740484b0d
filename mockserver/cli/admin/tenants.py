"""``session-mock admin tenant``."""

from typing import Any

import click

from mockserver.admin_schemas.tenants import NewTenant, TenantAccess
from mockserver.cli.admin.common import with_client
from mockserver.cli.admin.worlds import collect_world_fields, world_options
from mockserver.cli.lazy_group import SuggestingGroup
from mockserver.cli.output import echo, print_json, print_table
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


def _merge_scenario(scenario: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Return a tenant's arguments on the base of a scenario; raises a usage error for an unknown one."""
    from mockserver.server.configuration.scenarios import (  # noqa: PLC0415 -- one option needs it
        merge_settings,
        tenant_arguments,
    )
    from mockserver.server.configuration.toml_files import ConfigError  # noqa: PLC0415 -- as above

    try:
        return merge_settings(tenant_arguments(scenario), arguments)
    except ConfigError as error:
        raise click.BadParameter(str(error), param_hint="--scenario") from None


def _split_world(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments with the fields of a world in ``world``."""
    own = {name: value for name, value in arguments.items() if name in NewTenant.__struct_fields__}
    return {**own, "world": {name: value for name, value in arguments.items() if name not in own}}


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
    scenario: str | None,
    **options: Any,
) -> TenantAccess:
    """Create a tenant with a world, a clock and credentials for each vendor.

    Without ID the server generates one. Without --seed the seed is derived from ID.
    """
    given = {
        "profile": profile,
        "now": None if now is None else parse_json_or_text(now),
        **collect_world_fields(seed, sessions, fields),
        **options,
    }
    arguments = {field: value for field, value in given.items() if value is not None}
    if scenario is not None:
        arguments = _merge_scenario(scenario, arguments)
    return client.create_tenant(name, **_split_world(arguments))


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


@click.command(epilog=format_examples("session-mock admin snapshot > bug.json"))
@with_client(print_json)
def snapshot(client: AdminClient, *, tenant: str) -> dict[str, Any]:
    """Print the complete state of a tenant as JSON.

    `session-mock serve --restore FILE` continues with it: the same requests get the same bytes. It has the
    world with everything that was sent, added and deleted, the clock, behaviors, limits and faults with their
    counters, and credentials that were set, unmasked. It has no journal.
    """
    return client.snapshot(tenant)
