"""``session-mock admin limit``."""

from typing import Any

import click

from mockserver.admin_schemas import BucketState, LimitChange, LimitState, SlotState, WindowState
from mockserver.cli.admin.common import with_client
from mockserver.cli.lazy_group import SuggestingGroup
from mockserver.cli.output import print_table
from mockserver.cli.params import format_examples
from mockserver.client.client import AdminClient

_COUNT = click.IntRange(min=0)


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
    return _describe_counts(limit) or "none"


def _describe_counts(limit: WindowState | BucketState) -> str:
    return ", ".join(
        f"{count:,}" if site == "*" else f"{count:,} (site {site})" for site, count in limit.used.items()
    )


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
@click.option("--allowed", type=_COUNT, help="Requests per window, or size of a burst; 0 is unlimited.")
@click.option("--seconds", type=click.IntRange(min=1), help="Length of the window in seconds.")
@click.option("--refill", type=_COUNT, help="Requests per second by which a burst limit refills.")
@click.option(
    "--busy", metavar="BEHAVIOR", help="Response to a second request, for a limit of one request at a time."
)
@click.option(
    "--hold",
    type=_COUNT,
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
