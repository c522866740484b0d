"""``session-mock admin health``, ``version`` and ``openapi``."""

from typing import Any

import click

from mockserver.admin_schemas.server import Health, Version
from mockserver.cli.admin.common import with_client
from mockserver.cli.output import echo, print_json
from mockserver.cli.params import format_examples
from mockserver.client.client import AdminClient


def _print_health(state: Health) -> None:
    echo(f"{state.status}: {state.message}, tenants: {state.tenants}")


def _print_version(version_: Version) -> None:
    echo(f"{version_.name} {version_.version}")


@click.command(epilog=format_examples("until session-mock admin health 2> /dev/null; do sleep 0.1; done"))
@with_client(_print_health, tenant=False)
def health(client: AdminClient) -> Health:
    """Check that the server is running.

    The exit code is 0 if the server responds, and 1 if it does not.
    """
    return client.health()


@click.command()
@with_client(_print_version, tenant=False)
def version(client: AdminClient) -> Version:
    """Print the version of the server."""
    return client.version()


@click.command(epilog=format_examples("session-mock admin openapi > admin.json"))
@with_client(print_json, tenant=False)
def openapi(client: AdminClient) -> dict[str, Any]:
    """Print the admin API as OpenAPI 3.1."""
    return client.openapi()
