"""``session-mock admin limit`` and ``behavior``."""

from typing import Any

import click

from mockserver.admin_schemas.limits import LimitChange, LimitState, SlotState, WindowState
from mockserver.cli.admin.common import with_client
from mockserver.cli.lazy_group import SuggestingGroup
from mockserver.cli.output import print_table
from mockserver.cli.params import COUNT, Pair, format_examples
from mockserver.client.client import AdminClient

Behaviors = dict[str, str | int]


def _describe(limit: LimitState) -> str:
    if isinstance(limit, SlotState):
        return f"one request at a time, each for at least {limit.hold} ms; a second one gets: {limit.busy}"
    if not limit.allowed:
        return "unlimited"
    if isinstance(limit, WindowState):
        return f"{limit.allowed:,} per {limit.seconds} s"
    return f"bursts of {limit.allowed:,}, then {limit.refill:,} per second"


def _describe_usage(limit: LimitState) -> str:
    if isinstance(limit, SlotState):
        return f"{limit.held} open"
    counts = [
        f"{count:,}" if site == "*" else f"{count:,} (site {site})" for site, count in limit.used.items()
    ]
    return ", ".join(counts) or "none"


def _print_limits(limits: list[LimitState]) -> None:
    rows = [
        (
            limit.name,
            "on" if limit.enabled else "off",
            _describe(limit),
            _describe_usage(limit),
            ", ".join(limit.endpoints),
        )
        for limit in limits
    ]
    print_table(("limit", "state", "allows", "used", "endpoints"), rows)


@click.group(cls=SuggestingGroup)
def limit() -> None:
    """List or change rate and concurrency limits."""


@limit.command("list")
@with_client(_print_limits)
def list_limits(client: AdminClient, *, tenant: str) -> list[LimitState]:
    """List the limits of a tenant and how much of each is used."""
    return client.limits(tenant)


@limit.command(
    "set",
    epilog=format_examples(
        "session-mock admin limit set braze.shared --allowed 2 --seconds 60",
        "session-mock admin limit set browsee.export_sessions --off",
    ),
)
@click.argument("name")
@click.option(
    "--on/--off",
    "enabled",
    default=None,
    help="Enforce the limit or not; --on uses the documented number if none was set.",
)
@click.option(
    "--allowed", type=COUNT, metavar="N", help="Requests per window, or size of a burst; 0 is unlimited."
)
@click.option("--seconds", type=click.IntRange(min=1), metavar="N", help="Length of the window in seconds.")
@click.option("--refill", type=COUNT, metavar="N", help="Requests per second by which a burst limit refills.")
@click.option(
    "--busy", metavar="BEHAVIOR", help="Response to a second request, for a limit of one request at a time."
)
@click.option(
    "--hold",
    type=COUNT,
    metavar="N",
    help="Minimum time in milliseconds for which a request counts as open, for such a limit.",
)
@with_client(_print_limits)
def set_limit(client: AdminClient, *, tenant: str, name: str, **changes: Any) -> list[LimitState]:
    """Change a limit, then list all limits.

    NAME is one of those that `session-mock admin limit list` prints. Options that are left out stay as they
    are.
    """
    if all(change is None for change in changes.values()):
        raise click.UsageError(
            f"limit {name!r}: nothing to change; give an option such as --allowed 2 or --off"
        )
    return client.update_limits({name: LimitChange(**changes)}, tenant)


def _print_behaviors(values: Behaviors) -> None:
    print_table(("behavior", "value"), values.items())


@click.group(cls=SuggestingGroup)
def behavior() -> None:
    """List or set behaviors that vendors do not document.

    A behavior is a named setting for something that the vendor's documentation leaves open, such as the
    response to a second export at the same time. `session-mock contract VENDOR` explains each behavior and
    its values.
    """


@behavior.command("list")
@with_client(_print_behaviors)
def list_behaviors(client: AdminClient, *, tenant: str) -> Behaviors:
    """List the behaviors of a tenant with their values."""
    return client.behaviors(tenant)


@behavior.command(
    "set", epilog=format_examples("session-mock admin behavior set browsee.busy=queue browsee.hold=0")
)
@click.argument("settings", nargs=-1, required=True, type=Pair("NAME=VALUE"), metavar="NAME=VALUE...")
@with_client(_print_behaviors)
def set_behaviors(client: AdminClient, *, tenant: str, settings: tuple[tuple[str, str], ...]) -> Behaviors:
    """Set behaviors, then list all of them.

    If one of the settings is invalid, none is changed.
    """
    return client.set_behaviors(dict(settings), tenant)
