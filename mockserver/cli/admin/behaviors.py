"""``session-mock admin behavior``."""

import click

from mockserver.cli.admin.common import with_client
from mockserver.cli.lazy_group import SuggestingGroup
from mockserver.cli.output import print_table
from mockserver.cli.params import format_examples, parse_pairs
from mockserver.client.client import AdminClient

Behaviors = dict[str, str | int]


def _print_behaviors(values: Behaviors) -> None:
    print_table(("behavior", "value"), values.items())


@click.group(cls=SuggestingGroup)
def behavior() -> None:
    """List or set behaviors that vendors do not document.

    A behavior is a switch with a default, for something that the vendor's documentation leaves open, such as
    the response to a second export at the same time. `session-mock contract VENDOR` explains each behavior
    and its values.
    """


@behavior.command("list")
@with_client(_print_behaviors)
def list_behaviors(client: AdminClient, *, tenant: str) -> Behaviors:
    """List the behaviors of a tenant with their values."""
    return client.behaviors(tenant)


@behavior.command(
    "set", epilog=format_examples("session-mock admin behavior set browsee.busy=queue browsee.hold=0")
)
@click.argument("settings", nargs=-1, required=True, metavar="NAME=VALUE...")
@with_client(_print_behaviors)
def set_behaviors(client: AdminClient, *, tenant: str, settings: tuple[str, ...]) -> Behaviors:
    """Set behaviors, then list all of them.

    If one of the settings is invalid, none is changed.
    """
    return client.set_behaviors(parse_pairs(settings, "NAME=VALUE"), tenant)
