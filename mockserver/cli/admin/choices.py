"""``session-mock admin choices`` and ``choose``."""

import click

from mockserver.cli.admin.steer import steering, table
from mockserver.cli.words import pairs
from mockserver.client.sync import AdminClient

Choices = dict[str, str | int]


def _show(told: Choices) -> None:
    table(("choice", "setting"), told.items())


@click.command()
@steering(_show)
def choices(admin: AdminClient, *, tenant: str) -> Choices:
    """List the setting of every choice.

    `session-mock contract VENDOR` says what each means.
    """
    return admin.choices(tenant)


@click.command()
@click.argument("settings", nargs=-1, required=True, metavar="NAME=VALUE...")
@steering(_show)
def choose(admin: AdminClient, *, tenant: str, settings: tuple[str, ...]) -> Choices:
    """Change choices.

    All or none is changed, and every setting is listed.
    """
    return admin.choose(pairs(settings, "NAME=VALUE"), tenant)
