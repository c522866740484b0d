"""``session-mock admin health``, ``version`` and ``openapi``."""

from typing import Any

import click

from mockserver.cli.admin.steer import json_line, steering
from mockserver.cli.output import echo
from mockserver.client.sync import AdminClient
from mockserver.steering import Health, Version


def _show_health(told: Health) -> None:
    echo(f"{told.status}: {told.message}, tenants: {told.tenants}")


def _show_version(told: Version) -> None:
    echo(f"{told.name} {told.version}")


@click.command()
@steering(_show_health, tenant=False)
def health(admin: AdminClient) -> Health:
    """Say whether a server answers."""
    return admin.health()


@click.command()
@steering(_show_version, tenant=False)
def version(admin: AdminClient) -> Version:
    """Say which session-mock the server is."""
    return admin.version()


@click.command()
@steering(json_line, tenant=False)
def openapi(admin: AdminClient) -> dict[str, Any]:
    """Print the admin API as OpenAPI 3.1."""
    return admin.openapi()
