"""``session-mock admin limits`` and ``limit``."""

from typing import Any

import click

from mockserver.cli.admin.steer import steering, table
from mockserver.client.sync import AdminClient
from mockserver.steering import LimitChange, LimitState, SlotState, WindowState

_COUNT = click.IntRange(min=0)


def _row(limit: LimitState) -> tuple[str, ...]:
    start = (limit.name, "on" if limit.enabled else "off")
    if not isinstance(limit, SlotState):
        used = ", ".join(f"{count:,} of {site}" if site != "*" else f"{count:,}" for site, count in limit.used.items())
        span = f"in {limit.seconds} s" if isinstance(limit, WindowState) else f"at once, {limit.refill} more each s"
        return *start, f"{limit.allowed or 'any number'} {span}", used or "none", ", ".join(limit.endpoints)
    return *start, f"one at a time, for {limit.hold} ms; else {limit.busy}", f"{limit.held} open", ", ".join(limit.endpoints)


def _show(told: list[LimitState]) -> None:
    table(("limit", "", "allows", "used", "endpoints"), map(_row, told))


@click.command()
@steering(_show)
def limits(admin: AdminClient, *, tenant: str) -> list[LimitState]:
    """List a tenant's limits, and how much of each is used."""
    return admin.limits(tenant)


@click.command()
@click.argument("name")
@click.option("--on/--off", "enabled", default=None, help="Whether it is enforced; on means the documented number where none is set.")
@click.option("--allowed", type=_COUNT, help="Requests in a window; 0 for any number.")
@click.option("--seconds", type=click.IntRange(min=1), help="How long a window is.")
@click.option("--refill", type=_COUNT, help="Requests that come back in a second, where so many are allowed at once.")
@click.option("--busy", help="What happens to a second request, where one at a time is allowed.")
@click.option("--hold", type=_COUNT, help="Milliseconds for which a request is open at least.")
@steering(_show)
def limit(admin: AdminClient, *, tenant: str, name: str, **changes: Any) -> list[LimitState]:
    """Change a limit.

    NAME is one that `session-mock admin limits` lists. All limits are listed as they are then.
    """
    if all(change is None for change in changes.values()):
        raise click.UsageError(f"say what of {name!r} shall be otherwise, such as --allowed 2 or --off")
    return admin.change_limits({name: LimitChange(**changes)}, tenant)
